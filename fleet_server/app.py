"""The server's web application: the only place that puts its parts together."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from fastapi import Depends, FastAPI
from starlette.staticfiles import StaticFiles

from fleet_server import health
from fleet_server.alarms import endpoints as alarms_endpoints
from fleet_server.benches import endpoints as benches_endpoints
from fleet_server.campaigns import endpoints as campaigns_endpoints
from fleet_server.campaigns import media_files
from fleet_server.energy import endpoints as energy_endpoints
from fleet_server.headers import GuardHeaders, render_policy
from fleet_server.kit.clock import SystemClock
from fleet_server.kit.database import open_engine, open_sessions, upgrade_schema
from fleet_server.kit.media_store import MediaStore
from fleet_server.kit.telemetry.sqlite_store import SqliteTelemetryStore
from fleet_server.operators import endpoints as operators_endpoints
from fleet_server.operators.access import signed_in
from fleet_server.operators.limit import SignInLimit
from fleet_server.problems import install_problems
from fleet_server.settings import Settings
from fleet_server.telemetry import endpoints as telemetry_endpoints
from fleet_server.web import alarms, assets, bench, campaigns, energy, fleet, preferences, sign_in
from fleet_server.web.fleet_reading import FleetReading
from fleet_server.web.live import LiveFleet
from fleet_server.web.pages import ASSETS, Pages


def create_app(settings: Settings) -> FastAPI:
    """Build the application; the database is opened and brought up to date when it starts.

    ``app.state`` carries ``settings``, ``clock``, ``sessions`` (SQL), ``telemetry`` (store), ``media``
    (store), ``pages``, ``fleet_reading`` and ``live_fleet``.
    """
    metrics = health.Metrics()
    app = FastAPI(
        title="Bangku Pintar",
        version="1",
        openapi_url="/api/v1/openapi.json",
        docs_url=None,  # would load scripts from elsewhere
        redoc_url=None,
        lifespan=_lifespan,
    )
    app.state.settings = settings
    app.state.clock = SystemClock()
    app.state.pages = Pages()
    app.state.sign_in_limit = SignInLimit()
    app.state.metrics = metrics
    app.add_middleware(GuardHeaders, metrics=metrics, policy=render_policy(settings.map_tiles_url))
    install_problems(app)
    app.include_router(health.router)
    app.include_router(operators_endpoints.router)
    app.include_router(campaigns_endpoints.router)
    app.include_router(energy_endpoints.router)
    app.include_router(media_files.router)
    app.include_router(alarms_endpoints.router)
    for module in (benches_endpoints, telemetry_endpoints):
        app.include_router(module.router, dependencies=[Depends(signed_in)])
    for page in (sign_in, preferences, fleet, bench, energy, alarms, assets, campaigns):
        app.include_router(page.router)
    app.mount("/assets", StaticFiles(directory=ASSETS, check_dir=False), name="assets")
    return app


@contextlib.asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    state = app.state
    state.settings.data_dir.mkdir(parents=True, exist_ok=True)
    state.media = MediaStore(state.settings.data_dir / "media")
    engine = open_engine(state.settings.sql_url)
    upgrade_schema(engine)
    state.sessions = open_sessions(engine)
    state.telemetry = SqliteTelemetryStore(state.settings.telemetry_file)
    state.fleet_reading = FleetReading()
    state.live_fleet = LiveFleet(lambda: fleet.take_reading(state), state.fleet_reading)
    live = asyncio.create_task(state.live_fleet.run())
    try:
        yield
    finally:
        live.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await live
        state.telemetry.close()
        engine.dispose()
