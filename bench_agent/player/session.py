"""One showing after another on one back end: obeys commands, tells what truly happened. No socket here."""

from collections.abc import Callable
from pathlib import Path

from bench_agent.player.backend import Backend
from bench_agent.player.messages import (
    Beat,
    Command,
    Ended,
    Event,
    Failure,
    FirstPicture,
    Prepare,
    Prepared,
    Quit,
    Start,
    Stop,
)

BEAT_MS = 250
COUNTER_LAG_MS = 500
"""libvlc refreshes its picture counter only now and then; its clock tells how long the picture stood."""


class Session:
    """Turns commands into calls of a back end, and its progress into events."""

    def __init__(self, backend: Backend, media_dir: Path, tell: Callable[[Event], None]) -> None:
        """Create a session.

        Args:
            backend: The screen.
            media_dir: The only folder files are taken from.
            tell: Receives every event.
        """
        self._backend = backend
        self._media_dir = media_dir
        self._tell = tell
        self._prepared: Prepare | None = None
        self._playing: Prepare | None = None
        self._drew = False
        self._first_picture_ms = 0
        self._beat_ms = 0

    def obey(self, command: Command, now_ms: int) -> bool:
        """Obey one command at monotonic ``now_ms``; False when the process is to end."""
        match command:
            case Prepare():
                self._prepare(command)
            case Start():
                self._start(command, now_ms)
            case Stop():
                self._end("stopped", now_ms)
                self._backend.stop()
            case Quit():
                self._end("stopped", now_ms)
                return False
        return True

    def watch(self, now_ms: int) -> None:
        """Tell what changed; to be called several times a second."""
        if self._playing is not None:
            progress = self._backend.progress()
            if progress.pictures > 0 and not self._drew:
                self._drew = True
                self._first_picture_ms = now_ms - min(progress.media_ms, COUNTER_LAG_MS)
                self._tell(FirstPicture(play_id=self._playing.play_id))
            if progress.over or progress.error:
                self._end("error" if progress.error else "end", now_ms)
        if now_ms - self._beat_ms >= BEAT_MS:
            self._beat_ms = now_ms
            self._beat()

    def _prepare(self, command: Prepare) -> None:
        path = self._media_dir / command.file
        # A name is a name: anything that could leave the folder is treated as a file that is not there.
        if Path(command.file).name != command.file or not path.is_file():
            self._tell(Failure(play_id=command.play_id, code="no_file"))
            return
        self._backend.prepare(path, command.duration_ms)
        self._prepared = command
        self._tell(Prepared(play_id=command.play_id))

    def _start(self, command: Start, now_ms: int) -> None:
        if self._prepared is None or self._prepared.play_id != command.play_id:
            self._tell(Failure(play_id=command.play_id, code="not_prepared"))
            return
        self._end("stopped", now_ms)
        self._playing, self._prepared, self._drew = self._prepared, None, False
        self._backend.start()

    def _end(self, reason: str, now_ms: int) -> None:
        if self._playing is None:
            return
        playing, self._playing = self._playing, None
        progress = self._backend.progress()
        # From first to last picture (SIG-R76); sound over a black screen shows nothing.
        shown_ms = min(now_ms - self._first_picture_ms, playing.duration_ms) if self._drew else 0
        self._tell(
            Ended(play_id=playing.play_id, reason=reason, shown_ms=shown_ms, pictures=progress.pictures)
        )

    def _beat(self) -> None:
        if self._playing is None:
            return
        progress = self._backend.progress()
        self._tell(
            Beat(play_id=self._playing.play_id, media_ms=progress.media_ms, pictures=progress.pictures)
        )
