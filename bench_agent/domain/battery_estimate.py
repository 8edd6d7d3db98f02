"""State of charge of a LiFePO4 pack, followed sample by sample (POW-R28 to R33). Pure."""

from dataclasses import dataclass, replace
from enum import StrEnum

from bench_agent.domain.battery import (
    NO_COUNTERS,
    NOMINAL_V,
    Battery,
    Counters,
    Sample,
    rest_of,
    soc_at_rest_pct,
)
from bench_agent.domain.power_reading import ChargeStage

MAX_GAP_MS = 30_000
FULL_HOLD_MS = 600_000
EMPTY_HOLD_MS = 60_000
LOW_END_MS = 3_600_000
SIGMA_FULL, SIGMA_LOW_END, SIGMA_VOLTAGE, SIGMA_MAX = 1.5, 6.0, 15.0, 30.0
LOW_REST_V = 12.95
LOW_END_PCT, LOW_END_RISE_PCT = 27.0, 25.0
LOW_END_CURRENT_C, TAIL_CURRENT_C = 0.025, 0.04
EMPTY_V, EMPTY_PCT = 12.0, 8.0
LOW_HALT_PCT = 12.0
DRIFT_PCT_PER_DAY, SIGMA_PER_MOVED = 0.38, 0.002
_DAY_MS, _HOUR_MS = 86_400_000, 3_600_000
PULL_SHARE, PULL_MS = 0.05, 600_000


