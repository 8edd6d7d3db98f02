import asyncio
import os
import pty
import tty
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench_agent.adapters.vedirect import VedirectPowerMeter
from bench_agent.errors import PowerMeterGarbledError, PowerMeterSilentError, PowerMeterUnreachableError
from bench_agent.simulated.clock import SimulatedClock

GOOD = b"\r\nV\t13120\r\nI\t-2450\r\nCS\t3\r\nChecksum\t\xf6"


@pytest.fixture
def line() -> Iterator[tuple[int, str]]:
    master, slave = pty.openpty()
    tty.setraw(slave)
    yield master, os.ttyname(slave)
    os.close(slave)
    os.close(master)


async def read_after(meter: VedirectPowerMeter, master: int, sent: bytes) -> float | None:
    """Opening flushes what waits, so the device speaks only once the port is open."""
    reading = asyncio.create_task(meter.read())
    await asyncio.sleep(0)
    os.write(master, sent)
    return (await reading).battery_voltage_v


def test_finds_blocks_between_noise_and_cuts(line: tuple[int, str]) -> None:
    async def scene() -> None:
        meter = VedirectPowerMeter(line[1], SimulatedClock())
        sent = (
            b"20\r\nCS\t3\r\nChecksum\t\x07\xff\x00noise:A5\n" + GOOD + b":A50102\n" + GOOD[:20] + GOOD + GOOD
        )
        assert await read_after(meter, line[0], sent) == 13.12
        await meter.close()

    asyncio.run(scene())


def test_silence_is_an_error_and_never_the_old_value(line: tuple[int, str]) -> None:
    async def scene() -> None:
        clock = SimulatedClock()
        meter = VedirectPowerMeter(line[1], clock, max_age_s=10)
        assert await read_after(meter, line[0], GOOD * 2) == 13.12
        clock.advance(10_001)
        with pytest.raises(PowerMeterSilentError):
            await meter.read()
        await meter.close()

    asyncio.run(scene())


def test_bytes_without_a_block_are_garbled(line: tuple[int, str]) -> None:
    async def scene() -> None:
        meter = VedirectPowerMeter(line[1], SimulatedClock())
        with pytest.raises(PowerMeterGarbledError):
            await read_after(meter, line[0], b"\r\nV\t1" * 30)
        await meter.close()

    asyncio.run(scene())


def test_reopens_a_missing_port_with_growing_pauses(line: tuple[int, str], tmp_path: Path) -> None:
    async def scene() -> None:
        clock, device = SimulatedClock(), tmp_path / "ttyUSB0"
        meter = VedirectPowerMeter(str(device), clock)
        for pause_ms in (1_000, 2_000, 4_000):
            with pytest.raises(PowerMeterUnreachableError, match="cannot be opened"):
                await meter.read()
            clock.advance(pause_ms - 1)
            with pytest.raises(PowerMeterUnreachableError, match="next try in 1 ms"):
                await meter.read()
            clock.advance(1)
        device.symlink_to(line[1])
        assert await read_after(meter, line[0], GOOD * 2) == 13.12
        await meter.close()

    asyncio.run(scene())


def test_a_device_pulled_out_is_unreachable() -> None:
    async def scene() -> None:
        master, slave = pty.openpty()
        tty.setraw(slave)
        meter = VedirectPowerMeter(os.ttyname(slave), SimulatedClock())
        assert await read_after(meter, master, GOOD * 2) == 13.12
        os.close(slave)
        os.close(master)
        for _ in range(3):  # the loop sees the hang-up on its next turn
            await asyncio.sleep(0)
        with pytest.raises(PowerMeterUnreachableError):
            await meter.read()
        await meter.close()

    asyncio.run(scene())
