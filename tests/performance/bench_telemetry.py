"""Disk and query times of the telemetry store with 1,000 benches (fleet.md section 11).

A file is filled as life fills it: every bench hands in five minutes at a time (section 8, class C). For the
queries, the six days before the day asked for are thinner, a row in ten minutes, so that it is built quickly.
"""

from __future__ import annotations

import sqlite3
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from bench_agent.wire.telemetry import PowerMinute
from fleet_server.kit.telemetry.schema import TABLES
from fleet_server.kit.telemetry.sqlite_store import SqliteTelemetryStore
from tests.performance.records import DAY_MINUTES, MINUTE_MS, bench_ids, power_minute
from tests.performance.report import Goal, Row, median_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sized

    from fleet_server.kit.telemetry.port import TelemetryStore

BENCHES = 1000
DISK_BENCHES = 100
DISK_DAYS = 3
FLUSH_MINUTES = 5
THIN_MINUTES = 10
DAYS_BEFORE = 6
RUNS = 21
_HOUR_MINUTES = 60
_START_MS = 20_000 * DAY_MINUTES * MINUTE_MS
_NUMBERS = tuple(TABLES[PowerMinute].scales)


def measure() -> list[Row]:
    """Fill a file for the disk and one for the queries, then ask."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        bytes_per_value = _bytes_per_value(Path(folder) / "disk.db")
        with closing(SqliteTelemetryStore(Path(folder) / "week.db")) as store:
            return [_disk_row(bytes_per_value), *_query_rows(store)]


def _disk_row(bytes_per_value: float) -> Row:
    return Row(
        id="ingest.disk_bytes_per_value",
        what=f"whole file, roll-ups too, per value of {DISK_BENCHES} benches x {DISK_DAYS} days of minutes",
        value=bytes_per_value,
        unit="B",
        goal=Goal(at_most=4.2),
    )


def _bytes_per_value(file: Path) -> float:
    with closing(SqliteTelemetryStore(file)) as store:
        _fill(store, bench_ids(DISK_BENCHES), range(DISK_DAYS * DAY_MINUTES), FLUSH_MINUTES)
    columns = ", ".join(f"count({column})" for column in TABLES[PowerMinute].columns)
    with closing(sqlite3.connect(file)) as db:
        values: int = sum(db.execute(f"SELECT {columns} FROM power").fetchone())  # noqa: S608 - field names
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return file.stat().st_size / values


def _fill(store: TelemetryStore, benches: list[str], minutes: range, at_once: int) -> None:
    for first in range(0, len(minutes), at_once):
        store.append(
            [
                (bench, _START_MS + minute * MINUTE_MS, minute + 1, power_minute(number, minute + 1))
                for number, bench in enumerate(benches)
                for minute in minutes[first : first + at_once]
            ]
        )
        if minutes[first] % _HOUR_MINUTES == 0:
            store.roll_up()
    store.roll_up()


def _query_rows(store: TelemetryStore) -> list[Row]:
    benches = bench_ids(BENCHES)
    today = DAYS_BEFORE * DAY_MINUTES
    _fill(store, benches, range(0, today, THIN_MINUTES), _HOUR_MINUTES // THIN_MINUTES)
    _fill(store, benches, range(today, today + DAY_MINUTES), FLUSH_MINUTES)
    rows = BENCHES * (today // THIN_MINUTES + DAY_MINUTES)
    begin_ms = _START_MS + today * MINUTE_MS
    end_ms = begin_ms + DAY_MINUTES * MINUTE_MS
    asked = iter(benches[:: BENCHES // (RUNS + 1)])
    return [
        _query_row(
            "telemetry.query_day_ms",
            f"24 h of a bench at 5 min, {len(_NUMBERS)} fields, of {rows:,} rows of {BENCHES} benches; CPU",
            lambda: store.series(next(asked), _NUMBERS, begin_ms, end_ms, 300).at_ms,
            at_most_ms=5,
        ),
        _query_row(
            "telemetry.latest_1000_ms",
            f"newest sample of {BENCHES} benches; CPU",
            lambda: store.latest([]),
            at_most_ms=8,
        ),
        _query_row(
            "telemetry.fleet_week_ms",
            f"7 days of the fleet's hourly means, {len(_NUMBERS)} fields; CPU",
            lambda: store.fleet_series(_NUMBERS, _START_MS, end_ms, 3600).at_ms,
            at_most_ms=40,
        ),
    ]


def _query_row(row_id: str, what: str, ask: Callable[[], Sized], at_most_ms: float) -> Row:
    """Median CPU time of ``RUNS`` answers after one warm-up; the load of the machine is no part of it."""
    times_ms: list[float] = []
    for _ in range(RUNS + 1):
        began_s = time.thread_time()
        if not len(ask()):
            raise RuntimeError(f"{row_id}: the store answered nothing")
        times_ms.append((time.thread_time() - began_s) * 1000)
    return Row(id=row_id, what=what, value=median_of(times_ms[1:]), unit="ms", goal=Goal(at_most=at_most_ms))
