"""Ingest against both databases, fed from memory (FL-W4, FL-W7, FL-T4)."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec
import pytest
from sqlalchemy import delete, select
from typing_extensions import override

from bench_agent.wire.document import Outlook, OutlookSlot
from bench_agent.wire.envelope import Body, Envelope, WireClockQuality, encode_batch, encode_record, schema_of
from bench_agent.wire.event import Event
from bench_agent.wire.ids import Generation
from bench_agent.wire.play import Play, PlayOutcome
from bench_agent.wire.presence import BenchState, Birth, Desired, StateReason
from bench_agent.wire.telemetry import EnergyTier, PowerMinute
from fleet_server.benches.desired import publish_pending_desired, revise_desired
from fleet_server.benches.models import Bench
from fleet_server.benches.service import add_bench, get_bench
from fleet_server.errors import BrokerError, TelemetryStoreError
from fleet_server.ingest_process import IngestLoop
from fleet_server.kit.database import Base, open_engine, open_sessions, upgrade_schema
from fleet_server.kit.ingest_source import Message
from fleet_server.kit.telemetry.sqlite_store import SqliteTelemetryStore
from fleet_server.telemetry import service
from fleet_server.telemetry.models import EventRow, OutboxMark, PlayRow, QuarantineRow
from fleet_server.telemetry.repository import newest_document
from tests.postgres import running_postgres

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from sqlalchemy import Engine

    from bench_agent.wire.topics import Delivery
    from fleet_server.kit.telemetry.port import SampleRow

A = "0123456789ab"
NOW = 1_795_373_220_000
LOG = f"sb/v1/{A}/up/log"


@dataclass
class Memory:
    """An ``IngestSource`` in memory."""

    sent: list[tuple[str, bytes]] = field(default_factory=list)
    broken: bool = False
    connection: int = 0

    def receive(self, at_most: int, wait_s: float) -> list[Message]:
        del at_most, wait_s
        return []

    def publish(self, topic: str, payload: bytes, delivery: Delivery) -> None:
        del delivery
        if self.broken:
            raise BrokerError("away")
        self.sent.append((topic, payload))

    publish_confirmed = publish


@dataclass
class StoppedClock:
    ms: int = NOW

    def now_ms(self) -> int:
        return self.ms

    def monotonic_ms(self) -> int:
        return self.ms


class MoodyStore(SqliteTelemetryStore):
    """Fails as often as ``failures`` says before it stores."""

    failures = 0

    @override
    def append(self, rows: Sequence[SampleRow]) -> None:
        if self.failures:
            self.failures -= 1
            raise TelemetryStoreError("away")
        super().append(rows)


@pytest.fixture(scope="module")
def postgres() -> Iterator[str]:
    with running_postgres() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    url = f"sqlite:///{tmp_path / 'fleet.db'}"
    engine = open_engine(request.getfixturevalue("postgres") if request.param == "postgresql" else url)
    upgrade_schema(engine)
    own = [table for table in Base.metadata.sorted_tables if table.name in OWN_TABLES]
    with engine.begin() as connection:
        for table in reversed(own):
            connection.execute(delete(table))
    yield engine
    engine.dispose()


OWN_TABLES = {"bench", "desired", "outbox_mark", "event", "play", "document", "quarantine"}


@dataclass
class Rig:
    engine: Engine
    store: MoodyStore
    source: Memory
    loop: IngestLoop

    def take(self, *messages: Message) -> None:
        self.loop._take(list(messages), threading.Event())

    def count(self, table: type[EventRow | PlayRow]) -> int:
        with open_sessions(self.engine)() as session:
            return len(session.scalars(select(table)).all())

    def marks(self) -> dict[str, int]:
        with open_sessions(self.engine)() as session:
            return {mark.gen: mark.upto for mark in session.scalars(select(OutboxMark))}

    def quarantined(self) -> dict[tuple[str, str], QuarantineRow]:
        with open_sessions(self.engine)() as session:
            return {(row.source, row.reason): row for row in session.scalars(select(QuarantineRow))}


@pytest.fixture
def rig(engine: Engine, tmp_path: Path) -> Iterator[Rig]:
    with open_sessions(engine).begin() as session:
        add_bench(session, Bench(id=A, name="Alun-alun", kecamatan="Kota", created_ms=NOW))
    store, source = MoodyStore(tmp_path / "telemetry.db"), Memory()
    yield Rig(engine, store, source, IngestLoop(engine, store, source, StoppedClock()))
    store.close()


PLAY = Play(
    play_seq=1, campaign="c1", item="i", asset="0" * 64, layer="filler",
    planned_ms=30_000, shown_ms=29_000, outcome=PlayOutcome.PARTIAL,
)  # fmt: skip


def record(seq: int, body: Body, ts: int = NOW, gen: str = "k3f9") -> bytes:
    return encode_record(
        Envelope(s=schema_of(body), gen=gen, seq=seq, boot="b", up=1, ts=ts, q=WireClockQuality.NTP,
                 d=msgspec.Raw(msgspec.json.encode(body)))
    )  # fmt: skip


def log(after: int, *records: bytes, floor: int = 0, gen: str = "k3f9") -> Message:
    return Message(LOG, encode_batch(Generation(gen), floor, after, list(records)))


def state(*, online: bool, sess: str) -> Message:
    body = BenchState(online=online, sess=sess, reason=StateReason.RUN if online else StateReason.LOST)
    return Message(f"sb/v1/{A}/up/state", msgspec.json.encode(body))


def test_stores_a_batch_once_and_commits_each_time_it_comes(rig: Rig) -> None:
    batch = log(0, record(1, PowerMinute(soc_pct=71.5)), record(2, Event(kind="boot")), record(3, PLAY))
    rig.take(batch)
    rig.take(batch)
    commit = (f"sb/v1/{A}/dn/commit", b'{"gen":"k3f9","upto":3}')
    assert rig.source.sent == [commit, commit]
    assert (rig.count(EventRow), rig.count(PlayRow), rig.marks()) == (1, 1, {"k3f9": 3})
    assert rig.store.series(A, ["soc_pct"], NOW, NOW + 1, 60).values == {"soc_pct": [71.5]}


def test_redelivery_after_a_lost_mark_doubles_nothing(rig: Rig) -> None:
    batch = log(0, record(1, Event(kind="boot")), record(2, PLAY), record(3, PowerMinute(soc_pct=5)))
    rig.take(batch)
    with rig.engine.begin() as connection:  # as if the worker had died before its SQL commit (FL-T4)
        connection.execute(delete(OutboxMark))
    rig.take(batch)
    assert (rig.count(EventRow), rig.count(PlayRow), rig.marks()) == (1, 1, {"k3f9": 3})


def test_batch_behind_a_gap_is_not_stored_and_the_answer_names_the_mark(rig: Rig) -> None:
    rig.take(log(0, record(1, Event(kind="a"))))
    rig.take(log(5, record(6, Event(kind="b"))))
    assert (rig.count(EventRow), rig.source.sent[-1][1]) == (1, b'{"gen":"k3f9","upto":1}')
    rig.take(log(5, record(6, Event(kind="b")), floor=5))  # the bench dropped 2 to 5
    assert (rig.count(EventRow), rig.marks()) == (2, {"k3f9": 6})


def test_new_generation_counts_from_its_own_start(rig: Rig) -> None:
    rig.take(log(0, record(1, Event(kind="a"))), log(0, record(1, Event(kind="a"), gen="zzzz"), gen="zzzz"))
    assert rig.marks() == {"k3f9": 1, "zzzz": 1}
    assert rig.count(EventRow) == 2


def test_garbage_is_set_aside_and_never_blocks_what_came_with_it(rig: Rig) -> None:
    huge = record(4, PowerMinute(panel_power_w=1e300))
    future = record(5, Event(kind="f"), ts=NOW * 2)
    bad = [b'{"seq":1,"x":2}', b"7", record(2, PLAY).replace(b'"play/1"', b'"play/9"')]
    rig.take(
        Message("sb/v1/nobody/up/log", b"x"),
        Message("sb/v1/zzzzzzzzzzzz/up/log", b"x"),
        Message(LOG, b"\xff" * 5000),
        Message(LOG, b"[" * 30_000),
        log(0, *bad, record(3, Event(kind="nul\0", text="x" * 999)), huge, future),
    )
    found = rig.quarantined()
    counts = {key: row.count for key, row in found.items()}
    assert counts == {
        ("-", "topic"): 1, ("-", "bench"): 1, (A, "batch"): 2,
        (A, "envelope"): 2, (A, "body"): 2, (A, "range"): 1,
    }  # fmt: skip
    assert max(len(row.sample) for row in found.values()) <= 2048
    assert (rig.count(EventRow), rig.marks()) == (1, {"k3f9": 5})


def test_batch_of_nothing_but_unreadable_records_is_passed(rig: Rig) -> None:
    rig.take(log(0, b'{"seq":1}', b'{"seq":2}'))
    assert rig.marks() == {"k3f9": 2}


def test_will_of_an_older_session_changes_nothing(rig: Rig) -> None:
    def online() -> bool:
        with open_sessions(rig.engine)() as session:
            return get_bench(session, rig.store, A).online

    rig.take(state(online=True, sess=f"{NOW}-a"))
    rig.take(state(online=True, sess=f"{NOW + 9}-b"), state(online=False, sess=f"{NOW}-a"))
    assert online()
    rig.take(state(online=False, sess=f"{NOW + 9}-b"))
    assert not online()


def test_live_sample_shows_on_the_bench_and_marks_it_seen(rig: Rig) -> None:
    rig.take(Message(f"sb/v1/{A}/up/tele/power", b'{"soc_pct":64.0,"tier":"eco"}'))
    with open_sessions(rig.engine)() as session:
        bench = get_bench(session, rig.store, A)
    assert (bench.battery_soc_pct, bench.energy_tier) == (64.0, "eco")
    assert bench.last_seen is not None


def outlook(expected_wh: float) -> Outlook:
    return Outlook(slots=[OutlookSlot(at=NOW, expected_wh=expected_wh, tier=EnergyTier.ECO)])


def test_of_documents_only_the_newest_is_kept_in_whatever_order_they_come(rig: Rig) -> None:
    rig.take(
        log(0, record(1, outlook(1.0), ts=NOW), record(2, outlook(3.0), ts=NOW + 2), record(3, outlook(2.0)))
    )
    rig.take(log(3, record(4, outlook(0.5), ts=NOW + 1)))
    with open_sessions(rig.engine)() as session:
        row = newest_document(session, A, "outlook/1")
        assert row is not None
        assert msgspec.json.decode(row.body, type=Outlook) == outlook(3.0)
        assert newest_document(session, A, "meters/1") is None
    assert rig.marks() == {"k3f9": 4}


def test_panel_size_of_the_birth_is_kept(rig: Rig) -> None:
    for panel_wp in (None, 120.0):
        birth = Birth(agent_version="1", gen="k3f9", boot="b", schemas=[], panel_wp=panel_wp)
        rig.take(Message(f"sb/v1/{A}/up/birth", msgspec.json.encode(birth)))
        with open_sessions(rig.engine)() as session:
            assert session.get_one(Bench, A).panel_wp == panel_wp


def test_store_that_is_away_is_waited_for_and_commit_comes_only_after(rig: Rig) -> None:
    rig.store.failures = 1
    rig.take(log(0, record(1, PowerMinute(soc_pct=5))))
    assert rig.store.failures == 0
    assert len(rig.source.sent) == 1


def test_desired_is_published_until_the_broker_took_it(rig: Rig) -> None:
    sessions = open_sessions(rig.engine)
    with sessions.begin() as session:
        revise_desired(session, A, lambda desired: desired)
    rounds = []
    for broken in (True, False, False):
        rig.source.broken = broken
        with sessions.begin() as session:
            rounds.append(publish_pending_desired(session, rig.source.publish_confirmed))
    assert rounds == [0, 1, 0]
    assert rig.source.sent == [(f"sb/v1/{A}/dn/desired", msgspec.json.encode(Desired(rev=1)))]


def test_lists_go_newest_first_and_on_by_cursor(rig: Rig) -> None:
    rig.take(log(0, *(record(n, Event(kind=f"e{n}"), ts=NOW + n % 2) for n in range(1, 6))))
    kinds, cursor = [], None
    with open_sessions(rig.engine)() as session:
        while True:
            page = service.events(session, A, cursor=cursor, limit=2)
            kinds += [one.kind for one in page.items]
            cursor = page.next
            if cursor is None:
                break
    assert kinds == ["e5", "e3", "e1", "e4", "e2"]


def test_play_hours_add_up_what_was_shown(rig: Rig) -> None:
    rig.take(log(0, record(1, PLAY), record(2, PLAY), record(3, PLAY, ts=NOW - 3_600_000)))
    with open_sessions(rig.engine)() as session:
        hours = service.play_hours(session, A, NOW - 7_200_000, NOW + 1)
    assert [(hour.shown_ms, hour.plays) for hour in hours] == [(29_000, 1), (58_000, 2)]
