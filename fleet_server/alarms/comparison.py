"""A panel against its neighbours': shares of the midday harvest, and dirt seen in their trend. Pure.

Clouds pass over neighbours alike, so the share stays where the weather does not.
Source: docs/spec/power.md POW-R68.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, median

NEIGHBOUR_KM = 15.0
NEIGHBOURS_MIN = 3
MIDDAY_SLOTS = range(20, 28)
"""Half hours of the local day from 10 to 14 h."""
WINDOW_DAYS = 14
BEST_OF_DAYS = 60
_SLOTS_MIN = 4
_DAYS_MIN = 7
_EARTH_KM = 6371.0
_DARK_WH_PER_WP = 0.02
"""A half hour with less, under 4 % of the peak power, tells nothing about dirt."""

DayHarvest = Mapping[int, float]
"""Wh per Wp of each half hour of one local day (0 to 47); clipped slots are left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a bench stands, in degrees."""

    lat: float
    lon: float


def distance_km(a: Place, b: Place) -> float:
    """Great-circle distance."""
    lat_a, lat_b = math.radians(a.lat), math.radians(b.lat)
    haversine = math.sin((lat_b - lat_a) / 2) ** 2
    haversine += math.cos(lat_a) * math.cos(lat_b) * math.sin(math.radians(b.lon - a.lon) / 2) ** 2
    return 2 * _EARTH_KM * math.asin(math.sqrt(haversine))


def neighbours_of(bench: str, places: Mapping[str, Place], radius_km: float = NEIGHBOUR_KM) -> list[str]:
    """Benches within ``radius_km``, by id; none for a bench whose place is not known."""
    here = places.get(bench)
    if here is None:
        return []
    return sorted(
        other for other, place in places.items() if other != bench and distance_km(here, place) <= radius_km
    )


def midday_share(own: DayHarvest, neighbours: Sequence[DayHarvest]) -> float | None:
    """Own midday harvest against the neighbours' median, slot by slot.

    Returns:
        About 1 for a clean panel, 0 for a dead one; None when fewer than 3 neighbours or 4 slots compare.
    """
    pairs = [
        (own[slot], common) for slot in MIDDAY_SLOTS if slot in own and (common := _median(slot, neighbours))
    ]
    if len(pairs) < _SLOTS_MIN:
        return None
    return sum(mine for mine, _ in pairs) / sum(common for _, common in pairs)


def _median(slot: int, neighbours: Iterable[DayHarvest]) -> float | None:
    known = [day[slot] for day in neighbours if slot in day]
    if len(known) < NEIGHBOURS_MIN:
        return None
    common = median(known)
    return common if common > _DARK_WH_PER_WP else None


def soiling_drop(shares: Sequence[float | None]) -> float | None:
    """How far the mean share of 14 days is below its own best in 60 days.

    Args:
        shares: One share a day, newest first; up to 74 days are looked at.

    Returns:
        0 to 1; None when fewer than 7 of the last 14 days are known.
    """
    means = [_mean(shares[day : day + WINDOW_DAYS]) for day in range(BEST_OF_DAYS + 1)]
    now = means[0]
    if now is None:
        return None
    best = max(mean for mean in means if mean is not None)
    return 1 - now / best if best > 0 else None


def _mean(window: Sequence[float | None]) -> float | None:
    known = [share for share in window if share is not None]
    return fmean(known) if len(known) >= _DAYS_MIN else None
