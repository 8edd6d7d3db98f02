"""Campaigns: make, publish, withdraw, and prove."""

from __future__ import annotations

import re
import secrets
from datetime import date, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from fleet_server.benches.service import at_utc
from fleet_server.campaigns import repository
from fleet_server.campaigns.errors import CampaignConflictError
from fleet_server.campaigns.films import TITLE_MAX, checked_text, get_film
from fleet_server.campaigns.models import Campaign, CampaignBench
from fleet_server.campaigns.programme import TIME_ZONE, send_programme
from fleet_server.campaigns.schemas import BenchProof, CampaignOut, ReportOut
from fleet_server.errors import BadRequestError, NotFoundError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

    from fleet_server.benches.models import DesiredRow
    from fleet_server.campaigns.schemas import CampaignIn
    from fleet_server.kit.media_store import MediaStore

_OWNER_MAX = 80
_SHARE_MAX_PM = 1000


def today(now_ms: int) -> str:
    """ISO date on the benches' wall clock."""
    return datetime.fromtimestamp(now_ms / 1000, ZoneInfo(TIME_ZONE)).date().isoformat()


def create(db: Session, wish: CampaignIn, author: str, now_ms: int) -> CampaignOut:
    """Make a draft; the caller commits.

    Raises:
        BadRequestError: A field is wrong; the message names it and the cure.
        NotFoundError: No such film.
        CampaignConflictError: The film is not ready.
    """
    title = checked_text("title", wish.title, TITLE_MAX)
    owner = checked_text("owner", wish.owner, _OWNER_MAX)
    if not 1 <= wish.share_pm <= _SHARE_MAX_PM:
        raise BadRequestError(
            "Jatah tayang %(share)s tidak sah. Isi 1 sampai %(most)s per seribu.",
            share=wish.share_pm,
            most=_SHARE_MAX_PM,
        )
    if wish.until_date <= wish.from_date:
        raise BadRequestError(
            "Kampanye berakhir %(until)s, padahal mulai %(start)s. "
            "Pilih tanggal akhir sesudah tanggal mulai.",
            until=wish.until_date,
            start=wish.from_date,
        )
    benches = _checked_benches(db, wish.benches)
    _, job = get_film(db, wish.asset_id)
    if job.stage != "ready":
        raise CampaignConflictError(
            "Film '%(film)s' belum siap (%(progress)s %%). Tunggu sampai siap atau pilih yang lain.",
            film=wish.asset_id,
            progress=job.progress_pct,
        )
    row = Campaign(
        id=_make_id(title),
        title=title,
        owner=owner,
        asset_id=wish.asset_id,
        share_pm=wish.share_pm,
        from_date=wish.from_date.isoformat(),
        until_date=wish.until_date.isoformat(),
        state="draft",
        created_by=author,
        created_at_ms=now_ms,
    )
    db.add(row)
    db.flush()
    db.add_all(CampaignBench(campaign_id=row.id, bench_id=bench) for bench in benches)
    db.flush()
    return _out(row, benches)


def _checked_benches(db: Session, wanted: Sequence[str]) -> list[str]:
    benches = sorted(set(wanted))
    if not benches:
        raise BadRequestError("Belum ada bangku. Pilih sedikitnya satu bangku.")
    known = repository.bench_names(db, benches)
    unknown = [bench[:40] for bench in benches if bench not in known]
    if unknown:
        raise BadRequestError(
            "Bangku '%(bench)s' tidak terdaftar. Pilih bangku dari daftar.", bench=unknown[0]
        )
    return benches


def _make_id(title: str) -> str:
    """Readable and unique; matches the wire's ``[a-z0-9-]{1,40}`` (SIG-R5)."""
    words = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:30].strip("-")
    return f"{words or 'kampanye'}-{secrets.token_hex(4)}"


def list_campaigns(db: Session) -> list[CampaignOut]:
    """Newest campaigns first."""
    rows = repository.list_campaigns(db)
    benches = repository.benches_of(db, [row.id for row in rows])
    return [_out(row, benches[row.id]) for row in rows]


def get_campaign(db: Session, campaign: str) -> CampaignOut:
    """One campaign.

    Raises:
        NotFoundError: No such campaign.
    """
    row = db.get(Campaign, campaign)
    if row is None:
        raise NotFoundError("Kampanye '%(campaign)s' tidak ada.", campaign=campaign[:40])
    return _out(row, repository.benches_of(db, [campaign])[campaign])


