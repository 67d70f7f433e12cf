"""The history of the tables: one line of migrations for SQLite and PostgreSQL."""

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from db.database import Database, migrating_engine
from db.errors import DatabaseUnfit, SchemaBehind

_FOLDER = Path(__file__).parent

_POSTGRESQL_LOCK = 0x636F6C6C
"""The advisory lock under which PostgreSQL is migrated: two servers that start at once migrate one after the other."""


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def head() -> str:
    """The revision that this program was written for."""
    revision = ScriptDirectory.from_config(_config()).get_current_head()
    assert revision is not None, "the package holds its migrations"
    return revision


def known() -> frozenset[str]:
    """All revisions that this program knows."""
    return frozenset(script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions())


async def current(database: Database) -> str | None:
    """The revision of the database's tables, None where there are none.

    Raises DatabaseUnfit where the database cannot be reached.
    """
    try:
        async with database.writer.connect() as connection:
            return await connection.run_sync(lambda sync: MigrationContext.configure(sync).get_current_revision())
    except (OSError, sa.exc.SQLAlchemyError) as error:
        raise DatabaseUnfit(f"{database.shown} cannot be opened: {_cause(error)}", field="database") from error


def _cause(error: BaseException) -> str:
    """The driver's own words, without the statement that SQLAlchemy adds."""
    original = getattr(error, "orig", None) or error
    return str(original).splitlines()[0] if str(original) else type(original).__name__


async def upgrade(database: Database) -> tuple[str | None, str]:
    """Bring the tables to this program's revision, all or nothing. Returns the revision before and after.

    Raises SchemaBehind where the database is of a later program than this one.
    """
    before = await current(database)
    if before is not None and before not in known():
        raise SchemaBehind(
            f"The database's tables are of revision {before}, which this version of Colloquy does not know: "
            "it was migrated by a later version. Install that one."
        )
    if before == head():
        return before, before
    engine = migrating_engine(database)
    try:
        async with engine.begin() as connection:
            if database.dialect == "postgresql":
                await connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_POSTGRESQL_LOCK)))
            await connection.run_sync(_upgrade)
            if database.dialect == "sqlite":
                broken = (await connection.exec_driver_sql("PRAGMA foreign_key_check")).all()
                if broken:
                    raise SchemaBehind(f"The migration would leave {len(broken)} rows without what they point at.")
    finally:
        await engine.dispose()
    return before, head()


def _upgrade(connection: sa.Connection) -> None:
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


async def check(database: Database) -> None:
    """Raise SchemaBehind, with the command to run, unless the tables are of this program's revision."""
    revision = await current(database)
    if revision == head():
        return
    if revision is not None and revision not in known():
        raise SchemaBehind(
            f"The database's tables are of revision {revision}, which this version of Colloquy does not know: "
            "it was migrated by a later version. Install that one."
        )
    state = "has no tables yet" if revision is None else f"is at revision {revision}"
    raise SchemaBehind(
        f"The database {state}; this version needs {head()}. Run: colloquy db upgrade --database {database.shown}"
    )
