"""The machine's clocks. Linux only: CLOCK_BOOTTIME and adjtimex(2)."""

import asyncio
import ctypes
import time
from pathlib import Path

from bench_agent.ports.clock import ClockQuality

_BUILD_MS = 1_735_689_600_000
"""2025-01-01 UTC: earlier wall time is certainly wrong."""
_TIME_ERROR = 5
"""adjtimex(2): the clock is not synchronised."""
_TIMEX_BYTES = 512
"""At least sizeof(struct timex); a zeroed one only reads."""


class SystemClock:
    """Wall time, time since boot and waiting, from the kernel."""

    def __init__(self, rtc: Path = Path("/dev/rtc0"), *, trusted: bool = False) -> None:
        """``trusted`` = somebody else keeps this machine's clock right, e.g. the host of a virtual one."""
        self._trusted = trusted
        self._rtc = rtc
        self._libc = ctypes.CDLL(None)

    def now_ms(self) -> int:
        """Wall time in milliseconds since 1970-01-01 UTC."""
        return time.time_ns() // 1_000_000

    def monotonic_ms(self) -> int:
        """Milliseconds since boot, sleep included."""
        return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000

    def quality(self) -> ClockQuality:
        """Synchronised by the network, set by a battery-backed clock, plausible, or unknown."""
        state = self._libc.adjtimex(ctypes.create_string_buffer(_TIMEX_BYTES))
        if 0 <= state < _TIME_ERROR:
            return ClockQuality.NTP
        if self.now_ms() < _BUILD_MS:
            return ClockQuality.NONE
        return ClockQuality.RTC if self._trusted or self._rtc.exists() else ClockQuality.ESTIMATED

    async def sleep(self, seconds: float) -> None:
        """Wait ``seconds`` (>= 0)."""
        await asyncio.sleep(seconds)


def read_boot_id(path: Path = Path("/proc/sys/kernel/random/boot_id")) -> str:
    """Eight hex characters that change with every boot of the machine."""
    return path.read_text().strip()[:8]