def publish(db: Session, store: MediaStore, campaign: str, now_ms: int) -> CampaignOut:
    """Publish a draft and send every bench its new programme; the caller commits.

    Raises:
        NotFoundError: No such campaign.
        CampaignConflictError: Not a draft, already over, or a bench's shares would exceed 1000 (SIG-R51).
    """
    _move(db, campaign, "draft", "published")
    found = get_campaign(db, campaign)
    day = today(now_ms)
    if found.until_date.isoformat() <= day:
        raise CampaignConflictError(
            "Kampanye '%(campaign)s' sudah lewat (%(until)s). Buat yang baru dengan tanggal baru.",
            campaign=found.title,
            until=found.until_date,
        )
    repository.lock_benches(db, found.benches)
    for bench in found.benches:
        _check_shares(db, bench, found, day)
        send_programme(db, store, bench, day, now_ms)
    return found


def withdraw(db: Session, store: MediaStore, campaign: str, now_ms: int) -> CampaignOut:
    """Take a published campaign off every bench (SIG-R3); the caller commits.

    Raises:
        NotFoundError: No such campaign.
        CampaignConflictError: It is not published.
    """
    _move(db, campaign, "published", "withdrawn")
    found = get_campaign(db, campaign)
    for bench in repository.lock_benches(db, found.benches):
        send_programme(db, store, bench.id, today(now_ms), now_ms)
    return found


def _move(db: Session, campaign: str, before: str, after: str) -> None:
    # The change comes first: it takes SQLite's write lock before anything is read.
    if repository.move_state(db, campaign, before, after):
        return
    state = get_campaign(db, campaign).state
    raise CampaignConflictError(
        "Kampanye '%(campaign)s' berstatus '%(state)s'; ini hanya bisa dari '%(before)s'.",
        campaign=campaign,
        state=state,
        before=before,
    )


def _check_shares(db: Session, bench: str, new: CampaignOut, now_day: str) -> None:
    rows = [row for row, _ in repository.published_on(db, bench, now_day)]
    starts = {max(row.from_date, new.from_date.isoformat()) for row in rows}
    for day in sorted(start for start in starts if start < new.until_date.isoformat()):
        total = sum(row.share_pm for row in rows if row.from_date <= day < row.until_date)
        if total > _SHARE_MAX_PM:
            raise CampaignConflictError(
                "Jatah tayang di bangku '%(bench)s' menjadi %(total)s dari %(most)s pada %(day)s. "
                "Kurangi jatah '%(campaign)s' atau tarik kampanye lain.",
                bench=bench,
                total=total,
                most=_SHARE_MAX_PM,
                day=day,
                campaign=new.title,
            )


def report(db: Session, campaign: str) -> ReportOut:
    """Proofs of one campaign per bench (SIG-R84, thin), benches without any included.

    Raises:
        NotFoundError: No such campaign.
    """
    found = get_campaign(db, campaign)
    proofs = repository.proofs_of(db, campaign)
    ids = sorted({*found.benches, *proofs})
    names = repository.bench_names(db, ids)
    desired = repository.desired_rows(db, ids)
    benches = [_proof(bench, names.get(bench, bench), proofs.get(bench), desired.get(bench)) for bench in ids]
    return ReportOut(
        campaign=campaign,
        plays=sum(one.plays for one in benches),
        shown_ms=sum(one.shown_ms for one in benches),
        benches=benches,
    )


def _proof(bench: str, name: str, sums: repository.Proof | None, desired: DesiredRow | None) -> BenchProof:
    return BenchProof(
        bench=bench,
        name=name,
        plays=sums.plays if sums else 0,
        broken_plays=sums.rows - sums.plays if sums else 0,
        shown_ms=sums.shown_ms if sums else 0,
        first_at=at_utc(sums.first_ms) if sums else None,
        last_at=at_utc(sums.last_ms) if sums else None,
        programme_sent=desired is not None and desired.published_rev >= desired.rev,
    )


def _out(row: Campaign, benches: list[str]) -> CampaignOut:
    return CampaignOut(
        id=row.id,
        title=row.title,
        owner=row.owner,
        asset_id=row.asset_id,
        share_pm=row.share_pm,
        from_date=date.fromisoformat(row.from_date),
        until_date=date.fromisoformat(row.until_date),
        state=row.state,
        benches=benches,
    )
