"""POW-R66: the product's meters, unchanged, on the kernel's own ina2xx, ina3221 and power supply drivers."""

import asyncio
import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench_agent.adapters.hwmon import HwmonPowerMeter
from bench_agent.adapters.i2c import I2cPowerMeter
from bench_agent.adapters.ina2xx_registers import DIE_ID, MAKER_ID, REGISTERS, calibration
from bench_agent.adapters.ina_wiring import InaChip, InaWiring, parse_wiring
from bench_agent.adapters.power_supply import PowerSupplyMeter
from bench_agent.adapters.system_clock import SystemClock
from bench_agent.domain.power_reading import CurrentScope, PowerReading, ReadingQuality
from bench_agent.errors import PowerMeterSettingsError, PowerMeterUnreachableError
from bench_agent.ports.power_meter import PowerMeter
from tests.drivers.stub_bus import StubBus

FIRST, SECOND, INA219, INA3221, BARE = 0x40, 0x41, 0x42, 0x43, 0x44
NOBODY = 65534
CHARGING = 2800
"""Steps of 2.5 uV at the shunt: 3.5 A through 2 mOhm."""
BUS_STEPS = 10560
"""Steps of 1.25 mV: 13.200 V."""
INA226_REGISTERS = {1: CHARGING, 2: BUS_STEPS, MAKER_ID: 0x5449, DIE_ID: 0x2260}
TWO_MILLIOHM = parse_wiring("ina226", shunt_uohm=2000)


@pytest.fixture
def bus() -> StubBus:
    return StubBus()


@pytest.fixture
def ina226(bus: StubBus) -> Iterator[Path]:
    """A bound INA226 that is charging at 3.5 A."""
    bus.put(FIRST, INA226_REGISTERS)
    with bus.driver("ina226", FIRST) as folder:
        carry(bus, FIRST, CHARGING)
        yield folder


