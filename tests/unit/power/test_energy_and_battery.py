from dataclasses import replace
from datetime import datetime

from hypothesis import given
from hypothesis import strategies as st

from bench_agent.domain.battery import (
    Battery,
    Estimate,
    Sample,
    first_estimate,
    next_estimate,
    rest_voltage_v,
    soc_at_rest_pct,
)
from bench_agent.domain.energy import EnergyState, next_energy, plan_energy
from bench_agent.services.power import WIB
from bench_agent.wire.telemetry import EnergyTier

PACK = Battery()


def at(hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, 24, hour, minute, tzinfo=WIB)


def live(estimate: Estimate, sample: Sample, seconds: int) -> Estimate:
    for _ in range(seconds // 10):
        estimate = next_estimate(estimate, sample, PACK, estimate.as_of_ms + 10_000)
    return estimate


def start(soc_pct: float) -> Estimate:
    return replace(first_estimate(Sample(voltage_v=13.1, current_a=0.0), PACK, 0), soc_pct=soc_pct)


@given(st.floats(0, 100))
def test_curve_and_its_inverse_agree(soc_pct: float) -> None:
    assert abs(soc_at_rest_pct(rest_voltage_v(soc_pct)) - soc_pct) < 1e-6


@given(st.lists(st.tuples(st.floats(0, 65), st.floats(-200, 200), st.integers(0, 60_000)), max_size=30))
def test_estimate_stays_within_bounds(steps: list[tuple[float, float, int]]) -> None:
    estimate, now_ms = None, 0
    for voltage_v, current_a, wait_ms in steps:
        now_ms += wait_ms
        estimate = next_estimate(estimate, Sample(voltage_v=voltage_v, current_a=current_a), PACK, now_ms)
        assert 0 <= estimate.soc_pct <= 100
        assert 0 < estimate.sigma_pct <= 30


def test_counts_five_amperes_for_an_hour_as_ten_percent_pow_r29() -> None:
    assert abs(live(start(60), Sample(voltage_v=13.1, current_a=-5.0), 3600).soc_pct - 50) < 0.01
    assert abs(live(start(60), Sample(voltage_v=13.3, current_a=5.0), 3600).soc_pct - 69.9) < 0.01


def test_high_volts_with_tail_current_for_ten_minutes_are_full_pow_r31() -> None:
    tail = Sample(voltage_v=14.4, current_a=1.0)
    assert live(start(80), tail, 590).soc_pct < 81
    full = live(start(80), tail, 620)
    assert (full.soc_pct, full.source) == (100.0, "full")
    assert full.sigma_pct < 1.6
    assert live(start(80), Sample(voltage_v=14.4, current_a=8.0), 1200).source == "counted"


def test_low_rest_voltage_pulls_a_wrong_count_down_pow_r30() -> None:
    low = live(start(60), Sample(voltage_v=12.80, current_a=0.0), 6 * 3600)
    assert low.soc_pct < 35
    assert low.sigma_pct <= 6.1


def test_a_gap_starts_from_voltage_pow_r33() -> None:
    estimate = next_estimate(start(90), Sample(voltage_v=12.6, current_a=0.0), PACK, 40_000)
    assert (round(estimate.soc_pct), estimate.sigma_pct) == (10, 15.0)


def test_sheds_at_once_and_recovers_only_above_the_leave_level_pow_r36() -> None:
    state = EnergyState(by_charge=EnergyTier.NORMAL)
    seen = []
    for soc in (61, 59, 69, 71, 34, 44, 46, 14, 24, 26, 90):
        state = next_energy(state, soc, 13.1, 0)
        seen.append(state.tier.value)
    assert seen == [
        "normal", "eco", "eco", "normal", "reserve", "reserve", "eco", "critical",
        "critical", "reserve", "normal",
    ]  # fmt: skip


def test_voltage_vetoes_a_drifted_count_until_released_pow_r37() -> None:
    state = EnergyState(by_charge=EnergyTier.NORMAL)
    tiers = []
    for rest_v in (12.97, 13.01, 13.02, 12.84, 12.69, 13.04, 13.05):
        state = next_energy(state, 90, rest_v, 0)
        tiers.append(state.tier.value)
    assert tiers == ["eco", "eco", "normal", "reserve", "critical", "critical", "normal"]


def test_holds_after_two_minutes_and_saves_after_fifteen_pow_r38() -> None:
    state = EnergyState(by_charge=EnergyTier.ECO)
    assert next_energy(state, 99, 13.4, 130_000).tier is EnergyTier.ECO
    silent = next_energy(state, 99, 13.4, 900_001)
    assert silent.tier is EnergyTier.RESERVE
    assert next_energy(silent, 99, 13.4, 0).tier is EnergyTier.NORMAL


def test_eco_shows_at_peak_only_and_says_so_in_indonesian_pow_r39() -> None:
    plan = plan_energy(EnergyTier.ECO, 38.2, at(9))
    assert plan.reason == "Layar mati sampai 15.30: baterai 38 %"
    assert (plan.display_on, plan.audio_on, plan.hotspot_on) == (False, False, True)
    assert plan.next_change_at == at(15, 30)
    assert plan_energy(EnergyTier.ECO, 38.2, at(16)).display_on


def test_display_changes_once_an_hour_but_falls_at_once_to_reserve_pow_r36() -> None:
    on = plan_energy(EnergyTier.NORMAL, 80, at(9))
    assert plan_energy(EnergyTier.ECO, 59, at(9, 30), on).display_on
    assert not plan_energy(EnergyTier.ECO, 59, at(10), on).display_on
    assert not plan_energy(EnergyTier.RESERVE, 30, at(9, 30), on).display_on


@given(st.sampled_from(list(EnergyTier)[1:]), st.integers(0, 23), st.integers(0, 59))
def test_no_tier_lights_the_display_at_night(tier: EnergyTier, hour: int, minute: int) -> None:
    plan = plan_energy(tier, 50, at(hour, minute))
    assert not (plan.display_on and not 5 <= hour < 22)
    assert plan.next_change_at > at(hour, minute)
