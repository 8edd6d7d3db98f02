"""The real agent process against a real broker; the server is a small consumer (FL-W2, FL-W4, FL-W8)."""

from __future__ import annotations

import contextlib
import queue
import signal
import sqlite3
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Self

import msgspec
import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from bench_agent.wire import topics
from bench_agent.wire.envelope import Commit, Envelope, body_of, decode_batch, decode_record
from bench_agent.wire.event import Event
from bench_agent.wire.ids import BenchId
from bench_agent.wire.presence import BenchState, Birth, StateReason
from tests.broker import Broker, running_broker

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BENCH = BenchId("7h3k9m2p5q8r")
_PATIENCE_S = 30.0


class Consumer:
    """Stands in for ingest: keeps the mark per generation and answers every batch with it."""

    def __init__(self, broker: Broker) -> None:
        self.records: dict[tuple[str, int], Envelope] = {}
        self.states: queue.Queue[BenchState] = queue.Queue()
        self.births: queue.Queue[Birth] = queue.Queue()
        self.stored: queue.Queue[Envelope] = queue.Queue()
        self.unexpected: list[str] = []
        self.commits = True
        self._marks: dict[str, int] = {}
        self._ready: queue.Queue[bool] = queue.Queue()
        self._client = paho.Client(CallbackAPIVersion.VERSION2, client_id="test-ingest")
        self._client.on_connect = lambda client, *_: client.subscribe(topics.ALL_UPLINKS, qos=1)
        self._client.on_subscribe = lambda *_: self._ready.put(item=True)
        self._client.on_message = lambda _client, _user, message: self._take(message)
        self._client.connect(broker.host, broker.port)
        self._client.loop_start()
        self._ready.get(timeout=_PATIENCE_S)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()
        assert self.unexpected == []

    def next_event(self) -> Envelope:
        return self.stored.get(timeout=_PATIENCE_S)

    def _take(self, message: paho.MQTTMessage) -> None:
        payload = bytes(message.payload)
        match topics.parse(message.topic).channel:
            case topics.Channel.STATE:
                self.states.put(msgspec.json.decode(payload, type=BenchState))
            case topics.Channel.BIRTH:
                self.births.put(msgspec.json.decode(payload, type=Birth))
            case topics.Channel.LOG:
                self._store(payload)
            case topics.Channel.TELE:
                pass  # a live sample comes every 5 s: a slow start meets it, a fast one does not
            case _:
                self.unexpected.append(message.topic)  # an exception here would end paho's thread unheard

    def _store(self, payload: bytes) -> None:
        batch = decode_batch(payload)
        mark = max(self._marks.get(batch.gen, 0), batch.floor)
        if batch.after <= mark:
            for record in map(decode_record, batch.records):
                if record.seq > mark:
                    self.records[record.gen, record.seq] = record
                    self.stored.put(record)
                    mark = record.seq
        self._marks[batch.gen] = mark
        if self.commits:
            topic = topics.build(BENCH, topics.Channel.COMMIT)
            self._client.publish(topic, msgspec.json.encode(Commit(gen=batch.gen, upto=mark)), qos=1)


def write_config(folder: Path, broker_url: str) -> Path:
    config = folder / "bench.toml"
    config.write_text(
        f'bench_id = "{BENCH}"\ndata_dir = "{folder / "data"}"\nbroker_url = "{broker_url}"\n'
        "drain_wait_max_s = 0\nplay_write_interval_s = 0\nminute_write_interval_s = 0\n"
    )
    return config


@contextlib.contextmanager
def running_agent(config: Path) -> Iterator[subprocess.Popen[bytes]]:
    with (config.parent / "agent.log").open("ab") as log:
        command = [sys.executable, "-m", "bench_agent", "run", "--config", str(config)]
        process = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            yield process
        finally:
            process.kill()
            process.wait()


def stored_rows(folder: Path) -> list[int]:
    path = folder / "data" / "outbox.sqlite3"
    if not path.exists():
        return []
    with contextlib.closing(sqlite3.connect(path)) as db:
        try:
            return [seq for (seq,) in db.execute("SELECT seq FROM records ORDER BY seq")]
        except sqlite3.OperationalError:  # the agent is just creating the tables
            return []


def wait_for_rows(folder: Path, count: int) -> None:
    end = time.monotonic() + _PATIENCE_S
    while len(stored_rows(folder)) != count:
        assert time.monotonic() < end, (folder / "agent.log").read_text()
        time.sleep(0.05)


def kinds(records: list[Envelope]) -> list[str]:
    bodies = [body_of(record) for record in records]
    return [body.kind for body in bodies if isinstance(body, Event)]


def test_agent_announces_itself_reports_its_start_and_says_goodbye(tmp_path: Path) -> None:
    with (
        running_broker(tmp_path / "broker") as broker,
        Consumer(broker) as server,
        running_agent(write_config(tmp_path, broker.url)) as agent,
    ):
        online = server.states.get(timeout=_PATIENCE_S)
        birth = server.births.get(timeout=_PATIENCE_S)
        record = server.next_event()
        wait_for_rows(tmp_path, 0)  # the commit, and nothing else, deletes
        agent.send_signal(signal.SIGTERM)
        assert agent.wait(timeout=_PATIENCE_S) == 0
        offline = server.states.get(timeout=_PATIENCE_S)
    assert (online.online, online.reason) == (True, StateReason.RUN)
    assert birth.gen == record.gen
    assert "event/1" in birth.schemas
    assert (record.seq, kinds([record])) == (1, ["boot"])
    assert offline == BenchState(online=False, sess=online.sess, reason=StateReason.RUN)


def test_will_with_the_same_session_follows_a_killed_agent(tmp_path: Path) -> None:
    with (
        running_broker(tmp_path / "broker") as broker,
        Consumer(broker) as server,
        running_agent(write_config(tmp_path, broker.url)) as agent,
    ):
        online = server.states.get(timeout=_PATIENCE_S)
        agent.kill()
        will = server.states.get(timeout=_PATIENCE_S)
    assert will == BenchState(online=False, sess=online.sess, reason=StateReason.LOST)


def test_no_event_is_lost_when_the_agent_is_killed_again_and_again(tmp_path: Path) -> None:
    """Four agents die by SIGKILL before any commit; the fifth delivers every start once."""
    with running_broker(tmp_path / "broker") as broker:
        config = write_config(tmp_path, broker.url)
        with Consumer(broker) as deaf:
            deaf.commits = False
            for run in range(1, 5):
                with running_agent(config) as agent:
                    wait_for_rows(tmp_path, run)
                    agent.kill()
        with Consumer(broker) as server, running_agent(config):
            received = [server.next_event() for _ in range(5)]
            wait_for_rows(tmp_path, 0)
            assert len(server.records) == 5
    assert [record.seq for record in received] == [1, 2, 3, 4, 5]
    assert kinds(received) == ["boot"] * 5


def test_agent_starts_without_a_broker_and_delivers_once_there_is_one(tmp_path: Path) -> None:
    with running_broker(tmp_path / "broker") as broker:
        broker.kill()
        with running_agent(write_config(tmp_path, broker.url)):
            wait_for_rows(tmp_path, 1)
            broker.restart()
            with Consumer(broker) as server:
                assert kinds([server.next_event()]) == ["boot"]
                wait_for_rows(tmp_path, 0)
