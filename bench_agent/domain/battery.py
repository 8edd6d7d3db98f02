"""State of charge of a 12.8 V LiFePO4 pack (POW-R28 to R33). Pure: time is an argument."""

from bisect import bisect_right
from dataclasses import dataclass, replace
from itertools import pairwise

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
MAX_GAP_MS = 30_000
FULL_HOLD_MS = 600_000
EMPTY_HOLD_MS = 60_000
LOW_END_MS = 3_600_000
SIGMA_FULL, SIGMA_LOW_END, SIGMA_VOLTAGE, SIGMA_MAX = 1.5, 6.0, 15.0, 30.0
LOW_REST_V = 12.95
LOW_END_PCT, LOW_END_RISE_PCT = 27.0, 25.0
EMPTY_V, EMPTY_PCT = 12.0, 8.0
DRIFT_PCT_PER_DAY = 0.38
_DAY_MS = 86_400_000
_PULL_PER_MS = 0.05 / 600_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Battery:
    """What is known about a pack."""

    capacity_ah: float = 50.0
    resistance_ohm: float = 0.025
    charge_efficiency: float = 0.99
    full_voltage_v: float = 14.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """Volts, and amperes of the whole battery (+ = charging) if a meter sees them."""

    voltage_v: float
    current_a: float | None
    floating: bool = False
    """The charger is in float after absorption."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """State of charge with one standard deviation; all instants are monotonic ms."""

    soc_pct: float
    sigma_pct: float
    as_of_ms: int
    source: str
    """``voltage``, ``counted`` or ``full``."""
    charge_ah: float
    last_full_at_ms: int | None = None
    full_since_ms: int | None = None
    low_since_ms: int | None = None
    empty_since_ms: int | None = None


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
    """Rest volts behind a loaded voltage: V - I x R."""
    return sample.voltage_v - (sample.current_a or 0.0) * battery.resistance_ohm


def first_estimate(sample: Sample, battery: Battery, now_ms: int) -> Estimate:
    """Estimate from voltage alone, sigma 15 points."""
    soc = soc_at_rest_pct(rest_of(sample, battery))
    return Estimate(
        soc_pct=soc,
        sigma_pct=SIGMA_VOLTAGE,
        as_of_ms=now_ms,
        source="voltage",
        charge_ah=soc / 100 * battery.capacity_ah,
    )


def next_estimate(estimate: Estimate | None, sample: Sample, battery: Battery, now_ms: int) -> Estimate:
    """Follow the charge for one sample; after a gap above 30 s start from voltage (POW-R33)."""
    if estimate is None or sample.current_a is None or not 0 <= now_ms - estimate.as_of_ms <= MAX_GAP_MS:
        last_full = None if estimate is None else estimate.last_full_at_ms
        return replace(first_estimate(sample, battery, now_ms), last_full_at_ms=last_full)
    elapsed_ms = now_ms - estimate.as_of_ms
    moved_ah = sample.current_a * elapsed_ms / 3_600_000
    gained_ah = moved_ah * battery.charge_efficiency if moved_ah > 0 else moved_ah
    moved_pct = abs(moved_ah) / battery.capacity_ah * 100
    sigma = estimate.sigma_pct + DRIFT_PCT_PER_DAY * elapsed_ms / _DAY_MS + 0.002 * moved_pct
    soc = estimate.soc_pct + gained_ah / battery.capacity_ah * 100
    counted = replace(
        estimate, soc_pct=soc, sigma_pct=min(sigma, SIGMA_MAX), as_of_ms=now_ms, source="counted"
    )
    corrected = _at_empty(_at_low_end(counted, sample, battery, elapsed_ms), sample)
    return _bounded(_at_full(corrected, sample, battery), battery)


def _bounded(estimate: Estimate, battery: Battery) -> Estimate:
    soc = min(max(estimate.soc_pct, 0.0), 100.0)
    return replace(estimate, soc_pct=soc, charge_ah=soc / 100 * battery.capacity_ah)


def _at_low_end(estimate: Estimate, sample: Sample, battery: Battery, elapsed_ms: int) -> Estimate:
    """POW-R30: only at small currents, where V - I x R is close to rest."""
    if abs(sample.current_a or 0.0) >= 0.025 * battery.capacity_ah:
        return replace(estimate, low_since_ms=None)
    rest = rest_of(sample, battery)
    if rest < LOW_REST_V:
        target = min(soc_at_rest_pct(rest), LOW_END_PCT)
    elif estimate.soc_pct < LOW_END_RISE_PCT:
        target = LOW_END_PCT
    else:
        return replace(estimate, low_since_ms=None)
    since = estimate.low_since_ms if estimate.low_since_ms is not None else estimate.as_of_ms
    lasted = estimate.as_of_ms - since >= LOW_END_MS
    sigma = min(estimate.sigma_pct, SIGMA_LOW_END) if lasted else estimate.sigma_pct
    soc = estimate.soc_pct + (target - estimate.soc_pct) * _PULL_PER_MS * elapsed_ms
    return replace(estimate, soc_pct=soc, sigma_pct=sigma, low_since_ms=since)


def _at_empty(estimate: Estimate, sample: Sample) -> Estimate:
    """POW-R31: loaded 12.0 V for 60 s while discharging is at most 8 %."""
    if sample.voltage_v > EMPTY_V or (sample.current_a or 0.0) >= 0:
        return replace(estimate, empty_since_ms=None)
    since = estimate.empty_since_ms if estimate.empty_since_ms is not None else estimate.as_of_ms
    lasted = estimate.as_of_ms - since >= EMPTY_HOLD_MS
    soc = min(estimate.soc_pct, EMPTY_PCT) if lasted else estimate.soc_pct
    return replace(estimate, soc_pct=soc, empty_since_ms=since)


def _at_full(estimate: Estimate, sample: Sample, battery: Battery) -> Estimate:
    """POW-R31: high volts with a tail current for 10 min, or float, is full."""
    tail = 0 <= (sample.current_a or 0.0) <= 0.04 * battery.capacity_ah
    since = estimate.full_since_ms if estimate.full_since_ms is not None else estimate.as_of_ms
    absorbed = tail and sample.voltage_v >= battery.full_voltage_v
    if sample.floating or (absorbed and estimate.as_of_ms - since >= FULL_HOLD_MS):
        return replace(
            estimate,
            soc_pct=100.0,
            sigma_pct=SIGMA_FULL,
            source="full",
            last_full_at_ms=estimate.as_of_ms,
            full_since_ms=since if absorbed else None,
        )
    return replace(estimate, full_since_ms=since if absorbed else None)
