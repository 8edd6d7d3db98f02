"""One year of one bench under one policy, and what it was worth (POW-R62, R63)."""

from collections.abc import Sequence
from dataclasses import dataclass

from bench_agent.domain.battery import Battery
from bench_agent.simulated.bench_battery import (
    ABSORPTION_FROM_PCT,
    BenchBattery,
    Loads,
)
from bench_agent.simulated.benchmark.estimators import STEP_MS, Estimator, Step
from bench_agent.simulated.benchmark.policies import BASE_W, Policy, Sight
from bench_agent.simulated.sun import STEPS_PER_DAY

START_PCT = 60.0
DEEP_PCT, REARMED_PCT = 10.0, 20.0
OPEN_STEPS, PEAK_STEPS = range(30, 132), range(93, 126)
"""05-22 h and 15:30-21 h."""
STEP_H = STEP_MS / 3_600_000
_NIGHT_VALUE, _PEAK_VALUE, _DISPLAY_VALUE, _DEEP_COST, _CUT_COST = 0.15, 0.6, 0.25, 5, 20


@dataclass(slots=True, kw_only=True)
class YearReport:
    """What a year gave; hours of a year, percent of what could have been."""

    wifi_h: float = 0.0
    open_wifi_h: float = 0.0
    display_h: float = 0.0
    peak_display_h: float = 0.0
    deep: int = 0
    """Entries below 10 % true charge, re-armed at 20 %."""
    cuts: int = 0
    min_soc_pct: float = 100.0
    spilled_pct: float = 0.0
    display_switches: int = 0
    rmse_pct: float = 0.0
    """Of the estimate."""
    mean_sigma_pct: float = 0.0
    within_2_sigma_pct: float = 0.0
    days: int = 365

    @property
    def open_pct(self) -> float:
        """Wi-Fi in opening hours."""
        return 100 * self.open_wifi_h / (self.days * len(OPEN_STEPS) * STEP_H)

    @property
    def peak_pct(self) -> float:
        """Display in the evening peak."""
        return 100 * self.peak_display_h / (self.days * len(PEAK_STEPS) * STEP_H)

    @property
    def score(self) -> float:
        """Value by POW-R63."""
        value = self.open_wifi_h + _NIGHT_VALUE * (self.wifi_h - self.open_wifi_h)
        value += _PEAK_VALUE * self.peak_display_h + _DISPLAY_VALUE * (self.display_h - self.peak_display_h)
        return (value - _DEEP_COST * self.deep - _CUT_COST * self.cuts) / 100


class _Tally:
    """Sums of a running year."""

    def __init__(self) -> None:
        self.report = YearReport()
        self._armed = True
        self._display = False
        self._squares = self._sigma = self._within = 0.0

    def count(self, index: int, loads: Loads, true_pct: float, estimator: Estimator) -> None:
        report, step_of_day = self.report, index % STEPS_PER_DAY
        if loads.hotspot:
            report.wifi_h += STEP_H
            report.open_wifi_h += STEP_H if step_of_day in OPEN_STEPS else 0.0
        if loads.display:
            report.display_h += STEP_H
            report.peak_display_h += STEP_H if step_of_day in PEAK_STEPS else 0.0
        if loads.display is not self._display:
            self._display = loads.display
            report.display_switches += 1
        if true_pct < DEEP_PCT and self._armed:
            report.deep += 1
            self._armed = False
        self._armed = self._armed or true_pct > REARMED_PCT
        report.min_soc_pct = min(report.min_soc_pct, true_pct)
        error_pct = abs(estimator.soc_pct - true_pct)
        self._squares += error_pct * error_pct
        self._sigma += estimator.sigma_pct
        self._within += error_pct <= 2 * estimator.sigma_pct

    def close(self, offered_wh: float, pack: BenchBattery, steps: int) -> YearReport:
        report = self.report
        report.days = steps // STEPS_PER_DAY
        report.cuts = pack.cuts
        report.spilled_pct = 100 * pack.spilled_wh / offered_wh
        report.rmse_pct = (self._squares / steps) ** 0.5
        report.mean_sigma_pct = self._sigma / steps
        report.within_2_sigma_pct = 100 * self._within / steps
        return report


_NOTHING = Loads(computer=False, hotspot=False, display=False, audio=False)


def live_year(panel_w: Sequence[float], policy: Policy, estimator: Estimator, battery: Battery) -> YearReport:
    """Live through the steps of ``panel_w``; the order inside a step is part of the model (POW-R62)."""
    pack = BenchBattery(battery, START_PCT)
    tally = _Tally()
    last_full: int | None = None
    for index, panel in enumerate(panel_w):
        sight = Sight(
            step=index,
            hour=index % STEPS_PER_DAY / 6,
            soc_pct=estimator.soc_pct,
            volts=pack.volts_at(panel - BASE_W),
            panel_w=panel,
            last_full_step=last_full,
        )
        loads = policy.choose(sight)
        pack.step(panel, loads.power_w, STEP_MS / 1000)
        if pack.is_cut:
            loads = _NOTHING
        is_full = pack.soc_pct >= ABSORPTION_FROM_PCT and pack.stored_w >= 0
        if is_full:
            last_full = index
        estimator.follow(
            index,
            Step(
                true_pct=pack.soc_pct,
                stored_wh=pack.stored_w * STEP_H,
                net_w=panel - pack.load_power_w,
                volts=pack.voltage_v,
                full=is_full,
            ),
        )
        tally.count(index, loads, pack.soc_pct, estimator)
    return tally.close(sum(panel_w) * STEP_H, pack, len(panel_w))
