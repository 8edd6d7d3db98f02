"""What the power service writes down: minutes, half hours and days (POW-R67).

Everything is added up over monotonic time; wall time only says to which half hour or day it belongs, so
that a clock that jumps moves the border but never the sum (POW-R69).
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta, timezone
from statistics import fmean
from typing import NamedTuple

import msgspec

from bench_agent.domain.power_reading import PowerReading
from bench_agent.wire.telemetry import EnergyTier, Harvest, PowerDay, PowerMinute

SLOT_MS = 1_800_000
LONGEST_STEP_MS = 60_000
"""A longer step was not measured."""
CLIPPED_FROM_MS = 60_000
_HOUR_MS = 3_600_000
_MINUTE_MS = 60_000


class Stamped(NamedTuple):
    """A finished record and the instant it is of, wall ms since 1970 UTC."""

    body: Harvest | PowerDay
    at_ms: int


def summarize(pictures: list[PowerReading]) -> PowerMinute:
    """Means of a minute, with the extremes of volts, amperes and panel watts."""
    volts = _known(picture.battery_voltage_v for picture in pictures)
    amps = _known(picture.battery_current_a for picture in pictures)
    panel = _known(picture.panel_power_w for picture in pictures)
    return PowerMinute(
        battery_voltage_v=_mean(volts),
        battery_voltage_min_v=min(volts, default=None),
        battery_voltage_max_v=max(volts, default=None),
        battery_current_a=_mean(amps),
        battery_current_min_a=min(amps, default=None),
        battery_current_max_a=max(amps, default=None),
        panel_voltage_v=_mean(_known(picture.panel_voltage_v for picture in pictures)),
        panel_power_w=_mean(panel),
        panel_power_min_w=min(panel, default=None),
        panel_power_max_w=max(panel, default=None),
        load_power_w=_mean(_known(picture.load_power_w for picture in pictures)),
    )


def _known(values: Iterable[float | None]) -> list[float]:
    return [round(value, 3) for value in values if value is not None]


def _mean(values: list[float]) -> float | None:
    return round(fmean(values), 3) if values else None


@dataclass(slots=True)
class HarvestSlot:
    """The running half hour on the local grid."""

    zone: timezone
    begins_ms: int | None = None
    """Wall time."""
    wh: float = 0.0
    measured_ms: int = 0
    clipped_ms: int = 0

    def add(self, panel_w: float | None, elapsed_ms: int, wall_ms: int, *, clipped: bool) -> Stamped | None:
        """Add ``elapsed_ms`` at ``panel_w`` that ended now; returns the half hour that ended, if one did."""
        begins_ms = slot_begin_ms(wall_ms, self.zone)
        ended = None
        if begins_ms != self.begins_ms:
            ended = self._finished()
            self.begins_ms, self.wh, self.measured_ms, self.clipped_ms = begins_ms, 0.0, 0, 0
        if panel_w is not None and 0 < elapsed_ms <= LONGEST_STEP_MS:
            self.wh += panel_w * elapsed_ms / _HOUR_MS
            self.measured_ms += elapsed_ms
            self.clipped_ms += elapsed_ms if clipped else 0
        return ended

    def _finished(self) -> Stamped | None:
        if self.begins_ms is None or not self.measured_ms:
            return None
        body = Harvest(
            harvest_wh=round(self.wh, 2),
            harvest_clipped=self.clipped_ms >= CLIPPED_FROM_MS,
            harvest_measured_s=self.measured_ms // 1000,
        )
        return Stamped(body, self.begins_ms)


def slot_begin_ms(wall_ms: int, zone: timezone) -> int:
    """Start of the half hour that holds ``wall_ms``, on the local grid."""
    offset_ms = zone.utcoffset(None) // timedelta(milliseconds=1)
    return wall_ms - (wall_ms + offset_ms) % SLOT_MS


class DayStep(NamedTuple):
    """What one step adds to its day."""

    battery_w: float | None
    """Into the battery, + = charging."""
    tier: EnergyTier
    elapsed_ms: int


@dataclass(slots=True)
class DaySums:
    """The running local day; kept over a restart."""

    date: str = ""
    """ISO; empty before the first step."""
    in_wh: float = 0.0
    out_wh: float = 0.0
    measured_ms: int = 0
    spilled_wh: float | None = None
    full: bool = False
    usable_ah: float | None = None
    display_switches: int = 0
    tier_ms: dict[str, int] = field(default_factory=dict)
    boots: dict[str, int] = field(default_factory=dict)

    def add(self, step: DayStep) -> None:
        """Add a step that ended now."""
        if not 0 < step.elapsed_ms <= LONGEST_STEP_MS:
            return
        self.tier_ms[step.tier.value] = self.tier_ms.get(step.tier.value, 0) + step.elapsed_ms
        if step.battery_w is not None:
            wh = step.battery_w * step.elapsed_ms / _HOUR_MS
            self.in_wh += max(wh, 0.0)
            self.out_wh += max(-wh, 0.0)
            self.measured_ms += step.elapsed_ms

    def count_boot(self, reason: str) -> None:
        """Count a start of the computer."""
        self.boots[reason] = self.boots.get(reason, 0) + 1

    def finished(self, capacity_ah: float, zone: timezone) -> Stamped:
        """The day as a record, stamped with its local midnight."""
        measured = self.measured_ms > 0
        day = PowerDay(
            in_wh=round(self.in_wh, 1) if measured else None,
            out_wh=round(self.out_wh, 1) if measured else None,
            spilled_wh=None if self.spilled_wh is None else round(self.spilled_wh, 1),
            full=self.full,
            usable_ah=None if self.usable_ah is None else round(self.usable_ah, 2),
            capacity_ah=capacity_ah,
            display_switches=self.display_switches,
        )
        counts = {f"{tier}_minutes": ms // _MINUTE_MS for tier, ms in self.tier_ms.items()}
        counts |= {f"boots_{reason}": count for reason, count in self.boots.items()}
        known = {name: count for name, count in counts.items() if name in PowerDay.__struct_fields__}
        midnight = datetime.combine(datetime.fromisoformat(self.date), time(), zone)
        return Stamped(msgspec.structs.replace(day, **known), round(midnight.timestamp() * 1000))
