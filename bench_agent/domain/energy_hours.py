"""Hours of a bench: opening, evening peak and the sleep of the night (POW-R36). Pure; settings."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta

WAKE_LEAD = timedelta(minutes=5)
"""A computer is up again this long before the opening."""
SHORTEST_SLEEP = timedelta(hours=1)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Night:
    """One sleep of the computer in reserve."""

    begins_at: datetime
    wakes_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OpeningHours:
    """Local times; equal ends mean the whole day, an end before its beginning is on the next day."""

    opens: time = time(5)
    closes: time = time(22)
    peak_begins: time = time(15, 30)
    peak_ends: time = time(21)

    def is_open(self, local: datetime) -> bool:
        """Whether the bench serves at ``local``."""
        return _lies_in(local.time(), self.opens, self.closes)

    def is_peak(self, local: datetime) -> bool:
        """Whether the display is worth most at ``local``; only in opening hours."""
        return self.is_open(local) and _lies_in(local.time(), self.peak_begins, self.peak_ends)

    def last_opening(self, local: datetime) -> datetime:
        """The newest opening at or before ``local``."""
        today = _at(local, self.opens)
        return today if today <= local else today - _DAY

    def next_edge(self, local: datetime, *, peak: bool) -> datetime:
        """When opening hours, or also the ``peak``, next begin or end; tomorrow at latest."""
        edges = (
            (self.opens, self.closes, self.peak_begins, self.peak_ends) if peak else (self.opens, self.closes)
        )
        return next_at(local, *edges)

    def night(self, local: datetime) -> Night | None:
        """The sleep that contains ``local``, else the next; ``None`` where nights are too short for it."""
        wakes_at = next_at(local, (_at(local, self.opens) - WAKE_LEAD).time())
        closes = _at(wakes_at, self.closes)
        begins_at = closes if closes < wakes_at else closes - _DAY
        if self.opens == self.closes or wakes_at - begins_at < SHORTEST_SLEEP:
            return None
        return Night(begins_at=begins_at, wakes_at=wakes_at)


def next_at(local: datetime, *edges: time) -> datetime:
    """The first of the given times of day after ``local``."""
    moments = [_at(local, edge) for edge in edges]
    return min(moment if moment > local else moment + _DAY for moment in moments)


def _at(local: datetime, edge: time) -> datetime:
    return datetime.combine(local.date(), edge, local.tzinfo)


def _lies_in(at: time, begins: time, ends: time) -> bool:
    if begins < ends:
        return begins <= at < ends
    return begins == ends or at >= begins or at < ends
