"""Periodic measurements: 1-minute aggregates (class C) and live samples share these shapes.

``None`` is "not known"; 0 is a measured zero (POW-R1). Fields are never renamed
and never change unit (FL-W6). A number at or beyond ``LIMIT`` does not follow the schema: no bench
measures it and no store's column holds it.
"""

from typing import Annotated

import msgspec

from bench_agent.wire.open_enum import OpenEnum

LIMIT = 10**15
_Number = Annotated[float, msgspec.Meta(gt=-LIMIT, lt=LIMIT)]
_Count = Annotated[int, msgspec.Meta(gt=-LIMIT, lt=LIMIT)]


class EnergyTier(OpenEnum):
    """What energy allows (POW-R36)."""

    UNKNOWN = "unknown"
    NORMAL = "normal"
    ECO = "eco"
    RESERVE = "reserve"
    CRITICAL = "critical"


class PowerMinute(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One minute of sun and battery; schema ``power/1``."""

    battery_voltage_v: _Number | None = None
    """Mean volts at the battery, 0 to 65."""
    battery_current_a: _Number | None = None
    """Mean amperes, + = charging, -200 to 200."""
    panel_voltage_v: _Number | None = None
    """Mean volts of the panel, 0 to 260."""
    panel_power_w: _Number | None = None
    """Mean watts from the panel, >= 0."""
    load_power_w: _Number | None = None
    """Mean watts of all loads known, >= 0."""
    soc_pct: _Number | None = None
    """Estimated state of charge, 0 to 100."""
    soc_sigma_pct: _Number | None = None
    """One standard deviation of ``soc_pct``, points."""
    tier: EnergyTier = EnergyTier.UNKNOWN


class HotspotMinute(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One minute of the hotspot, counts only (HOT-R61); schema ``hotspot/1``."""

    stations: _Count | None = None
    """Associated devices at the end of the minute."""
    sessions: _Count | None = None
    """Devices let through at the end of the minute."""
    admitted: _Count = 0
    """Devices let in during the minute."""
    refused: _Count = 0
    """Consents refused during the minute."""
    down_bytes: _Count = 0
    """Bytes to devices during the minute."""
    up_bytes: _Count = 0
    """Bytes from devices during the minute."""


class SystemMinute(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One minute of the computer itself; schema ``sys/1``."""

    cpu_temperature_c: _Number | None = None
    cpu_load_pct: _Number | None = None
    """Load of all cores, 0 to 100."""
    memory_used_pct: _Number | None = None
    disk_free_pct: _Number | None = None
    outbox_rows: _Count | None = None
    """Records waiting for the server's commit."""
