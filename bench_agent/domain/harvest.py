"""Harvest of the sun in half-hour slots: what was, and what to expect (POW-R45, R46). Pure.

Only slots in which the charger took all that the sun gave teach; a full battery hides the sun. The rest of
today follows the mean profile scaled by today's weather, tomorrow a pessimist's share of the typical day.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from bench_agent.domain.power_reading import ChargeStage

SLOTS = 48
SLOT = timedelta(minutes=30)
PROFILE_DAYS = 10
CLIPPED_FROM_PCT = 98.0
PESSIMISM = 0.6
_NEWEST_SHARE, _GAP_SHARE = 0.7, 0.3
_GAP_WEIGHTS = (1.0, 2 / 3, 1 / 3)
"""Newest slot first."""
_EWMA_KEPT, _EWMA_NEW = 0.7, 0.3
_DARK_SHARE = 0.001
"""Below this share of the brightest slot a profile counts as night."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HarvestDay:
    """One local day: watt-hours of each half hour, ``None`` = clipped, to come or not measured."""

    day: date
    wh: tuple[float | None, ...] = (None,) * SLOTS


@dataclass(frozen=True, slots=True, kw_only=True)
class HarvestLog:
    """What has been learnt; kept over a restart."""

    days: tuple[HarvestDay, ...] = ()
    """The last finished ones, oldest first, at most ten."""
    typical_wh: tuple[float, ...] = ()
    """Exponential mean of each slot, empty before the first finished day."""
    running: HarvestDay | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What the sun is expected to give, Wh."""

    slots_wh: tuple[float, ...]
    """The rest of the running half hour and the 47 slots after it."""
    today_wh: float
    """What was measured today and what is expected until midnight."""
    next_24h_wh: float


def is_clipped(stage: ChargeStage | None, soc_pct: float | None) -> bool:
    """Whether the battery, not the sun, may limit the charger: neither in bulk nor surely below 98 %."""
    if stage is ChargeStage.BULK:
        return False
    return soc_pct is None or soc_pct >= CLIPPED_FROM_PCT


def slot_of(local: datetime) -> int:
    """The half hour of the day, 0 to 47."""
    return local.hour * 2 + local.minute // 30


def left_of_slot(local: datetime) -> float:
    """Share of the running half hour that is to come, above 0 to 1."""
    return (
        1 - timedelta(minutes=local.minute % 30, seconds=local.second, microseconds=local.microsecond) / SLOT
    )


def note_slot(log: HarvestLog, begins_at: datetime, wh: float, *, clipped: bool) -> HarvestLog:
    """Learn a finished half hour that began at local ``begins_at``; a day's first ends the day before."""
    running = log.running
    if running is not None and running.day != begins_at.date():
        log = _end_day(log, running)
        running = None
    day = running or HarvestDay(day=begins_at.date())
    slot = slot_of(begins_at)
    wh_of_day = (*day.wh[:slot], None if clipped else wh, *day.wh[slot + 1 :])
    return HarvestLog(days=log.days, typical_wh=log.typical_wh, running=HarvestDay(day=day.day, wh=wh_of_day))


def expect_harvest(log: HarvestLog, local: datetime) -> Expected | None:
    """Expect the coming half hours; ``None`` before a finished day is known."""
    if not log.days:
        return None
    slot = slot_of(local)
    profile = mean_profile(log.days)
    measured: Sequence[float | None] = ()
    if log.running is not None and log.running.day == local.date():
        measured = log.running.wh
    factor = weather_factor(measured[:slot], profile)
    today = [profile[later] * factor for later in range(slot, SLOTS)]
    today[0] *= left_of_slot(local)
    tomorrow = [PESSIMISM * typical for typical in log.typical_wh[:slot]]
    so_far = sum(wh if wh is not None else profile[index] for index, wh in enumerate(measured[:slot]))
    return Expected(
        slots_wh=(*today, *tomorrow),
        today_wh=so_far + sum(today),
        next_24h_wh=sum(today) + sum(tomorrow),
    )


def mean_profile(days: Sequence[HarvestDay]) -> tuple[float, ...]:
    """Mean of each slot over the days that know it, 0 where none does."""
    return tuple(
        _mean([wh for wh in slots if wh is not None]) for slots in zip(*(day.wh for day in days), strict=True)
    )


def weather_factor(measured: Sequence[float | None], profile: Sequence[float]) -> float:
    """How the coming slots of today compare to the mean profile.

    Args:
        measured: Today's slots up to now, ``None`` = not known.
        profile: Mean of each slot of a day.

    Returns:
        0.7 of the newest slot's ratio and 0.3 of the last three, 1 where the profile is dark.
    """
    dark_wh = _DARK_SHARE * max(profile)
    newest = len(measured) - 1
    if newest < 0 or profile[newest] <= dark_wh:
        return 1.0
    ratios = [_ratio(measured, profile, newest - back, dark_wh) for back in range(len(_GAP_WEIGHTS))]
    gap = sum(map(_times, _GAP_WEIGHTS, ratios)) / sum(_GAP_WEIGHTS)
    return _NEWEST_SHARE * ratios[0] + _GAP_SHARE * gap


def _times(weight: float, ratio: float) -> float:
    return weight * ratio


def _ratio(measured: Sequence[float | None], profile: Sequence[float], slot: int, dark_wh: float) -> float:
    wh = measured[slot] if slot >= 0 else None
    return 1.0 if wh is None or profile[slot] <= dark_wh else wh / profile[slot]


def _end_day(log: HarvestLog, day: HarvestDay) -> HarvestLog:
    typical = log.typical_wh or tuple(wh or 0.0 for wh in day.wh)
    learnt = tuple(
        before if wh is None else _EWMA_KEPT * before + _EWMA_NEW * wh
        for before, wh in zip(typical, day.wh, strict=True)
    )
    return HarvestLog(days=(*log.days, day)[-PROFILE_DAYS:], typical_wh=learnt)


def _mean(known: Sequence[float]) -> float:
    return sum(known) / len(known) if known else 0.0
