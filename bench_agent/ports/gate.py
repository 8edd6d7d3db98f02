"""The gate: who may pass from the hotspot to the internet, enforced below this program."""

from typing import Protocol

from bench_agent.domain.hotspot import HotspotConfig, Session


class Gate(Protocol):
    """The only writer of sessions; every change is one transaction (HOT-R18, HOT-R19)."""

    def prepare(self, config: HotspotConfig) -> None:
        """Load the rules; sessions already open stay (HOT-R3). Raises GateError."""
        ...

    def admit(self, ip: str, mac: str, timeout_s: int, quota_down_bytes: int) -> None:
        """Open a session of ``timeout_s`` seconds; quota 0 is none. Raises GateError."""
        ...

    def remove(self, ip: str, mac: str) -> None:
        """End a session; one that does not exist is no error. Raises GateError."""
        ...

    def sessions(self) -> tuple[Session, ...]:
        """All open sessions with their remaining time and bytes. Raises GateError."""
        ...
