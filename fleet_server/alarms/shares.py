"""Compares each day's midday harvest with the neighbours' and keeps the shares (POW-R68)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_server.alarms import repository
from fleet_server.alarms.comparison import MIDDAY_SLOTS, Place, midday_share, neighbours_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

    from fleet_server.alarms.comparison import DayHarvest
    from fleet_server.benches.models import Bench
    from fleet_server.kit.telemetry.port import TelemetryStore

DAY_MS = 86_400_000
SLOT_MS = 1_800_000
WIB_OFFSET_MS = 7 * 3_600_000
LATE_DAYS = 7
"""A backlog may still change the shares of so many days."""


def local_day(instant_ms: int) -> int:
    """Days since 1970-01-01 of the local date at an instant."""
    return (instant_ms + WIB_OFFSET_MS) // DAY_MS


def renew_shares(session: Session, store: TelemetryStore, now_ms: int) -> None:
    """Write the shares of the last 7 whole days anew, as often as one likes; the caller commits."""
    benches = repository.all_benches(session)
    today = local_day(now_ms)
    for day in range(today - LATE_DAYS, today):
        repository.replace_shares(session, day, shares_of_day(benches, store, day))


def shares_of_day(benches: Sequence[Bench], store: TelemetryStore, day: int) -> dict[str, float]:
    """Share of every bench that has one on ``day``."""
    places = {
        bench.id: Place(lat=bench.lat, lon=bench.lon)
        for bench in benches
        if bench.lat is not None and bench.lon is not None
    }
    harvests = {bench.id: _midday(store, bench, day) for bench in benches}
    found = {}
    for bench, own in harvests.items():
        share = midday_share(own, [harvests[other] for other in neighbours_of(bench, places)])
        if share is not None:
            found[bench] = share
    return found


def _midday(store: TelemetryStore, bench: Bench, day: int) -> DayHarvest:
    if not bench.panel_wp:
        return {}
    midnight_ms = day * DAY_MS - WIB_OFFSET_MS
    start_ms, end_ms = midnight_ms + MIDDAY_SLOTS.start * SLOT_MS, midnight_ms + MIDDAY_SLOTS.stop * SLOT_MS
    found = store.series(bench.id, ("harvest_wh", "harvest_clipped"), start_ms, end_ms, SLOT_MS // 1000)
    return {
        (at_ms - midnight_ms) // SLOT_MS: wh / bench.panel_wp
        for at_ms, wh, clipped in zip(
            found.at_ms, found.values["harvest_wh"], found.values["harvest_clipped"], strict=True
        )
        if wh is not None and not clipped
    }
