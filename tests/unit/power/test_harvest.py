"""What is learnt of the sun and expected from it (POW-R45)."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pvlib
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench_agent.domain.battery import Battery
from bench_agent.domain.energy import EnergyState, next_energy
from bench_agent.domain.energy_facts import EnergyFacts, EnergyRules
from bench_agent.domain.energy_forecast import (
    RICH_PANEL,
    SMALL_PANEL,
    Demand,
    Forecaster,
    granted_tier,
    reserves_for,
)
from bench_agent.domain.energy_hours import WIB, OpeningHours
from bench_agent.domain.energy_plan import EnergyPlan
from bench_agent.domain.energy_tiers import TIERS
from bench_agent.domain.harvest import (
    SLOT,
    Expected,
    HarvestLog,
    expect_harvest,
    is_clipped,
    note_slot,
    weather_factor,
)
from bench_agent.domain.power_reading import ChargeStage
from bench_agent.wire.energy_reason import ReasonCode
from bench_agent.wire.telemetry import EnergyTier

Hourly = npt.NDArray[np.float64]
DAY = datetime(2026, 9, 1, tzinfo=WIB)
DARK_PEAK_SHARE = 0.1
FIRST_JUDGED_DAY = 20


def typical_year(name: str, read: Callable[[Path], Hourly]) -> Hourly:
    path = Path(pvlib.__file__).parent / "data" / name
    if not path.exists():
        pytest.skip(f"this pvlib has no {name}")
    return read(path)[:8760].reshape(365, 24)


def miami(path: Path) -> Hourly:
    return np.asarray(pvlib.iotools.read_tmy2(path)[0]["GHI"], dtype=np.float64)


def greensboro(path: Path) -> Hourly:
    return np.asarray(
        pvlib.iotools.read_tmy3(path, coerce_year=1990, map_variables=True)[0]["ghi"], dtype=np.float64
    )


@pytest.mark.parametrize(
    ("name", "read", "error_pct"), [("12839.tm2", miami, 19.5), ("723170TYA.CSV", greensboro, 19.0)]
)
def test_the_next_hour_is_foretold_as_well_as_the_method_can_pow_r45(
    name: str, read: Callable[[Path], Hourly], error_pct: float
) -> None:
    year = typical_year(name, read)
    errors = []
    for day in range(FIRST_JUDGED_DAY, 365):
        profile = year[day - 10 : day].mean(axis=0).tolist()
        for hour in range(24):
            truth = year[day, hour]
            if truth >= DARK_PEAK_SHARE * year.max():
                expected = profile[hour] * weather_factor(year[day, :hour].tolist(), profile)
                errors.append(abs(expected - truth) / truth)
    assert 100 * float(np.mean(errors)) == pytest.approx(error_pct, abs=0.3)


def learn(log: HarvestLog, day: int, wh_at_noon: float, *, clipped: bool = False) -> HarvestLog:
    """A day whose sun shines from 10 to 14 h."""
    for slot in range(48):
        wh = wh_at_noon if 20 <= slot < 28 else 0.0
        log = note_slot(log, DAY + timedelta(days=day) + slot * SLOT, wh, clipped=clipped and wh > 0)
    return log


def test_nothing_is_expected_before_a_day_is_known() -> None:
    log = learn(HarvestLog(), 0, 30.0)
    assert expect_harvest(log, DAY + timedelta(hours=23)) is None
    assert (
        expect_harvest(note_slot(log, DAY + timedelta(days=1), 0.0, clipped=False), DAY + timedelta(days=1))
        is not None
    )


def expected_at(log: HarvestLog, local: datetime) -> Expected:
    expected = expect_harvest(log, local)
    assert expected is not None
    assert len(expected.slots_wh) == 48
    return expected


def test_today_follows_the_profile_and_tomorrow_the_pessimist() -> None:
    log = learn(learn(HarvestLog(), 0, 30.0), 1, 30.0)
    morning = DAY + timedelta(days=2, hours=6)
    for slot in range(12):
        log = note_slot(log, DAY + timedelta(days=2) + slot * SLOT, 0.0, clipped=False)
    expected = expected_at(log, morning)
    assert expected.today_wh == pytest.approx(240)
    assert sum(expected.slots_wh) == pytest.approx(expected.next_24h_wh) == pytest.approx(240)
    for slot in range(12, 21):
        log = note_slot(
            log, DAY + timedelta(days=2) + slot * SLOT, 15.0 if slot == 20 else 0.0, clipped=False
        )
    cloudy = expected_at(log, DAY + timedelta(days=2, hours=10, minutes=30))
    # Half the sun now: 0.7 x 0.5 + 0.3 x (1 x 0.5 + 2/3 + 1/3) / 2 of the profile for what is to come.
    factor = 0.7 * 0.5 + 0.3 * 0.75
    assert cloudy.slots_wh[0] == pytest.approx(30 * factor)
    assert cloudy.today_wh == pytest.approx(15 + 7 * 30 * factor)
    assert cloudy.slots_wh[-1] == pytest.approx(0.6 * 30)
    late = expected_at(log, DAY + timedelta(days=2, hours=10, minutes=45))
    assert late.slots_wh[0] == pytest.approx(cloudy.slots_wh[0] / 2)


def test_a_full_battery_teaches_nothing() -> None:
    sunny = learn(learn(HarvestLog(), 0, 30.0), 1, 30.0)
    clipped = learn(learn(sunny, 2, 1.0, clipped=True), 3, 30.0)
    assert expected_at(clipped, DAY + timedelta(days=4)).today_wh == pytest.approx(240)
    assert clipped.typical_wh[24] == pytest.approx(30)


def test_ten_days_are_kept_and_the_typical_day_follows_slowly() -> None:
    log = HarvestLog()
    for day in range(15):
        log = learn(log, day, 10.0 if day < 14 else 20.0)
    log = note_slot(log, DAY + timedelta(days=15), 0.0, clipped=False)
    assert len(log.days) == 10
    assert log.typical_wh[24] == pytest.approx(0.7 * 10 + 0.3 * 20)


@pytest.mark.parametrize(
    ("stage", "soc_pct", "clipped"),
    [
        (ChargeStage.BULK, 99.9, False),
        (ChargeStage.ABSORPTION, 99.0, True),
        (ChargeStage.FLOAT, 100.0, True),
        (None, 97.9, False),
        (None, 98.0, True),
        (None, None, True),
    ],
)
def test_only_bulk_or_a_battery_below_98_percent_shows_the_whole_sun(
    stage: ChargeStage | None, soc_pct: float | None, clipped: bool
) -> None:
    assert is_clipped(stage, soc_pct) is clipped


def sun(wh_a_slot: float) -> Expected:
    return Expected(slots_wh=(wh_a_slot,) * 48, today_wh=0.0, next_24h_wh=48 * wh_a_slot)


FORECASTER = Forecaster(battery=Battery())
RICH = Forecaster(battery=Battery(), reserves=RICH_PANEL)


def granted(forecaster: Forecaster, soc_pct: float, expected: Expected, hour: int) -> EnergyTier:
    return granted_tier(forecaster, soc_pct, expected, DAY + timedelta(hours=hour))


def test_energy_goes_where_it_is_worth_most() -> None:
    """At 62 % before a sunless day: peak yes, night no, day no."""
    dark = sun(0.0)
    assert granted(FORECASTER, 62, dark, 18) is EnergyTier.ECO
    assert granted(FORECASTER, 62, dark, 23) is EnergyTier.RESERVE
    assert granted(FORECASTER, 62, dark, 9) is EnergyTier.ECO
    assert granted(FORECASTER, 99, sun(15.0), 9) is EnergyTier.NORMAL
    assert granted(FORECASTER, 70, sun(15.0), 23) is EnergyTier.ECO
    assert granted(FORECASTER, 30, dark, 18) is EnergyTier.RESERVE


def test_a_large_panel_needs_no_reserve() -> None:
    demand, hours = Demand(), OpeningHours()
    assert reserves_for(100, hours, demand) == reserves_for(None, hours, demand) == SMALL_PANEL
    assert reserves_for(200, hours, demand) == RICH_PANEL
    assert granted(RICH, 50, sun(12.0), 9) is EnergyTier.NORMAL
    assert granted(FORECASTER, 50, sun(12.0), 9) is EnergyTier.ECO


@given(st.floats(0, 100), st.floats(0, 100), st.floats(0, 40), st.floats(0, 40), st.integers(0, 23))
def test_less_charge_or_less_sun_never_grants_more(
    soc: float, other_soc: float, wh: float, other_wh: float, hour: int
) -> None:
    rich = granted(FORECASTER, max(soc, other_soc), sun(max(wh, other_wh)), hour)
    poor = granted(FORECASTER, min(soc, other_soc), sun(min(wh, other_wh)), hour)
    assert TIERS.index(poor) >= TIERS.index(rich)
    assert poor is not EnergyTier.CRITICAL


def plan_with(grant: EnergyTier, soc_pct: float, rest_v: float, hour: int) -> EnergyPlan:
    facts = EnergyFacts(
        local=DAY + timedelta(hours=hour), now_ms=0, soc_pct=soc_pct, rest_v=rest_v, granted=grant
    )
    plan = next_energy(EnergyState(), facts, EnergyRules()).plan
    assert plan is not None
    return plan


def test_the_granted_tier_replaces_the_charge_but_neither_critical_nor_the_veto() -> None:
    assert plan_with(EnergyTier.NORMAL, 40, 13.2, 9).display_on
    assert plan_with(EnergyTier.NORMAL, 40, 13.2, 9).reason.code is ReasonCode.FORECAST_ON
    assert plan_with(EnergyTier.ECO, 90, 13.2, 9).reason.code is ReasonCode.FORECAST_OFF
    assert plan_with(EnergyTier.NORMAL, 14, 13.2, 9).tier is EnergyTier.CRITICAL
    assert plan_with(EnergyTier.NORMAL, 40, 12.84, 9).tier is EnergyTier.RESERVE
    assert not plan_with(EnergyTier.NORMAL, 19, 13.2, 9).display_on
