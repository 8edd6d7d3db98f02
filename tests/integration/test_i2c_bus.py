"""POW-R22, R23, R69, R70: the chips without a kernel driver."""

import asyncio
import errno
import threading

import pytest
from typing_extensions import override

from bench_agent.adapters.i2c import I2cPowerMeter
from bench_agent.adapters.ina_wiring import InaChip, parse_wiring
from bench_agent.domain.power_reading import CurrentScope, PowerReading, ReadingQuality
from bench_agent.errors import (
    PowerMeterError,
    PowerMeterGarbledError,
    PowerMeterSettingsError,
    PowerMeterSilentError,
    PowerMeterUnreachableError,
    SettingsError,
)
from bench_agent.simulated.clock import SimulatedClock
from tests.integration.ina_bus import Chip, FakeBus

CHARGING_226 = {1: 2800, 2: 10560}


def meter_of(bus: FakeBus, chip: str = "ina226", channels: str = "battery", **wiring: int) -> I2cPowerMeter:
    shunt_uohm = None if chip == "ina260" else wiring.get("shunt_uohm", 2000)
    parsed = parse_wiring(
        chip, shunt_uohm=shunt_uohm, invert=bool(wiring.get("invert", 0)), channels=channels
    )
    return I2cPowerMeter(parsed, bus=1, address=0x40, clock=SimulatedClock(), open_bus=bus.open)


def bus_with(kind: InaChip, inputs: dict[int, int]) -> tuple[FakeBus, Chip]:
    bus, chip = FakeBus(), Chip(kind, inputs)
    bus.chips[0x40] = chip
    return bus, chip


def read(meter: I2cPowerMeter) -> PowerReading:
    async def scene() -> PowerReading:
        try:
            return await meter.read()
        finally:
            await meter.close()

    return asyncio.run(scene())


@pytest.mark.parametrize(
    ("chip", "inputs", "shunt_uohm", "volts", "amperes"),
    [
        (InaChip.INA219, {1: 700, 2: (3250 << 3) | 2}, 2000, 13.0, 3.5),
        (InaChip.INA226, CHARGING_226, 2000, 13.2, 3.5),
        (InaChip.INA226, {1: 0xF510, 2: 10560}, 2000, 13.2, -3.5),
        (InaChip.INA260, {1: 2800, 2: 10560}, 2000, 13.2, 3.5),
        (InaChip.INA3221, {1: 50 << 3, 2: 1650 << 3}, 10_000, 13.2, 0.2),
        (InaChip.INA3221, {1: -(50 << 3) & 0xFFFF, 2: 1650 << 3}, 10_000, 13.2, -0.2),
    ],
)
def test_measures_the_vectors_of_every_chip(
    chip: InaChip, inputs: dict[int, int], shunt_uohm: int, volts: float, amperes: float
) -> None:
    bus, _ = bus_with(chip, inputs)
    reading = read(meter_of(bus, chip, shunt_uohm=shunt_uohm))
    assert reading.battery_voltage_v == pytest.approx(volts)
    assert reading.battery_current_a == pytest.approx(amperes)
    assert (reading.quality, reading.current_scope) == (ReadingQuality.GOOD, CurrentScope.BATTERY)
    assert bus.open_handles == 0


def test_invert_turns_the_battery_current_round() -> None:
    bus, _ = bus_with(InaChip.INA226, CHARGING_226)
    assert read(meter_of(bus, invert=1)).battery_current_a == -3.5


def test_three_channels_of_one_chip_are_battery_panel_and_load() -> None:
    inputs = {1: 50 << 3, 2: 1650 << 3, 3: -(25 << 3) & 0xFFFF, 4: 2250 << 3, 5: 10 << 3, 6: 1640 << 3}
    bus, _ = bus_with(InaChip.INA3221, inputs)
    reading = read(meter_of(bus, "ina3221", "battery,panel,load", shunt_uohm=10_000))
    assert (reading.battery_voltage_v, reading.battery_current_a) == (13.2, 0.2)
    assert reading.panel_voltage_v == 18.0
    assert reading.panel_power_w == pytest.approx(18.0 * 0.1)  # wired the other way round, still a panel
    assert reading.load_current_a == 0.04
    assert reading.load_power_w == pytest.approx(13.12 * 0.04)


def test_an_unused_channel_is_skipped() -> None:
    bus, _ = bus_with(InaChip.INA3221, {3: 50 << 3, 4: 1650 << 3})
    reading = read(meter_of(bus, "ina3221", "-,battery", shunt_uohm=10_000))
    assert (reading.battery_voltage_v, reading.panel_power_w) == (13.2, None)


def test_a_chip_that_was_put_to_sleep_is_woken_and_not_believed() -> None:
    bus, chip = bus_with(InaChip.INA226, CHARGING_226)
    meter = meter_of(bus)
    assert read(meter).battery_current_a == 3.5
    chip.write(0, 0x4120)
    chip.inputs = {1: 400, 2: 10400}
    assert chip.read(1) == 2800  # asleep it repeats what it knew
    assert read(meter).battery_current_a == 0.5


