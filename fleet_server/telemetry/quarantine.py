"""What could not be read (FL-W7): kept with its reason and a bounded sample, never in the way."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from fleet_server.telemetry.models import SAMPLE_BYTES


class Reason(StrEnum):
    """Why a document was set aside."""

    TOPIC = "topic"
    BENCH = "bench"
    BATCH = "batch"
    ENVELOPE = "envelope"
    BODY = "body"
    RANGE = "range"
    STATE = "state"
    BIRTH = "birth"
    TELE = "tele"
    STORE = "store"


NO_BENCH = "-"
"""Source of documents whose bench is not known; one shared row per reason keeps the table bounded."""


@dataclass(kw_only=True, slots=True)
class SetAside:
    """All documents of one source and reason in one batch; the newest is the sample."""

    source: str
    reason: Reason
    detail: str
    topic: str
    sample: bytes
    count: int


@dataclass(slots=True)
class Quarantine:
    """Collects unreadable documents of one batch."""

    found: dict[tuple[str, Reason], SetAside] = field(default_factory=dict)

    def add(self, source: str, reason: Reason, detail: str, topic: str, sample: bytes) -> None:
        """Set one document aside; only its first 2 KB are kept."""
        known = self.found.get((source, reason))
        self.found[source, reason] = SetAside(
            source=source,
            reason=reason,
            detail=clean_text(detail, 300),
            topic=clean_text(topic, 120),
            sample=bytes(sample[:SAMPLE_BYTES]),
            count=1 + (known.count if known else 0),
        )


def clean_text(text: str, at_most: int) -> str:
    """Cut to ``at_most`` characters, without what PostgreSQL refuses: NUL and lone surrogates."""
    return text[:at_most].replace("\0", "").encode("utf-8", "replace").decode()
