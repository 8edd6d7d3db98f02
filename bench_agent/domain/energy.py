"""What the battery allows now: one step from facts to the plan of loads (POW-R36 to R44). Pure.

``next_energy`` puts the rules of the other energy rooms in order. What decides the display, strongest first:
a halt, critical, heat, an emergency notice, an operator, reserve, the hours, a full-charge run, a forecast,
the tier.
"""

from dataclasses import dataclass, field, replace
from datetime import timedelta

from bench_agent.domain.energy_display import Display, next_display, wish_of
from bench_agent.domain.energy_emergency import EmergencyUse, note_played
from bench_agent.domain.energy_facts import EnergyFacts, EnergyRules
from bench_agent.domain.energy_full_charge import FullCharge, next_full_charge
from bench_agent.domain.energy_hours import OpeningHours
from bench_agent.domain.energy_loads import Look, plan_of
from bench_agent.domain.energy_override import Override, overridden_tier, overrides_in_force
from bench_agent.domain.energy_plan import EnergyPlan
from bench_agent.domain.energy_tiers import Tiers, next_tiers
from bench_agent.wire.telemetry import EnergyTier


@dataclass(frozen=True, slots=True, kw_only=True)
class EnergyState:
    """What the next step needs to know of the steps before; all but ``plan`` is kept over a restart."""

    tiers: Tiers = field(default_factory=Tiers)
    display: Display = field(default_factory=Display)
    full_charge: FullCharge = field(default_factory=FullCharge)
    emergency: EmergencyUse = field(default_factory=EmergencyUse)
    emergency_at_ms: int | None = None
    """When the emergency notice now on the display was last counted."""
    overrides: tuple[Override, ...] = ()
    plan: EnergyPlan | None = None
    """The plan in force, ``None`` before the first look."""

    @property
    def tier(self) -> EnergyTier:
        """The tier in force, the operator's wish included."""
        return overridden_tier(self.tiers, self.overrides)

    def shifted(self, shift_ms: int) -> "EnergyState":
        """The same on another boot's clock (``moment.shift_between_ms``); its plan is void.

        A computer that is up again after critical was started by the board, above its own 13.10 V: the veto
        that switched it off is judged anew, not held until 13.05 V at rest.
        """
        changed = self.display.changed_at_ms
        vetoed = self.tiers.by_voltage is EnergyTier.CRITICAL
        return replace(
            self,
            tiers=replace(self.tiers, by_voltage=EnergyTier.RESERVE) if vetoed else self.tiers,
            display=replace(self.display, changed_at_ms=None if changed is None else changed + shift_ms),
            full_charge=self.full_charge.shifted(shift_ms),
            emergency=self.emergency.shifted(shift_ms),
            emergency_at_ms=None,
            overrides=tuple(one.shifted(shift_ms) for one in self.overrides),
            plan=None,
        )


def next_energy(state: EnergyState, facts: EnergyFacts, rules: EnergyRules) -> EnergyState:
    """Judge the newest facts; ``plan`` of the result is what holds now."""
    now_ms, hours = facts.now_ms, rules.hours
    tiers = next_tiers(state.tiers, facts.soc_pct, facts.rest_v, facts.age_ms, facts.granted)
    if not rules.voltage_veto:
        tiers = replace(tiers, by_voltage=EnergyTier.NORMAL)
    overrides = state.overrides
    if overrides:
        overrides = overrides_in_force(overrides, now_ms, round(facts.local.timestamp() * 1000))
    full_charge = FullCharge()
    if rules.full_charge_runs:
        full_charge = _next_full_charge(state.full_charge, facts, hours)
    tier = overridden_tier(tiers, overrides)
    wish = wish_of(tier, facts, hours, full_charge=full_charge.is_running, lifted=tier is not tiers.tier)
    display = next_display(state.display, wish, now_ms)
    used = state.emergency
    if state.emergency_at_ms is not None:
        used = note_played(used, state.emergency_at_ms, now_ms)
    plays = _may_play(tier, facts, used)
    look = Look(
        facts=facts,
        hours=hours,
        tiers=tiers,
        tier=tier,
        overrides=overrides,
        wish=wish,
        display=display,
        full_charge=full_charge.is_running,
        emergency=plays,
        is_open=hours.is_open(facts.local),
    )
    return EnergyState(
        tiers=tiers,
        display=display,
        full_charge=full_charge,
        emergency=used,
        emergency_at_ms=now_ms if plays else None,
        overrides=overrides,
        plan=plan_of(look),
    )


def _may_play(tier: EnergyTier, facts: EnergyFacts, used: EmergencyUse) -> bool:
    """Whether a waiting emergency notice may play: never in critical, and short of energy 10 min an hour."""
    if not facts.emergency or facts.halting or tier is EnergyTier.CRITICAL:
        return False
    return tier is EnergyTier.NORMAL or used.left_ms(facts.now_ms) > 0


def _next_full_charge(state: FullCharge, facts: EnergyFacts, hours: OpeningHours) -> FullCharge:
    since_opening = facts.local - hours.last_opening(facts.local)
    opened_at_ms = facts.now_ms - since_opening // timedelta(milliseconds=1)
    return next_full_charge(state, facts.last_full_at_ms, opened_at_ms, facts.now_ms)
