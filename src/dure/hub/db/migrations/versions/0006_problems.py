"""What a problem's card says, and who has looked at its cases how often."""

from __future__ import annotations

from collections import Counter

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Forwards."""
    with op.batch_alter_table("problem") as problem:
        problem.alter_column("text", new_column_name="hurts", existing_type=sa.Text, existing_nullable=False)
        problem.add_column(sa.Column("today", sa.Text, nullable=False, server_default=""))
        problem.add_column(sa.Column("kpi", sa.JSON))
        problem.add_column(sa.Column("gain", sa.Double))
        problem.add_column(sa.Column("site", sa.String(200), nullable=False, server_default=""))
        problem.add_column(sa.Column("sample", sa.String(64)))
    entry = op.create_table(
        "entry",
        sa.Column("problem", sa.String(16), primary_key=True),
        sa.Column("organisation", sa.String(64), primary_key=True),
        sa.Column("look", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("run", sa.String(16), nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("created", sa.Double, nullable=False),
        sa.Column("evidence", sa.String(64)),
    )
    op.create_index("ix_entry_run", "entry", ["run"])
    _note(entry)


def _note(entry: sa.Table) -> None:
    """The entries so far, which only their runs told of."""
    run = sa.table("run", *map(sa.column, ("id", "organisation", "created")), sa.column("asked", sa.JSON))
    looks: Counter[tuple[str, str]] = Counter()
    for row in op.get_bind().execute(sa.select(run).order_by(run.c.created, run.c.id)).all():
        if "problem" in row.asked:
            of = (row.asked["problem"], row.organisation)
            looks[of] += 1
            name = next(iter(row.asked["offers"]))
            values = {"problem": of[0], "organisation": of[1], "look": looks[of], "run": row.id, "name": name}
            op.execute(sa.insert(entry).values(**values, created=row.created))


def downgrade() -> None:
    """Back."""
    op.drop_table("entry")
    with op.batch_alter_table("problem") as problem:
        for name in ("today", "kpi", "gain", "site", "sample"):
            problem.drop_column(name)
        problem.alter_column("hurts", new_column_name="text", existing_type=sa.Text, existing_nullable=False)
