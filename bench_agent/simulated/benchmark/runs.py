"""Runs of the simulated year: which policy, bench and estimate, over which seeds, and their mean."""

from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from statistics import fmean

from bench_agent.domain.battery import Battery
from bench_agent.domain.energy_facts import EnergyRules
from bench_agent.simulated.benchmark.estimators import Estimator, EstimatorKind
from bench_agent.simulated.benchmark.exact_year import exact_year
from bench_agent.simulated.benchmark.policies import (
    ForecastPolicy,
    NaivePolicy,
    Policy,
    TieredPolicy,
    find_policy,
)
from bench_agent.simulated.benchmark.year import START_PCT, YearReport, live_year

SeedRange = tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """One line of the benchmark; the same setup and seed give the same figures."""

    policy: str = "tiered"
    """``tiered``, ``forecast``, ``naive`` or ``package.module:Class``."""
    panel_wp: float = 100.0
    battery_ah: float = 50.0
    estimator: EstimatorKind = EstimatorKind.CORRECTED
    full_charge_runs: bool = False
    """The product has them on; the reference rows show both."""
    veto: bool = True

    @property
    def title(self) -> str:
        """The policy and what differs from its plain form."""
        if self.policy not in _OURS:
            return self.policy
        title = self.policy if self.veto else f"{self.policy} without veto"
        return f"{title} + full-charge runs" if self.full_charge_runs else title


_OURS = {"tiered": TieredPolicy, "forecast": ForecastPolicy}


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """One line of results: a seed's, or the mean of all with the worst of the lowest charges."""

    wifi_h: float
    open_pct: float
    display_h: float
    peak_pct: float
    deep: float
    cuts: float
    min_soc_pct: float
    spilled_pct: float
    display_switches: float
    tier_switches: float
    rmse_pct: float
    mean_sigma_pct: float
    within_2_sigma_pct: float
    score: float


def run_setup(setup: Setup, seeds: Sequence[int], jobs: int = 1) -> list[Figures]:
    """Figures of every seed, in order.

    Raises:
        ValueError: The policy is unknown.
    """
    _maker(setup)
    live = partial(run_seed, setup)
    if jobs == 1:
        return [live(seed) for seed in seeds]
    with ProcessPoolExecutor(jobs) as pool:
        return list(pool.map(live, seeds))


def run_seed(setup: Setup, seed: int) -> Figures:
    """Live one year."""
    battery = Battery(capacity_ah=setup.battery_ah)
    panel_w = exact_year(seed).panel_w(setup.panel_wp)
    policy = _maker(setup)(battery, setup.panel_wp)
    estimator = Estimator(setup.estimator, battery, START_PCT, seed, len(panel_w))
    report = live_year(panel_w, policy, estimator, battery)
    tier_switches = policy.tier_switches if isinstance(policy, TieredPolicy) else 0
    return _figures(report, tier_switches)


def mean_of(lines: Sequence[Figures]) -> Figures:
    """The mean line; its lowest charge is the worst one."""
    means = {name: fmean(getattr(line, name) for line in lines) for name in Figures.__slots__}
    return Figures(**means | {"min_soc_pct": min(line.min_soc_pct for line in lines)})


def parse_seeds(text: str) -> SeedRange:
    """``1-8``, ``3`` or ``1,5-7``.

    Raises:
        ValueError: It is no such list.
    """
    seeds: list[int] = []
    for part in text.split(","):
        first, dash, last = part.partition("-")
        try:
            seeds += range(int(first), int(last if dash else first) + 1)
        except ValueError as err:
            raise ValueError(f"{text!r} names no seeds; write 1-8 or 1,5-7") from err
    if not seeds:
        raise ValueError(f"{text!r} names no seeds; write 1-8 or 1,5-7")
    return tuple(seeds)


def _maker(setup: Setup) -> Callable[[Battery, float], Policy]:
    if setup.policy == "naive":
        return NaivePolicy
    if setup.policy in _OURS:
        rules = EnergyRules(full_charge_runs=setup.full_charge_runs, voltage_veto=setup.veto)
        return partial(_OURS[setup.policy], rules=rules)
    return find_policy(setup.policy)


def _figures(report: YearReport, tier_switches: int) -> Figures:
    return Figures(
        wifi_h=report.wifi_h,
        open_pct=report.open_pct,
        display_h=report.display_h,
        peak_pct=report.peak_pct,
        deep=report.deep,
        cuts=report.cuts,
        min_soc_pct=report.min_soc_pct,
        spilled_pct=report.spilled_pct,
        display_switches=report.display_switches,
        tier_switches=tier_switches,
        rmse_pct=report.rmse_pct,
        mean_sigma_pct=report.mean_sigma_pct,
        within_2_sigma_pct=report.within_2_sigma_pct,
        score=report.score,
    )