class EstimateSource(StrEnum):
    """Where the newest step of an estimate came from."""

    VOLTAGE = "voltage"
    COUNTED = "counted"
    FULL = "full"
    BOARD = "board"
    """A gap bridged by charge counters that went on."""
    YIELD = "yield"
    """A gap bridged by the charger's yield."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """State of charge with one standard deviation.

    Instants are monotonic ms of this boot; those of an earlier boot are below 0 after ``shifted``.
    """

    soc_pct: float
    sigma_pct: float
    as_of_ms: int
    source: EstimateSource
    charge_ah: float
    last_full_at_ms: int | None = None
    """The last full re-sync."""
    full_since_ms: int | None = None
    low_since_ms: int | None = None
    empty_since_ms: int | None = None
    absorbed: bool = False
    """The charger was in absorption since it last worked in bulk."""
    counters: Counters = NO_COUNTERS
    """Totals at ``as_of_ms``: what a gap is bridged with."""

    def shifted(self, shift_ms: int) -> "Estimate":
        """The same estimate with its instants on another boot's clock (``moment.shift_between_ms``).

        What must last without a break (full, low and empty holds) starts anew.
        """
        if not shift_ms:
            return self
        last_full = self.last_full_at_ms
        return replace(
            self,
            as_of_ms=self.as_of_ms + shift_ms,
            last_full_at_ms=None if last_full is None else last_full + shift_ms,
            full_since_ms=None,
            low_since_ms=None,
            empty_since_ms=None,
        )


def first_estimate(sample: Sample, battery: Battery, now_ms: int) -> Estimate:
    """Estimate from voltage alone, sigma 15 points."""
    soc = soc_at_rest_pct(rest_of(sample, battery))
    return Estimate(
        soc_pct=soc,
        sigma_pct=SIGMA_VOLTAGE,
        as_of_ms=now_ms,
        source=EstimateSource.VOLTAGE,
        charge_ah=soc / 100 * battery.capacity_ah,
        counters=sample.counters,
    )


def next_estimate(estimate: Estimate | None, sample: Sample, battery: Battery, now_ms: int) -> Estimate:
    """Follow the charge for one sample.

    Without amperes the estimate stands still for 30 s; a longer gap is bridged (POW-R33). A meter that never
    gives amperes thus leaves an estimate by counters or by voltage alone.
    """
    if estimate is None:
        return first_estimate(sample, battery, now_ms)
    if not 0 <= now_ms - estimate.as_of_ms <= MAX_GAP_MS:
        return bridge_gap(estimate, sample, battery, now_ms)
    if sample.current_a is None:
        return estimate
    return _count(estimate, sample, sample.current_a, battery, now_ms)


def after_low_halt(estimate: Estimate, battery: Battery) -> Estimate:
    """The board asked for a halt because volts are low: at most 12 % (POW-R31)."""
    soc = min(estimate.soc_pct, LOW_HALT_PCT)
    return replace(estimate, soc_pct=soc, charge_ah=soc / 100 * battery.capacity_ah)


def bridge_gap(estimate: Estimate, sample: Sample, battery: Battery, now_ms: int) -> Estimate:
    """Go on after a time without samples (POW-R33).

    Charge counters that went on are best; after a dark computer the charger's yield less the standby serves;
    else voltage with sigma 15. A counter that fell back was reset and is not used.
    """
    elapsed_ms = now_ms - estimate.as_of_ms
    before, after = estimate.counters, sample.counters
    gained_mah = _risen(before.charge_in_mah, after.charge_in_mah)
    lost_mah = _risen(before.charge_out_mah, after.charge_out_mah)
    yield_wh = _risen(before.yield_total_wh, after.yield_total_wh)
    # Only a computer that was off leaves a load that is known: below 0 lies an earlier boot.
    was_dark = estimate.as_of_ms < 0
    if elapsed_ms < 0:
        source = EstimateSource.VOLTAGE
        gained_ah = lost_ah = 0.0
    elif gained_mah is not None and lost_mah is not None:
        source = EstimateSource.BOARD
        gained_ah, lost_ah = gained_mah / 1000 * battery.charge_efficiency, lost_mah / 1000
    elif yield_wh is not None and was_dark:
        source = EstimateSource.YIELD
        gained_ah = yield_wh * battery.yield_efficiency / NOMINAL_V
        lost_ah = battery.standby_w * elapsed_ms / _HOUR_MS / NOMINAL_V
    else:
        source = EstimateSource.VOLTAGE
        gained_ah = lost_ah = 0.0
    if source is EstimateSource.VOLTAGE:
        return replace(first_estimate(sample, battery, now_ms), last_full_at_ms=estimate.last_full_at_ms)
    soc = _within(estimate.soc_pct + (gained_ah - lost_ah) / battery.capacity_ah * 100)
    moved_ah = gained_ah + lost_ah
    if moved_ah * _HOUR_MS <= LOW_END_CURRENT_C * battery.capacity_ah * elapsed_ms:
        soc = _rested(soc, sample, battery, elapsed_ms)
    moved_pct = moved_ah / battery.capacity_ah * 100
    return Estimate(
        soc_pct=soc,
        sigma_pct=grown_sigma(estimate.sigma_pct, elapsed_ms, moved_pct),
        as_of_ms=now_ms,
        source=source,
        charge_ah=soc / 100 * battery.capacity_ah,
        last_full_at_ms=estimate.last_full_at_ms,
        counters=after,
    )


def _rested(soc_pct: float, sample: Sample, battery: Battery, elapsed_ms: int) -> float:
    """The low end after a gap in which the pack lay nearly still: rest volts are at their best (POW-R30)."""
    if abs(sample.current_a or 0.0) >= LOW_END_CURRENT_C * battery.capacity_ah:
        return soc_pct
    target = low_end_target(soc_pct, rest_of(sample, battery))
    if target is None:
        return soc_pct
    kept: float = (1 - PULL_SHARE) ** (elapsed_ms / PULL_MS)
    return target + (soc_pct - target) * kept


def grown_sigma(sigma_pct: float, elapsed_ms: int, moved_pct: float) -> float:
    """Sigma after some time and ``moved_pct`` (>= 0) of the capacity moved (POW-R32)."""
    return min(sigma_pct + DRIFT_PCT_PER_DAY * elapsed_ms / _DAY_MS + SIGMA_PER_MOVED * moved_pct, SIGMA_MAX)


def low_end_target(soc_pct: float, rest_v: float) -> float | None:
    """Where rest volts at a small current pull the estimate to; ``None`` = nowhere (POW-R30)."""
    if rest_v < LOW_REST_V:
        return min(soc_at_rest_pct(rest_v), LOW_END_PCT)
    return LOW_END_PCT if soc_pct < LOW_END_RISE_PCT else None


def pulled(soc_pct: float, target_pct: float, elapsed_ms: int) -> float:
    """``soc_pct`` moved by 5 % of its distance to the target in 10 min (POW-R30)."""
    return soc_pct + (target_pct - soc_pct) * PULL_SHARE * elapsed_ms / PULL_MS


def _count(estimate: Estimate, sample: Sample, current_a: float, battery: Battery, now_ms: int) -> Estimate:
    """One step of the charge count with the corrections at both ends."""
    elapsed_ms = now_ms - estimate.as_of_ms
    capacity_ah = battery.capacity_ah
    moved_pct = current_a * elapsed_ms / _HOUR_MS / capacity_ah * 100
    soc = estimate.soc_pct + (moved_pct * battery.charge_efficiency if moved_pct > 0 else moved_pct)
    sigma = grown_sigma(estimate.sigma_pct, elapsed_ms, abs(moved_pct))

    target = None
    if abs(current_a) < LOW_END_CURRENT_C * capacity_ah:
        target = low_end_target(soc, rest_of(sample, battery))
    low_since = _since(estimate.low_since_ms, now_ms, holds=target is not None)
    if target is not None:
        soc = pulled(soc, target, elapsed_ms)
        if _lasted(low_since, now_ms, LOW_END_MS):
            sigma = min(sigma, SIGMA_LOW_END)

    empty_since = _since(estimate.empty_since_ms, now_ms, holds=sample.voltage_v <= EMPTY_V and current_a < 0)
    if _lasted(empty_since, now_ms, EMPTY_HOLD_MS):
        soc = min(soc, EMPTY_PCT)

    tail = sample.voltage_v >= battery.full_voltage_v and 0 <= current_a <= TAIL_CURRENT_C * capacity_ah
    full_since = _since(estimate.full_since_ms, now_ms, holds=tail)
    absorbed = _has_absorbed(estimate.absorbed, sample.stage)
    floating = absorbed and sample.stage is ChargeStage.FLOAT and current_a >= 0
    full = floating or _lasted(full_since, now_ms, FULL_HOLD_MS)
    soc = 100.0 if full else _within(soc)
    return Estimate(
        soc_pct=soc,
        sigma_pct=SIGMA_FULL if full else sigma,
        as_of_ms=now_ms,
        source=EstimateSource.FULL if full else EstimateSource.COUNTED,
        charge_ah=soc / 100 * capacity_ah,
        last_full_at_ms=now_ms if full else estimate.last_full_at_ms,
        full_since_ms=full_since,
        low_since_ms=low_since,
        empty_since_ms=empty_since,
        absorbed=absorbed,
        counters=sample.counters,
    )


def _has_absorbed(absorbed: bool, stage: ChargeStage | None) -> bool:  # noqa: FBT001 - the fact before this step
    if stage is ChargeStage.ABSORPTION:
        return True
    return absorbed and stage not in {ChargeStage.BULK, ChargeStage.OFF, ChargeStage.FAULT}


def _since(since_ms: int | None, now_ms: int, *, holds: bool) -> int | None:
    if not holds:
        return None
    return now_ms if since_ms is None else since_ms


def _lasted(since_ms: int | None, now_ms: int, span_ms: int) -> bool:
    return since_ms is not None and now_ms - since_ms >= span_ms


def _risen(before: float | None, after: float | None) -> float | None:
    """Growth of a counter; ``None`` when it is missing or was reset."""
    if before is None or after is None or after < before:
        return None
    return after - before


def _within(soc_pct: float) -> float:
    return min(max(soc_pct, 0.0), 100.0)
