"""Energy panel and alarms in a real browser (POW-R39, POW-R40, fleet.md section 9)."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest
from playwright.sync_api import Page, expect, sync_playwright

from bench_agent.wire.document import Outlook, OutlookSlot
from bench_agent.wire.energy_reason import ReasonCode
from bench_agent.wire.presence import Load
from bench_agent.wire.telemetry import EnergyTier, Harvest, PowerMinute
from fleet_server.alarms.models import AlarmRow
from fleet_server.benches.desired import lock_desired
from fleet_server.kit.clock import SystemClock
from fleet_server.operators import service as operators
from fleet_server.operators.roles import Role
from fleet_server.telemetry.models import DocumentRow
from tests.integration.console import BENCH, PASSWORD, Console, run_console

if TYPE_CHECKING:
    from fleet_server.kit.telemetry.port import SampleRow

PICTURES = os.environ.get("CONSOLE_PICTURES")
SCREENS = {"phone": (390, 844), "desk": (1440, 900)}
SLOT_MS = 1_800_000


@pytest.fixture
def console(tmp_path: Path) -> Iterator[Console]:
    with run_console(tmp_path) as running:
        _fill(running)
        yield running


def _fill(console: Console) -> None:
    now_ms = SystemClock().now_ms()
    first_ms = now_ms - now_ms % SLOT_MS
    state = console.app.state
    slots = []
    for index in range(48):
        hour = ((first_ms + index * SLOT_MS) // 3_600_000 + 7) % 24
        sun = max(0.0, 1 - abs(hour - 12) / 6)
        peak = 15 <= hour < 21
        tier = EnergyTier.RESERVE if hour < 7 else EnergyTier.ECO if hour < 11 else EnergyTier.NORMAL
        slots.append(
            OutlookSlot(
                at=first_ms + index * SLOT_MS, expected_wh=28 * sun, tier=tier, display=peak,
                hotspot=5 <= hour < 22, soc_pct=40 + 40 * sun,
            )
        )  # fmt: skip
    minute = PowerMinute(
        soc_pct=52, soc_sigma_pct=3, tier=EnergyTier.ECO, reason=ReasonCode.ECO_OFF, reason_left_s=3600
    )
    rows: list[SampleRow] = [(BENCH, now_ms, 90_000, minute)]
    for back in range(1, 480):
        at_ms = first_ms - back * SLOT_MS
        hour = (at_ms // 3_600_000 + 7) % 24
        harvest = Harvest(
            harvest_wh=25 * max(0.0, 1 - abs(hour - 12) / 6), harvest_clipped=False, harvest_measured_s=1800
        )
        rows.append((BENCH, at_ms, 80_000 - back, harvest))
    state.telemetry.append(rows)
    with state.sessions.begin() as db:
        operators.set_operator(db, "budi", PASSWORD, Role.EDITOR)
        body = msgspec.json.encode(Outlook(slots=slots))
        db.add(DocumentRow(bench=BENCH, kind="outlook/1", ts_ms=now_ms, body=body))
        db.add(AlarmRow(bench=BENCH, rule="soiling", opened_ms=now_ms - 7_200_000))
        db.add(AlarmRow(bench=BENCH, rule="charge_critical", opened_ms=now_ms - 600_000))


@pytest.fixture(params=sorted(SCREENS))
def page(request: pytest.FixtureRequest, console: Console) -> Iterator[Page]:
    width, height = SCREENS[request.param]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        page = browser.new_page(
            viewport={"width": width, "height": height}, timezone_id="Asia/Jakarta", locale="id-ID"
        )
        page.goto(console.url)
        page.get_by_label("Nama pengguna").fill("budi")
        page.get_by_label("Kata sandi").fill(PASSWORD)
        page.get_by_role("button", name="Masuk").click()
        page.wait_for_url(f"{console.url}/")
        yield page
        browser.close()


def keep_picture(page: Page, name: str) -> None:
    if PICTURES is not None and page.viewport_size is not None:
        page.screenshot(path=f"{PICTURES}/{name}-{page.viewport_size['width']}.png", full_page=True)


def overflow(page: Page) -> int:
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


def test_an_operator_reads_why_the_screen_is_off_and_overrides_it(console: Console, page: Page) -> None:
    page.goto(f"{console.url}/bangku/{BENCH}")
    panel = page.locator("#energi")
    expect(panel.locator(".reason")).to_contain_text("Layar mati sampai")
    expect(panel.locator(".reason")).to_contain_text("baterai 52 %")
    expect(panel.locator("svg rect.harvest").first).to_be_visible()
    expect(panel).to_contain_text("Baterai kritis")
    keep_picture(page, "energi")
    panel.get_by_text("Alihkan rencana energi…").click()
    panel.get_by_label("Yang dialihkan").select_option("display-on")
    panel.get_by_label("Alasan").fill("upacara di alun-alun")
    panel.get_by_role("button", name="Alihkan").click()
    expect(panel.get_by_role("status")).to_contain_text("Dialihkan oleh budi")
    keep_picture(page, "energi-alih")
    with console.app.state.sessions() as db:
        wish = lock_desired(db, BENCH).energy_override
    assert isinstance(wish, msgspec.Struct)
    assert (wish.load, wish.on, wish.who) == (Load.DISPLAY, True, "budi")
    panel.get_by_role("button", name="Akhiri").click()
    expect(panel.get_by_role("status")).to_have_count(0)
    assert overflow(page) == 0


def test_an_override_without_a_reason_says_what_to_do(console: Console, page: Page) -> None:
    page.goto(f"{console.url}/bangku/{BENCH}")
    panel = page.locator("#energi")
    panel.get_by_text("Alihkan rencana energi…").click()
    panel.get_by_label("Alasan").fill("     ")
    panel.get_by_role("button", name="Alihkan").click()
    expect(page.get_by_role("alert")).to_contain_text("Tulis alasan 5 sampai 300 huruf")


def test_an_operator_takes_an_alarm_and_closes_it_with_a_note(console: Console, page: Page) -> None:
    page.goto(console.url)
    page.get_by_role("link", name="Alarm").click()
    alarms = page.locator(".alarms > li")
    expect(alarms).to_have_count(2)
    expect(alarms.first).to_contain_text("Baterai kritis")
    keep_picture(page, "alarm")
    alarms.first.get_by_role("button", name="Saya tangani").click()
    expect(alarms.first).to_contain_text("ditangani budi")
    dirty = alarms.filter(has_text="Panel kotor")
    dirty.get_by_text("Tutup…").click()
    dirty.get_by_label("Apa yang dilakukan").fill("panel dibersihkan")
    dirty.get_by_role("button", name="Tutup alarm").click()
    expect(alarms).to_have_count(1)
    expect(page.get_by_text("panel dibersihkan")).to_be_visible()
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("heading", name="Alarms")).to_be_visible()
    expect(alarms.first).to_contain_text("Battery critical")
    assert overflow(page) == 0
