"""POW-R49 to R53: what a dark bench waits for, what a guard does without a sensor or with other limits."""

from guard import BOOTING, HALTING, HUNG, NO_BOOT, OFF, RUN, Guard, Limits
from scene import (
    HOUR,
    MINUTE,
    SECOND,
    Scene,
    boot_in_vain,
    collapse,
    critical_then_halted,
    hang,
    low_then_halted,
    poweroff,
    sleep_then_halted,
    sleep_then_timeout,
)
from ticks import BEFORE_THE_WRAP, ticks_add, ticks_diff

# Thresholds, wake rule


def test_12_75_v_start_the_pi_after_a_wanted_halt_and_13_10_v_after_anything_else():
    for begin, mv in (
        (sleep_then_halted, 12_750),
        (sleep_then_timeout, 12_750),
        (poweroff, 12_750),
        (critical_then_halted, 13_100),
        (low_then_halted, 13_100),
        (boot_in_vain, 13_100),
        (hang, 13_100),
        (collapse, 13_100),
    ):
        scene = Scene()
        begin(scene)
        scene.mv = mv - 10
        scene.wait(3 * HOUR)
        assert scene.state == OFF, (begin, mv)
        scene.mv = mv
        assert scene.wait_for(BOOTING, 2 * MINUTE) <= 62 * SECOND, (begin, mv)


def test_a_cold_start_wants_13_10_v():
    scene = Scene(mv=13_090)
    scene.wait(HOUR)
    assert scene.state == OFF
    scene.mv = 13_100
    scene.wait_for(BOOTING, 62 * SECOND)


def test_no_sleep_is_longer_than_a_day():
    scene = Scene()
    scene.run()
    scene.guard.sleep(scene.now, 4_000_000_000, False)
    scene.guard.halted(scene.now)
    assert scene.wait_for(BOOTING, 25 * HOUR) == 24 * HOUR


# Pauses


def test_failed_boots_are_tried_after_growing_pauses():
    scene = Scene()
    for minutes in (10, 20, 40, 80, 120, 120):
        scene.wait_for(BOOTING, 3 * HOUR)
        scene.wait_for(OFF, 3 * MINUTE)
        assert scene.wait_for(BOOTING, 3 * HOUR) == minutes * MINUTE, minutes
        scene.wait_for(OFF, 3 * MINUTE)
        scene.guard.attempts -= 1  # the next round begins where this one ended
        scene.begin(scene.guard.attempts)


