"""A screen without a screen: takes as long as a film takes on its clock, and is never black (SIG-R67)."""

import asyncio
from collections.abc import Set as AbstractSet
from pathlib import Path

from typing_extensions import override

from bench_agent.ports.clock import Clock
from bench_agent.ports.player import Player, PlayResult
from media.proof_of_play import Outcome

_PICTURES_PER_S = 30


class SimulatedPlayer(Player):
    """Behaves like a good player on the given clock."""

    def __init__(self, clock: Clock, bad_files: AbstractSet[str] = frozenset()) -> None:
        """Create the player.

        Args:
            clock: Whose time a showing takes.
            bad_files: File names that cannot be shown.
        """
        self._clock = clock
        self._bad_files = bad_files
        self._showing: asyncio.Timeout | None = None
        self.picture = "card"
        """File name of what stands on the screen; the bundled card at first."""

    @override
    async def play(self, path: Path, duration_ms: int) -> PlayResult:
        if path.name in self._bad_files:
            return PlayResult(shown_ms=0, pictures=0, outcome=Outcome.FAILED, cause="no_picture")
        self.picture = path.name
        start_ms = self._clock.monotonic_ms()
        try:
            async with asyncio.timeout(None) as self._showing:
                await self._clock.sleep(duration_ms / 1000)
        except TimeoutError:  # the moment ``stop`` set
            pass
        finally:
            self._showing = None
        shown_ms = min(self._clock.monotonic_ms() - start_ms, duration_ms)
        pictures = 1 + shown_ms * _PICTURES_PER_S // 1000
        if shown_ms < duration_ms:
            return PlayResult(shown_ms=shown_ms, pictures=pictures, outcome=Outcome.PARTIAL, cause="stopped")
        return PlayResult(shown_ms=shown_ms, pictures=pictures, outcome=Outcome.COMPLETE)

    @override
    async def stop(self) -> None:
        if self._showing is not None:
            self._showing.reschedule(asyncio.get_running_loop().time())

    @override
    async def close(self) -> None:
        await self.stop()
