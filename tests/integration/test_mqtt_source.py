"""Ingest's subscription on the real broker: what it has not fetched yet waits in the broker (FL-B2)."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from bench_agent.wire import topics
from bench_agent.wire.topics import Delivery
from fleet_server.kit.broker import MqttSource
from fleet_server.kit.embedded_broker import UNACKNOWLEDGED_MAX
from tests.broker import running_broker

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fleet_server.kit.embedded_broker import EmbeddedBroker

LOG = "sb/v1/0123456789ab/up/log"
COUNT = 3 * UNACKNOWLEDGED_MAX


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[EmbeddedBroker]:
    with running_broker(tmp_path) as broker:
        yield broker


@pytest.fixture
def source(broker: EmbeddedBroker) -> Iterator[MqttSource]:
    source = MqttSource(broker.url)
    source.start()
    assert source.wait_ready(20)
    yield source
    source.stop()


@pytest.fixture
def bench(broker: EmbeddedBroker) -> Iterator[paho.Client]:
    client = paho.Client(CallbackAPIVersion.VERSION2)
    client.connect(broker.host, broker.port)
    client.loop_start()
    yield client
    client.disconnect()
    client.loop_stop()


def receive_all(source: MqttSource, count: int) -> list[bytes]:
    end_s = time.monotonic() + 20
    found: list[bytes] = []
    while len(found) < count and time.monotonic() < end_s:
        found += [message.payload for message in source.receive(100, 0.1)]
    return found


def test_messages_nobody_fetched_wait_in_the_broker_and_all_come_in_order(
    source: MqttSource, bench: paho.Client
) -> None:
    payloads = [b"%d" % number for number in range(COUNT)]
    for sent in [bench.publish(LOG, payload, 1) for payload in payloads]:
        sent.wait_for_publish(20)
    time.sleep(0.5)
    assert source.waiting <= UNACKNOWLEDGED_MAX
    assert receive_all(source, COUNT) == payloads
    assert source.dropped == 0


def test_source_goes_on_after_the_broker_was_away(
    source: MqttSource, bench: paho.Client, broker: EmbeddedBroker
) -> None:
    for payload in [b"%d" % number for number in range(COUNT)]:
        bench.publish(LOG, payload, 1).wait_for_publish(20)
    broker.kill()
    broker.start()
    end_s = time.monotonic() + 20
    while not (source.wait_ready(1) and bench.is_connected()):
        assert time.monotonic() < end_s
    source.publish_confirmed(topics.SERVER_STATE, b"{}", Delivery(1, retain=True))
    bench.publish(LOG, b"after", 1).wait_for_publish(20)
    assert b"after" in receive_all(source, COUNT + 1)