def test_a_pack_that_collapses_at_every_start_is_tried_at_1_11_31_71_151_and_271_min():
    scene = Scene()
    while len(scene.starts) < 6:
        scene.mv = 11_000 if scene.guard.rail else 13_200
        scene.wait(5_000, step=5_000)
        assert scene.passed_ms < 6 * HOUR
    assert [start // MINUTE for start in scene.starts] == [1, 11, 31, 71, 151, 271]


def test_a_pack_that_takes_the_board_down_is_tried_as_seldom():
    scene = Scene()
    while len(scene.starts) < 6:
        scene.wait(5_000, step=5_000)
        if scene.guard.rail:  # the board browns out, starts anew and remembers its attempts only
            scene.begin(scene.guard.attempts)
        assert scene.passed_ms < 6 * HOUR
    assert [start // MINUTE for start in scene.starts] == [1, 11, 31, 71, 151, 271]


def test_the_first_hang_is_mended_after_10_s_and_a_minute_of_volts_the_next_waits():
    scene = Scene()
    scene.run(HOUR)
    scene.wait_for(OFF, 4 * MINUTE)
    assert scene.wait_for(BOOTING, 2 * MINUTE) == 60_500
    scene.guard.heartbeat(scene.now)
    scene.wait_for(OFF, 4 * MINUTE)
    assert scene.wait_for(BOOTING, HOUR) == 10 * MINUTE
    scene.guard.heartbeat(scene.now)
    scene.wait_for(OFF, 4 * MINUTE)
    assert scene.wait_for(BOOTING, HOUR) == 20 * MINUTE


def test_the_first_hang_of_a_new_board_is_mended_as_fast():
    scene = Scene()
    scene.run()
    scene.wait_for(OFF, 4 * MINUTE)
    assert scene.wait_for(BOOTING, 2 * MINUTE) == 60_500


def test_30_min_in_run_clear_the_attempts():
    scene = Scene(attempts=3)
    scene.wait(39 * MINUTE)
    assert scene.state == OFF
    scene.wait(2 * MINUTE)
    scene.guard.heartbeat(scene.now)
    scene.wait(29 * MINUTE, beats=True)
    assert scene.guard.attempts == 4
    scene.wait(MINUTE, beats=True)
    assert scene.guard.attempts == 0
    scene.wait_for(OFF, 4 * MINUTE)
    assert scene.guard.reason == HUNG
    assert scene.wait_for(BOOTING, 2 * MINUTE) == 60_500


def test_low_within_30_min_waits_and_low_after_a_day_does_not():
    for minutes, pause in ((20, 10 * MINUTE), (40, MINUTE)):
        scene = Scene()
        scene.run(minutes * MINUTE)
        scene.mv = 12_500
        scene.wait_for(HALTING, MINUTE)
        scene.guard.halted(scene.now)
        scene.mv = 13_200
        taken = scene.wait_for(BOOTING, HOUR)
        assert pause <= taken <= pause + 20 * SECOND, (minutes, taken)


def test_halts_that_were_wanted_do_not_wait():
    for begin in (sleep_then_halted, critical_then_halted, poweroff):
        scene = Scene()
        begin(scene)
        assert not scene.guard.backs_off, begin


def test_attempts_stay_in_a_byte():
    scene = Scene(attempts=255)
    assert scene.wait_for(BOOTING, 3 * HOUR) == 120 * MINUTE
    assert scene.guard.attempts == 255


# Sensors


def test_run_goes_on_without_any_voltage():
    scene = Scene()
    scene.run()
    scene.mv = None
    scene.wait(5 * HOUR, beats=True)
    assert scene.state == RUN


def test_off_without_any_voltage_tries_every_6_h():
    scene = Scene(mv=None)
    assert scene.wait_for(BOOTING, 7 * HOUR) == 6 * HOUR
    scene.wait_for(OFF, 3 * MINUTE)
    assert scene.guard.reason == NO_BOOT
    assert scene.wait_for(BOOTING, 7 * HOUR) == 6 * HOUR


def test_off_that_knew_a_flat_battery_does_not_try_the_moment_it_goes_blind():
    scene = Scene(mv=12_000)
    scene.wait(20 * HOUR)
    scene.mv = None
    assert scene.wait_for(BOOTING, 7 * HOUR) >= 6 * HOUR


def test_a_sensor_that_answers_now_and_then_does_not_keep_the_bench_dark():
    scene = Scene()
    for _ in range(40):
        scene.mv = None
        scene.wait(25 * SECOND)
        scene.mv = 13_200
        scene.wait(500)
    assert scene.state == BOOTING


# Limits and calls in between


def test_limits_move_within_their_bounds_and_keep_their_order():
    limits = Limits()
    assert limits.set(0, 12_500)
    assert limits.values[0] == 12_500
    for number, value in ((0, 11_999), (0, 13_001), (1, 12_500), (2, 12_500), (3, 12_700), (5, 59), (8, 60)):
        assert not limits.set(number, value), (number, value)
    assert limits.values == [12_500, 11_800, 12_750, 13_100, 60, 120, 180, 45]
    assert Limits.BOUNDS == (
        (12_600, 12_000, 13_000),
        (11_800, 11_000, 12_300),
        (12_750, 12_200, 13_300),
        (13_100, 12_400, 13_500),
        (60, 30, 600),
        (120, 60, 600),
        (180, 60, 900),
        (45, 20, 180),
    )
    for number, (_, least, most) in enumerate(Limits.BOUNDS):
        assert not Limits().set(number, least - 1)
        assert not Limits().set(number, most + 1)
    assert Limits().set_all([least for _, least, _ in Limits.BOUNDS])
    assert Limits().set_all([most for _, _, most in Limits.BOUNDS])
    assert Limits().set_all([12_600, 11_800, 13_100, 13_100, 60, 120, 180, 45])
    assert not Limits().set_all([12_300, 12_300, 13_100, 13_100, 60, 120, 180, 45])
    assert not limits.set_all([12_600])


def test_limits_rule_while_the_guard_works():
    scene = Scene(mv=12_900)
    scene.wait(5 * MINUTE)
    assert scene.state == OFF
    assert scene.limits.set(3, 12_900)
    scene.wait_for(BOOTING, 62 * SECOND)
    assert scene.limits.set(5, 60)
    assert scene.wait_for(OFF, 3 * MINUTE) == 60 * SECOND


def test_calls_between_the_steps_neither_stop_nor_hurry_the_clock():
    guard = Guard(Limits(), 0, ticks_diff)
    now = BEFORE_THE_WRAP
    guard.step(now, 13_200, None)
    for _ in range(600):
        now = ticks_add(now, 100)
        guard.heartbeat(now)
        if guard.step(now, 13_200, None):
            break
    assert ticks_diff(now, BEFORE_THE_WRAP) == 60_000


def test_a_step_tells_what_happened_since_the_last_one():
    guard = Guard(Limits(), 0, ticks_diff)
    assert not guard.step(0, 13_200, None)
    assert guard.step(60_000, 13_200, None)
    guard.heartbeat(60_100)
    assert guard.step(60_500, 13_200, None)
    assert not guard.step(61_000, 13_200, None)


def test_a_clock_that_jumps_back_is_not_followed():
    guard = Guard(Limits(), 0, ticks_diff)
    guard.step(100_000, 13_200, None)
    guard.step(90_000, 13_200, None)
    guard.step(149_999, 13_200, None)
    assert guard.state == OFF
    guard.step(150_000, 13_200, None)
    assert guard.state == BOOTING
