"""What a power meter tells (POW-R1)."""

from dataclasses import dataclass
from enum import StrEnum


class ReadingQuality(StrEnum):
    """How much of battery voltage and current is known (POW-R2)."""

    GOOD = "good"
    PARTIAL = "partial"
    STALE = "stale"


def quality_of(battery_voltage_v: float | None, battery_current_a: float | None) -> ReadingQuality:
    """Good when both are known, partial with one, stale with none."""
    known = (battery_voltage_v is not None) + (battery_current_a is not None)
    return (ReadingQuality.STALE, ReadingQuality.PARTIAL, ReadingQuality.GOOD)[known]


class CurrentScope(StrEnum):
    """What ``battery_current_a`` includes."""

    BATTERY = "battery"
    CHARGER = "charger"
    NONE = "none"


class ChargeStage(StrEnum):
    """What the charge controller does."""

    OFF = "off"
    BULK = "bulk"
    ABSORPTION = "absorption"
    FLOAT = "float"
    STORAGE = "storage"
    EQUALIZE = "equalize"
    FAULT = "fault"
    EXTERNAL = "external"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerReading:
    """One look at sun and battery. ``None`` is not known, 0 is a measured zero."""

    measured_at_ms: int
    """Monotonic milliseconds."""
    quality: ReadingQuality
    battery_voltage_v: float | None = None
    """Loaded volts, 0 to 65."""
    battery_current_a: float | None = None
    """Amperes, + = charging, -200 to 200."""
    current_scope: CurrentScope = CurrentScope.NONE
    panel_voltage_v: float | None = None
    panel_power_w: float | None = None
    load_current_a: float | None = None
    load_power_w: float | None = None
    load_on: bool | None = None
    charge_stage: ChargeStage | None = None
    battery_temperature_c: float | None = None
    case_temperature_c: float | None = None
    reported_soc_pct: float | None = None
    """The device's own opinion; shown, never mixed into the estimate."""
    yield_today_wh: float | None = None
    yield_total_wh: float | None = None
    charge_in_mah: float | None = None
    charge_out_mah: float | None = None
    faults: tuple[str, ...] = ()

    @property
    def battery_power_w(self) -> float | None:
        """Watts into the battery, always volts times signed amperes."""
        if self.battery_voltage_v is None or self.battery_current_a is None:
            return None
        return self.battery_voltage_v * self.battery_current_a
