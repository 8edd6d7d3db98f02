"""Thermometers that have a kernel driver: DS18B20 on 1-Wire, SHT3x in hwmon, any sensor in iio (POW-R24).

Source: Documentation/w1/slaves/w1_therm.rst, hwmon/sht3x.rst, ABI/testing/sysfs-bus-iio; all in thousandths.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from bench_agent.adapters.device_thread import DeviceThread
from bench_agent.adapters.sysfs import find_folders, find_hwmon, read_number
from bench_agent.domain.climate import ClimateReading
from bench_agent.domain.power_range import PowerRange
from bench_agent.errors import ThermometerError
from bench_agent.ports.clock import Clock

WITHIN_S = 3.0
"""A DS18B20 converts for 0.75 s; iio drivers repeat a failed transfer themselves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Files:
    """Where the kernel shows one kind of thermometer."""

    root: Path
    find: Callable[[Path], dict[str, Path]]
    """Folders under the root, by their device."""
    temperature: str
    humidity: str | None = None
    never_c: frozenset[float] = frozenset()
    """Values that mean something else."""


class ThermometerKind(Enum):
    """The kinds that benches use."""

    DS18B20 = _Files(
        root=Path("/sys/bus/w1/devices"),
        find=lambda root: {folder.name: folder for folder in find_folders(root, "28-*")},
        temperature="temperature",
        never_c=frozenset((85.0, -127.0)),  # the register after power-on; the bus without a sensor
    )
    SHT3X = _Files(
        root=Path("/sys/class/hwmon"),
        find=lambda root: find_hwmon(root, "sht3x"),
        temperature="temp1_input",
        humidity="humidity1_input",
    )
    IIO = _Files(
        root=Path("/sys/bus/iio/devices"),
        find=lambda root: {
            folder.resolve().parent.name: folder
            for folder in find_folders(root, "iio:device*")
            if (folder / "in_temp_input").exists()
        },
        temperature="in_temp_input",
        humidity="in_humidityrelative_input",
    )


class SysfsThermometer:
    """A thermometer, found anew for every reading."""

    def __init__(
        self, kind: ThermometerKind, clock: Clock, *, at: str | None = None, sysfs_root: Path | None = None
    ) -> None:
        """``at`` names the device where there are several: ``28-0316a2f7c1ff``, ``1-0044``."""
        self._kind = kind
        self._clock = clock
        self._at = at
        self._root = sysfs_root or kind.value.root
        self._thread = DeviceThread(WITHIN_S)

    async def read(self) -> ClimateReading:
        """Measure now, within 3 s.

        Raises:
            ThermometerError: It is missing, ambiguous or does not answer; the text says how to mend it.
        """
        measured_at_ms = self._clock.monotonic_ms()
        try:
            return await self._thread.call(lambda: self._measure(measured_at_ms))
        except TimeoutError as err:
            raise ThermometerError(f"{self._name} does not answer in time. Cure: check its wires.") from err

    async def close(self) -> None:
        """Wait until a late answer is over."""
        await self._thread.settle()

    @property
    def _name(self) -> str:
        return f"thermometer {self._kind.name}" + (f" at {self._at}" if self._at else "")

    def _measure(self, measured_at_ms: int) -> ClimateReading:
        files = self._kind.value
        folder = self._find()
        try:
            temperature_c = _read_thousandths(folder / files.temperature)
            humidity_pct = _read_humidity(folder, files.humidity)
        except OSError as err:
            raise ThermometerError(
                f"{self._name} cannot be read from {folder}: {err.strerror}. Cure: check its wires."
            ) from err
        if temperature_c in files.never_c:
            temperature_c = None
        return ClimateReading(
            measured_at_ms=measured_at_ms,
            temperature_c=PowerRange.TEMPERATURE_C.keep(temperature_c),
            humidity_pct=PowerRange.PERCENT.keep(humidity_pct),
        )

    def _find(self) -> Path:
        found = self._kind.value.find(self._root)
        if self._at is not None:
            found = {device: folder for device, folder in found.items() if device == self._at}
        if not found:
            raise ThermometerError(
                f"{self._name} is not under {self._root}. Cure: check its wires and its device tree overlay."
            )
        if len(found) > 1:
            raise ThermometerError(
                f"{self._name} is one of {', '.join(found)}. Cure: add at= and the right one."
            )
        return next(iter(found.values()))


def _read_thousandths(attribute: Path) -> float | None:
    thousandths = read_number(attribute)
    return None if thousandths is None else thousandths / 1000


def _read_humidity(folder: Path, attribute: str | None) -> float | None:
    """Percent, ``None`` from a sensor without a hygrometer."""
    if attribute is None or not (folder / attribute).exists():
        return None
    return _read_thousandths(folder / attribute)
