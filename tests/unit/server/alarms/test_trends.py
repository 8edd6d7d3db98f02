"""Trends out of what benches recorded: soiling, dead panels, fading and never full batteries (POW-R68)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bench_agent.wire.telemetry import Harvest, PowerDay
from fleet_server.alarms.shares import DAY_MS, SLOT_MS, WIB_OFFSET_MS, local_day
from fleet_server.alarms.trends import days_since_full, read_trends, usable_share
from fleet_server.benches.models import Bench
from fleet_server.kit.database import open_engine, open_sessions, upgrade_schema
from fleet_server.kit.telemetry.sqlite_store import SqliteTelemetryStore

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy.orm import Session, sessionmaker

    from fleet_server.kit.telemetry.port import SampleRow

NOW_MS = 1_795_000_000_000
BENCHES = [f"tgx{number:09d}" for number in range(1, 6)]
DIRTY = BENCHES[0]


@pytest.fixture
def sessions(tmp_path: Path) -> Iterator[sessionmaker[Session]]:
    engine = open_engine(f"sqlite:///{tmp_path / 'fleet.db'}")
    upgrade_schema(engine)
    made = open_sessions(engine)
    with made.begin() as db:
        for number, bench in enumerate(BENCHES):
            lat, lon = -8.05 + number * 0.01, 111.7
            db.add(Bench(id=bench, name=bench, created_ms=0, lat=lat, lon=lon, panel_wp=100 + 50 * number))
    yield made
    engine.dispose()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteTelemetryStore]:
    made = SqliteTelemetryStore(tmp_path / "telemetry.db")
    yield made
    made.close()


def harvest_day(day: int, dirt: float, cloud: float) -> list[SampleRow]:
    """Half hours of one local day at all benches: the same sky, panels of different size, one dirty."""
    midnight_ms = day * DAY_MS - WIB_OFFSET_MS
    rows: list[SampleRow] = []
    for number, bench in enumerate(BENCHES):
        panel_wp = 100 + 50 * number
        share = 1 - dirt if bench == DIRTY else 1.0
        for slot in range(14, 34):
            wh = panel_wp * 0.3 * cloud * share
            body = Harvest(harvest_wh=wh, harvest_clipped=slot > 26, harvest_measured_s=1800)
            rows.append((bench, midnight_ms + slot * SLOT_MS, day * 100 + slot, body))
    return rows


def test_a_panel_that_gathers_dust_is_seen_beside_its_neighbours(
    sessions: sessionmaker[Session], store: SqliteTelemetryStore
) -> None:
    today = local_day(NOW_MS)
    for day in range(today - 35, today):
        age = day - (today - 35)
        store.append(harvest_day(day, dirt=min(0.01 * age, 0.25), cloud=0.4 + 0.1 * (day % 6)))
        if age % 5 == 4:  # the watch runs all the time; shares of the last 7 days are renewed
            with sessions.begin() as db:
                trends = read_trends(db, store, (day + 1) * DAY_MS)
    with sessions.begin() as db:
        trends = read_trends(db, store, NOW_MS)
    dirty = trends[DIRTY]
    # 24.3 % dirt over the newest fortnight against 3 % in the first week of the record.
    assert dirty.soiling_drop == pytest.approx(1 - 0.757 / 0.97, abs=0.01)
    assert dirty.harvest_shares == pytest.approx((0.75, 0.75), abs=0.01)
    clean = trends[BENCHES[1]]
    assert clean.soiling_drop is not None
    assert clean.soiling_drop < 0.02


def test_a_bench_of_unknown_panel_size_or_alone_compares_to_nothing(
    sessions: sessionmaker[Session], store: SqliteTelemetryStore
) -> None:
    today = local_day(NOW_MS)
    store.append(harvest_day(today - 1, dirt=0.5, cloud=1.0))
    with sessions.begin() as db:
        db.get_one(Bench, DIRTY).panel_wp = None
        db.get_one(Bench, BENCHES[1]).lat = -7.0
        trends = read_trends(db, store, NOW_MS)
    assert trends[DIRTY].harvest_shares == (None, None)
    assert trends[BENCHES[1]].harvest_shares == (None, None)


def test_full_days_and_cycles_come_from_the_day_records(
    sessions: sessionmaker[Session], store: SqliteTelemetryStore
) -> None:
    today = local_day(NOW_MS)
    rows: list[SampleRow] = []
    for back in range(20, 0, -1):
        body = PowerDay(full=back == 12, usable_ah=30.0 if back % 3 == 0 else None, capacity_ah=50.0)
        rows.append((DIRTY, (today - back) * DAY_MS - WIB_OFFSET_MS, 100 - back, body))
    store.append(rows)
    with sessions.begin() as db:
        trends = read_trends(db, store, NOW_MS)[DIRTY]
    assert trends.days_since_full == pytest.approx(11, abs=1)
    assert trends.usable_share == pytest.approx(0.6)


def test_days_without_a_full_charge_count_from_the_oldest_record() -> None:
    days = [NOW_MS - back * DAY_MS for back in (40, 30, 20)]
    assert days_since_full(days, [False, False, False], NOW_MS) == pytest.approx(39)
    assert days_since_full([], [], NOW_MS) is None


def test_battery_fade_waits_for_five_cycles() -> None:
    assert usable_share([30.0] * 4, [50.0] * 4) is None
    assert usable_share([30.0, None, 30.0, 30.0, 30.0, 31.0], [50.0] * 6) == pytest.approx(0.6)
