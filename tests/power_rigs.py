"""Every power meter with a device behind it, for the contract they all keep.

A meter joins by one line in ``RIGS``; ``can`` says what its device is able to do to it.
"""

import shutil
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from typing_extensions import override

from bench_agent.adapters.hwmon import HwmonPowerMeter
from bench_agent.adapters.i2c import I2cPowerMeter
from bench_agent.adapters.ina_wiring import InaChip, parse_wiring
from bench_agent.adapters.power_board_frame import Flag, Kind, encode
from bench_agent.adapters.power_supply import PowerSupplyMeter
from bench_agent.app.meters import open_meters
from bench_agent.domain.power_reading import CurrentScope
from bench_agent.ports.power_meter import PowerMeter
from bench_agent.settings import PowerSettings, Settings
from bench_agent.simulated.clock import SimulatedClock
from tests.integration.ina_bus import Chip, FakeBus
from tests.integration.sysfs_tree import add_hwmon, put
from tests.serial_devices import DalyBoard, EpeverSlave, JbdBoard, SupplyBoardDevice, VedirectDevice

MAX_AGE_S = 20
SILENCE, NONSENSE, UNPLUGGING, A_PORT = "fall silent", "talk nonsense", "be pulled out", "have a serial port"


class Device(Protocol):
    """What a test may do to the device behind a meter."""

    path: Path
    mute: bool
    garbled: bool

    def plug_in(self) -> None: ...
    def pull_out(self) -> None: ...


class SimulatedBench:
    """A bench that lives in the meter itself."""

    mute = garbled = False

    def __init__(self, path: Path) -> None:
        self.path = path

    def plug_in(self) -> None:
        pass

    def pull_out(self) -> None:
        pass


class SysfsFolder:
    """A sensor as the kernel shows it; nonsense is text where a number should be."""

    mute = False

    def __init__(self, path: Path, **attributes: int) -> None:
        self.path = path
        self._attributes = attributes
        self._garbled = False

    @property
    def garbled(self) -> bool:
        return self._garbled

    @garbled.setter
    def garbled(self, wanted: bool) -> None:
        self._garbled = wanted
        self.plug_in()

    def plug_in(self) -> None:
        values = dict.fromkeys(self._attributes, "?") if self._garbled else self._attributes
        put(self._folder(), **values)

    def pull_out(self) -> None:
        for folder in (self.path, self.path.parent / "devices"):
            shutil.rmtree(folder, ignore_errors=True)

    def _folder(self) -> Path:
        folder = self.path / "BAT0"
        folder.mkdir(parents=True, exist_ok=True)
        return folder


class HwmonFolder(SysfsFolder):
    @override
    def _folder(self) -> Path:
        known = self.path / "hwmon2"
        return known if known.exists() else add_hwmon(self.path, 2, "1-0040", "ina226")


