"""kill -9 of agent, ingest and broker at random moments, with real processes (FL-W2, FL-W4, FL-T4)."""

import json
import os
import random
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from fleet_server.benches.models import Bench
from fleet_server.benches.service import add_bench
from fleet_server.kit.database import open_engine, open_sessions, upgrade_schema
from fleet_server.kit.embedded_broker import EmbeddedBroker
from tests.broker import free_port
from tests.system.event_source import KIND

BENCH = "tgx000000001"
KILLS = 50
DRAIN_S = 90


class Child:
    """A process that can be killed and started again."""

    def __init__(self, arguments: list[str], log: Path, environment: dict[str, str] | None = None) -> None:
        self._arguments = arguments
        self._log = log
        self._environment = {**os.environ, **(environment or {})}
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(self._arguments, stdout=log, stderr=log, env=self._environment)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None


@contextmanager
def killed_at_the_end(*parts: Child | EmbeddedBroker) -> Iterator[None]:
    try:
        yield
    finally:
        for part in parts:
            part.kill()


def register_bench(database: Path) -> None:
    database.parent.mkdir()
    engine = open_engine(f"sqlite:///{database}")
    try:
        upgrade_schema(engine)
        with open_sessions(engine).begin() as session:
            add_bench(session, Bench(id=BENCH, name="Alun-alun", kecamatan="Trenggalek", created_ms=0))
    finally:
        engine.dispose()


def stored_ids(database: Path) -> list[str]:
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=30)) as db:
        rows = db.execute("SELECT facts FROM event WHERE kind = ?", (KIND,)).fetchall()
    return [json.loads(facts)["id"] for (facts,) in rows]


def wait_until_stored(database: Path, promised: set[str]) -> None:
    end = time.monotonic() + DRAIN_S
    while time.monotonic() < end and not promised <= set(stored_ids(database)):
        time.sleep(0.5)


@pytest.mark.slow
@pytest.mark.timeout(420)
def test_fifty_random_kills_lose_no_event_and_double_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    chance = random.Random(20261124)
    broker = EmbeddedBroker(tmp_path / "broker", free_port())
    database, ledger = tmp_path / "fleet" / "fleet.db", tmp_path / "ledger"
    register_bench(database)
    config = tmp_path / "bench.toml"
    config.write_text(
        f'bench_id = "{BENCH}"\ndata_dir = "{tmp_path / "bench"}"\nbroker_url = "{broker.url}"\n'
        f'drain_wait_max_s = 0\ngate_socket = "{tmp_path / "gate.sock"}"\n'
    )
    agent = Child(
        [sys.executable, "-m", "tests.system.event_source", str(config), str(ledger)], tmp_path / "agent.log"
    )
    ingest = Child(
        [sys.executable, "-m", "fleet_server", "ingest"],
        tmp_path / "ingest.log",
        {"FLEET_DATA_DIR": str(tmp_path / "fleet"), "FLEET_BROKER_URL": broker.url},
    )
    killed: Counter[str] = Counter()
    parts: dict[str, Child | EmbeddedBroker] = {"agent": agent, "ingest": ingest, "broker": broker}
    with killed_at_the_end(agent, ingest, broker):
        for part in (broker, ingest, agent):
            part.start()
        while not (ledger.exists() and ledger.stat().st_size):
            assert agent.is_running(), (tmp_path / "agent.log").read_text()
            time.sleep(0.1)
        for _ in range(KILLS):
            time.sleep(chance.uniform(0.2, 2.0))
            victim = chance.choice(sorted(parts))
            parts[victim].kill()
            killed[victim] += 1
            time.sleep(chance.uniform(0.0, 0.5))
            parts[victim].start()
        agent.kill()
        promised = set(ledger.read_text().split())
        agent.start()  # it goes on emitting; what counts is what was promised before
        wait_until_stored(database, promised)
        agent.kill()
    stored = Counter(stored_ids(database))
    lost = promised - set(stored)
    doubled = {number for number, times in stored.items() if times > 1}
    with capsys.disabled():
        print(
            f"\n{KILLS} random kills ({', '.join(f'{name} {n}' for name, n in sorted(killed.items()))}): "
            f"{len(promised)} class-A records promised, {len(stored)} stored, "
            f"{len(lost)} lost, {len(doubled)} doubled"
        )
    assert len(promised) > KILLS
    assert not lost
    assert not doubled
