"""The board that gives the computer its supply, as a role (docs/spec/power.md section 8)."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class BoardReason(StrEnum):
    """Why the board switched the computer on or off (POW-R54)."""

    UNKNOWN = "unknown"
    COLD = "cold"
    WAKE = "wake"
    ALIVE = "alive"
    LOW = "low"
    SLEEP = "sleep"
    CRITICAL = "critical"
    HALTED = "halted"
    HUNG = "hung"
    NO_BOOT = "no_boot"
    CUT = "cut"


@dataclass(frozen=True, slots=True, kw_only=True)
class LastDark:
    """What the board remembers of the time before this start."""

    reason: BoardReason
    """Why the supply was off."""
    attempts: int
    """Starts tried since the computer last ran for 30 min, this one included."""


class SupplyBoard(Protocol):
    """Wakes the computer, watches it and takes its supply away (POW-R48)."""

    async def last_dark(self) -> LastDark | None:
        """Why the computer was off; None when the board does not tell within 3 s."""
        ...

    async def heartbeat(self) -> None:
        """Say that the agent is well, at least every 60 s.

        Raises:
            SupplyBoardError: The board does not answer.
        """
        ...

    async def sleep(self, seconds: int, *, critical: bool) -> None:
        """Ask for a dark of ``seconds`` (0 to 86400); in 45 s the supply goes off.

        Raises:
            SupplyBoardError: The board does not answer or refuses.
        """
        ...

    async def wait_halt_request(self) -> BoardReason:
        """Wait until the board asks for a halt that the agent did not ask for."""
        ...

    async def close(self) -> None:
        """Let the port go; may be called twice."""
        ...
