"""Whose service answered; evidence by the run that it is of, and whether people who are not signed in may read it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Forwards."""
    with op.batch_alter_table("answer") as answer:
        answer.add_column(sa.Column("owner", sa.String(64), nullable=False, server_default=""))
    _say_whose()
    with op.batch_alter_table("evidence") as evidence:
        evidence.add_column(sa.Column("run", sa.String(16), nullable=False, server_default=""))
        evidence.add_column(sa.Column("public", sa.Boolean, nullable=False, server_default=sa.false()))
        evidence.create_index("ix_evidence_run", ["run"])


def _say_whose() -> None:
    """Of the answers so far: the organisation's own service where it has that version, else one of whoever runs the hub."""
    answer = sa.table("answer", *map(sa.column, ("organisation", "project", "service", "owner")))
    service = sa.table("service", *map(sa.column, ("organisation", "project", "version")))
    own = sa.exists().where(
        service.c.organisation == answer.c.organisation,
        service.c.project == answer.c.project,
        service.c.version == answer.c.service,
    )
    whose = sa.case((own, answer.c.organisation), else_="hub")
    op.execute(sa.update(answer).where(answer.c.service > 0).values(owner=whose))


def downgrade() -> None:
    """Back."""
    with op.batch_alter_table("evidence") as evidence:
        evidence.drop_index("ix_evidence_run")
        for name in ("run", "public"):
            evidence.drop_column(name)
    with op.batch_alter_table("answer") as answer:
        answer.drop_column("owner")
