"""MQTT through paho: subscription and publishing of the server's processes."""

from __future__ import annotations

import logging
import queue
import threading
import time
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

import msgspec
import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from bench_agent.wire import topics
from bench_agent.wire.presence import ServerState
from bench_agent.wire.topics import Delivery
from fleet_server.errors import BrokerError
from fleet_server.kit.ingest_source import Message

if TYPE_CHECKING:
    from paho.mqtt.properties import Properties
    from paho.mqtt.reasoncodes import ReasonCode

_LOG = logging.getLogger(__name__)
_KEEPALIVE_S = 60
_QUEUE_MESSAGES = 2_000
_CONFIRM_S = 5.0
_RECONNECT_MAX_S = 30
_PORT, _TLS_PORT = 1883, 8883
_RETAINED = Delivery(1, retain=True)


class _Held(NamedTuple):
    """A message and what acknowledges it; its number means something on its own connection only."""

    message: Message
    number: int
    qos: int
    connection: int


class MqttSource:
    """An ``IngestSource`` on one paho client, whose network runs in its own thread.

    A message is acknowledged when it is fetched, so that the broker's limit of unacknowledged messages
    bounds what waits here. What still does not fit is dropped and counted, because a bench keeps
    everything until ``dn/commit`` and sends it again (FL-W2).
    """

    def __init__(self, url: str, *, username: str = "", password: str = "", client_id: str = "") -> None:
        parts = urlsplit(url)
        self._host = parts.hostname or ""
        self._tls = parts.scheme == "mqtts"
        self._port = parts.port or (_TLS_PORT if self._tls else _PORT)
        self._queue: queue.Queue[_Held] = queue.Queue(_QUEUE_MESSAGES)
        self._connection = 0
        self._ready = threading.Event()
        self.dropped = 0
        client = paho.Client(
            CallbackAPIVersion.VERSION2, client_id=client_id, clean_session=True, manual_ack=True
        )
        client.will_set(topics.SERVER_STATE, _state(online=False), 1, retain=True)
        client.reconnect_delay_set(1, _RECONNECT_MAX_S)
        if username:
            client.username_pw_set(username, password)
        if self._tls:
            client.tls_set()
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message
        self._client = client

    def start(self) -> None:
        """Begin to connect, now and after every loss."""
        self._client.connect_async(self._host, self._port, _KEEPALIVE_S)
        self._client.loop_start()

    def wait_ready(self, seconds: float) -> bool:
        """Wait until subscribed; False when that did not happen in ``seconds``."""
        return self._ready.wait(seconds)

    def stop(self) -> None:
        """Say goodbye and close; messages still in the queue come again from the benches."""
        if self._ready.is_set():
            try:
                self.publish_confirmed(topics.SERVER_STATE, _state(online=False), _RETAINED)
            except BrokerError as err:
                _LOG.warning("goodbye not sent: %s", err)
        self._client.disconnect()
        self._client.loop_stop()

    @property
    def connection(self) -> int:
        """Number of the present connection; see ``IngestSource``."""
        return self._connection

    @property
    def waiting(self) -> int:
        """Messages nobody has fetched yet."""
        return self._queue.qsize()

    def receive(self, at_most: int, wait_s: float) -> list[Message]:
        """Up to ``at_most`` messages, collected for at most ``wait_s`` seconds."""
        end = time.monotonic() + wait_s
        messages: list[Message] = []
        while len(messages) < at_most:
            try:
                held = self._queue.get(timeout=max(0.0, end - time.monotonic()))
            except queue.Empty:
                break
            if held.connection == self._connection:
                self._client.ack(held.number, held.qos)
            messages.append(held.message)
        return messages

    def publish(self, topic: str, payload: bytes, delivery: Delivery) -> None:
        """Hand a message to the client; see ``IngestSource``."""
        sent = self._client.publish(topic, payload, delivery.qos, delivery.retain)
        if sent.rc != paho.MQTT_ERR_SUCCESS:
            raise BrokerError(f"{topic}: {paho.error_string(sent.rc)}")

    def publish_confirmed(self, topic: str, payload: bytes, delivery: Delivery) -> None:
        """Publish and wait for the broker's acknowledgement, at most 5 s; see ``IngestSource``."""
        sent = self._client.publish(topic, payload, delivery.qos, delivery.retain)
        try:
            sent.wait_for_publish(_CONFIRM_S)
        except (RuntimeError, ValueError) as err:
            raise BrokerError(f"{topic}: {err}") from err
        if not sent.is_published():
            raise BrokerError(f"{topic}: no acknowledgement in {_CONFIRM_S} s")

    def _on_connect(
        self,
        client: paho.Client,
        _userdata: object,
        _flags: paho.ConnectFlags,
        reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        if reason.is_failure:
            _LOG.warning("broker refuses the connection: %s", reason)
            return
        client.subscribe(topics.ALL_UPLINKS, qos=1)

    def _on_subscribe(self, client: paho.Client, *_: object) -> None:
        client.publish(topics.SERVER_STATE, _state(online=True), 1, retain=True)
        self._ready.set()

    def _on_disconnect(self, *_: object) -> None:
        self._ready.clear()
        self._connection += 1

    def _on_message(self, _client: paho.Client, _userdata: object, message: paho.MQTTMessage) -> None:
        try:
            topic = message.topic
        except UnicodeDecodeError:
            topic = "?"
        taken = Message(topic, bytes(message.payload), bool(message.retain))
        try:
            self._queue.put_nowait(_Held(taken, message.mid, message.qos, self._connection))
        except queue.Full:
            self.dropped += 1


def _state(*, online: bool) -> bytes:
    return msgspec.json.encode(ServerState(online=online))
