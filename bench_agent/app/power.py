"""The power part: meters, power board and plan of one run, and who follows the energy plan."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import time

from bench_agent.app.machine import Machine, Start, first_simulated
from bench_agent.app.meters import choose_truth
from bench_agent.domain.battery import Battery
from bench_agent.domain.energy_facts import EnergyRules
from bench_agent.domain.energy_hours import OpeningHours
from bench_agent.domain.energy_plan import EnergyPlan
from bench_agent.services.power import Listener, Meters, MeterWatch, PowerService, PowerSetup, SupplyService
from bench_agent.settings import PowerSettings, Settings
from bench_agent.simulated.bench_battery import Loads
from bench_agent.simulated.power_meter import SimulatedPowerMeter


class PlanFollowers:
    """Everybody who switches something by the energy plan."""

    def __init__(self) -> None:
        self._followers: list[Callable[[EnergyPlan], None]] = []
        self._plan: EnergyPlan | None = None

    def follow(self, follower: Callable[[EnergyPlan], None]) -> None:
        """Tell ``follower`` every new plan, and at once the one in force."""
        self._followers.append(follower)
        if self._plan is not None:
            follower(self._plan)

    def tell(self, plan: EnergyPlan) -> None:
        """Put ``plan`` in force."""
        self._plan = plan
        for follower in self._followers:
            follower(plan)


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerPart:
    """The power service, and the talk with the power board where there is one."""

    service: PowerService
    supply: SupplyService | None

    async def run(self) -> None:
        """Serve until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.service.run(), name="energy")
            if self.supply is not None:
                group.create_task(self.supply.run(), name="supply")


def build_power(
    settings: Settings,
    machine: Machine,
    start: Start,
    plans: PlanFollowers,
    listener: Listener,
    *,
    tells_plans: bool = True,
) -> PowerPart:
    """Connect the meters of ``machine``; on a simulated bench the loads follow the plan."""
    clock = start.boot.clock
    truth = choose_truth(machine.meters, settings.power)
    others = [each for each in machine.meters if each is not truth]
    meters = Meters(
        truth=MeterWatch(truth.url, truth.meter, clock),
        others=[MeterWatch(each.url, each.meter, clock) for each in others],
    )
    simulated = first_simulated(machine.meters)
    battery = read_battery(settings.power)
    if simulated is not None:
        let_loads_follow(plans, simulated)
        battery = simulated.pack.battery
    attempts = 0 if start.board is None else start.board.attempts
    hours = OpeningHours(
        opens=time.fromisoformat(settings.open_from), closes=time.fromisoformat(settings.open_until)
    )
    setup = PowerSetup(
        rules=EnergyRules(hours=hours),
        battery=battery,
        all_loads_on_charger=settings.power.all_loads_on_charger,
        can_sleep=machine.board is not None,
        tells_plans=tells_plans,
        boot=start.boot.name,
        boot_reason=start.reason,
        board_attempts=attempts,
    )
    service = PowerService(meters, clock, setup, start.past, machine.files, listener)
    supply = None
    if machine.board is not None:
        supply = SupplyService(machine.board, clock, service.is_healthy, service.halt)
    return PowerPart(service=service, supply=supply)


def let_loads_follow(plans: PlanFollowers, meter: SimulatedPowerMeter) -> None:
    """Switch the simulated loads by the plan."""
    plans.follow(
        lambda plan: meter.set_loads(
            Loads(hotspot=plan.hotspot_on, display=plan.display_on, audio=plan.audio_on)
        )
    )


def read_battery(settings: PowerSettings) -> Battery:
    """The pack as the settings describe it."""
    return Battery(
        capacity_ah=settings.capacity_ah,
        resistance_ohm=settings.resistance_mohm / 1000,
        charge_efficiency=settings.charge_efficiency,
        full_voltage_v=settings.full_voltage_v,
    )
