"""Uplink as a role: one session with the broker at a time (docs/spec/fleet.md section 1)."""

from typing import NamedTuple, Protocol

from bench_agent.errors import AgentError
from bench_agent.wire.presence import BenchState
from bench_agent.wire.topics import Channel


class UplinkError(AgentError):
    """The broker is out of reach, refused the bench, or the session ended."""


class Arrival(NamedTuple):
    """One message from the server; ``leaf`` is the command id of ``dn/cmd``, else empty."""

    channel: Channel
    leaf: str
    payload: bytes


class Uplink(Protocol):
    """A connection to the broker; retries belong to the service above."""

    async def connect(self, will: BenchState) -> None:
        """Open a session with ``will`` as its last word and subscribe to everything for this bench.

        Raises:
            UplinkError: No broker, or it refused.
        """
        ...

    def publish(self, channel: Channel, payload: bytes, leaf: str = "") -> None:
        """Hand one message to the session; delivery is proven only by the server's own answer.

        Raises:
            UplinkError: There is no session.
        """
        ...

    async def receive(self) -> Arrival:
        """Wait for the next message.

        Raises:
            UplinkError: The session ended.
        """
        ...

    async def close(self) -> None:
        """Wait a moment for messages under way, then say goodbye; does nothing without a session."""
        ...
