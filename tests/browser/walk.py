"""Steps through the demo's console in Chromium, for tests and pictures."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, ViewportSize, expect, sync_playwright

from fleet_server.demo.clips import load_films
from tests.demo import Demo

DESK: ViewportSize = {"width": 1440, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 844}


@contextlib.contextmanager
def open_browser(complaints: list[str]) -> Iterator[Page]:
    """A page in Indonesian; what its console complains of is added to ``complaints``."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        page = browser.new_page(viewport=DESK, timezone_id="Asia/Jakarta", locale="id-ID")
        page.on("console", lambda note: complaints.append(note.text) if note.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        yield page
        browser.close()


def sign_in(page: Page, demo: Demo) -> None:
    """Come in as the demo's operator and see its benches."""
    page.goto(demo.url)
    page.get_by_label("Nama pengguna").fill(demo.way_in["username"])
    page.get_by_label("Kata sandi").fill(demo.way_in["password"])
    page.get_by_role("button", name="Masuk").click()
    expect(page.get_by_role("link", name="Alun-alun Trenggalek")).to_be_visible()


def look_at(page: Page, size: ViewportSize, picture: Path) -> None:
    """Keep a picture of the whole page in this size; nothing may stick out of it."""
    page.set_viewport_size(size)
    page.wait_for_timeout(1_500)  # charts and maps follow the width
    overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(overflow) == 0
    page.screenshot(path=picture, full_page=True)


def samples_are_out(demo: Demo) -> list[dict[str, Any]] | None:
    """The sample campaigns once all of them are published."""
    with demo.open_api() as api:
        campaigns: list[dict[str, Any]] = api.get("/api/v1/campaigns").json()["items"]
    return campaigns if len(campaigns) == len(load_films()) else None
