"""Shows films with libvlc. Source: docs/spec/signage.md section 14, table of traps.

libvlc's own word that a film ended proves nothing (a web page "ends" well), so only its counter of drawn
pictures and its clock are passed on. Calling libvlc from one of its callbacks never returns, so callbacks
put a word on a queue and nothing else.
"""

from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

import vlc

from bench_agent.player.backend import Progress

_OPTIONS = (
    "--quiet",
    "--no-video-title-show",
    "--no-osd",
    "--no-lua",
    "--no-snapshot-preview",
    "--fullscreen",
)


class VlcBackend:
    """One libvlc instance and one player for life: 3 kB a play instead of 119 (SIG-R65)."""

    def __init__(self, *options: str) -> None:
        self._instance = vlc.Instance([*_OPTIONS, *options])
        self._player = self._instance.media_player_new()
        self._prepared: Any = None
        self._showing: Any = None
        self._told: SimpleQueue[tuple[int, str]] = SimpleQueue()
        self._generation = 0
        self._reached_ms = 0
        self._over = self._error = False
        events = self._player.event_manager()
        events.event_attach(vlc.EventType.MediaPlayerEndReached, self._tell, "end")
        events.event_attach(vlc.EventType.MediaPlayerEncounteredError, self._tell, "error")

    def _tell(self, event: object, word: str) -> None:
        del event
        self._told.put((self._generation, word))

    def prepare(self, path: Path, duration_ms: int) -> None:
        """Make the medium; libvlc opens it when it starts."""
        del duration_ms
        if self._prepared is not None:
            self._prepared.release()
        self._prepared = self._instance.media_new_path(str(path))

    def start(self) -> None:
        """Replace what shows, without stopping first: the window keeps its last picture."""
        self._generation += 1
        self._reached_ms, self._over, self._error = 0, False, False
        before, self._showing, self._prepared = self._showing, self._prepared, None
        self._player.set_media(self._showing)
        if before is not None:
            before.release()
        self._error = self._player.play() != 0

    def stop(self) -> None:
        """Stop and show nothing."""
        self._player.stop()

    def progress(self) -> Progress:
        """Drawn pictures and media time so far."""
        self._listen()
        if self._showing is None:
            return Progress(0, 0, over=False, error=False)
        stats = vlc.MediaStats()
        known = self._showing.get_stats(stats)
        pictures = int(stats.displayed_pictures) if known else 0
        self._reached_ms = max(self._reached_ms, int(self._player.get_time()))
        return Progress(self._reached_ms, pictures, over=self._over, error=self._error)

    def _listen(self) -> None:
        while True:
            try:
                generation, word = self._told.get_nowait()
            except Empty:
                return
            if generation == self._generation:
                self._over = True
                self._error = self._error or word == "error"

    def close(self) -> None:
        """Release everything."""
        self._player.stop()
        for medium in (self._prepared, self._showing):
            if medium is not None:
                medium.release()
        self._prepared = self._showing = None
        self._player.release()
        self._instance.release()
