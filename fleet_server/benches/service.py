"""Benches of the fleet: list, find, add."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, overload

from bench_agent.wire.ids import BenchIdError, parse_bench_id
from bench_agent.wire.telemetry import HotspotMinute, PowerMinute
from fleet_server.benches import repository
from fleet_server.benches.schemas import BenchOut, BenchPlace
from fleet_server.errors import BadRequestError, NotFoundError
from fleet_server.kit.cursor import read_cursor, write_cursor
from fleet_server.kit.page import Page

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy.orm import Session

    from fleet_server.benches.models import Bench
    from fleet_server.kit.telemetry.port import Latest, TelemetryStore

LIMIT_MAX = 1000


@overload
def at_utc(ms: int) -> datetime: ...
@overload
def at_utc(ms: int | None) -> datetime | None: ...
def at_utc(ms: int | None) -> datetime | None:
    """Instant of ``ms`` since 1970, None stays None."""
    return None if ms is None else datetime.fromtimestamp(ms / 1000, UTC)


def _out(bench: Bench, latest: Iterable[Latest]) -> BenchOut:
    bodies = [one.body for one in latest]
    power = next((body for body in bodies if isinstance(body, PowerMinute)), PowerMinute())
    hotspot = next((body for body in bodies if isinstance(body, HotspotMinute)), HotspotMinute())
    return BenchOut(
        id=bench.id,
        name=bench.name,
        kecamatan=bench.kecamatan,
        lat=bench.lat,
        lon=bench.lon,
        online=bench.online,
        last_seen=at_utc(bench.last_seen_ms),
        battery_soc_pct=power.soc_pct,
        energy_tier=None if power.tier is power.tier.UNKNOWN else str(power.tier.value),
        stations=hotspot.stations,
        state_reason=bench.state_reason,
        wake_at=at_utc(bench.wake_at),
        agent_version=bench.agent_version,
    )


def _with_latest(rows: Sequence[Bench], store: TelemetryStore) -> list[BenchOut]:
    by_bench: dict[str, list[Latest]] = {row.id: [] for row in rows}
    for one in store.latest([row.id for row in rows]) if rows else []:
        by_bench[one.bench].append(one)
    return [_out(row, by_bench[row.id]) for row in rows]


def list_benches(
    session: Session, store: TelemetryStore, *, cursor: str | None = None, limit: int = 100, q: str = ""
) -> Page[BenchOut]:
    """One page of benches by name; ``limit`` 1 to 1000, ``q`` matches name, kecamatan or id."""
    if not 1 <= limit <= LIMIT_MAX:
        raise BadRequestError("Parameter 'limit' harus 1 sampai %(most)s.", most=LIMIT_MAX)
    after = None if cursor is None else read_cursor(cursor, tuple[str, str])
    rows = repository.list_after(session, after, limit + 1, q)
    shown = rows[:limit]
    more = len(rows) > limit
    return Page(
        items=_with_latest(shown, store), next=write_cursor(shown[-1].name, shown[-1].id) if more else None
    )


def get_bench(session: Session, store: TelemetryStore, bench: str) -> BenchOut:
    """One bench.

    Raises:
        NotFoundError: No such bench.
    """
    return _with_latest([require_bench(session, bench)], store)[0]


def list_places(session: Session) -> list[BenchPlace]:
    """All benches by name, without what they measure."""
    return [
        BenchPlace(id=row.id, name=row.name, kecamatan=row.kecamatan)
        for row in repository.list_after(session, None, None, "")
    ]


def require_bench(session: Session, bench: str) -> Bench:
    """Row of a bench.

    Raises:
        NotFoundError: No such bench.
    """
    row = repository.find(session, bench)
    if row is None:
        raise NotFoundError("Bangku '%(bench)s' tidak terdaftar.", bench=bench[:40])
    return row


def add_bench(session: Session, bench: Bench) -> Bench:
    """Add a bench; the caller commits.

    Raises:
        BadRequestError: The id is malformed or taken.
    """
    try:
        parse_bench_id(bench.id)
    except BenchIdError as err:
        raise BadRequestError("Id bangku '%(bench)s' tidak sah.", bench=bench.id[:40]) from err
    if repository.find(session, bench.id) is not None:
        raise BadRequestError("Bangku '%(bench)s' sudah terdaftar.", bench=bench.id)
    session.add(bench)
    session.flush()
    return bench
