"""Pages of the console through a real socket: languages, sessions, events, live changes."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from fleet_server.benches.models import Bench
from fleet_server.kit.clock import SystemClock
from fleet_server.telemetry.models import EventRow
from tests.integration.console import BENCH, PASSWORD, Console, run_console

OTHER = "tgx000000002"


@pytest.fixture
def console(tmp_path: Path) -> Iterator[Console]:
    with run_console(tmp_path) as running:
        yield running


@pytest.fixture
def browser(console: Console) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=console.url, headers={"accept": "text/html"}) as client:
        client.post("/masuk", data={"name": "ani", "password": PASSWORD})
        yield client


def add_events(console: Console, count: int) -> None:
    now_ms = SystemClock().now_ms()
    with console.app.state.sessions.begin() as db:
        for number in range(count):
            db.add(
                EventRow(
                    bench=BENCH,
                    gen="g",
                    seq=number,
                    ts_ms=now_ms + number,
                    kind="boot",
                    severity=("notice", "warning", "critical")[number % 3],
                    text=f"Kejadian nomor {number}.",
                    facts={},
                )
            )


def test_a_page_speaks_indonesian_until_the_browser_asks_for_english(browser: httpx.Client) -> None:
    page = browser.get("/")
    assert (page.headers["content-language"], "Belum pernah terlihat" in page.text) == ("id", True)
    assert '<html lang="id">' in page.text
    page = browser.get("/", headers={"accept-language": "en-GB"})
    assert (page.headers["content-language"], "Never seen" in page.text) == ("en", True)
    assert '<html lang="en">' in page.text


def test_the_chosen_language_is_kept_and_the_page_comes_back(browser: httpx.Client) -> None:
    back = f"/bangku/{BENCH}?jam=6"
    answer = browser.post("/bahasa", data={"code": "en", "back": back})
    assert (answer.status_code, answer.headers["location"]) == (303, back)
    assert "State of charge" in browser.get(back).text
    browser.post("/bahasa", data={"code": "id", "back": back})
    assert "Isi baterai" in browser.get(back, headers={"accept-language": "en"}).text


def test_an_unknown_language_and_another_site_are_not_taken(browser: httpx.Client) -> None:
    answer = browser.post("/bahasa", data={"code": "xx", "back": "//lain.example"})
    assert (answer.headers["location"], "set-cookie" in answer.headers) == ("/", False)
    answer = browser.post("/masuk", data={"name": "ani", "password": PASSWORD, "ke": "https://lain.example"})
    assert answer.headers["location"] == "/"


def test_problems_are_told_in_the_language_of_the_page(browser: httpx.Client) -> None:
    path = "/bangku/tgx999999999"
    assert "Bangku &#39;tgx999999999&#39; tidak terdaftar." in browser.get(path).text
    english = {"accept-language": "en"}
    assert "Bench &#39;tgx999999999&#39; is not registered." in browser.get(path, headers=english).text
    assert "There is no page /lain." in browser.get("/lain", headers=english).text
    wrong = browser.post("/masuk", data={"name": "ani", "password": "x"}, headers=english)
    assert "User name or password is wrong." in wrong.text


def test_a_program_reads_problems_in_indonesian_unless_it_asks(console: Console) -> None:
    headers = {"authorization": f"Bearer {console.api_token}"}
    with httpx.Client(base_url=console.url, headers=headers) as program:
        answer = program.get("/api/v1/benches/tgx999999999").json()
        assert (answer["title"], answer["detail"]) == (
            "Tidak ditemukan",
            "Bangku 'tgx999999999' tidak terdaftar.",
        )


def test_a_page_that_renews_itself_after_the_session_ended_goes_to_sign_in(console: Console) -> None:
    headers = {"hx-request": "true", "hx-current-url": f"{console.url}/bangku/{BENCH}", "accept": "*/*"}
    answer = httpx.get(f"{console.url}/bangku/{BENCH}/keadaan", headers=headers)
    assert answer.status_code == 401
    assert answer.headers["hx-redirect"] == f"/masuk?ke=%2Fbangku%2F{BENCH}"


def test_newest_events_come_first_and_older_ones_on_the_next_page(
    console: Console, browser: httpx.Client
) -> None:
    add_events(console, 60)
    page = browser.get(f"/bangku/{BENCH}").text
    assert page.index("Kejadian nomor 59.") < page.index("Kejadian nomor 50.")
    assert "Kejadian nomor 49." not in page
    everything = browser.get(f"/bangku/{BENCH}/kejadian")
    assert "Kejadian nomor 10." in everything.text
    older = everything.text.split('href="?cursor=')[1].split('"')[0]
    last = browser.get(f"/bangku/{BENCH}/kejadian", params={"cursor": older}).text
    assert "Kejadian nomor 9." in last
    assert 'href="?cursor=' not in last


def test_events_of_a_bench_without_any_say_so(browser: httpx.Client) -> None:
    assert "Belum ada kejadian." in browser.get(f"/bangku/{OTHER}/kejadian/terbaru").text


def test_a_stream_tells_only_the_bench_that_changed(console: Console, browser: httpx.Client) -> None:
    since = browser.get("/").text.split("/sse/benches?since=")[1].split('"')[0]
    with console.app.state.sessions.begin() as db:
        db.get(Bench, OTHER).online = True
    with browser.stream("GET", "/sse/benches", params={"since": since}, timeout=5) as answer:
        event: list[str] = []
        for line in answer.iter_lines():
            if not line:
                break
            event.append(line)
    told = "\n".join(event)
    assert f'id="b-{OTHER}"' in told
    assert f'id="b-{BENCH}"' not in told
    assert 'id="summary"' in told


def test_a_browser_asks_whether_an_asset_changed_and_keeps_no_page(browser: httpx.Client) -> None:
    asset = browser.get("/assets/console.css")
    assert asset.headers["cache-control"] == "no-cache"
    unchanged = browser.get("/assets/console.css", headers={"if-none-match": asset.headers["etag"]})
    assert unchanged.status_code == 304
    assert browser.get("/").headers["cache-control"] == "no-store"
