"""Every power meter keeps the same contract (POW-R6, R8, R69, R70), each with a device behind it.

A meter joins in ``tests/power_rigs.py``; what its device cannot do is not asked of it.
"""

import asyncio
import fcntl
import os
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from bench_agent.domain.power_reading import PowerReading, ReadingQuality
from bench_agent.errors import (
    PowerMeterError,
    PowerMeterGarbledError,
    PowerMeterSilentError,
    PowerMeterUnreachableError,
)
from bench_agent.ports.power_meter import CountingMeter, PowerMeter
from bench_agent.simulated.clock import SimulatedClock
from tests.power_rigs import A_PORT, MAX_AGE_S, NONSENSE, RIGS, SILENCE, UNPLUGGING, Device, Rig

READ_LIMIT_S = 1.0
READS_TO_SETTLE = 8


def rigs_that_can(*deeds: str) -> pytest.MarkDecorator:
    able = {name: rig for name, rig in RIGS.items() if set(deeds) <= rig.can}
    return pytest.mark.parametrize("rig", able.values(), ids=able.keys())


@dataclass(frozen=True)
class Bench:
    """A meter made as the agent makes it, its device and the clock of both."""

    meter: PowerMeter
    device: Device
    clock: SimulatedClock

    async def read(self) -> PowerReading:
        """Read once; a read never takes longer than the port promises (POW-R6)."""
        began = time.monotonic()
        try:
            return await self.meter.read()
        finally:
            assert time.monotonic() - began < READ_LIMIT_S

    async def settle(self) -> PowerReading:
        """Read as the agent does, again and again, until the meter has understood its device."""
        for _ in range(READS_TO_SETTLE - 1):
            try:
                return await self.read()
            except PowerMeterError:
                await asyncio.sleep(0.05)
        return await self.read()


def run(rig: Rig, path: Path, scene: Callable[[Bench], Awaitable[None]], *, plugged: bool = True) -> None:
    async def play() -> None:
        clock, device = SimulatedClock(), rig.device(path)
        if plugged:
            device.plug_in()
        meter = rig.meter(device, clock)
        complaints: list[str] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(str(context)))
        try:
            await scene(Bench(meter, device, clock))
        finally:
            await meter.close()
            device.pull_out()
        assert complaints == []
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(play())


@pytest.fixture
def port(tmp_path: Path) -> Path:
    """Where the device is, if it has a file."""
    return tmp_path / "device"


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """The port as another program holds it."""
    handle = os.open(path, os.O_RDWR | os.O_NOCTTY)
    fcntl.flock(handle, fcntl.LOCK_EX)
    try:
        yield
    finally:
        os.close(handle)


@rigs_that_can()
def test_a_reading_has_volts_amperes_scope_and_the_time_of_the_meters_clock(rig: Rig, port: Path) -> None:
    async def scene(bench: Bench) -> None:
        bench.clock.advance(7000)
        reading = await bench.settle()
        assert (reading.quality, reading.current_scope) == (ReadingQuality.GOOD, rig.scope)
        assert rig.voltage_v in (None, reading.battery_voltage_v)
        assert reading.battery_current_a is not None
        assert reading.measured_at_ms == 7000

    run(rig, port, scene)


@rigs_that_can(UNPLUGGING)
def test_a_measured_zero_is_zero_and_what_the_device_does_not_tell_is_none(rig: Rig, port: Path) -> None:
    async def scene(bench: Bench) -> None:
        reading = await bench.settle()
        assert reading.battery_current_a == 0.0
        assert reading.battery_power_w == 0.0
        assert [name for name in rig.never_told if getattr(reading, name) is not None] == []

    run(rig, port, scene)


@rigs_that_can()
def test_closing_twice_is_closing_once(rig: Rig, port: Path) -> None:
    async def scene(bench: Bench) -> None:
        await bench.settle()
        await bench.meter.close()
        await bench.meter.close()

    run(rig, port, scene)


@rigs_that_can(A_PORT)
def test_a_closed_meter_lets_go_of_its_port_and_opens_it_again(rig: Rig, port: Path) -> None:
    async def scene(bench: Bench) -> None:
        await bench.settle()
        await bench.meter.close()
        with locked(port):
            with pytest.raises(PowerMeterUnreachableError):
                await bench.read()
            bench.clock.advance(1000)
        assert (await bench.settle()).battery_voltage_v == rig.voltage_v

    run(rig, port, scene)


@rigs_that_can(SILENCE)
def test_a_device_that_never_speaks_is_silent_and_delays_nothing(rig: Rig, port: Path) -> None:
    async def scene(bench: Bench) -> None:
        bench.device.mute = True
        for _ in range(2):
            with pytest.raises(PowerMeterSilentError, match=f"{port} is silent. Cure: "):
                await bench.read()

    run(rig, port, scene)


@rigs_that_can(SILENCE)
def test_a_device_that_falls_silent_is_believed_for_max_age_and_not_longer(rig: Rig, port: Path) -> None:
    async def scene(bench: Bench) -> None:
        before = await bench.settle()
        bench.device.mute = True
        await asyncio.sleep(0.1)  # what is on the line arrives
        bench.clock.advance(MAX_AGE_S * 1000)
        assert (await bench.read()).measured_at_ms == before.measured_at_ms
        bench.clock.advance(1)
        with pytest.raises(PowerMeterSilentError):
            await bench.read()
        bench.device.mute = False
        assert (await bench.settle()).measured_at_ms == MAX_AGE_S * 1000 + 1

    run(rig, port, scene)


