"""The power board on a serial port: a meter, and the owner of the Pi's supply (POW-R7, R8, R47 to R55)."""

import asyncio
from collections.abc import Callable, Mapping
from typing import TypeVar

from typing_extensions import override

from bench_agent.adapters.power_board_frame import (
    UNFINISHED_MS,
    Ack,
    Flag,
    FrameDecoder,
    HaltNotice,
    Kind,
    Message,
    Result,
    Status,
    Version,
    encode,
    encode_limit,
    encode_maintenance,
    encode_query,
    encode_sleep,
)
from bench_agent.adapters.serial_meter import SerialMeter, no_reading
from bench_agent.domain.power_reading import CurrentScope, PowerReading, quality_of
from bench_agent.domain.supply import HaltRequest, SupplyLimit, SupplyState, SupplyStatus, SupplyVersion
from bench_agent.errors import SupplyBoardRefusedError
from bench_agent.ports.clock import Clock

BAUD = 115_200
ANSWER_WAIT_S = 0.5
TRIES = 3
LONGEST_MAINTENANCE_MIN = 240
_UNFINISHED_S = (UNFINISHED_MS + 1) / 1000
_LONGEST_U32 = 0xFFFF_FFFF
_FAULTS = {Flag.ON_DIVIDER: "ina226_lost", Flag.FLASH_FAILED: "flash_failed"}

_Answer = TypeVar("_Answer")


class PowerBoard(SerialMeter):
    """A ``PowerMeter`` and a ``SupplyBoard``. The port is opened by a call and read in the event loop."""

    def __init__(self, device: str, clock: Clock, max_age_s: float = 10.0) -> None:
        """``max_age_s``: what the board said longer ago is not known any more."""
        super().__init__(device, BAUD, clock, max_age_s)
        self._max_age_ms = round(max_age_s * 1000)
        self._decoder = FrameDecoder()
        self._status: SupplyStatus | None = None
        self._halt_request: HaltRequest | None = None
        self._garbage_ms: int | None = None
        """When bytes came that belong to no frame, unless a good frame came after them."""
        self._asking = asyncio.Lock()
        self._hear: Callable[[Message], None] | None = None

    @property
    def status(self) -> SupplyStatus | None:
        """The board's last word; None when it is too old or there is none."""
        return self._status if self._status and self._is_fresh(self._status.seen_at_ms) else None

    @property
    def halt_request(self) -> HaltRequest | None:
        """The halt the board asks for; None when it asks for none."""
        request = self._halt_request
        return request if request and self._is_fresh(request.seen_at_ms) else None

    @override
    async def close(self) -> None:
        await super().close()
        self._status = self._halt_request = None

    @override
    def error_counts(self) -> Mapping[str, int]:
        return {
            "outages": self._port.outage.count,
            "bad_frames": self._decoder.bad_frames,
            "foreign_frames": self._decoder.foreign,
        }

    @override
    def diagnostics(self) -> Mapping[str, str]:
        status = self.status
        if status is None:
            return {}
        late = " (timeout)" if status.timed_out else ""
        return {
            "state": status.state.value,
            "reason": status.reason.value + late,
            "uptime": f"{status.uptime_s} s",
        }

    async def heartbeat(self) -> None:
        """Tell that the agent is well; due every 10 s. Waits for nothing."""
        self._send(encode(Kind.HEARTBEAT))

    async def sleep(self, seconds: int, *, critical: bool) -> None:
        """Ask to be dark for ``seconds``; the board makes it a day at most."""
        await self._order(Kind.SLEEP, encode_sleep(_u32(seconds), critical=critical))

    async def halted(self) -> None:
        """Tell that the file systems are read-only: the supply ends here."""
        await self._order(Kind.HALTED, encode(Kind.HALTED))

    async def maintenance(self, minutes: int) -> None:
        """Announce silence of up to ``minutes``, 0 to 240; 0 ends it."""
        if not 0 <= minutes <= LONGEST_MAINTENANCE_MIN:
            raise SupplyBoardRefusedError(
                f"maintenance of {minutes} min. Cure: 0 to {LONGEST_MAINTENANCE_MIN}."
            )
        await self._order(Kind.MAINTENANCE, encode_maintenance(minutes))

    async def set_limit(self, limit: SupplyLimit, value: int) -> None:
        """Move a limit and keep it in the board's flash."""
        await self._order(Kind.LIMIT, encode_limit(limit, _u32(value)))

    async def version(self) -> SupplyVersion:
        """Ask what the board is and how often it tried to boot."""

        def answer(message: Message) -> SupplyVersion | None:
            if not isinstance(message, Version):
                return None
            return SupplyVersion(
                protocol=message.protocol,
                firmware=message.firmware,
                reset_cause=message.reset_cause,
                attempts=message.attempts,
                last_off=message.last_off,
            )

        return await self._ask(encode_query(Kind.VERSION), answer)

    async def _order(self, kind: Kind, frame: bytes) -> None:
        def answer(message: Message) -> Result | None:
            return message.result if isinstance(message, Ack) and message.kind == kind else None

        result = await self._ask(frame, answer)
        if result is not Result.OK:
            word = result.name.lower().replace("_", " ")
            raise SupplyBoardRefusedError(f"{self._port.device} refused {kind.name.lower()}: {word}")

    async def _ask(self, frame: bytes, answer: Callable[[Message], _Answer | None]) -> _Answer:
        """Send ``frame`` until the board says what ``answer`` understands, three times at most."""
        async with self._asking:
            for _ in range(TRIES):
                answered: asyncio.Future[_Answer] = asyncio.get_running_loop().create_future()
                self._hear = _ears(answered, answer)
                try:
                    self._send(frame)
                    return await asyncio.wait_for(answered, ANSWER_WAIT_S)
                except TimeoutError:
                    continue
                finally:
                    self._hear = None
        raise no_reading(self._port.device, garbled=False)

    def _send(self, frame: bytes) -> None:
        if self._port.open():
            self._fields.clear()
            self._begin()
        self._port.send(frame)
        self._port.outage.check()

    @override
    def _begin(self) -> None:
        self._decoder.begin()
        self._status = self._halt_request = self._garbage_ms = None
        self._port.send(encode_query(Kind.STATUS))  # the next one by itself may be a second away

    @override
    async def _refresh(self) -> None:
        while self._port.is_open and self._known() is None:
            await self._port.wait()

    @override
    def _receive(self, chunk: bytes) -> None:
        self._garbage_ms = self._clock.monotonic_ms()
        self._decode(chunk)
        if self._decoder.waits:
            asyncio.get_running_loop().call_later(_UNFINISHED_S, self._decode, b"")

    def _decode(self, chunk: bytes) -> None:
        if not self._port.is_open:
            return
        now_ms = self._clock.monotonic_ms()
        for message in self._decoder.feed(chunk, now_ms):
            self._garbage_ms = None
            self._port.outage.end()
            self._take_message(message, now_ms)

    def _take_message(self, message: Message, now_ms: int) -> None:
        if self._hear is not None:
            self._hear(message)
        match message:
            case Status():
                self._status = _supply_status(message, now_ms)
                self._fields.clear()  # a STATUS is whole: what it does not know is not known
                self._fields.take(_measured(message, now_ms))
                if message.state is not SupplyState.HALTING:
                    self._halt_request = None
            case HaltNotice():
                self._halt_request = HaltRequest(
                    reason=message.reason, seconds_left=message.seconds_left, seen_at_ms=now_ms
                )
            case Ack() | Version():
                pass

    @override
    def _is_garbled(self) -> bool:
        return self._garbage_ms is not None and self._is_fresh(self._garbage_ms)

    def _is_fresh(self, at_ms: int) -> bool:
        return self._clock.monotonic_ms() - at_ms <= self._max_age_ms


