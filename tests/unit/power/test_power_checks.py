"""Faults of meters and wiring, judged over time (POW-R5, R68, R69)."""

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench_agent.domain.power_checks import (
    HOUR_MS,
    RATIO_SPAN_MS,
    Check,
    SignCheck,
    next_check,
    next_sign,
    panel_is_dead,
    shunt_disagrees,
)


def signs(steps: Iterable[tuple[float | None, float | None]]) -> SignCheck:
    """Ten seconds per step of (panel W, battery A)."""
    check = SignCheck()
    for number, (panel_w, current_a) in enumerate(steps):
        check = next_sign(check, panel_w, current_a, number * 10_000)
    return check


def test_charging_for_an_hour_without_sun_is_a_wrong_sign_r5() -> None:
    assert signs([(0.0, 0.5)] * 360).wrong is None
    assert signs([(0.0, 0.5)] * 361).wrong is True
    assert signs([(0.0, -0.5)] * 361).wrong is False
    assert signs([(0.0, 0.15)] * 361).wrong is False


def test_a_minute_of_sun_or_silence_starts_the_dark_hour_anew_r5() -> None:
    half = [(0.0, 0.5)] * 200
    assert signs([*half, (5.0, 0.5), *half]).wrong is None
    assert signs([*half, (None, 0.5), *half]).wrong is None
    assert signs([*half, (0.0, None), *half]).wrong is None


def test_a_sign_once_wrong_stays_wrong_by_day_and_is_right_after_a_right_hour_r5() -> None:
    wrong: list[tuple[float | None, float | None]] = [(0.0, 0.5)] * 361
    assert signs([*wrong, *[(40.0, 2.0)] * 1000]).wrong is True
    assert signs([*wrong, (40.0, 2.0), *[(0.0, -0.7)] * 361]).wrong is False


def test_a_gap_between_samples_proves_nothing_r69() -> None:
    check = next_sign(SignCheck(), 0.0, 0.5, 0)
    assert next_sign(check, 0.0, 0.5, HOUR_MS).wrong is None


@pytest.mark.parametrize(
    ("charger_w", "shunt_w", "loads_w", "expected"),
    [
        (60.0, 31.0, 29.0, False),
        (60.0, 6.2, 29.0, True),  # a 2 mOhm shunt set as 10 mOhm shows a fifth
        (60.0, 155.0, 29.0, True),
        (60.0, -31.0, 29.0, True),
        (40.0, 11.0, 29.0, False),  # loads take most of it: the bare ratio 3.6 would be a false alarm
        (38.0, 2.0, 29.0, None),
        (None, 31.0, 9.0, None),
        (60.0, None, 9.0, None),
    ],
)
def test_shunt_is_compared_with_what_the_loads_leave_r5(
    charger_w: float | None, shunt_w: float | None, loads_w: float, expected: bool | None
) -> None:
    assert shunt_disagrees(charger_w, shunt_w, loads_w) is expected


def test_a_fault_counts_only_when_it_shows_for_the_whole_span() -> None:
    check = Check()
    for minute in range(30):
        check = next_check(check, True, minute * 60_000, RATIO_SPAN_MS)
        assert check.wrong is None
    assert next_check(check, True, 30 * 60_000, RATIO_SPAN_MS).wrong is True
    assert next_check(check, False, 30 * 60_000, RATIO_SPAN_MS).wrong is False
    broken = next_check(check, None, 30 * 60_000, RATIO_SPAN_MS)
    assert next_check(broken, True, 31 * 60_000, RATIO_SPAN_MS).wrong is None


def test_a_proved_fault_stays_while_nothing_is_seen_and_a_restart_asks_again() -> None:
    proved = next_check(Check(since_ms=0), True, RATIO_SPAN_MS, RATIO_SPAN_MS)
    assert next_check(proved, None, RATIO_SPAN_MS + 1, RATIO_SPAN_MS).wrong is True
    restarted = proved.shifted(-RATIO_SPAN_MS - 60_000)
    assert restarted.wrong is None
    assert next_check(restarted, True, 1000, RATIO_SPAN_MS).wrong is True


@given(st.lists(st.tuples(st.sampled_from([True, False, None]), st.integers(0, 10 * 60_000)), max_size=40))
def test_nothing_is_wrong_before_its_span_has_passed(steps: list[tuple[bool | None, int]]) -> None:
    check, now_ms, since_ms = Check(), 0, None
    for shows, wait_ms in steps:
        now_ms += wait_ms
        since_ms = None if not shows else now_ms if since_ms is None else since_ms
        before = check
        check = next_check(check, shows, now_ms, RATIO_SPAN_MS)
        if check.wrong and not before.wrong:
            assert since_ms is not None
            assert now_ms - since_ms >= RATIO_SPAN_MS
        if shows is False:
            assert check.wrong is False


def test_a_panel_with_volts_and_no_watts_at_midday_is_dead_unless_the_battery_is_full() -> None:
    assert panel_is_dead(19.0, 0.0, midday=True, filled=False) is True
    assert panel_is_dead(19.0, 30.0, midday=True, filled=False) is False
    assert panel_is_dead(2.0, 0.0, midday=True, filled=False) is False
    assert panel_is_dead(19.0, 0.0, midday=True, filled=True) is None
    assert panel_is_dead(19.0, 0.0, midday=False, filled=False) is None
    assert panel_is_dead(None, 0.0, midday=True, filled=False) is None
