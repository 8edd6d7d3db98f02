"""Sensors as the kernel shows them, in a temporary folder; the troubles come from real special files."""

import os
from pathlib import Path

IO_ERROR = Path("/proc/self/mem")
"""Address 0 is not mapped: reading it gives EIO."""
FORGETFUL = Path("/dev/null")
"""Takes what is written and stays empty."""


def add_hwmon(root: Path, number: int, device: str, name: str, **attributes: object) -> Path:
    """``hwmon<number>`` of ``device``, with the link that tells which device it is."""
    home = root.parent / "devices" / device
    folder = home / "hwmon" / f"hwmon{number}"
    folder.mkdir(parents=True)
    (folder / "device").symlink_to(home)
    put(folder, name=name, **attributes)
    root.mkdir(exist_ok=True)
    (root / folder.name).symlink_to(folder)
    return folder


def put(folder: Path, **attributes: object) -> None:
    for name, value in attributes.items():
        (folder / name).write_text(f"{value}\n")


def replace_by(attribute: Path, file: Path) -> None:
    attribute.unlink()
    attribute.symlink_to(file)


def hang(attribute: Path) -> None:
    """Whoever reads it waits until ``let_go``, as on a stuck bus."""
    attribute.unlink()
    os.mkfifo(attribute)


def let_go(attribute: Path, value: object) -> None:
    with attribute.open("w") as waiting:
        waiting.write(f"{value}\n")
    attribute.unlink()
    attribute.write_text(f"{value}\n")
