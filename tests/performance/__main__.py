"""``python -m tests.performance [NAME...]``: run the benchmarks, print one table, write build/bench.json.

A benchmark is a module ``bench_NAME.py`` beside this one with ``measure() -> list[Row]``; without names
all run, with names only those. Exit status 1 when a target is missed.
"""

from __future__ import annotations

import importlib
import os
import platform
import sys
from pathlib import Path

from rich.console import Console

from tests.performance.report import Row, encode_report, table_of

REPORT = Path("build/bench.json")
_WIDTH = 160


def _machine() -> dict[str, object]:
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    cpu = next(
        (line.partition(": ")[2] for line in lines if line.startswith("model name")), platform.machine()
    )
    return {
        "cpu": cpu,
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 2),
        "python": platform.python_version(),
        "system": platform.platform(),
    }


def _all_names() -> list[str]:
    return sorted(file.stem.removeprefix("bench_") for file in Path(__file__).parent.glob("bench_*.py"))


def main(wanted: list[str]) -> int:
    """Run what is wanted; the figures depend on the load, so the machine's stands in the head."""
    known = _all_names()
    if unknown := [name for name in wanted if name not in known]:
        print(f"There is no benchmark {', '.join(unknown)}; choose from {', '.join(known)}.")
        return 2
    machine = _machine()
    rows: list[Row] = []
    for name in wanted or known:
        print(f"Measuring {name} …", flush=True)
        rows += importlib.import_module(f"tests.performance.bench_{name}").measure()
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.write_bytes(encode_report(machine, rows))
    Console(width=_WIDTH).print(table_of(machine, rows))
    return 0 if all(row.ok for row in rows) else 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
