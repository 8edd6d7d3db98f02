"""Time that moves only when a test says so."""

from bench_agent.ports.clock import ClockQuality


class ManualClock:
    def __init__(self) -> None:
        self.time_ms = 1_000_000

    def now_ms(self) -> int:
        return self.time_ms

    def monotonic_ms(self) -> int:
        return self.time_ms

    def quality(self) -> ClockQuality:
        return ClockQuality.NTP

    async def sleep(self, seconds: float) -> None:
        self.time_ms += int(seconds * 1000)
