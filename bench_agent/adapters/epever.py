"""EPEVER charge controllers over Modbus RTU (POW-R16 to R18)."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, tzinfo

from bench_agent.adapters.epever_registers import (
    BLOCKS,
    CLOCK,
    LOW_WORDS,
    Words,
    clock_words,
    describe,
    parse_registers,
)
from bench_agent.adapters.modbus_rtu import ModbusRtuLine, RegistersRefusedError
from bench_agent.adapters.serial_meter import READ_S, no_reading
from bench_agent.domain.fresh_fields import FreshFields
from bench_agent.domain.power_reading import PowerReading
from bench_agent.errors import PowerMeterError, PowerMeterSilentError, PowerMeterUnreachableError
from bench_agent.ports.clock import Clock, ClockQuality

BAUD, DEVICE_ID, LAST_DEVICE_ID = 115_200, 1, 247
CLOCK_WRITE_MS = 86_400_000
_NOT_THERE = frozenset({1, 2, 3})
"""Modbus exceptions that mean never; the others mean not now."""
_SILENT_BLOCKS = 2
"""So many blocks without an answer in a row end a round."""


class EpeverPowerMeter:
    """A Tracer. Every ``read`` starts a round over all blocks, which goes on when the read is over."""

    def __init__(
        self,
        device: str,
        clock: Clock,
        *,
        device_id: int = DEVICE_ID,
        baud: int = BAUD,
        max_age_s: float = 15.0,
        clock_zone: tzinfo | None = None,
    ) -> None:
        """Take the port's name; the port is opened by ``read``.

        Args:
            device: Path of the serial port.
            clock: Ages, and the time for the controller's clock.
            device_id: Modbus address, 1 to 247.
            baud: Speed of the line.
            max_age_s: A field older than this is not known any more.
            clock_zone: Set the controller's clock to the time of this zone once a day; None never writes.
        """
        self._device = device
        self._clock = clock
        self._line = ModbusRtuLine(
            device, clock, baud=baud, device_id=device_id, heard=self._hear, lost=self._stop
        )
        self._max_age_ms = round(max_age_s * 1000)
        self._fields = FreshFields(self._max_age_ms)
        self._words: dict[int, tuple[int, int]] = {}
        self._counts = Counter[str]()
        self._heard_ms: int | None = None
        self._refused: set[range] = set()
        self._absent: set[int] = set()
        self._round: asyncio.Task[None] | None = None
        self._clock_zone = clock_zone
        self._clock_due_ms = 0

    async def read(self) -> PowerReading:
        """Newest fields, within 0.9 s.

        Raises:
            PowerMeterUnreachableError: The port cannot be opened or went away.
            PowerMeterSilentError: Nothing valid for ``max_age_s``, or nothing yet.
            PowerMeterGarbledError: Bytes, but no valid answer for ``max_age_s``.
        """
        if self._round is None:
            self._line.outage.check()
            self._round = asyncio.create_task(self._go_round(), name=f"read {self._device}")
        await asyncio.wait({self._round}, timeout=READ_S)
        if self._round.done():
            ended, self._round = self._round, None
            if not ended.cancelled():
                ended.result()
        if not self._line.is_open:
            self._line.outage.check()
            raise PowerMeterUnreachableError(f"{self._device} was closed")
        now_ms = self._clock.monotonic_ms()
        reading = self._fields.reading(now_ms)
        if reading is not None:
            return reading
        heard = self._heard_ms is not None and now_ms - self._heard_ms <= self._max_age_ms
        raise no_reading(self._device, garbled=heard)

    async def close(self) -> None:
        """Let the port go; a later ``read`` opens it again."""
        if self._round is not None:
            self._round.cancel()
            await asyncio.wait({self._round})
            self._round = None
        self._line.close()
        self._fields.clear()

    def error_counts(self) -> Mapping[str, int]:
        """What went wrong so far, by kind."""
        return {"outages": self._line.outage.count, **self._counts}

    def diagnostics(self) -> Mapping[str, str]:
        """What the controller says beside the reading."""
        oldest_ms = self._clock.monotonic_ms() - self._max_age_ms
        return describe({place: word for place, (word, at_ms) in self._words.items() if at_ms >= oldest_ms})

    def _hear(self) -> None:
        self._heard_ms = self._clock.monotonic_ms()

    def _stop(self) -> None:
        """The port went away: nobody will answer the running round."""
        if self._round is not None:
            self._round.cancel()

    async def _go_round(self) -> None:
        """Read every block once; ends early when the controller does not answer."""
        if await self._line.open():
            self._forget()
        silent = 0
        for block in BLOCKS:
            try:
                words = await self._read_block(block)
            except PowerMeterSilentError:
                self._counts["unanswered"] += 1
                silent += 1
                if silent == _SILENT_BLOCKS:
                    return
                continue
            silent = 0
            self._take(words, block)
        await self._set_clock()

    def _forget(self) -> None:
        """The port was opened anew, perhaps with another controller behind it."""
        self._fields.clear()
        self._words.clear()
        self._refused.clear()
        self._absent.clear()
        self._heard_ms = None
        self._clock_due_ms = 0

    def _take(self, words: Words, block: range) -> None:
        now_ms = self._clock.monotonic_ms()
        self._words |= {place: (word, now_ms) for place, word in words.items()}
        self._fields.take(parse_registers(words, now_ms), source=f"{block.start:04X}")

    async def _read_block(self, block: range) -> Words:
        if block not in self._refused:
            try:
                return dict(zip(block, await self._line.read_input(block.start, len(block)), strict=True))
            except RegistersRefusedError as err:
                self._counts["refused_blocks"] += 1
                if err.code not in _NOT_THERE:
                    return {}
                self._refused.add(block)
        words: dict[int, int] = {}
        for address in block:
            if address in LOW_WORDS:
                words |= await self._read_long(address)
            elif address - 1 not in LOW_WORDS:
                words |= await self._read_one(address)
        return words

    async def _read_long(self, low: int) -> Words:
        """Read both words of a value that may change between two requests."""
        before, value, after = [await self._read_one(address) for address in (low + 1, low, low + 1)]
        if before == after:
            return {**before, **value}
        self._counts["torn_values"] += 1
        return {}

    async def _read_one(self, address: int) -> Words:
        if address in self._absent:
            return {}
        try:
            return {address: (await self._line.read_input(address, 1))[0]}
        except RegistersRefusedError as err:
            if err.code in _NOT_THERE:
                self._absent.add(address)
            return {}

    async def _set_clock(self) -> None:
        """The only write there is, where it is wanted (POW-R18)."""
        now_ms = self._clock.monotonic_ms()
        if self._clock_zone is None or now_ms < self._clock_due_ms:
            return
        if self._clock.quality() not in (ClockQuality.NTP, ClockQuality.RTC):
            return
        self._clock_due_ms = now_ms + CLOCK_WRITE_MS
        local = datetime.fromtimestamp(self._clock.now_ms() / 1000, self._clock_zone)
        with suppress(PowerMeterError):
            await self._line.write(CLOCK, clock_words(local))
            return
        self._counts["clock_not_set"] += 1
