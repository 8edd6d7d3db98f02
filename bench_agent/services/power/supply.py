"""Speaks with the power board: tells it that the agent is well, obeys its halt request (POW-R48, R55)."""

import itertools
from collections.abc import Callable

import structlog

from bench_agent.domain.supply import SupplyReason
from bench_agent.errors import PowerMeterError, SupplyBoardRefusedError
from bench_agent.ports.clock import Clock
from bench_agent.ports.supply_board import SupplyBoard

HEARTBEAT_S = 10
LOOK_S = 1.0
"""A board cuts 45 s after it asked for a halt: none of them should pass unused."""
_WISHED = frozenset({SupplyReason.SLEEP, SupplyReason.CRITICAL})

_log = structlog.get_logger(__name__)


class SupplyService:
    """One loop: beat while the power service is healthy, and see whether the board wants a halt."""

    def __init__(
        self, board: SupplyBoard, clock: Clock, is_healthy: Callable[[], bool], halt: Callable[[], None]
    ) -> None:
        """``halt`` is called when the board asks for a halt that the agent did not ask for."""
        self._board = board
        self._clock = clock
        self._is_healthy = is_healthy
        self._halt = halt
        self._outage = False

    async def run(self) -> None:
        """Beat every 10 s and look for a halt request every second until cancelled; then let the port go."""
        try:
            for second in itertools.count():
                # A loop that hangs must not keep its own watchdog quiet.
                if second % HEARTBEAT_S == 0 and self._is_healthy():
                    await self._heartbeat()
                self._look()
                await self._clock.sleep(LOOK_S)
        finally:
            await self._board.close()

    def _look(self) -> None:
        request = self._board.halt_request
        if request is not None and request.reason not in _WISHED:
            _log.warning("halt_requested", reason=request.reason.value)
            self._halt()

    async def _heartbeat(self) -> None:
        try:
            await self._board.heartbeat()
        except (PowerMeterError, SupplyBoardRefusedError) as err:
            if not self._outage:
                _log.warning("power_board_outage", cause=str(err))
            self._outage = True
            return
        if self._outage:
            _log.info("power_board_back")
        self._outage = False
