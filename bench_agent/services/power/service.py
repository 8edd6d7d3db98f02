"""Follows the battery, decides the energy plan and records each minute (POW-R36 to R39, R67)."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from statistics import fmean

import structlog

from bench_agent.domain.battery import Battery, rest_of, sample_of
from bench_agent.domain.battery_estimate import Estimate, next_estimate
from bench_agent.domain.energy import EnergyState, next_energy
from bench_agent.domain.energy_facts import EnergyFacts, EnergyRules
from bench_agent.domain.energy_plan import EnergyPlan
from bench_agent.domain.power_reading import PowerReading
from bench_agent.errors import PowerMeterError
from bench_agent.ports.clock import Clock
from bench_agent.ports.power_meter import PowerMeter
from bench_agent.wire.envelope import Body
from bench_agent.wire.event import Event, Severity
from bench_agent.wire.telemetry import EnergyTier, PowerMinute

SAMPLE_S = 10.0
SAMPLES_A_MINUTE = 6
WIB = timezone(timedelta(hours=7), "WIB")

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerKnowledge:
    """What a service knew of the battery, for the one that follows it."""

    estimate: Estimate | None
    state: EnergyState


class PowerService:
    """One loop: sample, estimate, plan, record."""

    def __init__(
        self,
        meter: PowerMeter,
        clock: Clock,
        emit: Callable[[Body], None],
        on_plan: Callable[[EnergyPlan], None],
        battery: Battery | None = None,
        zone: timezone = WIB,
    ) -> None:
        """``on_plan`` is called at the first plan and whenever a load, tier or reason changes."""
        self._meter = meter
        self._clock = clock
        self._emit = emit
        self._on_plan = on_plan
        self._battery = battery or Battery()
        self._zone = zone
        self._estimate: Estimate | None = None
        self._state = EnergyState()
        self._rules = EnergyRules()
        self._rest_v: float | None = None
        self._good_at_ms = clock.monotonic_ms()
        self._outage = False
        self._minute: list[PowerReading] = []
        self.plan: EnergyPlan | None = None
        """The plan in force, ``None`` before the first sample."""

    async def run(self) -> None:
        """Sample every 10 s and emit one ``power/1`` a minute until cancelled; closes the meter."""
        try:
            while True:
                for _ in range(SAMPLES_A_MINUTE):
                    await self.sample()
                    await self._clock.sleep(SAMPLE_S)
                self._emit(self._take_minute())
        finally:
            await self._meter.close()

    def knowledge(self) -> PowerKnowledge:
        """What is known now."""
        return PowerKnowledge(estimate=self._estimate, state=self._state)

    def resume(self, knowledge: PowerKnowledge) -> None:
        """Go on from what an earlier service knew; its monotonic instants mean nothing on this clock."""
        if knowledge.estimate is not None:
            shift_ms = self._clock.monotonic_ms() - knowledge.estimate.as_of_ms
            self._estimate = knowledge.estimate.shifted(shift_ms)
            self._state = knowledge.state.shifted(shift_ms)

    def live_sample(self) -> PowerMinute | None:
        """The newest reading of the running minute, None when the meter is silent."""
        return self._summary(self._minute[-1:]) if self._minute else None

    async def sample(self) -> None:
        """Read the meter once and renew estimate and plan."""
        reading = await self._read()
        if reading is not None:
            self._minute.append(reading)
            self._follow(reading)
        self._decide()

    async def _read(self) -> PowerReading | None:
        try:
            reading = await self._meter.read()
        except PowerMeterError as err:
            if not self._outage:
                self._outage = True
                _log.warning("power_meter_outage", error=type(err).__name__, detail=str(err))
            return None
        if self._outage:
            self._outage = False
            _log.info("power_meter_back")
        return reading

    def _follow(self, reading: PowerReading) -> None:
        sample = sample_of(reading)
        if sample is None:
            return
        self._good_at_ms = reading.measured_at_ms
        self._rest_v = rest_of(sample, self._battery)
        self._estimate = next_estimate(self._estimate, sample, self._battery, reading.measured_at_ms)

    def _decide(self) -> None:
        before, estimate, now_ms = self._state.tier, self._estimate, self._clock.monotonic_ms()
        facts = EnergyFacts(
            local=datetime.fromtimestamp(self._clock.now_ms() / 1000, self._zone),
            now_ms=now_ms,
            soc_pct=estimate.soc_pct if estimate else None,
            rest_v=self._rest_v,
            age_ms=now_ms - self._good_at_ms,
            last_full_at_ms=estimate.last_full_at_ms if estimate else None,
        )
        self._state = next_energy(self._state, facts, self._rules)
        plan = self._state.plan
        if self._state.tier is not before:
            self._report_tier(before, self._state.tier, facts.soc_pct)
        changed = plan is not None and (self.plan is None or _shown(plan) != _shown(self.plan))
        self.plan = plan
        if plan is not None and changed:
            self._on_plan(plan)

    def _report_tier(self, before: EnergyTier, after: EnergyTier, soc_pct: float | None) -> None:
        grave = after is EnergyTier.CRITICAL
        self._emit(
            Event(
                kind="energy.tier_changed",
                severity=Severity.WARNING if grave else Severity.NOTICE,
                text=f"Tingkat energi berubah dari {before.value} ke {after.value}.",
                facts={"from": before.value, "to": after.value, "soc_pct": soc_pct},
            )
        )

    def _take_minute(self) -> PowerMinute:
        readings, self._minute = self._minute, []
        return self._summary(readings)

    def _summary(self, readings: list[PowerReading]) -> PowerMinute:
        known = self._estimate if readings else None
        return PowerMinute(
            battery_voltage_v=_mean(reading.battery_voltage_v for reading in readings),
            battery_current_a=_mean(reading.battery_current_a for reading in readings),
            panel_voltage_v=_mean(reading.panel_voltage_v for reading in readings),
            panel_power_w=_mean(reading.panel_power_w for reading in readings),
            load_power_w=_mean(reading.load_power_w for reading in readings),
            soc_pct=round(known.soc_pct, 2) if known else None,
            soc_sigma_pct=round(known.sigma_pct, 2) if known else None,
            tier=self._state.tier,
        )


def _mean(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return round(fmean(known), 3) if known else None


def _shown(plan: EnergyPlan) -> tuple[object, ...]:
    return (plan.tier, plan.display_on, plan.audio_on, plan.hotspot_on, plan.reason)
