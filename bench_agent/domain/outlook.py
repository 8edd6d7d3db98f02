"""What the bench means to do over the next day: its own rules, played ahead on the expected sun. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bench_agent.domain.battery import Battery, rest_voltage_v
from bench_agent.domain.energy import EnergyState, next_energy
from bench_agent.domain.energy_facts import EnergyFacts, EnergyRules
from bench_agent.domain.energy_plan import EnergyPlan
from bench_agent.domain.harvest import SLOT
from bench_agent.domain.loads import LoadPowers

_HOUR = timedelta(hours=1)
_MS = timedelta(milliseconds=1)
_FULL_PCT = 100.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotAhead:
    """One half hour to come; the first one may have begun."""

    begins_at: datetime
    expected_wh: float
    plan: EnergyPlan
    is_dark: bool
    """The computer is off."""
    soc_pct: float
    """At its end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchAhead:
    """What does not change while a day is played ahead."""

    rules: EnergyRules
    battery: Battery
    loads: LoadPowers
    can_sleep: bool
    """Something wakes the computer: it may go dark by plan."""


def look_ahead(
    bench: BenchAhead, state: EnergyState, facts: EnergyFacts, soc_pct: float, expected_wh: Sequence[float]
) -> tuple[SlotAhead, ...]:
    """Play the rules ahead from ``facts``, where the charge is ``soc_pct``.

    Args:
        bench: Rules, battery and loads.
        state: What the rules remember now.
        facts: Of now; their temperatures hold all day.
        soc_pct: Charge now.
        expected_wh: From the panel, the rest of the running half hour and those after it.
    """
    slots = []
    local, now_ms = facts.local, facts.now_ms
    for wh in expected_wh:
        begins_at = local
        local = _next_slot(begins_at)
        then = replace(
            facts,
            local=begins_at,
            now_ms=now_ms + (begins_at - facts.local) // _MS,
            soc_pct=soc_pct,
            rest_v=rest_voltage_v(soc_pct),
            age_ms=0,
        )
        state = next_energy(state, then, bench.rules)
        plan = state.plan
        if plan is None:
            raise AssertionError("next_energy always makes a plan")
        is_dark = bench.can_sleep and plan.is_dark(begins_at)
        load_w = bench.battery.standby_w if is_dark else bench.loads.of(plan)
        gained_wh = wh * bench.battery.yield_efficiency - load_w * ((local - begins_at) / _HOUR)
        soc_pct = min(max(soc_pct + gained_wh / bench.battery.capacity_wh * 100, 0.0), _FULL_PCT)
        if soc_pct >= _FULL_PCT:
            facts = replace(facts, last_full_at_ms=then.now_ms)
        slots.append(
            SlotAhead(begins_at=begins_at, expected_wh=wh, plan=plan, is_dark=is_dark, soc_pct=soc_pct)
        )
    return tuple(slots)


def _next_slot(local: datetime) -> datetime:
    begun = local.replace(minute=local.minute // 30 * 30, second=0, microsecond=0)
    return begun + SLOT
