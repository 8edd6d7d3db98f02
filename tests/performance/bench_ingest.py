"""Records ingested per CPU second, and the memory it takes, beside two peers (fleet.md section 11).

Three pipelines, each with a broker of its own, take turns in one run. Ours is the real ingest process:
benches send their window of four full batches (FL-W8), and a record counts when its commit is back. The
peers get one message per sample, as benches without an outbox would send them, and answer nothing.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import tempfile
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bench_agent.wire import topics
from bench_agent.wire.envelope import decode_commit
from fleet_server.benches.models import Bench
from fleet_server.benches.service import add_bench
from fleet_server.kit.clock import SystemClock
from fleet_server.kit.database import open_engine, open_sessions, upgrade_schema
from tests.performance.node_red import running_node_red
from tests.performance.processes import (
    PATIENCE_S,
    Link,
    cpu_s,
    peak_rss_mb,
    running_broker,
    running_module,
    wait_for_line,
)
from tests.performance.records import BATCH_RECORDS, bench_ids, peer_record, power_batch
from tests.performance.report import RUNS_MIN, Goal, Row, median_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from subprocess import Popen

    from fleet_server.kit.embedded_broker import EmbeddedBroker

BENCHES = 1000
WINDOW = 4
"""Batches per bench and run."""
PEER_SAMPLES = 20
"""Samples per bench and run of a peer."""
_HOUR_MS = 3_600_000
_POLL_S = 0.1
_SUBSCRIBE_S = 2.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Pipeline:
    """A program under test and its broker; ``run`` sends the records of one run and waits for the last."""

    broker: EmbeddedBroker
    program: Popen[str]
    run: Callable[[int], int]

    def rate(self, index: int) -> float:
        """Records per CPU second of run ``index``, broker included."""
        pids = (self.broker.pid, self.program.pid)
        before_s = cpu_s(pids)
        return self.run(index) / (cpu_s(pids) - before_s)


def measure() -> list[Row]:
    """All pipelines in turn, three times."""
    # Backlog of the last hours.
    start_ms = SystemClock().now_ms() - 12 * _HOUR_MS
    with tempfile.TemporaryDirectory(prefix="bench-") as name, contextlib.ExitStack() as running:
        folder = Path(name)
        ours = running.enter_context(_our_pipeline(folder / "ours", start_ms))
        script = running.enter_context(_paho_pipeline(folder / "paho", start_ms))
        node_red = running.enter_context(_node_red_pipeline(folder / "node_red", start_ms))
        rates = [[one.rate(index) for one in (ours, script, node_red)] for index in range(RUNS_MIN)]
        ours_mb, node_red_mb = peak_rss_mb(ours.program.pid), peak_rss_mb(node_red.program.pid)
    our_rate, script_rate, node_red_rate = (median_of(column) for column in zip(*rates, strict=True))
    return [
        Row(
            id="ingest.records_per_cpu_s",
            what=f"{BENCHES} benches' batches of {BATCH_RECORDS}, QoS 1 to commit, with broker;"
            " peer one sample a message",
            value=our_rate,
            unit="records/CPU-s",
            goal=Goal(ratio_at_least=6),
            peer="paho script",
            peer_value=script_rate,
        ),
        Row(
            id="ingest.records_per_cpu_s.node_red",
            what="the same beside Node-RED; peer one sample a message",
            value=our_rate,
            unit="records/CPU-s",
            goal=Goal(ratio_at_least=10),
            peer="Node-RED 5",
            peer_value=node_red_rate,
        ),
        Row(
            id="ingest.rss_mb",
            what="ingest, most memory resident under that load",
            value=ours_mb,
            unit="MB",
            goal=Goal(ratio_at_most=1 / 3),
            peer="Node-RED 5",
            peer_value=node_red_mb,
        ),
    ]


def _register(folder: Path) -> None:
    engine = open_engine(f"sqlite:///{folder / 'fleet.db'}")
    try:
        upgrade_schema(engine)
        with open_sessions(engine).begin() as session:
            for bench in bench_ids(BENCHES):
                add_bench(session, Bench(id=bench, name=bench, created_ms=1))
    finally:
        engine.dispose()


@contextlib.contextmanager
def _our_pipeline(folder: Path, start_ms: int) -> Iterator[Pipeline]:
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

            def run(index: int) -> int:
                last = (index + 1) * WINDOW
                benches.publish(
                    [
                        (f"sb/v1/{bench}/up/log", power_batch(number, batch, start_ms))
                        for number, bench in enumerate(bench_ids(BENCHES))
                        for batch in range(index * WINDOW, last)
                    ]
                )
                waiting = {f"sb/v1/{bench}/dn/commit" for bench in bench_ids(BENCHES)}
                while waiting:
                    topic, payload = benches.heard.get(timeout=PATIENCE_S)
                    if decode_commit(payload).upto >= last * BATCH_RECORDS:
                        waiting.discard(topic)
                return BENCHES * WINDOW * BATCH_RECORDS

            yield Pipeline(broker=broker, program=ingest, run=run)


@contextlib.contextmanager
def _paho_pipeline(folder: Path, start_ms: int) -> Iterator[Pipeline]:
    folder.mkdir()
    database = folder / "tele.db"
    with (
        running_broker(folder / "broker") as broker,
        running_module(
            "tests.performance.paho_peer", str(broker.port), str(database), log=folder / "log"
        ) as script,
    ):
        wait_for_line(script, "ready")
        yield from _peer(broker, script, database, start_ms)


@contextlib.contextmanager
def _node_red_pipeline(folder: Path, start_ms: int) -> Iterator[Pipeline]:
    folder.mkdir()
    with (
        running_broker(folder / "broker") as broker,
        running_node_red(folder / "flow", broker.port) as node_red,
    ):
        time.sleep(_SUBSCRIBE_S)  # it tells when it is connected, not when it is subscribed
        yield from _peer(broker, node_red, folder / "flow" / "tele.db", start_ms)


def _peer(broker: EmbeddedBroker, program: Popen[str], database: Path, start_ms: int) -> Iterator[Pipeline]:
    with closing(Link(broker, "peer/none")) as benches, closing(sqlite3.connect(database)) as db:

        def run(index: int) -> int:
            seqs = range(index * PEER_SAMPLES + 1, (index + 1) * PEER_SAMPLES + 1)
            benches.publish(
                [
                    (f"peer/{bench}/tele", peer_record(bench, number, seq, start_ms))
                    for seq in seqs
                    for number, bench in enumerate(bench_ids(BENCHES))
                ]
            )
            end_s = time.monotonic() + PATIENCE_S
            while db.execute("SELECT count(*) FROM tele").fetchone()[0] < seqs[-1] * BENCHES:
                if time.monotonic() > end_s:
                    raise RuntimeError(f"{program.args!r} did not store its samples in {PATIENCE_S:g} s")
                time.sleep(_POLL_S)
            return len(seqs) * BENCHES

        yield Pipeline(broker=broker, program=program, run=run)
