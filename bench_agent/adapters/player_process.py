"""Drives the player's own process, and starts it again when it dies, hangs or stalls (SIG-R63, SIG-R68)."""

import asyncio
import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
from typing_extensions import override

from bench_agent.errors import PlayerError
from bench_agent.player.messages import (
    Beat,
    Command,
    Ended,
    Event,
    Failure,
    FirstPicture,
    Prepare,
    Quit,
    Start,
    Stop,
    parse_event,
    render_line,
)
from bench_agent.ports.player import Player, PlayResult
from media.proof_of_play import Outcome, judge

_CONNECT_RETRY_S = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayerLimits:
    """How long to wait before giving up; settings (SIG-R67, SIG-R68)."""

    connect_s: float = 10.0
    beat_s: float = 1.5
    picture_s: float = 1.5
    stall_s: float = 2.0


class _LostError(Exception):
    """The player is gone or as good as gone; ``cause`` says how."""

    def __init__(self, cause: str) -> None:
        super().__init__(cause)
        self.cause = cause


class _Showing:
    """What is known of the running play."""

    def __init__(self, play_id: int, duration_ms: int, began_s: float) -> None:
        self.play_id = play_id
        self.duration_ms = duration_ms
        self.began_s = began_s
        self.first_picture_s: float | None = None
        self.last_picture_s = began_s
        self.moved_s = began_s
        self.media_ms = -1
        self.pictures = 0

    def note(self, event: Event, now_s: float) -> None:
        """Take in one event of this play."""
        if isinstance(event, FirstPicture):
            self.first_picture_s = self.last_picture_s = self.moved_s = now_s
        elif isinstance(event, Beat):
            self.pictures, self.last_picture_s = event.pictures, now_s
            if event.media_ms > self.media_ms:
                self.media_ms, self.moved_s = event.media_ms, now_s

    def cut_off(self, cause: str) -> PlayResult:
        """What can be claimed when the player did not tell the end itself."""
        if self.first_picture_s is None:
            return PlayResult(shown_ms=0, pictures=0, outcome=Outcome.FAILED, cause=cause)
        shown_ms = min(int((self.last_picture_s - self.first_picture_s) * 1000), self.duration_ms)
        return PlayResult(
            shown_ms=shown_ms, pictures=max(self.pictures, 1), outcome=Outcome.PARTIAL, cause=cause
        )


class PlayerProcess(Player):
    """The player as a child process on a Unix socket."""

    def __init__(self, command: Sequence[str], socket_path: Path, limits: PlayerLimits | None = None) -> None:
        """Create the adapter; the process starts with the first play.

        Args:
            command: Argument list that starts a player serving ``socket_path``.
            socket_path: Its Unix socket.
            limits: When to give up.
        """
        self._command = tuple(command)
        self._socket_path = socket_path
        self._limits = limits or PlayerLimits()
        self._process: asyncio.subprocess.Process | None = None
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._play_id = 0
        self._cut = False
        self.starts = 0
        """How often the process was started."""

    @property
    def pid(self) -> int | None:
        """Process id of the running player."""
        return None if self._process is None else self._process.pid

    @override
    async def play(self, path: Path, duration_ms: int) -> PlayResult:
        self._cut = False
        await self._ensure_running()
        self._play_id += 1
        showing = _Showing(self._play_id, duration_ms, _now_s())
        try:
            self._send(Prepare(play_id=self._play_id, file=path.name, duration_ms=duration_ms))
            self._send(Start(play_id=self._play_id))
            if self._cut:
                self._send(Stop())
            return await self._follow(showing)
        except _LostError as lost:
            await self._kill()
            return showing.cut_off(lost.cause)

    @override
    async def stop(self) -> None:
        # The player may still be starting; then the stop has to follow the start.
        self._cut = True
        with contextlib.suppress(_LostError):
            self._send(Stop())

    @override
    async def close(self) -> None:
        if self._process is not None:
            with contextlib.suppress(_LostError, TimeoutError):
                self._send(Quit())
                await asyncio.wait_for(self._process.wait(), timeout=3)
        await self._kill()

    async def _follow(self, showing: _Showing) -> PlayResult:
        while True:
            event = await self._next_event()
            if event.play_id != showing.play_id:
                continue
            now_s = _now_s()
            if isinstance(event, Failure):
                return PlayResult(shown_ms=0, pictures=0, outcome=Outcome.FAILED, cause=event.code)
            if isinstance(event, Ended):
                return _judged(event, showing)
            showing.note(event, now_s)
            if showing.first_picture_s is None:
                if now_s - showing.began_s > self._limits.picture_s:
                    self._send(Stop())
                    return showing.cut_off("no_picture")
            elif now_s - showing.moved_s > self._limits.stall_s:
                raise _LostError("stalled")

    async def _next_event(self) -> Event:
        if self._reader is None:
            raise _LostError("player_died")
        try:
            line = await asyncio.wait_for(self._reader.readline(), timeout=self._limits.beat_s)
            if not line:
                raise _LostError("player_died")
            return parse_event(line)
        except TimeoutError as err:
            raise _LostError("no_beat") from err
        except (OSError, ValueError, msgspec.DecodeError) as err:
            raise _LostError("player_died") from err

    def _send(self, command: Command) -> None:
        if self._writer is None or self._writer.is_closing():
            raise _LostError("player_died")
        self._writer.write(render_line(command))

    async def _ensure_running(self) -> None:
        if self._process is not None and self._process.returncode is None and self._writer is not None:
            return
        await self._kill()
        self._socket_path.unlink(missing_ok=True)
        try:
            self._process = await asyncio.create_subprocess_exec(
                *self._command, stdin=asyncio.subprocess.DEVNULL
            )
            self.starts += 1
            async with asyncio.timeout(self._limits.connect_s):
                self._reader, self._writer = await self._connect(self._process)
        except (OSError, TimeoutError, _LostError) as err:
            await self._kill()
            raise PlayerError(f"the player does not start: {self._command[0]} ({err})") from err

    async def _connect(
        self, process: asyncio.subprocess.Process
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        while process.returncode is None:
            try:
                return await asyncio.open_unix_connection(str(self._socket_path))
            except OSError:
                await asyncio.sleep(_CONNECT_RETRY_S)
        raise _LostError(f"exit status {process.returncode}")

    async def _kill(self) -> None:
        writer, self._writer, self._reader = self._writer, None, None
        if writer is not None:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()
        process, self._process = self._process, None
        if process is not None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()


def _judged(event: Ended, showing: _Showing) -> PlayResult:
    outcome = judge(shown_ms=event.shown_ms, planned_ms=showing.duration_ms, pictures=event.pictures)
    if event.reason != "end" and outcome is Outcome.COMPLETE:
        outcome = Outcome.PARTIAL
    if event.reason == "stopped" and outcome is Outcome.FAILED:
        outcome = Outcome.PARTIAL
    shown_ms = 0 if outcome is Outcome.FAILED else event.shown_ms
    cause = "" if event.reason == "end" and outcome is not Outcome.FAILED else event.reason
    if outcome is Outcome.FAILED and event.reason == "end":
        cause = "no_picture"
    return PlayResult(shown_ms=shown_ms, pictures=event.pictures, outcome=outcome, cause=cause)


def _now_s() -> float:
    return asyncio.get_running_loop().time()
