"""What the rules look at: one bench at one instant. Every ``None`` is "not known", never "fine"."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Trends:
    """One bench over the last weeks."""

    days_since_full: float | None = None
    usable_share: float | None = None
    """Usable charge per cycle against a new pack, 0 to about 1."""
    harvest_shares: tuple[float | None, ...] = ()
    """Own midday harvest per Wp against the neighbours' median: yesterday, the day before."""
    soiling_drop: float | None = None
    """How far the 14-day share is below its own best of 60 days, 0 to 1."""


NO_TRENDS = Trends()


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchFacts:
    """One bench as the server knows it now; measurements older than 10 min are not known."""

    online: bool
    is_dark_planned: bool = False
    """The last word of a bench that is gone was sleep or low_battery."""
    unseen_s: float | None = None
    """Seconds since it was heard; None = never heard, or nobody at all is heard just now."""
    overdue_s: float | None = None
    """Seconds since the announced return; None = nothing announced."""
    soc_pct: float | None = None
    soc_sigma_pct: float | None = None
    cpu_temperature_c: float | None = None
    bench_problems: frozenset[str] | None = None
    """Problems the bench itself reports as lasting, by rule id; None = it never spoke."""
    dirty_restarts_24h: int | None = None
    trends: Trends = NO_TRENDS
