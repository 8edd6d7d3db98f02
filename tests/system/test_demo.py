"""The demo as a person starts it: one command, real processes, a way in for scripts, nothing left behind."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import httpx
import psutil
import pytest

READY_S = 90
T = TypeVar("T")


def start_demo(data: Path, *more: str) -> subprocess.Popen[str]:
    arguments = [sys.executable, "-m", "fleet_server", "demo", "--data", str(data), *more]
    return subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def wait_for(what: Callable[[], T | None], seconds: float = READY_S) -> T:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = what()
        if found is not None:
            return found
        time.sleep(0.2)
    raise AssertionError(f"{what} gave nothing within {seconds} s")


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    process = start_demo(tmp_path / "demo", "--port", "0", "--benches", "2", "--history", "1")
    yield process
    process.kill()
    process.communicate()


@pytest.mark.slow
def test_demo_shows_live_benches_with_a_past_lets_citizens_in_and_ends_cleanly(
    tmp_path: Path, demo: subprocess.Popen[str]
) -> None:
    file = tmp_path / "demo" / "demo.json"
    wait_for(lambda: True if file.exists() else None)
    assert file.stat().st_mode & 0o777 == 0o600
    way_in: dict[str, Any] = json.loads(file.read_text())
    assert set(way_in) == {"url", "username", "password", "api_token", "broker_url", "portals"}
    token = {"Authorization": f"Bearer {way_in['api_token']}"}
    with httpx.Client(base_url=way_in["url"], headers=token) as console:

        def live_benches() -> list[dict[str, Any]] | None:
            benches: list[dict[str, Any]] = console.get("/api/v1/benches").json()["items"]
            live = [one for one in benches if one["online"] and one["battery_soc_pct"] is not None]
            return live if len(live) == 2 else None

        benches = wait_for(live_benches)
        assert {bench["kecamatan"] for bench in benches} == {"Trenggalek", "Tugu"}
        query = {"fields": "soc_pct", "step": "3600"}
        hours = wait_for(lambda: a_day_of_hours(console, benches[0]["id"], query))
        assert all(0 <= value <= 100 for value in hours)
    with httpx.Client(base_url=way_in["portals"][0], follow_redirects=True) as phone:
        page = phone.get("/").text
        consent = page.split('name="token" value="')[1].split('"')[0]
        assert "Anda sudah tersambung" in phone.post("/masuk", data={"token": consent}).text
    children = psutil.Process(demo.pid).children(recursive=True)
    assert len(children) >= 8  # broker, server, ingest, worker, two agents, two portals
    os.kill(demo.pid, signal.SIGINT)
    assert demo.wait(timeout=40) == 0
    _, alive = psutil.wait_procs(children, timeout=5)
    assert not alive
    assert not file.exists()


def a_day_of_hours(console: httpx.Client, bench: str, query: dict[str, str]) -> list[float] | None:
    now = int(time.time() * 1000)  # noqa: TID251 - the demo's past ends at the real now
    span = {"start": str(now - 86_400_000), "end": str(now)}
    answer = console.get(f"/api/v1/benches/{bench}/series", params={**query, **span})
    assert answer.status_code == 200, answer.text
    values = [value for value in answer.json()["values"]["soc_pct"] if value is not None]
    return values if len(values) >= 23 else None


def test_demo_names_a_taken_port_and_starts_nothing(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        process = start_demo(tmp_path / "demo", "--port", str(port))
        output, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert f"Port {port} tidak dapat dipakai" in output
    assert "--port" in output
    assert "Traceback" not in output
    assert not (tmp_path / "demo" / "broker").exists()
