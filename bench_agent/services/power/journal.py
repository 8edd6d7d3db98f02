"""Files what happens under its half hour and its day, and learns the harvest from it (POW-R46, R67)."""

from collections.abc import Callable
from datetime import datetime, timezone
from typing import NamedTuple

from bench_agent.domain.battery_estimate import Estimate
from bench_agent.domain.harvest import HarvestLog, is_clipped, mean_profile, note_slot, slot_of
from bench_agent.domain.power_reading import PowerReading
from bench_agent.services.power.records import DayStep, DaySums, HarvestSlot, Stamped
from bench_agent.wire.telemetry import EnergyTier, Harvest, PowerDay

WHOLE_SLOT_S = 1_700
"""Half hours measured for less are not learnt from."""


class Look(NamedTuple):
    """One look at the bench; ``elapsed_ms`` have passed since the one before."""

    picture: PowerReading
    estimate: Estimate | None
    tier: EnergyTier
    usable_ah: float | None
    """Of a battery cycle that ended just now."""
    elapsed_ms: int
    wall_ms: int
    has_date: bool
    """False = wall time is not known: nothing is filed under a day or half hour before it is."""


class Journal:
    """The running half hour and day of one bench."""

    def __init__(
        self,
        zone: timezone,
        capacity_ah: float,
        emit: Callable[[Harvest | PowerDay, int], None],
        day: DaySums,
        harvest: HarvestLog,
    ) -> None:
        """``day`` and ``harvest`` are those of the run before; ``emit`` takes a record and its age in ms."""
        self.day = day
        self.harvest = harvest
        self._zone = zone
        self._capacity_ah = capacity_ah
        self._emit = emit
        self._slot = HarvestSlot(zone)
        self._boot_reason: str | None = None

    def count_boot(self, reason: str) -> None:
        """Count a start of the computer, on the day that comes with the first look."""
        self._boot_reason = reason

    def note(self, look: Look) -> None:
        """File one look."""
        self._turn_day(look)
        if self._boot_reason is not None:
            self.day.count_boot(self._boot_reason)
            self._boot_reason = None
        self.day.add(DayStep(look.picture.battery_power_w, look.tier, look.elapsed_ms))
        estimate = look.estimate
        if estimate is not None and estimate.last_full_at_ms == estimate.as_of_ms:
            self.day.full = True
        if look.usable_ah is not None:
            self.day.usable_ah = look.usable_ah
        panel_w = look.picture.panel_power_w if look.has_date else None
        clipped = is_clipped(look.picture.charge_stage, None if estimate is None else estimate.soc_pct)
        ended = self._slot.add(panel_w, look.elapsed_ms, look.wall_ms, clipped=clipped)
        if ended is not None:
            self._send(ended, look.wall_ms)
            self._learn(ended)

    def _turn_day(self, look: Look) -> None:
        today = datetime.fromtimestamp(look.wall_ms / 1000, self._zone).date().isoformat()
        if self.day.date == today or (self.day.date and not look.has_date):
            return
        if self.day.date:
            self._send(self.day.finished(self._capacity_ah, self._zone), look.wall_ms)
        self.day = DaySums(date=today)

    def _send(self, record: Stamped, wall_ms: int) -> None:
        self._emit(record.body, max(wall_ms - record.at_ms, 0))

    def _learn(self, ended: Stamped) -> None:
        """Take a finished half hour into the profile; what a full battery could not take was spilled."""
        slot = ended.body
        if not isinstance(slot, Harvest):
            return
        begins_at = datetime.fromtimestamp(ended.at_ms / 1000, self._zone)
        if slot.harvest_clipped and self.harvest.days:
            usual_wh = mean_profile(self.harvest.days)[slot_of(begins_at)]
            self.day.spilled_wh = (self.day.spilled_wh or 0.0) + max(usual_wh - slot.harvest_wh, 0.0)
        # A half hour that was not measured whole teaches as little as a clipped one.
        hidden = slot.harvest_clipped or slot.harvest_measured_s < WHOLE_SLOT_S
        self.harvest = note_slot(self.harvest, begins_at, slot.harvest_wh, clipped=hidden)
