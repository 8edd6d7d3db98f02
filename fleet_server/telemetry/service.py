"""Measurements, events and plays for pages and reports."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from fleet_server.benches.service import at_utc, require_bench
from fleet_server.errors import BadRequestError
from fleet_server.kit.cursor import read_cursor, write_cursor
from fleet_server.kit.page import Page
from fleet_server.telemetry import repository
from fleet_server.telemetry.schemas import EventOut, LatestOut, PlayHour, PlayOut, SeriesOut

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from fleet_server.kit.telemetry.port import TelemetryStore
    from fleet_server.telemetry.models import EventRow, PlayRow

LIMIT_MAX = 1000
STEPS_MAX = 20_000
_PLAY_FIELDS = tuple(name for name in PlayOut.model_fields if name != "at")


def _instant(ms: int) -> datetime:
    at = at_utc(ms)
    if at is None:
        raise BadRequestError("Waktu kosong.")
    return at


def _checked(limit: int) -> int:
    if not 1 <= limit <= LIMIT_MAX:
        raise BadRequestError(f"Parameter 'limit' harus 1 sampai {LIMIT_MAX}.")
    return limit


def latest(session: Session, store: TelemetryStore, bench: str) -> list[LatestOut]:
    """Newest measurement per schema of one bench.

    Raises:
        NotFoundError: No such bench.
    """
    require_bench(session, bench)
    return [
        LatestOut(schema_name=one.schema, at=_instant(one.ts_ms), values=msgspec.to_builtins(one.body))
        for one in store.latest([bench])
    ]


def series(  # noqa: PLR0913 - a range query is its six numbers
    session: Session,
    store: TelemetryStore,
    bench: str,
    *,
    fields: list[str],
    start_ms: int,
    end_ms: int,
    step_s: int,
) -> SeriesOut:
    """Means of ``fields`` per ``step_s`` in [start, end), at most 20,000 steps.

    Raises:
        NotFoundError: No such bench.
        BadRequestError: Unknown fields or an impossible range.
    """
    require_bench(session, bench)
    if step_s < 1 or not 0 <= start_ms < end_ms or (end_ms - start_ms) / 1000 / step_s > STEPS_MAX:
        raise BadRequestError(f"Rentang waktu tidak sah, atau lebih dari {STEPS_MAX} langkah.")
    found = store.series(bench, fields, start_ms, end_ms, step_s)
    return SeriesOut(
        bench=bench,
        step_s=step_s,
        at_ms=list(found.at_ms),
        values={field: list(values) for field, values in found.values.items()},
    )


def events(
    session: Session, bench: str | None = None, *, cursor: str | None = None, limit: int = 100
) -> Page[EventOut]:
    """Newest events first, of one bench or all; ``limit`` 1 to 1000."""
    before = None if cursor is None else read_cursor(cursor, tuple[int, str, str, int])
    rows = repository.events_before(session, bench, before, _checked(limit) + 1)
    items = [
        EventOut(
            bench=row.bench,
            at=_instant(row.ts_ms),
            kind=row.kind,
            severity=row.severity,
            text=row.text,
            facts=row.facts,
        )
        for row in rows[:limit]
    ]
    return Page(items=items, next=_cursor_of(rows[limit - 1]) if len(rows) > limit else None)


def plays(
    session: Session,
    bench: str | None = None,
    campaign: str | None = None,
    *,
    cursor: str | None = None,
    limit: int = 100,
) -> Page[PlayOut]:
    """Newest plays first, of one bench, one campaign or all; ``limit`` 1 to 1000."""
    before = None if cursor is None else read_cursor(cursor, tuple[int, str, str, int])
    rows = repository.plays_before(session, bench, campaign, before, _checked(limit) + 1)
    items = [
        PlayOut(at=_instant(row.ts_ms), **{name: getattr(row, name) for name in _PLAY_FIELDS})
        for row in rows[:limit]
    ]
    return Page(items=items, next=_cursor_of(rows[limit - 1]) if len(rows) > limit else None)


def play_hours(session: Session, bench: str, start_ms: int, end_ms: int) -> list[PlayHour]:
    """Milliseconds shown per hour in [start, end); hours without plays are left out."""
    return [
        PlayHour(hour_ms=hour, shown_ms=shown, plays=count)
        for hour, shown, count in repository.shown_per_hour(session, bench, start_ms, end_ms)
    ]


def _cursor_of(row: EventRow | PlayRow) -> str:
    return write_cursor(row.ts_ms, row.bench, row.gen, row.seq)
