"""Runs modules of `vm/` in real MicroPython machines, one process for each module (POW-R57)."""

import ast
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parents[2]
FIRMWARE = ROOT / "provisioning/firmware/power_board"
VM = ROOT / "tests/firmware/vm"
UNIX = ROOT / "build/micropython/micropython"
WASM = ROOT / "node_modules/@micropython/micropython-webassembly-pyscript/micropython.mjs"
TIMEOUT_S = 30
"""An endless allocation in the WebAssembly machine grows and never raises."""
BOARD_HEAP = "192k"
ROOMY_HEAP = "2m"
"""Words of the unix machine are twice as wide as the board's, and it holds the tests too."""


class Machine(StrEnum):
    """Where firmware runs in tests."""

    CPYTHON = "cpython"
    UNIX = "unix"
    """MicroPython 1.25 of Debian: bounded heap, ticks wrap at 2**62."""
    WASM = "wasm"
    """MicroPython 1.27 in Node: words and ticks (2**30) of a board, heap without bound."""


EVERYWHERE = (Machine.CPYTHON, Machine.UNIX, Machine.WASM)
MICROPYTHON = (Machine.UNIX, Machine.WASM)
MODULES: dict[str, tuple[Machine, ...]] = {
    "check_framing": EVERYWHERE,
    "check_guard": EVERYWHERE,
    "check_dark": EVERYWHERE,
    "check_days": EVERYWHERE,
    "check_meter": EVERYWHERE,
    "check_link": EVERYWHERE,
    "check_flash": EVERYWHERE,
    "check_flash_power": (Machine.UNIX,),  # the only one with a file system like the board's
    "check_board": MICROPYTHON,
    "check_memory": (Machine.UNIX,),  # the only one with a bounded heap
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a machine said about one module."""

    errors: dict[str, str | None]
    """By name of the test; None is passed."""
    stderr: str
    returncode: int


def names_of_tests(module: str) -> list[str]:
    """Names of the tests in a module, without running it."""
    tree = ast.parse((VM / f"{module}.py").read_text(encoding="utf-8"))
    functions = (node for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return [function.name for function in functions if function.name.startswith("test_")]


def command(machine: Machine, module: str) -> list[str]:
    """How to start a machine with a module of tests."""
    match machine:
        case Machine.CPYTHON:
            return [sys.executable, str(VM / "start.py"), module]
        case Machine.UNIX:
            heap = BOARD_HEAP if module == "check_memory" else ROOMY_HEAP
            return [str(UNIX), "-X", f"heapsize={heap}", str(VM / "start.py"), module]
        case Machine.WASM:
            return ["node", str(VM / "start.mjs"), str(WASM), module, str(FIRMWARE), str(VM)]


def environment() -> dict[str, str]:
    """Where machines look for modules; ``.frozen`` holds MicroPython's own asyncio."""
    return os.environ | {
        "MICROPYPATH": f".frozen:{FIRMWARE}:{VM}",
        "PYTHONPATH": f"{FIRMWARE}:{VM}",
        "PYTHONDONTWRITEBYTECODE": "1",
    }


@cache
def run(machine: Machine, module: str) -> Outcome:
    """Run a module once and keep what came out."""
    if not UNIX.exists():
        raise FileNotFoundError(f"{UNIX} is missing. Cure: run .ci/setup test")
    with TemporaryDirectory() as folder:  # the board's flash
        done = subprocess.run(
            command(machine, module),
            cwd=folder,
            env=environment(),
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )
    rows = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    return Outcome(
        errors={row["test"]: row["error"] for row in rows}, stderr=done.stderr, returncode=done.returncode
    )
