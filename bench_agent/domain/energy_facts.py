"""What the energy plan is made from: settings, and what is known at one instant. Pure."""

from dataclasses import dataclass, field
from datetime import datetime

from bench_agent.domain.energy_hours import OpeningHours


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What a forecast finds energy for (POW-R45); it never lifts what the tiers forbid below 20 %."""

    display: bool
    """At this time of day."""
    night_hotspot: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class EnergyRules:
    """Settings of the plan."""

    hours: OpeningHours = field(default_factory=OpeningHours)
    full_charge_runs: bool = True
    voltage_veto: bool = True
    """Off only to measure what the veto is worth."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EnergyFacts:
    """What is known at one instant."""

    local: datetime
    """Wall time of the bench, aware."""
    now_ms: int
    """Monotonic."""
    soc_pct: float | None
    """Estimated charge, 0 to 100."""
    rest_v: float | None
    """``battery.rest_of`` the newest sample."""
    age_ms: int = 0
    """Age of the newest reading."""
    last_full_at_ms: int | None = None
    """``Estimate.last_full_at_ms``."""
    battery_c: float | None = None
    box_c: float | None = None
    emergency: bool = False
    """An emergency notice waits or plays."""
    halting: bool = False
    """The computer is about to be switched off."""
    grant: Grant | None = None
    """Of the forecast policy; ``None`` with the tiers alone."""
