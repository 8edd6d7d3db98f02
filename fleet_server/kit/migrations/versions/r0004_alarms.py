"""Alarms, their states, and harvest shares.

Revision: r0004
"""

import sqlalchemy as sa
from alembic import op

revision = "r0004"
down_revision = "r0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables of alarms."""
    op.create_table(
        "alarm_state",
        sa.Column("bench", sa.String(12), primary_key=True),
        sa.Column("rule", sa.String(30), primary_key=True),
        sa.Column("phase", sa.String(10), nullable=False),
        sa.Column("since_ms", sa.BigInteger(), nullable=False),
        sa.Column("verdict", sa.String(10), nullable=False),
    )
    op.create_table(
        "alarm",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("bench", sa.String(12), nullable=False),
        sa.Column("rule", sa.String(30), nullable=False),
        sa.Column("opened_ms", sa.BigInteger(), nullable=False),
        sa.Column("closed_ms", sa.BigInteger()),
        sa.Column("closed_by", sa.String(60), nullable=False),
        sa.Column("note", sa.String(300), nullable=False),
        sa.Column("acknowledged_ms", sa.BigInteger()),
        sa.Column("acknowledged_by", sa.String(60), nullable=False),
        sa.Column("snoozed_until_ms", sa.BigInteger()),
    )
    op.create_index("ix_alarm_closed_ms_opened_ms", "alarm", ["closed_ms", "opened_ms"])
    op.create_index("ix_alarm_bench_opened_ms", "alarm", ["bench", "opened_ms"])
    op.create_table(
        "harvest_share",
        sa.Column("bench", sa.String(12), primary_key=True),
        sa.Column("day", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("share", sa.Float(), nullable=False),
    )
    op.create_index("ix_event_kind_ts_ms", "event", ["kind", "ts_ms"])
