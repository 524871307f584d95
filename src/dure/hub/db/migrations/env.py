"""Alembic's entry: the migrations run in the transaction that `dure.hub.db.store` holds."""

from alembic import context

from dure.hub.db.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite cannot change a column in place
)
context.run_migrations()
