"""The tier that the expected sun allows, an option beside the tiers by charge (POW-R45, R46). Pure.

Energy is granted by its value per watt-hour: Wi-Fi in opening hours, the display at its peak, Wi-Fi at night,
the display at other times. A load is granted when the charge expected over the next 24 h, with it and with
everything worth more, never falls below 22 % and a reserve for bad days, larger for what is worth less. A
panel that earns a day's demand twice on a clear day needs no such reserve: it refills the battery at once.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum
from functools import lru_cache

from bench_agent.domain.battery import Battery
from bench_agent.domain.energy_hours import OpeningHours
from bench_agent.domain.harvest import SLOT, SLOTS, Expected, left_of_slot, slot_of
from bench_agent.wire.telemetry import EnergyTier

FLOOR_PCT = 22.0
CLEAR_DAY_WH_PER_WP = 5.2
"""What a panel earns on a clear day at the site."""
_SLOT_H = 0.5
_EFFICIENCY = 0.985


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """Watts of what is granted."""

    hotspot_w: float = 9.0
    """With the computer."""
    display_w: float = 23.0
    """With sound."""
    standby_w: float = 0.06


@dataclass(frozen=True, slots=True, kw_only=True)
class Reserves:
    """Charge kept above the floor, in points, before a load is granted."""

    peak_pct: float = 5.0
    night_pct: float = 26.0
    display_pct: float = 35.0


SMALL_PANEL = Reserves()
RICH_PANEL = Reserves(peak_pct=0.0, night_pct=0.0, display_pct=0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecaster:
    """Settings of the forecast policy."""

    battery: Battery
    reserves: Reserves = SMALL_PANEL
    """Of ``reserves_for``."""
    hours: OpeningHours = field(default_factory=OpeningHours)
    demand: Demand = field(default_factory=Demand)


class Worth(IntEnum):
    """What a half hour is worth."""

    NIGHT = 0
    OPEN = 1
    PEAK = 2


def reserves_for(panel_wp: float | None, hours: OpeningHours, demand: Demand) -> Reserves:
    """The reserves a bench needs; an unknown panel counts as a small one."""
    peak_h = _worth_ahead(hours, 0).count(Worth.PEAK) * _SLOT_H
    day_wh = 24 * demand.hotspot_w + peak_h * demand.display_w
    rich = panel_wp is not None and panel_wp * CLEAR_DAY_WH_PER_WP >= 2 * day_wh
    return RICH_PANEL if rich else SMALL_PANEL


def granted_tier(forecaster: Forecaster, soc_pct: float, expected: Expected, local: datetime) -> EnergyTier:
    """Normal, eco or reserve for the running half hour."""
    demand, reserves = forecaster.demand, forecaster.reserves
    display_wh, hotspot_wh = demand.display_w * _SLOT_H, demand.hotspot_w * _SLOT_H
    worth = _worth_ahead(forecaster.hours, slot_of(local))
    needs = [demand.standby_w * _SLOT_H if one is Worth.NIGHT else hotspot_wh for one in worth]
    look = _Outlook(soc_pct, expected, forecaster.battery.capacity_wh, left_of_slot(local))
    if worth[0] is Worth.PEAK:
        enough = look.keeps(_with(needs, (0,), display_wh), reserves.peak_pct)
        return EnergyTier.ECO if enough else EnergyTier.RESERVE
    needs = _with(needs, _next_stretch(worth, Worth.PEAK), display_wh)
    if worth[0] is Worth.NIGHT:
        enough = look.keeps(_with(needs, (0,), hotspot_wh), reserves.night_pct)
        return EnergyTier.ECO if enough else EnergyTier.RESERVE
    needs = _with(needs, _next_stretch(worth, Worth.NIGHT), hotspot_wh)
    # Two half hours: a display that changes rests for an hour.
    enough = look.keeps(_with(needs, (0, 1), display_wh), reserves.display_pct)
    return EnergyTier.NORMAL if enough else EnergyTier.ECO


@lru_cache(maxsize=SLOTS)
def _worth_ahead(hours: OpeningHours, slot: int) -> tuple[Worth, ...]:
    """The worth of ``slot`` and the 47 half hours after it."""
    midnight = datetime(2000, 1, 1)  # noqa: DTZ001 - only times of day matter
    moments = [midnight + (slot + ahead) % SLOTS * SLOT for ahead in range(SLOTS)]
    return tuple(Worth(hours.is_open(moment) + hours.is_peak(moment)) for moment in moments)


def _next_stretch(worth: Sequence[Worth], kind: Worth) -> range:
    """The first unbroken run of ``kind``."""
    if kind not in worth:
        return range(0)
    begin = worth.index(kind)
    end = next((index for index in range(begin, len(worth)) if worth[index] is not kind), len(worth))
    return range(begin, end)


def _with(needs: Sequence[float], slots: Iterable[int], wh: float) -> list[float]:
    more = list(needs)
    for slot in slots:
        more[slot] += wh
    return more


class _Outlook:
    """The battery over the slots to come; of the running one only a share is left."""

    def __init__(self, soc_pct: float, expected: Expected, capacity_wh: float, left: float) -> None:
        self._wh = soc_pct / 100 * capacity_wh
        self._sun_wh = expected.slots_wh
        self._capacity_wh = capacity_wh
        self._left = left

    def keeps(self, needs: list[float], reserve_pct: float) -> bool:
        """Whether the charge never falls below the floor and the reserve; a full battery takes no more."""
        charge = lowest = self._wh
        for sun, need in zip(self._sun_wh, (needs[0] * self._left, *needs[1:]), strict=True):
            net = sun - need
            charge = min(charge + (net * _EFFICIENCY if net > 0 else net / _EFFICIENCY), self._capacity_wh)
            lowest = min(lowest, charge)
        return lowest / self._capacity_wh * 100 >= FLOOR_PCT + reserve_pct
