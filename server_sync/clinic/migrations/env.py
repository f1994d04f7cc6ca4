"""Alembic's entry point: run the migrations in the transaction that the store has begun."""

from alembic import context

from server_sync.clinic.tables import Table

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Table.metadata,
    transactional_ddl=True,
    render_as_batch=True,
)
context.run_migrations()
