"""A database that is broken on purpose: rows that no constraint would let in."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from random import Random
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from db.database import Database
from db.record import JsonText, UtcDateTime
from db.tables import metadata
from db.viewer import PROGRAM
from tests.acceptance.engine_world import FIRST, LAST, SIZES


async def spoil(database: Database, seed: int = 11) -> None:
    """Put into a filled database what none of its constraints would let in; nothing of it holds afterwards."""
    changes = list(_changes(database.dialect, Random(seed), await _rows(database)))
    if database.path is not None:
        _spoil_file(str(database.path), changes)
        return
    async with database.write(viewer=PROGRAM) as connection:
        for statement in await _all_constraints(connection):
            await connection.exec_driver_sql(statement)
        for table, column, key, value in changes:
            raw = sa.table(table, *[sa.column(name) for name in (column, *key)])
            there = [raw.c[name] == held for name, held in key.items()]
            await connection.execute(sa.update(raw).where(*there).values({column: value}))


Change = tuple[str, str, dict[str, Any], Any]
"""A table, a column, the primary key of a row, and the value that it gets."""


async def _rows(database: Database) -> dict[str, list[dict[str, Any]]]:
    """The primary keys of all rows, as the driver has them, by table."""
    async with database.read(viewer=PROGRAM) as connection:
        found = {}
        for name in SIZES:
            columns: list[sa.ColumnClause[Any]] = [
                sa.column(column.name) for column in metadata.tables[name].primary_key
            ]
            rows = await connection.execute(sa.select(*columns).select_from(sa.table(name)).order_by(*columns))
            found[name] = [dict(row._mapping) for row in rows]
        return found


def _changes(dialect: str, random: Random, rows: dict[str, list[dict[str, Any]]]) -> Iterator[Change]:
    for name, keys in rows.items():
        table = metadata.tables[name]
        broken = random.sample(keys, max(2, len(keys) // 6))  # the others are left whole, or all lists would be null
        for column in table.columns:
            is_key = column.primary_key or column.name == "workspace_id"
            if not is_key and column.computed is None:
                yield name, column.name, random.choice(broken), random.choice(_wrong(dialect, column, random))


def _wrong(dialect: str, column: sa.Column[Any], random: Random) -> tuple[Any, ...]:
    kind, lite = column.type, dialect == "sqlite"
    if isinstance(kind, sa.Uuid):
        dangling = UUID(int=random.getrandbits(128))
        return (None, dangling.hex if lite else dangling)
    if isinstance(kind, sa.Enum):
        return (None, "NONSENSE", "", "user")
    if isinstance(kind, UtcDateTime):
        return (None, 2**62, -(2**62)) if lite else (None, FIRST, LAST)  # PostgreSQL's driver makes these infinite
    if isinstance(kind, JsonText):
        return (None, "{broken", "", '"text"', "5", "[1, null, {}]", '{"a": 1}', "NaN", "[null]", '[{"userId": 1}]')
    if isinstance(kind, sa.Boolean):
        return (None, 7, -1) if lite else (None,)
    if isinstance(kind, sa.Integer):
        return (None, 2**31, -(2**40), 1.5, "many") if lite else (None,)
    if isinstance(kind, sa.Float):
        return (None, float("inf"), "much", 3) if lite else (None, float("inf"), float("nan"))
    return (None,)


def _spoil_file(path: str, changes: list[Change]) -> None:
    """Change the rows of a file in which nothing is required any more."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA writable_schema=ON")
    for name, text in connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table'").fetchall():
        if text:
            bare = re.sub(r",\s*CONSTRAINT fk_.*?(?=,\s*CONSTRAINT|\s*\)$)", "", text.replace(" NOT NULL", ""))
            connection.execute("UPDATE sqlite_master SET sql = ? WHERE type = 'table' AND name = ?", (bare, name))
    connection.close()
    connection = sqlite3.connect(path, isolation_level=None)  # reads the tables' texts anew
    connection.execute("PRAGMA ignore_check_constraints=ON")
    for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        connection.execute(f'DROP TRIGGER "{name}"')
    connection.execute("BEGIN")
    for table, column, key, value in changes:
        there = " AND ".join(f'"{name}" = ?' for name in key)
        connection.execute(f'UPDATE "{table}" SET "{column}" = ? WHERE {there}', (value, *key.values()))
    connection.execute("COMMIT")
    connection.close()


async def _all_constraints(connection: AsyncConnection) -> list[str]:
    """The statements that drop PostgreSQL's triggers, and its constraints but the primary keys."""
    triggers = await connection.exec_driver_sql(
        "SELECT format('DROP TRIGGER %I ON %s', tgname, tgrelid::regclass) FROM pg_trigger"
        " WHERE NOT tgisinternal AND tgrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace)"
    )
    constraints = await connection.exec_driver_sql(
        "SELECT format('ALTER TABLE %s DROP CONSTRAINT %I CASCADE', conrelid::regclass, conname) FROM pg_constraint"
        " WHERE contype IN ('c', 'f') AND connamespace = 'public'::regnamespace"
    )
    required = await connection.exec_driver_sql(
        "SELECT format('ALTER TABLE %I ALTER COLUMN %I DROP NOT NULL', table_name, column_name)"
        " FROM information_schema.columns c WHERE table_schema = 'public' AND is_nullable = 'NO'"
        " AND is_generated = 'NEVER' AND table_name <> 'alembic_version' AND NOT EXISTS"
        " (SELECT FROM information_schema.key_column_usage k"
        " WHERE k.table_name = c.table_name AND k.column_name = c.column_name AND k.constraint_name LIKE 'pk_%')"
    )
    return [row[0] for row in (*triggers, *constraints, *required)]
