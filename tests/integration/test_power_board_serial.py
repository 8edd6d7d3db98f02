"""The agent's adapter and the real firmware at both ends of a serial line, and what a line can do to it."""

import asyncio
import os
import pty
import subprocess
import sys
import tty
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from bench_agent.adapters.power_board import PowerBoard
from bench_agent.adapters.power_board_frame import Kind, encode
from bench_agent.adapters.system_clock import SystemClock
from bench_agent.domain.power_reading import CurrentScope, PowerReading, ReadingQuality
from bench_agent.domain.supply import HaltRequest, SupplyLimit, SupplyReason, SupplyState, SupplyStatus
from bench_agent.errors import (
    PowerMeterGarbledError,
    PowerMeterSilentError,
    PowerMeterUnreachableError,
    SupplyBoardRefusedError,
)
from bench_agent.simulated.clock import SimulatedClock
from tests.firmware.virtual_machines import UNIX, VM, environment

STATUS = bytes.fromhex("7E 01 15 81 02 01 01 33 40 FF FF F6 6E 00 01 D6 19 00 01 CD B8 00 00 0E 10 29 CD")
SPEED = 40
"""So many times faster than real time the firmware lives; its minute to settle takes 1.5 s."""
LONGEST_WAIT_S = 15


class Desk:
    """A firmware in a virtual machine, and the device the agent opens."""

    def __init__(self, folder: Path) -> None:
        self.line, other = pty.openpty()
        tty.setraw(other)
        self._other = other
        self.device = os.ttyname(other)
        self.machine = subprocess.Popen(
            [UNIX, "-X", "heapsize=2m", VM / "desk.py", str(self.line), str(SPEED)],
            cwd=folder,
            env=environment(),
            stdin=subprocess.PIPE,
            pass_fds=[self.line],
        )

    def turn(self, what: str, value: int) -> None:
        """Change the bench under the board, e.g. ``battery_mv``."""
        assert self.machine.stdin is not None
        self.machine.stdin.write(f"{what} {value}\n".encode())
        self.machine.stdin.flush()

    def close(self) -> None:
        self.machine.kill()
        self.machine.wait(timeout=10)
        assert self.machine.stdin is not None
        self.machine.stdin.close()
        os.close(self.line)
        os.close(self._other)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path)
    yield desk
    desk.close()


@asynccontextmanager
async def opened(device: str) -> AsyncIterator[PowerBoard]:
    board = PowerBoard(device, SystemClock())
    try:
        yield board
    finally:
        await board.close()


async def until(reached: Callable[[], bool]) -> None:
    async with asyncio.timeout(LONGEST_WAIT_S):
        while not reached():  # noqa: ASYNC110 - the board offers its state, not events
            await asyncio.sleep(0.01)


def status_of(board: PowerBoard) -> SupplyStatus:
    assert board.status is not None
    return board.status


def request_of(board: PowerBoard) -> HaltRequest:
    assert board.halt_request is not None
    return board.halt_request


def in_state(board: PowerBoard, state: SupplyState) -> Callable[[], bool]:
    return lambda: board.status is not None and board.status.state is state


async def first_reading(board: PowerBoard) -> PowerReading:
    """The virtual machine needs its time to start on a busy computer."""
    async with asyncio.timeout(LONGEST_WAIT_S):
        while True:
            with suppress(PowerMeterSilentError):
                return await board.read()


async def running(board: PowerBoard) -> None:
    await first_reading(board)
    await until(in_state(board, SupplyState.BOOTING))
    await board.heartbeat()
    await until(in_state(board, SupplyState.RUN))


