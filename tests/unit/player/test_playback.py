"""The playback service on a simulated screen (docs/spec/signage.md sections 10, 14 and 16)."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

from bench_agent.errors import PlayerError
from bench_agent.ports.clock import ClockQuality
from bench_agent.ports.player import PlayResult
from bench_agent.services.playback import PlaybackService
from bench_agent.simulated.player import SimulatedPlayer
from bench_agent.wire.play import Play, PlayOutcome
from media.asset import MediaFile
from media.campaign import Campaign, Item, Layer
from media.snapshot import FORMAT, Snapshot

GOOD, BAD = "a" * 64, "b" * 64
NOON_MS = int(datetime(2026, 11, 25, 5, tzinfo=UTC).timestamp() * 1000)


class SteppedClock:
    def __init__(self) -> None:
        self.ms = 0

    def now_ms(self) -> int:
        return NOON_MS + self.ms

    def monotonic_ms(self) -> int:
        return self.ms

    def quality(self) -> ClockQuality:
        return ClockQuality.NTP

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0)
        self.ms += int(seconds * 1000)


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
        self.clock = SteppedClock()
        self.programme = FixedProgramme(*files)
        self.player = SimulatedPlayer(self.clock, bad_files={BAD})
        self.plays: list[Play] = []
        self.starts_ms: list[int] = []
        self.service = PlaybackService(self.programme, self.player, self.clock, self.note, played=41)

    def note(self, play: Play, started_at_ms: int) -> None:
        self.plays.append(play)
        self.starts_ms.append(started_at_ms)


def on_bench(*files: str) -> Callable[[Callable[[Bench], Awaitable[None]]], Bench]:
    def run(scenario: Callable[[Bench], Awaitable[None]]) -> Bench:
        async def whole() -> Bench:
            bench = Bench(*files)
            await scenario(bench)
            return bench

        return asyncio.run(whole())

    return run


async def until(condition: Callable[[], bool]) -> None:
    for _ in range(100_000):
        if condition():
            return
        await asyncio.sleep(0)
    raise AssertionError("it never came to that")


def test_each_play_is_told_with_its_true_time_and_owner_r75() -> None:
    async def scenario(bench: Bench) -> None:
        await bench.service.step()
        await bench.service.step()

    bench = on_bench(GOOD)(scenario)
    assert bench.plays[0] == Play(
        play_seq=42,
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
    )
    assert bench.plays[1].play_seq == 43
    assert bench.starts_ms == [NOON_MS, NOON_MS + 10_000]


def test_bad_file_is_quarantined_and_the_picture_stays_r67_r73() -> None:
    async def scenario(bench: Bench) -> None:
        while bench.clock.ms < 7 * 60_000:
            await bench.service.step()
            assert bench.player.picture in {"card", GOOD}

    bench = on_bench(GOOD, BAD)(scenario)
    failed_at_ms = [
        start_ms - NOON_MS
        for play, start_ms in zip(bench.plays, bench.starts_ms, strict=True)
        if play.outcome is PlayOutcome.FAILED
    ]
    assert len(failed_at_ms) == 3
    assert failed_at_ms[1] - failed_at_ms[0] >= 60_000
    assert failed_at_ms[2] - failed_at_ms[1] >= 300_000
    assert sum(play.shown_ms for play in bench.plays if play.asset == BAD) == 0


def test_only_bad_files_end_in_less_than_one_attempt_a_second_r73() -> None:
    async def scenario(bench: Bench) -> None:
        while bench.clock.ms < 50_000:
            await bench.service.step()

    assert len(on_bench(BAD)(scenario).plays) == 1


def test_display_off_cuts_the_play_and_nothing_starts_until_it_is_on_again_r33() -> None:
    async def scenario(bench: Bench) -> None:
        running = asyncio.create_task(bench.service.run())
        await until(lambda: bench.clock.ms >= 4_000)
        bench.service.set_display(False)
        await until(lambda: len(bench.plays) == 1)
        dark_since_ms = bench.clock.ms
        for _ in range(50):
            await asyncio.sleep(0)
        assert (len(bench.plays), bench.clock.ms) == (1, dark_since_ms)
        bench.service.set_display(True)
        await until(lambda: len(bench.plays) == 2)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    bench = on_bench(GOOD)(scenario)
    assert (bench.plays[0].outcome, bench.plays[0].cause) == (PlayOutcome.PARTIAL, "energy")
    assert 4_000 <= bench.plays[0].shown_ms < 10_000
    assert bench.plays[1].outcome is PlayOutcome.COMPLETE


def test_no_snapshot_and_no_file_wait_without_a_play_r62() -> None:
    async def scenario(bench: Bench) -> None:
        bench.programme.missing = frozenset({GOOD})
        await bench.service.step()
        document, bench.programme.document = bench.programme.document, None
        await bench.service.step()
        assert bench.plays == []
        bench.programme.document, bench.programme.missing = document, frozenset()
        await bench.service.step()

    bench = on_bench(GOOD)(scenario)
    assert [play.outcome for play in bench.plays] == [PlayOutcome.COMPLETE]
    assert bench.starts_ms == [NOON_MS + 2_000]


def test_player_that_cannot_start_proves_nothing_and_is_tried_again() -> None:
    class BrokenPlayer(SimulatedPlayer):
        async def play(self, path: Path, duration_ms: int) -> PlayResult:  # type: ignore[explicit-override]
            raise PlayerError(f"no screen for {path} ({duration_ms} ms)")

    async def scenario(bench: Bench) -> None:
        broken = BrokenPlayer(bench.clock)
        service = PlaybackService(bench.programme, broken, bench.clock, bench.note)
        await service.step()
        await service.step()

    bench = on_bench(GOOD)(scenario)
    assert bench.plays == []
    assert bench.clock.ms == 2_000
