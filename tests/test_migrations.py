"""The migrations give the very tables that the code declares, on both databases.

The DDL itself is compared: Alembic's own comparison sees neither CHECKs nor partial and expression indexes.
"""

import json
import re
import subprocess
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine.url import make_url

from db import migrations
from db.database import Database, database_url
from db.errors import SchemaBehind
from db.tables import metadata
from db.viewer import PROGRAM
from tests import postgres


async def test_a_migrated_database_passes_the_check(database: Database) -> None:
    await migrations.check(database)


async def test_upgrading_twice_changes_nothing(database: Database) -> None:
    assert await migrations.upgrade(database) == (migrations.head(), migrations.head())


async def _sqlite_ddl(database: Database) -> set[str]:
    async with database.read(viewer=PROGRAM) as connection:
        rows = await connection.exec_driver_sql("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL")
        return {_sorted_ddl(sql) for (sql,) in rows if "alembic_version" not in sql}


def _sorted_ddl(sql: str) -> str:
    """The statement with its lines in one order: the order of a table's constraints means nothing.

    SQLite quotes the name of a table that was made anew and then renamed.
    """
    sql = re.sub(r'^CREATE TABLE "(\w+)"', r"CREATE TABLE \1", sql.strip())
    lines = [line.strip().rstrip(",") for line in sql.strip().splitlines()]
    return "\n".join([lines[0], *sorted(lines[1:])])


async def test_sqlite_has_the_declared_tables(tmp_path: Path) -> None:
    migrated = Database.open(database_url(str(tmp_path / "migrated.db")))
    declared = Database.open(database_url(str(tmp_path / "declared.db")))
    try:
        await migrations.upgrade(migrated)
        async with declared.write(viewer=PROGRAM) as connection:
            await connection.run_sync(metadata.create_all)
        assert await _sqlite_ddl(migrated) == await _sqlite_ddl(declared)
    finally:
        await migrated.close()
        await declared.close()


def _dump(name: str) -> set[str]:
    parsed = make_url(postgres.url(name))
    folder = parsed.query["host"]
    assert isinstance(folder, str)
    command = [str(postgres.program("pg_dump")), "--schema-only", "--no-owner", "--exclude-table=alembic_version"]
    dump = subprocess.run(
        [*command, "--host", folder, "--username", parsed.username or "postgres", name],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    ).stdout
    statements = re.split(r";\n", re.sub(r"(?m)^(--|SET |SELECT pg_catalog|\\).*$", "", dump))
    return {_sorted_ddl(statement) for statement in statements if statement.strip()}


def _first_migration() -> Any:
    """The module of the first migration, which has the function that generated columns call."""
    return import_module("db.migrations.versions.0001_first_tables")


async def test_postgresql_has_the_declared_tables() -> None:
    migrated, declared = await postgres.create_database(), await postgres.create_database(template="template0")
    try:
        database = Database.open(database_url(postgres.url(declared)))
        async with database.write(viewer=PROGRAM) as connection:
            await connection.exec_driver_sql(_first_migration().JSONB)
            await connection.run_sync(metadata.create_all)
        await database.close()
        assert _dump(migrated) == _dump(declared)
    finally:
        await postgres.drop_database(migrated)
        await postgres.drop_database(declared)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_a_database_without_tables_is_refused_with_the_command_to_run(kind: str, tmp_path: Path) -> None:
    name = await postgres.create_database(template="template0") if kind == "postgresql" else ""
    url = database_url(postgres.url(name) if name else str(tmp_path / "empty.db"))
    database = Database.open(url)
    try:
        with pytest.raises(SchemaBehind, match="colloquy db upgrade --database"):
            await migrations.check(database)
    finally:
        await database.close()
        if name:
            await postgres.drop_database(name)


async def test_a_database_of_a_later_version_is_refused(database: Database) -> None:
    async with database.write(viewer=PROGRAM) as connection:
        await connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(SchemaBehind, match="later version"):
        await migrations.check(database)
    with pytest.raises(SchemaBehind, match="later version"):
        await migrations.upgrade(database)


async def test_a_migration_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    database = Database.open(database_url(str(tmp_path / "colloquy.db")))
    try:
        with monkeypatch.context() as patched:
            patched.setattr(migrations, "_upgrade", _half_an_upgrade)
            with pytest.raises(RuntimeError, match="half"):
                await migrations.upgrade(database)
        assert await migrations.current(database) is None
        async with database.writer.connect() as connection:
            count = await connection.exec_driver_sql("SELECT count(*) FROM sqlite_master")
            assert count.scalar_one() == 0
    finally:
        await database.close()


def _half_an_upgrade(connection: sa.Connection) -> None:
    connection.exec_driver_sql("CREATE TABLE half (id integer)")
    raise RuntimeError("half")


HOSTILE = [
    {"plain": [1, 1.5, True, None, "text"]},
    {"nul": "a\0b", "\0": "key"},
    {"backslash": "\\u0000", "both": "\\\0", "many": "\0\0\0"},
    {"high": "\ud800", "low": "\udc00x", "pair": "\U0001f600", "mixed": "\ud83d\ud83d\ude00\ude00"},
]


@pytest.mark.parametrize("value", HOSTILE)
@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
async def test_the_copy_for_filters_has_a_replacement_for_what_jsonb_refuses(database: Database, value: object) -> None:
    async with database.read(viewer=PROGRAM) as connection:
        statement = sa.select(sa.func.colloquy_jsonb(json.dumps(value)))
        copied = (await connection.execute(statement)).scalar_one()
    assert copied == _cleaned(value)


def _cleaned(value: Any) -> Any:
    """The value with U+FFFD for what jsonb cannot hold."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace").replace("\0", "\ufffd")
    if isinstance(value, dict):
        return {_cleaned(key): _cleaned(item) for key, item in value.items()}
    return [_cleaned(item) for item in value] if isinstance(value, list) else value
