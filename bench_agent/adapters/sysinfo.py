"""Measurements of the computer from /proc and /sys. Source: proc(5), kernel thermal sysfs API."""

import shutil
from pathlib import Path
from typing import NamedTuple

from bench_agent.wire.telemetry import SystemMinute

_IDLE, _IOWAIT, _STEAL = 3, 4, 7


class _CpuTicks(NamedTuple):
    busy: int
    total: int


class LinuxHost:
    """The computer the agent runs on; ``folder`` names the disk that counts."""

    def __init__(
        self, folder: Path, proc_root: Path = Path("/proc"), thermal_root: Path = Path("/sys/class/thermal")
    ) -> None:
        self._folder = folder
        self._proc = proc_root
        self._thermal = thermal_root
        self._ticks = self._read_ticks()

    def read_minute(self) -> SystemMinute:
        """Temperature, load since the last call, memory and disk; None where it cannot be known."""
        before, self._ticks = self._ticks, self._read_ticks()
        return SystemMinute(
            cpu_temperature_c=self._read_temperature_c(),
            cpu_load_pct=_load_pct(before, self._ticks),
            memory_used_pct=self._read_memory_pct(),
            disk_free_pct=self._read_disk_pct(),
        )

    def _read_ticks(self) -> _CpuTicks | None:
        try:
            first = (self._proc / "stat").read_text().splitlines()[0]
            ticks = [int(word) for word in first.split()[1 : _STEAL + 2]]
            return _CpuTicks(sum(ticks) - ticks[_IDLE] - ticks[_IOWAIT], sum(ticks))
        except (OSError, ValueError, IndexError):
            return None

    def _read_temperature_c(self) -> float | None:
        try:
            return int((self._thermal / "thermal_zone0" / "temp").read_text()) / 1000
        except (OSError, ValueError):
            return None

    def _read_memory_pct(self) -> float | None:
        try:
            lines = (self._proc / "meminfo").read_text().splitlines()
            kilobytes = {line.split(":")[0]: int(line.split()[1]) for line in lines}
            return round(100 * (1 - kilobytes["MemAvailable"] / kilobytes["MemTotal"]), 1)
        except (OSError, ValueError, IndexError, KeyError, ZeroDivisionError):
            return None

    def _read_disk_pct(self) -> float | None:
        try:
            usage = shutil.disk_usage(self._folder)
        except OSError:
            return None
        return round(100 * usage.free / usage.total, 1) if usage.total else None


def _load_pct(before: _CpuTicks | None, after: _CpuTicks | None) -> float | None:
    if before is None or after is None or after.total <= before.total:
        return None
    return round(100 * (after.busy - before.busy) / (after.total - before.total), 1)
