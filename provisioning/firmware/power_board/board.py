"""The board itself: pins, sensors, flash, watchdog and lamp around the pure parts.

Only this module and ``main``, which starts it, know ``machine``. The README draws the wires.
"""

import asyncio
import time
from struct import calcsize, pack, unpack

from machine import ADC, I2C, UART, WDT, Pin, reset_cause

import flash
from framing import Decoder
from guard import BOOTING, HALTING, RUN, Guard, Limits
from link import Link
from meter import Meter

TYPE_CHECKING = False  # MicroPython has no typing
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

TX_PIN, RX_PIN, SDA_PIN, SCL_PIN, POWEROFF_PIN, RAIL_PIN, LAMP_PIN, DIVIDER_PIN = 0, 1, 4, 5, 14, 15, 25, 26
SHUNT_UOHM = 2_000
DIVIDER_FULL_MV = 21_633
"""Battery voltage at full scale of the converter: 3.3 V through 100 kOhm over 18 kOhm."""

SAMPLE_MS = 500
LISTEN_MS = 20
WATCHDOG_MS = 8_000
_STATUS_SAMPLES, _HALT_REQUEST_SAMPLES = 2, 10
_POWEROFF_SAMPLES = 2
_CREDIBLE_MV = (6_000, 20_000)
"""The board lives on this battery: with less it would not be here to measure it."""
_ATTEMPTS, _LIMITS = "attempts", "limits"
_LIMITS_FORMAT = ">8I"
_FLASH_MS, _GAP_MS, _REST_MS = 100, 200, 2_000


