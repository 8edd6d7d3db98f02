"""Looks at every bench every half minute and follows the rules; only fresh measurements count.

Records that come late, out of a backlog, neither open nor clear anything: they are history.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from sqlalchemy.exc import DBAPIError, IntegrityError

from bench_agent.wire.telemetry import PowerMinute, SystemMinute
from fleet_server.alarms import repository
from fleet_server.alarms.facts import NO_TRENDS, BenchFacts
from fleet_server.alarms.models import AlarmRow
from fleet_server.alarms.rules import RULES
from fleet_server.alarms.trends import read_trends
from fleet_server.alarms.verdict import AlarmState, next_state
from fleet_server.errors import TelemetryStoreError

if TYPE_CHECKING:
    import threading
    from collections.abc import Mapping

    from sqlalchemy.orm import Session, sessionmaker

    from fleet_server.alarms.facts import Trends
    from fleet_server.alarms.rules import Rule
    from fleet_server.benches.models import Bench
    from fleet_server.kit.clock import Clock
    from fleet_server.kit.telemetry.port import Latest, TelemetryStore

EVERY_S = 30.0
TRENDS_EVERY_MS = 3_600_000
FRESH_MS = 600_000
_DAY_MS = 86_400_000
_NOBODY_HEARD_MS = 120_000
_PLANNED = frozenset({"sleep", "low_battery"})
_LOG = logging.getLogger(__name__)


class AlarmWatch:
    """Follows all rules on all benches. Several may run: each step of an alarm is taken once."""

    def __init__(self, sessions: sessionmaker[Session], store: TelemetryStore, clock: Clock) -> None:
        self._sessions = sessions
        self._store = store
        self._clock = clock
        self._trends: Mapping[str, Trends] = {}
        self._trends_due_ms = 0

    def run(self, stop: threading.Event) -> None:
        """Look every 30 s until ``stop``; an outage of a store is logged once."""
        failing = False
        while not stop.wait(EVERY_S):
            try:
                self.look()
            except (TelemetryStoreError, DBAPIError) as err:
                if not failing:
                    _LOG.warning("alarms wait for the store: %s", err)
                failing = True
            else:
                failing = False

    def look(self) -> None:
        """Judge every rule on every bench once, in one transaction."""
        now_ms = self._clock.now_ms()
        try:
            with self._sessions.begin() as session:
                self._renew_trends(session, now_ms)
                facts = read_facts(session, self._store, self._trends, now_ms)
                states = repository.states(session)
                for bench, seen in facts.items():
                    for rule in RULES:
                        _follow(session, bench, rule, seen, states.get((bench, rule.id)), now_ms)
        except IntegrityError:
            return  # another watch took the same first steps

    def _renew_trends(self, session: Session, now_ms: int) -> None:
        if self._clock.monotonic_ms() >= self._trends_due_ms:
            self._trends = read_trends(session, self._store, now_ms)
            self._trends_due_ms = self._clock.monotonic_ms() + TRENDS_EVERY_MS


def _follow(
    session: Session,
    bench: str,
    rule: Rule,
    facts: BenchFacts,
    known: tuple[AlarmState, str] | None,
    now_ms: int,
) -> None:
    before, last_verdict = known or (AlarmState(), "")
    verdict = rule.judge(facts)
    after = next_state(before, verdict, rule.patience, now_ms)
    key = (bench, rule.id)
    if known is None:
        repository.add_state(session, key, after, verdict)
    elif (after, verdict) == (before, last_verdict):
        return
    elif not repository.move_state(session, key, before, after, verdict):
        return  # another watch took this step
    _note_change(session, key, before, after, now_ms)


def _note_change(
    session: Session, key: repository.StateKey, before: AlarmState, after: AlarmState, now_ms: int
) -> None:
    bench, rule = key
    if after.is_open and not before.is_open:
        session.add(AlarmRow(bench=bench, rule=rule, opened_ms=now_ms))
    if before.is_open and not after.is_open:
        alarm = repository.open_alarm(session, bench, rule)
        if alarm is not None:
            alarm.closed_ms = now_ms


def read_facts(
    session: Session, store: TelemetryStore, trends: Mapping[str, Trends], now_ms: int
) -> dict[str, BenchFacts]:
    """What is known now of every bench, by id."""
    benches = repository.all_benches(session)
    fresh: dict[str, list[Latest]] = {}
    for one in store.latest([]):
        if 0 <= now_ms - one.ts_ms <= FRESH_MS:
            fresh.setdefault(one.bench, []).append(one)
    problems = repository.bench_problems(session)
    restarts = repository.dirty_restarts(session, now_ms - _DAY_MS)
    heard_ms = max((bench.last_seen_ms or 0 for bench in benches), default=0)
    # When nobody at all is heard, the server or its broker is at fault, not every bench.
    is_anybody_heard = now_ms - heard_ms <= _NOBODY_HEARD_MS
    return {
        bench.id: BenchFacts(
            online=bench.online,
            is_dark_planned=bench.state_reason in _PLANNED,
            unseen_s=_since_s(bench.last_seen_ms, now_ms) if is_anybody_heard else None,
            overdue_s=_since_s(bench.wake_at, now_ms) if is_anybody_heard else None,
            bench_problems=None if bench.last_seen_ms is None else problems.get(bench.id, frozenset()),
            dirty_restarts_24h=_known_restarts(bench, restarts, now_ms),
            trends=trends.get(bench.id, NO_TRENDS),
            **_measured(fresh.get(bench.id, [])),
        )
        for bench in benches
    }


def _since_s(at_ms: int | None, now_ms: int) -> float | None:
    return None if at_ms is None else (now_ms - at_ms) / 1000


def _known_restarts(bench: Bench, restarts: Mapping[str, int], now_ms: int) -> int | None:
    if bench.last_seen_ms is None or now_ms - bench.last_seen_ms > _DAY_MS:
        return None
    return restarts.get(bench.id, 0)


def _measured(fresh: list[Latest]) -> dict[str, float | None]:
    known: dict[str, float | None] = {}
    for one in fresh:
        if isinstance(one.body, PowerMinute):
            known |= {"soc_pct": one.body.soc_pct, "soc_sigma_pct": one.body.soc_sigma_pct}
        elif isinstance(one.body, SystemMinute):
            known["cpu_temperature_c"] = one.body.cpu_temperature_c
    return known
