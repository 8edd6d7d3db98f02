"""Why an operator's override does not get what it asks for, or not all of it (POW-R40). Pure.

The rules themselves stand in ``energy_override`` and ``energy_loads``; this reads what they made of the wish.
"""

from enum import StrEnum

from bench_agent.domain.energy_display import DISPLAY_FLOOR_PCT, is_hot
from bench_agent.domain.energy_facts import EnergyFacts
from bench_agent.domain.energy_override import Load, Override
from bench_agent.domain.energy_plan import AudioMode, EnergyPlan
from bench_agent.domain.energy_tiers import Tiers, is_worse
from bench_agent.wire.telemetry import EnergyTier


class OverrideRefusal(StrEnum):
    """What an override cannot lift."""

    CRITICAL = "critical"
    METER_SILENT = "meter_silent"
    LOW_VOLTAGE = "low_voltage"
    CHARGE_BELOW_20 = "charge_below_20"
    HOT = "hot"
    RESERVE = "reserve"
    """The hotspot sleeps at night in reserve."""


SENTENCES = {
    OverrideRefusal.CRITICAL: "baterai kritis",
    OverrideRefusal.METER_SILENT: "alat ukur listrik tidak menjawab",
    OverrideRefusal.LOW_VOLTAGE: "tegangan baterai rendah",
    OverrideRefusal.CHARGE_BELOW_20: "baterai di bawah 20 %",
    OverrideRefusal.HOT: "terlalu panas",
    OverrideRefusal.RESERVE: "tingkat cadangan pada malam hari",
}
"""Indonesian, to follow «karena»."""


def refusal_of(
    override: Override, tiers: Tiers, plan: EnergyPlan, facts: EnergyFacts
) -> OverrideRefusal | None:
    """What keeps ``override`` from its whole wish under ``plan``; ``None`` = nothing does."""
    if override.tier is not None:
        return _tier_refusal(override.tier, tiers, plan, facts)
    if not override.on or _is_on(plan, override.load):
        return None
    if override.load is Load.DISPLAY:
        own = OverrideRefusal.HOT if is_hot(facts) else None
        return own or _limit(tiers) or _floor(facts) or OverrideRefusal.RESERVE
    return _limit(tiers) or OverrideRefusal.RESERVE


def _is_on(plan: EnergyPlan, load: Load | None) -> bool:
    on = {
        Load.DISPLAY: plan.display_on,
        Load.AUDIO: plan.audio is AudioMode.FULL,
        Load.HOTSPOT: plan.hotspot_on,
        None: True,
    }
    return on[load]


def _tier_refusal(
    wanted: EnergyTier, tiers: Tiers, plan: EnergyPlan, facts: EnergyFacts
) -> OverrideRefusal | None:
    if is_worse(plan.tier, wanted):
        return _limit(tiers) or OverrideRefusal.CRITICAL
    lights = wanted in {EnergyTier.NORMAL, EnergyTier.ECO}
    return _floor(facts) if lights and not plan.display_on else None


def _floor(facts: EnergyFacts) -> OverrideRefusal | None:
    below = facts.soc_pct is None or facts.soc_pct < DISPLAY_FLOOR_PCT
    return OverrideRefusal.CHARGE_BELOW_20 if below else None


def _limit(tiers: Tiers) -> OverrideRefusal | None:
    if tiers.tier is EnergyTier.CRITICAL:
        return OverrideRefusal.CRITICAL
    if tiers.silent:
        return OverrideRefusal.METER_SILENT
    return OverrideRefusal.LOW_VOLTAGE if tiers.by_voltage is not EnergyTier.NORMAL else None
