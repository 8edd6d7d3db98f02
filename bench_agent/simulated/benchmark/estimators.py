"""What a policy believes of the charge: exact, by a drifting count, or by a count with low-end corrections.

Errors by POW-R62; the corrections and the sigma are the product's own (POW-R30, R32).
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from bench_agent.domain.battery import NOMINAL_V, Battery
from bench_agent.domain.battery_estimate import (
    EMPTY_PCT,
    EMPTY_V,
    LOW_END_MS,
    SIGMA_FULL,
    SIGMA_LOW_END,
    SIGMA_VOLTAGE,
    grown_sigma,
    low_end_target,
    pulled,
)

STEP_MS = 600_000
_SMALL_W = 15.0
_SEED_OFFSET = 9000
_GAIN_SPREAD, _OFFSET_W, _NOISE_V = 0.02, 0.1, 0.02


class EstimatorKind(StrEnum):
    """How the charge is known."""

    COUNT = "cc"
    """A shunt with an error of gain and zero; true only when full or empty."""
    CORRECTED = "ocv"
    """The same, corrected at the low end by rest volts."""
    TRUE = "true"
    """Exact."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What happened to the battery in one step, as meters could see it."""

    true_pct: float
    stored_wh: float
    """Into the cells (+) or out of them, after losses."""
    net_w: float
    volts: float
    full: bool
    """The tail of the charge current was seen."""


class Estimator:
    """Follows one year."""

    def __init__(self, kind: EstimatorKind, battery: Battery, soc_pct: float, seed: int, steps: int) -> None:
        """Start from the truth; ``seed`` draws the faults of the meter for so many ``steps``."""
        rng = np.random.default_rng(seed + _SEED_OFFSET)
        self._gain = 1 + rng.normal(0, _GAIN_SPREAD)
        self._offset_wh = rng.normal(0, _OFFSET_W) * STEP_MS / 3_600_000
        self._noise_v: list[float] = rng.normal(0, _NOISE_V, steps).tolist()
        self._kind = kind
        self._pct_per_wh = 100 / battery.capacity_wh
        self._ohm_per_volt = battery.resistance_ohm / NOMINAL_V
        self._low_ms = 0
        self.soc_pct = soc_pct
        self.sigma_pct = SIGMA_VOLTAGE

    def follow(self, index: int, step: Step) -> None:
        """Believe something after step ``index``."""
        if self._kind is EstimatorKind.TRUE:
            self.soc_pct, self.sigma_pct = step.true_pct, 0.0
            return
        moved_pct = (step.stored_wh * self._gain + self._offset_wh) * self._pct_per_wh
        soc = self.soc_pct + moved_pct
        self.sigma_pct = grown_sigma(self.sigma_pct, STEP_MS, abs(moved_pct))
        if step.full:
            soc, self.sigma_pct = 100.0, SIGMA_FULL
        if step.volts < EMPTY_V and step.net_w < 0:
            soc = min(soc, EMPTY_PCT)
        if self._kind is EstimatorKind.CORRECTED and abs(step.net_w) < _SMALL_W:
            soc = self._corrected(soc, step.volts - step.net_w * self._ohm_per_volt + self._noise_v[index])
        else:
            self._low_ms = 0
        self.soc_pct = min(max(soc, 0.0), 100.0)

    def _corrected(self, soc_pct: float, rest_v: float) -> float:
        target = low_end_target(soc_pct, rest_v)
        if target is None:
            self._low_ms = 0
            return soc_pct
        self._low_ms += STEP_MS
        if self._low_ms > LOW_END_MS:
            self.sigma_pct = min(self.sigma_pct, SIGMA_LOW_END)
        return pulled(soc_pct, target, STEP_MS)
