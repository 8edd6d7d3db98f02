"""Blocking calls of one device away from the event loop, never two at once."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

Result = TypeVar("Result")


class DeviceThread:
    """A driver may block for seconds while a bus is stuck; the bench must not stand still with it."""

    def __init__(self, within_s: float = 0.9) -> None:
        """``within_s`` is the longest wait for an answer."""
        self._within_s = within_s
        self._running: asyncio.Task[object] | None = None

    async def call(self, job: Callable[[], Result]) -> Result:
        """Run ``job`` in a thread once the call before it is over.

        Raises:
            TimeoutError: No answer in time. The job ends in its thread and its result is dropped.
        """
        async with asyncio.timeout(self._within_s):
            await self.settle()
            task = asyncio.create_task(asyncio.to_thread(job))
            task.add_done_callback(_take_error)
            self._running = task
            return await asyncio.shield(task)

    async def settle(self) -> None:
        """Wait until no job runs."""
        while self._running is not None and not self._running.done():
            await asyncio.wait({self._running})


def _take_error(task: asyncio.Task[Result]) -> None:
    """Nobody waits for a late answer any more, so nobody else would look at its error."""
    if not task.cancelled():
        task.exception()
