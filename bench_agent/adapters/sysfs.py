"""Attributes of the kernel's /sys: one short text each. Source: Documentation/hwmon/sysfs-interface.rst."""

import re
from pathlib import Path

_LONGEST_TEXT_BYTES = 64
_NUMBER = re.compile(r"[+-]?\d{1,15}(\.\d{1,9})?", re.ASCII)


def read_text(attribute: Path) -> str:
    """Text of ``attribute`` without its line end, at most 64 bytes of it.

    Raises:
        OSError: It is missing, forbidden, or its driver failed.
    """
    with attribute.open("rb", buffering=0) as file:
        return (file.read(_LONGEST_TEXT_BYTES) or b"").decode("ascii", errors="replace").strip()


def read_number(attribute: Path) -> float | None:
    """Number in ``attribute``, ``None`` when its text is none.

    Raises:
        OSError: It is missing, forbidden, or its driver failed.
    """
    return parse_number(read_text(attribute))


def parse_number(text: str) -> float | None:
    """Turn a decimal of at most 15 digits into a number; anything else is ``None``."""
    return float(text) if _NUMBER.fullmatch(text) else None


def find_folders(root: Path, pattern: str = "*") -> list[Path]:
    """Entries of ``root`` that match ``pattern``, none where there is no ``root``."""
    try:
        return sorted(folder for folder in root.iterdir() if folder.match(pattern))
    except OSError:
        return []


def find_hwmon(root: Path, chip: str) -> dict[str, Path]:
    """Folders whose ``name`` is ``chip``, by their device, e.g. ``1-0040`` = bus 1, address 0x40.

    The number of a folder changes from boot to boot and says nothing.
    """
    return {_device_of(folder): folder for folder in find_folders(root) if _name_of(folder) == chip}


def _device_of(folder: Path) -> str:
    link = folder / "device"
    return link.resolve().name if link.exists() else folder.name


def _name_of(folder: Path) -> str | None:
    try:
        return read_text(folder / "name")
    except OSError:
        return None
