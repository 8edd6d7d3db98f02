"""The exact year: clear sky by pvlib, seeded clouds, and what a panel gives in each step (POW-R61, R62).

A model: a real year differs. Ineichen's clear sky with the Linke turbidity bundled in pvlib; clouds are three
sky classes with an autoregressive clearness, wetter in the afternoon of the wet season.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from warnings import catch_warnings, filterwarnings

import numpy as np
import numpy.typing as npt
import pandas as pd
from pvlib.irradiance import erbs, get_total_irradiance
from pvlib.location import Location

from bench_agent.simulated.sun import (
    AFTERNOON,
    AFTERNOON_LOSS,
    CLEAREST,
    CLEARNESS,
    DARKEST,
    KEEPS_SKY,
    MIXED,
    MORNING,
    MORNING_GAIN,
    OVERCAST,
    PERSISTENCE,
    SKIES,
    STEPS_PER_DAY,
    air_temperature_c,
    panel_output_w,
    sky_weights,
    wetness,
)

Series = npt.NDArray[np.float64]
DAYS = 365
LATITUDE_DEG, LONGITUDE_DEG, ALTITUDE_M = -8.05, 111.71, 120
TILT_DEG, AZIMUTH_DEG = 10, 0
_RAINY_DAY = 0.5
"""A day below this share of the clear sky washes the panel."""
_DIRT_AFTER_RAIN, _DIRT_PER_DAY, _DIRT_MAX = 0.01, 0.0025, 0.12


@dataclass(frozen=True)
class ClearYear:
    """Sun and clear sky of every step; arrays of 365 x 144."""

    times: pd.DatetimeIndex
    ghi_w_m2: Series
    apparent_zenith_deg: Series
    azimuth_deg: Series
    months: npt.NDArray[np.int64]
    """1 to 12 of each day."""


@dataclass(frozen=True)
class ExactYear:
    """One seed's weather; arrays of 365 x 144."""

    ghi_w_m2: Series
    panel_w_per_wp: Series
    """What each watt-peak of the panel gives."""

    def panel_w(self, panel_wp: float) -> list[float]:
        """Watts of a panel in each of the 52,560 steps."""
        watts: list[float] = (self.panel_w_per_wp.ravel() * panel_wp).tolist()
        return watts

    def daily_wh(self, panel_wp: float) -> Series:
        """Harvest of each day."""
        harvest: Series = self.panel_w_per_wp.sum(axis=1) * panel_wp / 6
        return harvest


@contextmanager
def _quiet_pvlib() -> Iterator[None]:
    """It still asks pandas by names that pandas gives up."""
    with catch_warnings():
        filterwarnings("ignore", message="DatetimeIndex.dayofyear")
        yield


@cache
@_quiet_pvlib()
def clear_year() -> ClearYear:
    """Compute the clear year once; takes about half a second."""
    times = pd.date_range("2025-01-01 00:05", periods=DAYS * STEPS_PER_DAY, freq="10min", tz="Asia/Jakarta")
    site = Location(LATITUDE_DEG, LONGITUDE_DEG, "Asia/Jakarta", ALTITUDE_M)
    sun = site.get_solarposition(times)
    return ClearYear(
        times=times,
        ghi_w_m2=_by_day(site.get_clearsky(times, model="ineichen", solar_position=sun)["ghi"]),
        apparent_zenith_deg=_by_day(sun["apparent_zenith"]),
        azimuth_deg=_by_day(sun["azimuth"]),
        months=times.month.to_numpy()[::STEPS_PER_DAY],
    )


def exact_year(seed: int) -> ExactYear:
    """The year of one seed; the same seed gives the same numbers."""
    clear = clear_year()
    clearness, warmer_c = _clouds(np.random.default_rng(seed), clear.months)
    ghi = clear.ghi_w_m2 * clearness
    daily_air_c = np.array([air_temperature_c(step / 6) for step in range(STEPS_PER_DAY)])
    air_c = daily_air_c + warmer_c[:, np.newaxis]
    dirt = np.fromiter(_dirt(ghi.sum(axis=1) / clear.ghi_w_m2.sum(axis=1)), float, DAYS)
    watts = np.vectorize(panel_output_w)(_plane_w_m2(ghi, clear), air_c, dirt[:, np.newaxis])
    return ExactYear(ghi_w_m2=ghi, panel_w_per_wp=watts)


def _by_day(values: "pd.Series[float]") -> Series:
    return np.asarray(values, dtype=np.float64).reshape(DAYS, STEPS_PER_DAY)


def _clouds(rng: np.random.Generator, months: npt.NDArray[np.int64]) -> tuple[Series, Series]:
    """Share of the clear sky in each step, and how much warmer each day is.

    The order in which ``rng`` is asked is part of the model (POW-R61).
    """
    bias = rng.normal(0, 0.025)
    skies = np.empty(DAYS, dtype=int)
    noise = np.empty((DAYS, STEPS_PER_DAY))
    sky = MIXED
    for day, month in enumerate(months):
        weights = sky_weights(float(np.clip(CLEARNESS[month - 1] + bias, 0.45, 0.93)))
        if rng.random() > KEEPS_SKY:
            sky = int(rng.choice(3, p=weights))
        skies[day] = sky
        noise[day] = rng.normal(size=STEPS_PER_DAY)
    warmer_c = rng.normal(0, 1, DAYS)

    mean, spread = np.array(SKIES).T
    z = np.zeros((DAYS, STEPS_PER_DAY))
    before = np.zeros(DAYS)
    for step in range(STEPS_PER_DAY):
        before = PERSISTENCE * before + np.sqrt(1 - PERSISTENCE**2) * noise[:, step]
        z[:, step] = before
    clearness = mean[skies][:, np.newaxis] + spread[skies][:, np.newaxis] * z
    wet = np.array([wetness(month) for month in months]) * (skies != OVERCAST)
    clearness[:, slice(*AFTERNOON)] -= AFTERNOON_LOSS * wet[:, np.newaxis]
    clearness[:, slice(*MORNING)] += MORNING_GAIN * wet[:, np.newaxis]
    return clearness.clip(DARKEST, CLEAREST), warmer_c


def _dirt(day_clearness: Series) -> Iterator[float]:
    """Loss by dirt in the evening of each day: rain washes, dust gathers."""
    dirt = 0.0
    for share in day_clearness:
        dirt = _DIRT_AFTER_RAIN if share < _RAINY_DAY else min(dirt + _DIRT_PER_DAY, _DIRT_MAX)
        yield dirt


@_quiet_pvlib()
def _plane_w_m2(ghi: Series, clear: ClearYear) -> Series:
    """Irradiance on the tilted panel: Erbs' split, isotropic sky."""
    zenith, flat = clear.apparent_zenith_deg.ravel(), ghi.ravel()
    parts = erbs(flat, zenith, clear.times)
    plane = get_total_irradiance(
        TILT_DEG, AZIMUTH_DEG, zenith, clear.azimuth_deg.ravel(), parts["dni"], flat, parts["dhi"]
    )["poa_global"]
    return np.nan_to_num(np.asarray(plane, dtype=np.float64)).clip(min=0).reshape(DAYS, STEPS_PER_DAY)
