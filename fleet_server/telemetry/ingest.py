"""Ingest: from messages to durable rows, and only then the answer that lets a bench delete (FL-T4).

Order of one batch: telemetry store, SQL (events, plays, documents, quarantine, marks, presence) in one
transaction, ``dn/commit``. A worker that dies anywhere in between gets the batch again, and every
write ignores what it already holds.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy.exc import DataError, IntegrityError

from bench_agent.wire import topics
from bench_agent.wire.envelope import Commit, WireError
from bench_agent.wire.ids import BenchId
from bench_agent.wire.topics import Channel
from fleet_server.errors import BrokerError
from fleet_server.telemetry import presence, repository
from fleet_server.telemetry.quarantine import NO_BENCH, Quarantine, Reason
from fleet_server.telemetry.reading import Work, read_log

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Engine

    from fleet_server.kit.clock import Clock
    from fleet_server.kit.telemetry.port import TelemetryStore
    from fleet_server.telemetry.ingest_port import IngestSource, Message

_LOG = logging.getLogger(__name__)
_SEEN_EVERY_MS = 5_000
_KNOWN_FOR_MS = 10_000
_ASK_AGAIN_MS = 1_000


@dataclass(kw_only=True, slots=True)
class Counters:
    """What this worker did since it started."""

    messages: int = 0
    records: int = 0
    quarantined: int = 0


@dataclass(kw_only=True, slots=True)
class _Said:
    """Presence in one batch, as statement parameters."""

    states: list[dict[str, Any]] = field(default_factory=list)
    births: list[dict[str, Any]] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)


class Ingest:
    """Stores batches of messages; not thread-safe, one per worker."""

    def __init__(self, engine: Engine, store: TelemetryStore, source: IngestSource, clock: Clock) -> None:
        self._engine = engine
        self._store = store
        self._source = source
        self._clock = clock
        self._known: set[str] = set()
        self._asked_ms: int | None = None
        self._seen_ms: dict[str, int] = {}
        self.counters = Counters()

    def take(self, messages: Sequence[Message]) -> None:
        """Store ``messages`` and answer; a message the database refuses is set aside alone.

        Raises:
            TelemetryStoreError: The telemetry store is not there; take the same messages again.
            sqlalchemy.exc.OperationalError: So is SQL.
        """
        if not messages:
            return
        try:
            self._store_all(messages)
        except (DataError, IntegrityError, OverflowError, ValueError) as err:
            if len(messages) > 1:
                for message in messages:
                    self.take([message])
                return
            _LOG.error("a message on %s cannot be stored: %s", messages[0].topic[:80], err)
            self._set_aside(messages[0], str(err))

    def _store_all(self, messages: Sequence[Message]) -> None:
        now_ms = self._clock.now_ms()
        quarantine = Quarantine()
        parsed = [(topic, m) for m in messages if (topic := self._parse(m, quarantine)) is not None]
        logging_benches = {str(topic.bench) for topic, _ in parsed if topic.channel is Channel.LOG}
        marks = self._marks(logging_benches) if logging_benches else {}
        work = Work(now_ms=now_ms, marks=marks, quarantine=quarantine)
        said = _Said()
        for topic, message in parsed:
            self._read(work, said, topic, message)
        self._store.append(work.samples)
        self._store.note_live(work.live)
        self._write_sql(work, said)
        self._answer(work)
        self.counters.messages += len(messages)
        self.counters.records += work.records
        self.counters.quarantined += sum(one.count for one in quarantine.found.values())

    def _parse(self, message: Message, quarantine: Quarantine) -> topics.Topic | None:
        try:
            topic = topics.parse(message.topic)
        except topics.TopicError as err:
            quarantine.add(NO_BENCH, Reason.TOPIC, str(err), message.topic, message.payload)
            return None
        if not self._knows(topic.bench):
            quarantine.add(NO_BENCH, Reason.BENCH, topic.bench, message.topic, message.payload)
            return None
        return topic

    def _knows(self, bench: str) -> bool:
        now_ms = self._clock.monotonic_ms()
        age_ms = _KNOWN_FOR_MS if self._asked_ms is None else now_ms - self._asked_ms
        if age_ms >= (_KNOWN_FOR_MS if bench in self._known else _ASK_AGAIN_MS):
            with self._engine.connect() as connection:
                self._known = repository.bench_ids(connection)
            self._asked_ms = now_ms
        return bench in self._known

    def _marks(self, benches: set[str]) -> dict[tuple[str, str], int]:
        with self._engine.connect() as connection:
            return repository.marks_of(connection, benches)

    def _read(self, work: Work, said: _Said, topic: topics.Topic, message: Message) -> None:
        bench = str(topic.bench)
        reason = Reason.TELE
        try:
            if topic.channel is Channel.LOG:
                read_log(work, bench, message.topic, message.payload)
            elif topic.channel is Channel.STATE:
                reason = Reason.STATE
                state = presence.read_state(bench, message.payload)
                said.states.append(state)
                if not state["is_online"]:
                    return  # maybe a will, which the broker sends: nobody was heard
            elif topic.channel is Channel.BIRTH:
                reason = Reason.BIRTH
                said.births.append(presence.read_birth(bench, message.payload))
            elif topic.channel is Channel.TELE:
                live = presence.read_live(bench, topic.leaf, message.payload, work.now_ms)
                work.live += [] if live is None else [live]
        except WireError as err:
            work.quarantine.add(bench, reason, str(err), message.topic, message.payload)
        if not message.retained and work.now_ms - self._seen_ms.get(bench, 0) >= _SEEN_EVERY_MS:
            said.seen.add(bench)

    def _write_sql(self, work: Work, said: _Said) -> None:
        with self._engine.begin() as connection:
            repository.add_events(connection, work.events)
            repository.add_plays(connection, work.plays)
            repository.put_documents(connection, work.documents)
            repository.add_quarantine(connection, list(work.quarantine.found.values()), work.now_ms)
            repository.move_states(connection, said.states)
            repository.note_births(connection, said.births)
            repository.note_seen(connection, said.seen, work.now_ms)
            repository.write_marks(connection, {key: work.marks[key] for key in work.touched})
        self._seen_ms.update(dict.fromkeys(said.seen, work.now_ms))

    def _answer(self, work: Work) -> None:
        for bench, gen in work.touched:
            topic = topics.build(BenchId(bench), Channel.COMMIT)
            payload = msgspec.json.encode(Commit(gen=gen, upto=work.marks[bench, gen]))
            try:
                self._source.publish(topic, payload, topics.DELIVERY[Channel.COMMIT])
            except BrokerError as err:  # the bench asks again
                _LOG.warning("commit for %s not sent: %s", bench, err)

    def _set_aside(self, message: Message, detail: str) -> None:
        quarantine = Quarantine()
        quarantine.add(NO_BENCH, Reason.STORE, detail, message.topic, message.payload)
        with self._engine.begin() as connection:
            repository.add_quarantine(connection, list(quarantine.found.values()), self._clock.now_ms())
        self.counters.messages += 1
        self.counters.quarantined += 1
