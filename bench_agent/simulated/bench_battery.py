"""A LiFePO4 pack with its charger: charge, volts, absorption and the low-voltage cut."""

from dataclasses import dataclass

from bench_agent.domain.battery import Battery, rest_voltage_v
from bench_agent.domain.power_reading import ChargeStage

ABSORPTION_V, FLOAT_V = 14.4, 13.6
CUT_V, RECONNECT_V = 11.8, 13.0
CONTROLLER_W = 0.06
_NOMINAL_V = 12.8
_ABSORPTION_FROM_PCT = 99.0
_TAIL_C = 0.03


@dataclass(frozen=True, slots=True, kw_only=True)
class Loads:
    """What is switched on, in watts of the reference bench."""

    computer: bool = True
    hotspot: bool = True
    display: bool = True
    audio: bool = True

    @property
    def power_w(self) -> float:
        """Sum of the loads: Pi 5 W, access point 4 W, display 20 W, audio 3 W."""
        return 5.0 * self.computer + 4.0 * self.hotspot + 20.0 * self.display + 3.0 * self.audio


class BenchBattery:
    """True state of the simulated pack; estimates are the agent's business."""

    def __init__(self, battery: Battery, soc_pct: float = 60.0) -> None:
        """``soc_pct`` is the true charge at the start, 0 to 100."""
        self.battery = battery
        self.soc_pct = soc_pct
        self.current_a = 0.0
        self.voltage_v = rest_voltage_v(soc_pct)
        self.panel_power_w = 0.0
        self.load_power_w = 0.0
        self.stage = ChargeStage.OFF
        self.is_cut = False
        self.charge_in_mah = 0.0
        self.charge_out_mah = 0.0
        self.yield_wh = 0.0

    def step(self, panel_w: float, load_w: float, seconds: float) -> None:
        """Live ``seconds`` with the power the panel offers and the loads ask for."""
        self.load_power_w = (0.0 if self.is_cut else load_w) + CONTROLLER_W
        wanted_a = (panel_w - self.load_power_w) / _NOMINAL_V
        limit_a = self._most_charge_a()
        self.current_a = min(wanted_a, limit_a)
        self.panel_power_w = max(0.0, panel_w - (wanted_a - self.current_a) * _NOMINAL_V)
        moved_mah = self.current_a * seconds / 3.6
        self.charge_in_mah += max(moved_mah, 0.0)
        self.charge_out_mah += max(-moved_mah, 0.0)
        self.yield_wh += self.panel_power_w * seconds / 3600
        efficiency = self.battery.charge_efficiency if self.current_a > 0 else 1.0
        gained_pct = self.current_a * seconds / 36 / self.battery.capacity_ah * efficiency
        self.soc_pct = min(max(self.soc_pct + gained_pct, 0.0), 100.0)
        self.stage = self._stage(limited=wanted_a > limit_a)
        self.voltage_v = self._voltage()
        self.is_cut = self.voltage_v < (RECONNECT_V if self.is_cut else CUT_V)

    def _most_charge_a(self) -> float:
        if self.soc_pct >= 100:  # noqa: PLR2004 - percent
            return 0.0
        return self.battery.capacity_ah * (_TAIL_C if self.soc_pct >= _ABSORPTION_FROM_PCT else 1.0)

    def _stage(self, *, limited: bool) -> ChargeStage:
        if self.panel_power_w <= 0 or self.current_a < 0:
            return ChargeStage.OFF if self.panel_power_w <= 0 else ChargeStage.BULK
        if not limited:
            return ChargeStage.BULK
        return ChargeStage.FLOAT if self.current_a <= 0 else ChargeStage.ABSORPTION

    def _voltage(self) -> float:
        if self.stage is ChargeStage.ABSORPTION:
            return ABSORPTION_V
        if self.stage is ChargeStage.FLOAT:
            return FLOAT_V
        return rest_voltage_v(self.soc_pct) + self.current_a * self.battery.resistance_ohm
