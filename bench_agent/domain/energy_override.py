"""An operator's exception from the energy tiers, for a time (POW-R40). Pure.

It chooses a tier or switches one load, and never lifts critical, the voltage veto or the reserve of silence.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from bench_agent.domain.energy_tiers import Tiers, worst
from bench_agent.wire.telemetry import EnergyTier

LONGEST_MS = 24 * 3_600_000
DEFAULT_MS = 2 * 3_600_000


class Load(StrEnum):
    """What an operator may switch alone."""

    DISPLAY = "display"
    AUDIO = "audio"
    HOTSPOT = "hotspot"


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """Either ``tier`` or ``load`` is set."""

    by: str
    """Who, as the audit names them."""
    why: str
    until_ms: int
    """End, monotonic ms."""
    until_wall_ms: int
    """End by the wall clock; the earlier one counts."""
    tier: EnergyTier | None = None
    load: Load | None = None
    on: bool = True
    """What ``load`` shall be."""

    def left_ms(self, now_ms: int, wall_ms: int) -> int:
        """Time left, 0 when it is over."""
        return max(min(self.until_ms - now_ms, self.until_wall_ms - wall_ms), 0)

    def shifted(self, shift_ms: int) -> "Override":
        """The same override on another boot's clock (``moment.shift_between_ms``)."""
        return replace(self, until_ms=self.until_ms + shift_ms)


@dataclass(frozen=True, slots=True, kw_only=True)
class OverrideRequest:
    """What an operator asks for."""

    by: str
    why: str
    tier: EnergyTier | None = None
    load: Load | None = None
    on: bool = True
    duration_ms: int = DEFAULT_MS


def open_override(request: OverrideRequest, now_ms: int, wall_ms: int) -> Override:
    """Put a request in force now.

    Raises:
        ValueError: It names no tier or load, or both, nobody, no reason, or lasts longer than 24 h.
    """
    if (request.tier is None) == (request.load is None) or request.tier is EnergyTier.UNKNOWN:
        raise ValueError("an override names one tier or one load; give either of them")
    if not request.by.strip() or not request.why.strip():
        raise ValueError("an override says who wants it and why; give both")
    if not 0 < request.duration_ms <= LONGEST_MS:
        raise ValueError(f"an override lasts 1 ms to 24 h, not {request.duration_ms} ms; choose less")
    return Override(
        by=request.by,
        why=request.why,
        tier=request.tier,
        load=request.load,
        on=request.on,
        until_ms=now_ms + request.duration_ms,
        until_wall_ms=wall_ms + request.duration_ms,
    )


def add_override(overrides: tuple[Override, ...], override: Override) -> tuple[Override, ...]:
    """``override`` takes the place of an older one for the same tier or load."""
    kept = (one for one in overrides if one.load is not override.load)
    return (*kept, override)


def overrides_in_force(overrides: tuple[Override, ...], now_ms: int, wall_ms: int) -> tuple[Override, ...]:
    """Those whose time is not over."""
    if not overrides:
        return overrides
    return tuple(one for one in overrides if one.left_ms(now_ms, wall_ms) > 0)


def overridden_tier(tiers: Tiers, overrides: tuple[Override, ...]) -> EnergyTier:
    """The tier in force with the operator's wish, within what nobody may lift."""
    tier = tiers.tier
    if tier is EnergyTier.CRITICAL:
        return tier
    for one in overrides:
        if one.tier is not None:
            return worst(one.tier, tiers.limit)
    return tier
