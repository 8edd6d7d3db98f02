"""The power part: the meters that the settings name, and who follows the energy plan."""

from collections.abc import Callable, Sequence

from bench_agent.app.meters import NamedMeter, choose_truth, open_meters
from bench_agent.domain.battery import Battery
from bench_agent.domain.energy_plan import EnergyPlan
from bench_agent.ports.clock import Clock
from bench_agent.services.power import PowerService
from bench_agent.settings import PowerSettings, Settings
from bench_agent.simulated.bench_battery import Loads
from bench_agent.simulated.power_meter import SimulatedPowerMeter
from bench_agent.wire.envelope import Body


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


def build_power(
    settings: Settings, clock: Clock, emit: Callable[[Body], None], plans: PlanFollowers, soc_pct: float
) -> PowerService:
    """Open the meters that ``power.meters`` names; a simulated battery starts at ``soc_pct``.

    Raises:
        SettingsError: A URL in ``power.meters`` is wrong.
    """
    meters = open_meters(settings, clock, soc_pct)
    truth = choose_truth(meters, settings.power)
    simulated = first_simulated(meters)
    battery = read_battery(settings.power)
    if simulated is not None:
        let_loads_follow(plans, simulated)
        battery = simulated.pack.battery
    return PowerService(truth.meter, clock, emit, plans.tell, battery)


def first_simulated(meters: Sequence[NamedMeter]) -> SimulatedPowerMeter | None:
    """The bench that is simulated, if one is."""
    return next((each.meter for each in meters if isinstance(each.meter, SimulatedPowerMeter)), None)


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
