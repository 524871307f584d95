"""People, the organisations they belong to, and their tokens."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Forwards."""
    op.create_table(
        "person",
        sa.Column("name", sa.String(200), primary_key=True),
        sa.Column("password", sa.Text, nullable=False),
        sa.Column("created", sa.Double, nullable=False),
    )
    op.create_table(
        "membership",
        sa.Column("person", sa.String(200), sa.ForeignKey("person.name", ondelete="CASCADE"), primary_key=True),
        sa.Column("organisation", sa.String(64), primary_key=True),
        sa.Column("role", sa.String(16), nullable=False),
    )
    op.create_table(
        "token",
        sa.Column("id", sa.String(16), primary_key=True),
        sa.Column("person", sa.String(200), sa.ForeignKey("person.name", ondelete="CASCADE"), nullable=False),
        sa.Column("organisation", sa.String(64), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False, unique=True),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("label", sa.String(200), nullable=False),
        sa.Column("created", sa.Double, nullable=False),
        sa.Column("expires", sa.Double, nullable=False),
    )
    op.create_index("ix_token_person", "token", ["person"])


def downgrade() -> None:
    """Back."""
    for name in ("token", "membership", "person"):
        op.drop_table(name)
