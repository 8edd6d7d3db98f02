"""What the API shows of telemetry, events and plays."""

from datetime import datetime

from pydantic import BaseModel

Fact = str | int | float | bool | None


class LatestOut(BaseModel):
    """Newest measurement of one schema."""

    schema_name: str
    at: datetime
    values: dict[str, float | int | str | None]


class SeriesOut(BaseModel):
    """Means per step; a step with nothing measured is left out, an unknown value is None."""

    bench: str
    step_s: int
    at_ms: list[int]
    """Start of each step, ms since 1970 UTC, rising."""
    values: dict[str, list[float | None]]


class EventOut(BaseModel):
    """Something that happened once."""

    bench: str
    at: datetime
    kind: str
    severity: str
    text: str
    facts: dict[str, Fact]


class PlayOut(BaseModel):
    """One showing."""

    bench: str
    at: datetime
    play_seq: int
    campaign: str
    title: str
    owner: str
    item: str
    asset: str
    layer: str
    planned_ms: int
    shown_ms: int
    pictures: int | None
    outcome: str
    cause: str


class PlayHour(BaseModel):
    """Milliseconds shown in one hour, by the instant each play started."""

    hour_ms: int
    """Start of the hour, ms since 1970 UTC."""
    shown_ms: int
    plays: int
