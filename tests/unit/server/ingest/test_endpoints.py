"""The API over benches and telemetry."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import httpx
import pytest
from fastapi import FastAPI

from bench_agent.wire.telemetry import HotspotMinute, PowerMinute
from fleet_server.benches import endpoints as benches
from fleet_server.benches.models import Bench
from fleet_server.errors import NotFoundError
from fleet_server.kit.database import open_engine, open_sessions, upgrade_schema
from fleet_server.kit.telemetry.sqlite_store import SqliteTelemetryStore
from fleet_server.telemetry import endpoints as telemetry

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

IDS = [f"00000000000{n}" for n in range(3)]
T0 = 1_795_373_100_000


class Client:
    """Asks the app in this process, without a socket."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app

    def get(self, path: str, params: dict[str, str | int] | None = None) -> httpx.Response:
        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(app=self._app)
            async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
                return await client.get(path, params=params)

        return asyncio.run(ask())


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    engine = open_engine(f"sqlite:///{tmp_path / 'fleet.db'}")
    upgrade_schema(engine)
    app = FastAPI()
    app.state.sessions = open_sessions(engine)
    app.state.telemetry = SqliteTelemetryStore(tmp_path / "telemetry.db")
    with app.state.sessions.begin() as session:
        session.add_all(Bench(id=one, name=f"Bangku {one[-1]}", created_ms=T0) for one in IDS)
    app.state.telemetry.append(
        [(IDS[0], T0, 1, PowerMinute(soc_pct=50)), (IDS[0], T0, 2, HotspotMinute(stations=3))]
    )
    app.include_router(benches.router)
    app.include_router(telemetry.router)
    yield Client(app)
    app.state.telemetry.close()
    engine.dispose()


def test_list_of_benches_goes_on_by_cursor(client: Client) -> None:
    first = client.get("/api/v1/benches", params={"limit": 2}).json()
    rest = client.get("/api/v1/benches", params={"limit": 2, "cursor": first["next"]}).json()
    assert [one["id"] for one in first["items"] + rest["items"]] == IDS
    assert rest["next"] is None
    assert (first["items"][0]["battery_soc_pct"], first["items"][0]["stations"]) == (50.0, 3)


def test_series_and_latest_of_a_bench(client: Client) -> None:
    query: dict[str, str | int] = {"fields": "soc_pct", "start": T0, "end": T0 + 1, "step": 60}
    assert client.get(f"/api/v1/benches/{IDS[0]}/series", params=query).json()["values"] == {
        "soc_pct": [50.0]
    }
    assert len(client.get(f"/api/v1/benches/{IDS[0]}/latest").json()["items"]) == 2


def test_unknown_bench_is_not_found(client: Client) -> None:
    with pytest.raises(NotFoundError, match="tidak terdaftar"):
        client.get("/api/v1/benches/zzz")


@pytest.mark.parametrize("path", ["events", "plays"])
def test_empty_lists_end_at_once(client: Client, path: str) -> None:
    assert client.get(f"/api/v1/{path}").json() == {"items": [], "next": None}
