"""The demo as a person starts it: one command, real processes, a way in for scripts, nothing left behind."""

import os
import signal
import socket
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import psutil
import pytest

from fleet_server.demo.clips import load_films
from tests.demo import Demo, running_demo, start_demo, wait_for

WIB = ZoneInfo("Asia/Jakarta")


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_demo_shows_live_benches_with_a_past_lets_citizens_in_and_ends_cleanly(tmp_path: Path) -> None:
    data = tmp_path / "demo"
    with running_demo(data, "--benches", "2", "--history", "2") as demo:
        file = data / "demo.json"
        assert file.stat().st_mode & 0o777 == 0o600
        assert set(demo.way_in) == {"url", "username", "password", "api_token", "broker_url", "portals"}
        with demo.open_api() as console:
            benches = wait_for(lambda: live_benches(console, 2))
            assert {bench["kecamatan"] for bench in benches} == {"Trenggalek", "Tugu"}
            hours = wait_for(lambda: a_day_of_hours(console, benches[0]["id"]))
            assert all(0 <= value <= 100 for value in hours)
            check_films_are_published_and_proved(console, [bench["id"] for bench in benches])
        check_citizen_gets_in(demo)
        children = psutil.Process(demo.process.pid).children(recursive=True)
        assert len(children) >= 8  # broker, server, ingest, worker, two agents, two portals
        os.kill(demo.process.pid, signal.SIGINT)
        output, _ = demo.process.communicate(timeout=40)
        assert demo.process.returncode == 0, output
        assert "Film     Cuci tangan pakai sabun" in output
        assert "Traceback" not in output
    _, alive = psutil.wait_procs(children, timeout=5)
    assert not alive
    assert not file.exists()


def live_benches(console: httpx.Client, count: int) -> list[dict[str, Any]] | None:
    benches: list[dict[str, Any]] = console.get("/api/v1/benches").json()["items"]
    live = [one for one in benches if one["online"] and one["battery_soc_pct"] is not None]
    return live if len(live) == count else None


def a_day_of_hours(console: httpx.Client, bench: str) -> list[float] | None:
    now = int(time.time() * 1000)  # noqa: TID251 - the demo's past ends at the real now
    query = {"fields": "soc_pct", "step": "3600", "start": str(now - 86_400_000), "end": str(now)}
    answer = console.get(f"/api/v1/benches/{bench}/series", params=query)
    assert answer.status_code == 200, answer.text
    values = [value for value in answer.json()["values"]["soc_pct"] if value is not None]
    return values if len(values) >= 23 else None


def check_films_are_published_and_proved(console: httpx.Client, benches: list[str]) -> None:
    """Every film went through the pipeline, and every bench proves plays of each on days before today."""
    films = {film.title: film for film in load_films()}

    def published() -> list[dict[str, Any]] | None:
        items: list[dict[str, Any]] = console.get("/api/v1/campaigns").json()["items"]
        return items if len(items) == len(films) else None

    campaigns = wait_for(published)
    assert {one["title"]: one["share_pm"] for one in campaigns} == {
        title: film.share_pm for title, film in films.items()
    }
    assert all((one["state"], one["benches"]) == ("published", benches) for one in campaigns)
    assets = console.get("/api/v1/assets").json()["items"]
    assert {(one["title"], one["stage"]) for one in assets} == {(title, "ready") for title in films}
    today = datetime.now(WIB).date().isoformat()
    for campaign in campaigns:

        def proved(campaign: dict[str, Any] = campaign) -> dict[str, Any] | None:
            report: dict[str, Any] = console.get(f"/api/v1/campaigns/{campaign['id']}/report").json()
            return report if all(bench["plays"] for bench in report["benches"]) else None

        days = [one["day"] for one in wait_for(proved)["days"]]
        assert days[0] < today
        assert days[0] >= campaign["from_date"]


def check_citizen_gets_in(demo: Demo) -> None:
    with httpx.Client(base_url=demo.way_in["portals"][0], follow_redirects=True) as phone:
        page = phone.get("/").text
        consent = page.split('name="token" value="')[1].split('"')[0]
        assert "Anda sudah tersambung" in phone.post("/masuk", data={"token": consent}).text


def test_demo_names_a_taken_port_and_starts_nothing(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        output = refusal(tmp_path, "--port", str(port))
    assert f"Port {port} tidak dapat dipakai" in output
    assert "--port" in output


def test_demo_with_vlc_but_no_screen_says_what_to_do(tmp_path: Path) -> None:
    output = refusal(tmp_path, "--player", "vlc", environment={"DISPLAY": ""})
    assert "DISPLAY" in output
    assert "--player dummy" in output


def refusal(folder: Path, *options: str, environment: dict[str, str] | None = None) -> str:
    process = start_demo(folder / "demo", *options, environment=environment)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "Traceback" not in output
    assert not (folder / "demo" / "broker").exists()
    return output


def test_help_and_readme_name_every_option() -> None:
    command = [sys.executable, "-m", "fleet_server", "demo", "--help"]
    environment = {**os.environ, "COLUMNS": "120", "TERM": "dumb", "NO_COLOR": "1"}
    told = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60, env=environment)
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    for option in ("--port", "--data", "--benches", "--history", "--player", "--for"):
        assert option in told.stdout
        assert option in readme
