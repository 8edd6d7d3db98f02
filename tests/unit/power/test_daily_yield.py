"""A day's yield is our own difference of the controller's total (POW-R14)."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bench_agent.domain.daily_yield import DailyYield, next_daily_yield

DAY = date(2026, 9, 1)
NEXT = DAY + timedelta(days=1)


def follow(*readings: tuple[float | None, float | None, date]) -> DailyYield:
    state = None
    for total_wh, today_wh, day in readings:
        state = next_daily_yield(state, total_wh, today_wh, day)
    assert state is not None
    return state


def test_a_controller_that_begins_its_day_in_the_evening_takes_nothing_from_ours() -> None:
    state = follow((12340, 0, DAY), (12590, 250, DAY), (12600, 260, DAY), (12600, 0, DAY), (12620, 20, DAY))
    assert (state.wh, state.check_wh, state.agrees) == (280, 280, True)


def test_energy_between_the_last_reading_of_a_day_and_the_first_of_the_next_counts_to_the_next() -> None:
    state = follow((1000, 50, DAY), (1010, 60, DAY), (1030, 20, NEXT))
    assert (state.day, state.wh) == (NEXT, 20)


def test_a_value_that_is_missing_for_a_while_loses_no_energy() -> None:
    assert follow((1000, 0, DAY), (None, None, DAY), (1070, 70, DAY)).wh == 70
    assert follow((None, None, DAY), (1000, 0, DAY), (1010, 10, DAY)).wh == 10


def test_the_total_of_a_reset_or_another_controller_is_counted_on_from_there() -> None:
    reset = follow((50_000, 100, DAY), (50_010, 110, DAY), (49_000, 110, DAY), (49_020, 130, DAY))
    assert reset.wh == 30
    replaced = follow((50_000, 100, DAY), (50_010, 110, DAY), (9_000_000, 0, DAY), (9_000_010, 10, DAY))
    assert replaced.wh == 20


def test_counters_that_tell_different_stories_do_not_agree() -> None:
    assert not follow((1000, 0, DAY), (1400, 10, DAY)).agrees
    assert follow((1000, 0, DAY), (1400, 390, DAY)).agrees


@given(st.lists(st.integers(0, 90), min_size=2), st.integers(0, 200))
def test_days_add_up_to_what_the_total_gained_wherever_the_controller_begins_its_day(
    gains: list[int], rollover: int
) -> None:
    state, closed, total, today = None, 0.0, 5000, 0
    for number, gain in enumerate(gains):
        total, today = total + gain, (0 if number == rollover else today) + gain
        following = next_daily_yield(state, total, today, DAY + timedelta(days=number // 7))
        if state is not None and following.day != state.day:
            closed += state.wh
        state = following
    assert state is not None
    assert closed + state.wh == sum(gains[1:])
