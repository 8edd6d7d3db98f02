import queue
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from bench_agent.wire import topics
from bench_agent.wire.ids import BenchId
from bench_agent.wire.topics import Channel
from fleet_server.errors import BrokerError
from fleet_server.kit.embedded_broker import SERVER_USER, BrokerUser, EmbeddedBroker
from tests.broker import free_port

ONE = BenchId("tgx000000001")
TWO = BenchId("tgx000000002")
USERS = [BrokerUser(SERVER_USER, "server-pw"), BrokerUser(ONE, "one-pw"), BrokerUser(TWO, "two-pw")]


class Peer:
    """A client that shows what it was granted and what it received."""

    def __init__(self, broker: EmbeddedBroker, user: BrokerUser) -> None:
        self.received: queue.Queue[tuple[str, bytes]] = queue.Queue()
        self.suback: queue.Queue[bool] = queue.Queue()
        self.connack: queue.Queue[bool] = queue.Queue()
        self.client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=user.name)
        self.client.username_pw_set(user.name, user.password)
        self.client.on_connect = lambda *args: self.connack.put(not args[3].is_failure)
        self.client.on_subscribe = lambda *args: self.suback.put(not args[3][0].is_failure)
        self.client.on_message = lambda _c, _u, message: self.received.put(
            (message.topic, bytes(message.payload))
        )
        self.client.connect(broker.host, broker.port)
        self.client.loop_start()

    def subscribe(self, topic: str) -> bool:
        self.client.subscribe(topic, qos=1)
        return self.suback.get(timeout=10)

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        self.client.publish(topic, payload, qos=1, retain=retain).wait_for_publish(timeout=10)


@contextmanager
def connected(broker: EmbeddedBroker, user: BrokerUser) -> Iterator[Peer]:
    peer = Peer(broker, user)
    try:
        assert peer.connack.get(timeout=10)
        yield peer
    finally:
        peer.client.disconnect()
        peer.client.loop_stop()


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[EmbeddedBroker]:
    broker = EmbeddedBroker(tmp_path, free_port(), USERS)
    broker.start()
    yield broker
    broker.kill()


def test_server_and_bench_hear_each_other_fl_b1(broker: EmbeddedBroker) -> None:
    with connected(broker, USERS[0]) as server, connected(broker, USERS[1]) as bench:
        assert server.subscribe(topics.ALL_UPLINKS)
        assert bench.subscribe(f"{topics.ROOT}/{ONE}/dn/#")
        bench.publish(topics.build(ONE, Channel.LOG), b"batch")
        server.publish(topics.build(ONE, Channel.COMMIT), b"commit")
        assert server.received.get(timeout=10) == (topics.build(ONE, Channel.LOG), b"batch")
        assert bench.received.get(timeout=10) == (topics.build(ONE, Channel.COMMIT), b"commit")


def test_a_bench_can_neither_speak_nor_listen_for_another_fl_b1(broker: EmbeddedBroker) -> None:
    with connected(broker, USERS[0]) as server, connected(broker, USERS[2]) as thief:
        assert server.subscribe(topics.ALL_UPLINKS)
        assert not thief.subscribe(f"{topics.ROOT}/{ONE}/dn/#")
        thief.publish(topics.build(ONE, Channel.LOG), b"forged")
        thief.publish(topics.build(TWO, Channel.LOG), b"own")
        assert server.received.get(timeout=10) == (topics.build(TWO, Channel.LOG), b"own")
        assert server.received.empty()


def test_retained_state_survives_kill_9_of_the_broker_fl_b1(broker: EmbeddedBroker) -> None:
    with connected(broker, USERS[0]) as server:
        server.publish(topics.build(ONE, Channel.DESIRED), b"revision 1", retain=True)
    # It acknowledges a little before it has written: what a kill takes in between, ingest publishes anew.
    time.sleep(1)
    broker.kill()
    broker.start()
    with connected(broker, USERS[1]) as bench:
        assert bench.subscribe(f"{topics.ROOT}/{ONE}/dn/#")
        assert bench.received.get(timeout=10) == (topics.build(ONE, Channel.DESIRED), b"revision 1")


def test_a_wrong_password_is_refused(broker: EmbeddedBroker) -> None:
    peer = Peer(broker, BrokerUser(ONE, "guess"))
    try:
        assert not peer.connack.get(timeout=10)
    finally:
        peer.client.disconnect()
        peer.client.loop_stop()


def test_a_taken_port_is_named_before_anything_starts(broker: EmbeddedBroker, tmp_path: Path) -> None:
    second = EmbeddedBroker(tmp_path / "second", broker.port)
    with pytest.raises(BrokerError, match=f"{broker.port} cannot be used"):
        second.start()


def test_passwords_stand_only_in_a_file_nobody_else_reads(broker: EmbeddedBroker, tmp_path: Path) -> None:
    assert (tmp_path / "nats.conf").stat().st_mode & 0o077 == 0
    assert "one-pw" not in (tmp_path / "nats.log").read_text()
