"""Uplink over MQTT 3.1.1 with paho-mqtt: one client object per session.

paho runs its own thread; everything it reports crosses into asyncio through
``call_soon_threadsafe``. It never reconnects by itself: retries belong to the service.
"""

import asyncio
import contextlib
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import paho.mqtt.client as paho
import structlog
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.reasoncodes import ReasonCode

from bench_agent.ports.uplink import Arrival, UplinkError
from bench_agent.wire import topics
from bench_agent.wire.ids import BenchId
from bench_agent.wire.presence import BenchState
from bench_agent.wire.topics import Channel

KEEPALIVE_S = 60
CONNECT_TIMEOUT_S = 10.0
GOODBYE_S = 3.0

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerAddress:
    """Where the broker is and who we are to it."""

    host: str
    port: int
    username: str = ""
    password: str = ""
    tls: bool = False
    ca_file: Path | None = None
    """Certificate authority of the broker; None uses the system's."""
    certificate_file: Path | None = None
    key_file: Path | None = None


class MqttUplink:
    """One MQTT session at a time for one bench."""

    def __init__(self, address: BrokerAddress, bench: BenchId) -> None:
        self._address = address
        self._bench = bench
        self._session: _Session | None = None

    async def connect(self, will: BenchState) -> None:
        """Open a session with ``will`` as its last word and subscribe to ``dn/#``."""
        await self._drop()
        session = _Session(self._address, self._bench, will)
        try:
            await session.open()
        except BaseException:
            await session.stop()
            raise
        self._session = session

    def publish(self, channel: Channel, payload: bytes, leaf: str = "") -> None:
        """Hand one message to paho with the channel's QoS and retain flag."""
        if self._session is None:
            raise UplinkError("no session with the broker")
        self._session.publish(channel, payload, leaf)

    async def receive(self) -> Arrival:
        """Wait for the next message from the server."""
        if self._session is None:
            raise UplinkError("no session with the broker")
        arrival = await self._session.arrivals.get()
        if isinstance(arrival, UplinkError):
            await self._drop()
            raise arrival
        return arrival

    async def close(self) -> None:
        """Wait up to 3 s for what is under way, then disconnect."""
        if self._session is not None:
            await self._session.settle()
        await self._drop()

    async def _drop(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            await session.stop()


class _Session:
    """One paho client from connect to disconnect."""

    def __init__(self, address: BrokerAddress, bench: BenchId, will: BenchState) -> None:
        self.arrivals: asyncio.Queue[Arrival | UplinkError] = asyncio.Queue()
        self._address = address
        self._bench = bench
        self._loop = asyncio.get_running_loop()
        self._accepted: asyncio.Future[None] = self._loop.create_future()
        self._stopped = False
        self._last: paho.MQTTMessageInfo | None = None
        self._client = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id=bench,
            clean_session=True,
            protocol=paho.MQTTv311,
            reconnect_on_failure=False,
        )
        self._client.connect_timeout = CONNECT_TIMEOUT_S
        if address.username:
            self._client.username_pw_set(address.username, address.password or None)
        delivery = topics.DELIVERY[Channel.STATE]
        self._client.will_set(
            topics.build(bench, Channel.STATE), msgspec.json.encode(will), delivery.qos, delivery.retain
        )
        self._client.on_connect = self._on_connect
        self._client.on_subscribe = self._on_subscribe
        self._client.on_message = self._on_message
        self._client.on_disconnect = self._on_disconnect

    async def open(self) -> None:
        """Connect and wait until the broker has accepted us and our subscription."""
        try:
            await asyncio.to_thread(self._dial)
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                await self._accepted
        except TimeoutError as err:
            raise UplinkError("the broker did not answer in time") from err
        except (OSError, ValueError) as err:
            raise UplinkError(f"no broker at {self._address.host}:{self._address.port}: {err}") from err

    def publish(self, channel: Channel, payload: bytes, leaf: str) -> None:
        delivery = topics.DELIVERY[channel]
        sent = self._client.publish(
            topics.build(self._bench, channel, leaf), payload, delivery.qos, delivery.retain
        )
        if sent.rc != paho.MQTT_ERR_SUCCESS:
            raise UplinkError(f"not sent: {paho.error_string(sent.rc)}")
        self._last = sent

    async def settle(self) -> None:
        """Wait up to 3 s for the acknowledgement of the last message."""
        if self._last is not None:
            with contextlib.suppress(ValueError, RuntimeError):  # the session ended meanwhile
                await asyncio.to_thread(self._last.wait_for_publish, GOODBYE_S)

    async def stop(self) -> None:
        """Disconnect and end paho's thread."""
        self._client.on_disconnect = None
        await asyncio.to_thread(self._hang_up)
        if self._accepted.done() and not self._accepted.cancelled():
            self._accepted.exception()  # seen: asyncio would warn otherwise

    def _dial(self) -> None:
        address = self._address
        if address.tls:
            context = ssl.create_default_context(cafile=address.ca_file)
            if address.certificate_file is not None:
                context.load_cert_chain(address.certificate_file, address.key_file)
            self._client.tls_set_context(context)
        self._client.connect(address.host, address.port, keepalive=KEEPALIVE_S)
        if not self._stopped:
            self._client.loop_start()

    def _hang_up(self) -> None:
        self._stopped = True  # a dial still under way must not start a thread
        self._client.disconnect()
        self._client.loop_stop()

    def _tell(self, arrival: Arrival | UplinkError) -> None:
        if isinstance(arrival, UplinkError) and not self._accepted.done():
            self._accepted.set_exception(arrival)
        self.arrivals.put_nowait(arrival)

    def _call(self, what: Any, *values: object) -> None:  # noqa: ANN401 - any callable
        with contextlib.suppress(RuntimeError):  # the event loop has ended before paho's thread
            self._loop.call_soon_threadsafe(what, *values)

    def _on_connect(
        self, _client: paho.Client, _user: object, _flags: object, code: ReasonCode, *_: object
    ) -> None:
        if code.is_failure:
            self._call(self._tell, UplinkError(f"the broker refused us: {code}"))
            return
        self._client.subscribe(f"{topics.ROOT}/{self._bench}/dn/#", qos=1)

    def _on_subscribe(self, *_: object) -> None:
        self._call(self._accept)

    def _accept(self) -> None:
        if not self._accepted.done():
            self._accepted.set_result(None)

    def _on_disconnect(
        self, _client: paho.Client, _user: object, _flags: object, code: ReasonCode, *_: object
    ) -> None:
        self._call(self._tell, UplinkError(f"the session ended: {code}"))

    def _on_message(self, _client: paho.Client, _user: object, message: paho.MQTTMessage) -> None:
        try:
            topic = topics.parse(message.topic)
        except topics.TopicError as err:
            _log.warning("topic_unknown", cause=str(err))
            return
        self._call(self._tell, Arrival(topic.channel, topic.leaf, bytes(message.payload)))
