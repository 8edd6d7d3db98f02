"""The computer the agent runs on, as a role."""

from typing import Protocol

from bench_agent.wire.telemetry import SystemMinute


class Host(Protocol):
    """Measures the computer itself."""

    def read_minute(self) -> SystemMinute:
        """Temperature, load since the last call, memory and disk; None where it cannot be known."""
        ...
