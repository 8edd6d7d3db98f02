"""Totals of several meters (POW-R33)."""

from bench_agent.domain.battery import Counters
from bench_agent.domain.power_picture import Totals, total_up
from bench_agent.domain.power_reading import PowerReading, ReadingQuality

NOTHING = Totals(counters=Counters())


def reading(**totals: float) -> PowerReading:
    return PowerReading(measured_at_ms=0, quality=ReadingQuality.GOOD, **totals)  # type: ignore[arg-type]


SHUNT = reading(charge_in_mah=100.0, charge_out_mah=90.0)
BOARD = reading(charge_in_mah=7.0, charge_out_mah=8.0)
CHARGER = reading(yield_total_wh=12_340.0, charge_in_mah=5.0)


def test_charge_comes_from_one_meter_that_counts_both_ways_and_yield_from_the_charger() -> None:
    found = total_up({"charger": CHARGER, "shunt": SHUNT, "board": BOARD}, NOTHING)
    assert found.counters == Counters(charge_in_mah=100.0, charge_out_mah=90.0, yield_total_wh=12_340.0)
    assert (found.charge_from, found.yield_from) == ("shunt", "charger")


def test_while_the_meter_of_before_is_silent_no_other_takes_its_place() -> None:
    before = total_up({"shunt": SHUNT, "charger": CHARGER}, NOTHING)
    silent = total_up({"board": BOARD}, before)
    assert silent.counters == Counters()
    assert total_up({"board": BOARD, "shunt": SHUNT}, silent).counters.charge_in_mah == 100.0
