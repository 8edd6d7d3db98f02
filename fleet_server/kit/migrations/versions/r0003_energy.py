"""Overrides of the energy plan, newest documents, panel sizes.

Revision: r0003
"""

import sqlalchemy as sa
from alembic import op

revision = "r0003"
down_revision = "r0002"
branch_labels = None
depends_on = None


def _text(name: str, length: int, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(length), nullable=nullable)


def _number(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=nullable)


def upgrade() -> None:
    """Make the tables of overrides and documents; benches get their panel's size."""
    op.add_column("bench", sa.Column("panel_wp", sa.Double()))
    op.create_table(
        "document",
        _text("bench", 12),
        _text("kind", 20),
        _number("ts_ms"),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("bench", "kind", name="pk_document"),
    )
    op.create_table(
        "energy_override",
        sa.Column("id", sa.String(16), primary_key=True),
        _text("bench", 12),
        _text("request_key", 64),
        _text("tier", 10, nullable=True),
        _text("load", 10, nullable=True),
        sa.Column("load_on", sa.Boolean()),
        _text("who", 60),
        _text("why", 300),
        _number("begins_ms"),
        _number("until_ms"),
        _number("ended_ms", nullable=True),
        _text("ended_how", 10),
        _text("ended_by", 60),
        sa.UniqueConstraint("bench", "request_key", name="uq_energy_override_bench_request_key"),
    )
    op.create_index("ix_energy_override_bench_begins_ms", "energy_override", ["bench", "begins_ms"])
    op.create_index("ix_energy_override_ended_ms", "energy_override", ["ended_ms"])


def downgrade() -> None:
    """Undo ``upgrade``."""
    op.drop_table("energy_override")
    op.drop_table("document")
    op.drop_column("bench", "panel_wp")
