"""POW-R21, R69, R70: the kernel's drivers as a temporary sysfs tree."""

import asyncio
import shutil
from pathlib import Path

import pytest

from bench_agent.adapters.hwmon import HwmonPowerMeter
from bench_agent.adapters.ina_wiring import parse_wiring
from bench_agent.domain.power_reading import CurrentScope, PowerReading, ReadingQuality
from bench_agent.errors import (
    PowerMeterGarbledError,
    PowerMeterSettingsError,
    PowerMeterSilentError,
    PowerMeterUnreachableError,
    SettingsError,
)
from bench_agent.simulated.clock import SimulatedClock
from tests.integration.sysfs_tree import FORGETFUL, IO_ERROR, add_hwmon, hang, let_go, put, replace_by


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "hwmon"
    add_hwmon(root, 0, "soc:thermal", "cpu_thermal", temp1_input=51000)
    return root


def add_ina226(root: Path, number: int = 2, device: str = "1-0040", **attributes: object) -> Path:
    usual = {"in0_input": 7, "in1_input": 13200, "curr1_input": 3500, "power1_input": 46_200_000}
    return add_hwmon(root, number, device, "ina226", **(usual | {"shunt_resistor": 10000} | attributes))


def meter_of(root: Path, at: str | None = None, shunt_uohm: int | None = 2000) -> HwmonPowerMeter:
    wiring = parse_wiring("ina226", shunt_uohm=shunt_uohm)
    return HwmonPowerMeter(wiring, SimulatedClock(), at=at, sysfs_root=root)


def read(meter: HwmonPowerMeter) -> PowerReading:
    async def scene() -> PowerReading:
        try:
            return await meter.read()
        finally:
            await meter.close()

    return asyncio.run(scene())


def test_reads_the_chip_that_has_the_name_and_sets_its_shunt(root: Path) -> None:
    folder = add_ina226(root)
    reading = read(meter_of(root))
    assert (reading.battery_voltage_v, reading.battery_current_a) == (13.2, 3.5)
    assert (reading.quality, reading.current_scope) == (ReadingQuality.GOOD, CurrentScope.BATTERY)
    assert (folder / "shunt_resistor").read_text() == "2000"


def test_power_is_volts_times_signed_amperes_whatever_the_chip_says(root: Path) -> None:
    add_ina226(root, curr1_input=-3500)
    reading = read(meter_of(root))
    assert reading.battery_power_w == pytest.approx(-46.2)


def test_without_a_shunt_value_the_device_tree_is_left_alone(root: Path) -> None:
    folder = add_ina226(root, shunt_resistor=5000)
    read(meter_of(root, shunt_uohm=None))
    assert (folder / "shunt_resistor").read_text() == "5000\n"


def test_a_chip_bound_again_has_another_number_and_gets_its_shunt_again(root: Path) -> None:
    folder = add_ina226(root)
    meter = meter_of(root)
    read(meter)
    (root / "hwmon2").unlink()
    shutil.rmtree(folder.parent)
    with pytest.raises(PowerMeterUnreachableError, match=r"hwmon:ina226 is not under .*Cure: .*i2c:ina226"):
        read(meter)
    again = add_ina226(root, number=5, in1_input=12900)
    assert read(meter).battery_voltage_v == 12.9
    assert (again / "shunt_resistor").read_text() == "2000"


def test_no_sysfs_at_all_is_unreachable(tmp_path: Path) -> None:
    with pytest.raises(PowerMeterUnreachableError, match="Cure: "):
        read(meter_of(tmp_path / "nothing"))


def test_two_of_one_kind_need_a_name_and_take_it(root: Path) -> None:
    add_ina226(root, 2, "1-0040")
    other = add_ina226(root, 3, "1-0041", in1_input=26400)
    with pytest.raises(PowerMeterSettingsError, match=r"1-0040, 1-0041.*Cure: add at="):
        read(meter_of(root))
    assert (other / "shunt_resistor").read_text() == "10000\n"
    assert read(meter_of(root, at="1-0041")).battery_voltage_v == 26.4
    with pytest.raises(PowerMeterUnreachableError, match="at 1-0042"):
        read(meter_of(root, at="1-0042"))


