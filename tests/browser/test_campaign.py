"""A film from upload to the first proof, in a real browser, with the worker as its own process."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect, sync_playwright

from fleet_server.benches.models import DesiredRow
from fleet_server.campaigns.models import Campaign
from fleet_server.operators import service
from fleet_server.operators.roles import Role
from fleet_server.telemetry.models import PlayRow
from tests.integration.console import BENCH, PASSWORD, Console, run_console

WAIT_MS = 30_000


@pytest.fixture
def console(tmp_path: Path) -> Iterator[Console]:
    with run_console(tmp_path) as running:
        with running.app.state.sessions.begin() as db:
            service.set_operator(db, "ani", PASSWORD, Role.EDITOR)
        command = [sys.executable, "-m", "fleet_server", "worker"]
        worker = subprocess.Popen(command, env={**os.environ, "FLEET_DATA_DIR": str(tmp_path)})
        try:
            yield running
        finally:
            worker.terminate()
            assert worker.wait(20) == 0


def test_an_editor_brings_a_film_to_a_bench_and_sees_its_proof(console: Console, tmp_path: Path) -> None:
    source = tmp_path / "film.mp4"
    command = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc=size=160x90:rate=25", "-t", "3.2"]
    subprocess.run([*command, "-pix_fmt", "yuv420p", str(source)], check=True, timeout=60)
    complaints: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        page = browser.new_page(
            viewport={"width": 390, "height": 844}, locale="id-ID", timezone_id="Asia/Jakarta"
        )
        page.on("console", lambda note: complaints.append(note.text) if note.type == "error" else None)
        page.goto(console.url)
        page.get_by_label("Nama pengguna").fill("ani")
        page.get_by_label("Kata sandi").fill(PASSWORD)
        page.get_by_role("button", name="Masuk").click()

        page.get_by_role("link", name="Film").click()
        page.get_by_label("Judul film").fill("Isi Piringku")
        page.get_by_label("Berkas film", exact=True).set_input_files(source)
        page.get_by_role("button", name="Unggah").click()
        expect(page.locator("#films")).to_contain_text("Siap", timeout=WAIT_MS)
        picture = page.get_by_alt_text("Cuplikan Isi Piringku")
        expect(picture).to_be_visible()
        assert (
            page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0
        )

        page.get_by_role("link", name="Kampanye").click()
        page.get_by_label("Judul").fill("Gizi 2026")
        page.get_by_label("Pemilik (OPD)").fill("Dinkes")
        page.get_by_label("Berakhir sebelum tanggal").fill("2099-01-01")
        page.get_by_role("group", name="Bangku").get_by_label("Alun-alun Trenggalek").check()
        assert (
            page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0
        )
        page.get_by_role("button", name="Simpan konsep").click()
        page.get_by_role("button", name="Terbitkan").click()
        expect(page.locator(".state").first).to_have_text("Terbit")
        expect(page.locator("#proofs")).to_contain_text("0 kali tayang")

        with console.app.state.sessions.begin() as db:
            assert db.get_one(DesiredRow, BENCH).rev == 1
            campaign = db.query(Campaign).one().id
            db.add(PlayRow(
                bench=BENCH, gen="g", seq=1, ts_ms=1_790_000_000_000, play_seq=1, campaign=campaign, title="",
                owner="", item="i", asset="a", layer="guaranteed", planned_ms=3200, shown_ms=3200,
                pictures=96, outcome="complete", cause="",
            ))  # fmt: skip
        expect(page.locator("#proofs")).to_contain_text("1 kali tayang", timeout=WAIT_MS)
        assert (
            page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0
        )
        browser.close()
    assert complaints == []
