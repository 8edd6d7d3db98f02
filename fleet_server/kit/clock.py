"""The server's clock."""

import time
from typing import Protocol

from typing_extensions import override


class Clock(Protocol):
    """Wall and monotonic time, replaceable in tests."""

    def now_ms(self) -> int:
        """Wall time in milliseconds since 1970-01-01 UTC."""
        ...

    def monotonic_ms(self) -> int:
        """Milliseconds of a clock that never goes back."""
        ...


class SystemClock(Clock):
    """The machine's clock."""

    @override
    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000

    @override
    def monotonic_ms(self) -> int:
        return time.monotonic_ns() // 1_000_000
