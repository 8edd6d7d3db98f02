"""Virtual time: days pass as fast as the tasks can work."""

import asyncio
import heapq

from bench_agent.ports.clock import Clock, ClockQuality

_QUIET_YIELDS = 4
"""Turns of the loop without a new sleeper after which all tasks are taken to wait."""
_LONG_YIELDS = 100


class SimulatedClock:
    """A ``Clock`` that moves only in ``run_until`` and ``advance``."""

    def __init__(self, start_ms: int = 0) -> None:
        """``start_ms`` is the first wall time; monotonic time starts at 0."""
        self._start_ms = start_ms
        self._monotonic_ms = 0
        self._sleepers: list[tuple[int, int, asyncio.Future[None]]] = []
        self._calls = 0

    def now_ms(self) -> int:
        """Wall time, ms since 1970 UTC."""
        return self._start_ms + self._monotonic_ms

    def monotonic_ms(self) -> int:
        """Virtual milliseconds since the clock was made."""
        return self._monotonic_ms

    def quality(self) -> ClockQuality:
        """Always NTP: virtual time is right by definition."""
        return ClockQuality.NTP

    async def sleep(self, seconds: float) -> None:
        """Wait virtual ``seconds`` (>= 0)."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._calls += 1
        due_ms = self._monotonic_ms + max(round(seconds * 1000), 0)
        heapq.heappush(self._sleepers, (due_ms, self._calls, future))
        await future

    def advance(self, milliseconds: int) -> None:
        """Move time without waking anybody (for tests of ages)."""
        self._monotonic_ms += milliseconds

    async def run_until(self, end_ms: int) -> None:
        """Let every sleeper due up to wall time ``end_ms`` do its work, then stand there.

        Tasks that wait for threads or sockets are not waited for.
        """
        while True:
            await self._settle(_QUIET_YIELDS)
            if not self._sleepers:  # all tasks are between two waits, as when services end and begin anew
                await self._settle(_LONG_YIELDS)
            if not self._sleepers or self._start_ms + self._sleepers[0][0] > end_ms:
                break
            due_ms = self._sleepers[0][0]
            self._monotonic_ms = max(self._monotonic_ms, due_ms)
            while self._sleepers and self._sleepers[0][0] == due_ms:
                future = heapq.heappop(self._sleepers)[2]
                if not future.done():
                    future.set_result(None)
        self._monotonic_ms = max(self._monotonic_ms, end_ms - self._start_ms)

    async def _settle(self, yields: int) -> None:
        quiet = 0
        while quiet < yields:
            calls = self._calls
            await asyncio.sleep(0)
            quiet = quiet + 1 if calls == self._calls else 0


class BootClock:
    """The clock of one run of a simulated computer: monotonic time begins at 0 with its boot."""

    def __init__(self, world: Clock) -> None:
        """``world`` is the clock of sun and battery, which never stops."""
        self._world = world
        self._booted_at_ms = world.monotonic_ms()

    def now_ms(self) -> int:
        """Wall time, ms since 1970 UTC."""
        return self._world.now_ms()

    def monotonic_ms(self) -> int:
        """Milliseconds since this boot."""
        return self._world.monotonic_ms() - self._booted_at_ms

    def quality(self) -> ClockQuality:
        """As good as the world's."""
        return self._world.quality()

    async def sleep(self, seconds: float) -> None:
        """Wait ``seconds`` (>= 0)."""
        await self._world.sleep(seconds)
