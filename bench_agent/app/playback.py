"""The playback part: everything between the desired snapshot and the screen."""

import asyncio
import random
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import httpx

from bench_agent.adapters.media_http import HttpMediaStore
from bench_agent.adapters.player_process import PlayerProcess
from bench_agent.adapters.snapshot_http import HttpSnapshotSource
from bench_agent.ports.clock import Clock
from bench_agent.ports.player import Player
from bench_agent.services.media_sync import MediaSync
from bench_agent.services.outbox import OutboxService
from bench_agent.services.playback import LOOK_S, PlaybackService, Programme
from bench_agent.services.programme import ProgrammeService
from bench_agent.settings import Settings
from bench_agent.simulated.player import SimulatedPlayer
from media.schedule import State
from media.snapshot import Snapshot

_HTTP_TIMEOUT_S = 30.0
PlayPast = Callable[[Programme], Awaitable[State]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Playback:
    """Everything between the desired snapshot and the screen."""

    client: httpx.AsyncClient
    clock: Clock
    programme: ProgrammeService
    media: MediaSync
    store: HttpMediaStore
    player: Player
    service: PlaybackService
    play_past: PlayPast | None
    """Plays the past days of a simulated bench with its first programme."""

    async def run(self) -> None:
        """Fetch and play until cancelled; then end the player."""
        try:
            async with self.client, asyncio.TaskGroup() as group:
                group.create_task(self.programme.run(), name="programme")
                group.create_task(self.media.run(), name="media")
                group.create_task(self._play(), name="player")
        finally:
            await self.player.close()

    async def _play(self) -> None:
        if self.play_past is not None:
            while (snapshot := self.programme.snapshot()) is None:
                await self.clock.sleep(LOOK_S)
            # Whatever it shows today, the bench had on disk in those days.
            then = _Ready(snapshot=lambda: snapshot, unavailable=frozenset, path_of=self.store.path_of)
            self.service.state = await self.play_past(then)
        await self.service.run()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ready:
    """What may be played now: the snapshot and those of its files that are verified."""

    snapshot: Callable[[], Snapshot | None]
    unavailable: Callable[[], frozenset[str]]
    path_of: Callable[[str], Path]


def build_playback(
    settings: Settings,
    clock: Clock,
    outbox: OutboxService,
    play_past: PlayPast | None = None,
) -> Playback:
    """Connect server, media folder, schedule and screen; what ``play_past`` played comes first."""
    folder = settings.data_dir / "media"
    folder.mkdir(parents=True, exist_ok=True)
    token = settings.server_token.get_secret_value()
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    client = httpx.AsyncClient(base_url=settings.server_url, headers=headers, timeout=_HTTP_TIMEOUT_S)
    source = HttpSnapshotSource(client, settings.data_dir / "snapshot.json")
    programme = ProgrammeService(source, clock, random.SystemRandom().random)
    store = HttpMediaStore(client, folder)
    media = MediaSync(store, clock, programme.snapshot)
    ready = _Ready(snapshot=programme.snapshot, unavailable=media.unavailable, path_of=store.path_of)
    player = _build_player(settings, clock, folder)
    service = PlaybackService(ready, player, clock, outbox.emit_play)
    service.state = outbox.scheduler_state()
    return Playback(
        client=client,
        clock=clock,
        programme=programme,
        media=media,
        store=store,
        player=player,
        service=service,
        play_past=play_past,
    )


def _build_player(settings: Settings, clock: Clock, folder: Path) -> Player:
    if settings.player == "simulated":
        return SimulatedPlayer(clock)
    command = [sys.executable, "-m", "bench_agent.player", "--backend", settings.player]
    command += ["--socket", str(settings.player_socket), "--media", str(folder), *settings.player_options]
    return PlayerProcess(command, settings.player_socket)
