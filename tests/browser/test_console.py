"""The console in a real browser, on a phone's and on a desk's screen."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from fleet_server.benches.models import Bench
from fleet_server.web.pages import ASSETS
from tests.integration.console import BENCH, PASSWORD, Console, run_console

PICTURES = os.environ.get("CONSOLE_PICTURES")
SCREENS = {"phone": (390, 844), "desk": (1440, 900)}


@pytest.fixture
def console(tmp_path: Path) -> Iterator[Console]:
    assert (ASSETS / "console.js").is_file(), "run `npm ci && npm run build` first"
    with run_console(tmp_path) as running:
        yield running


@pytest.fixture(params=sorted(SCREENS))
def page(request: pytest.FixtureRequest) -> Iterator[Page]:
    width, height = SCREENS[request.param]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": width, "height": height}, timezone_id="Asia/Jakarta")
        yield page
        browser.close()


def keep_picture(page: Page, name: str) -> None:
    if PICTURES is not None and page.viewport_size is not None:
        page.screenshot(path=f"{PICTURES}/{name}-{page.viewport_size['width']}.png", full_page=True)


def test_an_operator_signs_in_and_sees_benches_change_live(console: Console, page: Page) -> None:
    complaints: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))

    page.goto(console.url)
    keep_picture(page, "masuk")
    page.get_by_label("Nama pengguna").fill("ani")
    page.get_by_label("Kata sandi").fill(PASSWORD)
    page.get_by_role("button", name="Masuk").click()

    second = page.get_by_role("link", name="Pantai Prigi")
    expect(second).to_contain_text("Belum pernah terlihat")
    expect(page.locator("#map path.leaflet-interactive")).to_have_count(2)
    with console.app.state.sessions.begin() as db:
        bench = db.get(Bench, "tgx000000002")
        bench.online = True
    expect(second).to_contain_text("Daring")
    keep_picture(page, "armada")

    page.get_by_role("link", name="Alun-alun Trenggalek").click()
    expect(page).to_have_url(f"{console.url}/bangku/{BENCH}")
    expect(page.locator(".chart-stage canvas")).to_have_count(4)
    keep_picture(page, "bangku")

    overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert overflow == 0
    assert complaints == []
    assert [url for url in asked if not url.startswith((console.url, "data:"))] == []
