"""POW-R48 to R56 on the whole board: sensors, flash, rail, line, watchdog and lamp, on simulated pins."""

import asyncio
import os

import machine

import board
import flash
from framing import ACK, HALT_REQUEST, HEARTBEAT, LIMIT, SLEEP, STATUS, VERSION, Decoder, encode
from guard import BOOTING, CUT, HALTED, HALTING, OFF, RUN
from ticks import BEFORE_THE_WRAP, ticks_add, ticks_diff

CURRENT, DIVIDER, FLASH_FAILED = 1, 2, 32
SECOND, MINUTE = 1_000, 60_000
RAIL_PIN, POWEROFF_PIN, LAMP_PIN = 15, 14, 25
HALTED_FRAME = encode(2)


class Desk:
    """A board on the desk, with a battery to turn and a Pi to play."""

    def __init__(self, clean=True):
        self.world = machine.new_world()
        self.now = BEFORE_THE_WRAP
        if clean:
            for name in ("attempts", "limits"):
                if name in os.listdir("."):
                    os.remove(name)
        self.begin()

    def begin(self):
        """The board gets its supply."""
        self.world.levels.clear()
        self.board = board.Board(lambda: self.now)
        self.decoder = Decoder(ticks_diff)

    @property
    def state(self):
        return self.board.guard.state

    def wait(self, ms, beats=False):
        """Samples 500 ms apart, or 5 s in a wait longer than 2 min."""
        step = 5_000 if ms > 2 * MINUTE else 500
        for passed in range(step, ms + 1, step):
            self.now = ticks_add(self.now, step)
            if beats and passed % 10_000 == 0:
                self.say(encode(HEARTBEAT))
            self.board.look()

    def say(self, data):
        """What the board answers at once, as (kind, payload)."""
        self.heard()
        self.board.hear(data)
        return self.heard()

    def heard(self):
        sent, self.world.uart.sent = bytes(self.world.uart.sent), bytearray()
        return [(kind, payload) for _, kind, payload in self.decoder.feed(sent, self.now)]

    def status(self):
        self.heard()
        self.wait(1_000)
        return [payload for kind, payload in self.heard() if kind == STATUS][-1]

    def run(self):
        self.wait(62 * SECOND)
        self.say(encode(HEARTBEAT))
        assert self.state == RUN


def test_reads_millivolts_and_signed_milliamperes_of_the_ina226():
    desk = Desk()
    desk.world.battery_mv, desk.world.battery_ma = 13_200, -3_500
    desk.wait(3 * SECOND)
    assert desk.world.registers[0] == 0x4927
    assert (desk.world.ina226(2), desk.world.ina226(1)) == (10_560, 0xF510)
    payload = desk.status()
    assert payload[2:9] == b"\x01" + (13_200).to_bytes(2, "big") + b"\xff\xff\xf2\x54"
    desk.world.battery_ma = 2_450
    assert desk.status()[5:9] == (2_450).to_bytes(4, "big")


def test_an_i2c_error_is_one_missing_sample():
    desk = Desk()
    desk.wait(3 * SECOND)
    before = desk.status()
    desk.world.failing_transfers = 1
    assert desk.status()[3:5] == before[3:5]
    for _ in range(70):
        desk.world.failing_transfers = 1
        desk.wait(1_000)
    assert desk.state == BOOTING
    desk.wait(500)
    assert desk.status()[2] == CURRENT


def test_a_held_data_line_is_freed_by_nine_clocks():
    desk = Desk()
    desk.wait(3 * SECOND)
    desk.world.clocks_missing = 9
    desk.wait(2 * SECOND)
    assert desk.world.clocks_missing == 0
    assert desk.status()[2] == CURRENT


def test_an_ina226_that_lost_its_supply_is_set_up_again():
    desk = Desk()
    desk.wait(3 * SECOND)
    desk.world.ina226_answers = False
    desk.wait(2 * SECOND)
    desk.world.registers.clear()
    desk.world.ina226_answers = True
    desk.wait(2 * SECOND)
    assert desk.world.registers[0] == 0x4927
    assert desk.status()[2] == CURRENT


def test_the_divider_takes_over_after_30_s():
    desk = Desk()
    desk.world.divider_mv_off = 150
    desk.wait(MINUTE)
    desk.world.ina226_answers = False
    desk.wait(29 * SECOND)
    desk.wait(3 * SECOND)
    payload = desk.status()
    assert payload[2] == DIVIDER
    # The divider was 150 mV too high, and learned it.
    assert abs(int.from_bytes(payload[3:5], "big") - 13_200) <= 30
    assert desk.board.flashes() == 7
    desk.run()


