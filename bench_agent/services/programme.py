"""Follows the desired snapshot: fetches it until it is here; the last good one stays (FL-D2)."""

import asyncio
from collections.abc import Callable
from typing import Protocol

import structlog

from bench_agent.domain.backoff import next_delay_s
from bench_agent.errors import MediaSyncError
from bench_agent.ports.clock import Clock
from bench_agent.wire.presence import Desired
from media.snapshot import Snapshot

_log = structlog.get_logger(__name__)


class SnapshotSource(Protocol):
    """Where snapshots come from and are kept."""

    def load(self) -> Snapshot | None:
        """The one kept from before."""
        ...

    async def fetch(self, url: str, sha256: str) -> Snapshot:
        """Fetch, check and keep one; raises ``MediaSyncError``."""
        ...


class ProgrammeService:
    """Knows the newest valid snapshot."""

    def __init__(self, source: SnapshotSource, clock: Clock, random: Callable[[], float]) -> None:
        self._source = source
        self._clock = clock
        self._random = random
        self._snapshot = source.load()
        self._wanted: Desired | None = None
        self._changed = asyncio.Event()

    def snapshot(self) -> Snapshot | None:
        """The newest valid snapshot, None before the first."""
        return self._snapshot

    def accept_desired(self, desired: Desired) -> None:
        """Take the server's wish; a document that changed elsewhere fetches nothing anew."""
        known = self._wanted
        if desired.snapshot_sha256 and (known is None or desired.snapshot_sha256 != known.snapshot_sha256):
            self._wanted = desired
            self._changed.set()

    async def run(self) -> None:
        """Fetch whatever is wanted, with back-off, until cancelled."""
        failures = 0
        while True:
            await self._changed.wait()
            wanted = self._wanted
            try:
                if wanted is not None:
                    self._snapshot = await self._source.fetch(wanted.snapshot_url, wanted.snapshot_sha256)
            except MediaSyncError as err:
                failures += 1
                if failures == 1:
                    _log.warning("snapshot_not_fetched", cause=str(err))
                await self._clock.sleep(next_delay_s(failures, self._random()))
                continue
            failures = 0
            if wanted is self._wanted:
                self._changed.clear()