def carry(bus: StubBus, address: int, shunt_steps: int) -> None:
    """What the chip itself would work out: current = shunt x calibration / 2048, power without a sign."""
    current = shunt_steps * bus.get(address, 5) // 2048
    bus.put(address, {1: shunt_steps, 4: current, 3: abs(current) * BUS_STEPS // 20000})


def read(meter: PowerMeter) -> PowerReading:
    async def scene() -> PowerReading:
        try:
            return await meter.read()
        finally:
            await meter.close()

    return asyncio.run(scene())


def number(folder: Path, attribute: str) -> int:
    return int((folder / attribute).read_text())


def hwmon(wiring: InaWiring = TWO_MILLIOHM, at: str | None = None) -> HwmonPowerMeter:
    return HwmonPowerMeter(wiring, SystemClock(), at=at)


def test_a_fresh_driver_believes_in_ten_milliohm_until_the_meter_tells_it(ina226: Path) -> None:
    assert number(ina226, "shunt_resistor") == 10_000
    assert number(ina226, "curr1_input") == 700  # a fifth of the truth
    reading = read(hwmon())
    assert number(ina226, "shunt_resistor") == 2000
    assert (number(ina226, "in1_input"), number(ina226, "curr1_input")) == (13200, 3500)
    assert (reading.battery_voltage_v, reading.battery_current_a) == (13.2, 3.5)
    assert (reading.quality, reading.current_scope) == (ReadingQuality.GOOD, CurrentScope.BATTERY)


def test_the_current_has_a_sign_and_the_power_register_has_none(bus: StubBus, ina226: Path) -> None:
    carry(bus, FIRST, -CHARGING)
    reading = read(hwmon())
    assert number(ina226, "curr1_input") == -3500
    assert number(ina226, "power1_input") == pytest.approx(46_200_000, abs=50_000)
    assert reading.battery_current_a == -3.5
    assert reading.battery_power_w == pytest.approx(-46.2)


def test_the_kernel_calibrates_as_the_data_sheet_says(bus: StubBus, ina226: Path) -> None:
    read(hwmon())
    amperes_a_step = number(ina226, "curr1_input") / 1000 / bus.get(FIRST, 4)
    assert bus.get(FIRST, 5) == calibration(InaChip.INA226, amperes_a_step * 1e6, 2000)


def test_a_driver_bound_again_forgets_the_shunt_and_is_told_again(bus: StubBus) -> None:
    bus.put(FIRST, INA226_REGISTERS)
    meter = hwmon()
    with bus.driver("ina226", FIRST) as folder:
        carry(bus, FIRST, CHARGING)
        first_number = folder.name
        assert read(meter).battery_current_a == 3.5
    with pytest.raises(PowerMeterUnreachableError, match="Cure: "):
        read(meter)
    with bus.driver("ina219", INA219) as squatter, bus.driver("ina226", FIRST) as folder:
        carry(bus, FIRST, CHARGING)
        assert squatter.name == first_number != folder.name
        assert number(folder, "shunt_resistor") == 10_000
        assert read(meter).battery_current_a == 3.5


def test_two_chips_are_told_apart_by_their_device(bus: StubBus, ina226: Path) -> None:
    bus.put(SECOND, INA226_REGISTERS | {2: 2 * BUS_STEPS})
    with bus.driver("ina226", SECOND):
        with pytest.raises(PowerMeterSettingsError, match=f"{bus.device(FIRST)}, {bus.device(SECOND)}"):
            read(hwmon())
        assert read(hwmon(at=bus.device(SECOND))).battery_voltage_v == 26.4
        assert read(hwmon(at=bus.device(FIRST))).battery_voltage_v == 13.2


def test_an_ina219_reads_alike(bus: StubBus) -> None:
    bus.put(INA219, {1: 700, 2: (3250 << 3) | 2})
    with bus.driver("ina219", INA219) as folder:
        wiring = parse_wiring("ina219", shunt_uohm=2000)
        read(hwmon(wiring))
        bus.put(INA219, {4: -700 * bus.get(INA219, 5) // 4096})
        reading = read(hwmon(wiring))
        assert number(folder, "shunt_resistor") == 2000
    assert (reading.battery_voltage_v, reading.battery_current_a) == (13.0, -3.5)


def test_an_ina3221_measures_battery_panel_and_load(bus: StubBus) -> None:
    registers = {1: -(50 << 3), 2: 1650 << 3, 3: 25 << 3, 4: 2250 << 3, 5: 10 << 3, 6: 1640 << 3}
    bus.put(INA3221, registers | {0: 0x7127, MAKER_ID: 0x5449, DIE_ID: 0x3220})
    with bus.driver("ina3221", INA3221) as folder:
        wiring = parse_wiring("ina3221", shunt_uohm=20_000, channels="battery,panel,load")
        reading = read(hwmon(wiring))
        assert [number(folder, f"shunt{n}_resistor") for n in (1, 2, 3)] == [20_000] * 3
    assert (reading.battery_voltage_v, reading.battery_current_a) == (13.2, -0.1)
    assert reading.panel_voltage_v == 18.0
    assert reading.panel_power_w == pytest.approx(0.9)
    assert reading.load_current_a == 0.02


def bare(bus: StubBus, wiring: InaWiring = TWO_MILLIOHM) -> I2cPowerMeter:
    return I2cPowerMeter(wiring, bus.number, BARE, SystemClock())


def test_without_a_driver_the_registers_are_read_over_smbus(bus: StubBus) -> None:
    bus.put(BARE, INA226_REGISTERS | {0: 0x4127})
    assert (bus.get(BARE, MAKER_ID), bus.get(BARE, DIE_ID)) == (0x5449, 0x2260)
    reading = read(bare(bus))
    assert (reading.battery_voltage_v, reading.battery_current_a) == (13.2, 3.5)
    assert bus.get(BARE, 0) == REGISTERS[InaChip.INA226].config
    bus.put(BARE, {1: 0xF510})
    assert read(bare(bus)).battery_current_a == -3.5


def test_both_ways_to_the_same_chip_agree(bus: StubBus) -> None:
    bus.put(BARE, INA226_REGISTERS)
    direct = read(bare(bus))
    with bus.driver("ina226", BARE):
        carry(bus, BARE, CHARGING)
        through_driver = read(hwmon())
    assert (direct.battery_voltage_v, direct.battery_current_a) == (
        through_driver.battery_voltage_v,
        through_driver.battery_current_a,
    )


def test_a_chip_that_a_driver_owns_is_busy_and_left_alone(bus: StubBus) -> None:
    bus.put(BARE, INA226_REGISTERS)
    meter = bare(bus)
    with bus.driver("ina226", BARE):
        before = {register: bus.get(BARE, register) for register in (0, 5)}
        with pytest.raises(PowerMeterUnreachableError, match=r"busy.*Cure: .*hwmon:ina226"):
            read(meter)
        assert {register: bus.get(BARE, register) for register in before} == before
    assert read(meter).battery_current_a == 3.5


def test_another_chip_or_none_is_told(bus: StubBus) -> None:
    bus.put(BARE, INA226_REGISTERS)
    with pytest.raises(PowerMeterSettingsError, match="is an ina226"):
        read(bare(bus, parse_wiring("ina260")))
    with pytest.raises(PowerMeterUnreachableError, match="i2cdetect"):
        read(I2cPowerMeter(TWO_MILLIOHM, bus.number, 0x4F, SystemClock()))
    with pytest.raises(PowerMeterUnreachableError, match="i2c_arm"):
        read(I2cPowerMeter(TWO_MILLIOHM, 99, 0x40, SystemClock()))


@contextlib.contextmanager
def unprivileged() -> Iterator[None]:
    """As on a bench, where the agent is not root."""
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


def test_an_agent_without_rights_is_told_the_way_and_reads_once_root_has_set_the_shunt(
    bus: StubBus, ina226: Path
) -> None:
    bus.put(BARE, INA226_REGISTERS)
    with unprivileged():
        with pytest.raises(
            PowerMeterSettingsError, match=r"Permission denied.*ATTR\{shunt_resistor\}=\"2000\""
        ):
            read(hwmon())
        with pytest.raises(PowerMeterUnreachableError, match=r"Permission denied.*group i2c"):
            read(bare(bus))
    (ina226 / "shunt_resistor").write_text("2000")
    with unprivileged():
        assert read(hwmon()).battery_current_a == 3.5


@contextlib.contextmanager
def parameters(**values: object) -> Iterator[None]:
    """Settings of the driver test_power while the block runs."""
    folder = Path("/sys/module/test_power/parameters")
    before = {name: (folder / name).read_text() for name in values}
    for name, value in values.items():
        (folder / name).write_text(str(value))
    try:
        yield
    finally:
        for name, text in before.items():
            (folder / name).write_text(text)


def test_a_power_supply_of_the_kernel_is_a_meter() -> None:
    meter = PowerSupplyMeter("test_battery", SystemClock())
    with parameters(
        battery_status="discharging", battery_capacity=72, battery_voltage=13210000, battery_current=2450000
    ):
        reading = read(meter)
        assert (reading.battery_voltage_v, reading.battery_current_a) == (13.21, -2.45)
        assert reading.reported_soc_pct == 72.0
    with parameters(battery_status="charging", battery_current=2450000):
        assert read(meter).battery_current_a == 2.45
    with pytest.raises(PowerMeterUnreachableError, match="test_battery"):
        read(PowerSupplyMeter("bms", SystemClock()))
