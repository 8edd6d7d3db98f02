"""A telemetry file of an older version opens, keeps what it holds and takes today's fields (FL-T2)."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from bench_agent.wire.telemetry import EnergyTier, PowerMinute
from fleet_server.kit.telemetry.sqlite_store import SqliteTelemetryStore

if TYPE_CHECKING:
    from pathlib import Path

A = "0123456789ab"
DAY_S = 86_400
T0_S = 20_000 * DAY_S
# As the first version made it, with a field less.
VERSION_0 = f"""
    CREATE TABLE bench (no INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE);
    CREATE TABLE power (bench INT, ts INT, seq INT, panel_power_w INT, tier INT,
        PRIMARY KEY (bench, ts, seq)) WITHOUT ROWID;
    CREATE TABLE power_hour (bench INT, ts INT, panel_power_w_n INT, panel_power_w_sum INT,
        PRIMARY KEY (bench, ts)) WITHOUT ROWID;
    CREATE INDEX power_hour_ts ON power_hour (ts);
    CREATE TABLE power_day (bench INT, ts INT, panel_power_w_n INT, panel_power_w_sum INT,
        PRIMARY KEY (bench, ts)) WITHOUT ROWID;
    CREATE INDEX power_day_ts ON power_day (ts);
    INSERT INTO bench VALUES (1, '{A}');
    INSERT INTO power VALUES (1, {T0_S}, 1, 405, 2);
    INSERT INTO power_hour VALUES (1, {T0_S}, 1, 405), (0, {T0_S}, 1, 405);
    INSERT INTO power_day VALUES (1, {T0_S}, 1, 405), (0, {T0_S}, 1, 405);
"""  # noqa: S608 - constants of this file


@pytest.fixture
def old_file(tmp_path: Path) -> Path:
    file = tmp_path / "telemetry.db"
    with closing(sqlite3.connect(file)) as db:
        db.executescript(VERSION_0)
    return file


def test_old_file_keeps_its_rows_and_takes_new_fields(old_file: Path) -> None:
    for _ in range(2):  # opening twice changes nothing more
        with closing(SqliteTelemetryStore(old_file)) as store:
            store.append([(A, (T0_S + 60) * 1000, 2, PowerMinute(panel_power_w=50.5, soc_pct=71.5))])
            raw = store.series(A, ["panel_power_w", "soc_pct"], T0_S * 1000, (T0_S + 120) * 1000, 60)
            assert raw.values == {"panel_power_w": [40.5, 50.5], "soc_pct": [None, 71.5]}


def test_old_rollups_are_kept_and_rebuilt_with_new_fields(old_file: Path) -> None:
    start_ms, end_ms = T0_S * 1000, (T0_S + DAY_S) * 1000
    with closing(SqliteTelemetryStore(old_file)) as store:
        before = store.fleet_series(["panel_power_w", "soc_pct"], start_ms, end_ms, DAY_S)
        store.append([(A, start_ms + 60_000, 2, PowerMinute(panel_power_w=50.5, soc_pct=71.5))])
        store.roll_up()
        after = store.fleet_series(["panel_power_w", "soc_pct"], start_ms, end_ms, DAY_S)
    assert before.values == {"panel_power_w": [40.5], "soc_pct": [None]}
    assert after.values == {"panel_power_w": [45.5], "soc_pct": [71.5]}


def test_word_of_an_old_row_keeps_its_meaning(old_file: Path) -> None:
    SqliteTelemetryStore(old_file).close()
    with closing(sqlite3.connect(old_file)) as db:
        (place,) = db.execute("SELECT tier FROM power").fetchone()
    assert list(EnergyTier)[place] is EnergyTier.ECO