@pytest.mark.parametrize(("file", "reason"), [(FORGETFUL, "keeps another value"), (IO_ERROR, "Input/output")])
def test_a_shunt_that_cannot_be_set_is_a_settings_error(root: Path, file: Path, reason: str) -> None:
    folder = add_ina226(root)
    replace_by(folder / "shunt_resistor", file)
    with pytest.raises(SettingsError, match=rf"shunt_uohm=2000 .*{reason}.*Cure: .*shunt-resistor.*udev"):
        read(meter_of(root))


def test_an_io_error_is_unreachable_with_the_cure_and_ends(root: Path) -> None:
    folder = add_ina226(root)
    meter = meter_of(root)
    for attribute in ("in1_input", "curr1_input"):
        replace_by(folder / attribute, IO_ERROR)
        with pytest.raises(
            PowerMeterUnreachableError, match=r"hwmon:ina226 .*Input/output error.*Cure: .*SDA"
        ):
            read(meter)
        (folder / attribute).unlink()
        put(folder, **{attribute: 1000})
    assert read(meter).battery_voltage_v == 1.0


def test_an_attribute_that_vanished_is_unreachable(root: Path) -> None:
    (add_ina226(root) / "curr1_input").unlink()
    with pytest.raises(PowerMeterUnreachableError, match="No such file"):
        read(meter_of(root))


@pytest.mark.parametrize("garbage", [b"", b"\n", b"---", b"\xff\xfe\x00", b"1e3", b"7" * 1_000_000])
def test_unreadable_text_is_not_known_and_bounded(root: Path, garbage: bytes) -> None:
    folder = add_ina226(root)
    (folder / "curr1_input").write_bytes(garbage)
    reading = read(meter_of(root))
    assert (reading.battery_voltage_v, reading.battery_current_a) == (13.2, None)
    assert (reading.quality, reading.current_scope) == (ReadingQuality.PARTIAL, CurrentScope.NONE)
    (folder / "in1_input").write_bytes(garbage)
    with pytest.raises(PowerMeterGarbledError):
        read(meter_of(root))


def test_a_stuck_bus_is_silent_within_a_second_and_then_heard_again(root: Path) -> None:
    stuck = add_ina226(root) / "in1_input"
    meter = meter_of(root)
    hang(stuck)

    async def scene() -> None:
        with pytest.raises(PowerMeterSilentError, match="Cure: check SDA"):
            await asyncio.wait_for(meter.read(), 1.5)
        let_go(stuck, 13300)
        assert (await meter.read()).battery_voltage_v == 13.3
        await meter.close()
        await meter.close()

    asyncio.run(scene())


def test_three_channels_have_three_shunts(root: Path) -> None:
    values = {f"in{n}_input": 1000 * n for n in (1, 2, 3)} | {f"curr{n}_input": -10 * n for n in (1, 2, 3)}
    shunts = {f"shunt{n}_resistor": 10000 for n in (1, 2, 3)}
    folder = add_hwmon(root, 1, "1-0041", "ina3221", **values, **shunts)
    wiring = parse_wiring("ina3221", shunt_uohm=2000, channels="panel,-,battery")
    reading = read(HwmonPowerMeter(wiring, SimulatedClock(), sysfs_root=root))
    assert (reading.battery_voltage_v, reading.battery_current_a) == (3.0, -0.03)
    assert (reading.panel_voltage_v, reading.panel_power_w) == (1.0, 0.01)
    assert (reading.load_current_a, reading.load_power_w) == (None, None)
    assert [(folder / name).read_text().strip() for name in shunts] == ["2000", "10000", "2000"]


def test_an_ina260_has_its_shunt_inside(root: Path) -> None:
    add_hwmon(root, 1, "1-0040", "ina260", in1_input=13200, curr1_input=-1250)
    reading = read(HwmonPowerMeter(parse_wiring("ina260"), SimulatedClock(), sysfs_root=root))
    assert (reading.battery_voltage_v, reading.battery_current_a) == (13.2, -1.25)
