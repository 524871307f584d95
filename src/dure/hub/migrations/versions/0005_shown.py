"""Evidence by the run that it is of, and whether people who are not signed in may read it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Forwards."""
    with op.batch_alter_table("evidence") as evidence:
        evidence.add_column(sa.Column("run", sa.String(16), nullable=False, server_default=""))
        evidence.add_column(sa.Column("public", sa.Boolean, nullable=False, server_default=sa.false()))
        evidence.create_index("ix_evidence_run", ["run"])


def downgrade() -> None:
    """Back."""
    with op.batch_alter_table("evidence") as evidence:
        evidence.drop_index("ix_evidence_run")
        for name in ("run", "public"):
            evidence.drop_column(name)
