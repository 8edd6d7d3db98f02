"""What each bench is given to play: its snapshot, rebuilt whole at every change (SIG section 3)."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import msgspec

from fleet_server.benches.desired import revise_desired
from fleet_server.campaigns import repository
from media import campaign as programme
from media.asset import MediaFile
from media.snapshot import FORMAT, Snapshot, render_snapshot

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

    from bench_agent.wire.presence import Desired
    from fleet_server.campaigns.models import Asset, Campaign
    from fleet_server.kit.media_store import MediaStore

TIME_ZONE = "Asia/Jakarta"
"""Zone of every bench of the regency."""


def send_programme(db: Session, store: MediaStore, bench: str, today: str, now_ms: int) -> int:
    """Build, store and announce the bench's snapshot; returns its version. The caller commits.

    Its version is the revision of the desired document that announces it, so versions only rise (SIG-R1).
    """

    def with_snapshot(desired: Desired) -> Desired:
        raw = _render(bench, desired.rev, repository.published_on(db, bench, today), now_ms)
        sha256 = store.put_document(raw)
        return msgspec.structs.replace(
            desired,
            snapshot_version=desired.rev,
            snapshot_sha256=sha256,
            snapshot_url=f"/media/{sha256}",
        )

    return revise_desired(db, bench, with_snapshot).snapshot_version


def _render(bench: str, version: int, found: Sequence[tuple[Campaign, Asset]], now_ms: int) -> bytes:
    snapshot = Snapshot(
        format=FORMAT,
        bench=bench,
        version=version,
        made_at=datetime.fromtimestamp(now_ms / 1000, UTC),
        time_zone=TIME_ZONE,
        campaigns=tuple(_campaign(campaign, asset) for campaign, asset in found),
        files={asset.sha256: _file(asset) for _, asset in found},
    )
    return render_snapshot(snapshot)


def _campaign(row: Campaign, asset: Asset) -> programme.Campaign:
    return programme.Campaign(
        id=row.id,
        title=row.title,
        owner=row.owner,
        layer=programme.Layer.GUARANTEED,
        share_pm=row.share_pm,
        from_date=date.fromisoformat(row.from_date),
        until_date=date.fromisoformat(row.until_date),
        items=(programme.Item(id=asset.id, duration_ms=asset.duration_ms, picture=asset.sha256),),
    )


def _file(asset: Asset) -> MediaFile:
    return MediaFile(
        size_bytes=asset.size_bytes,
        media_type="video/mp4",
        duration_ms=asset.duration_ms,
        url=f"/media/{asset.sha256}",
    )
