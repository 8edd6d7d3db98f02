"""The tier that the expected sun allows, an option beside the tiers by charge (POW-R45, R46). Pure.

Energy is granted by its value per watt-hour: Wi-Fi in opening hours, the display at its peak, Wi-Fi at night,
the display at other times. A load is granted when the charge expected over the next 24 h, with it and with
everything worth more, never falls below 22 % and what the loads worth more would take out of the battery in a
poor day and a quarter.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from functools import lru_cache

from bench_agent.domain.battery import Battery
from bench_agent.domain.energy_hours import OpeningHours
from bench_agent.domain.harvest import SLOT, SLOTS, Expected
from bench_agent.wire.telemetry import EnergyTier

FLOOR_PCT = 22.0
BRIDGED_DAYS = 1.25
"""Poor days over which the loads worth more than the one in question are kept going."""
_SLOT_H = 0.5
_LOSS = 0.985


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """Watts of what is granted."""

    hotspot_w: float = 9.0
    """With the computer."""
    display_w: float = 23.0
    """With sound."""
    standby_w: float = 0.06


class Hour(IntEnum):
    """What a half hour is worth."""

    NIGHT = 0
    OPEN = 1
    PEAK = 2


def granted_tier(
    soc_pct: float, expected: Expected, local: datetime, hours: OpeningHours, battery: Battery, demand: Demand
) -> EnergyTier:
    """Normal, eco or reserve for the running half hour."""
    kinds = kinds_ahead(hours, local)
    display_wh, hotspot_wh = demand.display_w * _SLOT_H, demand.hotspot_w * _SLOT_H
    needs = [demand.standby_w * _SLOT_H if kind is Hour.NIGHT else hotspot_wh for kind in kinds]
    look = _Outlook(soc_pct, expected, battery.capacity_wh)
    if kinds[0] is Hour.PEAK:
        enough = look.lowest_pct(_with(needs, (0,), display_wh)) >= FLOOR_PCT
        return EnergyTier.ECO if enough else EnergyTier.RESERVE
    worth_more_wh = sum(needs) + kinds.count(Hour.PEAK) * display_wh
    needs = _with(needs, _next_stretch(kinds, Hour.PEAK), display_wh)
    if kinds[0] is Hour.NIGHT:
        enough = look.lowest_pct(_with(needs, (0,), hotspot_wh)) >= look.floor_pct(worth_more_wh)
        return EnergyTier.ECO if enough else EnergyTier.RESERVE
    worth_more_wh += kinds.count(Hour.NIGHT) * hotspot_wh
    needs = _with(needs, _next_stretch(kinds, Hour.NIGHT), hotspot_wh)
    enough = look.lowest_pct(_with(needs, (0, 1), display_wh)) >= look.floor_pct(worth_more_wh)
    return EnergyTier.NORMAL if enough else EnergyTier.ECO


@lru_cache(maxsize=SLOTS * 2)
def _kinds_of_day(hours: OpeningHours, slot: int) -> tuple[Hour, ...]:
    midnight = datetime(2000, 1, 1)  # noqa: DTZ001 - only times of day matter
    moments = [midnight + (slot + ahead) % SLOTS * SLOT for ahead in range(SLOTS)]
    return tuple(Hour(hours.is_open(moment) + hours.is_peak(moment)) for moment in moments)


def kinds_ahead(hours: OpeningHours, local: datetime) -> tuple[Hour, ...]:
    """The worth of the next 48 half hours."""
    return _kinds_of_day(hours, local.hour * 2 + local.minute // 30)


def _next_stretch(kinds: Sequence[Hour], kind: Hour) -> range:
    """The first unbroken run of ``kind``."""
    if kind not in kinds:
        return range(0)
    begin = kinds.index(kind)
    end = next((index for index in range(begin, len(kinds)) if kinds[index] is not kind), len(kinds))
    return range(begin, end)


def _with(needs: Sequence[float], slots: Iterable[int], wh: float) -> list[float]:
    more = list(needs)
    for slot in slots:
        more[slot] += wh
    return more


class _Outlook:
    """The battery over the slots to come."""

    def __init__(self, soc_pct: float, expected: Expected, capacity_wh: float) -> None:
        self._wh = soc_pct / 100 * capacity_wh
        self._expected = expected
        self._capacity_wh = capacity_wh

    def lowest_pct(self, needs: Sequence[float]) -> float:
        """Least charge on the way; a full battery takes no more."""
        charge = lowest = self._wh
        for sun, need in zip(self._expected.slots_wh, needs, strict=True):
            net = sun - need
            charge = min(charge + (net * _LOSS if net > 0 else net / _LOSS), self._capacity_wh)
            lowest = min(lowest, charge)
        return lowest / self._capacity_wh * 100

    def floor_pct(self, worth_more_wh: float) -> float:
        """Charge to keep for what is worth more and takes ``worth_more_wh`` a day."""
        missing_wh = max(worth_more_wh - self._expected.poor_day_wh, 0.0)
        return FLOOR_PCT + BRIDGED_DAYS * missing_wh / self._capacity_wh * 100
