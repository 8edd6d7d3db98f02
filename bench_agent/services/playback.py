"""Plays what the schedule picks and tells what truly happened (SIG-R47, SIG-R75).

Decides nothing itself: ``media.schedule`` picks, the energy plan switches the display.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from bench_agent.errors import PlayerError
from bench_agent.ports.clock import Clock, ClockQuality
from bench_agent.ports.player import Player, PlayResult
from bench_agent.wire.play import Play, PlayOutcome
from media import schedule
from media.proof_of_play import Outcome
from media.snapshot import Snapshot

_QUARANTINE_MS = (60_000, 300_000, 1_800_000)
_FOR_EVER_MS = 10**15
LOOK_S = 1.0


class Programme(Protocol):
    """What may be played now."""

    def snapshot(self) -> Snapshot | None:
        """The newest valid snapshot, None before the first."""
        ...

    def unavailable(self) -> frozenset[str]:
        """SHA-256 of files that are not verified yet."""
        ...

    def path_of(self, sha256: str) -> Path:
        """Where a verified file lies."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class _Quarantine:
    failures: int
    until_ms: int


class PlaybackService:
    """One play after another."""

    def __init__(
        self,
        programme: Programme,
        player: Player,
        clock: Clock,
        emit: Callable[[Play, int, schedule.State], None],
        look_s: float = LOOK_S,
    ) -> None:
        """Create the service.

        Args:
            programme: What may be played.
            player: The screen.
            clock: Time.
            emit: Receives each play, the wall time it started (milliseconds since 1970-01-01 UTC) and the
                scheduler's state after it, to be kept together (SIG-R7).
            look_s: How often an idle bench looks for a new programme or file, seconds.
        """
        self._programme = programme
        self._player = player
        self._clock = clock
        self._emit = emit
        self._look_s = look_s
        self._quarantined: dict[str, _Quarantine] = {}
        self._display_on = asyncio.Event()
        self._display_off = asyncio.Event()
        self._display_on.set()
        self.state = schedule.State()
        """What the scheduler remembers; set it before the first step to go on from earlier plays."""

    def set_display(self, on: bool) -> None:  # noqa: FBT001 -- the plan's word, display_on
        """Obey the energy plan; switching off cuts the running play at once (SIG-R33)."""
        (self._display_on if on else self._display_off).set()
        (self._display_off if on else self._display_on).clear()

    async def run(self) -> None:
        """Play until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._darken(), name="darken")
            while True:
                await self.step()

    async def _darken(self) -> None:
        while True:
            await self._display_off.wait()
            await self._player.stop()
            await self._display_on.wait()

    async def step(self) -> None:
        """Play one item, or wait a little when there is nothing to play."""
        await self._display_on.wait()
        snapshot = self._programme.snapshot()
        if snapshot is None:
            await self._clock.sleep(self._look_s)
            return
        choice = schedule.pick(snapshot, self.state, self._conditions())
        if isinstance(choice, schedule.Idle):
            # A new file or snapshot may end the idleness sooner than any window.
            left_s = max(0, choice.until_ms - self._clock.now_ms()) / 1000
            await self._clock.sleep(min(self._look_s, left_s))
            return
        await self._play(choice, snapshot.version)

    async def _play(self, choice: schedule.Play, version: int) -> None:
        started_at_ms = self._clock.now_ms()
        path = self._programme.path_of(choice.item.picture)
        try:
            result = await self._player.play(path, choice.item.duration_ms)
        except PlayerError:
            # Nothing was shown, so there is nothing to prove; the adapter tries a new process next time.
            await self._clock.sleep(LOOK_S)
            return
        if self._display_off.is_set() and result.outcome is not Outcome.COMPLETE:
            result = replace(result, outcome=Outcome.PARTIAL, cause="energy")
        self._note_failure(choice.item.picture, result.outcome)
        turn = schedule.turn_of(self.state, choice, result.shown_ms, result.outcome)
        self.state = schedule.account(self.state, turn)
        self._emit(_row(choice, turn, result, version), started_at_ms, self.state)

    def _conditions(self) -> schedule.Conditions:
        now_ms = self._clock.monotonic_ms()
        held = {sha256 for sha256, one in self._quarantined.items() if now_ms < one.until_ms}
        return schedule.Conditions(
            now_ms=self._clock.now_ms(),
            time_trusted=self._clock.quality() in (ClockQuality.NTP, ClockQuality.RTC),
            unavailable=self._programme.unavailable() | held,
        )

    def _note_failure(self, sha256: str, outcome: Outcome) -> None:
        """A failed file rests 1, 5, 30 minutes, then until the next start (SIG-R73)."""
        before = self._quarantined.pop(sha256, None)
        if outcome is not Outcome.FAILED:
            return
        failures = 1 if before is None else before.failures + 1
        rest_ms = _QUARANTINE_MS[failures - 1] if failures <= len(_QUARANTINE_MS) else _FOR_EVER_MS
        self._quarantined[sha256] = _Quarantine(
            failures=failures, until_ms=self._clock.monotonic_ms() + rest_ms
        )


def _row(choice: schedule.Play, turn: schedule.Turn, result: PlayResult, version: int) -> Play:
    return Play(
        play_seq=0,
        campaign=choice.campaign.id,
        title=choice.campaign.title,
        owner=choice.campaign.owner,
        item=choice.item.id,
        asset=choice.item.picture,
        layer=choice.campaign.layer.value,
        snapshot_version=version,
        planned_ms=choice.item.duration_ms,
        shown_ms=result.shown_ms,
        pictures=result.pictures,
        outcome=PlayOutcome(result.outcome.value),
        cause=result.cause,
        position=turn.position,
        lane=turn.lane,
        weight=turn.weight,
        weight_sum=turn.weight_sum,
        pool=turn.pool,
    )
