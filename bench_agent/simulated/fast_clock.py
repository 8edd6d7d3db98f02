"""A clock on which a simulated bench lives faster than its watcher: a day in 24 minutes at 60 times."""

from bench_agent.ports.clock import Clock, ClockQuality


class FastClock:
    """Time of another clock since now, ``speed`` times as fast. Steps of its wall time are not followed."""

    def __init__(self, clock: Clock, speed: float) -> None:
        """``speed`` is above 0; 1 changes nothing."""
        self._clock = clock
        self._speed = speed
        self._start_ms = clock.now_ms()
        self._start_monotonic_ms = clock.monotonic_ms()

    def now_ms(self) -> int:
        """Wall time of the simulated bench, ms since 1970 UTC."""
        return self._start_ms + self._passed_ms()

    def monotonic_ms(self) -> int:
        """Milliseconds; goes on from those of the other clock."""
        return self._start_monotonic_ms + self._passed_ms()

    def quality(self) -> ClockQuality:
        """As good as the other clock."""
        return self._clock.quality()

    async def sleep(self, seconds: float) -> None:
        """Wait ``seconds`` (>= 0) of the simulated bench's time."""
        await self._clock.sleep(seconds / self._speed)

    def _passed_ms(self) -> int:
        return round((self._clock.monotonic_ms() - self._start_monotonic_ms) * self._speed)
