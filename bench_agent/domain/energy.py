"""What the battery allows: tiers, voltage veto and the plan of loads (POW-R36 to R39). Pure."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from bench_agent.wire.telemetry import EnergyTier

TIERS = (EnergyTier.NORMAL, EnergyTier.ECO, EnergyTier.RESERVE, EnergyTier.CRITICAL)
OPENS, CLOSES, PEAK_BEGINS, PEAK_ENDS = time(5), time(22), time(15, 30), time(21)
HOLD_AFTER_MS = 120_000
SILENT_AFTER_MS = 900_000
DISPLAY_REST = timedelta(hours=1)
_RANK = {tier: rank for rank, tier in enumerate(TIERS)}
_ENTER_PCT = {EnergyTier.ECO: 60.0, EnergyTier.RESERVE: 35.0, EnergyTier.CRITICAL: 15.0}
_LEAVE_PCT = {EnergyTier.ECO: 70.0, EnergyTier.RESERVE: 45.0, EnergyTier.CRITICAL: 25.0}
_VETO_V = {EnergyTier.ECO: 12.98, EnergyTier.RESERVE: 12.85, EnergyTier.CRITICAL: 12.70}
_RELEASE_V = {EnergyTier.ECO: 13.02, EnergyTier.RESERVE: 13.02, EnergyTier.CRITICAL: 13.05}


@dataclass(frozen=True, slots=True, kw_only=True)
class EnergyState:
    """Tier by charge and tier by voltage; the worse one counts."""

    by_charge: EnergyTier = EnergyTier.ECO
    by_voltage: EnergyTier = EnergyTier.NORMAL
    silent: bool = False
    """No reading for 15 min: behave as reserve."""

    @property
    def tier(self) -> EnergyTier:
        """The tier in force."""
        floor = EnergyTier.RESERVE if self.silent else EnergyTier.NORMAL
        return max(self.by_charge, self.by_voltage, floor, key=_RANK.__getitem__)


@dataclass(frozen=True, slots=True, kw_only=True)
class EnergyPlan:
    """Which loads are on, and why."""

    tier: EnergyTier
    display_on: bool
    audio_on: bool
    """Full audio; in eco only announcements play and this is false."""
    hotspot_on: bool
    reason: str
    """One Indonesian sentence for screen, portal and console."""
    next_change_at: datetime
    """When the time of day alone changes the plan next."""
    display_changed_at: datetime | None = None


def next_energy(state: EnergyState, soc_pct: float | None, rest_v: float | None, age_ms: int) -> EnergyState:
    """Judge the newest values; ``age_ms`` is that of the reading.

    Down at once, up only above the leave level; nothing changes while the reading is older than 2 min.
    """
    if age_ms > HOLD_AFTER_MS or soc_pct is None or rest_v is None:
        silent = state.silent or age_ms > SILENT_AFTER_MS
        return EnergyState(by_charge=state.by_charge, by_voltage=state.by_voltage, silent=silent)
    return EnergyState(
        by_charge=_by_charge(state.by_charge, soc_pct), by_voltage=_by_voltage(state.by_voltage, rest_v)
    )


def _worst_below(value: float, enter: dict[EnergyTier, float]) -> EnergyTier:
    below = [tier for tier, level in enter.items() if value < level]
    return below[-1] if below else EnergyTier.NORMAL


def _by_charge(tier: EnergyTier, soc_pct: float) -> EnergyTier:
    while tier in _LEAVE_PCT and soc_pct > _LEAVE_PCT[tier]:
        tier = TIERS[_RANK[tier] - 1]
    return max(tier, _worst_below(soc_pct, _ENTER_PCT), key=_RANK.__getitem__)


def _by_voltage(veto: EnergyTier, rest_v: float) -> EnergyTier:
    held = EnergyTier.NORMAL if veto not in _RELEASE_V or rest_v >= _RELEASE_V[veto] else veto
    return max(held, _worst_below(rest_v, _VETO_V), key=_RANK.__getitem__)


def plan_energy(
    tier: EnergyTier, soc_pct: float | None, local: datetime, previous: EnergyPlan | None = None
) -> EnergyPlan:
    """Loads for ``tier`` at the bench's ``local`` time (aware); ``previous`` is the plan in force."""
    is_open = OPENS <= local.time() < CLOSES
    display = _display_on(tier, local, previous)
    turned = previous is None or previous.display_on != display
    return EnergyPlan(
        tier=tier,
        display_on=display,
        audio_on=tier is EnergyTier.NORMAL and is_open,
        hotspot_on=_RANK[tier] <= 1 or (tier is EnergyTier.RESERVE and is_open),
        reason=_reason(tier, soc_pct, local, display_on=display),
        next_change_at=_next_time(local, _edges(tier)),
        display_changed_at=local if turned else previous.display_changed_at if previous else None,
    )


def _display_on(tier: EnergyTier, local: datetime, previous: EnergyPlan | None) -> bool:
    is_open = OPENS <= local.time() < CLOSES
    if not is_open or _RANK[tier] > 1:
        return False
    wanted = tier is EnergyTier.NORMAL or PEAK_BEGINS <= local.time() < PEAK_ENDS
    if previous is None or previous.display_changed_at is None or previous.display_on == wanted:
        return wanted
    # A display that flickers with every cloud looks broken: one change an hour (POW-R36).
    return wanted if local - previous.display_changed_at >= DISPLAY_REST else previous.display_on


def _edges(tier: EnergyTier) -> tuple[time, ...]:
    return (PEAK_BEGINS, PEAK_ENDS) if tier is EnergyTier.ECO else (OPENS, CLOSES)


def _next_time(local: datetime, edges: tuple[time, ...]) -> datetime:
    today = [datetime.combine(local.date(), edge, local.tzinfo) for edge in edges]
    return min(moment if moment > local else moment + timedelta(days=1) for moment in today)


def _reason(tier: EnergyTier, soc_pct: float | None, local: datetime, *, display_on: bool) -> str:
    charge = "baterai tidak diketahui" if soc_pct is None else f"baterai {soc_pct:.0f} %"
    if tier is EnergyTier.CRITICAL:
        return f"Semua mati sampai matahari kembali: {charge}"
    if tier is EnergyTier.RESERVE:
        return f"Layar dan suara mati untuk menghemat daya: {charge}"
    if display_on:
        return f"Layar menyala: {charge}"
    opening = PEAK_BEGINS if tier is EnergyTier.ECO else OPENS
    return f"Layar mati sampai {_next_time(local, (opening,)):%H.%M}: {charge}"
