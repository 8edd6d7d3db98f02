"""Start time, memory and idle CPU of the real agent process (fleet.md section 11)."""

from __future__ import annotations

import contextlib
import queue
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from tests.broker import free_port
from tests.performance.processes import PATIENCE_S, Link, cpu_s, running_broker, running_module
from tests.performance.records import bench_ids
from tests.performance.report import RUNS_MIN, Goal, Row, median_of

if TYPE_CHECKING:
    from fleet_server.kit.embedded_broker import EmbeddedBroker

WARM_UP_S = 5.0
IDLE_S = 20.0


def measure() -> list[Row]:
    """Start agents one after the other, then watch all of them through the same 20 s."""
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as name,
        running_broker(Path(name) / "broker") as broker,
        contextlib.ExitStack() as running,
    ):
        starts_s: list[float] = []
        pids: list[int] = []
        for bench in bench_ids(RUNS_MIN):
            start_s, pid = _start(running, broker, Path(name), bench)
            starts_s.append(start_s)
            pids.append(pid)
        time.sleep(WARM_UP_S)
        before_s = [cpu_s([pid]) for pid in pids]
        began_s = time.perf_counter()
        time.sleep(IDLE_S)
        used_s = [cpu_s([pid]) - before for pid, before in zip(pids, before_s, strict=True)]
        idle_pct = [100 * used / (time.perf_counter() - began_s) for used in used_s]
        rss_mb = [psutil.Process(pid).memory_info().rss / 1e6 for pid in pids]
    return [
        Row(
            id="agent.rss_mb",
            what="agent with every part on, resident after 25 s",
            value=median_of(rss_mb),
            unit="MB",
            goal=Goal(at_most=60),
        ),
        Row(
            id="agent.idle_cpu_pct",
            what=f"agent idle over {IDLE_S:g} s",
            value=median_of(idle_pct),
            unit="% of a core",
            goal=Goal(at_most=3),
        ),
        Row(
            id="agent.start_s",
            what="agent, exec to its state at the broker",
            value=median_of(starts_s),
            unit="s",
            goal=Goal(at_most=2),
        ),
    ]


def _start(
    running: contextlib.ExitStack, broker: EmbeddedBroker, parent: Path, bench: str
) -> tuple[float, int]:
    folder = parent / bench
    folder.mkdir()
    config = folder / "agent.toml"
    config.write_text(
        f'bench_id = "{bench}"\ndata_dir = "{folder}"\nbroker_url = "{broker.url}"\n'
        f'gate = "simulated"\n'
        f'gate_socket = "{folder / "gate.sock"}"\n'
        f'server_url = "http://127.0.0.1:{free_port()}"\nplayer = "simulated"\n'
    )
    with contextlib.closing(Link(broker, f"sb/v1/{bench}/up/state")) as server:
        began_s = time.perf_counter()
        agent = running.enter_context(
            running_module("bench_agent", "run", "--config", str(config), log=folder / "log")
        )
        try:
            server.heard.get(timeout=PATIENCE_S)
        except queue.Empty as err:
            raise RuntimeError(f"the agent did not connect:\n{(folder / 'log').read_text()}") from err
        return time.perf_counter() - began_s, agent.pid
