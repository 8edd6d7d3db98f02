"""Periodic measurements: 1-minute aggregates (class C) and live samples share these shapes.

``None`` is "not known"; 0 is a measured zero (POW-R1). Fields are never renamed
and never change unit (FL-W6).
"""

import msgspec

from bench_agent.wire.open_enum import OpenEnum


class EnergyTier(OpenEnum):
    """What energy allows (POW-R36)."""

    UNKNOWN = "unknown"
    NORMAL = "normal"
    ECO = "eco"
    RESERVE = "reserve"
    CRITICAL = "critical"


class PowerMinute(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One minute of sun and battery; schema ``power/1``."""

    battery_voltage_v: float | None = None
    """Mean volts at the battery, 0 to 65."""
    battery_current_a: float | None = None
    """Mean amperes, + = charging, -200 to 200."""
    panel_voltage_v: float | None = None
    """Mean volts of the panel, 0 to 260."""
    panel_power_w: float | None = None
    """Mean watts from the panel, >= 0."""
    load_power_w: float | None = None
    """Mean watts of all loads known, >= 0."""
    soc_pct: float | None = None
    """Estimated state of charge, 0 to 100."""
    soc_sigma_pct: float | None = None
    """One standard deviation of ``soc_pct``, points."""
    tier: EnergyTier = EnergyTier.UNKNOWN


class HotspotMinute(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One minute of the hotspot, counts only (HOT-R61); schema ``hotspot/1``."""

    stations: int | None = None
    """Associated devices at the end of the minute."""
    sessions: int | None = None
    """Devices let through at the end of the minute."""
    admitted: int = 0
    """Devices let in during the minute."""
    refused: int = 0
    """Consents refused during the minute."""
    down_bytes: int = 0
    """Bytes to devices during the minute."""
    up_bytes: int = 0
    """Bytes from devices during the minute."""


class SystemMinute(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One minute of the computer itself; schema ``sys/1``."""

    cpu_temperature_c: float | None = None
    cpu_load_pct: float | None = None
    """Load of all cores, 0 to 100."""
    memory_used_pct: float | None = None
    disk_free_pct: float | None = None
    outbox_rows: int | None = None
    """Records waiting for the server's commit."""
