"""VE.Direct over a real pseudo-terminal; what every meter has to do is in tests/contract."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from bench_agent.adapters.vedirect import VedirectPowerMeter
from bench_agent.domain.power_reading import ChargeStage, CurrentScope, ReadingQuality
from bench_agent.errors import PowerMeterGarbledError, PowerMeterSilentError
from bench_agent.simulated.clock import SimulatedClock
from tests.serial_devices import VedirectDevice
from tests.vedirect_streams import bmv_blocks, bmv_stream, mppt_blocks, mppt_stream, raw_block

GOOD = raw_block({"V": "13120", "I": "-2450", "CS": "3"})
Scene = Callable[[VedirectPowerMeter, VedirectDevice, SimulatedClock], Awaitable[None]]


def run(tmp_path: Path, scene: Scene) -> None:
    async def play() -> None:
        clock, device = SimulatedClock(), VedirectDevice(tmp_path / "ttyUSB0", {"V": "1"})
        device.mute = True
        device.plug_in()
        meter = VedirectPowerMeter(str(device.path), clock)
        try:
            await scene(meter, device, clock)
        finally:
            await meter.close()
            device.pull_out()

    asyncio.run(play())


async def hear(meter: VedirectPowerMeter, device: VedirectDevice, sent: bytes) -> None:
    """Let ``sent`` arrive whole; the port is opened before, because opening throws away what waits."""
    reading = asyncio.create_task(meter.read())
    await asyncio.sleep(0)
    for place in range(0, len(sent), 1000):  # a pseudo-terminal holds 4 kB
        device.write_raw(sent[place : place + 1000])
        await asyncio.sleep(0.002)
    await asyncio.gather(reading, return_exceptions=True)


def test_finds_blocks_between_noise_and_cuts(tmp_path: Path) -> None:
    async def scene(meter: VedirectPowerMeter, device: VedirectDevice, clock: SimulatedClock) -> None:
        cut = b"20\r\nCS\t3\r\nChecksum\t\x07\xff\x00noise:A5\n"
        await hear(meter, device, cut + GOOD + b":A50102\n" + GOOD[:20] + GOOD + GOOD)
        reading = await meter.read()
        assert (reading.battery_voltage_v, reading.battery_current_a) == (13.12, -2.45)
        assert (reading.charge_stage, reading.current_scope) == (ChargeStage.BULK, CurrentScope.BATTERY)
        assert meter.error_counts()["rejected_blocks"] == 1

    run(tmp_path, scene)


def test_a_captured_day_of_a_charge_controller_ends_with_its_last_block(tmp_path: Path) -> None:
    async def scene(meter: VedirectPowerMeter, device: VedirectDevice, clock: SimulatedClock) -> None:
        await hear(meter, device, mppt_stream())
        reading, last = await meter.read(), mppt_blocks()[-1]
        assert reading.battery_voltage_v == int(last["V"]) / 1000
        assert reading.current_scope is CurrentScope.CHARGER
        assert reading.yield_total_wh == int(last["H19"]) * 10
        assert meter.error_counts() == {"outages": 0, "bad_sums": 0, "rejected_blocks": 3}
        assert meter.diagnostics()["MPPT"] in {"off", "limited", "tracking"}
        assert meter.diagnostics()["SER#"] == "HQ0000TEST1"

    run(tmp_path, scene)


def test_a_battery_monitors_two_blocks_are_merged(tmp_path: Path) -> None:
    async def scene(meter: VedirectPowerMeter, device: VedirectDevice, clock: SimulatedClock) -> None:
        await hear(meter, device, bmv_stream())
        reading, live = await meter.read(), bmv_blocks()[-2]
        assert (reading.battery_current_a, reading.reported_soc_pct) == (
            int(live["I"]) / 1000,
            int(live["SOC"]) / 10,
        )
        assert (reading.current_scope, reading.quality) == (CurrentScope.BATTERY, ReadingQuality.GOOD)
        assert {"H18", "BMV", "TTG"} <= set(meter.diagnostics())

    run(tmp_path, scene)


def test_a_live_block_that_stays_away_is_forgotten_although_history_goes_on(tmp_path: Path) -> None:
    async def scene(meter: VedirectPowerMeter, device: VedirectDevice, clock: SimulatedClock) -> None:
        live, history = (
            raw_block({"V": "13120", "I": "-2450", "T": "31"}),
            raw_block({"H7": "11000", "T": "32"}),
        )
        await hear(meter, device, live * 2 + history * 2)
        clock.advance(8000)
        await hear(meter, device, history)
        assert (await meter.read()).battery_voltage_v == 13.12
        clock.advance(2001)
        reading = await meter.read()
        assert (reading.battery_voltage_v, reading.battery_temperature_c) == (None, 32)
        assert reading.quality is ReadingQuality.STALE
        clock.advance(10_000)
        with pytest.raises(PowerMeterSilentError):
            await meter.read()

    run(tmp_path, scene)


def test_faults_stay_while_blocks_without_any_come_between(tmp_path: Path) -> None:
    async def scene(meter: VedirectPowerMeter, device: VedirectDevice, clock: SimulatedClock) -> None:
        live, history = raw_block({"V": "11000", "Alarm": "ON", "AR": "1"}), raw_block({"H7": "11000"})
        await hear(meter, device, (live + history) * 3)
        assert (await meter.read()).faults == ("low_voltage",)
        await hear(meter, device, raw_block({"V": "13000", "Alarm": "OFF", "AR": "0"}) + history)
        assert (await meter.read()).faults == ()

    run(tmp_path, scene)


def test_a_megabyte_of_nonsense_is_garbled_and_the_next_blocks_are_taken(tmp_path: Path) -> None:
    # POW-R69
    async def scene(meter: VedirectPowerMeter, device: VedirectDevice, clock: SimulatedClock) -> None:
        await hear(meter, device, b"\r\nV\t1:A5" * 125_000)
        with pytest.raises(PowerMeterGarbledError):
            await meter.read()
        await hear(meter, device, GOOD * 3)
        assert (await meter.read()).battery_voltage_v == 13.12

    run(tmp_path, scene)


def test_a_healthy_device_that_has_just_begun_is_not_called_garbled(tmp_path: Path) -> None:
    async def scene(meter: VedirectPowerMeter, device: VedirectDevice, clock: SimulatedClock) -> None:
        await hear(meter, device, GOOD)
        with pytest.raises(PowerMeterSilentError):
            await meter.read()

    run(tmp_path, scene)
