"""Speaks with the power board: tells it that the agent is well, obeys its halt request (POW-R48, R55)."""

import asyncio
from collections.abc import Callable

import structlog

from bench_agent.errors import SupplyBoardError
from bench_agent.ports.clock import Clock
from bench_agent.ports.supply_board import SupplyBoard

HEARTBEAT_S = 10.0

_log = structlog.get_logger(__name__)


class SupplyService:
    """One loop that beats while the power service is healthy, and one that waits for a halt request."""

    def __init__(
        self, board: SupplyBoard, clock: Clock, is_healthy: Callable[[], bool], halt: Callable[[], None]
    ) -> None:
        """``halt`` is called when the board asks for it."""
        self._board = board
        self._clock = clock
        self._is_healthy = is_healthy
        self._halt = halt
        self._outage = False

    async def run(self) -> None:
        """Beat and listen until cancelled; then let the port go."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._beat(), name="heartbeat")
                group.create_task(self._listen(), name="halt request")
        finally:
            await self._board.close()

    async def _beat(self) -> None:
        while True:
            # A loop that hangs must not keep its own watchdog quiet.
            if self._is_healthy():
                await self._heartbeat()
            await self._clock.sleep(HEARTBEAT_S)

    async def _heartbeat(self) -> None:
        try:
            await self._board.heartbeat()
        except SupplyBoardError as err:
            if not self._outage:
                _log.warning("power_board_outage", cause=str(err))
            self._outage = True
            return
        if self._outage:
            _log.info("power_board_back")
        self._outage = False

    async def _listen(self) -> None:
        reason = await self._board.wait_halt_request()
        _log.warning("halt_requested", reason=reason.value)
        self._halt()
