"""What the API shows of a bench."""

from datetime import datetime

from pydantic import BaseModel


class BenchPlace(BaseModel):
    """Which bench stands where, to choose from."""

    id: str
    name: str
    kecamatan: str


class BenchOut(BaseModel):
    """One bench with its latest measurements; None = not known."""

    id: str
    name: str
    kecamatan: str
    lat: float | None
    lon: float | None
    online: bool
    last_seen: datetime | None
    battery_soc_pct: float | None
    energy_tier: str | None
    stations: int | None
    state_reason: str = "unknown"
    wake_at: datetime | None = None
    agent_version: str = ""
