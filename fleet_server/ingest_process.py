"""The ingest process: broker in, stores out, desired documents back. Composition and main loop."""

from __future__ import annotations

import gc
import logging
import signal
import threading
from typing import TYPE_CHECKING

from sqlalchemy.exc import DBAPIError

from fleet_server.benches.desired import publish_all_again, publish_pending_desired
from fleet_server.energy.overrides import end_expired_overrides
from fleet_server.errors import TelemetryStoreError
from fleet_server.kit.broker import MqttSource
from fleet_server.kit.clock import SystemClock
from fleet_server.kit.database import open_engine, open_sessions, upgrade_schema
from fleet_server.kit.telemetry.port import RetentionPolicy
from fleet_server.kit.telemetry.sqlite_store import SqliteTelemetryStore
from fleet_server.telemetry.ingest import Ingest

if TYPE_CHECKING:
    from sqlalchemy import Engine
    from sqlalchemy.orm import Session, sessionmaker

    from fleet_server.kit.clock import Clock
    from fleet_server.kit.ingest_source import IngestSource, Message
    from fleet_server.kit.telemetry.port import TelemetryStore
    from fleet_server.settings import Settings

BATCH_MESSAGES = 200
BATCH_WAIT_S = 0.05
_DESIRED_EVERY_MS = 1_000
_OVERRIDES_EVERY_MS = 5_000
_ROLL_UP_EVERY_MS = 60_000
_RETAIN_EVERY_MS = 6 * 3_600_000
_RETRY_MAX_S = 30.0
_LOG = logging.getLogger(__name__)


class IngestLoop:
    """Takes batches until stopped, and does the periodic work between them."""

    def __init__(self, engine: Engine, store: TelemetryStore, source: IngestSource, clock: Clock) -> None:
        self._sessions: sessionmaker[Session] = open_sessions(engine)
        self._store = store
        self._source = source
        self._clock = clock
        self._published_to: int | None = None
        """The connection over which the broker got the desired documents."""
        self._due_ms = {"overrides": 0, "desired": 0, "roll_up": 0, "retain": 0}
        self.ingest = Ingest(engine, store, source, clock)

    def run(self, stop: threading.Event) -> None:
        """Work until ``stop``; a store that is away is waited for, with nothing lost meanwhile."""
        while not stop.is_set():
            self._take(self._source.receive(BATCH_MESSAGES, BATCH_WAIT_S), stop)
            try:
                self._periodic()
            except (TelemetryStoreError, DBAPIError) as err:
                _LOG.warning("periodic work waits for the store: %s", err)

    def _take(self, messages: list[Message], stop: threading.Event) -> None:
        wait_s = 0.2
        while not stop.is_set():
            try:
                self.ingest.take(messages)
            except (TelemetryStoreError, DBAPIError) as err:
                _LOG.warning("store away, trying again in %.1f s: %s", wait_s, err)
                stop.wait(wait_s)
                wait_s = min(wait_s * 2, _RETRY_MAX_S)
            else:
                return

    def _is_due(self, name: str, every_ms: int) -> bool:
        now_ms = self._clock.monotonic_ms()
        if now_ms < self._due_ms[name]:
            return False
        self._due_ms[name] = now_ms + every_ms
        return True

    def _periodic(self) -> None:
        if self._is_due("overrides", _OVERRIDES_EVERY_MS):
            with self._sessions.begin() as session:
                end_expired_overrides(session, self._clock.now_ms())
        if self._is_due("desired", _DESIRED_EVERY_MS):
            connection = self._source.connection
            with self._sessions.begin() as session:
                if connection != self._published_to:
                    publish_all_again(session)
                publish_pending_desired(session, self._source.publish_confirmed)
            self._published_to = connection
        if self._is_due("roll_up", _ROLL_UP_EVERY_MS):
            self._store.roll_up()
        if self._is_due("retain", _RETAIN_EVERY_MS):
            self._store.retain(RetentionPolicy(), self._clock.now_ms())


def serve_until(settings: Settings, stop: threading.Event) -> None:
    """Run ingest until ``stop`` is set; opens and closes all its parts."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    engine = open_engine(settings.sql_url)
    try:
        upgrade_schema(engine)
        store = SqliteTelemetryStore(settings.telemetry_file)
        source = MqttSource(
            settings.broker_url,
            username=settings.broker_username,
            password=settings.broker_password.get_secret_value(),
        )
        source.start()
        try:
            IngestLoop(engine, store, source, SystemClock()).run(stop)
        finally:
            source.stop()
            store.close()
    finally:
        engine.dispose()


def run(settings: Settings) -> None:
    """Run ingest until SIGTERM or SIGINT."""
    gc.freeze()  # what is imported stays: do not search it for garbage again and again
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    serve_until(settings, stop)
