"""Energy tiers by charge and by voltage, with hysteresis (POW-R36 to R38). Pure."""

from dataclasses import dataclass, replace

from bench_agent.wire.telemetry import EnergyTier

TIERS = (EnergyTier.NORMAL, EnergyTier.ECO, EnergyTier.RESERVE, EnergyTier.CRITICAL)
"""Best first."""
HOLD_AFTER_MS = 120_000
SILENT_AFTER_MS = 900_000
_RANK = {tier: rank for rank, tier in enumerate(TIERS)}
Levels = tuple[tuple[EnergyTier, float], ...]
_ENTER_PCT: Levels = ((EnergyTier.CRITICAL, 15.0), (EnergyTier.RESERVE, 35.0), (EnergyTier.ECO, 60.0))
_LEAVE_PCT: Levels = ((EnergyTier.CRITICAL, 25.0), (EnergyTier.RESERVE, 45.0), (EnergyTier.ECO, 70.0))
_VETO_V: Levels = ((EnergyTier.CRITICAL, 12.70), (EnergyTier.RESERVE, 12.85), (EnergyTier.ECO, 12.98))
_RELEASE_V: Levels = ((EnergyTier.CRITICAL, 13.05), (EnergyTier.RESERVE, 13.02), (EnergyTier.ECO, 13.02))


@dataclass(frozen=True, slots=True, kw_only=True)
class Tiers:
    """Tier by charge and tier by voltage; the worse one counts."""

    by_charge: EnergyTier = EnergyTier.ECO
    by_voltage: EnergyTier = EnergyTier.NORMAL
    silent: bool = False
    """No reading for 15 min: behave as reserve."""
    granted: EnergyTier | None = None
    """By the forecast policy; it takes the place of the tier by charge, critical aside."""

    @property
    def tier(self) -> EnergyTier:
        """The tier in force."""
        return worst(self.unlimited, self.limit)

    @property
    def unlimited(self) -> EnergyTier:
        """The tier that charge or forecast alone would give."""
        if self.granted is None or self.by_charge is EnergyTier.CRITICAL:
            return self.by_charge
        return self.granted

    @property
    def limit(self) -> EnergyTier:
        """The best tier that nobody may lift: the voltage veto, and reserve without a meter."""
        return worst(self.by_voltage, EnergyTier.RESERVE) if self.silent else self.by_voltage


def is_worse(tier: EnergyTier, other: EnergyTier) -> bool:
    """Whether ``tier`` saves more than ``other``."""
    return _RANK[tier] > _RANK[other]


def worst(tier: EnergyTier, other: EnergyTier) -> EnergyTier:
    """The one that saves more."""
    if tier is other:
        return tier
    return other if _RANK[other] > _RANK[tier] else tier


def next_tiers(
    tiers: Tiers, soc_pct: float | None, rest_v: float | None, age_ms: int, granted: EnergyTier | None = None
) -> Tiers:
    """Judge the newest values; ``age_ms`` is that of the reading, ``granted`` the tier by a forecast.

    Down at once, up only above the leave level; nothing changes while the reading is older than 2 min.
    """
    if age_ms > HOLD_AFTER_MS or soc_pct is None or rest_v is None:
        return replace(tiers, silent=True) if age_ms > SILENT_AFTER_MS else tiers
    after = Tiers(
        by_charge=_by_charge(tiers.by_charge, soc_pct),
        by_voltage=_by_voltage(tiers.by_voltage, rest_v),
        granted=granted,
    )
    return tiers if after == tiers else after


def _worst_below(value: float, enter: Levels) -> EnergyTier:
    for tier, level in enter:
        if value < level:
            return tier
    return EnergyTier.NORMAL


def _by_charge(tier: EnergyTier, soc_pct: float) -> EnergyTier:
    for leaves, level in _LEAVE_PCT:
        if tier is leaves and soc_pct > level:
            tier = TIERS[_RANK[tier] - 1]
    return worst(tier, _worst_below(soc_pct, _ENTER_PCT))


def _by_voltage(veto: EnergyTier, rest_v: float) -> EnergyTier:
    for released, level in _RELEASE_V:
        if veto is released and rest_v >= level:
            veto = EnergyTier.NORMAL
    return worst(veto, _worst_below(rest_v, _VETO_V))
