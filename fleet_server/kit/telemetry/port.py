"""The port every telemetry store fills (FL-T1)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from bench_agent.wire.telemetry import Harvest, HotspotMinute, PowerDay, PowerMinute, SystemMinute

Measurement = PowerMinute | HotspotMinute | SystemMinute | Harvest | PowerDay
SampleRow = tuple[str, int, int, Measurement]
"""(bench id, ts in ms since 1970 UTC, seq >= 1, body); a tuple because ingest makes 100,000 a second."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Latest:
    """Newest measurement of one bench and schema."""

    bench: str
    schema: str
    ts_ms: int
    body: Measurement


@dataclass(frozen=True, kw_only=True, slots=True)
class Series:
    """Means per step, only steps with rows; ``values`` has one list per field, as long as ``at_ms``."""

    at_ms: Sequence[int]
    values: Mapping[str, Sequence[float | None]]


@dataclass(frozen=True, kw_only=True, slots=True)
class RetentionPolicy:
    """How long rows are kept, in days (FL-T2); day roll-ups stay for ever."""

    raw_days: int = 90
    hour_days: int = 730


class TelemetryStore(Protocol):
    """Keeps measurements and answers for them. Every method may raise ``TelemetryStoreError``."""

    def append(self, rows: Sequence[SampleRow]) -> None:
        """Make rows durable in one transaction; a row whose (bench, ts, seq) is known changes nothing."""
        ...

    def note_live(self, rows: Sequence[SampleRow]) -> None:
        """Move ``latest`` only: live samples, whose aggregates come later through ``append``."""
        ...

    def latest(self, benches: Sequence[str]) -> list[Latest]:
        """Newest measurement per bench and schema; empty ``benches`` means all."""
        ...

    def series(self, bench: str, fields: Sequence[str], start_ms: int, end_ms: int, step_s: int) -> Series:
        """Means of ``fields`` (of one schema) per ``step_s`` in [start, end).

        Raises:
            BadRequestError: Unknown fields, fields of several schemas, or step < 1.
        """
        ...

    def fleet_series(self, fields: Sequence[str], start_ms: int, end_ms: int, step_s: int) -> Series:
        """Means over all benches from roll-ups; ``step_s`` is a multiple of 3600."""
        ...

    def roll_up(self) -> int:
        """Rebuild the roll-ups of hours that changed; may run twice. Returns how many hours."""
        ...

    def retain(self, policy: RetentionPolicy, now_ms: int) -> None:
        """Drop what is older than ``policy`` says."""
        ...

    def close(self) -> None:
        """Let go of files and connections."""
        ...
