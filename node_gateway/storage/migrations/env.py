"""Alembic's entry point: runs revisions on the connection that `upgrade` hands over."""

from alembic import context

from node_gateway.storage.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
)
context.run_migrations()
