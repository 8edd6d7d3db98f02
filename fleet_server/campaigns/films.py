"""Films: taking an upload in, and telling how far its processing is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from fleet_server.campaigns import repository
from fleet_server.campaigns.models import Asset, MediaJob
from fleet_server.campaigns.schemas import AssetOut
from fleet_server.errors import BadRequestError, NotFoundError

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from fleet_server.kit.media_store import MediaStore
    from fleet_server.kit.upload import Upload

TITLE_MAX = 120


def checked_text(name: str, text: str, longest: int) -> str:
    """``text`` without outer blanks.

    Raises:
        BadRequestError: Empty or longer than ``longest``; the message names the field.
    """
    text = " ".join(text.split())
    if not 1 <= len(text) <= longest:
        raise BadRequestError(
            "Isian '%(name)s' harus 1 sampai %(longest)s huruf; sekarang %(length)s.",
            name=name,
            longest=longest,
            length=len(text),
        )
    return text


def add_film(db: Session, store: MediaStore, upload: Upload, now_ms: int) -> AssetOut:
    """Queue an upload for the pipeline; the same source is the same film (SIG-R55). The caller commits.

    A source that was rejected before is tried again. Without a ``title`` the file's name serves.

    Raises:
        BadRequestError: The title is empty or too long.
    """
    given = upload.fields.get("title", "").strip() or upload.file_name
    title = checked_text("title", given, TITLE_MAX)
    known = db.scalars(select(Asset).where(Asset.source_sha256 == upload.sha256)).first()
    if known is None:
        known = Asset(
            id=f"film-{upload.sha256[:24]}",
            title=title,
            source_sha256=upload.sha256,
            created_at_ms=now_ms,
        )
        db.add(known)
        db.flush()
        job = MediaJob(asset_id=known.id, stage="received", updated_at_ms=now_ms)
        db.add(job)
        store.keep_source(upload.path, upload.sha256)
    else:
        job = get_film(db, known.id)[1]
        if job.stage == "rejected":
            job.stage, job.progress_pct, job.reason, job.updated_at_ms = "received", 0, "", now_ms
            store.keep_source(upload.path, upload.sha256)
    db.flush()
    return _out(known, job)


def get_film(db: Session, asset_id: str) -> tuple[Asset, MediaJob]:
    """One film with its job.

    Raises:
        NotFoundError: No such film.
    """
    found = repository.find_asset(db, asset_id)
    if found is None:
        raise NotFoundError("Film '%(film)s' tidak ada. Unggah dahulu di halaman Film.", film=asset_id[:40])
    return found


def list_films(db: Session) -> list[AssetOut]:
    """Newest films first."""
    return [_out(asset, job) for asset, job in repository.list_assets(db)]


def _out(asset: Asset, job: MediaJob) -> AssetOut:
    return AssetOut(
        id=asset.id,
        title=asset.title,
        stage=job.stage,
        progress_pct=job.progress_pct,
        reason=job.reason,
        sha256=asset.sha256,
        size_bytes=asset.size_bytes,
        duration_ms=asset.duration_ms,
    )
