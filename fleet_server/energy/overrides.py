"""Operators override the energy plan of a bench, for a while and on record (POW-R40).

One override per bench is in force; a later one replaces it, and both records say so. What an override
cannot lift (critical, the voltage veto, the board's limits) is the bench's own rule: it refuses and reports.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

import msgspec

from bench_agent.wire.presence import Desired, EnergyOverride, Load
from bench_agent.wire.telemetry import EnergyTier
from fleet_server.benches.desired import lock_desired, revise_desired
from fleet_server.benches.service import at_utc, require_bench
from fleet_server.energy import repository
from fleet_server.energy.models import OverrideRow
from fleet_server.energy.schemas import OverrideOut, OverridesOut

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from fleet_server.energy.schemas import OverrideIn

HISTORY_MAX = 50


def read_overrides(session: Session, bench: str, now_ms: int) -> OverridesOut:
    """The override in force and those before it.

    Raises:
        NotFoundError: No such bench.
    """
    require_bench(session, bench)
    current = repository.override_in_force(session, bench)
    ended = repository.ended_overrides(session, bench, HISTORY_MAX)
    return OverridesOut(
        current=None if current is None else _out(current, now_ms),
        sent=repository.is_published(session, bench),
        history=[_out(row, now_ms) for row in ended],
    )


def begin_override(
    session: Session, bench: str, wish: OverrideIn, who: str, request_key: str, now_ms: int
) -> OverrideOut:
    """Put an override in force; the same ``request_key`` again changes nothing. The caller commits.

    Raises:
        NotFoundError: No such bench.
    """
    require_bench(session, bench)
    lock_desired(session, bench)
    known = repository.override_of_request(session, bench, request_key)
    if known is not None:
        return _out(known, now_ms)
    current = repository.override_in_force(session, bench)
    if current is not None:
        _close(current, now_ms, how="replaced", by=who)
    row = OverrideRow(
        id=secrets.token_hex(8),
        bench=bench,
        request_key=request_key,
        tier=wish.tier,
        load=wish.load,
        load_on=wish.on,
        who=who,
        why=wish.why,
        begins_ms=now_ms,
        until_ms=now_ms + wish.lasts_min * 60_000,
    )
    session.add(row)
    revise_desired(
        session, bench, lambda desired: msgspec.structs.replace(desired, energy_override=_wire_of(row))
    )
    return _out(row, now_ms)


def end_override(session: Session, bench: str, who: str, now_ms: int) -> None:
    """End the override in force; without one, do nothing. The caller commits.

    Raises:
        NotFoundError: No such bench.
    """
    require_bench(session, bench)
    lock_desired(session, bench)
    current = repository.override_in_force(session, bench)
    if current is not None:
        _close(current, now_ms, how="ended", by=who)
        revise_desired(session, bench, _without_override)


def end_expired_overrides(session: Session, now_ms: int) -> int:
    """Take overrides whose time is over out of the desired documents; returns how many. The caller commits.

    The bench has ended them by itself; this keeps a bench that comes back later from starting them again.
    """
    ended = 0
    for bench in repository.benches_with_expired_override(session, now_ms):
        lock_desired(session, bench)
        current = repository.override_in_force(session, bench)
        if current is not None and current.until_ms <= now_ms:  # nobody replaced it meanwhile
            _close(current, now_ms, how="expired", by="")
            revise_desired(session, bench, _without_override)
            ended += 1
    return ended


def _close(row: OverrideRow, now_ms: int, *, how: str, by: str) -> None:
    # One that ran out before anybody came to end it has expired, whoever comes now.
    expired = row.until_ms <= now_ms
    row.ended_ms = min(now_ms, row.until_ms)
    row.ended_how = "expired" if expired else how
    row.ended_by = "" if expired else by


def _without_override(desired: Desired) -> Desired:
    return msgspec.structs.replace(desired, energy_override=msgspec.UNSET)


def _wire_of(row: OverrideRow) -> EnergyOverride:
    return EnergyOverride(
        id=row.id,
        who=row.who,
        why=row.why,
        until_ms=row.until_ms,
        lasts_s=(row.until_ms - row.begins_ms) // 1000,
        tier=None if row.tier is None else EnergyTier(row.tier),
        load=None if row.load is None else Load(row.load),
        on=bool(row.load_on),
    )


def _out(row: OverrideRow, now_ms: int) -> OverrideOut:
    left_ms = row.until_ms - now_ms if row.ended_ms is None else 0
    return OverrideOut(
        id=row.id,
        tier=row.tier,
        load=row.load,
        on=row.load_on,
        who=row.who,
        why=row.why,
        begins_at=at_utc(row.begins_ms),
        until=at_utc(row.until_ms),
        left_s=max(0, left_ms // 1000),
        ended_at=None if row.ended_ms is None else at_utc(row.ended_ms),
        ended_how=row.ended_how,
        ended_by=row.ended_by,
    )
