"""What the API of films and campaigns takes and gives."""

from datetime import date, datetime

from pydantic import BaseModel, ConfigDict


class AssetOut(BaseModel):
    """One film with the state of its processing."""

    id: str
    title: str
    stage: str
    """received, working, ready or rejected."""
    progress_pct: int
    reason: str
    """What to do, in Indonesian, when rejected."""
    sha256: str
    size_bytes: int
    duration_ms: int


class CampaignIn(BaseModel):
    """Wish for a campaign."""

    model_config = ConfigDict(extra="forbid")

    title: str
    owner: str
    asset_id: str
    share_pm: int
    """Per mille of content time, 1 to 1000."""
    from_date: date
    """First day, by the bench's wall clock."""
    until_date: date
    """The day after the last one (SIG-R10)."""
    benches: list[str]


class CampaignOut(BaseModel):
    """One campaign."""

    id: str
    title: str
    owner: str
    asset_id: str
    share_pm: int
    from_date: date
    until_date: date
    state: str
    """draft, published or withdrawn."""
    benches: list[str]


class BenchProof(BaseModel):
    """What one bench proved to have shown of a campaign."""

    bench: str
    name: str
    plays: int
    """Complete showings (SIG-R76)."""
    broken_plays: int
    """Showings that were cut short or failed."""
    shown_ms: int
    """Without failed ones, which count nothing (SIG-R76)."""
    first_at: datetime | None
    last_at: datetime | None
    programme_sent: bool
    """Whether the broker took the newest desired document of this bench."""


class DayProof(BaseModel):
    """What all benches proved to have shown on one local day, by the start of each play (SIG-R29)."""

    day: date
    plays: int
    """Complete showings."""
    shown_ms: int


class ReportOut(BaseModel):
    """Proof of play of one campaign: in all, per day and per bench; each adds up to the same sums."""

    campaign: str
    plays: int
    shown_ms: int
    days: list[DayProof]
    """Days with plays, oldest first."""
    benches: list[BenchProof]
