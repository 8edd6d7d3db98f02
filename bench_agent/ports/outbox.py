"""Outbox as a role: records wait on disk until the server has them (docs/spec/fleet.md sections 1 and 8)."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple, Protocol

from bench_agent.ports.clock import ClockQuality
from bench_agent.wire.envelope import Body
from bench_agent.wire.ids import Generation


class RecordClass(StrEnum):
    """How long a record may wait in memory; the letter is its loss window at a power cut."""

    EVENT = "A"
    """On disk before ``append`` returns."""
    PLAY = "B"
    """On disk within 60 s or 20 plays."""
    MINUTE = "C"
    """On disk within 5 min."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A record before it has a number: what happened and when."""

    body: Body
    boot: str
    up_ms: int
    """Milliseconds since boot."""
    ts_ms: int
    """Wall time, milliseconds since 1970 UTC, as good as ``quality`` says."""
    quality: ClockQuality
    state: bytes | None = None
    """What its sender must find again after a restart, stored in the same transaction (SIG-R7)."""


class Stretch(NamedTuple):
    """Every record held with ``after < seq <= last``, oldest first."""

    after: int
    last: int
    records: list[bytes]


class Outbox(Protocol):
    """Numbered records on disk, deleted only when the server has confirmed them."""

    @property
    def gen(self) -> Generation:
        """Random id made with this store; numbers count within it (FL-W4)."""
        ...

    @property
    def dropped(self) -> int:
        """Records given up for lack of room, ever, in this generation."""
        ...

    @property
    def state(self) -> bytes | None:
        """The newest ``Draft.state``, None when there never was one."""
        ...

    def append(self, record_class: RecordClass, draft: Draft) -> None:
        """Take one record; class A is durable on return.

        Raises:
            OutboxError: The disk refused it.
        """
        ...

    def write_due(self, up_ms: int) -> None:
        """Write waiting records whose time has come at ``up_ms`` since boot."""
        ...

    def flush(self) -> None:
        """Write every waiting record now."""
        ...

    def read_batch(self, after: int) -> Stretch:
        """The oldest records above ``after``, at most 50 and 16 KB; empty when there is none."""
        ...

    def commit(self, upto: int) -> None:
        """Delete every record up to ``upto``: the server has them."""
        ...

    def floor(self) -> int:
        """Highest number at or below which nothing is held any more; 0 for a new store."""
        ...

    def count(self) -> int:
        """Records that wait for the server, in memory and on disk."""
        ...
