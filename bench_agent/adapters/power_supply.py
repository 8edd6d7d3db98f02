"""Fuel gauges of battery HATs in /sys/class/power_supply.

Source: Documentation/ABI/testing/sysfs-class-power: uV, uA, percent, tenths of a degree.
"""

import errno
from contextlib import suppress
from pathlib import Path

from bench_agent.adapters.device_thread import DeviceThread
from bench_agent.adapters.sysfs import parse_number, read_text
from bench_agent.domain.power_reading import CurrentScope, PowerReading, ReadingQuality, quality_of
from bench_agent.errors import (
    PowerMeterGarbledError,
    PowerMeterSilentError,
    PowerMeterUnreachableError,
    SettingsError,
)
from bench_agent.ports.clock import Clock

_SYSFS_ROOT = Path("/sys/class/power_supply")


class PowerSupplyMeter:
    """A battery that the kernel itself knows."""

    def __init__(self, name: str, clock: Clock, *, sysfs_root: Path = _SYSFS_ROOT) -> None:
        """``name`` is that of the folder, e.g. ``BAT0``.

        Raises:
            SettingsError: ``name`` cannot be a folder's name.
        """
        if not name or "/" in name or name.startswith("."):
            raise SettingsError(
                f"{name!r} names no power supply. Cure: take a name listed by ls {sysfs_root}."
            )
        self._folder = sysfs_root / name
        self._clock = clock
        self._thread = DeviceThread()

    async def read(self) -> PowerReading:
        """Measure now.

        Raises:
            PowerMeterUnreachableError: No such supply, or its driver cannot reach it.
            PowerMeterSilentError: The bus is stuck.
            PowerMeterGarbledError: Neither voltage nor current is a number.
        """
        measured_at_ms = self._clock.monotonic_ms()
        try:
            reading = await self._thread.call(lambda: self._measure(measured_at_ms))
        except TimeoutError as err:
            raise PowerMeterSilentError(
                f"{self._folder} does not answer in time. Cure: check how the HAT sits on the header."
            ) from err
        if reading.quality is ReadingQuality.STALE:
            raise PowerMeterGarbledError(
                f"{self._folder} tells neither voltage nor current. Cure: name another meter in the settings."
            )
        return reading

    async def close(self) -> None:
        """Wait for a late answer; nothing is held open."""
        await self._thread.settle()

    def _measure(self, measured_at_ms: int) -> PowerReading:
        if not self._folder.is_dir():
            raise PowerMeterUnreachableError(f"no {self._folder}. Cure: {self._cure()}.")
        try:
            voltage_v = self._number("voltage_now", per_unit=1_000_000)
            size_a = self._number("current_now", per_unit=1_000_000)
            current_a = signed_current_a(size_a, self._text("status"))
            return PowerReading(
                measured_at_ms=measured_at_ms,
                quality=quality_of(voltage_v, current_a),
                battery_voltage_v=voltage_v,
                battery_current_a=current_a,
                current_scope=CurrentScope.NONE if current_a is None else CurrentScope.BATTERY,
                battery_temperature_c=self._number("temp", per_unit=10),
                reported_soc_pct=self._number("capacity"),
            )
        except OSError as err:
            raise PowerMeterUnreachableError(
                f"{self._folder} cannot be read: {err.strerror}. Cure: check how the HAT sits on the header."
            ) from err

    def _cure(self) -> str:
        names: list[str] = []
        with suppress(OSError):
            names = sorted(folder.name for folder in self._folder.parent.iterdir())
        if names:
            return f"use one of {', '.join(names)}"
        return "load the HAT's device tree overlay, no power supply has a driver"

    def _text(self, attribute: str) -> str:
        """Text of ``attribute``, empty where the gauge does not have it."""
        try:
            return read_text(self._folder / attribute)
        except OSError as err:
            if err.errno in (errno.ENOENT, errno.ENODATA):
                return ""
            raise

    def _number(self, attribute: str, per_unit: int = 1) -> float | None:
        number = parse_number(self._text(attribute))
        return None if number is None else number / per_unit


def signed_current_a(current_a: float | None, status: str) -> float | None:
    """Amperes, + = charging. Some drivers give the size only; a negative value comes from one that knows."""
    if current_a is not None and status == "Discharging":
        return -abs(current_a)
    return current_a