class Ina226:
    """Battery voltage and current over I2C. An error is one missing sample; the bus is opened anew after it.

    Source: INA226 data sheet, registers 0 to 2; bit 1.25 mV and 2.5 uV.
    """

    ADDRESS = 0x40
    CONFIGURATION = 0x4927
    """Mean of 128 conversions of 1.1 ms each: one value covers 281 ms."""

    def __init__(self) -> None:
        self._bus: "I2C | None" = None

    def read(self) -> "tuple[int, int] | None":
        """Millivolts, and milliamperes into the battery; None when it does not answer or cannot be right."""
        try:
            if self._bus is None:
                self._bus = _open_bus()
                self._bus.writeto_mem(self.ADDRESS, 0, pack(">H", self.CONFIGURATION))
            (shunt,) = unpack(">h", self._bus.readfrom_mem(self.ADDRESS, 1, 2))
            (volts,) = unpack(">H", self._bus.readfrom_mem(self.ADDRESS, 2, 2))
        except OSError:
            self._bus = None
            return None
        mv = _credible(volts * 5 // 4)
        return None if mv is None else (mv, (shunt * 2_500 + SHUNT_UOHM // 2) // SHUNT_UOHM)


class Divider:
    """Battery voltage at the converter's pin: coarse, and there when the INA226 is not."""

    def __init__(self) -> None:
        self._converter = ADC(DIVIDER_PIN)

    def read(self) -> "int | None":
        """Millivolts; None when they cannot be right."""
        return _credible((self._converter.read_u16() >> 4) * DIVIDER_FULL_MV // 4_095)


class Board:
    """Everything joined: ``run`` never returns on a board."""

    def __init__(
        self,
        ticks_ms: "Callable[[], int]" = time.ticks_ms,  # type: ignore[assignment]  # the stubs hide the integer
        sleep_ms: "Callable[[int], Awaitable[None]]" = asyncio.sleep_ms,
    ) -> None:
        """Time and waiting are arguments, so that a test may hurry them."""
        self._rail = Pin(RAIL_PIN, Pin.OUT, value=0)
        self._watchdog = WDT(timeout=WATCHDOG_MS)
        self._ticks_ms = ticks_ms
        self._sleep_ms = sleep_ms
        self._lamp = Pin(LAMP_PIN, Pin.OUT, value=0)
        self._poweroff = Pin(POWEROFF_PIN, Pin.IN, Pin.PULL_DOWN)
        self._poweroff_samples = 0
        self._uart = UART(0, baudrate=115_200, tx=Pin(TX_PIN), rx=Pin(RX_PIN), rxbuf=512, txbuf=512)
        self._decoder = Decoder(time.ticks_diff)
        self._ina226 = Ina226()
        self._divider = Divider()
        self._meter = Meter(time.ticks_diff)
        self._limits = Limits()
        kept = flash.load(_LIMITS)
        if kept is not None and len(kept) == calcsize(_LIMITS_FORMAT):
            self._limits.set_all(list(unpack(_LIMITS_FORMAT, kept)))
        self._attempts = (flash.load(_ATTEMPTS) or b"\0")[0]
        self.guard = Guard(self._limits, self._attempts, time.ticks_diff)
        self._link = Link(self.guard, self._limits, self._meter, self._keep_limits, reset_cause())
        self._state = self.guard.state
        self._samples = 0
        self._sampled_at = ticks_ms()
        self._uptime_ms = 0

    async def run(self) -> None:
        """Work until a part fails; the watchdog then starts the board anew."""
        await asyncio.gather(self._sample(), self._listen(), self._blink())

    async def _sample(self) -> None:
        while True:
            self.look()
            self._watchdog.feed()
            await self._sleep_ms(SAMPLE_MS)

    async def _listen(self) -> None:
        while True:
            self.hear(self._uart.read() or b"")
            await self._sleep_ms(LISTEN_MS)

    def look(self) -> None:
        """Measure, decide, act and report once."""
        now = self._ticks_ms()
        self._uptime_ms += time.ticks_diff(now, self._sampled_at)
        self._sampled_at = now
        self._link.uptime_s += self._uptime_ms // 1_000
        self._uptime_ms %= 1_000
        self._meter.add(now, self._ina226.read(), self._divider.read())
        self.guard.step(now, self._meter.fast_mv, self._meter.slow_mv)
        # Two samples in a row after a low one: a pin that is always high tells nothing.
        self._poweroff_samples = self._poweroff_samples + 1 if self._poweroff.value() else 0
        if self._poweroff_samples == _POWEROFF_SAMPLES:
            self.guard.halted(now)
        self._follow()
        if self._samples % _STATUS_SAMPLES == 0:
            self._uart.write(self._link.status())
        if self.guard.state == HALTING and self._samples % _HALT_REQUEST_SAMPLES == 0:
            self._uart.write(self._link.halt_request())
        self._samples += 1

    def hear(self, chunk: bytes) -> None:
        """Answer what the Pi has said; without bytes it only forgets half a frame that is too old."""
        now = self._ticks_ms()
        for frame in self._decoder.feed(chunk, now):
            self._uart.write(self._link.answer(frame, now))
            self._follow()

    def _follow(self) -> None:
        """Do what the guard has decided."""
        guard = self.guard
        if guard.attempts != self._attempts:
            # Before the rail goes on: a board that browns out with the pack must not count anew (POW-R51).
            self._attempts = guard.attempts
            self._link.flash_failed = not flash.save(_ATTEMPTS, bytes((guard.attempts,)))
        self._rail.value(guard.rail)
        if guard.state != self._state:
            self._state = guard.state
            self._samples = 0
            self._meter.restart()

    def _keep_limits(self) -> bool:
        return flash.save(_LIMITS, pack(_LIMITS_FORMAT, *self._limits.values))

    async def _blink(self) -> None:
        while True:
            for _ in range(self.flashes()):
                self._lamp.value(1)
                await self._sleep_ms(_FLASH_MS)
                self._lamp.value(0)
                await self._sleep_ms(_GAP_MS)
            await self._sleep_ms(_REST_MS)

    def flashes(self) -> int:
        """What the lamp says, in flashes.

        1 running, 2 booting, 3 halting; dark and waiting: 4 for its time, 5 for the end of a pause, 6 for the
        sun; 7 the INA226 is lost.
        """
        guard = self.guard
        if self._meter.on_divider:
            return 7
        if guard.state == RUN:
            return 1
        if guard.state == BOOTING:
            return 2
        if guard.state == HALTING:
            return 3
        if guard.waits_for_wake:
            return 4
        return 5 if guard.backs_off else 6


def _credible(mv: int) -> "int | None":
    return mv if _CREDIBLE_MV[0] <= mv <= _CREDIBLE_MV[1] else None


def _open_bus() -> I2C:
    # A sensor that was cut off in the middle of a byte holds the data line until it has seen nine clocks.
    # MicroPython moves a pin in some microseconds: no waiting is needed.
    clock = Pin(SCL_PIN, Pin.OPEN_DRAIN, value=1)
    for _ in range(9):
        clock.value(0)
        clock.value(1)
    return I2C(0, sda=Pin(SDA_PIN), scl=Pin(SCL_PIN), freq=100_000)
