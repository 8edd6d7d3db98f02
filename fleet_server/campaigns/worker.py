"""The media worker: takes uploads through the pipeline, one at a time; jobs survive its end (SIG-R54)."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from fleet_server.campaigns import repository
from fleet_server.campaigns.films import get_film
from fleet_server.campaigns.models import MediaJob
from media.errors import MediaRejectedError
from media.pipeline import Processed, process

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy.orm import Session, sessionmaker

    from fleet_server.kit.clock import Clock
    from fleet_server.kit.media_store import MediaStore

_IDLE_S = 0.5
_SERVER_FAULT = "Server gagal mengolah film ini. Unggah lagi; bila terulang, hubungi pengelola server."
_LOG = logging.getLogger(__name__)


class MediaWorker:
    """Works through the queue of media jobs."""

    def __init__(self, sessions: sessionmaker[Session], store: MediaStore, clock: Clock) -> None:
        self._sessions = sessions
        self._store = store
        self._clock = clock

    def take_up(self) -> None:
        """Begin anew what an earlier worker broke off."""
        self._store.drop_half_work()
        with self._sessions.begin() as db:
            repository.take_up_broken_off_jobs(db)

    async def work_one(self) -> bool:
        """Process the job that waits longest; False when none waits."""
        with self._sessions.begin() as db:
            job = repository.next_job(db)
            if job is None:
                return False
            job.stage, job.updated_at_ms = "working", self._clock.now_ms()
            source = self._store.source_of(get_film(db, job.asset_id)[0].source_sha256)
        await self._process(job.id, source)
        return True

    async def run(self) -> None:
        """Work until cancelled."""
        self.take_up()
        while True:
            if not await self.work_one():
                await asyncio.sleep(_IDLE_S)

    async def _process(self, job_id: int, source: Path) -> None:
        def note(percent: int) -> None:
            self._note(job_id, "working", percent, "")

        try:
            made = await process(source, self._store.files, note)
        except MediaRejectedError as err:
            self._reject(job_id, source, err.message_id)
        except OSError:
            _LOG.exception("media job %d failed", job_id)
            self._reject(job_id, source, _SERVER_FAULT)
        else:
            self._finish(job_id, made, source)

    def _reject(self, job_id: int, source: Path, reason: str) -> None:
        # Deleted first: once the job says rejected, a new upload may already lie there.
        source.unlink(missing_ok=True)
        self._note(job_id, "rejected", 0, reason)

    def _note(self, job_id: int, stage: str, percent: int, reason: str) -> None:
        with self._sessions.begin() as db:
            job = db.get_one(MediaJob, job_id)
            job.stage, job.progress_pct, job.reason = stage, percent, reason
            job.updated_at_ms = self._clock.now_ms()

    def _finish(self, job_id: int, made: Processed, source: Path) -> None:
        with self._sessions.begin() as db:
            job = db.get_one(MediaJob, job_id)
            asset, _ = get_film(db, job.asset_id)
            asset.sha256, asset.size_bytes, asset.duration_ms = made.sha256, made.size_bytes, made.duration_ms
            job.stage, job.progress_pct, job.updated_at_ms = "ready", 100, self._clock.now_ms()
        source.unlink(missing_ok=True)
