"""Fetches what the snapshot needs, one file after another; a bad file never blocks the others (SIG-R60)."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from bench_agent.errors import MediaSyncError
from bench_agent.ports.clock import Clock
from media.asset import MediaFile
from media.snapshot import Snapshot

_RETRY_MS = (60_000, 300_000, 1_800_000)
_DAILY_MS = 86_400_000
_LOOK_S = 5.0


class MediaStore(Protocol):
    """Where verified files lie and come from."""

    def stored(self) -> frozenset[str]:
        """SHA-256 of every whole and verified file."""
        ...

    def part_bytes(self, sha256: str) -> int:
        """How much of a file has come so far."""
        ...

    async def fetch(self, sha256: str, file: MediaFile) -> None:
        """Fetch one file or the rest of it; raises ``MediaSyncError``."""
        ...


class FileState(StrEnum):
    """What a bench reports of a file (SIG-R61)."""

    MISSING = "missing"
    PARTIAL = "partial"
    VERIFIED = "verified"
    BAD = "bad"


@dataclass(frozen=True, slots=True, kw_only=True)
class FileReport:
    """State of one file of the snapshot."""

    state: FileState
    received_bytes: int = 0
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Trouble:
    failures: int
    due_ms: int
    why: str


class MediaSync:
    """Keeps the store up with the snapshot."""

    def __init__(self, store: MediaStore, clock: Clock, snapshot: Callable[[], Snapshot | None]) -> None:
        """Create the service.

        Args:
            store: Where files lie and come from.
            clock: When to try again.
            snapshot: The newest valid snapshot, None before the first.
        """
        self._store = store
        self._clock = clock
        self._snapshot = snapshot
        self._troubles: dict[str, _Trouble] = {}

    def unavailable(self) -> frozenset[str]:
        """Files of the snapshot that must not be played yet (SIG-R62)."""
        return frozenset(self._files()) - self._store.stored()

    def report(self) -> dict[str, FileReport]:
        """State of every file of the snapshot."""
        stored = self._store.stored()
        return {sha256: self._report_one(sha256, stored) for sha256 in self._files()}

    async def run(self) -> None:
        """Keep up until cancelled."""
        while True:
            await self.sync_once()
            await self._clock.sleep(_LOOK_S)

    async def sync_once(self) -> None:
        """Try every missing file whose time has come, small ones first."""
        files = self._files()
        self._troubles = {name: trouble for name, trouble in self._troubles.items() if name in files}
        for sha256 in sorted(self.unavailable(), key=lambda name: (files[name].size_bytes, name)):
            trouble = self._troubles.get(sha256)
            if trouble is None or self._clock.monotonic_ms() >= trouble.due_ms:
                await self._try_one(sha256, files[sha256])

    async def _try_one(self, sha256: str, file: MediaFile) -> None:
        before = self._troubles.pop(sha256, None)
        try:
            await self._store.fetch(sha256, file)
        except MediaSyncError as err:
            failures = 1 if before is None else before.failures + 1
            wait_ms = _RETRY_MS[failures - 1] if failures <= len(_RETRY_MS) else _DAILY_MS
            due_ms = self._clock.monotonic_ms() + wait_ms
            self._troubles[sha256] = _Trouble(failures=failures, due_ms=due_ms, why=str(err))

    def _files(self) -> dict[str, MediaFile]:
        snapshot = self._snapshot()
        return {} if snapshot is None else snapshot.files

    def _report_one(self, sha256: str, stored: frozenset[str]) -> FileReport:
        if sha256 in stored:
            return FileReport(state=FileState.VERIFIED)
        trouble = self._troubles.get(sha256)
        received_bytes = self._store.part_bytes(sha256)
        if trouble is not None and trouble.failures > len(_RETRY_MS):
            return FileReport(state=FileState.BAD, received_bytes=received_bytes, why=trouble.why)
        why = "" if trouble is None else trouble.why
        state = FileState.PARTIAL if received_bytes else FileState.MISSING
        return FileReport(state=state, received_bytes=received_bytes, why=why)
