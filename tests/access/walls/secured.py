"""A database of PostgreSQL whose connections are of a role that owns nothing, made fit by `db.row_security.secure`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

from sqlalchemy.engine.url import make_url

from db import row_security
from db.database import Database, DatabaseSettings, database_url
from db.viewer import PROGRAM
from tests import postgres


@asynccontextmanager
async def secured_database() -> AsyncIterator[tuple[Database, Database]]:
    """The database as its owner has it, and as the server's role."""
    name, role = await postgres.create_database(), f"server_{uuid4().hex}"
    owner = Database.open(database_url(postgres.url(name)))
    url = make_url(postgres.url(name)).set(username=role)
    server = Database.open(
        database_url(url.render_as_string(hide_password=False)), DatabaseSettings(row_security=True, pool_size=2)
    )
    try:
        async with owner.write(viewer=PROGRAM) as connection:
            await connection.exec_driver_sql(f"CREATE ROLE {role} LOGIN")
        await row_security.secure(owner, role)
        yield owner, server
    finally:
        await server.close()
        async with owner.write(viewer=PROGRAM) as connection:
            await connection.exec_driver_sql(f"DROP OWNED BY {role}")
            await connection.exec_driver_sql(f"DROP ROLE {role}")
        await owner.close()
        await postgres.drop_database(name)