def play(scene: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(scene())


def test_status_of_the_firmware_becomes_a_reading(desk: Desk) -> None:
    async def scene() -> None:
        desk.turn("battery_mv", 13_120)
        desk.turn("battery_ma", -2_450)
        async with opened(desk.device) as board:
            await first_reading(board)
            await asyncio.sleep(0.3)
            reading = await board.read()
            assert reading.battery_voltage_v == pytest.approx(13.12, abs=0.002)
            assert reading.battery_current_a == pytest.approx(-2.45, abs=0.002)
            assert (reading.current_scope, reading.quality) == (CurrentScope.BATTERY, ReadingQuality.GOOD)
            assert reading.faults == ()
            await until(lambda: board.status is not None and board.status.uptime_s > 30)
            reading = await board.read()
            assert reading.charge_out_mah is not None
            assert 5 <= reading.charge_out_mah <= 60
            assert reading.charge_in_mah == 0

    play(scene)


def test_a_lost_sensor_is_not_known_and_named(desk: Desk) -> None:
    async def scene() -> None:
        async with opened(desk.device) as board:
            await first_reading(board)
            desk.turn("ina226_answers", 0)
            await asyncio.sleep(45 / SPEED)
            reading = await board.read()
            assert reading.battery_current_a is None
            assert reading.battery_voltage_v == pytest.approx(13.2, abs=0.1)
            assert (reading.current_scope, reading.quality) == (CurrentScope.NONE, ReadingQuality.PARTIAL)
            assert reading.faults == ("ina226_lost",)

    play(scene)


def test_a_heartbeat_moves_booting_to_run_and_silence_ends_it(desk: Desk) -> None:
    async def scene() -> None:
        async with opened(desk.device) as board:
            await running(board)
            assert status_of(board).reason is SupplyReason.ALIVE
            await until(in_state(board, SupplyState.OFF))
            assert status_of(board).reason is SupplyReason.HUNG
            version = await board.version()
            assert (version.protocol, version.attempts, version.last_off) == (1, 1, SupplyReason.HUNG)

    play(scene)


def test_sleep_is_answered_and_leads_through_halting_to_off(desk: Desk) -> None:
    async def scene() -> None:
        async with opened(desk.device) as board:
            await running(board)
            await board.set_limit(SupplyLimit.HALT_S, 180)  # time enough for a busy computer
            await board.sleep(25_200, critical=False)
            await until(lambda: board.halt_request is not None)
            assert request_of(board).reason is SupplyReason.SLEEP
            await board.halted()
            await until(in_state(board, SupplyState.OFF))
            assert (status_of(board).reason, status_of(board).timed_out) == (SupplyReason.SLEEP, False)
            assert status_of(board).waits_for_wake
            assert board.halt_request is None

    play(scene)


def test_low_volts_ask_for_a_halt_and_cut_a_pi_that_does_not(desk: Desk) -> None:
    async def scene() -> None:
        async with opened(desk.device) as board:
            await running(board)
            desk.turn("battery_mv", 12_500)
            await until(lambda: board.halt_request is not None)
            assert request_of(board).reason is SupplyReason.LOW
            assert 0 < request_of(board).seconds_left <= 45
            await until(in_state(board, SupplyState.OFF))
            assert (status_of(board).reason, status_of(board).timed_out) == (SupplyReason.LOW, True)
            assert status_of(board).backs_off

    play(scene)


def test_maintenance_allows_silence(desk: Desk) -> None:
    async def scene() -> None:
        async with opened(desk.device) as board:
            await running(board)
            await board.maintenance(30)
            await asyncio.sleep(200 / SPEED)
            assert (status_of(board).state, status_of(board).in_maintenance) == (SupplyState.RUN, True)

    play(scene)


def test_the_board_refuses_what_it_must(desk: Desk) -> None:
    async def scene() -> None:
        async with opened(desk.device) as board:
            await first_reading(board)
            with pytest.raises(SupplyBoardRefusedError, match="sleep: not in this state"):
                await board.sleep(60, critical=False)
            with pytest.raises(SupplyBoardRefusedError, match="limit: out of range"):
                await board.set_limit(SupplyLimit.LOW_MV, 9_000)
            with pytest.raises(SupplyBoardRefusedError, match="0 to 240"):
                await board.maintenance(241)
            with pytest.raises(SupplyBoardRefusedError, match="does not fit"):
                await board.sleep(-1, critical=False)
            await board.set_limit(SupplyLimit.LOW_MV, 12_650)

    play(scene)


def test_garbage_towards_the_board_costs_no_later_frame(desk: Desk) -> None:
    async def scene() -> None:
        async with opened(desk.device) as board:
            await first_reading(board)
            with open(desk.device, "wb", buffering=0) as line:  # noqa: ASYNC230, PTH123 - a second speaker
                for _ in range(20):
                    line.write(b"\x7e\x01\x40" + os.urandom(50))
                    await asyncio.sleep(0.02)
            assert (await board.version()).protocol == 1

    play(scene)


def test_the_shutdown_hook_ends_the_supply(desk: Desk) -> None:
    async def scene() -> None:
        async with opened(desk.device) as board:
            await running(board)
        hook = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bench_agent", "board", "halted", "--device", desk.device
        )
        assert await hook.wait() == 0
        async with opened(desk.device) as board:
            await first_reading(board)
            assert (status_of(board).state, status_of(board).reason) == (SupplyState.OFF, SupplyReason.HALTED)

    play(scene)


def test_a_machine_that_hangs_falls_silent(desk: Desk) -> None:
    async def scene() -> None:
        board = PowerBoard(desk.device, SystemClock(), max_age_s=0.5)
        await first_reading(board)
        desk.machine.kill()
        desk.machine.wait()
        await asyncio.sleep(0.6)
        with pytest.raises(PowerMeterSilentError):
            await board.read()
        assert board.status is None
        with pytest.raises(PowerMeterSilentError, match="does not answer"):
            await board.version()
        await board.close()

    play(scene)