def test_a_chip_that_lost_power_averages_again() -> None:
    bus, chip = bus_with(InaChip.INA226, CHARGING_226)
    meter = meter_of(bus)
    read(meter)
    averaging = chip.config
    chip.lose_power()
    assert chip.config != averaging
    read(meter)
    assert chip.config == averaging


def test_a_bound_driver_is_named_as_the_cure_and_its_chip_left_alone() -> None:
    bus, chip = bus_with(InaChip.INA226, CHARGING_226)
    before = chip.config
    chip.owned_by_driver = True
    with pytest.raises(PowerMeterUnreachableError, match=r"Cure: a kernel driver owns.*hwmon:ina226"):
        read(meter_of(bus))
    assert (chip.config, bus.open_handles) == (before, 0)


@pytest.mark.parametrize(
    ("number", "cure"), [(errno.ENOENT, "dtparam=i2c_arm=on"), (errno.EACCES, "group i2c")]
)
def test_a_bus_that_does_not_open_names_its_cure(number: int, cure: str) -> None:
    bus, _ = bus_with(InaChip.INA226, CHARGING_226)
    bus.refuses_open = number
    with pytest.raises(PowerMeterUnreachableError, match=cure):
        read(meter_of(bus))


def test_a_chip_pulled_out_is_unreachable_and_comes_back() -> None:
    bus, chip = bus_with(InaChip.INA226, CHARGING_226)
    meter = meter_of(bus)
    read(meter)
    del bus.chips[0x40]
    with pytest.raises(PowerMeterUnreachableError, match="i2cdetect -y 1"):
        read(meter)
    assert bus.open_handles == 0
    bus.chips[0x40] = chip
    assert read(meter).battery_voltage_v == 13.2


def test_another_chip_at_the_address_is_called_by_its_name() -> None:
    bus, chip = bus_with(InaChip.INA260, CHARGING_226)
    before = chip.config
    with pytest.raises(PowerMeterSettingsError, match=r"is an ina260 .*0x2270"):
        read(meter_of(bus))
    chip.write(0xFF, 0x1234)
    with pytest.raises(PowerMeterSettingsError, match="unknown chip"):
        read(meter_of(bus))
    assert chip.config == before


def test_an_overflow_of_an_ina219_is_no_measurement() -> None:
    bus, _ = bus_with(InaChip.INA219, {1: 700, 2: (3250 << 3) | 3})
    with pytest.raises(PowerMeterGarbledError):
        read(meter_of(bus, "ina219"))


def test_a_saturated_shunt_leaves_the_voltage() -> None:
    bus, _ = bus_with(InaChip.INA226, {1: 0x7FFF, 2: 10560})
    reading = read(meter_of(bus))
    assert (reading.battery_voltage_v, reading.battery_current_a) == (13.2, None)
    assert (reading.quality, reading.current_scope) == (ReadingQuality.PARTIAL, CurrentScope.NONE)


def test_a_stuck_bus_is_silent_within_a_second_and_left_in_peace_until_it_answers() -> None:
    free = threading.Event()
    opened = 0

    class StuckBus(FakeBus):
        @override
        def open(self, number: int) -> FakeBus:
            nonlocal opened
            opened += 1
            free.wait(10)
            return super().open(number)

    bus = StuckBus()
    bus.chips[0x40] = Chip(InaChip.INA226, CHARGING_226)
    meter = meter_of(bus)

    async def scene() -> None:
        late = asyncio.gather(meter.read(), meter.read(), return_exceptions=True)
        for outcome in await asyncio.wait_for(late, 1.5):
            assert isinstance(outcome, PowerMeterSilentError)
            assert "Cure: check SDA" in str(outcome)
        assert opened == 1
        free.set()
        assert (await meter.read()).battery_voltage_v == 13.2
        await meter.close()
        await meter.close()

    asyncio.run(scene())
    assert bus.open_handles == 0


def test_any_words_give_a_reading_or_an_error_of_the_meter() -> None:
    bus, chip = bus_with(InaChip.INA226, {})
    meter = meter_of(bus)
    for word in range(0, 0x10000, 257):
        chip.inputs = {1: word, 2: word ^ 0xFFFF}
        reading = read(meter)
        assert reading.battery_voltage_v is not None
        assert 0 <= reading.battery_voltage_v < 82
    chip.inputs = {0xFE: 0xFFFF, 0xFF: 0xFFFF}
    with pytest.raises(PowerMeterError):
        read(meter)


def test_settings_that_cannot_work_are_refused_before_any_bus_is_opened() -> None:
    wiring = parse_wiring("ina226")
    with pytest.raises(SettingsError, match="Cure: add shunt_uohm"):
        I2cPowerMeter(wiring, 1, 0x40, SimulatedClock())
    with pytest.raises(SettingsError, match=r"0x39.*Cure: use 0x40"):
        I2cPowerMeter(parse_wiring("ina260"), 1, 0x39, SimulatedClock())
