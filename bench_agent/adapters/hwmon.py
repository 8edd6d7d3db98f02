"""INA219, 226, 260 and 3221 through the kernel's ina2xx and ina3221 drivers (POW-R21).

Every reading looks for the chip anew, by its name, and checks its shunt: a driver that was bound again has
another number and the default shunt of 10 mOhm. Power is never read: ``power1_input`` has no sign.
Source: Documentation/hwmon/ina2xx.rst and ina3221.rst.
"""

import errno
from pathlib import Path

from typing_extensions import override

from bench_agent.adapters.ina_meter import InaPowerMeter
from bench_agent.adapters.ina_wiring import InaChip, InaSample, InaWiring
from bench_agent.adapters.sysfs import find_hwmon, read_number, read_text
from bench_agent.errors import PowerMeterSettingsError, PowerMeterUnreachableError
from bench_agent.ports.clock import Clock

_SYSFS_ROOT = Path("/sys/class/hwmon")


class HwmonPowerMeter(InaPowerMeter):
    """A current sensor whose driver is bound."""

    def __init__(
        self, wiring: InaWiring, clock: Clock, *, at: str | None = None, sysfs_root: Path = _SYSFS_ROOT
    ) -> None:
        """``at`` names the device, e.g. ``1-0040``, where there are two of one kind."""
        super().__init__(wiring, clock)
        self._at = at
        self._root = sysfs_root

    @property
    @override
    def _name(self) -> str:
        return f"hwmon:{self._wiring.chip}" + (f" at {self._at}" if self._at else "")

    @override
    def _measure(self) -> list[InaSample]:
        folder = self._find()
        channels = self._wiring.used_channels()
        for channel in channels:
            self._set_shunt(folder, channel)
        try:
            return [
                InaSample(
                    voltage_v=_read_thousandths(folder / f"in{channel}_input"),
                    current_a=_read_thousandths(folder / f"curr{channel}_input"),
                )
                for channel in channels
            ]
        except OSError as err:
            raise PowerMeterUnreachableError(
                f"{self._name} cannot be read from {folder}: {err.strerror}. "
                "Cure: check the chip's supply, SDA, SCL and ground; dmesg tells what the bus says."
            ) from err

    def _find(self) -> Path:
        chip = self._wiring.chip
        found = find_hwmon(self._root, chip)
        if self._at is not None:
            found = {device: folder for device, folder in found.items() if device == self._at}
        if not found:
            raise PowerMeterUnreachableError(
                f"{self._name} is not under {self._root}. Cure: check its wires and its device tree overlay; "
                f"where the kernel has no driver use i2c:{chip}@BUS:ADDRESS."
            )
        if len(found) > 1:
            raise PowerMeterSettingsError(
                f"{self._name} is one of {', '.join(found)}. Cure: add at= and the right one."
            )
        return next(iter(found.values()))

    def _set_shunt(self, folder: Path, channel: int) -> None:
        if self._wiring.shunt_uohm is None:
            return
        wanted = str(self._wiring.shunt_uohm)
        several = self._wiring.chip is InaChip.INA3221
        attribute = folder / (f"shunt{channel}_resistor" if several else "shunt_resistor")
        reason = "it keeps another value"
        try:
            if read_text(attribute) == wanted:
                return
            attribute.write_text(wanted)
            if read_text(attribute) == wanted:
                return
        except OSError as err:
            reason = err.strerror or str(err)
        raise PowerMeterSettingsError(
            f"shunt_uohm={wanted} is not taken by {attribute}: {reason}. Cure: set it in the device tree "
            f'(shunt-resistor) or by a udev rule with ATTR{{{attribute.name}}}="{wanted}".'
        )


def _read_thousandths(attribute: Path) -> float | None:
    """Volts or amperes; a channel that is switched off has no data and is not known."""
    try:
        thousandths = read_number(attribute)
    except OSError as err:
        if err.errno == errno.ENODATA:
            return None
        raise
    return None if thousandths is None else thousandths / 1000
