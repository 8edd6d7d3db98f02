"""What a back end must do, and the one that only watches the clock (SIG-R64)."""

import time
from pathlib import Path
from typing import NamedTuple, Protocol


class Progress(NamedTuple):
    """Where a showing stands."""

    media_ms: int
    pictures: int
    over: bool
    error: bool


class Backend(Protocol):
    """One screen. Called from one thread only; every call returns at once."""

    def prepare(self, path: Path, duration_ms: int) -> None:
        """Open ``path`` without showing it."""
        ...

    def start(self) -> None:
        """Show what was prepared, in place of what shows now."""
        ...

    def stop(self) -> None:
        """End the showing."""
        ...

    def progress(self) -> Progress:
        """Where the showing stands now."""
        ...

    def close(self) -> None:
        """Let go of screen and decoder."""
        ...


class DummyBackend:
    """Shows nothing and counts 25 pictures a second; runs anywhere."""

    def __init__(self) -> None:
        self._prepared_ms = 0
        self._duration_ms = 0
        self._started_s: float | None = None

    def prepare(self, path: Path, duration_ms: int) -> None:
        """Remember how long it will take; ``path`` is not opened."""
        del path
        self._prepared_ms = duration_ms

    def start(self) -> None:
        """Start the clock."""
        self._duration_ms = self._prepared_ms
        self._started_s = time.monotonic()

    def stop(self) -> None:
        """Stop the clock."""
        self._started_s = None

    def progress(self) -> Progress:
        """Time since the start, never beyond the end."""
        if self._started_s is None:
            return Progress(0, 0, over=False, error=False)
        passed_ms = int((time.monotonic() - self._started_s) * 1000)
        media_ms = min(passed_ms, self._duration_ms)
        over = passed_ms >= self._duration_ms
        return Progress(media_ms, 1 + media_ms // 40, over=over, error=False)

    def close(self) -> None:
        """Nothing to let go of."""
