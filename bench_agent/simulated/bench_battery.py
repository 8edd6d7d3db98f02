"""A LiFePO4 pack with its charger and loads: charge, volts, spilled sun and the low-voltage cut (POW-R62).

The same battery lives in ``simulated://`` and in the simulated year. It is a model: volts follow charge and
current alone, and energy is counted at the nominal 12.8 V.
"""

from dataclasses import dataclass

from bench_agent.domain.battery import NOMINAL_V, Battery, rest_voltage_v
from bench_agent.domain.power_reading import ChargeStage

ABSORPTION_V, FLOAT_V = 14.4, 13.6
CUT_V, RECONNECT_V, RECONNECT_PCT = 11.8, 13.0, 8.0
BOARD_W = 0.06
"""The power board, always on."""
HOTSPOT_W, COMPUTER_W, DISPLAY_W, AUDIO_W = 4.0, 5.0, 20.0, 3.0
EFFICIENCY = 0.985
"""Of energy, each way."""
ABSORPTION_FROM_PCT = 99.0
"""From here on the charger holds its voltage and the current is a tail: a full re-sync (POW-R31)."""
FULL_PCT = 100.0
TAIL_C = 0.03
_REST_V = tuple(rest_voltage_v(index / 10) for index in range(1001))


@dataclass(frozen=True, slots=True, kw_only=True)
class Loads:
    """What is switched on at the reference bench."""

    computer: bool = True
    hotspot: bool = True
    display: bool = True
    audio: bool = True

    @property
    def power_w(self) -> float:
        """Sum of the loads."""
        return (
            COMPUTER_W * self.computer
            + HOTSPOT_W * self.hotspot
            + DISPLAY_W * self.display
            + AUDIO_W * self.audio
        )


class BenchBattery:
    """True state of the simulated pack; estimates are the agent's business."""

    def __init__(
        self,
        battery: Battery,
        soc_pct: float = 60.0,
        *,
        tail_c: float | None = None,
        standby_w: float = BOARD_W,
        cuts_loads: bool = True,
    ) -> None:
        """Charge it.

        Args:
            battery: Size and resistance.
            soc_pct: True charge at the start, 0 to 100.
            tail_c: Longest charge current in absorption, in capacities per hour; ``None`` = no taper.
            standby_w: What nobody can switch off.
            cuts_loads: Whether the charger has a load output that opens when volts are low.
        """
        self.battery = battery
        self.soc_pct = soc_pct
        self.voltage_v = rest_voltage_v(soc_pct)
        self.stored_w = 0.0
        """What the cells took in (+) or gave (-) in the last step, losses aside."""
        self.panel_power_w = 0.0
        self.load_power_w = 0.0
        self.spilled_wh = 0.0
        """What a full battery could not take, since the start."""
        self.charge_in_mah = 0.0
        self.charge_out_mah = 0.0
        self.yield_wh = 0.0
        """What the panel gave, since the start."""
        self.cuts = 0
        self.is_cut = False
        self.stage = ChargeStage.OFF
        self._standby_w = standby_w
        self._cuts_loads = cuts_loads
        self._tail_w = None if tail_c is None else tail_c * battery.capacity_wh
        self._capacity_wh = battery.capacity_wh
        self._ohm_per_volt = battery.resistance_ohm / NOMINAL_V

    @property
    def current_a(self) -> float:
        """Amperes of the cells; charging at ``charge_efficiency`` stores exactly what was taken in."""
        current_a = self.stored_w / NOMINAL_V
        return current_a / self.battery.charge_efficiency if current_a > 0 else current_a

    def volts_at(self, net_w: float) -> float:
        """Volts with ``net_w`` flowing in (+) or out (-), without any charger limit."""
        return _REST_V[int(self.soc_pct * 10)] + net_w * self._ohm_per_volt

    def step(self, panel_w: float, load_w: float, seconds: float) -> None:
        """Live ``seconds`` with the power the panel offers and the loads ask for."""
        net_w = panel_w - load_w - self._standby_w
        volts = self.volts_at(net_w)
        if self.is_cut:
            self.is_cut = volts <= RECONNECT_V or self.soc_pct <= RECONNECT_PCT
        elif volts < CUT_V and self._cuts_loads:
            self.is_cut = True
            self.cuts += 1
        if self.is_cut:
            load_w = 0.0
            net_w = panel_w - self._standby_w
            volts = self.volts_at(net_w)
        self.load_power_w = load_w + self._standby_w
        self.voltage_v = volts
        self._store(panel_w, net_w, seconds / 3600)
        self._count(seconds / 3600)

    def _store(self, panel_w: float, net_w: float, hours: float) -> None:
        offered_w = net_w * EFFICIENCY if net_w > 0 else net_w / EFFICIENCY
        in_absorption = net_w > 0 and self.soc_pct >= ABSORPTION_FROM_PCT
        stored_w = min(offered_w, (100.0 - self.soc_pct) / 100 * self._capacity_wh / hours)
        if in_absorption and self._tail_w is not None:
            stored_w = min(stored_w, self._tail_w)
        spilled_w = offered_w - stored_w
        self.spilled_wh += spilled_w * hours
        self.soc_pct = min(max(self.soc_pct + stored_w * hours / self._capacity_wh * 100, 0.0), 100.0)
        self.stored_w = stored_w
        self.panel_power_w = panel_w - spilled_w / EFFICIENCY
        if self.soc_pct >= FULL_PCT and spilled_w > 0:
            self.stage, self.voltage_v = ChargeStage.FLOAT, FLOAT_V
        elif in_absorption:
            self.stage, self.voltage_v = ChargeStage.ABSORPTION, ABSORPTION_V
        else:
            self.stage = ChargeStage.BULK if panel_w > 0 else ChargeStage.OFF

    def _count(self, hours: float) -> None:
        moved_mah = self.current_a * hours * 1000
        if moved_mah > 0:
            self.charge_in_mah += moved_mah
        else:
            self.charge_out_mah -= moved_mah
        self.yield_wh += self.panel_power_w * hours
