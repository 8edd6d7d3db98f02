"""A Victron charger on a serial port becomes a chart in the console: every floor of the house in one walk."""

import contextlib
import os
import pty
import random
import signal
import subprocess
import sys
import threading
import time
import tty
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from tests.broker import running_broker
from tests.integration.console import PASSWORD, run_console

BENCH = "tgx000000002"
"""The console fixture's bench without measurements."""
_PATIENCE_S = 110.0
_FIELDS = (
    ("PID", "0xA05F"),
    ("FW", "161"),
    ("SER#", "HQ0000TEST1"),
    ("V", "13120"),
    ("I", "2450"),
    ("VPV", "18760"),
    ("PPV", "34"),
    ("CS", "3"),
    ("MPPT", "2"),
    ("OR", "0x00000000"),
    ("ERR", "0"),
    ("LOAD", "ON"),
    ("IL", "300"),
    ("H19", "1234"),
    ("H20", "12"),
)


def mppt_block() -> bytes:
    """One text block whose bytes sum to 0 mod 256 (POW-R9)."""
    text = b"".join(f"\r\n{name}\t{value}".encode() for name, value in _FIELDS) + b"\r\nChecksum\t"
    return text + bytes([-sum(text) % 256])


class Charger:
    """Speaks like an MPPT on a bad cable: blocks, HEX frames, noise and blocks cut in half."""

    def __init__(self, master: int) -> None:
        self._master = master
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._speak, name="charger")

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _speak(self) -> None:
        rng = random.Random(1)
        while not self._over.wait(0.5):
            block = mppt_block()
            noise = [b":A50102\n", bytes(rng.randbytes(20)), block[: rng.randrange(20, len(block))], b""]
            with contextlib.suppress(BlockingIOError):
                os.write(self._master, block + rng.choice(noise))


@pytest.fixture
def charger_port() -> Iterator[str]:
    master, slave = pty.openpty()
    tty.setraw(slave)
    os.set_blocking(master, False)
    with Charger(master):
        yield os.ttyname(slave)
    os.close(slave)
    os.close(master)


@contextlib.contextmanager
def running(log: Path, *arguments: str, **environment: str) -> Iterator[None]:
    with log.open("ab") as out:
        command = [sys.executable, "-m", *arguments]
        process = subprocess.Popen(command, stdout=out, stderr=out, env={**os.environ, **environment})
        try:
            yield
            assert process.poll() is None, log.read_text()
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=20)


def wait_for_panel_power(page: Page, console_url: str, logs: Path) -> float:
    """Ask for the chart's own data until a value is drawn; returns watts."""
    end = time.monotonic() + _PATIENCE_S
    while time.monotonic() < end:
        answer = page.request.get(f"{console_url}/bangku/{BENCH}/deret/daya?jam=6").json()
        panel = answer["columns"][0]  # the first line of this chart is the panel
        drawn = [watts for watts in panel if watts is not None]
        if drawn:
            return float(drawn[-1])
        time.sleep(1)
    raise AssertionError("\n".join(log.read_text() for log in sorted(logs.glob("*.log"))))


@pytest.mark.slow
def test_vedirect_frames_from_a_serial_port_become_a_chart_in_the_console(
    tmp_path: Path, charger_port: str
) -> None:
    fleet, config = tmp_path / "fleet", tmp_path / "bench.toml"
    with running_broker(tmp_path / "broker") as broker, run_console(fleet) as console:
        config.write_text(
            f'bench_id = "{BENCH}"\ndata_dir = "{tmp_path / "data"}"\nbroker_url = "{broker.url}"\n'
            "trust_clock = true\ndrain_wait_max_s = 0\nminute_write_interval_s = 0\n"
        )
        agent = ("bench_agent", "run", "--config", str(config), "--power", f"vedirect://{charger_port}")
        with (
            running(
                tmp_path / "ingest.log",
                "fleet_server",
                "ingest",
                FLEET_DATA_DIR=str(fleet),
                FLEET_BROKER_URL=broker.url,
            ),
            running(tmp_path / "agent.log", *agent),
            sync_playwright() as playwright,
        ):
            browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
            page = browser.new_page(timezone_id="Asia/Jakarta", locale="id-ID")
            page.goto(console.url)
            page.get_by_label("Nama pengguna").fill("ani")
            page.get_by_label("Kata sandi").fill(PASSWORD)
            page.get_by_role("button", name="Masuk").click()
            expect(page.get_by_role("link", name="Pantai Prigi")).to_contain_text("Daring")
            assert wait_for_panel_power(page, console.url, tmp_path) == pytest.approx(34, abs=0.1)
            page.goto(f"{console.url}/bangku/{BENCH}?jam=6")
            expect(page.locator(".chart-stage canvas").first).to_be_visible()
            browser.close()
