"""POW-R24: thermometers as a temporary sysfs tree."""

import asyncio
from pathlib import Path

import pytest

from bench_agent.adapters.temperature_sysfs import SysfsThermometer, ThermometerKind
from bench_agent.domain.climate import ClimateReading
from bench_agent.errors import ThermometerError
from bench_agent.simulated.clock import SimulatedClock
from tests.integration.sysfs_tree import IO_ERROR, add_hwmon, put, replace_by


def read(kind: ThermometerKind, root: Path, at: str | None = None) -> ClimateReading:
    async def scene() -> ClimateReading:
        meter = SysfsThermometer(kind, SimulatedClock(), at=at, sysfs_root=root)
        try:
            return await meter.read()
        finally:
            await meter.close()

    return asyncio.run(scene())


def add_ds18b20(root: Path, serial: str, temperature: object) -> Path:
    folder = root / serial
    folder.mkdir(parents=True)
    put(folder, temperature=temperature)
    return folder


def add_iio(root: Path, number: int, device: str, **attributes: object) -> Path:
    folder = root.parent / "devices" / device / f"iio:device{number}"
    folder.mkdir(parents=True)
    put(folder, **attributes)
    root.mkdir(exist_ok=True)
    (root / folder.name).symlink_to(folder)
    return folder


@pytest.mark.parametrize(
    ("thousandths", "celsius"),
    [
        (31_250, 31.25),
        (-10_125, -10.125),
        (84_937, 84.937),
        (85_000, None),
        (-127_000, None),
        (125_000, None),
    ],
)
def test_a_ds18b20_tells_its_power_on_value_from_heat(
    tmp_path: Path, thousandths: int, celsius: float | None
) -> None:
    add_ds18b20(tmp_path, "28-0316a2f7c1ff", thousandths)
    reading = read(ThermometerKind.DS18B20, tmp_path)
    assert (reading.temperature_c, reading.humidity_pct) == (celsius, None)


def test_other_devices_on_the_wire_are_no_thermometers(tmp_path: Path) -> None:
    (tmp_path / "w1_bus_master1").mkdir()
    with pytest.raises(ThermometerError, match="Cure: "):
        read(ThermometerKind.DS18B20, tmp_path)


def test_two_thermometers_need_a_name_and_take_it(tmp_path: Path) -> None:
    add_ds18b20(tmp_path, "28-aa", 20_000)
    add_ds18b20(tmp_path, "28-bb", 30_000)
    with pytest.raises(ThermometerError, match=r"28-aa, 28-bb.*Cure: add at="):
        read(ThermometerKind.DS18B20, tmp_path)
    assert read(ThermometerKind.DS18B20, tmp_path, at="28-bb").temperature_c == 30.0


def test_an_sht3x_has_humidity_too(tmp_path: Path) -> None:
    root = tmp_path / "hwmon"
    add_hwmon(root, 0, "soc:thermal", "cpu_thermal", temp1_input=51_000)
    add_hwmon(root, 1, "1-0044", "sht3x", temp1_input=33_400, humidity1_input=81_250)
    reading = read(ThermometerKind.SHT3X, root)
    assert (reading.temperature_c, reading.humidity_pct) == (33.4, 81.25)


def test_iio_sensors_are_told_apart_by_their_device(tmp_path: Path) -> None:
    root = tmp_path / "iio"
    add_iio(root, 0, "1-0048", in_voltage0_raw=17)
    add_iio(root, 1, "dht11@4", in_temp_input=29_000, in_humidityrelative_input="77000.000000")
    assert read(ThermometerKind.IIO, root).humidity_pct == 77.0
    add_iio(root, 2, "1-0076", in_temp_input=31_000)
    reading = read(ThermometerKind.IIO, root, at="1-0076")
    assert (reading.temperature_c, reading.humidity_pct) == (31.0, None)


@pytest.mark.parametrize("garbage", [b"", b"\xff\xfe", b"t=31250", b"1" * 1_000_000])
def test_unreadable_text_and_impossible_humidity_are_not_known(tmp_path: Path, garbage: bytes) -> None:
    root = tmp_path / "hwmon"
    folder = add_hwmon(root, 1, "1-0044", "sht3x", humidity1_input=101_000)
    (folder / "temp1_input").write_bytes(garbage)
    reading = read(ThermometerKind.SHT3X, root)
    assert (reading.temperature_c, reading.humidity_pct) == (None, None)


def test_a_sensor_that_fails_or_goes_names_the_cure(tmp_path: Path) -> None:
    folder = add_ds18b20(tmp_path, "28-aa", 20_000)
    replace_by(folder / "temperature", IO_ERROR)
    with pytest.raises(ThermometerError, match=r"Input/output error\. Cure: check its wires"):
        read(ThermometerKind.DS18B20, tmp_path)
    (folder / "temperature").unlink()
    with pytest.raises(ThermometerError, match="No such file"):
        read(ThermometerKind.DS18B20, tmp_path)


def test_the_real_folders_are_the_default() -> None:
    roots = {kind.name: str(kind.value.root) for kind in ThermometerKind}
    assert roots == {
        "DS18B20": "/sys/bus/w1/devices",
        "SHT3X": "/sys/class/hwmon",
        "IIO": "/sys/bus/iio/devices",
    }
