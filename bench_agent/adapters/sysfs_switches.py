"""Loads that the kernel switches through sysfs: a display's backlight, the processor's governor (POW-R36).

Sources: kernel ABI ``sysfs-class-backlight`` (``brightness``, ``max_brightness``, ``bl_power``) and
``cpufreq/policy*/scaling_governor``.
"""

from pathlib import Path

import structlog

CPUFREQ = Path("/sys/devices/system/cpu/cpufreq")
_LIT, _DARK = "0", "4"
"""FB_BLANK_UNBLANK and FB_BLANK_POWERDOWN."""

_log = structlog.get_logger(__name__)


class Backlight:
    """The light behind one display."""

    def __init__(self, folder: Path) -> None:
        """``folder`` is one below ``/sys/class/backlight``."""
        self._folder = folder
        self._outage = False

    def set_percent(self, percent: int) -> None:
        """Light it by ``percent`` of its most, 0 = off; one that refuses is logged once."""
        try:
            most = int((self._folder / "max_brightness").read_text())
            (self._folder / "brightness").write_text(str(round(most * percent / 100)))
            (self._folder / "bl_power").write_text(_LIT if percent else _DARK)
        except (OSError, ValueError) as err:
            if not self._outage:
                _log.warning("backlight_not_set", folder=str(self._folder), cause=str(err))
            self._outage = True
            return
        self._outage = False


class Governor:
    """How fast the processor may be."""

    def __init__(self, root: Path = CPUFREQ) -> None:
        self._root = root
        self._before: dict[Path, str] = {}
        """What each policy had before we saved energy."""
        self._outage = False

    def set_powersave(self, *, on: bool) -> None:
        """Save energy, or give back what was there before; a kernel that refuses is logged once."""
        try:
            for path in sorted(self._root.glob("policy*/scaling_governor")):
                if on and path not in self._before:
                    self._before[path] = path.read_text().strip()
                    path.write_text("powersave")
                elif not on and path in self._before:
                    path.write_text(self._before[path])
                    del self._before[path]
        except OSError as err:
            if not self._outage:
                _log.warning("governor_not_set", cause=str(err))
            self._outage = True
            return
        self._outage = False
