"""What nights and cycles tell about shunt and pack (POW-R35). Pure; proposes and logs, never applies."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from bench_agent.domain.battery import (
    NOMINAL_V,
    Battery,
    Counters,
    Sample,
    rest_of,
    soc_at_rest_pct,
)
from bench_agent.domain.battery_estimate import LOW_END_MS, Estimate, EstimateSource

MAX_OFFSET_MA = 50.0
NIGHTS_FOR_A_PROPOSAL = 3
SHORTEST_NIGHT_MS = 4 * 3_600_000
_HOUR_MS = 3_600_000


@dataclass(frozen=True, slots=True, kw_only=True)
class UsableCharge:
    """One cycle: what came out between a full re-sync and a point at the low end."""

    usable_ah: float
    low_pct: float
    """Charge left by rest volts at the low point."""
    capacity_ah: float
    """What the whole pack would hold by this cycle."""
    low_at_ms: int
    """Monotonic ms."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cycle:
    """The running cycle; ``drawn_ah`` is ``None`` before the first full, or when the count broke."""

    drawn_ah: float | None = None
    done: UsableCharge | None = None
    """Set in the one step that ends a cycle."""


def next_cycle(
    cycle: Cycle, before: Estimate | None, after: Estimate, sample: Sample, battery: Battery
) -> Cycle:
    """Follow one step of the estimate; the pure count is used, not the corrected charge."""
    if after.source is EstimateSource.FULL:
        return Cycle(drawn_ah=0.0)
    if (
        cycle.drawn_ah is None
        or before is None
        or after.source in {EstimateSource.VOLTAGE, EstimateSource.YIELD}
    ):
        return Cycle()
    drawn_ah = cycle.drawn_ah + _drawn_ah(before, after, sample, battery)
    if after.low_since_ms is None or after.as_of_ms - after.low_since_ms < LOW_END_MS:
        return Cycle(drawn_ah=drawn_ah)
    low_pct = soc_at_rest_pct(rest_of(sample, battery))
    done = UsableCharge(
        usable_ah=drawn_ah,
        low_pct=low_pct,
        capacity_ah=drawn_ah / (1 - low_pct / 100),
        low_at_ms=after.as_of_ms,
    )
    return Cycle(done=done)


def _drawn_ah(before: Estimate, after: Estimate, sample: Sample, battery: Battery) -> float:
    if after.source is EstimateSource.BOARD:
        return before.charge_ah - after.charge_ah
    moved_ah = (sample.current_a or 0.0) * (after.as_of_ms - before.as_of_ms) / _HOUR_MS
    return -(moved_ah * battery.charge_efficiency if moved_ah > 0 else moved_ah)


def night_offset_ma(before: Counters, after: Counters, elapsed_ms: int, battery: Battery) -> float | None:
    """What the shunt showed too much (+ = charging) in a night with only the board running.

    Returns:
        Milliamperes, or ``None`` when the night was short, counters are missing or the sun shone.
    """
    if elapsed_ms < SHORTEST_NIGHT_MS or _moved(before, after) is None:
        return None
    net_mah = _moved(before, after) or 0.0
    expected_ma = -battery.standby_w / NOMINAL_V * 1000
    return net_mah / (elapsed_ms / _HOUR_MS) - expected_ma


def propose_offset_ma(nights: Sequence[float]) -> float | None:
    """Median of the last nights' offsets; ``None`` with too few, or so large that the shunt must be wrong."""
    if len(nights) < NIGHTS_FOR_A_PROPOSAL:
        return None
    offset_ma = median(nights)
    return offset_ma if abs(offset_ma) <= MAX_OFFSET_MA else None


def _moved(before: Counters, after: Counters) -> float | None:
    """Net mAh into the battery; ``None`` without both counters or after a reset."""
    if (
        before.charge_in_mah is None
        or before.charge_out_mah is None
        or after.charge_in_mah is None
        or after.charge_out_mah is None
    ):
        return None
    gained_mah = after.charge_in_mah - before.charge_in_mah
    lost_mah = after.charge_out_mah - before.charge_out_mah
    return gained_mah - lost_mah if gained_mah >= 0 and lost_mah >= 0 else None
