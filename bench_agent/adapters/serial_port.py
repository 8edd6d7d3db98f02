"""A serial device that may be missing, busy, silent or pulled out at any time (POW-R8).

Bytes are read in the event loop and handed on as they come; nothing is kept here.
"""

import asyncio
import errno
import os
import termios
from collections.abc import Callable

import serial
import structlog

from bench_agent.errors import PowerMeterUnreachableError
from bench_agent.ports.clock import Clock

FIRST_PAUSE_MS, LONGEST_PAUSE_MS = 1_000, 60_000
_READ_BYTES = 4096
_BUSY = "stop the program that uses it; sudo fuser -v {device} names it"
_FORBIDDEN = "let the agent's user into the group that owns it, usually dialout"
_MISSING = "plug it in, or name another device; ls /dev/serial/by-id shows what there is"
_CURES = {
    errno.EAGAIN: _BUSY,  # what the lock of an open port says
    errno.EBUSY: _BUSY,
    errno.EACCES: _FORBIDDEN,
    errno.EPERM: _FORBIDDEN,
    errno.ENOENT: _MISSING,
    errno.ENODEV: _MISSING,
    errno.ENXIO: _MISSING,
}
_OTHER_CURE = "check that it is a serial port and its cable sits well"

_log = structlog.get_logger(__name__)


class PortOutage:
    """When a port that failed may be tried again, and whether that was already logged."""

    def __init__(self, device: str, clock: Clock) -> None:
        self.count = 0
        """Outages so far."""
        self._device = device
        self._clock = clock
        self._reason = ""
        self._retry_at_ms = 0
        self._pause_ms = FIRST_PAUSE_MS

    def check(self) -> None:
        """Raise PowerMeterUnreachableError while the port should be left alone."""
        wait_ms = self._retry_at_ms - self._clock.monotonic_ms()
        if self._reason and wait_ms > 0:
            raise PowerMeterUnreachableError(f"{self._reason} (next try in {wait_ms} ms)")

    def begin(self, reason: str) -> PowerMeterUnreachableError:
        """The port failed; the pause before the next try doubles up to 60 s until ``end``."""
        self._retry_at_ms = self._clock.monotonic_ms() + self._pause_ms
        self._pause_ms = min(self._pause_ms * 2, LONGEST_PAUSE_MS)
        if not self._reason:
            self.count += 1
            _log.warning("serial_port_lost", device=self._device, reason=reason)
        self._reason = reason
        return PowerMeterUnreachableError(reason)

    def end(self) -> None:
        """The device speaks again."""
        if self._reason:
            _log.info("serial_port_back", device=self._device)
        self._reason, self._retry_at_ms, self._pause_ms = "", 0, FIRST_PAUSE_MS


def open_serial(device: str, baud: int) -> serial.Serial:
    """Open ``device`` for us alone, 8N1, without waiting for anything. What it had received is thrown away.

    Raises:
        PowerMeterUnreachableError: It is missing, busy, forbidden or no serial port; the text has the cure.
    """
    try:
        return serial.Serial(device, baud, timeout=0, write_timeout=0, exclusive=True)
    except (OSError, ValueError, termios.error) as err:
        number = err.errno if isinstance(err, OSError) else None
        cause = os.strerror(number) if number else str(err)
        cure = _CURES.get(number or 0, _OTHER_CURE).format(device=device)
        raise PowerMeterUnreachableError(f"{device} cannot be opened: {cause}. Cure: {cure}.") from err


def went_away(device: str) -> str:
    """Why a device that was open is not any more, with the cure."""
    return f"{device} went away. Cure: {_MISSING}."


class SerialPort:
    """One port, opened when it is needed and again after a pause when it was lost."""

    def __init__(self, device: str, baud: int, clock: Clock, receive: Callable[[bytes], None]) -> None:
        """``receive`` is called in the event loop with every piece that arrives, at most 4096 bytes."""
        self.device = device
        self.outage = PortOutage(device, clock)
        self._baud = baud
        self._receive = receive
        self._port: serial.Serial | None = None
        self._news = asyncio.Event()

    @property
    def is_open(self) -> bool:
        """Whether the port is ours and, as far as we know, there."""
        return self._port is not None

    def open(self) -> bool:
        """Open the port unless it is open; whether it was opened just now.

        Raises:
            PowerMeterUnreachableError: It cannot be opened, or failed too lately to try again.
        """
        if self._port is not None:
            return False
        self.outage.check()
        try:
            self._port = open_serial(self.device, self._baud)
        except PowerMeterUnreachableError as err:
            raise self.outage.begin(str(err)) from err
        asyncio.get_running_loop().add_reader(self._port.fileno(), self._on_readable)
        return True

    def send(self, message: bytes) -> None:
        """Hand ``message`` to the driver; one that takes no more loses it, as the line itself may."""
        if self._port is None:
            return
        try:
            os.write(self._port.fileno(), message)
        except BlockingIOError:
            return
        except OSError:
            self._lose()

    async def wait(self) -> None:
        """Wait until something arrived or the port was lost."""
        self._news.clear()
        await self._news.wait()

    def close(self) -> None:
        """Let the port go; may be called twice."""
        port, self._port = self._port, None
        if port is not None:
            asyncio.get_running_loop().remove_reader(port.fileno())
            port.close()

    def _on_readable(self) -> None:
        if self._port is None:
            return
        try:
            chunk = os.read(self._port.fileno(), _READ_BYTES)
        except BlockingIOError:
            return
        except OSError:
            chunk = b""
        if chunk:
            self._receive(chunk)
            self._news.set()
        else:
            self._lose()

    def _lose(self) -> None:
        self.close()
        self.outage.begin(went_away(self.device))
        self._news.set()
