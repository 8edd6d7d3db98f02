"""POW-R65: a year and fourteen flat days of policy, battery and the firmware's own guard together."""

from collections.abc import Iterator
from typing import Any

import pytest

from bench_agent.simulated.benchmark.exact_year import exact_year
from bench_agent.simulated.sun import STEPS_PER_DAY
from tests.system.coupled_bench import DAY_MS, HOUR_MS, CoupledBench, firmware_guard

SUN_BACK_WH = 200.0
FLAT_DAYS = 14


@pytest.fixture(scope="module")
def guard() -> Iterator[Any]:
    with firmware_guard() as module:
        yield module


def days_of(seed: int, first: int, count: int) -> list[float]:
    return exact_year(seed).panel_w(100)[first * STEPS_PER_DAY : (first + count) * STEPS_PER_DAY]


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_wifi_is_on_in_nearly_every_opening_hour_of_the_poorest_year(guard: Any) -> None:
    run = CoupledBench(guard, days_of(8, 0, 365)).live(365)
    assert run.open_pct >= 99.9
    assert run.least_pct > 10
    assert run.cold_starts == 0
    # Reserve sleeps at night: the board did start the computer again and again.
    assert len(run.boots_ms) > 50


@pytest.mark.parametrize("standby_w", [0.06, 0.36])
@pytest.mark.parametrize("share", [0.0, 0.03, 0.05, 0.1])
def test_after_fourteen_flat_days_the_bench_comes_back_by_itself(
    guard: Any, standby_w: float, share: float
) -> None:
    flat = [watts * share for watts in days_of(1, 60, FLAT_DAYS)]
    day = days_of(1, 74, 1)
    sunny = [watts * SUN_BACK_WH / (sum(day) / 6) for watts in day]
    run = CoupledBench(guard, [*flat, *sunny, *sunny], standby_w=standby_w).live(FLAT_DAYS + 2)
    first = FLAT_DAYS * DAY_MS
    assert 1 <= run.boots_between(0, first) <= 6
    if run.cold_starts:
        assert run.was_up_in(first, first + DAY_MS + 12 * HOUR_MS)
    else:
        assert run.was_up_in(first, first + 22 * HOUR_MS)


def test_a_pack_whose_bms_opened_starts_cold(guard: Any) -> None:
    """A thirsty standby empties it; without this the rule for the second day would prove nothing."""
    flat = [0.0] * (FLAT_DAYS * STEPS_PER_DAY)
    run = CoupledBench(guard, [*flat, *days_of(1, 74, 2)], standby_w=0.36).live(FLAT_DAYS + 2)
    assert run.cold_starts == 1


def test_coarse_steps_tell_the_same_week_as_steps_of_ten_seconds(guard: Any) -> None:
    week = days_of(8, 14, 7)
    coarse, fine = (CoupledBench(guard, week).live(7, fine=fine) for fine in (False, True))
    assert len(coarse.boots_ms) == len(fine.boots_ms) > 1
    assert all(abs(one - other) <= 60_000 for one, other in zip(coarse.boots_ms, fine.boots_ms, strict=True))
    assert abs(coarse.open_wifi_ms - fine.open_wifi_ms) <= 0.0005 * fine.open_ms
    assert max(abs(one - other) for one, other in zip(coarse.soc_pct, fine.soc_pct, strict=True)) < 1
