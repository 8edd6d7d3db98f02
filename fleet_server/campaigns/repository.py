"""Queries of films, campaigns and their proofs."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import case, func, select, update

from fleet_server.benches.models import Bench, DesiredRow
from fleet_server.campaigns.models import Asset, Campaign, CampaignBench, MediaJob
from fleet_server.telemetry.models import PlayRow

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy.orm import Session

LISTED_MAX = 500
_DAY_MS = 86_400_000


class Proof(NamedTuple):
    """Sums over the plays of one campaign on one bench and day."""

    bench: str
    day_ms: int
    """Local midnight at which the day began, written as if it were UTC."""
    plays: int
    rows: int
    shown_ms: int
    first_ms: int
    last_ms: int


def list_assets(db: Session) -> list[tuple[Asset, MediaJob]]:
    """Newest films first, each with its job; at most ``LISTED_MAX``."""
    query = (
        select(Asset, MediaJob)
        .join(MediaJob, MediaJob.asset_id == Asset.id)
        .order_by(Asset.created_at_ms.desc(), Asset.id)
        .limit(LISTED_MAX)
    )
    return [(asset, job) for asset, job in db.execute(query)]


def find_asset(db: Session, asset_id: str) -> tuple[Asset, MediaJob] | None:
    """One film with its job."""
    query = select(Asset, MediaJob).join(MediaJob, MediaJob.asset_id == Asset.id).where(Asset.id == asset_id)
    found = db.execute(query).first()
    return None if found is None else (found[0], found[1])


def next_job(db: Session) -> MediaJob | None:
    """The job that waits longest."""
    return db.scalars(
        select(MediaJob).where(MediaJob.stage == "received").order_by(MediaJob.id).limit(1)
    ).first()


def take_up_broken_off_jobs(db: Session) -> None:
    """Jobs that a killed worker had begun wait again."""
    db.execute(update(MediaJob).where(MediaJob.stage == "working").values(stage="received", progress_pct=0))


def list_campaigns(db: Session) -> Sequence[Campaign]:
    """Newest campaigns first; at most ``LISTED_MAX``."""
    order = (Campaign.created_at_ms.desc(), Campaign.id)
    return db.scalars(select(Campaign).order_by(*order).limit(LISTED_MAX)).all()


def benches_of(db: Session, campaigns: Iterable[str]) -> dict[str, list[str]]:
    """Benches per campaign, in order."""
    found: dict[str, list[str]] = {campaign: [] for campaign in campaigns}
    query = select(CampaignBench).where(CampaignBench.campaign_id.in_(found)).order_by(CampaignBench.bench_id)
    for row in db.scalars(query):
        found[row.campaign_id].append(row.bench_id)
    return found


def move_state(db: Session, campaign: str, before: str, after: str) -> bool:
    """Change a campaign's state if it is still ``before``; takes the write lock."""
    changed = db.execute(
        update(Campaign)
        .where(Campaign.id == campaign, Campaign.state == before)
        .values(state=after)
        .returning(Campaign.id)
    )
    return changed.first() is not None


def lock_benches(db: Session, benches: Iterable[str]) -> Sequence[Bench]:
    """The benches by id, held until the commit so that their programmes are built one after another."""
    return db.scalars(
        select(Bench).where(Bench.id.in_(list(benches))).order_by(Bench.id).with_for_update()
    ).all()


def bench_names(db: Session, benches: Iterable[str]) -> dict[str, str]:
    """Names by id, of those that exist."""
    return {row.id: row.name for row in db.scalars(select(Bench).where(Bench.id.in_(list(benches))))}


def published_on(db: Session, bench: str, today: str) -> list[tuple[Campaign, Asset]]:
    """Published campaigns of a bench that have not ended by the ISO date ``today``, by id."""
    query = (
        select(Campaign, Asset)
        .join(Asset, Asset.id == Campaign.asset_id)
        .join(CampaignBench, CampaignBench.campaign_id == Campaign.id)
        .where(CampaignBench.bench_id == bench, Campaign.state == "published", Campaign.until_date > today)
        .order_by(Campaign.id)
    )
    return [(campaign, asset) for campaign, asset in db.execute(query)]


def desired_rows(db: Session, benches: Iterable[str]) -> dict[str, DesiredRow]:
    """Desired documents by bench."""
    return {
        row.bench: row for row in db.scalars(select(DesiredRow).where(DesiredRow.bench.in_(list(benches))))
    }


def proofs_of(db: Session, campaign: str, utc_offset_ms: int) -> list[Proof]:
    """Sums per bench and local day over all proofs of one campaign; a play counts for the day it began."""
    local_ms = PlayRow.ts_ms + utc_offset_ms
    day_ms = (local_ms - local_ms % _DAY_MS).label("day_ms")
    query = (
        select(
            PlayRow.bench,
            day_ms,
            func.sum(case((PlayRow.outcome == "complete", 1), else_=0)),
            func.count(),
            func.sum(case((PlayRow.outcome == "failed", 0), else_=PlayRow.shown_ms)),
            func.min(PlayRow.ts_ms),
            func.max(PlayRow.ts_ms),
        )
        .where(PlayRow.campaign == campaign)
        .group_by(PlayRow.bench, day_ms)
        .order_by(PlayRow.bench, day_ms)
    )
    return [Proof(row[0], *(int(value) for value in row[1:])) for row in db.execute(query)]
