"""The power board on a serial port: a meter, and the owner of the Pi's supply (POW-R7, R8, R47 to R55)."""

import asyncio
import os
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

import serial

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
from bench_agent.domain.power_range import PowerRange, follows
from bench_agent.domain.power_reading import CurrentScope, PowerReading, ReadingQuality
from bench_agent.domain.supply import HaltRequest, SupplyLimit, SupplyState, SupplyStatus, SupplyVersion
from bench_agent.errors import (
    PowerMeterGarbledError,
    PowerMeterSilentError,
    PowerMeterUnreachableError,
    SupplyBoardRefusedError,
)
from bench_agent.ports.clock import Clock

BAUD = 115_200
FIRST_RETRY_MS, LONGEST_RETRY_MS = 1_000, 60_000
FIRST_STATUS_WAIT_S = 0.9
ANSWER_WAIT_S = 0.5
TRIES = 3
_UNFINISHED_S = (UNFINISHED_MS + 1) / 1000
_LONGEST_U32 = 0xFFFF_FFFF
_READ_BYTES = 4096
_FAULTS = {Flag.ON_DIVIDER: "ina226_lost", Flag.FLASH_FAILED: "flash_failed"}

_Answer = TypeVar("_Answer")


class PowerBoard:
    """A ``PowerMeter`` and a ``SupplyBoard``. The port is opened by a call and read in the event loop."""

    def __init__(self, device: str, clock: Clock, max_age_s: float = 10.0) -> None:
        """``max_age_s``: what the board said longer ago is not known any more."""
        self.decoder = FrameDecoder()
        """Counts what the line did to frames since the port was opened."""
        self.dropped_voltages = 0
        """Voltages no battery can have."""
        self._device = device
        self._clock = clock
        self._max_age_ms = int(max_age_s * 1000)
        self._port: serial.Serial | None = None
        self._retry_at_ms = 0
        self._retry_ms = FIRST_RETRY_MS
        self._reading: PowerReading | None = None
        self._status: SupplyStatus | None = None
        self._halt_request: HaltRequest | None = None
        self._last_voltage: tuple[float, int] | None = None
        self._last_byte_ms: int | None = None
        self._arrived = asyncio.Event()
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

    async def read(self) -> PowerReading:
        """Newest measurement; waits up to 0.9 s for the first one.

        Raises:
            PowerMeterUnreachableError: The port cannot be opened or went away.
            PowerMeterSilentError: No byte for ``max_age_s``, or none yet.
            PowerMeterGarbledError: Bytes, but no valid STATUS.
        """
        self._open()
        if self._fresh_reading() is None:
            self._arrived.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._arrived.wait(), FIRST_STATUS_WAIT_S)
        reading = self._fresh_reading()
        if reading is not None:
            return reading
        if self._port is None:
            raise PowerMeterUnreachableError(f"{self._device} went away")
        if self._last_byte_ms is not None and self._is_fresh(self._last_byte_ms):
            raise PowerMeterGarbledError(f"{self._device}: bytes, but no valid frame of a power board")
        raise PowerMeterSilentError(f"{self._device} is silent")

    async def close(self) -> None:
        """Release the port; a later call opens it again."""
        self._close()

    async def heartbeat(self) -> None:
        """Tell that the agent is well; due every 10 s. Waits for nothing."""
        self._open()
        self._send(encode(Kind.HEARTBEAT))

    async def sleep(self, seconds: int, *, critical: bool) -> None:
        """Ask to be dark for ``seconds``; the board makes it a day at most."""
        await self._order(Kind.SLEEP, encode_sleep(_u32(seconds), critical=critical))

    async def halted(self) -> None:
        """Tell that the file systems are read-only: the supply ends here."""
        await self._order(Kind.HALTED, encode(Kind.HALTED))

    async def maintenance(self, minutes: int) -> None:
        """Announce silence of up to ``minutes``, 0 to 240; 0 ends it."""
        if not 0 <= minutes <= 240:  # noqa: PLR2004 - POW-R54
            raise SupplyBoardRefusedError(f"maintenance of {minutes} min. Cure: 0 to 240.")
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
            raise SupplyBoardRefusedError(f"{self._device} refused {kind.name.lower()}: {word}")

    async def _ask(self, frame: bytes, answer: Callable[[Message], _Answer | None]) -> _Answer:
        """Send ``frame`` until the board says what ``answer`` understands, three times at most."""
        async with self._asking:
            for _ in range(TRIES):
                self._open()
                answered: asyncio.Future[_Answer] = asyncio.get_running_loop().create_future()
                self._hear = _ears(answered, answer)
                try:
                    self._send(frame)
                    return await asyncio.wait_for(answered, ANSWER_WAIT_S)
                except TimeoutError:
                    continue
                finally:
                    self._hear = None
        raise PowerMeterSilentError(f"{self._device} does not answer")

    def _open(self) -> None:
        now_ms = self._clock.monotonic_ms()
        if self._port is not None:
            return
        if now_ms < self._retry_at_ms:
            raise PowerMeterUnreachableError(f"{self._device}: next try in {self._retry_at_ms - now_ms} ms")
        try:
            self._port = serial.Serial(self._device, BAUD, timeout=0, exclusive=True)
        except (OSError, ValueError) as err:
            self._back_off()
            raise PowerMeterUnreachableError(f"{self._device} cannot be opened: {err}") from err
        self.decoder = FrameDecoder()
        self._last_byte_ms = None
        asyncio.get_running_loop().add_reader(self._port.fileno(), self._receive)
        self._send(encode_query(Kind.STATUS))  # the next one by itself may be a second away

    def _back_off(self) -> None:
        self._retry_at_ms = self._clock.monotonic_ms() + self._retry_ms
        self._retry_ms = min(self._retry_ms * 2, LONGEST_RETRY_MS)

    def _close(self) -> None:
        port, self._port = self._port, None
        self._reading = self._status = self._halt_request = None
        if port is not None:
            asyncio.get_running_loop().remove_reader(port.fileno())
            port.close()

    def _lose(self) -> None:
        self._close()
        self._back_off()
        self._arrived.set()

    def _send(self, frame: bytes) -> None:
        if self._port is None:
            return
        try:
            sent = os.write(self._port.fileno(), frame)
        except OSError as err:
            self._lose()
            raise PowerMeterUnreachableError(f"{self._device} cannot be written: {err}") from err
        if sent < len(frame):
            self._lose()
            raise PowerMeterUnreachableError(f"{self._device} takes no more bytes")

    def _receive(self) -> None:
        if self._port is None:
            return
        try:
            chunk = os.read(self._port.fileno(), _READ_BYTES)
        except BlockingIOError:
            return
        except OSError:
            chunk = b""
        if not chunk:  # unplugged
            self._lose()
            return
        self._last_byte_ms = self._clock.monotonic_ms()
        self._decode(chunk)
        if self.decoder.waits:
            asyncio.get_running_loop().call_later(_UNFINISHED_S, self._decode, b"")

    def _decode(self, chunk: bytes) -> None:
        if self._port is None:
            return
        now_ms = self._clock.monotonic_ms()
        for message in self.decoder.feed(chunk, now_ms):
            self._retry_ms = FIRST_RETRY_MS
            self._take(message, now_ms)

    def _take(self, message: Message, now_ms: int) -> None:
        if self._hear is not None:
            self._hear(message)
        match message:
            case Status():
                self._status = _supply_status(message, now_ms)
                self._reading = self._measured(message, now_ms)
                if message.state is not SupplyState.HALTING:
                    self._halt_request = None
                self._arrived.set()
            case HaltNotice():
                self._halt_request = HaltRequest(
                    reason=message.reason, seconds_left=message.seconds_left, seen_at_ms=now_ms
                )
            case Ack() | Version():
                pass

    def _measured(self, status: Status, now_ms: int) -> PowerReading:
        voltage = self._credible_voltage(status.battery_mv, now_ms)
        measured = status.battery_ma / 1000 if Flag.CURRENT_KNOWN in status.flags else None
        current = PowerRange.CURRENT_A.keep(measured)
        known = (voltage is not None) + (current is not None)
        faults = [name for flag, name in _FAULTS.items() if flag in status.flags]
        if status.battery_mv == 0:
            faults.append("voltage_unknown")
        return PowerReading(
            measured_at_ms=now_ms,
            quality=(ReadingQuality.STALE, ReadingQuality.PARTIAL, ReadingQuality.GOOD)[known],
            battery_voltage_v=voltage,
            battery_current_a=current,
            current_scope=CurrentScope.NONE if current is None else CurrentScope.BATTERY,
            charge_in_mah=status.in_mah,
            charge_out_mah=status.out_mah,
            faults=tuple(faults),
        )

    def _credible_voltage(self, mv: int, now_ms: int) -> float | None:
        if mv == 0:  # the board's word for not known
            return None
        voltage = PowerRange.BATTERY_V.keep(mv / 1000)
        before = self._last_voltage
        if voltage is None or (before and not follows(before[0], voltage, now_ms - before[1])):
            self.dropped_voltages += 1
            return None
        self._last_voltage = (voltage, now_ms)
        return voltage

    def _fresh_reading(self) -> PowerReading | None:
        return self._reading if self._reading and self._is_fresh(self._reading.measured_at_ms) else None

    def _is_fresh(self, at_ms: int) -> bool:
        return self._clock.monotonic_ms() - at_ms <= self._max_age_ms


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
