"""Operators, films and campaigns.

Revision: r0002
"""

import sqlalchemy as sa
from alembic import op

revision = "r0002"
down_revision = "r0001"
branch_labels = None
depends_on = None


def _text(name: str, length: int) -> sa.Column[str]:
    return sa.Column(name, sa.String(length), nullable=False)


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=False)


def _owner(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [target], name=f"fk_{table}_{column}", ondelete="CASCADE")


def upgrade() -> None:
    """Make the tables of operators and campaigns."""
    _operators()
    _films()
    _campaigns()


def _operators() -> None:
    op.create_table(
        "operators",
        sa.Column("id", sa.Integer(), primary_key=True),
        _text("name", 60),
        _text("password_hash", 200),
        _text("role", 10),
        sa.UniqueConstraint("name", name="uq_operators_name"),
    )
    op.create_table(
        "operator_sessions",
        sa.Column("token_sha256", sa.String(64), primary_key=True),
        sa.Column("operator_id", sa.Integer(), nullable=False),
        _text("csrf_token", 64),
        _number("expires_at_ms"),
        _owner("operator_sessions", "operator_id", "operators.id"),
    )
    op.create_index("ix_operator_sessions_operator_id", "operator_sessions", ["operator_id"])
    op.create_table(
        "api_tokens",
        sa.Column("token_sha256", sa.String(64), primary_key=True),
        sa.Column("operator_id", sa.Integer(), nullable=False),
        _text("label", 60),
        _number("created_at_ms"),
        _owner("api_tokens", "operator_id", "operators.id"),
    )
    op.create_index("ix_api_tokens_operator_id", "api_tokens", ["operator_id"])


def _films() -> None:
    op.create_table(
        "assets",
        sa.Column("id", sa.String(40), primary_key=True),
        _text("title", 120),
        _text("source_sha256", 64),
        _text("sha256", 64),
        _number("size_bytes"),
        _number("duration_ms"),
        _number("created_at_ms"),
        sa.UniqueConstraint("source_sha256", name="uq_assets_source_sha256"),
    )
    op.create_table(
        "media_jobs",
        sa.Column("id", sa.Integer(), primary_key=True),
        _text("asset_id", 40),
        _text("stage", 20),
        sa.Column("progress_pct", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        _number("updated_at_ms"),
        _owner("media_jobs", "asset_id", "assets.id"),
    )
    op.create_index("ix_media_jobs_asset_id", "media_jobs", ["asset_id"])
    op.create_index("ix_media_jobs_stage", "media_jobs", ["stage"])


def _campaigns() -> None:
    op.create_table(
        "campaigns",
        sa.Column("id", sa.String(40), primary_key=True),
        _text("title", 120),
        _text("owner", 80),
        _text("asset_id", 40),
        sa.Column("share_pm", sa.Integer(), nullable=False),
        _text("from_date", 10),
        _text("until_date", 10),
        _text("state", 10),
        _text("created_by", 60),
        _number("created_at_ms"),
        sa.ForeignKeyConstraint(["asset_id"], ["assets.id"], name="fk_campaigns_asset_id"),
    )
    op.create_index("ix_campaigns_asset_id", "campaigns", ["asset_id"])
    op.create_table(
        "campaign_benches",
        sa.Column("campaign_id", sa.String(40), primary_key=True),
        sa.Column("bench_id", sa.String(12), primary_key=True),
        _owner("campaign_benches", "campaign_id", "campaigns.id"),
    )


def downgrade() -> None:
    """Drop the tables of operators and campaigns."""
    for table in ("campaign_benches", "campaigns", "media_jobs", "assets"):
        op.drop_table(table)
    for table in ("api_tokens", "operator_sessions", "operators"):
        op.drop_table(table)
