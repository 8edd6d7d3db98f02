"""Dirt and dead panels found by comparing neighbours (POW-R68)."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_server.alarms.comparison import (
    MIDDAY_SLOTS,
    Place,
    distance_km,
    midday_share,
    neighbours_of,
    soiling_drop,
)

TRENGGALEK = Place(lat=-8.050, lon=111.708)
CLEAN = dict.fromkeys(MIDDAY_SLOTS, 0.25)


def test_distance_between_trenggalek_and_panggul_is_about_36_km() -> None:
    assert distance_km(TRENGGALEK, Place(lat=-8.250, lon=111.450)) == pytest.approx(36.1, abs=0.3)


def test_neighbours_are_those_within_15_km_with_a_known_place() -> None:
    places = {"a": TRENGGALEK, "b": Place(lat=-8.1, lon=111.755), "far": Place(lat=-8.25, lon=111.45)}
    assert neighbours_of("a", places) == ["b"]
    assert neighbours_of("unknown", places) == []


@given(st.floats(0.05, 1.2), st.floats(0.2, 1.0))
def test_share_is_what_the_panel_lacks_whatever_the_weather(dirt: float, cloud: float) -> None:
    neighbours = [{slot: wh * cloud for slot, wh in CLEAN.items()}] * 3
    own = {slot: wh * cloud * dirt for slot, wh in CLEAN.items()}
    assert midday_share(own, neighbours) == pytest.approx(dirt)


def test_one_broken_neighbour_does_not_move_the_median() -> None:
    assert midday_share(CLEAN, [CLEAN, CLEAN, dict.fromkeys(CLEAN, 0.0)]) == pytest.approx(1.0)


def test_fewer_than_three_neighbours_or_four_slots_say_unknown() -> None:
    assert midday_share(CLEAN, [CLEAN, CLEAN]) is None
    three_slots = dict(list(CLEAN.items())[:3])
    assert midday_share(three_slots, [CLEAN] * 3) is None
    storm = [dict.fromkeys(CLEAN, 0.001)] * 3
    assert midday_share(CLEAN, storm) is None


def test_dust_of_a_dry_season_is_seen_and_rain_clears_it() -> None:
    """2.5 promille a day: after 60 dry days 15 %, as POW-R62 models dirt."""
    dry = [1 - min(0.0025 * day, 0.20) for day in range(75)]
    newest_first = [*reversed(dry)]
    drop = soiling_drop(newest_first)
    assert drop is not None
    assert drop == pytest.approx(0.15, abs=0.02)
    washed = soiling_drop([*[1.0] * 14, *newest_first])
    assert washed is not None
    assert washed <= 0.05


def test_too_few_days_say_unknown() -> None:
    assert soiling_drop([1.0] * 6) is None
    assert soiling_drop([None] * 14 + [1.0] * 60) is None
    assert soiling_drop([1.0] * 7) == 0
    assert soiling_drop([0.0] * 30) is None


@given(st.lists(st.one_of(st.none(), st.floats(0, 2)), max_size=90))
def test_drop_is_a_share_or_unknown(shares: list[float | None]) -> None:
    drop = soiling_drop(shares)
    assert drop is None or (0 <= drop <= 1 and not math.isnan(drop))
