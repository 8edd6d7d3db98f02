"""The plan of loads and its reason (POW-R36, R39 to R44)."""

from dataclasses import replace
from datetime import datetime

from hypothesis import given
from hypothesis import strategies as st

from bench_agent.domain.energy import EnergyState, next_energy
from bench_agent.domain.energy_facts import EnergyFacts, EnergyRules
from bench_agent.domain.energy_plan import AudioMode, EnergyPlan, HotspotMode
from bench_agent.domain.energy_tiers import TIERS, Tiers
from bench_agent.services.power import WIB
from bench_agent.wire.energy_reason import spell
from bench_agent.wire.telemetry import EnergyTier

RULES = EnergyRules()


def at(hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, 24, hour, minute, tzinfo=WIB)


def facts(local: datetime, soc_pct: float, rest_v: float = 13.2) -> EnergyFacts:
    since = local - datetime(2026, 11, 24, tzinfo=WIB)
    return EnergyFacts(
        local=local, now_ms=round(since.total_seconds() * 1000), soc_pct=soc_pct, rest_v=rest_v
    )


def look(state: EnergyState, seen: EnergyFacts, rules: EnergyRules = RULES) -> tuple[EnergyState, EnergyPlan]:
    state = next_energy(state, seen, rules)
    assert state.plan is not None
    return state, state.plan


def first_plan(tier: EnergyTier, soc_pct: float, local: datetime) -> EnergyPlan:
    return look(EnergyState(tiers=Tiers(by_charge=tier)), facts(local, soc_pct))[1]


def test_eco_shows_at_peak_only_and_says_so_in_indonesian_pow_r39() -> None:
    plan = first_plan(EnergyTier.ECO, 38.2, at(9))
    assert spell(plan.reason) == "Layar mati sampai 15.30: baterai 38 %"
    assert (plan.display_on, plan.audio, plan.hotspot) == (
        False,
        AudioMode.ANNOUNCEMENTS,
        HotspotMode.LIMITED,
    )
    assert plan.next_change_at == at(15, 30)
    peak = first_plan(EnergyTier.ECO, 38.2, at(16))
    assert (peak.display_on, peak.backlight_pct) == (True, 50)


def test_display_changes_once_an_hour_but_falls_at_once_to_reserve_pow_r36() -> None:
    on, _ = look(EnergyState(tiers=Tiers(by_charge=EnergyTier.NORMAL)), facts(at(9), 80))
    resting = look(on, facts(at(9, 30), 59))[1]
    assert resting.display_on
    assert spell(resting.reason, "en") == "Screen still on until 10:00: battery 59 %"
    assert resting.next_change_at == at(10)
    assert not look(on, facts(at(10), 59))[1].display_on
    assert not look(on, facts(at(9, 30), 30))[1].display_on


@given(st.sampled_from(TIERS), st.floats(0, 100), st.integers(0, 23), st.integers(0, 59))
def test_no_tier_lights_the_display_at_night(
    tier: EnergyTier, soc_pct: float, hour: int, minute: int
) -> None:
    plan = first_plan(tier, soc_pct, at(hour, minute))
    assert not (plan.display_on and not 5 <= hour < 22)
    assert plan.next_change_at > at(hour, minute)


def test_reserve_sleeps_from_closing_to_five_before_opening_pow_r36() -> None:
    evening = first_plan(EnergyTier.RESERVE, 30, at(20))
    assert evening.power_off is not None
    assert (evening.power_off.begins_at, evening.power_off.wakes_at) == (
        at(22),
        at(4, 55).replace(day=25),
    )
    assert not evening.is_dark(at(20))
    night = first_plan(EnergyTier.RESERVE, 30, at(23))
    assert night.is_dark(at(23))
    assert spell(night.reason) == "Bangku tidur sampai 04.55 untuk menghemat daya: baterai 30 %"
    assert not first_plan(EnergyTier.RESERVE, 30, at(4, 55)).is_dark(at(4, 55))


def test_heat_darkens_the_display_pow_r44() -> None:
    hot = replace(facts(at(9), 90), box_c=45.0)
    plan = look(EnergyState(), hot)[1]
    assert not plan.display_on
    assert spell(plan.reason) == "Layar mati karena panas 45 °C: baterai 90 %"
