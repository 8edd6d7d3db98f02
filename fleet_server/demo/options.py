"""What the command line of the demo may ask for."""

from enum import StrEnum
from pathlib import Path
from typing import NamedTuple


class PlayerKind(StrEnum):
    """What plays the films on a simulated bench."""

    DUMMY = "dummy"
    """The real player's process on a clock, without a screen."""
    VLC = "vlc"
    """The real player's process with libvlc, in one small window a bench."""
    SIMULATED = "simulated"
    """No process."""


class Options(NamedTuple):
    """What the command line asks for."""

    port: int
    """Of the console, 0 to 65535; 0 = any free one."""
    data: Path
    benches: int
    """1 to 100."""
    history_days: int
    """Past days that each new bench lives through first, 0 to 90."""
    player: PlayerKind
    seconds: float | None
    """Exit after this time; None = run until Ctrl-C."""
