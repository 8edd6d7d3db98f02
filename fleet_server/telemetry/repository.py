"""Queries of ingest, events and plays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from sqlalchemy import bindparam, func, select, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite

from fleet_server.benches.models import Bench
from fleet_server.kit.database import insert_new
from fleet_server.telemetry.models import DocumentRow, EventRow, OutboxMark, PlayRow, QuarantineRow

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection, Table
    from sqlalchemy.orm import Session

    from fleet_server.telemetry.quarantine import SetAside
    from fleet_server.telemetry.reading import MarkKey

_EVENT: Table = EventRow.__table__  # type: ignore[assignment]  # declared as FromClause
_PLAY: Table = PlayRow.__table__  # type: ignore[assignment]  # declared as FromClause
_DOCUMENT: Table = DocumentRow.__table__  # type: ignore[assignment]  # declared as FromClause
_MARK: Table = OutboxMark.__table__  # type: ignore[assignment]  # declared as FromClause
_QUARANTINE: Table = QuarantineRow.__table__  # type: ignore[assignment]  # declared as FromClause
_BENCH: Table = Bench.__table__  # type: ignore[assignment]  # declared as FromClause
PageKey: TypeAlias = tuple[int, str, str, int]
"""(ts_ms, bench, gen, seq)"""

_MOVE_STATE = (
    update(_BENCH)
    .where(
        _BENCH.c.id == bindparam("key"),
        (_BENCH.c.sess <= bindparam("new_sess")) | bindparam("is_online", type_=_BENCH.c.online.type),
    )
    .values(
        online=bindparam("is_online", type_=_BENCH.c.online.type),
        sess=bindparam("new_sess"),
        state_reason=bindparam("reason"),
        wake_at=bindparam("wake"),
    )
)
_NOTE_BIRTH = (
    update(_BENCH)
    .where(_BENCH.c.id == bindparam("key"))
    .values(agent_version=bindparam("version"), gen=bindparam("new_gen"), panel_wp=bindparam("wp"))
)
_SEEN = update(_BENCH).where(_BENCH.c.id == bindparam("key")).values(last_seen_ms=bindparam("seen_ms"))


def bench_ids(connection: Connection) -> set[str]:
    """Ids of all benches."""
    return set(connection.scalars(select(_BENCH.c.id)))


def marks_of(connection: Connection, benches: set[str]) -> dict[MarkKey, int]:
    """Durable marks of ``benches``."""
    query = select(_MARK.c.bench, _MARK.c.gen, _MARK.c.upto).where(_MARK.c.bench.in_(benches))
    return {(bench, gen): upto for bench, gen, upto in connection.execute(query)}


def write_marks(connection: Connection, marks: dict[MarkKey, int]) -> None:
    """Move marks up; a mark never goes back."""
    if not marks:
        return
    insert = (sqlite if connection.dialect.name == "sqlite" else postgresql).insert(_MARK)
    connection.execute(
        insert.on_conflict_do_update(
            index_elements=["bench", "gen"],
            set_={"upto": insert.excluded.upto},
            where=_MARK.c.upto < insert.excluded.upto,
        ),
        # In one order everywhere, so that two workers cannot lock each other out.
        [{"bench": bench, "gen": gen, "upto": upto} for (bench, gen), upto in sorted(marks.items())],
    )


def add_events(connection: Connection, rows: list[dict[str, Any]]) -> None:
    """Insert events; known keys are skipped."""
    insert_new(connection, _EVENT, rows)


def add_plays(connection: Connection, rows: list[dict[str, Any]]) -> None:
    """Insert plays; known keys are skipped."""
    insert_new(connection, _PLAY, rows)


def put_documents(connection: Connection, rows: list[dict[str, Any]]) -> None:
    """Keep each document unless a newer one of its kind is there."""
    if not rows:
        return
    insert = (sqlite if connection.dialect.name == "sqlite" else postgresql).insert(_DOCUMENT)
    connection.execute(
        insert.on_conflict_do_update(
            index_elements=["bench", "kind"],
            set_={"ts_ms": insert.excluded.ts_ms, "body": insert.excluded.body},
            where=_DOCUMENT.c.ts_ms <= insert.excluded.ts_ms,
        ),
        # In one order everywhere, so that two workers cannot lock each other out.
        sorted(rows, key=lambda row: (row["bench"], row["kind"], row["ts_ms"])),
    )


def newest_document(session: Session, bench: str, kind: str) -> DocumentRow | None:
    """The newest document of a kind, e.g. ``outlook/1``."""
    return session.get(DocumentRow, (bench, kind))


def add_quarantine(connection: Connection, found: list[SetAside], now_ms: int) -> None:
    """Keep the newest sample and the count per source and reason."""
    if not found:
        return
    insert = (sqlite if connection.dialect.name == "sqlite" else postgresql).insert(_QUARANTINE)
    newer = {name: insert.excluded[name] for name in ("detail", "topic", "received_ms", "sample")}
    connection.execute(
        insert.on_conflict_do_update(
            index_elements=["source", "reason"],
            set_={**newer, "count": _QUARANTINE.c.count + insert.excluded["count"]},
        ),
        [
            {
                "source": one.source,
                "reason": one.reason.value,
                "detail": one.detail,
                "topic": one.topic,
                "received_ms": now_ms,
                "sample": one.sample,
                "count": one.count,
            }
            for one in found
        ],
    )


def move_states(connection: Connection, states: list[dict[str, Any]]) -> None:
    """Write states in order. An offline state of an older session is a late will and changes nothing.

    An online state always counts: only a living connection sends one, even if its clock is behind.
    """
    if states:
        connection.execute(_MOVE_STATE, states)


def note_births(connection: Connection, births: list[dict[str, Any]]) -> None:
    """Write what benches are."""
    if births:
        connection.execute(_NOTE_BIRTH, births)


def note_seen(connection: Connection, benches: set[str], now_ms: int) -> None:
    """Write when benches were last heard."""
    if benches:
        connection.execute(_SEEN, [{"key": bench, "seen_ms": now_ms} for bench in sorted(benches)])


def events_before(
    session: Session, bench: str | None, before: PageKey | None, limit: int
) -> Sequence[EventRow]:
    """Newest events first, of one bench or all."""
    order = (EventRow.ts_ms, EventRow.bench, EventRow.gen, EventRow.seq)
    query = select(EventRow).order_by(*(column.desc() for column in order)).limit(limit)
    if bench is not None:
        query = query.where(EventRow.bench == bench)
    if before is not None:
        query = query.where(tuple_(*order) < before)
    return session.scalars(query).all()


def plays_before(
    session: Session, bench: str | None, campaign: str | None, before: PageKey | None, limit: int
) -> Sequence[PlayRow]:
    """Newest plays first, of one bench, one campaign or all."""
    order = (PlayRow.ts_ms, PlayRow.bench, PlayRow.gen, PlayRow.seq)
    query = select(PlayRow).order_by(*(column.desc() for column in order)).limit(limit)
    if bench is not None:
        query = query.where(PlayRow.bench == bench)
    if campaign is not None:
        query = query.where(PlayRow.campaign == campaign)
    if before is not None:
        query = query.where(tuple_(*order) < before)
    return session.scalars(query).all()


def shown_per_hour(session: Session, bench: str, start_ms: int, end_ms: int) -> list[tuple[int, int, int]]:
    """(hour in ms, ms shown, plays) of one bench in [start, end)."""
    hour = (PlayRow.ts_ms - PlayRow.ts_ms % 3_600_000).label("hour")
    query = (
        select(hour, func.sum(PlayRow.shown_ms), func.count())
        .where(PlayRow.bench == bench, PlayRow.ts_ms >= start_ms, PlayRow.ts_ms < end_ms)
        .group_by(hour)
        .order_by(hour)
    )
    return [(int(at), int(shown), int(plays)) for at, shown, plays in session.execute(query)]
