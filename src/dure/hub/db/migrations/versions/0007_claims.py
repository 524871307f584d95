"""What a worker has of a run is a claim, and so is its column."""

from __future__ import annotations

from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Forwards."""
    # In place: on SQLite a batch would copy every run.
    op.execute("ALTER TABLE run RENAME COLUMN lease TO claimed_until")


def downgrade() -> None:
    """Back."""
    op.execute("ALTER TABLE run RENAME COLUMN claimed_until TO lease")
