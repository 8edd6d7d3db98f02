"""Console and API through a real socket."""

import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from fleet_server.benches.models import Bench
from tests.integration.console import BENCH, PASSWORD, Console, run_console


@pytest.fixture
def console(tmp_path: Path) -> Iterator[Console]:
    with run_console(tmp_path) as running:
        yield running


@pytest.fixture
def stranger(console: Console) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=console.url) as client:
        yield client


@pytest.fixture
def browser(console: Console) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=console.url, headers={"accept": "text/html"}) as client:
        answer = client.post("/masuk", data={"name": "ani", "password": PASSWORD})
        assert answer.status_code == 303
        yield client


@pytest.fixture
def program(console: Console) -> Iterator[httpx.Client]:
    headers = {"authorization": f"Bearer {console.api_token}"}
    with httpx.Client(base_url=console.url, headers=headers) as client:
        yield client


@pytest.mark.parametrize(
    "path", ["/api/v1/benches", "/api/v1/me", f"/api/v1/benches/{BENCH}", "/api/v1/plays"]
)
def test_a_stranger_gets_a_problem_and_no_bench(stranger: httpx.Client, path: str) -> None:
    answer = stranger.get(path)
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == 401


@pytest.mark.parametrize(
    ("path", "led_to"),
    [("/", "/masuk"), (f"/bangku/{BENCH}?jam=6", f"/masuk?ke=%2Fbangku%2F{BENCH}%3Fjam%3D6")],
)
def test_a_stranger_with_a_browser_is_led_to_sign_in_and_back(
    stranger: httpx.Client, path: str, led_to: str
) -> None:
    answer = stranger.get(path, headers={"accept": "text/html"})
    assert (answer.status_code, answer.headers["location"]) == (303, led_to)
    form = {"name": "ani", "password": PASSWORD, "ke": path}
    answer = stranger.post("/masuk", data=form)
    assert (answer.status_code, answer.headers["location"]) == (303, path)


def test_health_is_open_and_metrics_count_benches(stranger: httpx.Client) -> None:
    assert stranger.get("/healthz").json() == {"status": "ok"}
    assert stranger.get("/readyz").json() == {"status": "ready"}
    assert 'fleet_benches{online="true"}' in stranger.get("/metrics").text


def test_a_token_reads_benches_with_their_latest_measurements(program: httpx.Client) -> None:
    benches = program.get("/api/v1/benches").json()["items"]
    found = next(bench for bench in benches if bench["id"] == BENCH)
    assert found["battery_soc_pct"] == pytest.approx(75.9)
    assert program.get("/api/v1/me").json() == {"name": "ani", "role": "viewer"}


def test_an_unknown_bench_is_a_404_problem(program: httpx.Client) -> None:
    answer = program.get("/api/v1/benches/tgx999999999")
    assert (answer.status_code, answer.json()["title"]) == (404, "Tidak ditemukan")


def test_a_wrong_parameter_is_named_in_a_422_problem(program: httpx.Client) -> None:
    answer = program.get("/api/v1/benches", params={"limit": "banyak"})
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["errors"][0]["at"] == "query.limit"


def test_an_issued_token_works_and_a_changed_one_does_not(console: Console, program: httpx.Client) -> None:
    token = program.post("/api/v1/tokens", json={"label": "laporan"}).json()["token"]
    with httpx.Client(base_url=console.url) as client:
        assert client.get("/api/v1/me", headers={"authorization": f"Bearer {token}"}).status_code == 200
        assert client.get("/api/v1/me", headers={"authorization": f"Bearer {token}x"}).status_code == 401


def test_a_wrong_password_signs_nobody_in(stranger: httpx.Client) -> None:
    answer = stranger.post("/masuk", data={"name": "ani", "password": "bukan-sandinya"})
    assert answer.status_code == 401
    assert "salah" in answer.text
    assert not answer.cookies


def test_after_five_wrong_passwords_even_the_name_has_to_wait(stranger: httpx.Client) -> None:
    for _ in range(5):
        assert stranger.post("/masuk", data={"name": "tamu", "password": "x"}).status_code == 401
    answer = stranger.post("/masuk", data={"name": "tamu", "password": "x"})
    assert answer.status_code == 429
    assert "menit" in answer.text


def test_a_sign_in_form_of_another_site_is_refused(stranger: httpx.Client) -> None:
    form = {"name": "ani", "password": PASSWORD}
    answer = stranger.post("/masuk", data=form, headers={"origin": "https://lain.example"})
    assert answer.status_code == 403


def test_a_browser_needs_the_form_token_to_change_anything(browser: httpx.Client) -> None:
    assert browser.post("/api/v1/tokens", json={"label": "x"}).status_code == 403
    assert browser.post("/keluar", data={"csrf_token": "salah"}).status_code == 403
    assert browser.get("/").status_code == 200


def test_signing_out_ends_the_session_on_the_server(console: Console, browser: httpx.Client) -> None:
    cookie = dict(browser.cookies)
    page = browser.get("/").text
    token = page.split('name="csrf_token" value="')[1].split('"')[0]
    assert browser.post("/keluar", data={"csrf_token": token}).status_code == 303
    with httpx.Client(base_url=console.url, cookies=cookie) as thief:
        assert thief.get("/api/v1/me").status_code == 401


def test_pages_show_benches_and_forbid_everything_from_elsewhere(browser: httpx.Client) -> None:
    answer = browser.get("/")
    assert "Alun-alun Trenggalek" in answer.text
    assert "Belum pernah terlihat" in answer.text
    assert "script-src 'self'" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "http" not in answer.text.replace("http-equiv", "")


@pytest.mark.parametrize(("chart", "lines"), [("daya", 2), ("baterai", 1), ("wifi", 2), ("pemutaran", 1)])
def test_each_chart_has_a_column_per_line(browser: httpx.Client, chart: str, lines: int) -> None:
    columns = browser.get(f"/bangku/{BENCH}/deret/{chart}", params={"jam": 6}).json()
    assert len(columns["columns"]) == lines
    assert columns["times_s"]
    assert all(len(column) == len(columns["times_s"]) for column in columns["columns"])


def test_an_unknown_range_is_refused_in_words(browser: httpx.Client) -> None:
    answer = browser.get(f"/bangku/{BENCH}", params={"jam": 5})
    assert answer.status_code == 400
    assert "jam" in answer.text


def test_the_live_list_tells_a_change_within_two_seconds(console: Console, browser: httpx.Client) -> None:
    with browser.stream("GET", "/sse/benches", timeout=5) as answer:
        lines = answer.iter_lines()
        assert next(lines) == "event: benches"
        with console.app.state.sessions.begin() as db:
            bench = db.get(Bench, "tgx000000002")
            bench.name = "Pantai Karanggongso"
        changed_s = time.monotonic()
        assert any("Pantai Karanggongso" in line for line in lines)
        assert time.monotonic() - changed_s < 2
