"""Periodic measurements: 1-minute aggregates (class C) and live samples share these shapes.

``None`` is "not known"; 0 is a measured zero (POW-R1). Fields are never renamed
and never change unit (FL-W6). A number at or beyond ``LIMIT`` does not follow the schema: no bench
measures it and no store's column holds it.
"""

from typing import Annotated

import msgspec

from bench_agent.wire.energy_reason import ReasonCode
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


class MeterQuality(OpenEnum):
    """How much of battery voltage and current the meter knows (POW-R2)."""

    UNKNOWN = "unknown"
    GOOD = "good"
    PARTIAL = "partial"
    STALE = "stale"


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
    battery_voltage_min_v: _Number | None = None
    battery_voltage_max_v: _Number | None = None
    battery_current_min_a: _Number | None = None
    battery_current_max_a: _Number | None = None
    panel_power_min_w: _Number | None = None
    panel_power_max_w: _Number | None = None
    soc_age_s: _Number | None = None
    """Age of the reading behind ``soc_pct``."""
    reason: ReasonCode = ReasonCode.UNKNOWN
    """What decided the display (POW-R39)."""
    reason_left_s: _Number | None = None
    """Until what ``reason`` names ends by time alone; None = time does not end it."""
    overridden: bool = False
    """An operator's override shapes the plan (POW-R40)."""
    meter_quality: MeterQuality = MeterQuality.UNKNOWN
    """Of the meter that feeds the estimate, at the end of the minute."""
    meter_errors: _Count = 0
    """Readings of all meters that failed during the minute."""
    dropped_values: _Count = 0
    """Values of all meters that were not credible during the minute (POW-R3)."""


class Harvest(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What the panel gave in one half hour; schema ``harvest/1``.

    The record's ``ts`` is the start of the slot on the bench's local half-hour grid.
    """

    harvest_wh: _Number
    """Watt-hours from the panel while it was measured, >= 0."""
    harvest_clipped: bool
    """The battery was too full to take all: the sun could have given more."""
    harvest_measured_s: _Count
    """Seconds of the slot that were measured, 0 to 1800."""


class PowerDay(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One local day of energy; schema ``power_day/1``. The record's ``ts`` is the day's midnight."""

    in_wh: _Number | None = None
    """Into the battery, measured."""
    out_wh: _Number | None = None
    """Out of the battery, measured."""
    spilled_wh: _Number | None = None
    """What the sun could have given to a battery that was full, estimated."""
    full: bool = False
    """The battery got full, and the estimate with it true."""
    usable_ah: _Number | None = None
    """Charge between a full and a low point of a cycle that ended this day (POW-R35)."""
    capacity_ah: _Number | None = None
    """Of the pack when it was new, by the settings."""
    normal_minutes: _Count = 0
    eco_minutes: _Count = 0
    reserve_minutes: _Count = 0
    critical_minutes: _Count = 0
    display_switches: _Count = 0
    """How often the display went on or off."""
    boots_cold: _Count = 0
    """Starts of the computer, by what its power board says of the dark before (POW-R54)."""
    boots_wake: _Count = 0
    boots_alive: _Count = 0
    boots_low: _Count = 0
    boots_sleep: _Count = 0
    boots_critical: _Count = 0
    boots_halted: _Count = 0
    boots_hung: _Count = 0
    boots_no_boot: _Count = 0
    boots_cut: _Count = 0
    boots_unknown: _Count = 0
    """Starts of which nobody knows why."""


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
