"""Keeps one session with the broker: connect, say who we are, hand on what arrives (FL-W2)."""

from collections.abc import Callable
from enum import StrEnum

import msgspec
import structlog

from bench_agent.domain.backoff import next_delay_s
from bench_agent.ports.clock import Clock
from bench_agent.ports.uplink import Arrival, Uplink, UplinkError
from bench_agent.wire.presence import BenchState, Birth, StateReason
from bench_agent.wire.topics import Channel

_log = structlog.get_logger(__name__)


class Link(StrEnum):
    """Whether there is a session."""

    UP = "up"
    DOWN = "down"


class UplinkService:
    """Owns the session; others listen to channels and to the link itself."""

    def __init__(self, uplink: Uplink, clock: Clock, birth: Birth, random: Callable[[], float]) -> None:
        self._uplink = uplink
        self._clock = clock
        self._birth = birth
        self._random = random
        self._sess = ""
        self._listeners: dict[Channel, Callable[[Arrival], None]] = {}
        self._link_listeners: list[Callable[[Link], None]] = []

    def listen(self, channel: Channel, listener: Callable[[Arrival], None]) -> None:
        """Call ``listener`` with every message of ``channel``; it must not block or raise."""
        self._listeners[channel] = listener

    def listen_link(self, listener: Callable[[Link], None]) -> None:
        """Call ``listener`` when the session begins and when it ends."""
        self._link_listeners.append(listener)

    async def run(self) -> None:
        """Connect for ever; an outage is logged once when it starts and once when it ends."""
        failures = 0
        down_since_ms: int | None = None
        while True:
            try:
                await self._connect()
                if down_since_ms is not None:
                    _log.info("uplink_back", outage_ms=self._clock.monotonic_ms() - down_since_ms)
                failures, down_since_ms = 0, None
                await self._hand_on()
            except UplinkError as err:
                failures += 1
                if down_since_ms is None:
                    down_since_ms = self._clock.monotonic_ms()
                    _log.warning("uplink_lost", cause=str(err))
            await self._clock.sleep(next_delay_s(failures, self._random()))

    async def leave(self, reason: StateReason, wake_at_ms: int | None = None) -> None:
        """Say why the bench goes dark and when it means to return, and end the session, if there is one."""
        try:
            self._say(online=False, reason=reason, wake_at_ms=wake_at_ms)
        except UplinkError:
            return
        finally:
            await self._uplink.close()

    async def _connect(self) -> None:
        self._sess = f"{self._clock.now_ms():013d}-{int(self._random() * 0x10000):04x}"
        await self._uplink.connect(BenchState(online=False, sess=self._sess, reason=StateReason.LOST))
        self._say(online=True, reason=StateReason.RUN)
        self._uplink.publish(Channel.BIRTH, msgspec.json.encode(self._birth))
        self._tell(Link.UP)

    async def _hand_on(self) -> None:
        try:
            while True:
                arrival = await self._uplink.receive()
                listener = self._listeners.get(arrival.channel)
                if listener is not None:
                    listener(arrival)
        finally:
            self._tell(Link.DOWN)

    def _say(self, *, online: bool, reason: StateReason, wake_at_ms: int | None = None) -> None:
        state = BenchState(online=online, sess=self._sess, reason=reason, wake_at=wake_at_ms)
        self._uplink.publish(Channel.STATE, msgspec.json.encode(state))

    def _tell(self, link: Link) -> None:
        for listener in self._link_listeners:
            listener(link)
