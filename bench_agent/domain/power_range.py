"""Range gate of measured values (POW-R3): outside is dropped, never clipped."""

from enum import Enum

MAX_VOLTAGE_SLOPE_V_PER_S = 3.0


class PowerRange(Enum):
    """Lowest and highest credible value of a quantity."""

    BATTERY_V = (0.0, 65.0)
    CURRENT_A = (-200.0, 200.0)
    PANEL_V = (0.0, 260.0)
    PANEL_W = (0.0, 10_000.0)
    TEMPERATURE_C = (-40.0, 110.0)
    PERCENT = (0.0, 100.0)

    def keep(self, value: float | None) -> float | None:
        """``value`` if credible, else ``None``; NaN is not credible."""
        low, high = self.value
        return value if value is not None and low <= value <= high else None


def follows(previous_v: float, voltage_v: float, elapsed_ms: int) -> bool:
    """Whether a battery can move so far in ``elapsed_ms`` (at least one second is granted)."""
    return abs(voltage_v - previous_v) <= MAX_VOLTAGE_SLOPE_V_PER_S * max(elapsed_ms / 1000, 1.0)