@pytest.fixture
def line() -> Iterator[tuple[int, str]]:
    master, slave = pty.openpty()
    tty.setraw(slave)
    yield master, os.ttyname(slave)
    os.close(slave)
    os.close(master)


async def hears(board: PowerBoard, line: int, sent: bytes) -> float | None:
    """Opening flushes what waits, so the board speaks only once the port is open."""
    reading = asyncio.create_task(board.read())
    await asyncio.sleep(0)
    os.write(line, sent)
    return (await reading).battery_voltage_v


def test_garbage_before_a_frame_is_passed_over_and_alone_is_garbled(line: tuple[int, str]) -> None:
    async def scene() -> None:
        board = PowerBoard(line[1], SimulatedClock())
        with pytest.raises(PowerMeterGarbledError):
            await hears(board, line[0], b"\x7e\x01\x15\x81" * 9)
        assert await hears(board, line[0], b"\x00\xff\x7e\x01" + STATUS[:11] + STATUS + STATUS) == 13.12
        assert board.decoder.bad_frames > 0
        await board.close()

    play(scene)


def test_a_megabyte_without_a_frame_keeps_memory_bounded_and_the_next_frame_is_read(
    line: tuple[int, str],
) -> None:
    async def scene() -> None:
        board = PowerBoard(line[1], SystemClock())
        with pytest.raises(PowerMeterSilentError):
            await board.read()
        for _ in range(256):
            await asyncio.to_thread(os.write, line[0], b"\x7e\x01\x40\x00" * 1_000)
        await asyncio.sleep(0.15)
        assert len(board.decoder._pending) <= 70
        assert await hears(board, line[0], STATUS) == 13.12
        await board.close()

    play(scene)


def test_silence_is_an_error_and_never_the_old_value(line: tuple[int, str]) -> None:
    async def scene() -> None:
        clock = SimulatedClock()
        board = PowerBoard(line[1], clock, max_age_s=10)
        assert await hears(board, line[0], STATUS + encode(Kind.HALT_REQUEST, b"\x03\x00\x2d")) == 13.12
        assert request_of(board).seconds_left == 45
        clock.advance(10_001)
        with pytest.raises(PowerMeterSilentError):
            await board.read()
        assert board.status is None
        assert board.halt_request is None
        await board.close()

    play(scene)


def test_a_voltage_no_battery_can_reach_so_fast_is_dropped_and_counted(line: tuple[int, str]) -> None:
    async def scene() -> None:
        board = PowerBoard(line[1], SimulatedClock())
        assert await hears(board, line[0], STATUS) == 13.12
        leap = bytearray(STATUS[4:-2])
        leap[3:5] = (19_000).to_bytes(2, "big")
        os.write(line[0], encode(Kind.STATUS, bytes(leap)))
        await asyncio.sleep(0.05)
        reading = await board.read()
        assert (reading.battery_voltage_v, reading.quality) == (None, ReadingQuality.PARTIAL)
        assert board.dropped_voltages == 1
        await board.close()

    play(scene)


def test_reopens_a_missing_port_with_growing_pauses(line: tuple[int, str], tmp_path: Path) -> None:
    async def scene() -> None:
        clock, device = SimulatedClock(), tmp_path / "ttyAMA0"
        board = PowerBoard(str(device), clock)
        for pause_ms in (1_000, 2_000, 4_000):
            with pytest.raises(PowerMeterUnreachableError, match="cannot be opened"):
                await board.heartbeat()
            clock.advance(pause_ms - 1)
            with pytest.raises(PowerMeterUnreachableError, match="next try in 1 ms"):
                await board.read()
            clock.advance(1)
        device.symlink_to(line[1])
        assert await hears(board, line[0], STATUS) == 13.12
        await board.close()

    play(scene)


def test_a_busy_port_is_unreachable(line: tuple[int, str]) -> None:
    async def scene() -> None:
        first, second = PowerBoard(line[1], SimulatedClock()), PowerBoard(line[1], SimulatedClock())
        assert await hears(first, line[0], STATUS) == 13.12
        with pytest.raises(PowerMeterUnreachableError, match="cannot be opened"):
            await second.read()
        await first.close()
        await first.close()

    play(scene)


def test_a_board_pulled_out_is_unreachable_for_readings_and_orders() -> None:
    async def scene() -> None:
        master, slave = pty.openpty()
        tty.setraw(slave)
        board = PowerBoard(os.ttyname(slave), SimulatedClock())
        assert await hears(board, master, STATUS) == 13.12
        os.close(slave)
        os.close(master)
        for _ in range(3):  # the loop sees the hang-up on its next turn
            await asyncio.sleep(0)
        with pytest.raises(PowerMeterUnreachableError):
            await board.read()
        with pytest.raises(PowerMeterUnreachableError):
            await board.sleep(60, critical=False)
        await board.close()

    play(scene)