@rigs_that_can(NONSENSE)
def test_what_cannot_be_understood_is_garbled_and_the_next_good_answer_is_taken(rig: Rig, port: Path) -> None:
    async def scene(bench: Bench) -> None:
        bench.device.garbled = True
        with pytest.raises(PowerMeterGarbledError):
            await bench.read()
        bench.device.garbled = False
        assert (await bench.settle()).battery_voltage_v == rig.voltage_v

    run(rig, port, scene)


@rigs_that_can(UNPLUGGING)
def test_a_device_that_is_missing_is_unreachable_with_the_cure_and_found_when_it_comes(
    rig: Rig, port: Path
) -> None:
    async def scene(bench: Bench) -> None:
        for _ in range(2):
            bench.device.pull_out()
            await asyncio.sleep(0.05)  # the loop sees the hang-up
            with pytest.raises(PowerMeterUnreachableError, match=r"Cure: \w+"):
                await bench.read()
            bench.device.plug_in()
            bench.clock.advance(60_000)
            assert (await bench.settle()).battery_voltage_v == rig.voltage_v

    run(rig, port, scene)


@rigs_that_can(A_PORT)
def test_a_missing_device_is_unreachable_with_the_cure_and_tried_again_after_growing_pauses(
    rig: Rig, port: Path
) -> None:
    async def scene(bench: Bench) -> None:
        for pause_s in (1, 2, 4, 8, 16, 32, 60, 60):
            with pytest.raises(
                PowerMeterUnreachableError, match=f"{port} cannot be opened.*Cure: plug it in"
            ):
                await bench.read()
            bench.clock.advance(pause_s * 1000 - 1)
            with pytest.raises(PowerMeterUnreachableError, match=r"Cure: .*next try in 1 ms"):
                await bench.read()
            bench.clock.advance(1)
        bench.device.plug_in()
        assert (await bench.settle()).battery_voltage_v == rig.voltage_v

    with capture_logs() as lines:
        run(rig, port, scene, plugged=False)
    assert [line["event"] for line in lines] == ["serial_port_lost", "serial_port_back"]


@rigs_that_can(A_PORT)
def test_a_port_that_another_program_holds_is_unreachable_with_the_cure(rig: Rig, port: Path) -> None:
    async def scene(bench: Bench) -> None:
        with locked(port):
            with pytest.raises(PowerMeterUnreachableError, match=rf"Cure: stop the program.*fuser -v {port}"):
                await bench.read()
            bench.clock.advance(1000)
        assert (await bench.settle()).battery_voltage_v == rig.voltage_v

    run(rig, port, scene)


@rigs_that_can(A_PORT)
def test_a_file_that_is_no_serial_port_is_unreachable_with_the_cure(rig: Rig, port: Path) -> None:
    port.write_text("")

    async def scene(bench: Bench) -> None:
        with pytest.raises(PowerMeterUnreachableError, match="Cure: check that it is a serial port"):
            await bench.read()

    run(rig, port, scene, plugged=False)


@rigs_that_can(A_PORT)
def test_a_device_pulled_out_and_put_back_is_found_again_and_logged_once(rig: Rig, port: Path) -> None:
    async def scene(bench: Bench) -> None:
        await bench.settle()
        for _ in range(2):
            bench.device.pull_out()
            await asyncio.sleep(0.05)  # the loop sees the hang-up
            with pytest.raises(PowerMeterUnreachableError, match=f"{port} went away. Cure: plug it in"):
                await bench.read()
            bench.device.plug_in()
            with pytest.raises(PowerMeterUnreachableError, match="next try in 1000 ms"):
                await bench.read()
            bench.clock.advance(1000)
            assert (await bench.settle()).battery_voltage_v == rig.voltage_v
        assert isinstance(bench.meter, CountingMeter)
        assert bench.meter.error_counts()["outages"] == 2

    with capture_logs() as lines:
        run(rig, port, scene)
    assert [line["event"] for line in lines] == ["serial_port_lost", "serial_port_back"] * 2


@rigs_that_can(A_PORT)
def test_a_device_pulled_out_during_a_read_ends_it(rig: Rig, port: Path) -> None:
    async def scene(bench: Bench) -> None:
        bench.device.mute = True
        reading = asyncio.create_task(bench.read())
        await asyncio.sleep(0.2)
        bench.device.pull_out()
        began = time.monotonic()
        with pytest.raises(PowerMeterUnreachableError, match="went away"):
            await reading
        assert time.monotonic() - began < 0.4

    run(rig, port, scene)


@rigs_that_can(A_PORT)
def test_a_read_that_is_cancelled_leaves_the_meter_usable(rig: Rig, port: Path) -> None:
    async def scene(bench: Bench) -> None:
        bench.device.mute = True
        reading = asyncio.create_task(bench.read())
        await asyncio.sleep(0.1)
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
        bench.device.mute = False
        assert (await bench.settle()).battery_voltage_v == rig.voltage_v

    run(rig, port, scene)


@rigs_that_can(A_PORT)
def test_what_a_device_says_beside_the_reading_is_text_and_empty_before_it_spoke(
    rig: Rig, port: Path
) -> None:
    async def scene(bench: Bench) -> None:
        assert isinstance(bench.meter, CountingMeter)
        assert bench.meter.diagnostics() == {}
        await bench.settle()
        await asyncio.sleep(0.1)
        assert len(bench.meter.diagnostics()) > 0
        assert all(isinstance(text, str) for text in bench.meter.diagnostics().values())
        assert all(count >= 0 for count in bench.meter.error_counts().values())

    run(rig, port, scene)
