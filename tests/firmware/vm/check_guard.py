"""POW-R48: every row of the state table, across the wrap of the clock (R52)."""

from guard import (
    ALIVE,
    BOOTING,
    COLD,
    CRITICAL,
    CUT,
    HALTED,
    HALTING,
    HUNG,
    LOW,
    NO_BOOT,
    OFF,
    RUN,
    SLEEP,
    TIMEOUT,
    WAKE,
)
from scene import HOUR, MINUTE, SECOND, Scene, begin_critical, begin_low, begin_sleep


def test_codes_are_those_of_the_specification():
    assert (OFF, BOOTING, RUN, HALTING) == (0, 1, 2, 3)
    assert tuple(range(10)) == (COLD, WAKE, ALIVE, LOW, SLEEP, CRITICAL, HALTED, HUNG, NO_BOOT, CUT)
    assert TIMEOUT == 128


# OFF -> BOOTING


def test_off_starts_after_60_s_of_enough_volts():
    scene = Scene()
    assert (scene.guard.state, scene.guard.reason, scene.guard.rail) == (OFF, COLD, False)
    scene.wait(59_500)
    assert scene.state == OFF
    scene.wait(500)
    assert (scene.guard.state, scene.guard.reason, scene.guard.rail) == (BOOTING, WAKE, True)


def test_off_starts_the_minute_anew_after_a_break():
    scene = Scene()
    scene.wait(50 * SECOND)
    scene.mv = 12_000
    scene.wait(2 * SECOND)
    scene.mv = 13_200
    scene.wait(1_500)  # until the mean of three samples is enough
    assert scene.wait_for(BOOTING, 90 * SECOND) == 60 * SECOND


def test_weak_sun_that_never_settles_never_starts_the_pi():
    scene = Scene()
    for _ in range(360):
        scene.mv = 13_200
        scene.wait(40 * SECOND, step=5_000)
        scene.mv = 13_000
        scene.wait(20 * SECOND, step=5_000)
        assert scene.state == OFF
    assert scene.guard.attempts == 0


def test_off_waits_for_the_time_to_wake():
    scene = Scene()
    scene.run()
    scene.guard.sleep(scene.now, 7 * 3_600, False)
    scene.guard.halted(scene.now)
    scene.wait(7 * HOUR - SECOND)
    assert scene.state == OFF
    assert scene.guard.waits_for_wake
    scene.wait(2 * SECOND)
    assert scene.state == BOOTING
    assert not scene.guard.waits_for_wake


def test_off_waits_for_the_end_of_a_pause():
    scene = Scene()
    scene.boot()
    scene.wait_for(OFF, 130 * SECOND)
    assert scene.guard.backs_off
    assert scene.wait_for(BOOTING, HOUR) == 10 * MINUTE
    assert not scene.guard.backs_off


# BOOTING


def test_booting_becomes_run_by_a_heartbeat():
    scene = Scene()
    scene.boot()
    scene.wait(100 * SECOND)
    assert scene.guard.heartbeat(scene.now)
    assert (scene.guard.state, scene.guard.reason) == (RUN, ALIVE)


def test_booting_ends_after_120_s_without_a_heartbeat():
    scene = Scene()
    scene.wait_for(BOOTING, 2 * MINUTE)
    scene.wait(119_500)
    assert scene.state == BOOTING
    scene.wait(500)
    assert (scene.guard.state, scene.guard.reason) == (OFF, NO_BOOT)


def test_booting_hears_neither_halted_nor_sleep():
    scene = Scene()
    scene.boot()
    assert not scene.guard.halted(scene.now)
    assert not scene.guard.sleep(scene.now, 60, False)
    assert not scene.guard.maintain(scene.now, 60)
    assert scene.state == BOOTING


# RUN


def test_run_halts_when_the_slow_voltage_is_low():
    scene = Scene()
    scene.run(MINUTE)
    scene.mv = 12_590
    scene.wait(29 * SECOND, beats=True)
    assert scene.state == RUN
    scene.wait(2 * SECOND, beats=True)
    assert (scene.guard.state, scene.guard.reason, scene.guard.rail) == (HALTING, LOW, True)


def test_run_goes_on_at_exactly_12_60_v():
    scene = Scene()
    scene.run()
    scene.mv = 12_600
    scene.wait(2 * MINUTE, beats=True)
    assert scene.state == RUN


def test_run_does_not_look_at_the_slow_voltage_for_its_first_20_s():
    scene = Scene()
    scene.boot()
    scene.mv = 12_500
    scene.guard.heartbeat(scene.now)
    assert 20 * SECOND <= scene.wait_for(HALTING, MINUTE) <= 21 * SECOND


def test_run_bears_a_dip_that_the_mean_of_30_s_hides():
    scene = Scene()
    scene.run(MINUTE)
    scene.mv = 12_300
    scene.wait(10 * SECOND, beats=True)
    scene.mv = 13_200
    scene.wait(MINUTE, beats=True)
    assert scene.state == RUN