class Ina226(SimulatedBench):
    """A chip on a bus without a driver."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.bus = FakeBus()

    @override
    def plug_in(self) -> None:
        self.bus.chips[0x40] = Chip(InaChip.INA226, {1: 0, 2: 10624})

    @override
    def pull_out(self) -> None:
        self.bus.chips.clear()


@dataclass(frozen=True)
class Rig:
    """A kind of meter, what its device measures and can do."""

    device: Callable[[Path], Device]
    meter: Callable[[Device, SimulatedClock], PowerMeter]
    scope: CurrentScope
    never_told: tuple[str, ...]
    """Fields this kind of device does not know."""
    voltage_v: float | None = 13.28
    """Volts at the battery, with no current; None where both change by themselves."""
    can: frozenset[str] = frozenset({SILENCE, NONSENSE, UNPLUGGING, A_PORT})


def by_url(scheme: str) -> Callable[[Device, SimulatedClock], PowerMeter]:
    """Make the meter as the agent does."""

    def make(device: Device, clock: SimulatedClock) -> PowerMeter:
        url = f"{scheme}://" if scheme == "simulated" else f"{scheme}://{device.path}"
        power = PowerSettings(meters=(url,), max_age_s=MAX_AGE_S)
        return open_meters(Settings(bench_id="7h3k9m2p5q8r", power=power), clock)[0].meter

    return make


def hwmon(device: Device, clock: SimulatedClock) -> PowerMeter:
    return HwmonPowerMeter(parse_wiring("ina226", shunt_uohm=2000), clock, sysfs_root=device.path)


def i2c(device: Device, clock: SimulatedClock) -> PowerMeter:
    assert isinstance(device, Ina226)
    return I2cPowerMeter(parse_wiring("ina226", shunt_uohm=2000), 1, 0x40, clock, open_bus=device.bus.open)


def power_supply(device: Device, clock: SimulatedClock) -> PowerMeter:
    return PowerSupplyMeter("BAT0", clock, sysfs_root=device.path)


def charge_controller(path: Path) -> Device:
    return VedirectDevice(path, {"V": "13280", "I": "0", "VPV": "18000", "CS": "3"})


def battery_monitor(path: Path) -> Device:
    return VedirectDevice(path, {"V": "13280", "I": "0", "SOC": "720"}, {"H1": "-1", "H2": "0"})


def epever(path: Path) -> Device:
    words = dict.fromkeys([*range(0x3100, 0x3108), *range(0x310C, 0x3113), 0x311A, 0x311B, 0x311D], 0)
    words |= dict.fromkeys([0x3200, 0x3201, *range(0x331A, 0x331D)], 0)
    words |= dict.fromkeys([0x3304, 0x3305, 0x330C, 0x330D, 0x3312, 0x3313], 0)
    return EpeverSlave(path, words | {0x3104: 1328, 0x331A: 1328})


def jbd(path: Path) -> Device:
    basic = bytes.fromhex("0530 0000 0E1A 1388 000C 346E 0000 0000 0000 21 48 03 04 02 0BE3 0BD5")
    return JbdBoard(path, {0x03: basic, 0x04: bytes.fromhex("0CF9 0CF6 0CF8 0CF7")})


def daly(path: Path) -> Device:
    pack = bytes.fromhex("0085 0000 7530 02D3")
    cells = [bytes.fromhex("01 0CF9 0CF6 0CF8 00"), bytes.fromhex("02 0CF7 0000 0000 00")]
    return DalyBoard(path, {0x90: [pack], 0x95: cells, 0x96: [bytes.fromhex("01 47 45 00 00 00 00 00")]})


def power_board(path: Path) -> Device:
    status = struct.pack(">BBBHiIII", 2, 2, Flag.CURRENT_KNOWN, 13_280, 0, 0, 0, 60)
    return SupplyBoardDevice(path, encode(Kind.STATUS, status))


def ina226_driver(path: Path) -> Device:
    return HwmonFolder(path, in1_input=13280, curr1_input=0, shunt_resistor=2000)


def fuel_gauge(path: Path) -> Device:
    return SysfsFolder(path, voltage_now=13_280_000, current_now=0)


PACK, CHARGER = CurrentScope.BATTERY, CurrentScope.CHARGER
SUN = ("panel_voltage_v", "panel_power_w", "charge_stage")
SOC = ("reported_soc_pct",)
IN_A_FOLDER = frozenset({NONSENSE, UNPLUGGING})
RIGS = {
    "vedirect-mppt": Rig(charge_controller, by_url("vedirect"), CHARGER, SOC),
    "vedirect-bmv": Rig(battery_monitor, by_url("vedirect"), PACK, SUN),
    "epever-rtu": Rig(epever, by_url("epever-rtu"), CHARGER, ("load_on",)),
    "jbd": Rig(jbd, by_url("jbd"), PACK, SUN),
    "daly": Rig(daly, by_url("daly"), PACK, SUN, 13.3),
    "board": Rig(power_board, by_url("board"), PACK, (*SUN, *SOC)),
    "hwmon": Rig(ina226_driver, hwmon, PACK, SUN, can=IN_A_FOLDER),
    "i2c": Rig(Ina226, i2c, PACK, SUN, can=frozenset({UNPLUGGING})),
    "power-supply": Rig(fuel_gauge, power_supply, PACK, SUN, can=IN_A_FOLDER),
    "simulated": Rig(SimulatedBench, by_url("simulated"), PACK, SOC, voltage_v=None, can=frozenset()),
}
