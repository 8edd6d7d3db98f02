"""The demo's films and campaigns, through the real console, worker and ffmpeg."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import pytest

from bench_agent.wire.ids import BenchId
from bench_agent.wire.presence import Desired
from fleet_server.benches.models import DesiredRow
from fleet_server.campaigns import service
from fleet_server.demo.clips import CLIP_S, Film, draw_clip, load_films
from fleet_server.demo.options import Options, PlayerKind
from fleet_server.demo.plan import DemoError, Plan
from fleet_server.demo.sample_campaigns import SampleCampaigns
from fleet_server.demo.seed import DemoBench, SignIn
from fleet_server.kit.embedded_broker import EmbeddedBroker
from fleet_server.operators import service as operators
from fleet_server.operators.roles import Role
from media.snapshot import Snapshot, parse_snapshot
from tests.integration.console import BENCH, PASSWORD, Console, run_console


@pytest.fixture
def console(tmp_path: Path) -> Iterator[Console]:
    with run_console(tmp_path / "fleet") as running:
        with running.app.state.sessions.begin() as db:
            operators.set_operator(db, "ani", PASSWORD, Role.ADMIN)
        command = [sys.executable, "-m", "fleet_server", "worker"]
        environment = {**os.environ, "FLEET_DATA_DIR": str(tmp_path / "fleet")}
        worker = subprocess.Popen(command, env=environment)
        try:
            yield running
        finally:
            worker.terminate()
            assert worker.wait(20) == 0


def seed(console: Console, folder: Path) -> None:
    """Bring in the sample campaigns as the demo does."""
    options = Options(
        port=0, data=folder, benches=1, history_days=3, player=PlayerKind.SIMULATED, seconds=None
    )
    bench = DemoBench(BenchId(BENCH), "Alun-alun", "Trenggalek", -8.05, 111.71, "", "")
    port = int(console.url.rsplit(":", 1)[1])
    broker = EmbeddedBroker(folder / "broker", 1, [])
    plan = Plan(options, [bench], broker, {"data_dir": str(folder / "fleet")}, port, [0])
    samples = SampleCampaigns(plan, SignIn("ani", PASSWORD, console.api_token), threading.Event())
    samples.start()
    samples.join()


def programme_of(console: Console) -> Snapshot:
    with console.app.state.sessions() as db:
        row = db.get_one(DesiredRow, BENCH)
        desired = msgspec.json.decode(row.body, type=Desired)
    path, _ = console.app.state.media.find(desired.snapshot_sha256)
    return parse_snapshot(path.read_bytes())


@pytest.mark.slow
def test_samples_reach_a_bench_as_one_programme_once_and_a_withdrawn_one_stays_away(
    console: Console, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    seed(console, tmp_path)
    films = {film.title: film for film in load_films()}
    snapshot = programme_of(console)
    assert {one.title: one.share_pm for one in snapshot.campaigns} == {
        title: film.share_pm for title, film in films.items()
    }
    today = datetime.now(ZoneInfo(snapshot.time_zone)).date()
    assert {one.from_date for one in snapshot.campaigns} == {today - timedelta(days=3)}
    durations_ms = [one.items[0].duration_ms for one in snapshot.campaigns]
    assert all(abs(duration_ms - CLIP_S * 1000) <= 100 for duration_ms in durations_ms)
    told = capfd.readouterr().out
    assert all(f"Film     {title}" in told and f"Kampanye {title}" in told for title in films)

    state = console.app.state
    with state.sessions.begin() as db:
        service.withdraw(db, state.media, snapshot.campaigns[0].id, state.clock.now_ms())
    seed(console, tmp_path)
    with state.sessions() as db:
        assert len(service.list_campaigns(db)) == len(films)
    assert len(programme_of(console).campaigns) == len(films) - 1


def test_samples_leave_room_for_a_campaign_of_one_s_own() -> None:
    films = load_films()
    assert sum(film.share_pm for film in films) <= 700
    assert len({film.title for film in films}) == len({film.file_name for film in films}) == len(films)


def sample() -> Film:
    return load_films()[0]


def test_clip_is_drawn_once_in_a_folder_of_any_name(tmp_path: Path) -> None:
    folder = tmp_path / "it's 100%: [a], b;"
    clip = draw_clip(sample(), folder, threading.Event())
    drawn_at = clip.stat().st_mtime_ns
    assert draw_clip(sample(), folder, threading.Event()).stat().st_mtime_ns == drawn_at
    assert list(folder.iterdir()) == [clip]
    shown = ["-show_entries", "stream=codec_name,width,height:format=duration", "-of", "csv=p=0", str(clip)]
    found = subprocess.run(["ffprobe", "-v", "error", *shown], check=True, capture_output=True, text=True)
    assert found.stdout.split() == ["h264,960,540", "aac", f"{CLIP_S}.000000"]


def test_end_of_the_demo_ends_the_drawing_and_leaves_no_half_film(tmp_path: Path) -> None:
    stop = threading.Event()
    stop.set()
    with pytest.raises(DemoError, match="diakhiri"):
        draw_clip(sample(), tmp_path / "films", stop)
    assert list((tmp_path / "films").iterdir()) == []


def test_missing_ffmpeg_is_named_with_its_cure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(DemoError, match="sudo apt install ffmpeg"):
        draw_clip(sample(), tmp_path / "films", threading.Event())


def test_ffmpeg_s_own_complaint_is_passed_on(tmp_path: Path) -> None:
    broken = msgspec.structs.replace(sample(), colours=("no-colour", "0x000000"))
    with pytest.raises(DemoError, match=r"(?s)ffmpeg gagal membuat film contoh: .*no-colour"):
        draw_clip(broken, tmp_path, threading.Event())
