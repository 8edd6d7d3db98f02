"""The player's own process, with libvlc on a private X server (docs/spec/signage.md section 14)."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench_agent.adapters.player_process import PlayerLimits, PlayerProcess
from bench_agent.errors import PlayerError
from bench_agent.ports.player import PlayResult
from media.proof_of_play import Outcome

PATIENT = PlayerLimits(connect_s=30, beat_s=15, picture_s=15, stall_s=15)


@pytest.fixture
def display(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    read_end, write_end = os.pipe()
    command = ["Xvfb", "-displayfd", str(write_end), "-screen", "0", "320x180x24", "-nolisten", "tcp"]
    server = subprocess.Popen(command, pass_fds=[write_end], stderr=subprocess.DEVNULL)
    os.close(write_end)
    with os.fdopen(read_end) as file:
        name = f":{file.readline().strip()}"
    monkeypatch.setenv("DISPLAY", name)
    yield name
    server.terminate()
    server.wait(timeout=10)


def clip_at(path: Path, colour: str, seconds: int) -> Path:
    source = f"color=c={colour}:size=320x180:rate=25:duration={seconds}"
    command = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", source, "-c:v", "libx264", "-pix_fmt", "yuv420p"]
    subprocess.run([*command, str(path)], check=True, timeout=60)
    return path


def player_for(folder: Path, backend: str, limits: PlayerLimits = PATIENT, *options: str) -> PlayerProcess:
    path = folder / "player.sock"
    command = [sys.executable, "-m", "bench_agent.player", "--socket", str(path), "--backend", backend]
    command += [
        "--media",
        str(folder),
        "--allow-root",
        "--vlc-option=--aout=dummy",
        "--vlc-option=--avcodec-hw=none",
        *options,
    ]
    return PlayerProcess(command, path, limits)


def screen_colour(display: str) -> tuple[int, int, int]:
    command = ["ffmpeg", "-v", "error", "-f", "x11grab", "-video_size", "320x180", "-i", display]
    command += ["-frames:v", "1", "-vf", "scale=1:1:flags=area", "-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    grabbed = subprocess.run(command, check=True, capture_output=True, timeout=30).stdout
    return grabbed[0], grabbed[1], grabbed[2]


async def colour_seen(display: str, wanted: tuple[int, int, int], within_s: float) -> tuple[int, int, int]:
    seen = (0, 0, 0)
    async with asyncio.timeout(within_s):
        while max(abs(a - b) for a, b in zip(seen, wanted, strict=True)) > 40:
            seen = await asyncio.to_thread(screen_colour, display)
    return seen


def test_vlc_shows_the_film_and_a_bad_file_is_failed_not_played(tmp_path: Path, display: str) -> None:
    film = clip_at(tmp_path / "a.mp4", "red", 6)
    login_page = tmp_path / "b.mp4"
    login_page.write_bytes(b"<!DOCTYPE html><html><body>Silakan masuk</body></html>" * 40)

    async def scenario() -> tuple[PlayResult, PlayResult, PlayResult]:
        player = player_for(tmp_path, "vlc")
        try:
            showing = asyncio.create_task(player.play(film, 6_000))
            await colour_seen(display, (255, 0, 0), 20)
            good = await showing
            bad = await player.play(login_page, 6_000)
            missing = await player.play(tmp_path / "c.mp4", 6_000)
        finally:
            await player.close()
        return good, bad, missing

    good, bad, missing = asyncio.run(scenario())
    assert good.outcome is Outcome.COMPLETE
    assert good.shown_ms >= 5_700
    assert good.pictures > 0
    assert (bad.outcome, bad.shown_ms, bad.pictures) == (Outcome.FAILED, 0, 0)
    assert (missing.outcome, missing.cause) == (Outcome.FAILED, "no_file")


def test_killed_vlc_is_back_with_a_picture(tmp_path: Path, display: str) -> None:
    red, blue = clip_at(tmp_path / "a.mp4", "red", 20), clip_at(tmp_path / "b.mp4", "blue", 5)

    async def scenario() -> tuple[PlayResult, PlayResult, int]:
        player = player_for(tmp_path, "vlc")
        try:
            showing = asyncio.create_task(player.play(red, 20_000))
            await colour_seen(display, (255, 0, 0), 20)
            assert player.pid is not None
            os.kill(player.pid, signal.SIGKILL)
            cut = await showing
            after = await player.play(blue, 5_000)
        finally:
            await player.close()
        return cut, after, player.starts

    cut, after, starts = asyncio.run(scenario())
    assert (cut.outcome, cut.cause) == (Outcome.PARTIAL, "player_died")
    assert 0 <= cut.shown_ms < 20_000
    assert cut.pictures >= 1
    assert (after.outcome, starts) == (Outcome.COMPLETE, 2)


def test_hanging_player_is_found_and_replaced(tmp_path: Path) -> None:
    film = tmp_path / "a.mp4"
    film.write_bytes(b"x")

    async def scenario() -> tuple[PlayResult, PlayResult]:
        player = player_for(tmp_path, "dummy", PlayerLimits(connect_s=30))
        try:
            first = await player.play(film, 100)
            assert first.outcome is Outcome.COMPLETE
            assert player.pid is not None
            os.kill(player.pid, signal.SIGSTOP)
            hung = await player.play(film, 100)
            return hung, await player.play(film, 100)
        finally:
            await player.close()

    hung, after = asyncio.run(scenario())
    assert (hung.outcome, hung.cause) == (Outcome.FAILED, "no_beat")
    assert after.outcome is Outcome.COMPLETE


def test_stop_cuts_a_play_even_while_the_player_is_still_starting(tmp_path: Path) -> None:
    film = tmp_path / "a.mp4"
    film.write_bytes(b"x")

    async def scenario() -> tuple[PlayResult, PlayResult]:
        player = player_for(tmp_path, "dummy")
        try:
            showing = asyncio.create_task(player.play(film, 60_000))
            await asyncio.sleep(0)
            await player.stop()
            return await showing, await player.play(film, 50)
        finally:
            await player.close()

    cut, after = asyncio.run(scenario())
    assert (cut.outcome, cut.cause) == (Outcome.PARTIAL, "stopped")
    assert cut.shown_ms < 60_000
    assert after.outcome is Outcome.COMPLETE


def test_player_ends_itself_when_the_agent_is_gone_r71(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "bench_agent.player",
        "--socket",
        str(tmp_path / "s"),
        "--backend",
        "dummy",
    ]
    command += ["--media", str(tmp_path), "--allow-root", "--orphan-s", "0.2"]
    assert subprocess.run(command, check=False, timeout=30).returncode == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be refused")
def test_player_refuses_to_run_as_root_r63(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "bench_agent.player", "--socket", str(tmp_path / "s"), "--media", "/"]
    finished = subprocess.run(command, check=False, capture_output=True, text=True, timeout=30)
    assert finished.returncode == 2
    assert "root" in finished.stderr

    async def scenario() -> None:
        player = PlayerProcess(command, tmp_path / "s", PATIENT)
        with pytest.raises(PlayerError, match="exit status 2"):
            await player.play(tmp_path / "a.mp4", 1_000)

    asyncio.run(scenario())


def test_player_imports_no_heavy_library() -> None:
    code = "import sys, bench_agent.player.__main__; sys.exit(bool({'pydantic', 'vlc'} & sys.modules.keys()))"
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=30).returncode == 0
