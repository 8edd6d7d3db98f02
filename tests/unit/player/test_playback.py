"""The playback service on a simulated screen (docs/spec/signage.md sections 10, 14 and 16)."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from bench_agent.errors import PlayerError
from bench_agent.ports.player import Player, PlayResult
from bench_agent.services.playback import PlaybackService
from bench_agent.simulated.clock import SimulatedClock
from bench_agent.simulated.player import SimulatedPlayer
from bench_agent.wire.play import Play, PlayOutcome
from media.asset import MediaFile
from media.campaign import Campaign, Item, Layer
from media.schedule import State
from media.snapshot import FORMAT, Snapshot

GOOD, BAD = "a" * 64, "b" * 64
NOON_MS = int(datetime(2026, 11, 25, 5, tzinfo=UTC).timestamp() * 1000)


class FixedProgramme:
    def __init__(self, *files: str) -> None:
        self.missing: frozenset[str] = frozenset()
        campaigns = tuple(
            Campaign(
                id=sha256[:1],
                title=f"Film {sha256[:1]}",
                owner="Dinkes",
                layer=Layer.FILLER,
                items=(Item(id=f"{sha256[:1]}-1", duration_ms=10_000, picture=sha256),),
            )
            for sha256 in files
        )
        listed = {sha256: MediaFile(size_bytes=1, media_type="video/mp4", url="/x") for sha256 in files}
        self.document: Snapshot | None = Snapshot(
            format=FORMAT,
            bench="tgx000000001",
            version=7,
            made_at=datetime(2026, 11, 23, tzinfo=UTC),
            time_zone="Asia/Jakarta",
            campaigns=campaigns,
            files=listed,
        )

    def snapshot(self) -> Snapshot | None:
        return self.document

    def unavailable(self) -> frozenset[str]:
        return self.missing

    def path_of(self, sha256: str) -> Path:
        return Path("/media", sha256)


class Bench:
    def __init__(self, *files: str) -> None:
        self.clock = SimulatedClock(NOON_MS)
        self.programme = FixedProgramme(*files)
        self.player: Player = SimulatedPlayer(self.clock, bad_files={BAD})
        self.plays: list[Play] = []
        self.starts_ms: list[int] = []
        self.states: list[State] = []
        self.service = PlaybackService(self.programme, self.player, self.clock, self.note)

    def note(self, play: Play, started_at_ms: int, state: State) -> None:
        self.plays.append(play)
        self.starts_ms.append(started_at_ms - NOON_MS)
        self.states.append(state)


def live(bench: Bench, *scenes: tuple[float, Callable[[], None]]) -> Bench:
    """Run the bench through ``scenes``: at so many seconds, do that; the last one ends it."""

    async def whole() -> None:
        async with asyncio.TaskGroup() as group:
            running = group.create_task(bench.service.run())
            for at_s, happens in scenes:
                await bench.clock.run_until(NOON_MS + int(at_s * 1000))
                happens()
            running.cancel()

    asyncio.run(whole())
    return bench


def nothing() -> None:
    """The end of a scenario."""


def test_each_play_is_told_with_its_true_time_owner_and_rule_r75() -> None:
    bench = live(Bench(GOOD), (25, nothing))
    assert bench.plays[0] == Play(
        play_seq=0,  # the outbox numbers it
        campaign="a",
        title="Film a",
        owner="Dinkes",
        item="a-1",
        asset=GOOD,
        layer="filler",
        snapshot_version=7,
        planned_ms=10_000,
        shown_ms=10_000,
        pictures=301,
        outcome=PlayOutcome.COMPLETE,
        position=0,
        lane="content",
        weight=1_000_000,
        weight_sum=1_000_000,
        pool=("a",),
    )
    assert (bench.plays[1].position, bench.plays[1].pool) == (1, None)  # the same pool is not told twice
    assert bench.starts_ms == [0, 10_000]
    assert bench.states[-1] == bench.service.state


def test_bad_file_is_quarantined_and_the_picture_stays_r67_r73() -> None:
    bench = live(Bench(GOOD, BAD), (7 * 60, nothing))
    failed_at_ms = [
        start_ms
        for play, start_ms in zip(bench.plays, bench.starts_ms, strict=True)
        if play.outcome is PlayOutcome.FAILED
    ]
    assert len(failed_at_ms) == 3
    assert failed_at_ms[1] - failed_at_ms[0] >= 60_000
    assert failed_at_ms[2] - failed_at_ms[1] >= 300_000
    assert sum(play.shown_ms for play in bench.plays if play.asset == BAD) == 0
    assert isinstance(bench.player, SimulatedPlayer)
    assert bench.player.picture == GOOD


def test_only_bad_files_end_in_less_than_one_attempt_a_second_r73() -> None:
    assert len(live(Bench(BAD), (50, nothing)).plays) == 1


def test_display_off_cuts_the_play_and_nothing_starts_until_it_is_on_again_r33() -> None:
    bench = Bench(GOOD)

    def check_dark() -> None:
        assert [(play.outcome, play.cause) for play in bench.plays] == [(PlayOutcome.PARTIAL, "energy")]
        bench.service.set_display(True)

    live(bench, (4, lambda: bench.service.set_display(False)), (600, check_dark), (611, nothing))
    assert [play.shown_ms for play in bench.plays] == [4_000, 10_000]
    assert bench.starts_ms == [0, 600_000]


def test_no_snapshot_and_no_file_wait_without_a_play_r62() -> None:
    bench = Bench(GOOD)
    document, bench.programme.document = bench.programme.document, None
    bench.programme.missing = frozenset({GOOD})

    def bring_document() -> None:
        bench.programme.document = document

    def bring_film() -> None:
        assert bench.plays == []
        bench.programme.missing = frozenset()

    live(bench, (30, bring_document), (60, bring_film), (72, nothing))
    assert [play.outcome for play in bench.plays] == [PlayOutcome.COMPLETE]
    assert 60_000 <= bench.starts_ms[0] <= 61_000


def test_player_that_cannot_start_proves_nothing_and_is_tried_again() -> None:
    class BrokenPlayer(SimulatedPlayer):
        tries = 0

        async def play(self, path: Path, duration_ms: int) -> PlayResult:  # type: ignore[explicit-override]
            self.tries += 1
            raise PlayerError(f"no screen for {path} ({duration_ms} ms)")

    bench = Bench(GOOD)
    broken = BrokenPlayer(bench.clock)
    bench.service = PlaybackService(bench.programme, broken, bench.clock, bench.note)
    live(bench, (10, nothing))
    assert bench.plays == []
    assert 10 <= broken.tries <= 11
