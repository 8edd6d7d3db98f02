"""How a power meter is asked (POW-R6)."""

from collections.abc import Mapping
from typing import Protocol, runtime_checkable

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


@runtime_checkable
class CountingMeter(PowerMeter, Protocol):
    """A meter that also tells how well it hears its device."""

    def error_counts(self) -> Mapping[str, int]:
        """What went wrong since the meter was made, by kind."""
        ...

    def diagnostics(self) -> Mapping[str, str]:
        """What the device says beside its readings, as text for people; empty when nothing is known."""
        ...
