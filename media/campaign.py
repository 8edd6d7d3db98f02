"""Campaigns: what may play, when, and how much of it. Source: docs/spec/signage.md sections 3 and 4."""

from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Self

import msgspec
from typing_extensions import override

from media.asset import Sha256

Id = Annotated[str, msgspec.Meta(pattern="^[a-z0-9-]{1,40}$")]
Weekday = Annotated[int, msgspec.Meta(ge=1, le=7)]
WallTime = Annotated[str, msgspec.Meta(pattern="^([01][0-9]|2[0-3]):[0-5][0-9]$|^24:00$")]

_ONE_DAY = timedelta(days=1)
_MINUTES_PER_DAY = 24 * 60


class Layer(StrEnum):
    """Who goes first (SIG-R19); a layer this version does not know never plays."""

    UNKNOWN = "unknown"
    GUARANTEED = "guaranteed"
    FILLER = "filler"
    FALLBACK = "fallback"

    @classmethod
    @override
    def _missing_(cls, value: object) -> Self:
        del value
        return cls("unknown")


class Window(msgspec.Struct, frozen=True, kw_only=True):
    """A daypart by the bench's wall clock, half-open, minute grain (SIG-R9)."""

    days: tuple[Weekday, ...]
    """ISO weekdays of the **start** day, Monday is 1."""
    start: WallTime
    end: WallTime

    def start_day(self, local: datetime) -> date | None:
        """The day whose window ``local`` lies in, or None if it lies in none.

        A window over midnight belongs to the day it started; equal start and end mean 24 hours.
        """
        minute = local.hour * 60 + local.minute
        start, end = _minute_of(self.start), _minute_of(self.end)
        today = local.date()
        yesterday = today - _ONE_DAY
        crosses = end <= start
        in_todays = minute >= start if crosses else start <= minute < end
        if in_todays and today.isoweekday() in self.days:
            return today
        if crosses and minute < end and yesterday.isoweekday() in self.days:
            return yesterday
        return None


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """One asset with its showing time."""

    id: Id
    duration_ms: Annotated[int, msgspec.Meta(ge=1)]
    picture: Sha256


class Campaign(msgspec.Struct, frozen=True, kw_only=True):
    """Items with one purpose, owner, validity and terms (SIG-R2)."""

    id: Id
    title: str = ""
    owner: str = ""
    layer: Layer
    share_pm: Annotated[int, msgspec.Meta(ge=0, le=1000)] = 0
    """Per mille of content time; layer guaranteed only."""
    weight: Annotated[int, msgspec.Meta(ge=1)] = 1
    """How fillers split what is left; layer filler only."""
    from_date: date | None = msgspec.field(name="from", default=None)
    """First local date, inclusive."""
    until_date: date | None = msgspec.field(name="until", default=None)
    """Last local date, exclusive (SIG-R10)."""
    windows: tuple[Window, ...] = ()
    """No windows means the whole calendar day."""
    always: bool = False
    """Plays also with an expired snapshot or an untrusted clock (SIG-R4, SIG-R46)."""
    items: tuple[Item, ...] = ()

    def in_window(self, local: datetime) -> bool:
        """Whether ``local`` (bench wall time) lies in the windows and dates (SIG-R9, SIG-R10)."""
        if not self.windows:
            return self._valid_on(local.date())
        days = (window.start_day(local) for window in self.windows)
        return any(day is not None and self._valid_on(day) for day in days)

    def _valid_on(self, day: date) -> bool:
        if self.from_date is not None and day < self.from_date:
            return False
        return self.until_date is None or day < self.until_date


def _minute_of(wall_time: str) -> int:
    hours, minutes = wall_time.split(":")
    return (int(hours) * 60 + int(minutes)) % _MINUTES_PER_DAY
