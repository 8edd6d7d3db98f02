"""Benches, marks, events, plays, quarantine and desired documents.

Revision: r0001
"""

import sqlalchemy as sa
from alembic import op

revision = "r0001"
down_revision = None
branch_labels = None
depends_on = None


def _text(name: str, length: int) -> sa.Column[str]:
    return sa.Column(name, sa.String(length), nullable=False)


def _number(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=nullable)


def _record_key() -> list[sa.Column[str] | sa.Column[int]]:
    return [_text("bench", 12), _text("gen", 16), _number("seq"), _number("ts_ms")]


def upgrade() -> None:
    """Make the tables of ingest."""
    op.create_table(
        "bench",
        _text("id", 12),
        _text("name", 120),
        _text("kecamatan", 80),
        sa.Column("lat", sa.Double()),
        sa.Column("lon", sa.Double()),
        _text("token_hash", 200),
        sa.Column("online", sa.Boolean(), nullable=False),
        _text("sess", 80),
        _text("state_reason", 20),
        _number("wake_at", nullable=True),
        _number("last_seen_ms", nullable=True),
        _text("agent_version", 40),
        _text("gen", 16),
        _number("created_ms"),
        sa.PrimaryKeyConstraint("id", name="pk_bench"),
    )
    op.create_table(
        "desired",
        _text("bench", 12),
        _number("rev"),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        _number("published_rev"),
        sa.PrimaryKeyConstraint("bench", name="pk_desired"),
    )
    op.create_table(
        "outbox_mark",
        _text("bench", 12),
        _text("gen", 16),
        _number("upto"),
        sa.PrimaryKeyConstraint("bench", "gen", name="pk_outbox_mark"),
    )
    op.create_table(
        "quarantine",
        _text("source", 12),
        _text("reason", 20),
        _text("detail", 300),
        _text("topic", 120),
        _number("received_ms"),
        sa.Column("sample", sa.LargeBinary(), nullable=False),
        _number("count"),
        sa.PrimaryKeyConstraint("source", "reason", name="pk_quarantine"),
    )
    _events_and_plays()


def _events_and_plays() -> None:
    op.create_table(
        "event",
        *_record_key(),
        _text("kind", 60),
        _text("severity", 10),
        _text("text", 300),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("bench", "gen", "seq", name="pk_event"),
    )
    op.create_index("ix_event_ts_ms", "event", ["ts_ms"])
    op.create_index("ix_event_bench_ts_ms", "event", ["bench", "ts_ms"])
    op.create_table(
        "play",
        *_record_key(),
        _number("play_seq"),
        _text("campaign", 80),
        _text("title", 200),
        _text("owner", 120),
        _text("item", 80),
        _text("asset", 64),
        _text("layer", 20),
        _number("planned_ms"),
        _number("shown_ms"),
        _number("pictures", nullable=True),
        _text("outcome", 20),
        _text("cause", 200),
        sa.PrimaryKeyConstraint("bench", "gen", "seq", name="pk_play"),
    )
    op.create_index("ix_play_ts_ms", "play", ["ts_ms"])
    op.create_index("ix_play_bench_ts_ms", "play", ["bench", "ts_ms"])
    op.create_index("ix_play_campaign_ts_ms", "play", ["campaign", "ts_ms"])


def downgrade() -> None:
    """Drop the tables of ingest."""
    for table in ("play", "event", "quarantine", "outbox_mark", "desired", "bench"):
        op.drop_table(table)
