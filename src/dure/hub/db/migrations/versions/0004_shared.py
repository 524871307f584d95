"""What an organisation asks for and keeps: files, answers and what became of them, evidence, problems, events."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Forwards."""
    with op.batch_alter_table("run") as run:
        run.add_column(sa.Column("kind", sa.String(16), nullable=False, server_default="trial"))
        run.add_column(sa.Column("organisation", sa.String(64), nullable=False, server_default="hub"))
        run.add_column(sa.Column("person", sa.String(200), nullable=False, server_default=""))
        run.add_column(sa.Column("result", sa.JSON))
        run.create_index("ix_run_organisation_created", ["organisation", "created"])
    _files_and_answers()
    _problems_and_events()


def _files_and_answers() -> None:
    op.create_table(
        "file",
        sa.Column("organisation", sa.String(64), primary_key=True),
        sa.Column("sha256", sa.String(64), primary_key=True),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("bytes", sa.BigInteger, nullable=False),
        sa.Column("person", sa.String(200), nullable=False),
        sa.Column("created", sa.Double, nullable=False),
    )
    op.create_table(
        "answer",
        sa.Column("id", sa.String(16), primary_key=True),
        sa.Column("organisation", sa.String(64), nullable=False),
        sa.Column("project", sa.String(200), nullable=False),
        sa.Column("service", sa.Integer, nullable=False),
        sa.Column("person", sa.String(200), nullable=False),
        sa.Column("created", sa.Double, nullable=False),
        sa.Column("cause", sa.String(16), nullable=False),
        sa.Column("request", sa.Text, nullable=False),
        sa.Column("response", sa.Text, nullable=False),
        sa.Column("truth", sa.Text),
        sa.Column("sums", sa.JSON),
        sa.Column("practice", sa.JSON),
    )
    op.create_index("ix_answer_organisation_project_created", "answer", ["organisation", "project", "created"])
    op.create_table(
        "evidence",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("organisation", sa.String(64), nullable=False),
        sa.Column("person", sa.String(200), nullable=False),
        sa.Column("project", sa.String(200), nullable=False, index=True),
        sa.Column("created", sa.Double, nullable=False),
        sa.Column("signer", sa.String(64), nullable=False),
        sa.Column("said", sa.JSON, nullable=False),
    )


def _problems_and_events() -> None:
    op.create_table(
        "problem",
        sa.Column("id", sa.String(16), primary_key=True),
        sa.Column("organisation", sa.String(64), nullable=False),
        sa.Column("person", sa.String(200), nullable=False),
        sa.Column("project", sa.String(200), nullable=False),
        sa.Column("created", sa.Double, nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("data", sa.JSON, nullable=False),
        sa.Column("settings", sa.JSON, nullable=False),
        sa.Column("open", sa.Boolean, nullable=False),
    )
    op.create_table(
        "event",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("created", sa.Double, nullable=False),
        sa.Column("organisation", sa.String(64), nullable=False),
        sa.Column("project", sa.String(200), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("said", sa.JSON, nullable=False),
    )
    op.create_index("ix_event_organisation_project", "event", ["organisation", "project"])
    op.create_table(
        "key",
        sa.Column("fingerprint", sa.String(64), primary_key=True),
        sa.Column("public", sa.String(64), nullable=False),
        sa.Column("since", sa.Double, nullable=False),
    )


def downgrade() -> None:
    """Back."""
    for name in ("key", "event", "problem", "evidence", "answer", "file"):
        op.drop_table(name)
    with op.batch_alter_table("run") as run:
        run.drop_index("ix_run_organisation_created")
        for name in ("result", "person", "organisation", "kind"):
            run.drop_column(name)
