"""The real Modbus client against a strict slave written by hand, over a pseudo-terminal (POW-R16 to R20)."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from typing_extensions import override

from bench_agent.adapters import modbus_rtu
from bench_agent.adapters.epever import EpeverPowerMeter
from bench_agent.adapters.epever_registers import BLOCKS
from bench_agent.domain.power_reading import ChargeStage, CurrentScope, PowerReading
from bench_agent.errors import (
    PowerMeterError,
    PowerMeterGarbledError,
    PowerMeterSilentError,
    PowerMeterUnreachableError,
)
from bench_agent.ports.clock import ClockQuality
from bench_agent.simulated.clock import SimulatedClock
from tests.serial_devices import EpeverSlave, crc16

WIB = timezone(timedelta(hours=7))
NOON_MS = int(datetime(2026, 3, 14, 12, 34, 56, tzinfo=WIB).timestamp() * 1000)
WORDS = {
    **dict(zip(range(0x3100, 0x3108), (1850, 310, 5735, 0, 1332, 425, 5661, 0), strict=True)),
    **dict(zip(range(0x310C, 0x3110), (1330, 75, 998, 0), strict=True)),
    **dict(zip(range(0x3110, 0x3113), (0xFE0C, 0x0C30, 0x0B4A), strict=True)),
    0x311A: 72,
    0x311B: 2500,
    0x311D: 1200,
    0x3200: 0,
    0x3201: 0x0009,
    **dict(zip(range(0x331A, 0x331D), (1332, 0xFE98, 0xFFFF), strict=True)),
    0x3304: 21,
    0x3305: 0,
    0x330C: 35,
    0x330D: 0,
    0x3312: 1,
    0x3313: 2,
}
Scene = Callable[[EpeverPowerMeter, EpeverSlave], Awaitable[None]]


class UnsureClock(SimulatedClock):
    """A clock nobody has set."""

    @override
    def quality(self) -> ClockQuality:
        return ClockQuality.ESTIMATED


def run(
    tmp_path: Path,
    scene: Scene,
    *,
    clock: SimulatedClock | None = None,
    zone: timezone | None = None,
    device_id: int = 1,
) -> None:
    async def play() -> None:
        slave = EpeverSlave(tmp_path / "ttyUSB1", dict(WORDS), device_id=device_id)
        slave.plug_in()
        meter = EpeverPowerMeter(
            str(slave.path), clock or SimulatedClock(NOON_MS), device_id=device_id, clock_zone=zone
        )
        try:
            await scene(meter, slave)
        finally:
            await meter.close()
            slave.pull_out()

    asyncio.run(play())


async def whole_round(meter: EpeverPowerMeter) -> PowerReading:
    """Read until a round over all blocks is over and its last block arrived."""
    for _ in range(20):
        await asyncio.gather(meter.read(), return_exceptions=True)
        if meter._round is None:
            break
    return await meter.read()


def assert_everything_is_read(reading: PowerReading) -> None:
    assert (reading.panel_voltage_v, reading.panel_power_w) == (18.50, 57.35)
    assert (reading.battery_voltage_v, reading.battery_current_a) == (13.32, -3.60)
    assert reading.current_scope is CurrentScope.CHARGER
    assert (reading.load_current_a, reading.load_power_w) == (0.75, 9.98)
    assert (reading.battery_temperature_c, reading.case_temperature_c) == (-5.00, 31.20)
    assert (reading.charge_stage, reading.reported_soc_pct) == (ChargeStage.BULK, 72)
    assert (reading.yield_today_wh, reading.yield_total_wh) == (350, 1_310_730)


@pytest.mark.parametrize("echoes", [False, True], ids=["no echo", "echo"])
@pytest.mark.parametrize("byte_by_byte", [False, True], ids=["whole answers", "byte by byte"])
def test_reads_every_field_with_and_without_echo_in_any_pieces(
    tmp_path: Path, echoes: bool, byte_by_byte: bool
) -> None:
    async def scene(meter: EpeverPowerMeter, slave: EpeverSlave) -> None:
        slave.echoes, slave.byte_by_byte = echoes, byte_by_byte
        assert_everything_is_read(await whole_round(meter))
        assert meter.error_counts() == {"outages": 0}
        assert meter.diagnostics()["heat_sink_temperature_c"] == "28.9"

    run(tmp_path, scene)


def test_asks_for_exactly_the_blocks_without_holes_and_by_function_4_only(tmp_path: Path) -> None:
    async def scene(meter: EpeverPowerMeter, slave: EpeverSlave) -> None:
        await meter.read()
        assert slave.requests == [(4, block.start, len(block)) for block in BLOCKS]
        assert slave.heard[0] == bytes.fromhex("01 04 31 00 00 08 FF 30")

    run(tmp_path, scene)


def test_a_refused_block_is_read_register_by_register_from_then_on(tmp_path: Path) -> None:
    async def scene(meter: EpeverPowerMeter, slave: EpeverSlave) -> None:
        slave.single_only = {0x331A, 0x331B, 0x331C}
        assert_everything_is_read(await whole_round(meter))
        net = [request for request in slave.requests if 0x331A <= request[1] <= 0x331C]
        singly = [(4, 0x331A, 1), (4, 0x331C, 1), (4, 0x331B, 1), (4, 0x331C, 1)]  # high, low, high
        assert net == [(4, 0x331A, 3), *singly, *singly]
        assert meter.error_counts()["refused_blocks"] == 1

    run(tmp_path, scene)


def test_a_32_bit_value_that_changes_between_two_requests_is_not_believed(tmp_path: Path) -> None:
    class Crossing(EpeverSlave):
        """The net current goes through zero whenever its low word was read."""

        @override
        def _read(self, wanted: range) -> bytes:
            answer = super()._read(wanted)
            if wanted == range(0x331B, 0x331C):
                self.words[0x331C] ^= 0xFFFF
            return answer

    async def play() -> None:
        slave = Crossing(tmp_path / "ttyUSB1", {**WORDS, 0x331B: 0xFFFF, 0x331C: 0})
        slave.single_only = {0x331B}
        slave.plug_in()
        meter = EpeverPowerMeter(str(slave.path), SimulatedClock())
        reading = await meter.read()
        assert (reading.battery_voltage_v, reading.battery_current_a) == (13.32, None)
        assert meter.error_counts()["torn_values"] == 1
        await meter.close()
        slave.pull_out()

    asyncio.run(play())


def test_a_register_that_is_not_there_is_asked_for_once_and_not_known(tmp_path: Path) -> None:
    async def scene(meter: EpeverPowerMeter, slave: EpeverSlave) -> None:
        del slave.words[0x3111], slave.words[0x311D]
        reading = await whole_round(meter)
        assert (reading.case_temperature_c, reading.battery_temperature_c) == (None, -5.00)
        assert "system_voltage_v" not in meter.diagnostics()
        assert slave.requests.count((4, 0x3111, 1)) == 1
        assert slave.requests.count((4, 0x3110, 1)) == 2

    run(tmp_path, scene)


def test_a_controller_that_is_busy_for_a_moment_is_asked_for_the_block_again(tmp_path: Path) -> None:
    class Busy(EpeverSlave):
        busy = True

        @override
        def _read(self, wanted: range) -> bytes:
            return b"\x84\x06" if self.busy and 0x331A in wanted else super()._read(wanted)

    async def play() -> None:
        slave = Busy(tmp_path / "ttyUSB1", dict(WORDS))
        slave.plug_in()
        meter = EpeverPowerMeter(str(slave.path), SimulatedClock())
        assert (await meter.read()).battery_current_a is None
        slave.busy = False
        assert (await meter.read()).battery_current_a == -3.60
        assert slave.requests.count((4, 0x331A, 3)) == 2
        await meter.close()
        slave.pull_out()

    asyncio.run(play())


def test_another_controller_behind_the_port_is_asked_anew_for_refused_blocks(tmp_path: Path) -> None:
    async def play() -> None:
        clock, slave = SimulatedClock(), EpeverSlave(tmp_path / "ttyUSB1", dict(WORDS))
        slave.single_only = {0x331A}
        slave.plug_in()
        meter = EpeverPowerMeter(str(slave.path), clock)
        await meter.read()
        slave.pull_out()
        await asyncio.sleep(0.05)
        clock.advance(1000)
        slave.single_only, slave.requests = set(), []
        slave.plug_in()
        await meter.read()
        assert slave.requests == [(4, block.start, len(block)) for block in BLOCKS]
        await meter.close()
        slave.pull_out()

    asyncio.run(play())


def test_a_wrong_checksum_is_no_answer_and_the_retry_is_taken(tmp_path: Path) -> None:
    class Flaky(EpeverSlave):
        failures = 1

        @override
        def write(self, answer: bytes) -> None:
            if self.failures:
                self.failures -= 1
                answer = answer[:-1] + bytes([answer[-1] ^ 1])
            super().write(answer)

    async def play() -> None:
        slave = Flaky(tmp_path / "ttyUSB1", dict(WORDS))
        slave.plug_in()
        meter = EpeverPowerMeter(str(slave.path), SimulatedClock())
        with pytest.raises(PowerMeterGarbledError):
            await meter.read()
        assert (await meter.read()).panel_voltage_v == 18.50
        await meter.close()
        slave.pull_out()

    asyncio.run(play())


def test_an_answer_that_comes_too_late_is_not_taken_for_that_to_the_next_request(tmp_path: Path) -> None:
    class Slow(EpeverSlave):
        """Takes 1.05 s for its first answer about energy consumed, which is as long as the next one."""

        slow = True

        @override
        def receive(self, request: bytes) -> None:
            self.answers_late_s = 0.1
            if self.slow and request[2:4] == b"\x33\x04":
                self.slow, self.answers_late_s = False, 1.05
            super().receive(request)

    async def play() -> None:
        slave = Slow(tmp_path / "ttyUSB1", dict(WORDS))
        slave.plug_in()
        meter = EpeverPowerMeter(str(slave.path), SimulatedClock())
        assert_everything_is_read(await whole_round(meter))
        assert (
            slave.requests.count((4, 0x3304, 2)) == 3
        )  # the late one, its retry, and one in the second round
        await meter.close()
        slave.pull_out()

    asyncio.run(play())


@pytest.mark.parametrize(
    "body", ["04 03 00 01 02", "04 00", "04 04 00 01 00 02", "84 FF", "10 31 00 00 08", "80 05"]
)
def test_an_impossible_answer_with_a_right_checksum_is_no_answer(tmp_path: Path, body: str) -> None:
    async def scene(meter: EpeverPowerMeter, slave: EpeverSlave) -> None:
        complaints: list[str] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(str(context)))
        slave.mute = True
        reading = asyncio.create_task(meter.read())
        await asyncio.sleep(0.1)
        answer = b"\x01" + bytes.fromhex(body)
        slave.write_raw(answer + crc16(answer))
        await asyncio.sleep(0.1)
        slave.mute = False
        await asyncio.gather(reading, return_exceptions=True)
        assert_everything_is_read(await whole_round(meter))
        assert complaints == []

    run(tmp_path, scene)


def test_a_frame_of_another_device_on_the_bus_is_not_ours(tmp_path: Path) -> None:
    async def scene(meter: EpeverPowerMeter, slave: EpeverSlave) -> None:
        slave.mute = True
        reading = asyncio.create_task(meter.read())
        await asyncio.sleep(0.1)
        other = bytes([9, 4, 16]) + bytes(16)
        slave.write_raw(other + crc16(other))
        with pytest.raises(PowerMeterError):
            await reading

    run(tmp_path, scene)


def test_a_silent_controller_is_asked_for_two_blocks_and_left_alone_until_the_next_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(modbus_rtu, "TIMEOUT_S", 0.05)
    monkeypatch.setattr(modbus_rtu, "LATE_ANSWER_S", 0.05)

    async def scene(meter: EpeverPowerMeter, slave: EpeverSlave) -> None:
        slave.mute = True
        with pytest.raises(PowerMeterSilentError):
            await meter.read()
        first, second = ((4, block.start, len(block)) for block in BLOCKS[:2])
        assert slave.requests == [first, first, second, second]
        assert meter.error_counts() == {"outages": 0, "unanswered": 2}

    run(tmp_path, scene)


def test_one_block_without_an_answer_costs_only_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(modbus_rtu, "TIMEOUT_S", 0.05)
    monkeypatch.setattr(modbus_rtu, "LATE_ANSWER_S", 0.05)

    class Deaf(EpeverSlave):
        @override
        def receive(self, request: bytes) -> None:
            if request[2:4] != b"\x32\x00":
                super().receive(request)

    async def play() -> None:
        slave = Deaf(tmp_path / "ttyUSB1", dict(WORDS))
        slave.plug_in()
        meter = EpeverPowerMeter(str(slave.path), SimulatedClock())
        reading = await whole_round(meter)
        assert (reading.charge_stage, reading.battery_current_a, reading.yield_today_wh) == (None, -3.60, 350)
        await meter.close()
        slave.pull_out()

    asyncio.run(play())


def test_the_library_logs_nothing_beside_our_line_about_an_outage(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def scene(meter: EpeverPowerMeter, slave: EpeverSlave) -> None:
        slave.pull_out()
        with pytest.raises(PowerMeterUnreachableError):
            await meter.read()

    run(tmp_path, scene)
    assert [record for record in caplog.records if record.name.startswith("pymodbus")] == []


def test_the_address_of_the_settings_is_used(tmp_path: Path) -> None:
    async def scene(meter: EpeverPowerMeter, slave: EpeverSlave) -> None:
        assert (await meter.read()).panel_voltage_v == 18.50

    run(tmp_path, scene, device_id=16)


def test_nothing_is_ever_written_unless_asked_for(tmp_path: Path) -> None:
    # POW-R18
    async def scene(meter: EpeverPowerMeter, slave: EpeverSlave) -> None:
        slave.writable = True
        await whole_round(meter)
        assert {function for function, _, _ in slave.requests} == {4}

    run(tmp_path, scene)


def test_the_clock_is_set_in_one_request_once_a_day_where_it_is_wanted(tmp_path: Path) -> None:
    # POW-R18
    clock = SimulatedClock(NOON_MS)

    async def scene(meter: EpeverPowerMeter, slave: EpeverSlave) -> None:
        slave.writable = True
        await whole_round(meter)
        assert slave.clock == [34 << 8 | 56, 14 << 8 | 12, 26 << 8 | 3]
        assert [request for request in slave.requests if request[0] != 4] == [(16, 0x9013, 3)]
        clock.advance(86_400_000)
        await whole_round(meter)
        assert slave.clock == [34 << 8 | 56, 15 << 8 | 12, 26 << 8 | 3]
        assert meter.error_counts() == {"outages": 0}

    run(tmp_path, scene, clock=clock, zone=WIB)


def test_a_controller_that_refuses_its_clock_is_read_all_the_same(tmp_path: Path) -> None:
    async def scene(meter: EpeverPowerMeter, slave: EpeverSlave) -> None:
        assert_everything_is_read(await whole_round(meter))
        assert meter.error_counts() == {"outages": 0, "clock_not_set": 1}

    run(tmp_path, scene, zone=WIB)


def test_a_time_we_are_not_sure_of_is_not_written(tmp_path: Path) -> None:
    async def scene(meter: EpeverPowerMeter, slave: EpeverSlave) -> None:
        slave.writable = True
        await whole_round(meter)
        assert slave.clock == []

    run(tmp_path, scene, clock=UnsureClock(NOON_MS), zone=WIB)


def test_a_million_random_bytes_on_the_line_neither_raise_nor_hide_the_controller(tmp_path: Path) -> None:
    # POW-R69, R70
    async def scene(meter: EpeverPowerMeter, slave: EpeverSlave) -> None:
        complaints: list[str] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(str(context)))
        slave.mute = True
        reading = asyncio.create_task(meter.read())
        arrived = 0
        while arrived < 1_000_000:
            arrived += slave.write_raw(slave._noise.randbytes(1000))
            await asyncio.sleep(0)
        await asyncio.gather(reading, return_exceptions=True)
        slave.mute = False
        assert_everything_is_read(await whole_round(meter))
        assert complaints == []

    run(tmp_path, scene)
