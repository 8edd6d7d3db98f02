"""Gaps in the count, and what a restart keeps (POW-R33, R34)."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench_agent.domain.battery import Battery, Counters, Sample, soc_at_rest_pct
from bench_agent.domain.battery_estimate import Estimate, EstimateSource, bridge_gap, next_estimate
from bench_agent.domain.moment import Moment, shift_between_ms

PACK = Battery()
HOUR_MS = 3_600_000
NIGHT_MS = 7 * HOUR_MS


def estimate_at(as_of_ms: int, counters: Counters, soc_pct: float = 60.0) -> Estimate:
    return Estimate(
        soc_pct=soc_pct,
        sigma_pct=3.0,
        as_of_ms=as_of_ms,
        source=EstimateSource.COUNTED,
        charge_ah=soc_pct / 2,
        last_full_at_ms=as_of_ms - HOUR_MS,
        counters=counters,
    )


def sample(counters: Counters, voltage_v: float = 13.1, current_a: float | None = -0.5) -> Sample:
    return Sample(voltage_v=voltage_v, current_a=current_a, counters=counters)


def board(in_mah: float, out_mah: float) -> Counters:
    return Counters(charge_in_mah=in_mah, charge_out_mah=out_mah)


def test_the_boards_counters_bridge_a_dark_night() -> None:
    before = estimate_at(-NIGHT_MS, board(1000, 2000))
    after = next_estimate(before, sample(board(3000, 2500)), PACK, 0)
    assert after.source is EstimateSource.BOARD
    assert after.soc_pct == pytest.approx(60 + (2 * 0.99 - 0.5) / 50 * 100)
    assert after.sigma_pct == pytest.approx(3 + 0.38 * 7 / 24 + 0.002 * (2 * 0.99 + 0.5) * 2, abs=1e-6)
    assert after.last_full_at_ms == before.last_full_at_ms
    assert after.counters == board(3000, 2500)


def test_the_chargers_yield_less_standby_bridges_a_dark_computer() -> None:
    before = estimate_at(-10 * HOUR_MS, Counters(yield_total_wh=5000))
    after = next_estimate(before, sample(Counters(yield_total_wh=5100)), PACK, 0)
    assert after.source is EstimateSource.YIELD
    assert after.soc_pct == pytest.approx(60 + (100 * 0.985 - 0.06 * 10) / 640 * 100)


def test_the_yield_says_nothing_of_a_gap_in_which_the_computer_ran() -> None:
    before = estimate_at(HOUR_MS, Counters(yield_total_wh=5000))
    after = next_estimate(before, sample(Counters(yield_total_wh=5100)), PACK, 2 * HOUR_MS)
    assert after.source is EstimateSource.VOLTAGE


@pytest.mark.parametrize("reset", [board(0, 2500), board(3000, 0), Counters(), Counters(yield_total_wh=0)])
def test_a_counter_that_fell_back_or_is_missing_leaves_the_voltage(reset: Counters) -> None:
    before = estimate_at(-NIGHT_MS, replace(board(1000, 2000), yield_total_wh=5000))
    after = next_estimate(before, sample(reset, current_a=0.0), PACK, 0)
    assert (after.source, after.sigma_pct) == (EstimateSource.VOLTAGE, 15.0)
    assert after.soc_pct == pytest.approx(soc_at_rest_pct(13.1))
    assert after.last_full_at_ms == before.last_full_at_ms


def test_thirty_seconds_are_no_gap_and_a_clock_that_went_back_is() -> None:
    before = estimate_at(100_000, board(0, 0))
    assert next_estimate(before, sample(board(0, 0)), PACK, 130_000).source is EstimateSource.COUNTED
    assert next_estimate(before, sample(board(0, 0)), PACK, 130_001).source is EstimateSource.BOARD
    assert next_estimate(before, sample(board(0, 0)), PACK, 99_999).source is EstimateSource.VOLTAGE


def test_a_pack_that_rested_through_the_gap_is_judged_at_the_low_end_pow_r30() -> None:
    low = estimate_at(-NIGHT_MS, board(0, 0), soc_pct=12)
    rested = bridge_gap(low, sample(board(0, 30), voltage_v=13.05, current_a=0.0), PACK, 0)
    assert 25 < rested.soc_pct < 27
    charged = bridge_gap(low, sample(board(12_000, 0), voltage_v=13.05, current_a=0.0), PACK, 0)
    assert charged.soc_pct == pytest.approx(12 + 12 * 0.99 * 2)


MAH = st.none() | st.floats(0, 1e6)
COUNTERS = st.builds(Counters, charge_in_mah=MAH, charge_out_mah=MAH, yield_total_wh=MAH)


@given(COUNTERS, COUNTERS, st.floats(10, 15), st.integers(-(10**9), 10**6), st.integers(0, 10**9))
def test_no_counter_leads_out_of_bounds(
    one: Counters, other: Counters, voltage_v: float, as_of_ms: int, elapsed_ms: int
) -> None:
    after = bridge_gap(estimate_at(as_of_ms, one), sample(other, voltage_v), PACK, as_of_ms + elapsed_ms)
    assert 0 <= after.soc_pct <= 100
    assert 0 < after.sigma_pct <= 30


def test_instants_of_an_earlier_boot_lie_before_this_one() -> None:
    saved = Moment(boot="a", monotonic_ms=5 * HOUR_MS, wall_ms=100 * HOUR_MS)
    now = Moment(boot="b", monotonic_ms=60_000, wall_ms=107 * HOUR_MS)
    shift_ms = shift_between_ms(saved, now)
    estimate = estimate_at(5 * HOUR_MS, board(0, 0)).shifted(shift_ms)
    assert estimate.as_of_ms == 60_000 - NIGHT_MS
    assert estimate.last_full_at_ms == 60_000 - NIGHT_MS - HOUR_MS
    assert shift_between_ms(saved, replace(saved, monotonic_ms=6 * HOUR_MS)) == 0


@given(st.integers(0, 10**12), st.integers(0, 10**12), st.integers(0, 10**9), st.integers(0, 10**9))
def test_a_new_boot_is_always_a_gap_whatever_the_wall_clock_says_pow_r34(
    saved_wall_ms: int, wall_ms: int, saved_ms: int, now_ms: int
) -> None:
    saved = Moment(boot="a", monotonic_ms=saved_ms, wall_ms=saved_wall_ms)
    shifted_ms = saved_ms + shift_between_ms(saved, Moment(boot="b", monotonic_ms=now_ms, wall_ms=wall_ms))
    assert shifted_ms < 0
    assert now_ms - shifted_ms > 30_000
