"""The queue of runs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Forwards."""
    op.create_table(
        "run",
        sa.Column("id", sa.String(16), primary_key=True),
        sa.Column("created", sa.Double, nullable=False),
        sa.Column("project", sa.String(200), nullable=False),
        sa.Column("asked", sa.JSON, nullable=False),
        sa.Column("seconds", sa.Integer, nullable=False),
        sa.Column("megabytes", sa.Integer, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("lost", sa.Integer, nullable=False),
        sa.Column("worker", sa.String(200)),
        sa.Column("lease", sa.Double),
        sa.Column("cancel", sa.Boolean, nullable=False),
        sa.Column("began", sa.Double),
        sa.Column("ended", sa.Double),
        sa.Column("share", sa.Double, nullable=False),
        sa.Column("doing", sa.Text, nullable=False),
        sa.Column("said", sa.JSON, nullable=False),
        sa.Column("evidence", sa.Text),
    )
    op.create_index("ix_run_state_created", "run", ["state", "created"])


def downgrade() -> None:
    """Back."""
    op.drop_table("run")
