"""Modbus RTU on a serial port by pymodbus: registers of one device, read and written (POW-R16).

pymodbus keeps the port, the CRC and the one retry. What it does not do is done here: say why a port cannot be
opened, leave it alone for a while after that, and take an answer that comes in small pieces.
"""

import asyncio
import logging
import termios
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

from pymodbus import ModbusException
from pymodbus.client import AsyncModbusSerialClient
from pymodbus.pdu import ModbusPDU
from typing_extensions import override

from bench_agent.adapters.serial_port import PortOutage, open_serial, went_away
from bench_agent.errors import PowerMeterError, PowerMeterSilentError, PowerMeterUnreachableError
from bench_agent.ports.clock import Clock

TIMEOUT_S, RETRIES = 1.0, 1
LATE_ANSWER_S = 0.2
"""After a retry the first answer may still come; it would be taken for that of the next request."""

logging.getLogger("pymodbus").setLevel(logging.CRITICAL)  # an outage is logged once, by PortOutage


class RegistersRefusedError(PowerMeterError):
    """The device answered that it will not."""

    def __init__(self, code: int) -> None:
        """``code`` is the Modbus exception: 1 function, 2 address, 3 value, 4 failure, 6 busy."""
        super().__init__(f"Modbus exception {code}")
        self.code = code


class ModbusRtuLine:
    """One device on a port that is opened when needed."""

    def __init__(
        self,
        device: str,
        clock: Clock,
        *,
        baud: int,
        device_id: int,
        heard: Callable[[], None],
        lost: Callable[[], None],
    ) -> None:
        """Take the port's name; ``open`` opens it.

        Args:
            device: Path of the serial port.
            clock: When a port that failed may be tried again.
            baud: Speed of the line.
            device_id: Modbus address, 1 to 247.
            heard: Called when bytes arrive that are not an echo of ours.
            lost: Called when the port went away.
        """
        self.outage = PortOutage(device, clock)
        self._device = device
        self._baud = baud
        self._device_id = device_id
        self._heard = heard
        self._lost = lost
        self._client: AsyncModbusSerialClient | None = None

    @property
    def is_open(self) -> bool:
        """Whether the port is ours and, as far as we know, there."""
        return self._client is not None

    async def open(self) -> bool:
        """Open the port unless it is open; whether it was opened just now.

        Raises:
            PowerMeterUnreachableError: It cannot be opened, or failed too lately to try again.
        """
        if self._client is not None:
            return False
        self.outage.check()
        answer = _WholeEcho(self._heard)
        client = AsyncModbusSerialClient(
            self._device,
            baudrate=self._baud,
            timeout=TIMEOUT_S,
            retries=RETRIES,
            reconnect_delay=0,
            handle_local_echo=True,
            trace_packet=answer.trace,
            trace_connect=self._follow_connection,
        )
        connected = False
        with suppress(ValueError, termios.error):  # pyserial's, which pymodbus lets through
            connected = await client.connect()
        if not connected:
            raise self.outage.begin(self._why_not())
        answer.stand_between(client)
        self._client = client
        return True

    async def read_input(self, address: int, count: int) -> Sequence[int]:
        """Read ``count`` input registers from ``address`` on (function 4).

        Raises:
            RegistersRefusedError: The device answered with an exception.
            PowerMeterSilentError: No valid answer, twice.
            PowerMeterUnreachableError: The port is not open.
        """
        answer = await self._ask(
            lambda client: client.read_input_registers(address, count=count, device_id=self._device_id)
        )
        if len(answer.registers) != count:
            raise PowerMeterSilentError(
                f"{self._device}: {len(answer.registers)} registers instead of {count}"
            )
        return answer.registers

    async def write(self, address: int, words: Sequence[int]) -> None:
        """Write ``words`` from ``address`` on in one request (function 16); raises as ``read_input`` does."""
        await self._ask(
            lambda client: client.write_registers(address, list(words), device_id=self._device_id)
        )

    def close(self) -> None:
        """Let the port go; may be called twice."""
        client, self._client = self._client, None
        if client is not None:
            client.close()

    async def _ask(self, request: Callable[[AsyncModbusSerialClient], Awaitable[ModbusPDU]]) -> ModbusPDU:
        if self._client is None:
            raise PowerMeterUnreachableError(f"{self._device} is closed")
        try:
            answer = await request(self._client)
        except ModbusException as err:
            await asyncio.sleep(LATE_ANSWER_S)
            raise PowerMeterSilentError(f"{self._device}: no valid answer") from err
        if answer.retries:
            await asyncio.sleep(LATE_ANSWER_S)
        self.outage.end()
        if answer.isError():
            raise RegistersRefusedError(answer.exception_code)
        return answer

    def _follow_connection(self, connected: bool) -> None:  # noqa: FBT001 - pymodbus calls it so
        if not connected and self._client is not None:
            self._client = None
            self.outage.begin(went_away(self._device))
            self._lost()

    def _why_not(self) -> str:
        """What pymodbus only logs: the reason, found by opening once more."""
        try:
            open_serial(self._device, self._baud).close()
        except PowerMeterUnreachableError as err:
            return str(err)
        return f"{self._device} could not be opened. Cure: it can be now; wait for the next try."


class _WholeEcho(asyncio.Protocol):
    """Holds bytes back while they may be the beginning of an echo.

    Without an echo on the bus pymodbus drops the first one or two bytes of an answer that comes in small
    pieces, because they equal the first of the request.
    """

    def __init__(self, heard: Callable[[], None]) -> None:
        self._heard = heard
        self._sent = b""
        self._held = b""
        self._client: AsyncModbusSerialClient | None = None

    def stand_between(self, client: AsyncModbusSerialClient) -> None:
        """See what arrives before ``client`` does; it has just connected."""
        self._client = client
        client.ctx.transport.set_protocol(self)

    def trace(self, sending: bool, packet: bytes) -> bytes:  # noqa: FBT001 - pymodbus calls it so
        """Learn what is sent."""
        if sending:
            self._sent, self._held = packet, b""
        return packet

    @override
    def data_received(self, data: bytes) -> None:
        self._held += data
        if len(self._held) < len(self._sent) and self._sent.startswith(self._held):
            return
        if self._held != self._sent:
            self._heard()
        arrived, self._held, self._sent = self._held, b"", b""
        if self._client is not None:
            with suppress(ModbusException):  # a frame it cannot read is no answer
                self._client.ctx.data_received(arrived)

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if self._client is not None:
            self._client.ctx.connection_made(transport)

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        if self._client is not None:
            self._client.ctx.connection_lost(exc)
