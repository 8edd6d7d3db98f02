"""The power part: the meter that the settings name, and who follows the energy plan."""

import zlib
from collections.abc import Callable
from datetime import time
from urllib.parse import parse_qsl, urlsplit

from bench_agent.adapters.vedirect import VedirectPowerMeter
from bench_agent.domain.battery import Battery
from bench_agent.domain.energy import EnergyPlan
from bench_agent.errors import SettingsError
from bench_agent.ports.clock import Clock
from bench_agent.services.power import OpeningHours, PowerService
from bench_agent.settings import Settings
from bench_agent.simulated.bench_battery import Loads
from bench_agent.simulated.power_meter import SimulatedPowerMeter
from bench_agent.simulated.sun import Site
from bench_agent.wire.envelope import Body

_DEFAULTS = {"wp": "100", "ah": "50", "soc": "60"}


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
    settings: Settings,
    clock: Clock,
    emit: Callable[[Body], None],
    plans: PlanFollowers,
    soc_pct: float | None = None,
) -> PowerService:
    """Open the meter that ``power`` names; a simulated battery with a past goes on at ``soc_pct``.

    Raises:
        SettingsError: A part of the ``power`` URL is unknown or no number.
    """
    url = urlsplit(settings.power)
    hours = opening_hours(settings)
    if url.scheme == "vedirect":
        return PowerService(VedirectPowerMeter(url.path, clock), clock, emit, plans.tell, hours=hours)
    meter = open_simulated_meter(settings, clock, plans, soc_pct)
    return PowerService(meter, clock, emit, plans.tell, meter.pack.battery, hours)


def opening_hours(settings: Settings) -> OpeningHours:
    """When the bench serves the public."""
    return OpeningHours(
        opens=time.fromisoformat(settings.open_from), closes=time.fromisoformat(settings.open_until)
    )


def open_simulated_meter(
    settings: Settings, clock: Clock, plans: PlanFollowers, soc_pct: float | None = None
) -> SimulatedPowerMeter:
    """Read ``simulated://?seed=1&wp=100&ah=50&soc=60``; the meter's loads follow the plan.

    Without ``seed`` every bench has weather of its own. ``soc`` is the charge of a battery without a past;
    one with a past has ``soc_pct``.

    Raises:
        SettingsError: A part of the URL is unknown or no number.
    """
    url = urlsplit(settings.power)
    try:
        query = {"seed": str(zlib.crc32(settings.bench_id.encode())), **_DEFAULTS} | dict(
            parse_qsl(url.query, strict_parsing=bool(url.query))
        )
        site = Site(
            latitude_deg=settings.lat,
            longitude_deg=settings.lon,
            seed=int(query.pop("seed")),
            panel_wp=float(query.pop("wp")),
        )
        battery = Battery(capacity_ah=float(query.pop("ah")))
        start_pct = float(query.pop("soc"))
    except ValueError as err:
        raise SettingsError(f"key 'power': {err}. Cure: simulated://?seed=1&wp=100&ah=50") from err
    if query:
        raise SettingsError(f"key 'power': unknown part {min(query)!r}. Cure: use seed, wp, ah, soc only.")
    meter = SimulatedPowerMeter(clock, site, battery, start_pct if soc_pct is None else soc_pct)
    plans.follow(
        lambda plan: meter.set_loads(
            Loads(hotspot=plan.hotspot_on, display=plan.display_on, audio=plan.audio_on)
        )
    )
    return meter