def _measured(status: Status, now_ms: int) -> PowerReading:
    voltage = status.battery_mv / 1000 if status.battery_mv else None  # 0 is the board's word for not known
    current = status.battery_ma / 1000 if Flag.CURRENT_KNOWN in status.flags else None
    faults = [name for flag, name in _FAULTS.items() if flag in status.flags]
    if voltage is None:
        faults.append("voltage_unknown")
    return PowerReading(
        measured_at_ms=now_ms,
        quality=quality_of(voltage, current),
        battery_voltage_v=voltage,
        battery_current_a=current,
        current_scope=CurrentScope.NONE if current is None else CurrentScope.BATTERY,
        charge_in_mah=status.in_mah,
        charge_out_mah=status.out_mah,
        faults=tuple(faults),
    )


def _ears(
    answered: "asyncio.Future[_Answer]", answer: Callable[[Message], _Answer | None]
) -> Callable[[Message], None]:
    def hear(message: Message) -> None:
        found = answer(message)
        if found is not None and not answered.done():
            answered.set_result(found)

    return hear


def _supply_status(message: Status, now_ms: int) -> SupplyStatus:
    return SupplyStatus(
        state=message.state,
        reason=message.reason,
        timed_out=message.timed_out,
        in_maintenance=Flag.IN_MAINTENANCE in message.flags,
        backs_off=Flag.BACKS_OFF in message.flags,
        waits_for_wake=Flag.WAITS_FOR_WAKE in message.flags,
        uptime_s=message.uptime_s,
        seen_at_ms=now_ms,
    )


def _u32(value: int) -> int:
    if not 0 <= value <= _LONGEST_U32:
        raise SupplyBoardRefusedError(f"{value} does not fit in a frame. Cure: 0 to {_LONGEST_U32}.")
    return value
