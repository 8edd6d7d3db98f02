"""POW-R56: what the firmware needs of a heap of 192 kB. Runs where the heap is bounded."""

import gc

import machine

import board
import framing
import guard
import link
import meter
from ticks import BEFORE_THE_WRAP, ticks_add, ticks_diff


def test_the_heap_is_that_of_a_board():
    total = gc.mem_alloc() + gc.mem_free()
    assert 150_000 < total <= 192 * 1_024, total


def test_a_heap_that_is_full_raises():
    try:
        bytearray(400_000)
    except MemoryError:
        return
    raise AssertionError("the heap has no end")


def test_a_hundred_thousand_steps_leave_1_kb_at_most():
    limits = guard.Limits()
    supply, volts = guard.Guard(limits, 0, ticks_diff), meter.Meter(ticks_diff)
    talk = link.Link(supply, limits, volts, lambda: True, machine.PWRON_RESET)
    decoder = framing.Decoder(ticks_diff)
    frames = framing.encode(framing.HEARTBEAT) + framing.encode(framing.QUERY, b"\x81") + b"\x7e\x01\x00\x01"
    now = BEFORE_THE_WRAP

    def live(steps):
        nonlocal now
        for step in range(steps):
            now = ticks_add(now, 500)
            volts.add(now, (13_000 + step % 400, step % 2_000 - 1_000), 13_000)
            if supply.step(now, volts.fast_mv, volts.slow_mv):
                volts.restart()
            if step % 20 == 0:
                for frame in decoder.feed(frames, now):
                    talk.answer(frame, now)
        gc.collect()
        return gc.mem_alloc()

    before = live(2_000)
    after = live(100_000)
    assert after - before <= 1_024, (before, after)


def test_a_day_of_the_whole_board_leaves_1_kb_at_most():
    machine.new_world()
    now = BEFORE_THE_WRAP
    whole = board.Board(lambda: now)

    def live(steps):
        nonlocal now
        for step in range(steps):
            now = ticks_add(now, 500)
            whole.look()
            if step % 20 == 0:
                whole.hear(framing.encode(framing.HEARTBEAT))
            machine.world.uart.sent = bytearray()
        gc.collect()
        return gc.mem_alloc()

    before = live(2_000)
    after = live(20_000)
    assert after - before <= 1_024, (before, after)
