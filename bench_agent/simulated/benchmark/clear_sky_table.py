"""Makes the clear sky that ``simulated://`` ships: run it with ``python -m``.

A line per month, whole W/m² for each step of 10 min: the month's mean by pvlib at the exact year's site.
"""

from pathlib import Path

import numpy as np

from bench_agent.simulated import sun
from bench_agent.simulated.benchmark.exact_year import Series, clear_year


def monthly_clear_sky() -> Series:
    """Mean clear irradiance of each step in each month, 12 x 144 W/m²."""
    clear = clear_year()
    return np.array([clear.ghi_w_m2[clear.months == month].mean(axis=0) for month in range(1, 13)])


def render_table(monthly: Series) -> str:
    """The text of the shipped file."""
    return "".join(",".join(f"{value:.0f}" for value in steps) + "\n" for steps in monthly)


if __name__ == "__main__":
    Path(sun.__file__).with_name(sun.TABLE_FILE).write_text(
        render_table(monthly_clear_sky()), encoding="ascii"
    )
