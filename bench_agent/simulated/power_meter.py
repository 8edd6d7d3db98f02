"""``simulated://``: sun, battery and loads by the bench's clock (POW-R60)."""

from bench_agent.domain.battery import Battery
from bench_agent.domain.power_reading import CurrentScope, PowerReading, ReadingQuality
from bench_agent.ports.clock import Clock
from bench_agent.simulated.bench_battery import BenchBattery, Loads
from bench_agent.simulated.sun import Site, panel_power_w

_LONGEST_STEP_MS = 60_000
_PANEL_VOLTAGE_V = 18.0


class SimulatedPowerMeter:
    """A meter on a modelled bench; the same seed and times give the same readings."""

    def __init__(self, clock: Clock, site: Site, battery: Battery, soc_pct: float = 60.0) -> None:
        """``soc_pct`` is the true charge at the start."""
        self.pack = BenchBattery(battery, soc_pct)
        self._clock = clock
        self._site = site
        self._loads = Loads()
        self._at_ms = clock.monotonic_ms()
        self._reader = clock
        self._sun = (-1, 0.0)

    @property
    def panel_wp(self) -> float:
        """Peak watts of the panel."""
        return self._site.panel_wp

    def stamp_by(self, reader: Clock) -> None:
        """Readings bear the time of ``reader``: a computer that was started anew counts from 0 again."""
        self._reader = reader

    def set_loads(self, loads: Loads) -> None:
        """Switch loads now; what was on until now is accounted for first."""
        self._catch_up()
        self._loads = loads

    async def read(self) -> PowerReading:
        """Live up to now and measure."""
        pack = self.look()
        return PowerReading(
            measured_at_ms=self._reader.monotonic_ms() - (self._clock.monotonic_ms() - self._at_ms),
            quality=ReadingQuality.GOOD,
            battery_voltage_v=round(pack.voltage_v, 3),
            battery_current_a=round(pack.current_a, 3),
            current_scope=CurrentScope.BATTERY,
            panel_voltage_v=_PANEL_VOLTAGE_V if pack.panel_power_w > 0 else 0.0,
            panel_power_w=round(pack.panel_power_w, 2),
            load_power_w=round(pack.load_power_w, 2),
            load_on=not pack.is_cut,
            charge_stage=pack.stage,
            yield_total_wh=round(pack.yield_wh, 1),
            charge_in_mah=round(pack.charge_in_mah, 1),
            charge_out_mah=round(pack.charge_out_mah, 1),
        )

    def look(self) -> BenchBattery:
        """Live up to now; the pack as it truly is."""
        self._catch_up()
        return self.pack

    async def close(self) -> None:
        """Nothing to let go; a later ``read`` works."""

    def _catch_up(self) -> None:
        now_ms = self._clock.monotonic_ms()
        wall_ms = self._clock.now_ms()
        while self._at_ms < now_ms:
            step_ms = min(now_ms - self._at_ms, _LONGEST_STEP_MS)
            self.pack.step(self._sun_w(wall_ms - (now_ms - self._at_ms)), self._loads.power_w, step_ms / 1000)
            self._at_ms += step_ms

    def _sun_w(self, wall_ms: int) -> float:
        """Panel power of the running minute; six samples share one look at the sky."""
        minute = wall_ms // _LONGEST_STEP_MS
        if self._sun[0] != minute:
            self._sun = (minute, panel_power_w(minute * _LONGEST_STEP_MS, self._site))
        return self._sun[1]
