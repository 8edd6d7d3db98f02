"""How a thermometer of the box or the battery is asked (POW-R24)."""

from typing import Protocol

from bench_agent.domain.climate import ClimateReading


class Thermometer(Protocol):
    """A source of temperature and perhaps humidity."""

    async def read(self) -> ClimateReading:
        """Measure now, within 3 s.

        Raises:
            ThermometerError: It is missing, ambiguous or does not answer; the text says how to mend it.
        """
        ...

    async def close(self) -> None:
        """Let the device go; may be called twice."""
        ...
