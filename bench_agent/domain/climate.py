"""What a thermometer tells (POW-R24)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ClimateReading:
    """One look at the air or the cells. ``None`` is not known."""

    measured_at_ms: int
    """Monotonic milliseconds."""
    temperature_c: float | None
    """-40 to 110."""
    humidity_pct: float | None = None
    """Relative humidity, 0 to 100."""
