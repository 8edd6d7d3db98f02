"""The computer the agent runs on, as a role."""

from typing import Protocol

from bench_agent.wire.telemetry import SystemMinute


class Host(Protocol):
    """Measures the computer itself and switches it off."""

    def read_minute(self) -> SystemMinute:
        """Temperature, load since the last call, memory and disk; None where it cannot be known."""
        ...

    async def power_off(self) -> None:
        """Switch the computer off in order.

        A real one ends this program before the call returns; a simulated one returns when its supply is back.

        Raises:
            HostError: The computer refused, or is still running two minutes later.
        """
        ...
