"""How a program of this package comes to its database: opened, and of this version or refused."""

from db import functions, migrations, row_security
from db.database import Database, database_url
from db.viewer import PROGRAM
from graph.settings import Settings


async def open_database(settings: Settings, *, purpose: str, reads_only: bool = False) -> Database:
    """Open the database of the settings, ready to be used; with `reads_only` beside a server that writes.

    An embedded SQLite file is migrated here, unless it is only read. Raises SchemaBehind where the tables are not of
    this version and nothing makes them so, DatabaseUnfit and DatabaseInUse where the database cannot be used.
    """
    url = database_url(settings.database_url)
    database = Database.open(url, settings.database(), purpose=purpose, reads_only=reads_only)
    try:
        if database.dialect == "sqlite" and not reads_only:
            await migrations.upgrade(database)
        else:
            await migrations.check(database)
        if database.dialect == "postgresql":
            async with database.read(viewer=PROGRAM) as connection:
                await functions.check_locale(connection)
            await row_security.check(database)
    except BaseException:
        await database.close()
        raise
    return database
