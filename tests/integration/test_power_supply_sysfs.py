"""Fuel gauges as a temporary sysfs tree (POW-R7, R69)."""

import asyncio
from pathlib import Path

import pytest

from bench_agent.adapters.power_supply import PowerSupplyMeter
from bench_agent.domain.power_reading import CurrentScope, PowerReading, ReadingQuality
from bench_agent.errors import (
    PowerMeterGarbledError,
    PowerMeterSilentError,
    PowerMeterUnreachableError,
    SettingsError,
)
from bench_agent.simulated.clock import SimulatedClock
from tests.integration.sysfs_tree import IO_ERROR, hang, let_go, put, replace_by


@pytest.fixture
def battery(tmp_path: Path) -> Path:
    folder = tmp_path / "BAT0"
    folder.mkdir()
    put(folder, status="Discharging", capacity=72, voltage_now=13_210_000, current_now=2_450_000, temp=314)
    return folder


def read(battery: Path) -> PowerReading:
    async def scene() -> PowerReading:
        meter = PowerSupplyMeter(battery.name, SimulatedClock(), sysfs_root=battery.parent)
        try:
            return await meter.read()
        finally:
            await meter.close()

    return asyncio.run(scene())


def test_reads_micro_units_and_takes_the_sign_from_the_status(battery: Path) -> None:
    reading = read(battery)
    assert (reading.battery_voltage_v, reading.battery_current_a) == (13.21, -2.45)
    assert (reading.reported_soc_pct, reading.battery_temperature_c) == (72.0, 31.4)
    assert (reading.quality, reading.current_scope) == (ReadingQuality.GOOD, CurrentScope.BATTERY)
    put(battery, status="Charging")
    assert read(battery).battery_current_a == 2.45


def test_a_gauge_without_a_current_is_partly_known(battery: Path) -> None:
    for attribute in ("current_now", "capacity", "temp", "status"):
        (battery / attribute).unlink()
    reading = read(battery)
    assert (reading.battery_voltage_v, reading.battery_current_a) == (13.21, None)
    assert (reading.reported_soc_pct, reading.battery_temperature_c) == (None, None)
    assert (reading.quality, reading.current_scope) == (ReadingQuality.PARTIAL, CurrentScope.NONE)


def test_a_missing_gauge_is_unreachable_and_the_others_are_named(battery: Path) -> None:
    with pytest.raises(PowerMeterUnreachableError, match=r"no .*BAT1\. Cure: use one of BAT0"):
        read(battery.parent / "BAT1")
    with pytest.raises(PowerMeterUnreachableError, match="Cure: load the HAT's device tree overlay"):
        read(battery.parent / "nothing" / "BAT0")


@pytest.mark.parametrize("attribute", ["voltage_now", "current_now", "status", "capacity", "temp"])
def test_an_io_error_is_unreachable_with_the_cure(battery: Path, attribute: str) -> None:
    replace_by(battery / attribute, IO_ERROR)
    with pytest.raises(PowerMeterUnreachableError, match=r"Input/output error\. Cure: .*HAT"):
        read(battery)


@pytest.mark.parametrize("garbage", [b"", b"\xff\xfe", b"full", b"9" * 1_000_000])
def test_unreadable_text_is_not_known(battery: Path, garbage: bytes) -> None:
    (battery / "voltage_now").write_bytes(garbage)
    assert read(battery).battery_voltage_v is None
    (battery / "current_now").write_bytes(garbage)
    with pytest.raises(PowerMeterGarbledError):
        read(battery)


def test_a_stuck_gauge_is_silent_within_a_second(battery: Path) -> None:
    hang(battery / "voltage_now")

    async def scene() -> None:
        meter = PowerSupplyMeter("BAT0", SimulatedClock(), sysfs_root=battery.parent)
        with pytest.raises(PowerMeterSilentError, match="Cure: "):
            await asyncio.wait_for(meter.read(), 1.5)
        let_go(battery / "voltage_now", 13_000_000)
        assert (await meter.read()).battery_voltage_v == 13.0
        await meter.close()

    asyncio.run(scene())


@pytest.mark.parametrize("name", ["", "..", "../hwmon", "a/b"])
def test_a_name_cannot_leave_its_folder(name: str) -> None:
    with pytest.raises(SettingsError, match="Cure: "):
        PowerSupplyMeter(name, SimulatedClock())
