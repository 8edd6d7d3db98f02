"""The console in a real browser, on a phone's and on a desk's screen."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from fleet_server.benches.models import Bench
from fleet_server.kit.clock import SystemClock
from fleet_server.operators import service
from fleet_server.operators.models import OperatorSession
from fleet_server.operators.roles import Role
from fleet_server.settings import Settings
from fleet_server.telemetry.models import EventRow
from fleet_server.web.pages import ASSETS
from tests.integration.console import BENCH, PASSWORD, Console, run_console

OTHER = "tgx000000002"
PICTURES = os.environ.get("CONSOLE_PICTURES")
SCREENS = {"phone": (390, 844), "desk": (1440, 900)}
PATIENCE_MS = 15_000


@pytest.fixture
def console(tmp_path: Path) -> Iterator[Console]:
    assert (ASSETS / "console.js").is_file(), "run `npm ci && npm run build` first"
    with run_console(tmp_path) as running:
        yield running


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(params=sorted(SCREENS))
def page(request: pytest.FixtureRequest, chromium: Browser) -> Iterator[Page]:
    width, height = SCREENS[request.param]
    # An office computer set to another zone still shows bench time.
    page = chromium.new_page(
        viewport={"width": width, "height": height}, locale="id-ID", timezone_id="Europe/Berlin"
    )
    yield page
    page.close()


@pytest.fixture
def desk(chromium: Browser) -> Iterator[Page]:
    page = chromium.new_page(viewport={"width": 1440, "height": 900}, locale="id-ID")
    yield page
    page.close()


def sign_in(console: Console, page: Page) -> None:
    page.goto(console.url)
    page.get_by_label("Nama pengguna").fill("ani")
    page.get_by_label("Kata sandi").fill(PASSWORD)
    page.get_by_role("button", name="Masuk").click()
    page.wait_for_url(f"{console.url}/")


def keep_picture(page: Page, name: str) -> None:
    if PICTURES is not None and page.viewport_size is not None:
        page.screenshot(path=f"{PICTURES}/{name}-{page.viewport_size['width']}.png", full_page=True)


def overflow(page: Page) -> int:
    width: int = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return width


def test_an_operator_signs_in_and_sees_benches_change_live(console: Console, page: Page) -> None:
    complaints: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))

    page.goto(console.url)
    keep_picture(page, "masuk")
    sign_in(console, page)

    second = page.get_by_role("link", name="Pantai Prigi")
    expect(second).to_contain_text("Belum pernah terlihat")
    expect(page.locator("#map path.leaflet-interactive")).to_have_count(2)
    expect(page.locator("#map .dot.unknown")).to_have_count(1)
    with console.app.state.sessions.begin() as db:
        bench = db.get(Bench, OTHER)
        bench.online = True
    expect(second).to_contain_text("Daring")
    expect(page.locator("#map .dot.online")).to_have_count(2)
    expect(page.locator("#tile-online")).to_contain_text("2")
    assert overflow(page) == 0
    keep_picture(page, "armada")

    page.get_by_role("link", name="Alun-alun Trenggalek").click()
    expect(page).to_have_url(f"{console.url}/bangku/{BENCH}")
    expect(page.locator(".chart-stage canvas")).to_have_count(4)
    keep_picture(page, "bangku")
    assert overflow(page) == 0
    assert complaints == []
    assert [url for url in asked if not url.startswith((console.url, "data:"))] == []


def test_a_bench_with_trouble_stands_first_and_its_count_filters(console: Console, page: Page) -> None:
    sign_in(console, page)
    # Of a bench that nobody ever heard the page does not claim that it is well.
    expect(page.locator("#summary")).to_contain_text("1 bangku belum pernah terlihat")
    with console.app.state.sessions.begin() as db:
        bench = db.get(Bench, OTHER)
        bench.online = True
    expect(page.locator("#summary")).to_contain_text("Semua bangku baik")
    with console.app.state.sessions.begin() as db:
        bench = db.get(Bench, OTHER)
        bench.online = False
        bench.last_seen_ms = SystemClock().now_ms()
    expect(page.locator("#summary")).to_contain_text("1 bangku perlu diperiksa")
    first = page.locator("#benches li").first
    expect(first).to_contain_text("Pantai Prigi")
    expect(first).to_contain_text("Luring sejak")
    page.get_by_role("button", name="1 bangku perlu diperiksa").click()
    expect(page.locator("#benches li:visible")).to_have_count(1)
    expect(page.locator("#shown")).to_have_text("1 dari 2 bangku")
    expect(page.locator("#map .dot")).to_have_count(1)


def test_the_list_is_searched_and_the_address_remembers_it(console: Console, page: Page) -> None:
    sign_in(console, page)
    page.get_by_label("Cari nama, kecamatan, atau keadaan").fill("prigi")
    expect(page.locator("#benches li:visible")).to_have_count(1)
    expect(page.get_by_role("link", name="Pantai Prigi")).to_be_visible()
    page.reload()
    expect(page.locator("#benches li:visible")).to_have_count(1)
    page.get_by_label("Cari nama, kecamatan, atau keadaan").fill("tidak ada yang begini")
    expect(page.get_by_text("Tidak ada bangku yang cocok.")).to_be_visible()
    page.get_by_role("button", name="Tampilkan semua").click()
    expect(page.locator("#benches li:visible")).to_have_count(2)


def test_a_new_bench_appears_and_the_filter_stays(console: Console, desk: Page) -> None:
    sign_in(console, desk)
    desk.get_by_label("Cari nama, kecamatan, atau keadaan").fill("pantai")
    with console.app.state.sessions.begin() as db:
        for number, name in ((3, "Pantai Pelang"), (4, "Pasar Pule")):
            db.add(Bench(id=f"tgx{number:09d}", name=name, lat=-8.2, lon=111.5, created_ms=0))
    expect(desk.locator("#benches li:visible")).to_have_count(2)
    expect(desk.locator("#shown")).to_have_text("2 dari 4 bangku")


def test_without_tiles_the_map_is_a_sketch_of_the_regency_that_says_so(console: Console, page: Page) -> None:
    sign_in(console, page)
    expect(page.locator("#map .regency")).to_have_count(1)
    expect(page.locator("#map .cell")).to_have_count(14)
    expect(page.locator("#map .map-label.kecamatan", has_text="Trenggalek")).to_have_count(1)
    expect(page.locator("#map")).to_contain_text("Sketsa, bukan batas resmi")
    page.locator("#map .dot.online").click()
    expect(page).to_have_url(f"{console.url}/bangku/{BENCH}")


def test_when_tiles_are_unreachable_the_sketch_stays(tmp_path: Path, desk: Page) -> None:
    settings = Settings(data_dir=tmp_path, map_tiles_url="https://127.0.0.1:1/{z}/{x}/{y}.png")
    with run_console(tmp_path, settings) as console:
        sign_in(console, desk)
        expect(desk.locator("#map .regency")).to_have_count(1)
        expect(desk.locator("#map")).to_contain_text("Sketsa, bukan batas resmi")
        expect(desk.locator("#map .dot")).to_have_count(2)


def test_a_name_with_html_in_it_is_only_text_on_the_map(console: Console, desk: Page) -> None:
    with console.app.state.sessions.begin() as db:
        db.get(Bench, BENCH).name = "<img src=x onerror=alert(1)>"
    sign_in(console, desk)
    desk.locator("#map .dot.online").hover()
    expect(desk.locator(".leaflet-tooltip")).to_have_text("<img src=x onerror=alert(1)>: Daring")


def test_the_language_is_switched_in_the_header_and_stays(console: Console, page: Page) -> None:
    sign_in(console, page)
    page.get_by_role("button", name="English").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.get_by_role("link", name="Pantai Prigi")).to_contain_text("Never seen")
    with console.app.state.sessions.begin() as db:
        db.get(Bench, OTHER).online = True
    expect(page.get_by_role("link", name="Pantai Prigi")).to_contain_text("Online")
    page.goto(f"{console.url}/bangku/{BENCH}?jam=168")
    expect(page.get_by_text("Solar panel")).to_be_visible()
    assert overflow(page) == 0
    page.get_by_role("button", name="Bahasa Indonesia").click()
    expect(page).to_have_url(f"{console.url}/bangku/{BENCH}?jam=168")
    expect(page.get_by_text("Panel surya")).to_be_visible()


def test_the_legend_of_a_chart_tells_the_newest_value_and_the_one_under_the_pointer(
    console: Console, desk: Page
) -> None:
    sign_in(console, desk)
    desk.goto(f"{console.url}/bangku/{BENCH}?jam=6")
    battery = desk.locator('[data-chart="baterai"]')
    value = battery.locator(".u-series:nth-child(2) .u-value")
    expect(value).to_have_text("75,9 %")
    expect(battery.locator(".u-series:first-child .u-value")).to_contain_text("WIB")
    box = battery.locator(".u-over").bounding_box()
    assert box is not None
    desk.mouse.move(box["x"] + box["width"] * 0.92, box["y"] + 20)
    expect(value).not_to_have_text("75,9 %")


def test_events_are_listed_newest_first_with_their_severity(console: Console, page: Page) -> None:
    now_ms = SystemClock().now_ms()
    with console.app.state.sessions.begin() as db:
        for seq, (severity, text) in enumerate([("notice", "Mulai."), ("critical", "Wi-Fi mati.")]):
            db.add(
                EventRow(
                    bench=BENCH,
                    gen="g",
                    seq=seq,
                    ts_ms=now_ms + seq,
                    kind="hotspot.failed",
                    severity=severity,
                    text=text,
                    facts={},
                )
            )
    sign_in(console, page)
    page.goto(f"{console.url}/bangku/{BENCH}")
    events = page.locator("#events li")
    expect(events).to_have_count(2)
    expect(events.first).to_contain_text("Kritis")
    expect(events.first).to_contain_text("Wi-Fi mati.")
    expect(events.last).to_contain_text("Mulai.")


def test_the_file_control_is_ours_and_an_upload_shows_how_it_went(
    console: Console, page: Page, tmp_path: Path
) -> None:
    with console.app.state.sessions.begin() as db:
        service.set_operator(db, "ani", PASSWORD, Role.EDITOR)
    film = tmp_path / "Film pendek.mp4"
    film.write_bytes(b"no film, but a file")
    sign_in(console, page)
    page.goto(f"{console.url}/aset")
    expect(page.get_by_text("Pilih berkas film…")).to_be_visible()
    page.get_by_label("Judul film").fill("Film pendek")
    page.get_by_label("Berkas film", exact=True).set_input_files(film)
    expect(page.get_by_text("Film pendek.mp4")).to_be_visible()
    page.get_by_role("button", name="Unggah").click()
    expect(page.locator("#sending-text")).to_contain_text("Terkirim.")
    expect(page.locator("#films")).to_contain_text("Menunggu diolah")
    film.write_bytes(b"")
    page.get_by_label("Judul film").fill("Kosong")
    page.get_by_label("Berkas film", exact=True).set_input_files(film)
    page.get_by_role("button", name="Unggah").click()
    expect(page.get_by_role("alert")).to_contain_text("kosong")
    assert overflow(page) == 0


def test_the_upload_form_works_without_javascript(
    console: Console, chromium: Browser, tmp_path: Path
) -> None:
    with console.app.state.sessions.begin() as db:
        service.set_operator(db, "ani", PASSWORD, Role.EDITOR)
    film = tmp_path / "film.mp4"
    film.write_bytes(b"no film, but a file")
    context = chromium.new_context(java_script_enabled=False, locale="id-ID")
    page = context.new_page()
    sign_in(console, page)
    page.goto(f"{console.url}/aset")
    page.get_by_label("Judul film").fill("Film pendek")
    page.get_by_label("Berkas film", exact=True).set_input_files(film)
    page.get_by_role("button", name="Unggah").click()
    expect(page.locator("#films")).to_contain_text("Film pendek")
    context.close()


def test_an_ended_session_leads_to_sign_in_and_back(console: Console, desk: Page) -> None:
    sign_in(console, desk)
    desk.goto(f"{console.url}/bangku/{BENCH}")
    with console.app.state.sessions.begin() as db:
        db.query(OperatorSession).delete()
    desk.wait_for_url(f"{console.url}/masuk?ke=*", timeout=PATIENCE_MS)
    desk.get_by_label("Nama pengguna").fill("ani")
    desk.get_by_label("Kata sandi").fill(PASSWORD)
    desk.get_by_role("button", name="Masuk").click()
    expect(desk).to_have_url(f"{console.url}/bangku/{BENCH}")


def port_of(console: Console) -> int:
    return int(console.url.rpartition(":")[2])


def test_a_server_that_goes_away_is_told_and_its_return_brings_the_news(tmp_path: Path, desk: Page) -> None:
    notice = desk.get_by_text("Terputus, menyambung kembali…")
    with run_console(tmp_path) as console:
        sign_in(console, desk)
        expect(desk.locator("#benches li")).to_have_count(2)
        expect(notice).to_be_hidden()
    expect(notice).to_be_visible(timeout=PATIENCE_MS)
    with run_console(tmp_path, port=port_of(console)) as again:
        expect(notice).to_be_hidden(timeout=PATIENCE_MS)
        with again.app.state.sessions.begin() as db:
            db.get(Bench, OTHER).name = "Pantai Simbaronce"
        expect(desk.locator("#benches")).to_contain_text("Pantai Simbaronce", timeout=PATIENCE_MS)


def test_a_stream_refused_for_an_ended_session_leads_to_sign_in(tmp_path: Path, desk: Page) -> None:
    with run_console(tmp_path) as console:
        sign_in(console, desk)
        expect(desk.locator("#benches li")).to_have_count(2)
        with console.app.state.sessions.begin() as db:
            db.query(OperatorSession).delete()
    with run_console(tmp_path, port=port_of(console)):
        desk.wait_for_url(f"{console.url}/masuk*", timeout=PATIENCE_MS)


def test_the_keyboard_reaches_the_content_and_shows_where_it_is(console: Console, desk: Page) -> None:
    sign_in(console, desk)
    desk.keyboard.press("Tab")
    expect(desk.get_by_role("link", name="Langsung ke isi")).to_be_focused()
    desk.keyboard.press("Enter")
    desk.keyboard.press("Tab")
    outline = desk.evaluate("getComputedStyle(document.activeElement).outlineWidth")
    assert outline == "3px"
    assert desk.evaluate("document.querySelector('main').contains(document.activeElement)")
