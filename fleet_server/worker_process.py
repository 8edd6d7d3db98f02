"""The worker process: media jobs one at a time, and the alarm watch beside them. Composition only."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import threading
from typing import TYPE_CHECKING

from fleet_server.alarms.watch import AlarmWatch
from fleet_server.campaigns.worker import MediaWorker
from fleet_server.kit.clock import SystemClock
from fleet_server.kit.database import open_engine, open_sessions, upgrade_schema
from fleet_server.kit.media_store import MediaStore
from fleet_server.kit.telemetry.sqlite_store import SqliteTelemetryStore

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fleet_server.settings import Settings


def run(settings: Settings) -> None:
    """Run the worker until SIGTERM or SIGINT."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    clock = SystemClock()
    engine = open_engine(settings.sql_url)
    try:
        upgrade_schema(engine)
        sessions = open_sessions(engine)
        telemetry = SqliteTelemetryStore(settings.telemetry_file)
        try:
            with _watching(AlarmWatch(sessions, telemetry, clock)):
                media = MediaWorker(sessions, MediaStore(settings.data_dir / "media"), clock)
                asyncio.run(_until_signal(media))
        finally:
            telemetry.close()
    finally:
        engine.dispose()


@contextlib.contextmanager
def _watching(watch: AlarmWatch) -> Iterator[None]:
    stop = threading.Event()
    thread = threading.Thread(target=watch.run, args=(stop,), name="alarms")
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


async def _until_signal(media: MediaWorker) -> None:
    work = asyncio.ensure_future(media.run())
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, work.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await work
