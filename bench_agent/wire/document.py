"""Documents: whole statements of which only the newest counts (class C)."""

import msgspec

from bench_agent.wire.telemetry import EnergyTier, MeterQuality


class OutlookSlot(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the bench means to do in one half hour."""

    at: int
    """Its start, ms since 1970 UTC."""
    expected_wh: float
    """From the panel, by the harvest of past days."""
    tier: EnergyTier
    display: bool = False
    hotspot: bool = False
    computer: bool = True
    """False = the bench is dark."""
    soc_pct: float | None = None
    """Expected at the end of the slot."""


class Outlook(msgspec.Struct, frozen=True, kw_only=True):
    """The next 24 hours as the bench itself expects them; schema ``outlook/1``, renewed each half hour."""

    slots: list[OutlookSlot]
    """48, rising; the first may have begun."""


class MeterState(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One power meter and its newest values; ``None`` is "not known" (POW-R4)."""

    name: str
    """As the settings call it, at most 80 characters."""
    quality: MeterQuality = MeterQuality.UNKNOWN
    is_truth: bool = False
    """Its current feeds the state of charge."""
    age_s: float | None = None
    """Of the newest reading."""
    battery_voltage_v: float | None = None
    battery_current_a: float | None = None
    panel_voltage_v: float | None = None
    panel_power_w: float | None = None
    reported_soc_pct: float | None = None
    """The device's own opinion; never mixed into the estimate."""
    battery_temperature_c: float | None = None
    errors: int = 0
    """Readings that failed since the agent started."""
    dropped: dict[str, int] = {}
    """Values that were not credible since the agent started, by field (POW-R3)."""
    faults: list[str] = []


class MeterStates(msgspec.Struct, frozen=True, kw_only=True):
    """All power meters of a bench; schema ``meters/1``, renewed each half hour."""

    meters: list[MeterState]


Document = Outlook | MeterStates
