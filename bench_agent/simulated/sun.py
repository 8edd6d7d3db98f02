"""Sun over a bench by the standard library alone: a shipped clear sky and seeded clouds (POW-R60).

The clear sky is a table, 12 months x 144 steps, made from pvlib by ``benchmark.clear_sky_table``. Clouds have
the classes of ``benchmark.exact_year``, drawn so that any moment can be asked for alone. A model for one
regency: another longitude shifts the day, another latitude is not modelled.
"""

import math
import random
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files

CLEARNESS = (0.62, 0.63, 0.68, 0.74, 0.79, 0.81, 0.84, 0.86, 0.85, 0.80, 0.70, 0.62)
"""Monthly mean of cloudy to clear irradiance, January first (POW-R61)."""
SKIES = ((0.95, 0.05), (0.70, 0.22), (0.33, 0.12))
"""Mean and spread of that share on clear, mixed and overcast days."""
MIXED, OVERCAST = 1, 2
KEEPS_SKY = 0.45
"""Chance that a day has the sky of the day before."""
PERSISTENCE = 0.82
AFTERNOON, MORNING = (78, 108), (36, 72)
"""Steps of a wet season's showers, and of its clear mornings."""
AFTERNOON_LOSS, MORNING_GAIN = 0.13, 0.05
CLEAREST, DARKEST = 1.1, 0.05
STEPS_PER_DAY, STEP_S = 144, 600
TABLE_LONGITUDE_DEG = 111.71
TABLE_FILE = "clear_sky.csv"
_DIRT = 0.04
"""Where the exact year lets dust gather and rain wash it, this is a mean."""
_WIB_S, _DAY_S = 7 * 3600, 86_400
_DAYS_PER_MONTH = 365.25 / 12
_EPOCH_MID_JANUARY_D = 15.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Where the bench stands and how its weather is drawn."""

    latitude_deg: float = -8.05
    longitude_deg: float = TABLE_LONGITUDE_DEG
    seed: int = 1
    panel_wp: float = 100.0


def sky_weights(clearness: float) -> tuple[float, float, float]:
    """Chances of a clear, mixed and overcast day that give this mean clearness, 0.45 to 0.93 (POW-R61)."""
    clear = min(max((clearness - 0.4 * SKIES[1][0] - 0.6 * SKIES[2][0]) / 0.62, 0.01), 0.59)
    return clear, 0.4, 0.6 - clear


def wetness(month: int) -> float:
    """0 in a dry month to 1 in the wettest; ``month`` from 1."""
    return (1 - CLEARNESS[month - 1]) / 0.38


def air_temperature_c(hour: float) -> float:
    """Mean air temperature at an hour of the day."""
    return 26.5 + 4.5 * math.sin(2 * math.pi * (hour - 8.5) / 24)


def panel_output_w(plane_w_m2: float, air_c: float, dirt: float) -> float:
    """Watts of each watt-peak after heat, cable, tracker, converter and dirt (POW-R62)."""
    cell_c = air_c + plane_w_m2 * 25 / 800
    return plane_w_m2 / 1000 * (1 - 0.0038 * (cell_c - 25)) * 0.95 * 0.97 * 0.95 * (1 - dirt)


def clear_sky_w_m2(wall_ms: int, site: Site) -> float:
    """Global horizontal irradiance without clouds, 0 to about 1100 W/m²."""
    day, second = divmod(_solar_s(wall_ms, site), _DAY_S)
    month = (day + second / _DAY_S - _EPOCH_MID_JANUARY_D) / _DAYS_PER_MONTH
    left, share = int(month // 1) % 12, month % 1
    table = _table()
    before, after = table[left], table[(left + 1) % 12]
    step = second / STEP_S - 0.5
    low, part = int(step // 1), step % 1
    high = (low + 1) % STEPS_PER_DAY
    return (before[low] * (1 - part) + before[high] * part) * (1 - share) + (
        after[low] * (1 - part) + after[high] * part
    ) * share


def panel_power_w(wall_ms: int, site: Site) -> float:
    """Watts the panel can give at ``wall_ms``, 0 to about its peak power."""
    clear = clear_sky_w_m2(wall_ms, site)
    if clear <= 0:
        return 0.0
    day, second = divmod(_solar_s(wall_ms, site), _DAY_S)
    ghi = clear * _cloud_factors(site.seed, day)[second // STEP_S]
    return panel_output_w(ghi, air_temperature_c(second / 3600), _DIRT) * site.panel_wp


def _solar_s(wall_ms: int, site: Site) -> int:
    """Seconds since 1970 by the table's clock: WIB where the table is at home."""
    return wall_ms // 1000 + _WIB_S + int((site.longitude_deg - TABLE_LONGITUDE_DEG) * 240)


@cache
def _table() -> tuple[tuple[float, ...], ...]:
    """The clear sky by month and step; a step's value stands for its middle."""
    lines = files("bench_agent.simulated").joinpath(TABLE_FILE).read_text(encoding="ascii").splitlines()
    return tuple(tuple(float(value) for value in line.split(",")) for line in lines)


def _month_of(day: int) -> int:
    """Month from 1 of a day since 1970, by twelve equal months."""
    return int(day / _DAYS_PER_MONTH % 12) + 1


@lru_cache(maxsize=256)
def _sky(seed: int, day: int) -> int:
    """The day's sky class: that of the day before, or a new one."""
    rng = random.Random(f"{seed}:{day}:sky")  # noqa: S311 - weather, not a secret
    kept_days = 0
    while rng.random() <= KEEPS_SKY:
        kept_days += 1
        rng = random.Random(f"{seed}:{day - kept_days}:sky")  # noqa: S311 - weather, not a secret
    weights = sky_weights(CLEARNESS[_month_of(day) - 1])
    return rng.choices((0, MIXED, OVERCAST), weights)[0]


@lru_cache(maxsize=64)
def _cloud_factors(seed: int, day: int) -> tuple[float, ...]:
    """Share of clear irradiance in each step of one day."""
    rng = random.Random(f"{seed}:{day}")  # noqa: S311 - weather, not a secret
    sky, wet = _sky(seed, day), wetness(_month_of(day))
    mean, spread = SKIES[sky]
    factors, z = [], 0.0
    for step in range(STEPS_PER_DAY):
        z = PERSISTENCE * z + math.sqrt(1 - PERSISTENCE**2) * rng.gauss(0, 1)
        share = mean + spread * z
        if sky != OVERCAST and AFTERNOON[0] <= step < AFTERNOON[1]:
            share -= AFTERNOON_LOSS * wet
        elif sky != OVERCAST and MORNING[0] <= step < MORNING[1]:
            share += MORNING_GAIN * wet
        factors.append(min(max(share, DARKEST), CLEAREST))
    return tuple(factors)
