"""A 12.8 V LiFePO4 pack and what meters say of it (POW-R4, R29). Pure."""

from bisect import bisect_right
from dataclasses import dataclass
from itertools import pairwise

from bench_agent.domain.power_reading import ChargeStage, CurrentScope, PowerReading

CURVE = (
    (10.0, 0.0),
    (11.2, 1.0),
    (12.0, 5.0),
    (12.6, 10.0),
    (12.88, 20.0),
    (13.00, 30.0),
    (13.08, 40.0),
    (13.12, 50.0),
    (13.16, 60.0),
    (13.24, 70.0),
    (13.28, 80.0),
    (13.32, 90.0),
    (13.36, 95.0),
    (13.45, 99.0),
    (13.60, 100.0),
)
"""Rest volts and percent (POW-R29)."""
NOMINAL_V = 12.8


@dataclass(frozen=True, slots=True, kw_only=True)
class Battery:
    """What is known about a pack."""

    capacity_ah: float = 50.0
    resistance_ohm: float = 0.025
    charge_efficiency: float = 0.99
    full_voltage_v: float = 14.2
    yield_efficiency: float = 0.985
    """Share of a charger's yield that reaches the pack (POW-R33)."""
    standby_w: float = 0.06
    """What runs while the computer is off: the power board, and whatever else is wired past it."""

    @property
    def capacity_wh(self) -> float:
        """Energy of the full pack at its nominal voltage."""
        return self.capacity_ah * NOMINAL_V


@dataclass(frozen=True, slots=True, kw_only=True)
class Counters:
    """Totals that go on while the computer is off; ``None`` = no such device."""

    charge_in_mah: float | None = None
    """Into the battery, by the power board or a shunt."""
    charge_out_mah: float | None = None
    yield_total_wh: float | None = None
    """Out of the charger since it was made."""


NO_COUNTERS = Counters()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """Volts, and amperes of the whole battery (+ = charging) if a meter sees them."""

    voltage_v: float
    current_a: float | None
    charger_a: float | None = None
    """Amperes of the charger alone, where nothing sees the whole battery."""
    stage: ChargeStage | None = None
    counters: Counters = NO_COUNTERS


def sample_of(
    reading: PowerReading, *, counters: Counters | None = None, all_loads: bool = False
) -> Sample | None:
    """What the truth meter's reading says of the battery; ``None`` without volts.

    Args:
        reading: Of the meter that ``power.truth`` names.
        counters: Totals gathered from all meters; those of ``reading`` alone if left out.
        all_loads: ``power.all_loads_on_charger``: the charger sees every load, its current is the battery's.
    """
    if reading.battery_voltage_v is None:
        return None
    scope, current_a = reading.current_scope, reading.battery_current_a
    whole = scope is CurrentScope.BATTERY or (scope is CurrentScope.CHARGER and all_loads)
    return Sample(
        voltage_v=reading.battery_voltage_v,
        current_a=current_a if whole else None,
        charger_a=current_a if scope is CurrentScope.CHARGER and not whole else None,
        stage=reading.charge_stage,
        counters=counters if counters is not None else counters_of(reading),
    )


def counters_of(reading: PowerReading) -> Counters:
    """The totals of one reading."""
    return Counters(
        charge_in_mah=reading.charge_in_mah,
        charge_out_mah=reading.charge_out_mah,
        yield_total_wh=reading.yield_total_wh,
    )


def rest_voltage_v(soc_pct: float) -> float:
    """Volts at rest for 0 to 100 percent (POW-R29)."""
    for (low_v, low), (high_v, high) in pairwise(CURVE):
        if soc_pct <= high:
            return low_v + (high_v - low_v) * max(soc_pct - low, 0.0) / (high - low)
    return CURVE[-1][0]


def soc_at_rest_pct(voltage_v: float) -> float:
    """Percent for volts at rest, 0 to 100; trustworthy at the two ends only."""
    index = bisect_right(CURVE, (voltage_v, 101.0))
    if index == 0:
        return 0.0
    if index == len(CURVE):
        return 100.0
    (low_v, low), (high_v, high) = CURVE[index - 1], CURVE[index]
    return low + (high - low) * (voltage_v - low_v) / (high_v - low_v)


def rest_of(sample: Sample, battery: Battery) -> float:
    """Rest volts behind a loaded voltage: V - I x R, by the best current known."""
    current_a = sample.current_a if sample.current_a is not None else sample.charger_a
    return sample.voltage_v - (current_a or 0.0) * battery.resistance_ohm
