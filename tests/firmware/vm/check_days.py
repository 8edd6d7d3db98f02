"""POW-R52 and R59: forty days on a clock that wraps every 12.4, a hang on the first, a sleep every night."""

from guard import HALTING, OFF, RUN, Guard, Limits
from ticks import BEFORE_THE_WRAP
from ticks import ticks_add as own_add
from ticks import ticks_diff as own_diff

STEP_MS = 60_000
STEPS_A_DAY = 1_440
_PERIOD = 1 << 30


def board_add(ticks, delta):
    return (ticks + delta) % _PERIOD


def board_diff(later, earlier):
    return (later - earlier + _PERIOD // 2) % _PERIOD - _PERIOD // 2


def live(ticks_add, ticks_diff, start):
    """Minutes of opening hours (05 to 22) in which the Pi did not run, by day; and how often it hung."""
    guard = Guard(Limits(), 0, ticks_diff)
    now, hung_since, hangs = start, None, 0
    dark = [0] * 40
    for step in range(40 * STEPS_A_DAY):
        day, minute = divmod(step, STEPS_A_DAY)
        now = ticks_add(now, STEP_MS)
        by_day = 6 * 60 <= minute < 18 * 60
        if day == 0 and minute == 12 * 60:
            hung_since = step
        if guard.state == OFF:
            hangs += hung_since is not None
            hung_since = None
        elif hung_since is None:
            guard.heartbeat(now)
        if minute == 22 * 60:
            guard.sleep(now, (6 * 60 + 55) * 60, False)
        elif guard.state == HALTING:
            guard.halted(now)
        mv = 13_400 if by_day else 12_950
        guard.step(now, mv, mv)
        if 5 * 60 <= minute < 22 * 60 and guard.state != RUN:
            dark[day] += 1
    return dark, hangs


def test_no_opening_hour_is_dark_from_the_second_day_on_with_the_clock_of_a_board():
    dark, hangs = live(board_add, board_diff, _PERIOD - 3 * STEP_MS)
    assert hangs == 1
    assert dark[1:] == [0] * 39, dark
    # The first day begins cold with 12.95 V: it waits for the sun at six, and hangs once at noon.
    assert 60 <= dark[0] <= 70, dark


def test_no_opening_hour_is_dark_from_the_second_day_on_with_the_clock_of_this_machine():
    dark, hangs = live(own_add, own_diff, BEFORE_THE_WRAP)
    assert hangs == 1
    assert dark[1:] == [0] * 39, dark


def test_three_weeks_in_the_dark_do_not_lock_the_bench_out():
    guard = Guard(Limits(), 0, board_diff)
    now = 0
    for _ in range(21 * STEPS_A_DAY):
        now = board_add(now, STEP_MS)
        guard.step(now, 12_400, 12_400)
    assert guard.state == OFF
    for _ in range(2):
        now = board_add(now, STEP_MS)
        guard.step(now, 13_300, 13_300)
    assert guard.rail


def test_three_weeks_of_sun_and_a_pause_every_day_do_not_lock_the_bench_out():
    guard = Guard(Limits(), 0, board_diff)
    now, longest, since = 0, 0, 0
    for step in range(21 * STEPS_A_DAY):
        now = board_add(now, STEP_MS)
        if guard.rail:
            since = step
        longest = max(longest, step - since)
        guard.step(now, 13_300, 13_300)
    assert guard.attempts > 100
    assert longest <= 122
