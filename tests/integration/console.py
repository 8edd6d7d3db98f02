"""A running console for tests: real database, real server socket."""

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import uvicorn
from fastapi import FastAPI

from bench_agent.wire.telemetry import EnergyTier, HotspotMinute, PowerMinute
from fleet_server.app import create_app
from fleet_server.benches.models import Bench
from fleet_server.kit.clock import SystemClock
from fleet_server.operators import service
from fleet_server.operators.roles import Role
from fleet_server.settings import Settings

if TYPE_CHECKING:
    from fleet_server.kit.telemetry.port import SampleRow

BENCH = "tgx000000001"
PASSWORD = "sandi-yang-panjang"  # noqa: S105 - of a test account


@dataclass(frozen=True, kw_only=True)
class Console:
    """Where it listens, and what it is made of."""

    url: str
    app: FastAPI
    api_token: str


@contextlib.contextmanager
def run_console(folder: Path, settings: Settings | None = None, port: int = 0) -> Iterator[Console]:
    """Serve the console with one online bench, and operator ``ani`` (viewer).

    A second run in the same folder goes on with what the first one left, without a token.
    """
    is_first = not (folder / "fleet.db").exists()
    app = create_app(settings or Settings(data_dir=folder))
    server = uvicorn.Server(
        uvicorn.Config(app, host="127.0.0.1", port=port, log_level="warning", timeout_graceful_shutdown=1)
    )
    thread = threading.Thread(target=server.run, name="console")
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive(), "the console did not start"
            thread.join(0.02)
        port = server.servers[0].sockets[0].getsockname()[1]
        api_token = _fill(app) if is_first else ""
        yield Console(url=f"http://127.0.0.1:{port}", app=app, api_token=api_token)
    finally:
        server.should_exit = True
        thread.join(10)


def _fill(app: FastAPI) -> str:
    now_ms = SystemClock().now_ms()
    with app.state.sessions.begin() as db:
        operator = service.set_operator(db, "ani", PASSWORD, Role.VIEWER)
        token = service.issue_api_token(db, operator, "test", now_ms)
        places = [("Alun-alun Trenggalek", -8.05, 111.71), ("Pantai Prigi", -8.29, 111.73)]
        for number, (name, lat, lon) in enumerate(places, start=1):
            online = number == 1
            bench = Bench(
                id=f"tgx{number:09d}", name=name, lat=lat, lon=lon, created_ms=now_ms, online=online
            )
            bench.kecamatan = "Trenggalek"
            bench.last_seen_ms = now_ms if online else None
            db.add(bench)
    rows: list[SampleRow] = []
    for minute in range(60):
        power = PowerMinute(
            soc_pct=70.0 + minute / 10, panel_power_w=40.0 + minute, load_power_w=12.0, tier=EnergyTier.NORMAL
        )
        at_ms = now_ms - (60 - minute) * 60_000
        rows.append((BENCH, at_ms, 2 * minute + 1, power))
        rows.append((BENCH, at_ms, 2 * minute + 2, HotspotMinute(stations=minute % 7, sessions=minute % 5)))
    app.state.telemetry.append(rows)
    return token
