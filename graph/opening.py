"""How a program of this package comes to its database: opened, and of this version or refused."""

from db import functions, migrations
from db.database import Database, database_url
from graph.settings import Settings


async def open_database(settings: Settings, *, purpose: str) -> Database:
    """Open the database of the settings, ready to be used.

    An embedded SQLite file is migrated here. Raises SchemaBehind where PostgreSQL's tables are not of this version,
    DatabaseUnfit and DatabaseInUse where it cannot be used.
    """
    database = Database.open(database_url(settings.database_url), settings.database(), purpose=purpose)
    try:
        if database.dialect == "sqlite":
            await migrations.upgrade(database)
        else:
            await migrations.check(database)
            async with database.read() as connection:
                await functions.check_locale(connection)
    except BaseException:
        await database.close()
        raise
    return database
