"""Tables of films and campaigns. The bytes lie in the media store, named by their SHA-256."""

from sqlalchemy import BigInteger, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from fleet_server.kit.database import Base


class Asset(Base):
    """One film, still or sound after the pipeline."""

    __tablename__ = "assets"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    title: Mapped[str] = mapped_column(String(120))
    source_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    """Same source = same asset (SIG-R55)."""
    sha256: Mapped[str] = mapped_column(String(64), default="")
    """Digest of the file benches fetch; empty until ready."""
    size_bytes: Mapped[int] = mapped_column(BigInteger, default=0)
    duration_ms: Mapped[int] = mapped_column(BigInteger, default=0)
    created_at_ms: Mapped[int] = mapped_column(BigInteger)


class MediaJob(Base):
    """One pass of the pipeline; outlives a restart of the worker."""

    __tablename__ = "media_jobs"

    id: Mapped[int] = mapped_column(primary_key=True)
    asset_id: Mapped[str] = mapped_column(ForeignKey("assets.id", ondelete="CASCADE"), index=True)
    stage: Mapped[str] = mapped_column(String(20), index=True)
    """received, working, ready or rejected (SIG section 12)."""
    progress_pct: Mapped[int] = mapped_column(default=0)
    reason: Mapped[str] = mapped_column(Text, default="")
    """Indonesian sentence for a rejected source."""
    updated_at_ms: Mapped[int] = mapped_column(BigInteger)


class Campaign(Base):
    """Items with one purpose, owner and validity."""

    __tablename__ = "campaigns"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    title: Mapped[str] = mapped_column(String(120))
    owner: Mapped[str] = mapped_column(String(80))
    asset_id: Mapped[str] = mapped_column(ForeignKey("assets.id"), index=True)
    share_pm: Mapped[int]
    """Per mille of content time, 1 to 1000."""
    from_date: Mapped[str] = mapped_column(String(10))
    """ISO date of the bench's wall clock, inclusive (SIG-R10)."""
    until_date: Mapped[str] = mapped_column(String(10))
    """ISO date, exclusive."""
    state: Mapped[str] = mapped_column(String(10), default="draft")
    """draft, published or withdrawn."""
    created_by: Mapped[str] = mapped_column(String(60))
    created_at_ms: Mapped[int] = mapped_column(BigInteger)


class CampaignBench(Base):
    """A bench that shows a campaign."""

    __tablename__ = "campaign_benches"

    campaign_id: Mapped[str] = mapped_column(ForeignKey("campaigns.id", ondelete="CASCADE"), primary_key=True)
    bench_id: Mapped[str] = mapped_column(String(12), primary_key=True)