def test_both_sensors_lost_are_told_and_the_pi_goes_on():
    desk = Desk()
    desk.run()
    desk.world.ina226_answers = False
    desk.world.divider_mv_off = None
    desk.wait(10 * MINUTE, beats=True)
    payload = desk.status()
    assert (payload[0], payload[2], payload[3:5]) == (RUN, DIVIDER, b"\x00\x00")


def test_a_broken_wire_reads_as_nothing_and_not_as_an_empty_battery():
    desk = Desk()
    desk.run()
    desk.world.battery_mv = 3_000
    desk.wait(MINUTE, beats=True)
    assert desk.state == RUN


def test_attempts_are_in_flash_before_the_rail_goes_on():
    desk = Desk()
    seen = []
    desk.world.on_level = lambda pin, level: pin == RAIL_PIN and level and seen.append(flash.load("attempts"))
    desk.wait(62 * SECOND)
    desk.wait(125 * SECOND)
    desk.wait(10 * MINUTE + 5 * SECOND)
    assert seen == [b"\x01", b"\x02"]


def test_a_board_that_browns_out_with_the_pack_waits_longer_each_time():
    desk = Desk()
    starts = []
    for tick in range(75 * 60 // 5):
        desk.now = ticks_add(desk.now, 5_000)
        desk.board.look()
        if desk.world.rail():
            starts.append(tick * 5 // 60)
            desk.begin()
    assert starts == [1, 11, 31, 71]


def test_half_an_hour_of_work_clears_the_attempts_in_flash():
    desk = Desk()
    desk.run()
    assert flash.load("attempts") == b"\x01"
    desk.wait(31 * MINUTE, beats=True)
    assert flash.load("attempts") == b"\x00"


def test_a_damaged_counter_and_damaged_limits_are_forgotten():
    desk = Desk()
    for name in ("attempts", "limits"):
        with open(name, "wb") as file:
            file.write(b"\x09\x00\x00")
    desk.begin()
    assert desk.board.guard.attempts == 0
    flash.save("limits", b"\x00\x01\x02")
    desk.begin()
    desk.run()


def test_a_flash_that_refuses_does_not_keep_the_pi_dark():
    desk = Desk()
    keep, flash.save = flash.save, lambda name, body: False
    try:
        desk.run()
        assert desk.status()[2] == CURRENT | FLASH_FAILED
        assert desk.say(encode(LIMIT, b"\x00\x00\x00\x31\x6a")) == [(ACK, b"\x04\x04")]
    finally:
        flash.save = keep


def test_limits_outlive_a_loss_of_power():
    desk = Desk()
    assert desk.say(encode(LIMIT, b"\x03\x00\x00\x32\xc8")) == [(ACK, b"\x04\x00")]  # 13,000 mV
    desk.begin()
    desk.world.battery_mv = 13_050
    desk.wait(62 * SECOND)
    assert desk.state == BOOTING
    desk = Desk()
    desk.world.battery_mv = 13_050
    desk.wait(62 * SECOND)
    assert desk.state == OFF


def test_status_comes_every_second_and_at_once_with_a_new_state():
    desk = Desk()
    desk.wait(30 * SECOND)
    desk.heard()
    desk.wait(10 * SECOND)
    assert [kind for kind, _ in desk.heard()] == [STATUS] * 10
    desk.wait(30 * SECOND)
    states = [payload[0] for _, payload in desk.heard()]
    assert states[-1] == BOOTING
    desk.say(encode(HEARTBEAT))
    desk.wait(500)
    assert [payload[0] for _, payload in desk.heard()] == [RUN]


def test_status_counts_charge_and_uptime():
    desk = Desk()
    desk.world.battery_ma = 3_600
    desk.wait(100_500)
    payload = desk.status()
    assert abs(int.from_bytes(payload[9:13], "big") - 100) <= 1
    assert int.from_bytes(payload[17:21], "big") in (100, 101)


def test_halt_request_comes_at_once_and_every_5_s():
    desk = Desk()
    desk.run()
    desk.world.battery_mv = 12_400
    while desk.state == RUN:
        desk.wait(500)
    desk.wait(20 * SECOND)
    requests = [payload for kind, payload in desk.heard() if kind == HALT_REQUEST]
    assert [payload[0] for payload in requests] == [3] * 5
    assert [payload[2] for payload in requests] == [45, 40, 35, 30, 25]


def test_sleep_and_halted_turn_the_rail_off_at_once():
    desk = Desk()
    desk.run()
    assert desk.say(encode(SLEEP, b"\x00\x00\x0e\x10\x00")) == [(ACK, b"\x03\x00")]
    assert (desk.state, desk.world.rail()) == (HALTING, True)
    assert desk.say(HALTED_FRAME) == [(ACK, b"\x02\x00")]
    assert (desk.state, desk.world.rail()) == (OFF, False)


def test_a_collapse_cuts_the_rail():
    desk = Desk()
    desk.run()
    desk.world.battery_mv = 11_700
    desk.wait(1_500)
    assert (desk.state, desk.board.guard.reason, desk.world.rail()) == (OFF, CUT, False)


def test_the_power_off_pin_is_as_good_as_halted():
    desk = Desk()
    desk.run()
    desk.say(encode(SLEEP, b"\x00\x00\x0e\x10\x00"))
    desk.world.levels[POWEROFF_PIN] = 1
    desk.wait(500)
    assert desk.state == HALTING
    desk.wait(500)
    assert desk.state == OFF
    desk = Desk()
    desk.run()
    desk.world.levels[POWEROFF_PIN] = 1
    desk.wait(1_000)
    assert (desk.state, desk.board.guard.reason) == (OFF, HALTED)


def test_a_power_off_pin_that_is_always_high_tells_nothing():
    desk = Desk()
    desk.world.levels[POWEROFF_PIN] = 1
    desk.run()
    desk.wait(MINUTE, beats=True)
    assert desk.state == RUN


def test_garbage_on_the_line_is_passed_over():
    desk = Desk()
    desk.wait(62 * SECOND)
    for _ in range(50):
        desk.say(b"\x7e\x01\x40" + bytes(range(60)))
    desk.now = ticks_add(desk.now, 100)
    desk.say(b"")
    assert desk.say(encode(HEARTBEAT)) == [(ACK, b"\x01\x00")]
    assert desk.state == RUN
    assert desk.say(encode(HEARTBEAT, b"", 9))[0][0] == VERSION


def test_the_lamp_tells_each_state_apart():
    desk = Desk()
    shown = [desk.board.flashes()]
    desk.wait(62 * SECOND)
    shown.append(desk.board.flashes())
    desk.say(encode(HEARTBEAT))
    shown.append(desk.board.flashes())
    desk.say(encode(SLEEP, b"\x00\x00\x0e\x10\x00"))
    shown.append(desk.board.flashes())
    desk.say(HALTED_FRAME)
    shown.append(desk.board.flashes())
    desk = Desk()
    desk.wait(62 * SECOND)
    desk.wait(121 * SECOND)
    shown.append(desk.board.flashes())
    assert shown == [6, 2, 1, 3, 4, 5]


class Hurry:
    """Time for a board whose loops run: it passes only while they sleep."""

    def __init__(self):
        self.now = BEFORE_THE_WRAP

    def ticks_ms(self):
        return self.now

    async def sleep_ms(self, ms):
        if ms == board.SAMPLE_MS:
            self.now = ticks_add(self.now, ms)
        await asyncio.sleep_ms(1)


async def wait_until(reached):
    for _ in range(2_000):
        if reached():
            return
        await asyncio.sleep_ms(1)
    raise AssertionError("never reached")


async def test_the_loops_sample_listen_and_blink_together():
    world = machine.new_world()
    lamp = set()
    world.on_level = lambda pin, level: pin == LAMP_PIN and lamp.add(level)
    hurry = Hurry()
    running = board.Board(hurry.ticks_ms, hurry.sleep_ms)
    task = asyncio.create_task(running.run())
    await wait_until(lambda: running.guard.state == BOOTING)
    world.uart.arrive(b"\x00\x7e" + encode(HEARTBEAT))
    await wait_until(lambda: running.guard.state == RUN)
    await wait_until(lambda: lamp == {0, 1})
    task.cancel()
    assert world.feeds >= 120


async def test_a_part_that_fails_ends_the_work_so_that_the_watchdog_bites():
    machine.new_world()
    hurry = Hurry()
    running = board.Board(hurry.ticks_ms, hurry.sleep_ms)

    def fail(chunk):
        raise ValueError("a part has failed")

    running.hear = fail
    try:
        await running.run()
    except ValueError:
        return
    raise AssertionError("the work went on without a part")


def test_nobody_but_the_sampling_loop_feeds_the_watchdog():
    desk = Desk()
    desk.run()
    assert desk.world.feeds == 0


def test_main_stays_idle_while_the_service_pin_is_held():
    world = machine.new_world()
    world.levels[22] = 0
    import main

    assert main.SERVICE_PIN == 22
    assert RAIL_PIN not in world.levels
    assert world.feeds == 0
