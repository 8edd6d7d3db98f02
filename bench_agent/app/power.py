"""The power part: the meter that the settings name, and who follows the energy plan."""

from collections.abc import Callable
from urllib.parse import parse_qsl, urlsplit

from bench_agent.adapters.vedirect import VedirectPowerMeter
from bench_agent.domain.battery import Battery
from bench_agent.domain.energy_plan import EnergyPlan
from bench_agent.errors import SettingsError
from bench_agent.ports.clock import Clock
from bench_agent.services.power import PowerService
from bench_agent.settings import Settings
from bench_agent.simulated.bench_battery import Loads
from bench_agent.simulated.power_meter import SimulatedPowerMeter
from bench_agent.simulated.sun import Site
from bench_agent.wire.envelope import Body

START_SOC_PCT = 60.0
"""Charge of a simulated battery that has no past."""


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
    """Open the meter that ``power`` names; a simulated battery starts at ``soc_pct``.

    Raises:
        SettingsError: A part of the ``power`` URL is unknown or no number.
    """
    url = urlsplit(settings.power)
    if url.scheme == "vedirect":
        return PowerService(VedirectPowerMeter(url.path, clock), clock, emit, plans.tell)
    meter = open_simulated_meter(settings, clock, plans, soc_pct)
    return PowerService(meter, clock, emit, plans.tell, meter.pack.battery)


def open_simulated_meter(
    settings: Settings, clock: Clock, plans: PlanFollowers, soc_pct: float = START_SOC_PCT
) -> SimulatedPowerMeter:
    """Read ``simulated://?seed=1&wp=100&ah=50``; the meter's loads follow the plan.

    Raises:
        SettingsError: A part of the URL is unknown or no number.
    """
    url = urlsplit(settings.power)
    try:
        query = {"seed": "1", "wp": "100", "ah": "50"} | dict(
            parse_qsl(url.query, strict_parsing=bool(url.query))
        )
        site = Site(
            latitude_deg=settings.lat,
            longitude_deg=settings.lon,
            seed=int(query.pop("seed")),
            panel_wp=float(query.pop("wp")),
        )
        battery = Battery(capacity_ah=float(query.pop("ah")))
    except ValueError as err:
        raise SettingsError(f"key 'power': {err}. Cure: simulated://?seed=1&wp=100&ah=50") from err
    if query:
        raise SettingsError(f"key 'power': unknown part {min(query)!r}. Cure: use seed, wp and ah only.")
    meter = SimulatedPowerMeter(clock, site, battery, soc_pct)
    plans.follow(
        lambda plan: meter.set_loads(
            Loads(hotspot=plan.hotspot_on, display=plan.display_on, audio=plan.audio_on)
        )
    )
    return meter
