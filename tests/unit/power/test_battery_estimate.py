"""State of charge: curve, count, both ends (POW-R28 to R32)."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench_agent.domain.battery import (
    Battery,
    Sample,
    rest_voltage_v,
    sample_of,
    soc_at_rest_pct,
)
from bench_agent.domain.battery_estimate import (
    Estimate,
    EstimateSource,
    after_low_halt,
    first_estimate,
    next_estimate,
)
from bench_agent.domain.power_reading import (
    ChargeStage,
    CurrentScope,
    PowerReading,
    ReadingQuality,
)

PACK = Battery()


def live(estimate: Estimate, sample: Sample, seconds: int) -> Estimate:
    for _ in range(seconds // 10):
        estimate = next_estimate(estimate, sample, PACK, estimate.as_of_ms + 10_000)
    return estimate


def start(soc_pct: float, sigma_pct: float = 15.0) -> Estimate:
    first = first_estimate(Sample(voltage_v=13.1, current_a=0.0), PACK, 0)
    return replace(first, soc_pct=soc_pct, sigma_pct=sigma_pct)


@given(st.floats(0, 100))
def test_curve_and_its_inverse_agree(soc_pct: float) -> None:
    assert abs(soc_at_rest_pct(rest_voltage_v(soc_pct)) - soc_pct) < 1e-6


STAGES = st.none() | st.sampled_from(list(ChargeStage))
STEPS = st.tuples(st.floats(0, 65), st.none() | st.floats(-200, 200), STAGES, st.integers(-5, 60_000))


@given(st.lists(STEPS, max_size=30))
def test_estimate_stays_within_bounds(
    steps: list[tuple[float, float | None, ChargeStage | None, int]],
) -> None:
    estimate, now_ms = None, 0
    for voltage_v, current_a, stage, wait_ms in steps:
        now_ms += wait_ms
        sample = Sample(voltage_v=voltage_v, current_a=current_a, stage=stage)
        estimate = next_estimate(estimate, sample, PACK, now_ms)
        assert 0 <= estimate.soc_pct <= 100
        assert 0 < estimate.sigma_pct <= 30
        assert estimate.charge_ah == pytest.approx(estimate.soc_pct / 100 * 50)


def test_counts_five_amperes_for_an_hour_as_ten_percent_pow_r29() -> None:
    assert abs(live(start(60), Sample(voltage_v=13.1, current_a=-5.0), 3600).soc_pct - 50) < 0.01
    assert abs(live(start(60), Sample(voltage_v=13.3, current_a=5.0), 3600).soc_pct - 69.9) < 0.01


def test_high_volts_with_tail_current_for_ten_minutes_are_full_pow_r31() -> None:
    tail = Sample(voltage_v=14.4, current_a=1.0)
    assert live(start(80), tail, 590).soc_pct < 81
    full = live(start(80), tail, 620)
    assert (full.soc_pct, full.source) == (100.0, "full")
    assert full.sigma_pct == 1.5
    assert full.last_full_at_ms == full.as_of_ms
    assert live(start(80), Sample(voltage_v=14.4, current_a=8.0), 1200).source == "counted"


def test_float_is_full_only_after_absorption_and_without_discharge_pow_r31() -> None:
    floating = Sample(voltage_v=13.6, current_a=0.2, stage=ChargeStage.FLOAT)
    assert live(start(80), floating, 60).source == "counted"
    absorbed = live(start(80), Sample(voltage_v=14.3, current_a=6.0, stage=ChargeStage.ABSORPTION), 60)
    assert live(absorbed, floating, 10).soc_pct == 100
    assert live(absorbed, replace(floating, current_a=-1.0), 10).source == "counted"
    in_bulk_again = live(absorbed, Sample(voltage_v=13.3, current_a=6.0, stage=ChargeStage.BULK), 10)
    assert live(in_bulk_again, floating, 10).source == "counted"


def test_low_rest_voltage_pulls_a_wrong_count_down_pow_r30() -> None:
    low = live(start(60), Sample(voltage_v=12.80, current_a=0.0), 6 * 3600)
    assert low.soc_pct < 35
    assert low.sigma_pct <= 6.1


def test_low_end_moves_five_percent_of_the_gap_in_ten_minutes_pow_r30() -> None:
    rest = Sample(voltage_v=13.0, current_a=0.0)
    up = live(start(10), rest, 600)
    assert up.soc_pct == pytest.approx(10 + 0.05 * 17, abs=0.03)
    down = live(start(60), replace(rest, voltage_v=12.94), 600)
    assert down.soc_pct == pytest.approx(60 - 0.05 * (60 - 25), abs=0.05)
    assert live(start(60), replace(rest, voltage_v=12.94, current_a=-1.3), 600).soc_pct > 59.5


def test_twelve_volts_under_load_for_a_minute_are_at_most_eight_percent_pow_r31() -> None:
    flat = Sample(voltage_v=12.0, current_a=-2.0)
    assert live(start(50), flat, 60).soc_pct > 49
    assert live(start(50), flat, 70).soc_pct == 8.0
    assert live(start(50), replace(flat, current_a=2.0), 120).soc_pct > 50


def test_a_low_halt_of_the_board_leaves_at_most_twelve_percent_pow_r31() -> None:
    capped = after_low_halt(start(40), PACK)
    assert (capped.soc_pct, capped.charge_ah) == (12.0, 6.0)
    assert after_low_halt(start(9), PACK).soc_pct == 9


def test_sigma_grows_with_days_and_with_charge_moved_up_to_thirty_pow_r32() -> None:
    day = live(start(50, 1.5), Sample(voltage_v=13.1, current_a=0.0), 86_400)
    assert day.sigma_pct == pytest.approx(1.5 + 0.38)
    moved = live(start(90, 1.5), Sample(voltage_v=13.1, current_a=-25.0), 3600)
    assert moved.sigma_pct == pytest.approx(1.5 + 0.38 / 24 + 0.002 * 50)
    assert (
        next_estimate(start(50, 29.9999), Sample(voltage_v=13.1, current_a=-200), PACK, 30_000).sigma_pct
        == 30
    )


def test_a_partial_reading_holds_the_estimate_until_the_gap_is_real_pow_r33() -> None:
    volts_only = Sample(voltage_v=12.6, current_a=None)
    held = next_estimate(start(90), volts_only, PACK, 10_000)
    assert held == start(90)
    counted = next_estimate(held, Sample(voltage_v=13.2, current_a=-5.0), PACK, 20_000)
    assert counted.soc_pct == pytest.approx(90 - 5 * 20 / 3600 / 50 * 100)
    assert next_estimate(held, volts_only, PACK, 30_001).source == "voltage"


def reading(scope: CurrentScope) -> PowerReading:
    return PowerReading(
        measured_at_ms=0,
        quality=ReadingQuality.GOOD,
        battery_voltage_v=13.5,
        battery_current_a=4.0,
        current_scope=scope,
    )


def test_a_chargers_current_is_not_counted_unless_all_loads_hang_on_it_pow_r4() -> None:
    whole = sample_of(reading(CurrentScope.BATTERY))
    charger = sample_of(reading(CurrentScope.CHARGER))
    trusted = sample_of(reading(CurrentScope.CHARGER), all_loads=True)
    assert whole is not None
    assert charger is not None
    assert trusted is not None
    assert (whole.current_a, charger.current_a, charger.charger_a, trusted.current_a) == (4.0, None, 4.0, 4.0)
    # Voltage alone, but the rise by the charge current is known and taken away: 13.4 V rest, not 13.5.
    estimate = first_estimate(charger, PACK, 0)
    assert estimate.soc_pct == pytest.approx(soc_at_rest_pct(13.4))
    assert estimate.sigma_pct >= 15
    assert estimate.source is EstimateSource.VOLTAGE


def test_a_reading_without_volts_is_no_sample() -> None:
    assert sample_of(replace(reading(CurrentScope.BATTERY), battery_voltage_v=None)) is None
