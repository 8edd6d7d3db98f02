"""Alarms for people: list, acknowledge, snooze and close (fleet.md section 9)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_server.alarms import repository
from fleet_server.alarms.models import AlarmRow, AlarmStateRow
from fleet_server.alarms.rules import RULE
from fleet_server.alarms.schemas import AlarmOut
from fleet_server.alarms.verdict import Phase
from fleet_server.benches.service import at_utc
from fleet_server.errors import BadRequestError, NotFoundError
from fleet_server.kit.cursor import read_cursor, write_cursor
from fleet_server.kit.page import Page

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy.orm import Session

LIMIT_MAX = 1000
_LOUDEST_FIRST = ("critical", "warning", "notice")


def list_open(session: Session, now_ms: int, bench: str | None = None) -> list[AlarmOut]:
    """Open alarms, of one bench or all: loud before quiet, critical first, then the newest."""
    alarms = _spell(repository.open_alarms(session, bench), now_ms)
    return sorted(alarms, key=lambda alarm: (alarm.quiet, _LOUDEST_FIRST.index(alarm.severity)))


def list_all(
    session: Session, now_ms: int, bench: str | None = None, *, cursor: str | None = None, limit: int = 100
) -> Page[AlarmOut]:
    """Open and ended alarms, newest first; ``limit`` 1 to 1000."""
    if not 1 <= limit <= LIMIT_MAX:
        raise BadRequestError("Parameter 'limit' harus 1 sampai %(most)s.", most=LIMIT_MAX)
    before = None if cursor is None else read_cursor(cursor, tuple[int, int])
    rows = repository.alarms_before(session, bench, before, limit + 1)
    last = rows[limit - 1] if len(rows) > limit else None
    return Page(
        items=_spell(rows[:limit], now_ms),
        next=None if last is None else write_cursor(last.opened_ms, last.id),
    )


def acknowledge(session: Session, alarm: int, who: str, now_ms: int) -> AlarmOut:
    """Say that somebody cares; the first one counts. The caller commits.

    Raises:
        NotFoundError: No such alarm.
    """
    row = _require(session, alarm)
    if row.acknowledged_ms is None:
        row.acknowledged_ms, row.acknowledged_by = now_ms, who
    return _spell([row], now_ms)[0]


def snooze(session: Session, alarm: int, hours: int, who: str, now_ms: int) -> AlarmOut:
    """Hear nothing of an open alarm for ``hours``; this acknowledges it too. The caller commits.

    Raises:
        NotFoundError: No such alarm.
        BadRequestError: It has ended.
    """
    row = _require_open(session, alarm)
    row.snoozed_until_ms = now_ms + hours * 3_600_000
    return acknowledge(session, alarm, who, now_ms)


def close(session: Session, alarm: int, note: str, who: str, now_ms: int) -> AlarmOut:
    """End an open alarm by hand, as after a visit; it opens again if its rule still says so.

    The caller commits.

    Raises:
        NotFoundError: No such alarm.
        BadRequestError: It has ended.
    """
    row = _require_open(session, alarm)
    row.closed_ms, row.closed_by, row.note = now_ms, who, note
    state = session.get(AlarmStateRow, (row.bench, row.rule))
    if state is not None:
        state.phase, state.since_ms = Phase.QUIET, now_ms
    return _spell([row], now_ms)[0]


def _require(session: Session, alarm: int) -> AlarmRow:
    row = session.get(AlarmRow, alarm)
    if row is None or row.rule not in RULE:
        raise NotFoundError("Alarm %(alarm)s tidak ada.", alarm=alarm)
    return row


def _require_open(session: Session, alarm: int) -> AlarmRow:
    row = _require(session, alarm)
    if row.closed_ms is not None:
        raise BadRequestError("Alarm %(alarm)s sudah berakhir; muat ulang halaman.", alarm=alarm)
    return row


def _spell(rows: Iterable[AlarmRow], now_ms: int) -> list[AlarmOut]:
    known: Sequence[AlarmRow] = [row for row in rows if row.rule in RULE]
    open_rules = {(row.bench, row.rule) for row in known if row.closed_ms is None}
    return [_out(row, quiet=_is_quiet(row, open_rules, now_ms)) for row in known]


def _is_quiet(row: AlarmRow, open_rules: set[tuple[str, str]], now_ms: int) -> bool:
    is_snoozed = row.snoozed_until_ms is not None and now_ms < row.snoozed_until_ms
    return is_snoozed or any((row.bench, parent) in open_rules for parent in RULE[row.rule].parents)


def _out(row: AlarmRow, *, quiet: bool) -> AlarmOut:
    rule = RULE[row.rule]
    return AlarmOut(
        id=row.id,
        bench=row.bench,
        rule=row.rule,
        title=rule.title,
        runbook=rule.runbook,
        severity=rule.severity.value,
        opened_at=at_utc(row.opened_ms),
        closed_at=at_utc(row.closed_ms),
        closed_by=row.closed_by,
        note=row.note,
        acknowledged_at=at_utc(row.acknowledged_ms),
        acknowledged_by=row.acknowledged_by,
        snoozed_until=at_utc(row.snoozed_until_ms),
        quiet=quiet,
    )
