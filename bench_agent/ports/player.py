"""The screen as the playback service sees it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from media.proof_of_play import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayResult:
    """What truly happened (SIG-R76)."""

    shown_ms: int
    """From the first picture to the last; 0 for a failed play."""
    pictures: int
    outcome: Outcome
    cause: str = ""


class Player(Protocol):
    """Shows one film after another."""

    async def play(self, path: Path, duration_ms: int) -> PlayResult:
        """Show ``path`` to its end.

        A bad file or a player that dies is a result (``failed`` or ``partial``), not an error.

        Raises:
            PlayerError: There is no player and none can be started.
        """
        ...

    async def stop(self) -> None:
        """Cut what is showing; the running ``play`` returns ``partial``."""
        ...

    async def close(self) -> None:
        """End the player."""
        ...
