"""Where ingest gets messages from (FL-B2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from bench_agent.wire.topics import Delivery


class Message(NamedTuple):
    """One message from the broker; ``retained`` = it is older than our subscription."""

    topic: str
    payload: bytes
    retained: bool = False


class IngestSource(Protocol):
    """A live subscription to ``topics.ALL_UPLINKS``, with a way back to the benches."""

    @property
    def connection(self) -> int:
        """Number of the present connection, counted from 0; another one may be to a broker that forgot."""
        ...

    def receive(self, at_most: int, wait_s: float) -> list[Message]:
        """Up to ``at_most`` messages, collected for at most ``wait_s`` seconds; maybe none."""
        ...

    def publish(self, topic: str, payload: bytes, delivery: Delivery) -> None:
        """Hand a message to the broker without waiting.

        Raises:
            BrokerError: The client cannot take it now.
        """
        ...

    def publish_confirmed(self, topic: str, payload: bytes, delivery: Delivery) -> None:
        """Publish and wait until the broker has acknowledged.

        Raises:
            BrokerError: No acknowledgement in time.
        """
        ...
