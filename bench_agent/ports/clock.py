"""Time as a service: nothing below ``app`` asks the machine for it."""

from enum import StrEnum
from typing import Protocol


class ClockQuality(StrEnum):
    """How far wall time may be trusted (FL-W5)."""

    NTP = "ntp"
    RTC = "rtc"
    ESTIMATED = "est"
    NONE = "none"


class Clock(Protocol):
    """Wall time, monotonic time and waiting, replaceable by a simulated one."""

    def now_ms(self) -> int:
        """Wall time in milliseconds since 1970-01-01 UTC."""
        ...

    def monotonic_ms(self) -> int:
        """Milliseconds since this boot; never goes back."""
        ...

    def quality(self) -> ClockQuality:
        """How far ``now_ms`` may be trusted."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait ``seconds`` (>= 0) of this clock's time."""
        ...
