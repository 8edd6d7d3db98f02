"""Who switches the loads in the simulated year: the product's own energy core, or nobody at all."""

from datetime import datetime, timedelta, timezone
from importlib import import_module
from typing import NamedTuple, Protocol

from typing_extensions import override

from bench_agent.domain.battery import NOMINAL_V, Battery
from bench_agent.domain.energy import EnergyState, next_energy
from bench_agent.domain.energy_facts import EnergyFacts, EnergyRules
from bench_agent.domain.energy_forecast import Demand, Forecaster, granted_tier, reserves_for
from bench_agent.domain.harvest import SLOT, HarvestLog, expect_harvest, is_clipped, note_slot
from bench_agent.simulated.bench_battery import COMPUTER_W, HOTSPOT_W, Loads
from bench_agent.simulated.benchmark.estimators import STEP_MS
from bench_agent.wire.telemetry import EnergyTier

BASE_W = COMPUTER_W + HOTSPOT_W
"""The loads behind the volts that a policy sees (POW-R62)."""
MIDNIGHT = datetime(2025, 1, 1, tzinfo=timezone(timedelta(hours=7), "WIB"))
DEFAULT_RULES = EnergyRules()
_STEP = timedelta(milliseconds=STEP_MS)


class Sight(NamedTuple):
    """What a policy may know before it chooses the loads of a step."""

    step: int
    """From 0; 144 a day from midnight."""
    hour: float
    """Of the day, 0 to 24."""
    soc_pct: float
    """Estimated."""
    volts: float
    """Loaded, with computer and hotspot on."""
    panel_w: float
    last_full_step: int | None
    """The newest full re-sync."""


class Policy(Protocol):
    """A class whose instances live one year; its constructor takes ``Battery`` and the panel's peak watts."""

    def choose(self, sight: Sight) -> Loads:
        """The loads of this step."""
        ...


class NaivePolicy:
    """Everything always on: what a bench without an energy plan does."""

    def __init__(self, battery: Battery, panel_wp: float) -> None:
        del battery, panel_wp

    def choose(self, sight: Sight) -> Loads:
        """All of them."""
        del sight
        return Loads()


class TieredPolicy:
    """The product's energy core with its tiers."""

    def __init__(self, battery: Battery, panel_wp: float, rules: EnergyRules = DEFAULT_RULES) -> None:
        del panel_wp
        self.state = EnergyState()
        self.tier_switches = 0
        self._rules = rules
        self._ohm_per_volt = battery.resistance_ohm / NOMINAL_V

    def choose(self, sight: Sight) -> Loads:
        """Ask the core, and switch as the bench does: sound plays with the display."""
        return self._choose(sight, None)

    def _choose(self, sight: Sight, granted: EnergyTier | None) -> Loads:
        local = MIDNIGHT + sight.step * _STEP
        facts = EnergyFacts(
            local=local,
            now_ms=sight.step * STEP_MS,
            soc_pct=sight.soc_pct,
            rest_v=sight.volts - (sight.panel_w - BASE_W) * self._ohm_per_volt,
            last_full_at_ms=None if sight.last_full_step is None else sight.last_full_step * STEP_MS,
            granted=granted,
        )
        before = self.state.tier
        self.state = next_energy(self.state, facts, self._rules)
        self.tier_switches += self.state.tier is not before
        plan = self.state.plan
        if plan is None:
            return Loads()
        return Loads(
            computer=not plan.is_dark(local),
            hotspot=plan.hotspot_on,
            display=plan.display_on,
            audio=plan.display_on,
        )


class ForecastPolicy(TieredPolicy):
    """The product's energy core with the forecast in place of the tiers by charge."""

    def __init__(self, battery: Battery, panel_wp: float, rules: EnergyRules = DEFAULT_RULES) -> None:
        super().__init__(battery, panel_wp, rules)
        reserves = reserves_for(panel_wp, rules.hours, Demand())
        self._forecaster = Forecaster(battery=battery, reserves=reserves, hours=rules.hours)
        self._harvest = HarvestLog()
        self._slot_wh = 0.0
        self._slot_clipped = False
        self._granted: EnergyTier | None = None

    @override
    def choose(self, sight: Sight) -> Loads:
        """Learn the last half hour and grant the next one."""
        local = MIDNIGHT + sight.step * _STEP
        if local.minute % 30 == 0:
            if sight.step:
                self._harvest = note_slot(
                    self._harvest, local - SLOT, self._slot_wh, clipped=self._slot_clipped
                )
            self._slot_wh, self._slot_clipped = 0.0, False
            expected = expect_harvest(self._harvest, local)
            if expected is not None:
                self._granted = granted_tier(self._forecaster, sight.soc_pct, expected, local)
        self._slot_wh += sight.panel_w * STEP_MS / 3_600_000
        self._slot_clipped = self._slot_clipped or is_clipped(None, sight.soc_pct)
        return self._choose(sight, self._granted)


def find_policy(name: str) -> type:
    """The class behind ``package.module:Class``.

    Raises:
        ValueError: There is no such class.
    """
    module, _, attribute = name.partition(":")
    try:
        found = getattr(import_module(module), attribute)
    except (ImportError, AttributeError, ValueError) as err:
        raise ValueError(
            f"no policy {name!r}: {err}; write tiered, forecast, naive or package.module:Class"
        ) from err
    if not isinstance(found, type):
        raise ValueError(f"{name!r} is no class")  # noqa: TRY004 - a wrong option, as above
    return found
