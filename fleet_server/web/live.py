"""Live pages: one reader of the database for all open browsers, told on by server-sent events."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable

from starlette.concurrency import run_in_threadpool

_LOG = logging.getLogger(__name__)
_HEARTBEAT_S = 15.0
_STREAM_S = 600.0
"""A stream ends after this time; the browser comes back and its session is checked again."""


def render_event(name: str, text: str) -> str:
    """One server-sent event; each line of the text becomes a ``data:`` line."""
    lines = "\n".join(f"data: {line}" for line in text.splitlines())
    return f"event: {name}\n{lines}\n\n"


class LiveFragment:
    """A piece of HTML that is rendered at most once per interval, and only while somebody watches."""

    def __init__(self, name: str, render: Callable[[], str], interval_s: float = 1.0) -> None:
        self._name = name
        self._render = render
        self._interval_s = interval_s
        self._event = ""
        self._changed = asyncio.Event()
        self._watched = asyncio.Event()
        self._watchers = 0

    async def run(self) -> None:
        """Read and tell until cancelled."""
        failing = False
        while True:
            await self._watched.wait()
            try:
                event = render_event(self._name, await run_in_threadpool(self._render))
            except Exception:  # noqa: BLE001 - the loop outlives an outage of the database
                if not failing:
                    _LOG.exception("live fragment %s cannot be read", self._name)
                failing = True
            else:
                failing = False
                self._tell(event)
            await asyncio.sleep(self._interval_s)

    def _tell(self, event: str) -> None:
        if event == self._event:
            return
        self._event = event
        told, self._changed = self._changed, asyncio.Event()
        told.set()

    async def follow(self) -> AsyncIterator[str]:
        """Events for one browser: the state now, each change, and a comment when nothing happens."""
        self._watchers += 1
        self._watched.set()
        end = asyncio.get_running_loop().time() + _STREAM_S
        seen = ""
        try:
            while asyncio.get_running_loop().time() < end:
                changed = self._changed
                if self._event != seen:
                    seen = self._event
                    yield seen
                    continue
                try:
                    async with asyncio.timeout(_HEARTBEAT_S):
                        await changed.wait()
                except TimeoutError:
                    yield ": masih di sini\n\n"
        finally:
            self._watchers -= 1
            if self._watchers == 0:
                self._watched.clear()
