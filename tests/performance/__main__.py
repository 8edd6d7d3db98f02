"""``python -m tests.performance``: run every benchmark, print one table, write build/bench.json.

Exit status 1 when a target is missed.
"""

from __future__ import annotations

import os
import platform
from pathlib import Path

from rich.console import Console

from tests.performance import bench_agent_process, bench_console, bench_ingest
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


def main() -> int:
    """Run all; the figures depend on the load, so the machine's stands in the head."""
    machine = _machine()
    rows: list[Row] = []
    for benchmark in (bench_agent_process, bench_console, bench_ingest):
        rows += benchmark.measure()
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.write_bytes(encode_report(machine, rows))
    Console(width=_WIDTH).print(table_of(machine, rows))
    return 0 if all(row.ok for row in rows) else 1


if __name__ == "__main__":
    raise SystemExit(main())
