"""A simulated year of a bench under the product's energy core beside one that is always on (POW-R63, R64)."""

from __future__ import annotations

import os
import time

from bench_agent.simulated.benchmark.exact_year import clear_year
from bench_agent.simulated.benchmark.runs import Figures, Setup, mean_of, run_seed, run_setup
from tests.performance.report import Goal, Row, median_of

ALWAYS_ON = "everything always on"
TIMED_RUNS = 3
DAYS = 365
_AS_REFERENCE = 0.998
"""Display hours and peak may lie 0.2 % below the reference's."""
_BENCHES = {
    "100_50": (Setup(full_charge_runs=True), range(1, 9), 2727.0, 85.2),
    "200_50": (Setup(panel_wp=200, full_charge_runs=True), range(1, 5), 4866.0, 100.0),
    "200_100": (Setup(panel_wp=200, battery_ah=100, full_charge_runs=True), range(1, 5), 5886.0, 100.0),
}
"""Bench, seeds, and the display hours and peak percent of the reference."""


def measure() -> list[Row]:
    """Live the years of three benches with the product's defaults, all cores at work."""
    rows: list[Row] = []
    ours = None
    for name, (setup, seeds, display_h, peak_pct) in _BENCHES.items():
        found = mean_of(run_setup(setup, seeds, os.cpu_count() or 1))
        peer = mean_of(
            run_setup(
                Setup(policy="naive", panel_wp=setup.panel_wp, battery_ah=setup.battery_ah),
                seeds,
                os.cpu_count() or 1,
            )
        )
        rows += _rows_of(name, found, peer, display_h, peak_pct)
        ours = ours or found
    if ours is None:
        raise RuntimeError("no bench to live a year")
    return [*rows, *_rows_of_core(ours)]


def _rows_of(name: str, ours: Figures, peer: Figures, display_h: float, peak_pct: float) -> list[Row]:
    bench = f"{name.replace('_', ' Wp, ')} Ah"
    floor_h, floor_pct = display_h * _AS_REFERENCE, peak_pct * _AS_REFERENCE
    lines = (
        ("deep", "deep discharges a year", ours.deep, peer.deep, "", Goal(at_most=0)),
        ("lvd", "low-voltage cuts a year", ours.cuts, peer.cuts, "", Goal(at_most=0)),
        ("wifi_open_pct", "Wi-Fi 05-22 h", ours.open_pct, peer.open_pct, "%", Goal(at_least=99.95)),
        ("display_h", "display in a year", ours.display_h, peer.display_h, "h", Goal(at_least=floor_h)),
        ("evening_pct", "display 15:30-21 h", ours.peak_pct, peer.peak_pct, "%", Goal(at_least=floor_pct)),
    )
    return [
        Row(
            id=f"power.year_{name}.{key}",
            what=f"{what}, {bench}",
            value=value,
            unit=unit,
            goal=goal,
            peer=ALWAYS_ON,
            peer_value=peer_value,
        )
        for key, what, value, peer_value, unit, goal in lines
    ]


def _rows_of_core(ours: Figures) -> list[Row]:
    return [
        Row(
            id="power.soc_rmse",
            what="error of the estimated charge, 100 Wp, 50 Ah",
            value=ours.rmse_pct,
            unit="points",
            goal=Goal(at_most=6),
        ),
        Row(
            id="power.tier_switches_per_day",
            what="tier changes, 100 Wp, 50 Ah",
            value=ours.tier_switches / DAYS,
            unit="a day",
            goal=Goal(at_most=4),
        ),
        Row(
            id="power.sim_year_s",
            what="a year of one bench in steps of 10 min",
            value=_year_s(),
            unit="s",
            goal=Goal(at_most=5),
        ),
    ]


def _year_s() -> float:
    clear_year()
    times_s = []
    for seed in range(1, TIMED_RUNS + 1):
        began_s = time.perf_counter()
        run_seed(Setup(full_charge_runs=True), seed)
        times_s.append(time.perf_counter() - began_s)
    return median_of(times_s)
