"""The scheduler's state lies with the rows on a real disk, so a restart goes on where they end (SIG-R7)."""

import asyncio
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from functools import reduce
from pathlib import Path

import pytest

from bench_agent.adapters.outbox_sqlite import OutboxLimits, SqliteOutbox
from bench_agent.services.outbox import OutboxService
from bench_agent.services.playback import PlaybackService
from bench_agent.simulated.clock import SimulatedClock
from bench_agent.simulated.player import SimulatedPlayer
from bench_agent.wire.envelope import body_of, decode_record
from bench_agent.wire.play import Play
from media.asset import MediaFile
from media.campaign import Campaign, Item, Layer
from media.proof_of_play import Outcome
from media.schedule import State, Turn, account
from media.snapshot import FORMAT, Snapshot

NOON_MS = int(datetime(2026, 11, 25, 5, tzinfo=UTC).timestamp() * 1000)
WEIGHTS = {"a": 5, "b": 3, "c": 2, "d": 1}


class FourFilms:
    """A programme whose third film arrives late."""

    def __init__(self) -> None:
        items = {
            name: [Item(id=f"{name}{number}", duration_ms=10_000, picture=name * 64) for number in (1, 2)]
            for name in WEIGHTS
        }
        self.document = Snapshot(
            format=FORMAT,
            bench="tgx000000001",
            version=1,
            made_at=datetime(2026, 11, 23, tzinfo=UTC),
            time_zone="Asia/Jakarta",
            campaigns=tuple(
                Campaign(id=name, layer=Layer.FILLER, weight=weight, items=tuple(items[name]))
                for name, weight in WEIGHTS.items()
            ),
            files={name * 64: MediaFile(size_bytes=1, media_type="video/mp4", url="/x") for name in WEIGHTS},
        )
        self.played = 0

    def snapshot(self) -> Snapshot:
        return self.document

    def unavailable(self) -> frozenset[str]:
        return frozenset({"c" * 64}) if self.played < 5 else frozenset()

    def path_of(self, sha256: str) -> Path:
        return Path(sha256)


def play_on(store: SqliteOutbox, plays: int) -> None:
    """Play ``plays`` more items; what waits in memory at the end is left there, as by a power cut."""

    async def whole() -> None:
        clock, programme = SimulatedClock(NOON_MS), FourFilms()
        outbox = OutboxService(store, None, clock, boot="ab12cd34")

        def emit(play: Play, started_at_ms: int, state: State) -> None:
            outbox.emit_play(play, started_at_ms, state)
            programme.played = sum(state.positions.values())

        service = PlaybackService(programme, SimulatedPlayer(clock), clock, emit)
        service.state = outbox.scheduler_state()
        programme.played = sum(service.state.positions.values())
        for _ in range(plays):
            step = asyncio.create_task(service.step())
            await clock.run_until(clock.now_ms() + 10_000)
            await step

    asyncio.run(whole())


def rows(path: Path) -> list[Play]:
    with closing(sqlite3.connect(path)) as db:
        bodies = [
            body_of(decode_record(raw)) for (raw,) in db.execute("SELECT record FROM records ORDER BY seq")
        ]
    return [body for body in bodies if isinstance(body, Play)]


def turn_in(row: Play) -> Turn:
    return Turn(
        campaign=row.campaign,
        position=row.position,
        lane=row.lane,
        weight=row.weight,
        weight_sum=row.weight_sum,
        pool=row.pool,
        shown_ms=row.shown_ms,
        outcome=Outcome(row.outcome.value),
    )


@pytest.mark.parametrize("in_memory", [0, 1, 2])
def test_power_cuts_between_plays_change_nothing_that_follows_r7(tmp_path: Path, in_memory: int) -> None:
    limits = OutboxLimits(play_rows=3)
    whole, cut = tmp_path / "whole.sqlite3", tmp_path / "cut.sqlite3"
    with closing(SqliteOutbox(whole, limits)) as store:
        play_on(store, 24)
    for _ in range(4):
        with closing(SqliteOutbox(cut, limits)) as store:
            play_on(store, 6 + in_memory)
            assert store.count() == len(rows(cut)) + in_memory
            store._waiting.clear()  # the power goes: what only memory held is gone
    assert rows(cut) == rows(whole)
    assert [row.play_seq for row in rows(cut)] == list(range(1, 25))
    assert {row.campaign for row in rows(cut)} == set(WEIGHTS)


def test_rows_folded_again_give_the_stored_state_r7(tmp_path: Path) -> None:
    path = tmp_path / "outbox.sqlite3"
    with closing(SqliteOutbox(path)) as store:
        play_on(store, 20)
    with closing(SqliteOutbox(path)) as store:
        kept = OutboxService(store, None, SimulatedClock(NOON_MS), boot="x").scheduler_state()
    assert reduce(account, map(turn_in, rows(path)), State()) == kept
    assert sum(kept.positions.values()) == 20


def test_state_that_cannot_be_read_starts_the_scheduler_anew(tmp_path: Path) -> None:
    path = tmp_path / "outbox.sqlite3"
    with closing(SqliteOutbox(path)) as store:
        play_on(store, 20)
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("UPDATE state SET value = ?", (b"\xff{",))
    with closing(SqliteOutbox(path)) as store:
        assert OutboxService(store, None, SimulatedClock(NOON_MS), boot="x").scheduler_state() == State()
