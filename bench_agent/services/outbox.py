"""Records on their way to the server: numbered, stored, sent until the server confirms them.

Decides when to send (``domain.drain``); does not connect. Source: docs/spec/fleet.md sections 1 and 8.
"""

import asyncio
from collections.abc import Callable

import msgspec
import structlog

from bench_agent.domain.drain import Drain, after_commit, after_pause, after_send, may_send, open_drain
from bench_agent.ports.clock import Clock
from bench_agent.ports.outbox import Draft, Outbox, RecordClass
from bench_agent.ports.uplink import Arrival, Uplink, UplinkError
from bench_agent.services.uplink import Link
from bench_agent.wire.envelope import Body, WireError, decode_commit, encode_batch
from bench_agent.wire.event import Event, Severity
from bench_agent.wire.play import Play
from bench_agent.wire.topics import Channel
from media.schedule import State

_BUSY_S = 0.1
_IDLE_S = 1.0
_DROP_REPORT_MS = 3_600_000

_log = structlog.get_logger(__name__)


class OutboxService:
    """Takes records from the other services and brings them to the server."""

    def __init__(
        self,
        outbox: Outbox,
        uplink: Uplink | None,
        clock: Clock,
        boot: str,
        drain_wait_s: Callable[[], float] = lambda: 0.0,
    ) -> None:
        """Without ``uplink`` records are only kept; ``drain_wait_s`` is asked once per session."""
        self._outbox = outbox
        self._uplink = uplink
        self._clock = clock
        self._boot = boot
        self._drain_wait_s = drain_wait_s
        self._drain: Drain | None = None
        self._wake = asyncio.Event()
        self._reported_drops = outbox.dropped
        self._report_drops_from_ms = 0

    def emit_play(self, play: Play, started_at_ms: int, state: State) -> None:
        """Take one play, stamped with the wall time it started, and the scheduler's state after it."""
        age_ms = max(0, self._clock.now_ms() - started_at_ms)
        self.emit(play, age_ms, msgspec.json.encode(state))

    def scheduler_state(self) -> State:
        """The state that came with the newest play; an empty one when there is none that can be read."""
        raw = self._outbox.state
        if raw is None:
            return State()
        try:
            return msgspec.json.decode(raw, type=State)
        except (msgspec.DecodeError, UnicodeDecodeError) as err:
            _log.warning("scheduler_state_unreadable", cause=str(err))
            return State()

    def emit(self, body: Body, age_ms: int = 0, state: bytes | None = None) -> None:
        """Take one record of ``age_ms`` ago; an event is on disk on return.

        ``state`` is what the sender must find again after a restart if, and only if, the record survives.

        Raises:
            OutboxError: The disk refused it.
        """
        match body:
            case Event():
                record_class = RecordClass.EVENT
            case Play():
                record_class = RecordClass.PLAY
            case _:
                record_class = RecordClass.MINUTE
        draft = Draft(
            body=body,
            boot=self._boot,
            up_ms=max(0, self._clock.monotonic_ms() - age_ms),
            ts_ms=self._clock.now_ms() - age_ms,
            quality=self._clock.quality(),
            state=state,
        )
        self._outbox.append(record_class, draft)
        self._wake.set()

    def flush(self) -> None:
        """Write everything that waits in memory: before sleep, shutdown or at low battery."""
        self._outbox.flush()
        self._wake.set()

    def count(self) -> int:
        """Records that wait for the server."""
        return self._outbox.count()

    def follow_link(self, link: Link) -> None:
        """Start or stop sending with the session; the first batch of a session waits (FL-W8)."""
        if link is Link.DOWN:
            self._drain = None
            return
        wait_ms = int(self._drain_wait_s() * 1000)
        self._drain = open_drain(self._outbox.floor(), self._clock.monotonic_ms(), wait_ms)
        self._wake.set()

    def accept_commit(self, arrival: Arrival) -> None:
        """Delete what the server confirmed; a commit of another generation means nothing to us."""
        try:
            commit = decode_commit(arrival.payload)
        except WireError as err:
            _log.warning("commit_unreadable", cause=str(err))
            return
        if commit.gen != self._outbox.gen:
            return
        self._outbox.commit(commit.upto)
        if self._drain is not None:
            self._drain = after_commit(self._drain, commit.upto, self._clock.monotonic_ms())
        self._wake.set()

    async def run(self) -> None:
        """Write what is due and send what may go, for ever."""
        while True:
            self._wake.clear()
            self._outbox.write_due(self._clock.monotonic_ms())
            self._report_drops()
            sent = self._send_next()
            if sent:
                await self._clock.sleep(_BUSY_S)
            else:
                await self._pause()

    def _send_next(self) -> bool:
        now_ms = self._clock.monotonic_ms()
        if self._drain is None or self._uplink is None:
            return False
        self._drain = after_pause(self._drain, now_ms)
        if not may_send(self._drain, now_ms):
            return False
        stretch = self._outbox.read_batch(self._drain.sent)
        if not stretch.records:
            return False
        floor = min(self._outbox.floor(), stretch.after)
        payload = encode_batch(self._outbox.gen, floor, stretch.after, stretch.records)
        try:
            self._uplink.publish(Channel.LOG, payload)
        except UplinkError:
            self._drain = None  # the session's end is on its way through ``follow_link``
            return False
        self._drain = after_send(self._drain, stretch.last, now_ms)
        return True

    def _report_drops(self) -> None:
        now_ms = self._clock.monotonic_ms()
        dropped = self._outbox.dropped
        if dropped == self._reported_drops or now_ms < self._report_drops_from_ms:
            return
        lost = dropped - self._reported_drops
        self._reported_drops = dropped
        self._report_drops_from_ms = now_ms + _DROP_REPORT_MS
        self.emit(
            Event(
                kind="outbox.dropped",
                severity=Severity.WARNING,
                text=f"Penyimpanan penuh: {lost} catatan lama dibuang.",
                facts={"dropped": lost},
            )
        )

    async def _pause(self) -> None:
        """Wait for a record, a commit or a session; at most a second."""
        waits = {
            asyncio.ensure_future(self._wake.wait()),
            asyncio.ensure_future(self._clock.sleep(_IDLE_S)),
        }
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
