"""Tables of ingest: marks, events, plays, documents and the quarantine."""

from sqlalchemy import JSON, BigInteger, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from fleet_server.kit.database import Base

Fact = str | int | float | bool | None
SAMPLE_BYTES = 2048


class OutboxMark(Base):
    """How far a bench's outbox is durable here: every seq <= ``upto`` of ``gen``."""

    __tablename__ = "outbox_mark"

    bench: Mapped[str] = mapped_column(String(12), primary_key=True)
    gen: Mapped[str] = mapped_column(String(16), primary_key=True)
    upto: Mapped[int] = mapped_column(BigInteger)


class EventRow(Base):
    """Something that happened once on a bench."""

    __tablename__ = "event"
    __table_args__ = (Index(None, "ts_ms"), Index(None, "bench", "ts_ms"), Index(None, "kind", "ts_ms"))

    bench: Mapped[str] = mapped_column(String(12), primary_key=True)
    gen: Mapped[str] = mapped_column(String(16), primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    ts_ms: Mapped[int] = mapped_column(BigInteger)
    kind: Mapped[str] = mapped_column(String(60))
    severity: Mapped[str] = mapped_column(String(10))
    text: Mapped[str] = mapped_column(String(300))
    facts: Mapped[dict[str, Fact]] = mapped_column(JSON)


class PlayRow(Base):
    """Proof of one showing of one item."""

    __tablename__ = "play"
    __table_args__ = (Index(None, "ts_ms"), Index(None, "bench", "ts_ms"), Index(None, "campaign", "ts_ms"))

    bench: Mapped[str] = mapped_column(String(12), primary_key=True)
    gen: Mapped[str] = mapped_column(String(16), primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    ts_ms: Mapped[int] = mapped_column(BigInteger)
    play_seq: Mapped[int] = mapped_column(BigInteger)
    campaign: Mapped[str] = mapped_column(String(80))
    title: Mapped[str] = mapped_column(String(200))
    owner: Mapped[str] = mapped_column(String(120))
    item: Mapped[str] = mapped_column(String(80))
    asset: Mapped[str] = mapped_column(String(64))
    layer: Mapped[str] = mapped_column(String(20))
    planned_ms: Mapped[int] = mapped_column(BigInteger)
    shown_ms: Mapped[int] = mapped_column(BigInteger)
    pictures: Mapped[int | None] = mapped_column(BigInteger)
    outcome: Mapped[str] = mapped_column(String(20))
    cause: Mapped[str] = mapped_column(String(200))


class DocumentRow(Base):
    """The newest document of one kind that a bench sent, e.g. its energy outlook."""

    __tablename__ = "document"

    bench: Mapped[str] = mapped_column(String(12), primary_key=True)
    kind: Mapped[str] = mapped_column(String(20), primary_key=True)
    """Schema, e.g. ``outlook/1``."""
    ts_ms: Mapped[int] = mapped_column(BigInteger)
    """When the bench made it, ms since 1970 UTC."""
    body: Mapped[bytes] = mapped_column(LargeBinary)
    """JSON of the schema's struct."""


class QuarantineRow(Base):
    """What ingest could not read (FL-W7): one row per source and reason, so it stays bounded."""

    __tablename__ = "quarantine"

    source: Mapped[str] = mapped_column(String(12), primary_key=True)
    """Bench id; ``-`` when the topic names none."""
    reason: Mapped[str] = mapped_column(String(20), primary_key=True)
    """topic, bench, batch, envelope, body, range, state, birth, tele or store."""
    detail: Mapped[str] = mapped_column(String(300))
    topic: Mapped[str] = mapped_column(String(120))
    received_ms: Mapped[int] = mapped_column(BigInteger)
    """When the newest one came."""
    sample: Mapped[bytes] = mapped_column(LargeBinary)
    """First 2 KB of the newest one."""
    count: Mapped[int] = mapped_column(BigInteger)
    """How many came in all."""
