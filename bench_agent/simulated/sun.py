"""Sun over a bench: solar geometry, clear sky and seeded clouds, by the standard library alone.

A model in the spirit of POW-R61, not its pvlib year. Sources: Spencer 1971 (declination, equation of
time), Haurwitz 1945 (clear-sky global irradiance).
"""

import math
import random
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

CLEARNESS = (0.62, 0.63, 0.68, 0.74, 0.79, 0.81, 0.84, 0.86, 0.85, 0.80, 0.70, 0.62)
"""Monthly mean of cloudy to clear irradiance, January first (POW-R61)."""
_CLASSES = ((0.95, 0.05), (0.70, 0.22), (0.33, 0.12))
_STEP_S, _STEPS = 600, 144
_PANEL_LOSSES = 0.95 * 0.97 * 0.95 * 0.95 * 0.9
"""Cable, tracking, converter, dirt and heat together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Where the bench stands and how its weather is drawn."""

    latitude_deg: float = -8.05
    longitude_deg: float = 111.71
    seed: int = 1
    panel_wp: float = 100.0


def clear_sky_w_m2(wall_ms: int, site: Site) -> float:
    """Global horizontal irradiance without clouds, 0 to about 1100 W/m²."""
    moment = datetime.fromtimestamp(wall_ms / 1000, UTC)
    day = 2 * math.pi * (moment.timetuple().tm_yday - 1) / 365
    declination = (
        0.006918 - 0.399912 * math.cos(day) + 0.070257 * math.sin(day) - 0.006758 * math.cos(2 * day)
    )
    equation_min = 229.18 * (
        0.000075
        + 0.001868 * math.cos(day)
        - 0.032077 * math.sin(day)
        - 0.014615 * math.cos(2 * day)
        - 0.04089 * math.sin(2 * day)
    )
    solar_h = moment.hour + moment.minute / 60 + moment.second / 3600
    solar_h += site.longitude_deg / 15 + equation_min / 60
    hour_angle = math.radians(15 * (solar_h - 12))
    latitude = math.radians(site.latitude_deg)
    cos_zenith = math.sin(latitude) * math.sin(declination)
    cos_zenith += math.cos(latitude) * math.cos(declination) * math.cos(hour_angle)
    return 1098 * cos_zenith * math.exp(-0.057 / cos_zenith) if cos_zenith > 0.01 else 0.0  # noqa: PLR2004


def panel_power_w(wall_ms: int, site: Site) -> float:
    """Watts the panel can give at ``wall_ms``, 0 to about its peak power."""
    clear = clear_sky_w_m2(wall_ms, site)
    if clear <= 0:
        return 0.0
    solar_s = wall_ms // 1000 + int(site.longitude_deg * 240)
    day, second = divmod(solar_s, 86_400)
    month = datetime.fromtimestamp(wall_ms / 1000, UTC).month
    sky = _cloud_factors(site.seed, day, CLEARNESS[month - 1])[second // _STEP_S]
    return clear / 1000 * sky * site.panel_wp * _PANEL_LOSSES


@lru_cache(maxsize=64)
def _cloud_factors(seed: int, day: int, clearness: float) -> tuple[float, ...]:
    """Share of clear irradiance in each 10 min of one day: a sky class and AR(1) around it."""
    rng = random.Random(f"{seed}:{day}")  # noqa: S311 - weather, not a secret
    clear = min(max((clearness - 0.4 * 0.70 - 0.6 * 0.33) / 0.62, 0.01), 0.59)
    mean, spread = rng.choices(_CLASSES, (clear, 0.4, 0.6 - clear))[0]
    factors, z = [], 0.0
    for _ in range(_STEPS):
        z = 0.82 * z + math.sqrt(1 - 0.82**2) * rng.gauss(0, 1)
        factors.append(min(max(mean + spread * z, 0.05), 1.1))
    return tuple(factors)
