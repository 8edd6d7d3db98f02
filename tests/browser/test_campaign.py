"""The main job in a real browser: a film goes from an upload to a bench's proof of play, in the demo."""

import re
import subprocess
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import psutil
import pytest
from playwright.sync_api import Page, expect

from tests.browser.walk import DESK, PHONE, look_at, open_browser, samples_are_out, sign_in
from tests.demo import Demo, running_demo, wait_for

BENCH = "tgx000000001"
WAIT_MS = 120_000
WIB = ZoneInfo("Asia/Jakarta")
pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    """Benches open now, whatever the hour, with a battery that lasts a day and a night without sun."""
    now = datetime.now(WIB)
    environment = {
        "BENCH_OPEN_FROM": f"{now - timedelta(hours=9):%H:%M}",
        "BENCH_OPEN_UNTIL": f"{now + timedelta(hours=8):%H:%M}",
        "BENCH_POWER__METERS": "simulated://?wp=300&ah=200&soc=95",
    }
    options = ["--benches", "1", "--history", "1"]
    with running_demo(tmp_path / "demo", *options, environment=environment) as demo:
        yield demo


@pytest.fixture
def page(tmp_path: Path) -> Iterator[Page]:
    complaints: list[str] = []
    with open_browser(complaints) as page:
        yield page
        page.screenshot(path=tmp_path / "end.png", full_page=True)
    assert complaints == []


def film_at(path: Path) -> Path:
    """A short film of one's own: a sunrise over the words."""
    picture = "gradients=s=640x360:r=30:c0=0xb45309:c1=0x312e81:x0=0:y0=0:x1=640:y1=360:speed=0.01:seed=5"
    words = "drawtext=text='Pasar tani tiap Minggu pagi':fontcolor=white:fontsize=38:x=(w-tw)/2:y=(h-th)/2"
    font = "fontfile=/usr/share/fonts/truetype/dejavu/DejaVuSans-Bold.ttf"
    command = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", f"{picture},{words}:{font}", "-t", "4"]
    subprocess.run([*command, "-pix_fmt", "yuv420p", str(path)], check=True, timeout=60)
    return path


def test_a_film_goes_from_upload_to_the_proof_of_a_bench_that_played_it(
    demo: Demo, page: Page, tmp_path: Path
) -> None:
    wait_for(lambda: samples_are_out(demo), 240)
    sign_in(page, demo)
    page.set_viewport_size(PHONE)

    page.get_by_role("link", name="Film", exact=True).click()
    page.get_by_label("Judul film").fill("Pasar tani")
    page.get_by_label("Berkas film", exact=True).set_input_files(film_at(tmp_path / "film.mp4"))
    page.get_by_role("button", name="Unggah").click()
    picture = page.get_by_alt_text("Cuplikan Pasar tani")
    expect(picture).to_be_visible(timeout=WAIT_MS)
    assert picture.evaluate("image => image.decode().then(() => image.naturalWidth)") == 320

    page.get_by_role("link", name="Kampanye").click()
    page.get_by_label("Judul", exact=True).fill("Pasar tani alun-alun")
    page.get_by_label("Pemilik (OPD)").fill("Dinas Pertanian")
    page.get_by_label("Film yang tayang").select_option(label="Pasar tani")
    page.get_by_label("Jatah tayang").fill("250")
    page.get_by_label("Berakhir sebelum tanggal").fill("2099-01-01")
    page.get_by_role("group", name="Bangku").get_by_label("Alun-alun Trenggalek").check()
    page.get_by_role("button", name="Simpan konsep").click()
    expect(page.locator("#proofs")).to_contain_text("0 kali tayang")
    published_at = datetime.now(WIB)
    page.get_by_role("button", name="Terbitkan").click()
    expect(page.get_by_text("Terbit", exact=True).first).to_be_visible()

    proof = page.locator("#proofs").get_by_role("link", name="Alun-alun Trenggalek")
    expect(proof).to_contain_text(re.compile(r"[1-9]\d* kali"), timeout=WAIT_MS)
    look_at(page, PHONE, tmp_path / "proof-phone.png")
    look_at(page, DESK, tmp_path / "proof.png")
    check_proof(demo, page.url.rsplit("/", 1)[1], published_at)

    proof.click()
    expect(page.locator(".chart-stage canvas")).to_have_count(4)
    look_at(page, DESK, tmp_path / "bench.png")
    page.get_by_role("link", name="Kampanye").click()
    page.get_by_role("link", name="Cuci tangan pakai sabun").click()
    yesterday = published_at - timedelta(days=1)
    expect(page.locator("#proofs .lead")).to_contain_text(f" {yesterday.year}: ", timeout=WAIT_MS)
    look_at(page, PHONE, tmp_path / "campaign-phone.png")


def check_proof(demo: Demo, campaign: str, published_at: datetime) -> None:
    """What the page shows is a true play of the player's own process, begun after the publishing."""
    with demo.open_api() as api:
        plays = api.get("/api/v1/plays", params={"campaign": campaign}).json()["items"]
    assert all(datetime.fromisoformat(play["at"]) >= published_at for play in plays)
    first = next(play for play in reversed(plays) if play["bench"] == BENCH)
    assert (first["outcome"], first["owner"]) == ("complete", "Dinas Pertanian")
    assert first["shown_ms"] >= 0.95 * 4_000
    assert first["pictures"] > 0
    children = psutil.Process(demo.process.pid).children(recursive=True)
    players = [child for child in children if "bench_agent.player" in " ".join(child.cmdline())]
    assert ["dummy" in player.cmdline() for player in players] == [True]
