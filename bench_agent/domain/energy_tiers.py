"""Energy tiers by charge and by voltage, with hysteresis (POW-R36 to R38). Pure."""

from dataclasses import dataclass

from bench_agent.wire.telemetry import EnergyTier

TIERS = (EnergyTier.NORMAL, EnergyTier.ECO, EnergyTier.RESERVE, EnergyTier.CRITICAL)
"""Best first."""
HOLD_AFTER_MS = 120_000
SILENT_AFTER_MS = 900_000
_RANK = {tier: rank for rank, tier in enumerate(TIERS)}
_ENTER_PCT = {EnergyTier.ECO: 60.0, EnergyTier.RESERVE: 35.0, EnergyTier.CRITICAL: 15.0}
_LEAVE_PCT = {EnergyTier.ECO: 70.0, EnergyTier.RESERVE: 45.0, EnergyTier.CRITICAL: 25.0}
_VETO_V = {EnergyTier.ECO: 12.98, EnergyTier.RESERVE: 12.85, EnergyTier.CRITICAL: 12.70}
_RELEASE_V = {EnergyTier.ECO: 13.02, EnergyTier.RESERVE: 13.02, EnergyTier.CRITICAL: 13.05}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tiers:
    """Tier by charge and tier by voltage; the worse one counts."""

    by_charge: EnergyTier = EnergyTier.ECO
    by_voltage: EnergyTier = EnergyTier.NORMAL
    silent: bool = False
    """No reading for 15 min: behave as reserve."""

    @property
    def tier(self) -> EnergyTier:
        """The tier in force."""
        return worst(self.by_charge, self.limit)

    @property
    def limit(self) -> EnergyTier:
        """The best tier that nobody may lift: the voltage veto, and reserve without a meter."""
        return worst(self.by_voltage, EnergyTier.RESERVE) if self.silent else self.by_voltage


def is_worse(tier: EnergyTier, other: EnergyTier) -> bool:
    """Whether ``tier`` saves more than ``other``."""
    return _RANK[tier] > _RANK[other]


def worst(*tiers: EnergyTier) -> EnergyTier:
    """The tier that saves most."""
    return max(tiers, key=_RANK.__getitem__)


def next_tiers(tiers: Tiers, soc_pct: float | None, rest_v: float | None, age_ms: int) -> Tiers:
    """Judge the newest values; ``age_ms`` is that of the reading.

    Down at once, up only above the leave level; nothing changes while the reading is older than 2 min.
    """
    if age_ms > HOLD_AFTER_MS or soc_pct is None or rest_v is None:
        silent = tiers.silent or age_ms > SILENT_AFTER_MS
        return Tiers(by_charge=tiers.by_charge, by_voltage=tiers.by_voltage, silent=silent)
    by_charge, by_voltage = _by_charge(tiers.by_charge, soc_pct), _by_voltage(tiers.by_voltage, rest_v)
    if by_charge is tiers.by_charge and by_voltage is tiers.by_voltage and not tiers.silent:
        return tiers
    return Tiers(by_charge=by_charge, by_voltage=by_voltage)


def _worst_below(value: float, enter: dict[EnergyTier, float]) -> EnergyTier:
    below = [tier for tier, level in enter.items() if value < level]
    return below[-1] if below else EnergyTier.NORMAL


def _by_charge(tier: EnergyTier, soc_pct: float) -> EnergyTier:
    while tier in _LEAVE_PCT and soc_pct > _LEAVE_PCT[tier]:
        tier = TIERS[_RANK[tier] - 1]
    return worst(tier, _worst_below(soc_pct, _ENTER_PCT))


def _by_voltage(veto: EnergyTier, rest_v: float) -> EnergyTier:
    held = EnergyTier.NORMAL if veto not in _RELEASE_V or rest_v >= _RELEASE_V[veto] else veto
    return worst(held, _worst_below(rest_v, _VETO_V))
