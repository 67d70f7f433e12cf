"""How Alembic runs here: on the connection that db.migrations hands in."""

from typing import Any

import sqlalchemy as sa
from alembic import context

from db.tables import metadata


def include_object(schema_item: Any, _name: str | None, kind: str, _reflected: bool, _compare_to: Any) -> bool:
    """Leave out the indexes that only the other database has."""
    return not (kind == "index" and schema_item.info.get("only") not in (None, context.get_context().dialect.name))


def run(connection: sa.Connection) -> None:
    """Run the migrations in the connection's own transaction."""
    context.configure(
        connection=connection,
        target_metadata=metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        include_object=include_object,
        transactional_ddl=False,
    )
    context.run_migrations()


run(context.config.attributes["connection"])
