"""JBD and Daly boards over a pseudo-terminal; what every meter has to do is in tests/contract."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from bench_agent.adapters.daly import DalyPowerMeter
from bench_agent.adapters.jbd import JbdPowerMeter
from bench_agent.errors import PowerMeterGarbledError, PowerMeterSilentError
from bench_agent.simulated.clock import SimulatedClock
from tests.serial_devices import DalyBoard, JbdBoard, SerialDevice, daly_frame

JBD_ANSWERS = {
    0x03: bytes.fromhex("0530 FF0B 0E1A 1388 000C 346E 0000 0000 0000 21 48 03 04 02 0BE3 0BD5"),
    0x04: bytes.fromhex("0CF9 0CF6 0CF8 0CF7"),
}
DALY_ANSWERS = {
    0x90: [bytes.fromhex("0084 0000 743B 02D3")],
    0x95: [bytes.fromhex("01 0CF9 0CF6 0CF8 00"), bytes.fromhex("02 0CF7 0000 0000 00")],
    0x96: [bytes.fromhex("01 47 45 00 00 00 00 00")],
}


def play(device: SerialDevice, scene: Callable[[], Awaitable[None]]) -> None:
    async def whole() -> None:
        device.plug_in()
        try:
            await scene()
        finally:
            device.pull_out()

    asyncio.run(whole())


@pytest.fixture
def jbd(tmp_path: Path) -> JbdBoard:
    return JbdBoard(tmp_path / "ttyUSB2", dict(JBD_ANSWERS))


@pytest.fixture
def daly(tmp_path: Path) -> DalyBoard:
    return DalyBoard(tmp_path / "ttyUSB3", dict(DALY_ANSWERS))


def jbd_read(board: JbdBoard, *, invert: bool = False) -> JbdPowerMeter:
    """Read once and see the pack of POW-R25."""
    meter = JbdPowerMeter(str(board.path), SimulatedClock(), invert=invert)

    async def scene() -> None:
        reading = await meter.read()
        assert (reading.battery_voltage_v, reading.battery_current_a) == (13.28, 2.45 if invert else -2.45)
        assert (reading.reported_soc_pct, reading.battery_temperature_c) == (72, 31.2)
        assert meter.diagnostics()["cells_v"] == "3.321 3.318 3.32 3.319"
        await meter.close()

    play(board, scene)
    return meter


def test_jbd_pack_and_cells_are_read_with_two_requests(jbd: JbdBoard) -> None:
    meter = jbd_read(jbd)
    assert jbd.heard == [bytes.fromhex("DD A5 03 00 FF FD 77"), bytes.fromhex("DD A5 04 00 FF FC 77")]
    assert not any(meter.error_counts().values())


def test_jbd_tells_its_switches_and_age(jbd: JbdBoard) -> None:
    meter = JbdPowerMeter(str(jbd.path), SimulatedClock())

    async def scene() -> None:
        await meter.read()
        told = meter.diagnostics()
        assert (told["cycles"], told["made_on"]) == ("12", "2026-03-14")
        assert (told["charge_switch"], told["discharge_switch"]) == ("on", "on")
        assert (told["remaining_ah"], told["full_ah"], told["temperatures_c"]) == ("36.1", "50", "31.2 29.8")
        await meter.close()

    play(jbd, scene)


def test_jbd_that_loses_the_first_packet_after_sleep_is_asked_twice(jbd: JbdBoard) -> None:
    jbd.asleep = True
    assert jbd_read(jbd).error_counts()["unanswered"] == 0
    assert len(jbd.heard) == 3


def test_jbd_echo_is_read_through(jbd: JbdBoard) -> None:
    jbd.echoes = True
    assert not any(jbd_read(jbd).error_counts().values())


def test_jbd_echo_alone_is_silence(jbd: JbdBoard) -> None:
    jbd.echoes, jbd.mute = True, True
    meter = JbdPowerMeter(str(jbd.path), SimulatedClock())

    async def scene() -> None:
        with pytest.raises(PowerMeterSilentError):
            await meter.read()
        await meter.close()

    play(jbd, scene)


def test_jbd_old_boards_that_do_not_repeat_the_command_are_understood(jbd: JbdBoard) -> None:
    jbd.old_board, jbd.echoes = True, True
    assert not any(jbd_read(jbd).error_counts().values())


def test_jbd_answers_to_another_command_are_counted_and_passed_over(jbd: JbdBoard) -> None:
    jbd.strange_first = True
    assert jbd_read(jbd).error_counts()["strange_answers"] == 2


def test_jbd_noise_before_an_answer_is_passed_over(jbd: JbdBoard) -> None:
    jbd.noise = b"\xdd\x03\x00\xff\x77\x00\xdd"
    jbd_read(jbd)


def test_jbd_answers_may_come_byte_by_byte(jbd: JbdBoard) -> None:
    jbd.byte_by_byte, jbd.echoes = True, True
    jbd_read(jbd)


def test_jbd_invert_turns_the_current(jbd: JbdBoard) -> None:
    jbd_read(jbd, invert=True)


def test_jbd_that_answers_with_an_error_gives_no_reading_and_recovers(jbd: JbdBoard) -> None:
    jbd.status = 0x80
    meter = JbdPowerMeter(str(jbd.path), SimulatedClock())

    async def scene() -> None:
        with pytest.raises(PowerMeterGarbledError):
            await meter.read()
        assert meter.error_counts()["refusals"] == 2
        jbd.status = 0
        assert (await meter.read()).battery_voltage_v == 13.28
        await meter.close()

    play(jbd, scene)


def test_jbd_answer_too_short_to_be_one_is_not_believed(jbd: JbdBoard) -> None:
    jbd.answers[0x03] = JBD_ANSWERS[0x03][:24]
    meter = JbdPowerMeter(str(jbd.path), SimulatedClock())

    async def scene() -> None:
        with pytest.raises(PowerMeterGarbledError):
            await meter.read()
        await meter.close()

    play(jbd, scene)


def daly_read(board: DalyBoard, *, invert: bool = False) -> DalyPowerMeter:
    """Read once and see the pack of POW-R26."""
    meter = DalyPowerMeter(str(board.path), SimulatedClock(), invert=invert)

    async def scene() -> None:
        reading = await meter.read()
        assert (reading.battery_voltage_v, reading.battery_current_a) == (13.2, 24.5 if invert else -24.5)
        assert (reading.reported_soc_pct, reading.battery_temperature_c) == (72.3, 31)
        await asyncio.sleep(0.1)  # the second frame of cells
        assert meter.diagnostics() == {"cells_v": "3.321 3.318 3.32 3.319"}
        await meter.close()

    play(board, scene)
    return meter


def test_daly_pack_temperatures_and_cells_are_read_with_three_requests(daly: DalyBoard) -> None:
    meter = daly_read(daly)
    assert daly.heard == [daly_frame(0x40, command, bytes(8)) for command in (0x90, 0x96, 0x95)]
    assert not any(meter.error_counts().values())


def test_daly_that_loses_the_first_packet_after_sleep_is_asked_twice(daly: DalyBoard) -> None:
    daly.asleep = True
    assert daly_read(daly).error_counts()["unanswered"] == 0


def test_daly_echo_is_read_through(daly: DalyBoard) -> None:
    daly.echoes = True
    assert not any(daly_read(daly).error_counts().values())


def test_daly_echo_alone_is_silence(daly: DalyBoard) -> None:
    daly.echoes, daly.mute = True, True
    meter = DalyPowerMeter(str(daly.path), SimulatedClock())

    async def scene() -> None:
        with pytest.raises(PowerMeterSilentError):
            await meter.read()
        await meter.close()

    play(daly, scene)


def test_daly_noise_and_answers_to_other_commands_are_passed_over(daly: DalyBoard) -> None:
    daly.noise = b"\xa5\x01\xa5" + daly_frame(1, 0x94, bytes(8)) + daly_frame(2, 0x90, bytes(8))
    assert daly_read(daly).error_counts()["strange_answers"] == 6


def test_daly_answers_may_come_byte_by_byte(daly: DalyBoard) -> None:
    daly.byte_by_byte, daly.echoes = True, True
    daly_read(daly)


def test_daly_invert_turns_the_current(daly: DalyBoard) -> None:
    daly_read(daly, invert=True)


def test_daly_without_temperatures_still_gives_its_pack(daly: DalyBoard) -> None:
    del daly.answers[0x96]
    meter = DalyPowerMeter(str(daly.path), SimulatedClock())

    async def scene() -> None:
        reading = await meter.read()
        assert (reading.battery_voltage_v, reading.battery_temperature_c) == (13.2, None)
        await meter.close()

    play(daly, scene)
