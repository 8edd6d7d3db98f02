"""Usable charge of a cycle and the zero of the shunt (POW-R35)."""

import pytest

from bench_agent.domain.battery import Battery, Counters, Sample
from bench_agent.domain.battery_estimate import Estimate, EstimateSource, next_estimate
from bench_agent.domain.battery_health import Cycle, next_cycle, night_offset_ma, propose_offset_ma

PACK = Battery()
HOUR_MS = 3_600_000


def full() -> Estimate:
    return Estimate(
        soc_pct=100.0,
        sigma_pct=1.5,
        as_of_ms=0,
        source=EstimateSource.FULL,
        charge_ah=50.0,
        last_full_at_ms=0,
    )


def live(cycle: Cycle, estimate: Estimate, sample: Sample, seconds: int) -> tuple[Cycle, Estimate]:
    for _ in range(seconds // 10):
        after = next_estimate(estimate, sample, PACK, estimate.as_of_ms + 10_000)
        cycle, estimate = next_cycle(cycle, estimate, after, sample, PACK), after
        if cycle.done is not None:
            break
    return cycle, estimate


def test_a_cycle_ends_after_an_hour_at_the_low_end_with_what_was_drawn() -> None:
    start = next_cycle(Cycle(), None, full(), Sample(voltage_v=13.6, current_a=0.0), PACK)
    cycle, estimate = live(start, full(), Sample(voltage_v=13.0, current_a=-5.0), 7 * 3600)
    assert cycle.done is None
    cycle, _ = live(cycle, estimate, Sample(voltage_v=12.88, current_a=0.0), 2 * 3600)
    assert cycle.done is not None
    assert cycle.done.usable_ah == pytest.approx(35.0)
    assert cycle.done.low_pct == pytest.approx(20.0)
    assert cycle.done.capacity_ah == pytest.approx(35 / 0.8)
    assert cycle.drawn_ah is None


def test_a_count_that_broke_gives_no_cycle() -> None:
    cycle, estimate = live(Cycle(drawn_ah=0.0), full(), Sample(voltage_v=13.0, current_a=-5.0), 3600)
    after = next_estimate(estimate, Sample(voltage_v=13.0, current_a=0.0), PACK, 5 * HOUR_MS)
    assert after.source is EstimateSource.VOLTAGE
    assert next_cycle(cycle, estimate, after, Sample(voltage_v=13.0, current_a=0.0), PACK) == Cycle()


def night(net_mah: float) -> tuple[Counters, Counters]:
    gained, lost = max(net_mah, 0.0), max(-net_mah, 0.0)
    return (
        Counters(charge_in_mah=100.0, charge_out_mah=100.0),
        Counters(charge_in_mah=100.0 + gained, charge_out_mah=100.0 + lost),
    )


def test_a_night_with_the_board_alone_shows_what_the_shunt_adds() -> None:
    board_mah = 0.06 / 12.8 * 1000 * 7
    assert night_offset_ma(*night(-board_mah), 7 * HOUR_MS, PACK) == pytest.approx(0.0)
    assert night_offset_ma(*night(-board_mah + 7 * 20), 7 * HOUR_MS, PACK) == pytest.approx(20.0)
    assert night_offset_ma(*night(0.0), 3 * HOUR_MS, PACK) is None
    assert night_offset_ma(Counters(), night(0.0)[1], 7 * HOUR_MS, PACK) is None
    before, after = night(5.0)
    assert night_offset_ma(after, before, 7 * HOUR_MS, PACK) is None


def test_an_offset_is_proposed_after_three_nights_and_only_within_fifty_milliamperes() -> None:
    assert propose_offset_ma([12.0, 11.0]) is None
    assert propose_offset_ma([12.0, 300.0, 11.0]) == 12.0
    assert propose_offset_ma([60.0, 61.0, 62.0]) is None
