"""What all meters on a serial port of our own have in common: fields by their age, and three ways to fail."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import suppress

from typing_extensions import override

from bench_agent.adapters.serial_port import SerialPort
from bench_agent.domain.fresh_fields import FreshFields
from bench_agent.domain.power_reading import PowerReading
from bench_agent.errors import (
    PowerMeterError,
    PowerMeterGarbledError,
    PowerMeterSilentError,
    PowerMeterUnreachableError,
)
from bench_agent.ports.clock import Clock

READ_S = 0.9
"""A read ends within one second (POW-R6)."""
ATTEMPTS, REPLY_S = 2, 0.4
"""The first packet to a sleeping device is lost; both attempts fit into one read."""
ASKED_PERIOD_S = 3.0
"""Within this time a device that speaks only when asked has told all it has."""
_CURE = "check that it is the right port, the device has power, and TX, RX and ground are connected"


def no_reading(device: str, *, garbled: bool) -> PowerMeterError:
    """Why an open port gives no reading, with the cure."""
    if garbled:
        return PowerMeterGarbledError(f"{device}: bytes, but no valid frame. Cure: {_CURE}.")
    return PowerMeterSilentError(f"{device} is silent. Cure: {_CURE}.")


class SerialMeter(ABC):
    """Opens its port at the first ``read`` and reads it in the event loop."""

    def __init__(self, device: str, baud: int, clock: Clock, max_age_s: float) -> None:
        """``max_age_s``: a field older than this is not known any more."""
        self._clock = clock
        self._port = SerialPort(device, baud, clock, self._receive)
        self._fields = FreshFields(round(max_age_s * 1000))

    async def read(self) -> PowerReading:
        """Newest fields, within 0.9 s.

        Raises:
            PowerMeterUnreachableError: The port cannot be opened or went away.
            PowerMeterSilentError: Nothing valid for ``max_age_s``, or nothing yet.
            PowerMeterGarbledError: Bytes, but no valid frame for ``max_age_s``.
        """
        if self._port.open():
            self._fields.clear()
            self._begin()
        with suppress(TimeoutError):
            async with asyncio.timeout(READ_S):
                await self._refresh()
        if not self._port.is_open:
            self._port.outage.check()
            raise PowerMeterUnreachableError(f"{self._port.device} was closed")
        reading = self._known()
        if reading is not None:
            return reading
        raise no_reading(self._port.device, garbled=self._is_garbled())

    async def close(self) -> None:
        """Let the port go; a later ``read`` opens it again."""
        self._port.close()
        self._fields.clear()

    @abstractmethod
    def error_counts(self) -> Mapping[str, int]:
        """What went wrong so far, by kind."""

    @abstractmethod
    def diagnostics(self) -> Mapping[str, str]:
        """What the device says beside the reading, as text for people."""

    def _known(self) -> PowerReading | None:
        return self._fields.reading(self._clock.monotonic_ms())

    def _take(self, part: PowerReading, source: str = "") -> None:
        self._port.outage.end()
        self._fields.take(part, source)

    @abstractmethod
    def _begin(self) -> None:
        """The port was opened anew, perhaps with another device behind it."""

    @abstractmethod
    async def _refresh(self) -> None:
        """Work for news; cancelled after 0.9 s."""

    @abstractmethod
    def _receive(self, chunk: bytes) -> None:
        """Take what arrived."""

    @abstractmethod
    def _is_garbled(self) -> bool:
        """Whether the device said something lately, though nothing valid."""


class AskedMeter(SerialMeter):
    """A device that speaks only when asked."""

    def __init__(self, device: str, baud: int, clock: Clock, max_age_s: float) -> None:
        super().__init__(device, baud, clock, max_age_s)
        self._answered = True
        self._strange_bytes = 0
        """Bytes of the running read that no valid frame and no echo explains."""
        self.unanswered = 0
        """Requests that got no valid answer."""

    async def _ask(self, request: bytes) -> bool:
        """Send ``request``, twice if need be; whether ``_answered`` was set in time."""
        self._answered = False
        for _ in range(ATTEMPTS):
            self._port.send(request)
            with suppress(TimeoutError):
                async with asyncio.timeout(REPLY_S):
                    while self._port.is_open and not self._answered:
                        await self._port.wait()
            if self._answered or not self._port.is_open:
                break
        self.unanswered += not self._answered
        return self._answered

    @override
    def _is_garbled(self) -> bool:
        return self._strange_bytes > 0
