"""What the API of alarms takes and gives."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

LONGEST_SNOOZE_H = 7 * 24


class AlarmOut(BaseModel):
    """One alarm."""

    id: int
    bench: str
    rule: str
    title: str
    runbook: str
    """What to do."""
    severity: str
    """notice, warning or critical."""
    opened_at: datetime
    closed_at: datetime | None
    """None = open."""
    closed_by: str
    """Empty = it cleared by itself."""
    note: str
    acknowledged_at: datetime | None
    acknowledged_by: str
    snoozed_until: datetime | None
    quiet: bool
    """It only follows from another open alarm of this bench, or is snoozed: nobody is told."""


class SnoozeIn(BaseModel):
    """Wish to hear nothing of an alarm for a while."""

    model_config = ConfigDict(extra="forbid")

    hours: int = Field(ge=1, le=LONGEST_SNOOZE_H)


class CloseIn(BaseModel):
    """What was done about an alarm."""

    model_config = ConfigDict(extra="forbid")

    note: Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=300)]
