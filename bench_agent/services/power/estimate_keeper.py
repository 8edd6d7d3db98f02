"""Follows the charge of the battery from the readings of the truth (POW-R28 to R35)."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace

from bench_agent.domain.battery import Battery, Counters, Sample, rest_of, sample_of
from bench_agent.domain.battery_estimate import (
    MAX_GAP_MS,
    SIGMA_MAX,
    Estimate,
    after_low_halt,
    next_estimate,
)
from bench_agent.domain.battery_health import Cycle, next_cycle
from bench_agent.domain.power_picture import Totals, total_up
from bench_agent.domain.power_reading import PowerReading
from bench_agent.services.power.memory import PowerMemory

LONGEST_UNSEEN_MS = 600_000
_STEP_MS = 10_000
_SIGMA_OF_UNSEEN = 0.5
"""Points of sigma per point of charge that moved unseen."""


@dataclass(slots=True, kw_only=True)
class EstimateKeeper:
    """The estimate and what it rests on."""

    battery: Battery
    all_loads: bool = False
    """Every load is wired to the charger: its current is the battery's (POW-R4)."""
    estimate: Estimate | None = None
    last_current_a: float | None = None
    totals: Totals = field(default_factory=lambda: Totals(counters=Counters()))
    cycle: Cycle = field(default_factory=Cycle)
    rest_v: float | None = None
    """Rest volts of the newest sample."""
    good_at_ms: int
    """When volts were last known."""
    usable_ah: float | None = None
    """Of a cycle that ended in the newest step (POW-R35)."""

    def resume(self, memory: PowerMemory, meters: AbstractSet[str]) -> None:
        """Go on from ``memory``; totals of a meter that is not among ``meters`` any more mean nothing."""
        self.estimate, self.cycle = memory.estimate, memory.cycle
        self.last_current_a = memory.last_current_a
        sources = {memory.totals.charge_from, memory.totals.yield_from} - {""}
        if sources <= meters:
            self.totals = memory.totals
        elif self.estimate is not None:
            self.estimate = replace(self.estimate, counters=Counters())

    def follow(self, readings: Mapping[str, PowerReading], picture: PowerReading) -> None:
        """Take one look: ``readings`` by meter for their totals, ``picture`` for volts and amperes."""
        self.usable_ah = None
        self.totals = total_up(readings, self.totals)
        sample = sample_of(picture, counters=self.totals.counters, all_loads=self.all_loads)
        if sample is None or (self.estimate is not None and picture.measured_at_ms == self.estimate.as_of_ms):
            return
        self.good_at_ms = max(self.good_at_ms, picture.measured_at_ms)
        self.rest_v = rest_of(sample, self.battery)
        self._bridge_unseen(sample, picture.measured_at_ms)
        before = self.estimate
        self.estimate = next_estimate(before, sample, self.battery, picture.measured_at_ms)
        self.cycle = next_cycle(self.cycle, before, self.estimate, sample, self.battery)
        self.usable_ah = None if self.cycle.done is None else self.cycle.done.usable_ah
        if sample.current_a is not None:
            self.last_current_a = sample.current_a

    def note_low_halt(self) -> None:
        """The power board asks for a halt: the battery is nearly empty (POW-R31)."""
        if self.estimate is not None:
            self.estimate = after_low_halt(self.estimate, self.battery)

    def _bridge_unseen(self, sample: Sample, now_ms: int) -> None:
        """Count on over up to ten minutes in which the computer ran and nobody looked (POW-R72).

        The program was started anew or the meter was silent, and no counter saw the charge that moved. The
        loads went on, so the current is taken to have moved evenly from the last one seen to the first one
        now; half of what it moved is added to sigma.
        """
        before, first_a, last_a = self.estimate, self.last_current_a, sample.current_a
        counted = sample.counters.charge_in_mah is not None
        if before is None or first_a is None or last_a is None or counted or before.as_of_ms < 0:
            return
        gap_ms = now_ms - before.as_of_ms
        if not MAX_GAP_MS < gap_ms <= LONGEST_UNSEEN_MS:
            return
        estimate = before
        for at_ms in range(before.as_of_ms + _STEP_MS, now_ms, _STEP_MS):
            share = (at_ms - before.as_of_ms) / gap_ms
            step = replace(sample, current_a=first_a + (last_a - first_a) * share)
            estimate = next_estimate(estimate, step, self.battery, at_ms)
        moved_pct = abs(estimate.charge_ah - before.charge_ah) / self.battery.capacity_ah * 100
        sigma = min(estimate.sigma_pct + _SIGMA_OF_UNSEEN * moved_pct, SIGMA_MAX)
        self.estimate = replace(estimate, sigma_pct=sigma)
