"""A power service on a simulated bench and virtual time, for tests."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from bench_agent.domain.battery import Battery
from bench_agent.domain.energy_facts import EnergyRules
from bench_agent.domain.energy_plan import EnergyPlan
from bench_agent.domain.moment import Moment
from bench_agent.ports.power_meter import PowerMeter
from bench_agent.services.power import WIB, Dark, Meters, MeterWatch, PowerService, PowerSetup
from bench_agent.services.power.memory import load_memory
from bench_agent.simulated.bench_battery import Loads
from bench_agent.simulated.clock import SimulatedClock
from bench_agent.simulated.energy_memory import SimulatedEnergyMemory
from bench_agent.simulated.power_meter import SimulatedPowerMeter
from bench_agent.simulated.sun import Site
from bench_agent.wire.envelope import Body
from bench_agent.wire.event import Event

MIDNIGHT_MS = int(datetime(2026, 9, 1, tzinfo=WIB).timestamp() * 1000)
MINUTE_MS, HOUR_MS, DAY_MS = 60_000, 3_600_000, 86_400_000


@dataclass
class Rig:
    """Everything around one power service; ``live`` runs it."""

    clock: SimulatedClock = field(default_factory=lambda: SimulatedClock(MIDNIGHT_MS))
    files: SimulatedEnergyMemory = field(default_factory=SimulatedEnergyMemory)
    records: list[Body] = field(default_factory=list)
    ages_ms: list[int] = field(default_factory=list)
    plans: list[EnergyPlan] = field(default_factory=list)
    darks: list[Dark] = field(default_factory=list)
    can_sleep: bool = False
    rules: EnergyRules = field(default_factory=EnergyRules)
    battery: Battery = field(default_factory=Battery)
    boot: str = "b1"
    boot_reason: str = "cold"
    meter: SimulatedPowerMeter | None = None

    def emit(self, body: Body, age_ms: int = 0) -> None:
        self.records.append(body)
        self.ages_ms.append(age_ms)

    def follow_plan(self, plan: EnergyPlan) -> None:
        self.plans.append(plan)
        if self.meter is not None:
            loads = Loads(display=plan.display_on, audio=plan.audio_on, hotspot=plan.hotspot_on)
            self.meter.set_loads(loads)

    def go_dark(self, dark: Dark) -> None:
        self.darks.append(dark)

    def simulate(self, soc_pct: float = 60.0, seed: int = 1) -> SimulatedPowerMeter:
        """Give the bench a sun and a battery."""
        self.meter = SimulatedPowerMeter(self.clock, Site(seed=seed), self.battery, soc_pct)
        return self.meter

    def service(self, *meters: PowerMeter) -> PowerService:
        """A service that goes on from what the files hold; the first meter is the truth."""
        found: Sequence[PowerMeter] = meters or [self.meter or self.simulate()]
        watches = [MeterWatch(f"m{number}", meter, self.clock) for number, meter in enumerate(found)]
        now = Moment(boot=self.boot, monotonic_ms=self.clock.monotonic_ms(), wall_ms=self.clock.now_ms())
        setup = PowerSetup(
            battery=self.battery,
            rules=self.rules,
            can_sleep=self.can_sleep,
            boot=self.boot,
            boot_reason=self.boot_reason,
        )
        return PowerService(
            Meters(truth=watches[0], others=watches[1:]),
            self.clock,
            setup,
            load_memory(self.files, now),
            self.files,
            self,
        )

    def live(self, service: PowerService, for_ms: int, until: Callable[[], bool] | None = None) -> None:
        """Run ``service`` for virtual ``for_ms``, or until a minute in which ``until`` holds."""

        async def scene() -> None:
            task = asyncio.create_task(service.run())
            end_ms = self.clock.now_ms() + for_ms
            while self.clock.now_ms() < end_ms and not (until is not None and until()):
                step_ms = end_ms if until is None else min(self.clock.now_ms() + MINUTE_MS, end_ms)
                await self.clock.run_until(step_ms)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

        asyncio.run(scene())

    def events(self, kind: str) -> list[Event]:
        return [body for body in self.records if isinstance(body, Event) and body.kind == kind]

    def problems(self) -> list[tuple[str, object]]:
        told = [body for body in self.records if isinstance(body, Event) and body.kind.startswith("problem.")]
        return [(event.kind.removeprefix("problem."), event.facts["problem"]) for event in told]
