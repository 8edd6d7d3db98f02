"""Live fleet page: one reader of the database for all open browsers, told on by server-sent events."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable

from starlette.concurrency import run_in_threadpool

from fleet_server.web.fleet_reading import Change, FleetReading

_LOG = logging.getLogger(__name__)
_HEARTBEAT_S = 15.0
_STREAM_S = 600.0
"""A stream ends after this time; the browser comes back and its session is checked again."""
_REST_RATIO = 10
"""The reader rests this many times as long as a reading took, so that a large fleet costs at most a tenth."""


def render_event(name: str, text: str, mark: str) -> str:
    """One server-sent event; each line of the text becomes a ``data:`` line."""
    lines = "\n".join(f"data: {line}" for line in text.splitlines())
    return f"event: {name}\nid: {mark}\n{lines}\n\n"


class LiveFleet:
    """Reads the fleet about once a second, and only while somebody watches."""

    def __init__(self, read: Callable[[], str], reading: FleetReading, rest_s: float = 1.0) -> None:
        """``read`` takes a reading into ``reading`` and returns its mark."""
        self._read = read
        self._reading = reading
        self._rest_s = rest_s
        self._mark = ""
        self._moved = asyncio.Event()
        self._watched = asyncio.Event()
        self._watchers = 0

    async def run(self) -> None:
        """Read and tell until cancelled."""
        clock = asyncio.get_running_loop().time
        failing = False
        while True:
            await self._watched.wait()
            began_s = clock()
            try:
                mark = await run_in_threadpool(self._read)
            except Exception:  # noqa: BLE001 - the loop outlives an outage of the database
                if not failing:
                    _LOG.exception("the fleet cannot be read")
                failing = True
            else:
                failing = False
                self._tell(mark)
            await asyncio.sleep(max(self._rest_s, _REST_RATIO * (clock() - began_s)))

    def _tell(self, mark: str) -> None:
        if mark == self._mark:
            return
        self._mark = mark
        told, self._moved = self._moved, asyncio.Event()
        told.set()

    async def follow(self, mark: str) -> AsyncIterator[Change | None]:
        """Changes for one browser from ``mark`` on; None = nothing happened for a while, show life."""
        self._watchers += 1
        self._watched.set()
        clock = asyncio.get_running_loop().time
        end_s = clock() + _STREAM_S
        try:
            while clock() < end_s:
                moved = self._moved
                change = self._reading.since(mark)
                if self._mark and change.mark != mark:  # else nobody has read anything yet
                    mark = change.mark
                    yield change
                    continue
                try:
                    async with asyncio.timeout(_HEARTBEAT_S):
                        await moved.wait()
                except TimeoutError:
                    yield None
        finally:
            self._watchers -= 1
            if self._watchers == 0:
                self._watched.clear()