def test_run_halts_for_a_sleep_and_for_a_critical_sleep():
    for critical, reason in ((False, SLEEP), (True, CRITICAL)):
        scene = Scene()
        scene.run()
        assert scene.guard.sleep(scene.now, 3_600, critical)
        assert (scene.guard.state, scene.guard.reason, scene.guard.rail) == (HALTING, reason, True)
        assert scene.guard.waits_for_wake


def test_run_ends_after_180_s_without_a_heartbeat():
    scene = Scene()
    scene.run(5 * MINUTE)
    silent_ms = scene.passed_ms % 10_000
    scene.wait(179_500 - silent_ms)
    assert scene.state == RUN
    scene.wait(500)
    assert (scene.guard.state, scene.guard.reason) == (OFF, HUNG)


def test_run_in_maintenance_may_be_silent_and_has_180_s_after_it():
    scene = Scene()
    scene.run()
    assert scene.guard.maintain(scene.now, 240)
    scene.wait(240 * MINUTE)
    assert (scene.state, scene.guard.in_maintenance) == (RUN, False)
    scene.wait(179 * SECOND)
    assert scene.state == RUN
    scene.wait(2 * SECOND)
    assert (scene.guard.state, scene.guard.reason) == (OFF, HUNG)


def test_maintenance_ends_by_itself_by_request_and_with_run():
    scene = Scene()
    scene.run()
    scene.guard.maintain(scene.now, 9_999)
    scene.wait(240 * MINUTE + 180 * SECOND)
    assert scene.guard.reason == HUNG
    scene = Scene()
    scene.run()
    scene.guard.maintain(scene.now, 240)
    scene.guard.maintain(scene.now, 0)
    assert not scene.guard.in_maintenance
    scene.guard.maintain(scene.now, 240)
    scene.guard.sleep(scene.now, 0, False)
    scene.guard.halted(scene.now)
    scene.run()
    assert not scene.guard.in_maintenance


def test_maintenance_does_not_hide_a_low_battery():
    scene = Scene()
    scene.run()
    scene.guard.maintain(scene.now, 240)
    scene.mv = 12_500
    scene.wait_for(HALTING, MINUTE)
    assert scene.guard.reason == LOW


def test_run_that_is_powered_off_by_hand_comes_back_after_15_min():
    scene = Scene()
    scene.run()
    assert scene.guard.halted(scene.now)
    assert (scene.guard.state, scene.guard.reason) == (OFF, HALTED)
    assert scene.wait_for(BOOTING, HOUR) == 15 * MINUTE


# HALTING


def test_halting_ends_by_halted_and_keeps_its_reason():
    scene = Scene()
    for begin, reason in ((begin_sleep, SLEEP), (begin_critical, CRITICAL), (begin_low, LOW)):
        scene = Scene()
        begin(scene)
        scene.wait(20 * SECOND)
        assert scene.guard.halted(scene.now)
        assert (scene.guard.state, scene.guard.reason) == (OFF, reason)


def test_halting_ends_after_45_s_and_says_so():
    for begin, reason in ((begin_sleep, SLEEP), (begin_critical, CRITICAL), (begin_low, LOW)):
        scene = Scene()
        begin(scene)
        assert scene.guard.halt_left_s == 45
        scene.wait(44_500)
        assert (scene.state, scene.guard.halt_left_s) == (HALTING, 1)
        scene.wait(500)
        assert (scene.guard.state, scene.guard.reason) == (OFF, reason | TIMEOUT)
        assert scene.guard.halt_left_s == 0


def test_halting_hears_the_same_wish_again_but_no_other():
    scene = Scene()
    begin_sleep(scene)
    scene.wait(10 * SECOND)
    assert scene.guard.sleep(scene.now, 1_800, False)
    assert scene.guard.halt_left_s == 35
    assert not scene.guard.maintain(scene.now, 10)
    assert scene.guard.heartbeat(scene.now)
    scene.guard.halted(scene.now)
    assert scene.wait_for(BOOTING, HOUR) == 30 * MINUTE
    scene = Scene()
    begin_low(scene)
    assert not scene.guard.sleep(scene.now, 1_800, False)
    assert not scene.guard.waits_for_wake


# not OFF -> cut


def test_every_state_with_supply_is_cut_below_11_80_v():
    for begin in (Scene.boot, Scene.run, begin_low):
        scene = Scene()
        begin(scene)
        scene.mv = 11_800
        scene.wait(2 * SECOND)
        assert scene.guard.rail
        scene.mv = 11_790
        scene.wait(1_500)
        assert (scene.guard.state, scene.guard.reason) == (OFF, CUT)


def test_one_sample_that_is_too_low_cuts_nothing():
    scene = Scene()
    scene.run()
    scene.mv = 9_500
    scene.wait(500)
    scene.mv = 13_200
    scene.wait(5 * SECOND)
    assert scene.state == RUN


def test_off_hears_nobody():
    guard = Scene().guard
    assert not guard.heartbeat(0)
    assert not guard.halted(0)
    assert not guard.sleep(0, 60, False)
    assert not guard.maintain(0, 60)
    assert (guard.state, guard.waits_for_wake) == (OFF, False)
