"""FL-T1: what every telemetry store does."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from bench_agent.wire.telemetry import EnergyTier, HotspotMinute, PowerMinute, SystemMinute
from fleet_server.errors import BadRequestError
from fleet_server.kit.telemetry.port import RetentionPolicy, SampleRow, TelemetryStore
from fleet_server.kit.telemetry.sqlite_store import SqliteTelemetryStore

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

A, B = "0123456789ab", "0123456789ac"
DAY_MS = 86_400_000
T0 = 20_000 * DAY_MS


@pytest.fixture
def store(tmp_path: Path) -> Iterator[TelemetryStore]:
    store = SqliteTelemetryStore(tmp_path / "telemetry.db")
    yield store
    store.close()


def minutes(bench: str, count: int, watts: float, start_ms: int = T0) -> list[SampleRow]:
    return [(bench, start_ms + n * 60_000, n + 1, PowerMinute(panel_power_w=watts + n)) for n in range(count)]


def test_gives_means_per_step_with_units_as_measured(store: TelemetryStore) -> None:
    store.append(minutes(A, 10, 40.5))
    series = store.series(A, ["panel_power_w", "soc_pct"], T0, T0 + 600_000, 300)
    assert series.at_ms == [T0, T0 + 300_000]
    assert series.values == {"panel_power_w": [42.5, 47.5], "soc_pct": [None, None]}


def test_gives_back_numbers_within_half_a_stored_step(store: TelemetryStore) -> None:
    chance = random.Random(1)
    volts = [chance.uniform(-300, 300) for _ in range(1000)]
    store.append([(A, T0 + n * 60_000, n, PowerMinute(battery_voltage_v=one)) for n, one in enumerate(volts)])
    found = store.series(A, ["battery_voltage_v"], T0, T0 + DAY_MS, 60).values["battery_voltage_v"]
    assert found == pytest.approx(volts, abs=0.005 + 1e-9, rel=0)


def test_rows_of_one_minute_are_all_kept(store: TelemetryStore) -> None:
    store.append([(A, T0 + n * 20_000, n, PowerMinute(panel_power_w=10.0 * n)) for n in range(1, 6)])
    store.append([(A, T0, 300, PowerMinute(panel_power_w=1000)), (B, T0, 1, PowerMinute(panel_power_w=7))])
    means = store.series(A, ["panel_power_w"], T0, T0 + 120_000, 60).values["panel_power_w"]
    assert means == pytest.approx([(10 + 20 + 1000) / 3, 40])


def test_benches_never_see_each_others_rows(store: TelemetryStore) -> None:
    ids = [f"0123456789{n:02d}" for n in range(40)]
    for n, bench in enumerate(ids):
        store.append([(bench, T0 + at, 511, PowerMinute(soc_pct=n)) for at in (0, DAY_MS - 1)])
    for n, bench in enumerate(ids):
        assert store.series(bench, ["soc_pct"], 0, 2 * T0, 60).values == {"soc_pct": [n, n]}


def test_same_rows_twice_change_nothing(store: TelemetryStore) -> None:
    for _ in range(2):  # FL-T4
        store.append(minutes(A, 60, 10.0))
        store.roll_up()
    store.append([(A, T0 + 60_000, 2, PowerMinute(panel_power_w=999))])
    store.roll_up()
    hour = store.series(A, ["panel_power_w"], T0, T0 + 3_600_000, 3600)
    assert hour.values == {"panel_power_w": [39.5]}


def test_latest_is_newest_by_time_and_keeps_every_field(store: TelemetryStore) -> None:
    newest = PowerMinute(soc_pct=81.23, tier=EnergyTier.ECO)
    store.append([(A, T0 + 60_000, 2, newest), (B, T0, 1, SystemMinute(outbox_rows=3))])
    store.append([(A, T0, 1, PowerMinute(soc_pct=10))])
    assert [(one.ts_ms, one.body) for one in store.latest([A])] == [(T0 + 60_000, newest)]
    assert {one.bench for one in store.latest([])} == {A, B}


def test_live_sample_moves_latest_but_no_series(store: TelemetryStore) -> None:
    store.note_live([(A, T0, 0, HotspotMinute(stations=4))])
    assert store.latest([A])[0].body == HotspotMinute(stations=4)
    assert store.series(A, ["stations"], T0, T0 + 60_000, 60).at_ms == []


def test_fleet_mean_weighs_every_measurement_and_follows_late_rows(store: TelemetryStore) -> None:
    store.append([(A, T0, 1, PowerMinute(soc_pct=50)), (B, T0, 1, PowerMinute(soc_pct=70))])
    store.roll_up()
    store.append([(B, T0 + 60_000, 2, PowerMinute(soc_pct=90))])
    store.roll_up()
    for step in (3600, 86_400):
        assert store.fleet_series(["soc_pct"], T0, T0 + DAY_MS, step).values == {"soc_pct": [70.0]}


def test_retention_drops_raw_rows_but_their_hours_stay_even_after_a_late_row(store: TelemetryStore) -> None:
    store.append(minutes(A, 3, 10.0))
    store.retain(RetentionPolicy(raw_days=90), T0 + 100 * DAY_MS)
    store.append([(A, T0 + 240_000, 9, PowerMinute(panel_power_w=500))])
    store.roll_up()
    assert store.series(A, ["panel_power_w"], T0, T0 + 180_000, 60).at_ms == []
    assert store.series(A, ["panel_power_w"], T0, T0 + 1, 3600).values == {"panel_power_w": [11.0]}


@pytest.mark.parametrize("fields", [[], ["x'; --"], ["soc_pct", "stations"]])
def test_refuses_fields_it_cannot_serve(store: TelemetryStore, fields: list[str]) -> None:
    with pytest.raises(BadRequestError):
        store.series(A, fields, T0, T0 + 1, 60)


def test_rows_survive_reopening(tmp_path: Path) -> None:
    for expected in (60, 60):
        store = SqliteTelemetryStore(tmp_path / "t.db")
        store.append(minutes(A, 60, 1.0))
        assert len(store.series(A, ["panel_power_w"], T0, T0 + DAY_MS, 60).at_ms) == expected
        store.close()
