"""These tests run in a QEMU guest with the real drivers (POW-R66); the host shows what became of each.

In the guest they are ordinary tests. On the host the same tests are collected, the guest is booted once, and
every item takes its outcome from the guest's JUnit report.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from typing_extensions import override

ROOT = Path(__file__).parents[2]
BUILD = ROOT / "build" / "drivers"
QEMU = "qemu-system-x86_64"
KERNEL_OPTIONS = "console=ttyS0 quiet panic=-1 mitigations=off random.trust_cpu=on"
GUEST_TIMEOUT_S = 600
"""Without hardware acceleration on a busy machine; 14 s when it is idle."""


class InGuest(pytest.Item):
    """A test whose body runs in the guest."""

    @override
    def runtest(self) -> None:
        why_not = reason_to_skip()
        if why_not:
            pytest.skip(why_not)
        trouble = run_guest().get(self.name, "the guest never finished this test; its console is shown once")
        if trouble:
            pytest.fail(trouble, pytrace=False)

    @override
    def reportinfo(self) -> tuple[Path, int | None, str]:
        return self.path, None, self.name


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if "BENCH_GUEST" in os.environ:
        return
    here = Path(__file__).parent
    for place, item in enumerate(items):
        if item.path.parent == here and item.parent is not None:
            items[place] = InGuest.from_parent(item.parent, name=item.name)
            items[place].add_marker(pytest.mark.timeout(GUEST_TIMEOUT_S + 60))


def reason_to_skip() -> str | None:
    if shutil.which(QEMU) is None:
        return f"{QEMU} is missing: run make test-drivers"
    if not (BUILD / "initrd.gz").exists():
        return f"{BUILD} is not built: run make test-drivers"
    return None


@cache
def run_guest() -> dict[str, str]:
    """Boot, test, power off; what each test had to say against itself, empty for a pass."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "junit.xml"
        try:
            subprocess.run(
                qemu_command(report), stdin=subprocess.DEVNULL, timeout=GUEST_TIMEOUT_S, check=False
            )
        except subprocess.TimeoutExpired as late:
            print(late)
        return parse_report(report.read_text(errors="replace"))


def qemu_command(report: Path) -> list[str]:
    # Nested KVM may hang, so software emulation; a plain old CPU is what it emulates fastest.
    return [
        QEMU, "-machine", "pc,accel=tcg", "-cpu", "Nehalem,+rdrand", "-m", "512",
        "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
        "-kernel", str(BUILD / "vmlinuz"), "-initrd", str(BUILD / "initrd.gz"),
        "-append", f"{KERNEL_OPTIONS} bench.root={ROOT} bench.python={sys.executable}",
        "-serial", "stdio", "-serial", f"file:{report}",
        "-fsdev", "local,id=host,path=/,security_model=none,readonly=on,multidevs=remap",
        "-device", "virtio-9p-pci,fsdev=host,mount_tag=host",
    ]  # fmt: skip


def parse_report(xml: str) -> dict[str, str]:
    """Troubles by the name of the test; nothing from a report that breaks off."""
    try:
        cases = list(ET.fromstring(xml).iter("testcase"))  # noqa: S314 - our own pytest wrote it
    except ET.ParseError:
        return {}
    return {case.get("name", ""): "\n".join(map(story, case)) for case in cases}


def story(trouble: ET.Element) -> str:
    return trouble.text or trouble.get("message") or trouble.tag
