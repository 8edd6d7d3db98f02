"""Switches the computer off through systemd. Source: systemctl(1)."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from bench_agent.adapters.sysinfo import LinuxHost
from bench_agent.errors import HostError

POWER_OFF = ("systemctl", "poweroff")
SHUTDOWN_LIMIT_S = 120.0
_ANSWER_LIMIT_S = 20.0


class SystemdHost(LinuxHost):
    """A Linux computer that systemd runs."""

    def __init__(
        self,
        folder: Path,
        command: Sequence[str] = POWER_OFF,
        shutdown_limit_s: float = SHUTDOWN_LIMIT_S,
    ) -> None:
        """``command`` asks for the shutdown; ``folder`` names the disk that counts."""
        super().__init__(folder)
        self._command = command
        self._shutdown_limit_s = shutdown_limit_s

    async def power_off(self) -> None:
        """Ask for the shutdown; systemd then ends this program.

        Raises:
            HostError: It was refused, or nothing happened within two minutes.
        """
        try:
            process = await asyncio.create_subprocess_exec(
                *self._command, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE
            )
        except OSError as err:
            raise HostError(f"{self._command[0]}: {err}") from err
        try:
            async with asyncio.timeout(_ANSWER_LIMIT_S):
                _, said = await process.communicate()
        except TimeoutError as err:
            process.kill()
            raise HostError(f"{' '.join(self._command)} did not end in {_ANSWER_LIMIT_S:.0f} s") from err
        if process.returncode:
            raise HostError(f"{' '.join(self._command)}: {said.decode(errors='replace').strip()[:200]}")
        await asyncio.sleep(self._shutdown_limit_s)
        raise HostError(f"still running {self._shutdown_limit_s:.0f} s after {' '.join(self._command)}")
