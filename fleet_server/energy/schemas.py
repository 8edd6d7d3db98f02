"""What the API of energy takes and gives."""

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

TierName = Literal["normal", "eco", "reserve", "critical"]
LoadName = Literal["display", "audio", "hotspot"]
LONGEST_MIN = 24 * 60


class OverrideIn(BaseModel):
    """Wish for an override: a tier, or one load on or off (POW-R40)."""

    model_config = ConfigDict(extra="forbid")

    tier: TierName | None = None
    load: LoadName | None = None
    on: bool | None = None
    """What becomes of ``load``."""
    why: Annotated[str, StringConstraints(strip_whitespace=True, min_length=5, max_length=300)]
    lasts_min: int = Field(default=120, ge=1, le=LONGEST_MIN)
    """Minutes from now, 1 to 1440."""

    @model_validator(mode="after")
    def _is_one_wish(self) -> Self:
        if (self.tier is None) == (self.load is None):
            raise ValueError("isi salah satu: 'tier' atau 'load'")
        if (self.load is None) != (self.on is None):
            raise ValueError("'on' (true atau false) diisi bersama 'load'")
        return self


class OverrideOut(BaseModel):
    """One override as it is or was."""

    id: str
    tier: str | None
    load: str | None
    on: bool | None
    who: str
    why: str
    begins_at: datetime
    until: datetime
    left_s: int
    """Seconds left; 0 when it is over."""
    ended_at: datetime | None
    """None = in force."""
    ended_how: str
    """expired, ended or replaced; empty while in force."""
    ended_by: str


class OverridesOut(BaseModel):
    """The override in force and those before it."""

    current: OverrideOut | None
    sent: bool
    """Whether the broker holds the newest wish for the bench."""
    history: list[OverrideOut]
    """Newest first, without ``current``; at most 50. All are kept."""


class SlotOut(BaseModel):
    """What a bench means to do in one half hour."""

    at: datetime
    expected_wh: float
    tier: str
    display: bool
    hotspot: bool
    computer: bool
    """False = the bench is dark."""
    soc_pct: float | None
    """Expected at the end of the slot."""


class EnergyOut(BaseModel):
    """A bench's energy today and in the next 24 hours; None = not known."""

    at: datetime | None
    """Of the newest measurement."""
    soc_pct: float | None
    soc_sigma_pct: float | None
    tier: str | None
    overridden: bool
    reason: str
    """Code of what decided the display (POW-R39)."""
    reason_text: str
    """The same as one sentence, in Indonesian."""
    harvested_wh: float | None
    """From the panel since local midnight, finished half hours."""
    usual_wh: float | None
    """Mean of the last 10 days until the same time of day."""
    expected_wh: float | None
    """For the whole of today: harvested, and what the bench expects of the rest."""
    outlook_at: datetime | None
    slots: list[SlotOut]
    """48 half hours as the bench expected them at ``outlook_at``; those that are over are left out."""
