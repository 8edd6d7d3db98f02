"""How a power meter is asked (POW-R6)."""

from typing import Protocol

from bench_agent.domain.power_reading import PowerReading


class PowerMeter(Protocol):
    """A source of readings."""

    async def read(self) -> PowerReading:
        """Newest reading, within 1 s.

        Raises:
            PowerMeterUnreachableError: No port, busy or forbidden.
            PowerMeterSilentError: Nothing valid for the longest age.
            PowerMeterGarbledError: Bytes, but no valid frame.
        """
        ...

    async def close(self) -> None:
        """Let the device go; may be called twice."""
        ...
