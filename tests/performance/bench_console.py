"""Server time of the console's pages with 1,000 benches (fleet.md section 11)."""

from __future__ import annotations

import re
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import httpx

from bench_agent.wire.telemetry import EnergyTier, HotspotMinute, PowerMinute
from fleet_server.benches.models import Bench
from fleet_server.kit.clock import SystemClock
from tests.integration.console import BENCH, PASSWORD, run_console
from tests.performance.records import bench_ids
from tests.performance.report import Goal, Row, median_of

if TYPE_CHECKING:
    from fastapi import FastAPI

    from fleet_server.kit.telemetry.port import SampleRow

BENCHES = 1000
MINUTES = 30
"""Of telemetry of every bench but the one whose page is asked for."""
DAY_MINUTES = 1440
RUNS = 20
_MINUTE_MS = 60_000
_CHART = re.compile(r'data-series="([^"]+)"')
_TARGET = Goal(at_most=300)


def measure() -> list[Row]:
    """Ask a real server for both pages, signed in, 20 times each after one warm-up."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, run_console(Path(folder)) as console:
        _fill(console.app)
        with httpx.Client(base_url=console.url, timeout=30, trust_env=False) as client:
            client.post("/masuk", data={"name": "ani", "password": PASSWORD})  # else the pages answer 303
            home_ms = _median_ms(client, "/")
            bench_ms = _median_ms(client, f"/bangku/{BENCH}")
    return [
        Row(
            id="console.home_ms",
            what=f"fleet page, {BENCHES} benches",
            value=home_ms,
            unit="ms",
            goal=_TARGET,
        ),
        Row(
            id="console.bench_page_ms",
            what="page of one bench and its charts, 24 h",
            value=bench_ms,
            unit="ms",
            goal=_TARGET,
        ),
    ]


def _fill(app: FastAPI) -> None:
    now_ms = SystemClock().now_ms()
    benches = bench_ids(BENCHES - 2)  # run_console brings two
    with app.state.sessions.begin() as db:
        for number, bench in enumerate(benches):
            row = Bench(id=bench, name=f"Bangku {number}", lat=-8.0, lon=111.7, created_ms=now_ms)
            row.kecamatan = f"Kecamatan {number % 14}"
            row.online = number % 10 != 0
            row.last_seen_ms = now_ms
            db.add(row)
    rows = _minutes(BENCH, now_ms, DAY_MINUTES)
    for bench in benches:
        rows += _minutes(bench, now_ms, MINUTES)
    app.state.telemetry.append(rows)


def _minutes(bench: str, end_ms: int, count: int) -> list[SampleRow]:
    rows: list[SampleRow] = []
    for minute in range(count):
        at_ms = end_ms - (count - minute) * _MINUTE_MS
        power = PowerMinute(
            soc_pct=50.0 + minute % 50, panel_power_w=40.0, load_power_w=12.0, tier=EnergyTier.NORMAL
        )
        hotspot = HotspotMinute(stations=minute % 7, sessions=minute % 5)
        # Above the numbers run_console gave to the same bench.
        seq = 1000 + 2 * minute
        rows += [(bench, at_ms, seq, power), (bench, at_ms, seq + 1, hotspot)]
    return rows


def _median_ms(client: httpx.Client, path: str) -> float:
    """Median time of the page and, one after the other, of the charts it asks for."""
    times_ms: list[float] = []
    for _ in range(RUNS + 1):
        began_s = time.perf_counter()
        page = _read(client, path)
        for chart in _CHART.findall(page):
            _read(client, chart)
        times_ms.append((time.perf_counter() - began_s) * 1000)
    return median_of(times_ms[1:])


def _read(client: httpx.Client, path: str) -> str:
    answer = client.get(path)
    if answer.status_code != httpx.codes.OK:
        raise RuntimeError(f"{path} answered {answer.status_code}, not the page")
    return answer.text
