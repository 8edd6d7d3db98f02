"""``python -m bench_agent.simulated.benchmark``: policies side by side over seeded years (POW-R63).

The same arguments print the same bytes, so no time and no machine stands in the output.
"""

import os
from dataclasses import asdict
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from bench_agent.simulated.benchmark.estimators import EstimatorKind
from bench_agent.simulated.benchmark.runs import Figures, SeedRange, Setup, mean_of, parse_seeds, run_setup

_WIDTH = 150
COLUMNS = {
    "wifi_h": ("Wi-Fi h", 0),
    "open_pct": ("open %", 1),
    "display_h": ("display h", 0),
    "peak_pct": ("peak %", 1),
    "deep": ("deep", 1),
    "cuts": ("cuts", 1),
    "min_soc_pct": ("min SoC", 1),
    "spilled_pct": ("spilled %", 1),
    "display_switches": ("switches", 0),
    "tier_switches": ("tiers", 0),
    "rmse_pct": ("rmse", 1),
    "mean_sigma_pct": ("sigma", 1),
    "within_2_sigma_pct": ("in 2 sigma %", 1),
    "score": ("score", 1),
}
"""Heading and digits of each figure."""


def main(  # noqa: PLR0913 - the options of the command line
    policy: Annotated[
        list[str], typer.Option(help="tiered, forecast, naive or package.module:Class; may be repeated.")
    ] = ["tiered", "forecast", "naive"],  # noqa: B006 - typer copies it
    seeds: Annotated[str, typer.Option(help="Weather years: 1-8 or 1,5-7.")] = "1-8",
    wp: Annotated[float, typer.Option(min=1, help="Peak watts of the panel.")] = 100.0,
    ah: Annotated[float, typer.Option(min=1, help="Ampere-hours of the battery.")] = 50.0,
    estimator: Annotated[
        EstimatorKind, typer.Option(help="How the charge is known.")
    ] = EstimatorKind.CORRECTED,
    *,
    full_charge_runs: Annotated[bool, typer.Option(help="With the runs of the product's defaults.")] = False,
    veto: Annotated[bool, typer.Option(help="With the voltage veto.")] = True,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document instead of tables.")] = False,
) -> None:
    """Live a year under each policy and weather, and print what it gave."""
    try:
        years = parse_seeds(seeds)
        setups = [
            Setup(
                policy=name,
                panel_wp=wp,
                battery_ah=ah,
                estimator=estimator,
                full_charge_runs=full_charge_runs,
                veto=veto,
            )
            for name in policy
        ]
        found = [(setup, run_setup(setup, years, os.cpu_count() or 1)) for setup in setups]
    except ValueError as err:
        raise typer.BadParameter(str(err)) from err
    if as_json:
        documents = [_document(*one, years) for one in found]
        typer.echo(msgspec.json.format(msgspec.json.encode(documents), indent=1))
        return
    for setup, lines in found:
        Console(width=_WIDTH, highlight=False).print(_table(setup, lines, years))


def _document(setup: Setup, lines: list[Figures], seeds: SeedRange) -> dict[str, object]:
    per_seed = [{"seed": seed, **_rounded(line)} for seed, line in zip(seeds, lines, strict=True)]
    return {**asdict(setup), "seeds": per_seed, "mean": _rounded(mean_of(lines))}


def _rounded(line: Figures) -> dict[str, float]:
    return {name: round(value, 3) for name, value in asdict(line).items()}


def _table(setup: Setup, lines: list[Figures], seeds: SeedRange) -> Table:
    title = f"{setup.title}, {setup.panel_wp:g} Wp, {setup.battery_ah:g} Ah, estimate {setup.estimator}"
    table = Table(title=title, title_justify="left")
    table.add_column("seed")
    for heading, _ in COLUMNS.values():
        table.add_column(heading, justify="right")
    for seed, line in zip(seeds, lines, strict=True):
        table.add_row(str(seed), *cells_of(line))
    table.add_section()
    table.add_row("mean", *cells_of(mean_of(lines)))
    return table


def cells_of(line: Figures) -> list[str]:
    """The figures of one line in the order of ``COLUMNS``."""
    return [f"{getattr(line, name):.{digits}f}" for name, (_, digits) in COLUMNS.items()]


if __name__ == "__main__":
    typer.run(main)
