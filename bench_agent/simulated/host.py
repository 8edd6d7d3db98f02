"""A computer that can be dark: it measures the real one, and its supply is the simulated board's."""

from collections.abc import Callable

from bench_agent.simulated.supply_board import SimulatedSupplyBoard
from bench_agent.wire.telemetry import SystemMinute


class SimulatedHost:
    """The computer of a simulated bench."""

    def __init__(self, board: SimulatedSupplyBoard, read_minute: Callable[[], SystemMinute]) -> None:
        """``read_minute`` measures the machine the simulation runs on."""
        self._board = board
        self.read_minute = read_minute

    async def power_off(self) -> None:
        """Be dark until the board gives the supply back."""
        await self._board.wait_supply()
