"""Queries on alarms, their states and harvest shares."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from sqlalchemy import delete, select, tuple_, update

from fleet_server.alarms.models import AlarmRow, AlarmStateRow, HarvestShareRow
from fleet_server.alarms.verdict import AlarmState, Phase
from fleet_server.benches.models import Bench
from fleet_server.telemetry.models import EventRow

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy.orm import Session

StateKey: TypeAlias = tuple[str, str]
"""(bench id, rule id)"""
PROBLEM_BEGAN, PROBLEM_ENDED = "problem.began", "problem.ended"
_BOOT = "boot"


def all_benches(session: Session) -> Sequence[Bench]:
    """Every bench."""
    return session.scalars(select(Bench)).all()


def states(session: Session) -> dict[StateKey, tuple[AlarmState, str]]:
    """State and last verdict of every rule that ever had one."""
    return {
        (row.bench, row.rule): (AlarmState(phase=Phase(row.phase), since_ms=row.since_ms), row.verdict)
        for row in session.scalars(select(AlarmStateRow))
    }


def add_state(session: Session, key: StateKey, state: AlarmState, verdict: str) -> None:
    """Keep the first state of a rule on a bench."""
    bench, rule = key
    row = AlarmStateRow(bench=bench, rule=rule, phase=state.phase, since_ms=state.since_ms, verdict=verdict)
    session.add(row)


def move_state(session: Session, key: StateKey, before: AlarmState, after: AlarmState, verdict: str) -> bool:
    """Move a state on if it is still ``before``; False when somebody else moved it."""
    bench, rule = key
    moved = session.execute(
        update(AlarmStateRow)
        .where(
            AlarmStateRow.bench == bench,
            AlarmStateRow.rule == rule,
            AlarmStateRow.phase == before.phase,
            AlarmStateRow.since_ms == before.since_ms,
        )
        .values(phase=after.phase, since_ms=after.since_ms, verdict=verdict)
        .execution_options(synchronize_session=False)
    )
    return bool(moved.rowcount)  # type: ignore[attr-defined]  # an UPDATE gives a CursorResult


def open_alarm(session: Session, bench: str, rule: str) -> AlarmRow | None:
    """The open alarm of a rule on a bench."""
    return session.scalars(
        select(AlarmRow).where(AlarmRow.bench == bench, AlarmRow.rule == rule, AlarmRow.closed_ms.is_(None))
    ).first()


def open_alarms(session: Session, bench: str | None = None) -> Sequence[AlarmRow]:
    """All open alarms, of one bench or all, newest first."""
    query = (
        select(AlarmRow).where(AlarmRow.closed_ms.is_(None)).order_by(AlarmRow.opened_ms.desc(), AlarmRow.id)
    )
    if bench is not None:
        query = query.where(AlarmRow.bench == bench)
    return session.scalars(query).all()


def alarms_before(
    session: Session, bench: str | None, before: tuple[int, int] | None, limit: int
) -> Sequence[AlarmRow]:
    """Open and ended alarms by (opened, id), newest first."""
    query = select(AlarmRow).order_by(AlarmRow.opened_ms.desc(), AlarmRow.id.desc()).limit(limit)
    if bench is not None:
        query = query.where(AlarmRow.bench == bench)
    if before is not None:
        query = query.where(tuple_(AlarmRow.opened_ms, AlarmRow.id) < before)
    return session.scalars(query).all()


def bench_problems(session: Session) -> dict[str, frozenset[str]]:
    """What each bench that ever spoke of problems says lasts now; the newest word on each counts."""
    order = (EventRow.ts_ms, EventRow.gen, EventRow.seq)
    said = session.execute(
        select(EventRow.bench, EventRow.kind, EventRow.facts)
        .where(EventRow.kind.in_((PROBLEM_BEGAN, PROBLEM_ENDED)))
        .order_by(*order)
    )
    lasting: dict[str, set[str]] = {}
    for bench, kind, facts in said:
        problems = lasting.setdefault(bench, set())
        problem = str(facts.get("problem", ""))
        if kind == PROBLEM_BEGAN:
            problems.add(problem)
        else:
            problems.discard(problem)
    return {bench: frozenset(problems) for bench, problems in lasting.items()}


def dirty_restarts(session: Session, since_ms: int) -> dict[str, int]:
    """Starts since ``since_ms`` that followed no goodbye, by bench."""
    rows = session.execute(
        select(EventRow.bench, EventRow.facts).where(EventRow.kind == _BOOT, EventRow.ts_ms >= since_ms)
    )
    counts: dict[str, int] = {}
    for bench, facts in rows:
        counts[bench] = counts.get(bench, 0) + (facts.get("dirty") is True)
    return counts


def shares(session: Session, from_day: int) -> dict[str, dict[int, float]]:
    """Harvest shares by bench and day, from ``from_day`` on."""
    found: dict[str, dict[int, float]] = {}
    for row in session.scalars(select(HarvestShareRow).where(HarvestShareRow.day >= from_day)):
        found.setdefault(row.bench, {})[row.day] = row.share
    return found


def replace_shares(session: Session, day: int, by_bench: Mapping[str, float]) -> None:
    """Write all shares of one day anew: late records may have changed them."""
    session.execute(delete(HarvestShareRow).where(HarvestShareRow.day == day))
    session.add_all(HarvestShareRow(bench=bench, day=day, share=share) for bench, share in by_bench.items())
