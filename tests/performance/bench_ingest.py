"""Records ingested per CPU second of ingest and broker, beside a plain paho script (fleet.md section 11)."""

from __future__ import annotations

import os
import tempfile
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from bench_agent.wire import topics
from bench_agent.wire.envelope import MAX_BATCH_RECORDS, decode_commit
from fleet_server.benches.models import Bench
from fleet_server.benches.service import add_bench
from fleet_server.kit.clock import SystemClock
from fleet_server.kit.database import open_engine, open_sessions, upgrade_schema
from tests.performance.processes import PATIENCE_S, Link, cpu_s, running_broker, running_module
from tests.performance.records import bench_ids, power_batch, power_record
from tests.performance.report import RUNS_MIN, Goal, Row, median_of

if TYPE_CHECKING:
    from subprocess import Popen

    from fleet_server.kit.embedded_broker import EmbeddedBroker

BENCHES = 1000
PEER_SAMPLES = 20
"""Samples per bench and run of the peer."""
_HOUR_MS = 3_600_000


def measure() -> list[Row]:
    """Both pipelines, one after the other, on a broker each."""
    # Backlog of the last hours: 50 records per bench and run.
    start_ms = SystemClock().now_ms() - 4 * _HOUR_MS
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        ours = _ours(Path(folder) / "ours", start_ms)
        peer = _peer(Path(folder) / "peer", start_ms)
    row = Row(
        id="ingest.records_per_cpu_s",
        what=f"{BENCHES} benches, QoS 1 to commit, with broker",
        value=median_of(ours),
        unit="records/CPU-s",
        goal=Goal(ratio_at_least=6),
        peer="paho script",
        peer_value=median_of(peer),
    )
    return [row]


def _register(folder: Path) -> None:
    engine = open_engine(f"sqlite:///{folder / 'fleet.db'}")
    try:
        upgrade_schema(engine)
        with open_sessions(engine).begin() as session:
            for bench in bench_ids(BENCHES):
                add_bench(session, Bench(id=bench, name=bench, created_ms=1))
    finally:
        engine.dispose()


def _ours(folder: Path, start_ms: int) -> list[float]:
    folder.mkdir()
    _register(folder)
    with running_broker(folder / "broker") as broker:
        environment = {**os.environ, "FLEET_DATA_DIR": str(folder), "FLEET_BROKER_URL": broker.url}
        with (
            running_module("fleet_server", "ingest", log=folder / "log", environment=environment) as ingest,
            closing(Link(broker, topics.SERVER_STATE)) as server,
            closing(Link(broker, "sb/v1/+/dn/commit")) as benches,
        ):
            server.heard.get(timeout=PATIENCE_S)
            return [_our_run(broker, ingest, benches, index, start_ms) for index in range(RUNS_MIN)]


def _our_run(broker: EmbeddedBroker, ingest: Popen[str], benches: Link, index: int, start_ms: int) -> float:
    waiting = {f"sb/v1/{bench}/dn/commit" for bench in bench_ids(BENCHES)}
    batches = [
        (f"sb/v1/{bench}/up/log", power_batch(number, index, start_ms))
        for number, bench in enumerate(bench_ids(BENCHES))
    ]
    pids = (broker.pid, ingest.pid)
    before_s = cpu_s(pids)
    benches.publish(batches)
    while waiting:
        topic, payload = benches.heard.get(timeout=PATIENCE_S)
        if decode_commit(payload).upto >= (index + 1) * MAX_BATCH_RECORDS:
            waiting.discard(topic)
    return BENCHES * MAX_BATCH_RECORDS / (cpu_s(pids) - before_s)


def _peer(folder: Path, start_ms: int) -> list[float]:
    folder.mkdir()
    with (
        running_broker(folder / "broker") as broker,
        running_module(
            "tests.performance.paho_peer", str(broker.port), str(folder / "tele.db"), log=folder / "log"
        ) as script,
        closing(Link(broker, "peer/none")) as benches,
    ):
        _wait_for(script, "ready")
        return [_peer_run(broker, script, benches, index, start_ms) for index in range(RUNS_MIN)]


def _peer_run(broker: EmbeddedBroker, script: Popen[str], benches: Link, index: int, start_ms: int) -> float:
    first = index * PEER_SAMPLES + 1
    samples = [
        (f"peer/{bench}/tele", power_record(number, seq, start_ms))
        for seq in range(first, first + PEER_SAMPLES)
        for number, bench in enumerate(bench_ids(BENCHES))
    ]
    pids = (broker.pid, script.pid)
    before_s = cpu_s(pids)
    benches.publish(samples)
    _wait_for(script, str((index + 1) * len(samples)))
    return len(samples) / (cpu_s(pids) - before_s)


def _wait_for(script: Popen[str], said: str) -> None:
    if script.stdout is None or all(line.strip() != said for line in script.stdout):
        raise RuntimeError(f"the peer ended before it said {said!r}")
