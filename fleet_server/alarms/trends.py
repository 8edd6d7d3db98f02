"""Facts that move by the day: full charges, usable charge, harvest beside the neighbours' (POW-R68)."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING

from fleet_server.alarms import repository
from fleet_server.alarms.comparison import BEST_OF_DAYS, WINDOW_DAYS, soiling_drop
from fleet_server.alarms.facts import Trends
from fleet_server.alarms.shares import DAY_MS, local_day, renew_shares

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy.orm import Session

    from fleet_server.kit.telemetry.port import TelemetryStore

LOOK_BACK_DAYS = 60
CYCLES_MIN = 5
_DAY_FIELDS = ("full", "usable_ah", "capacity_ah")


def read_trends(session: Session, store: TelemetryStore, now_ms: int) -> dict[str, Trends]:
    """Renew the harvest shares and read what follows from the days; the caller commits."""
    renew_shares(session, store, now_ms)
    yesterday = local_day(now_ms) - 1
    shares = repository.shares(session, yesterday - WINDOW_DAYS - BEST_OF_DAYS)
    trends = {}
    for bench in repository.all_benches(session):
        own = shares.get(bench.id, {})
        newest_first = [own.get(yesterday - back) for back in range(WINDOW_DAYS + BEST_OF_DAYS)]
        days = _read_days(store, bench.id, now_ms)
        trends[bench.id] = Trends(
            days_since_full=days_since_full(days["at_ms"], days["full"], now_ms),
            usable_share=usable_share(days["usable_ah"], days["capacity_ah"]),
            harvest_shares=tuple(newest_first[:2]),
            soiling_drop=soiling_drop(newest_first),
        )
    return trends


def _read_days(store: TelemetryStore, bench: str, now_ms: int) -> Mapping[str, Sequence[float | None]]:
    found = store.series(bench, _DAY_FIELDS, now_ms - LOOK_BACK_DAYS * DAY_MS, now_ms, 1800)
    return {"at_ms": found.at_ms, **found.values}


def days_since_full(at_ms: Sequence[float | None], full: Sequence[float | None], now_ms: int) -> float | None:
    """Days since the newest day with a full charge, or since the oldest day known; None without a day."""
    days = [(at, bool(was_full)) for at, was_full in zip(at_ms, full, strict=True) if at is not None]
    if not days:
        return None
    since_ms = max((at for at, was_full in days if was_full), default=days[0][0])
    return (now_ms - since_ms) / DAY_MS - 1  # a day's record bears its midnight


def usable_share(usable_ah: Sequence[float | None], capacity_ah: Sequence[float | None]) -> float | None:
    """Median usable charge of the newest 5 finished cycles against the new pack; None before the fifth."""
    cycles = [
        usable / capacity
        for usable, capacity in zip(usable_ah, capacity_ah, strict=True)
        if usable and capacity
    ]
    return median(cycles[-CYCLES_MIN:]) if len(cycles) >= CYCLES_MIN else None
