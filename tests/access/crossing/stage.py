"""Stages: databases that hold the world, or what one viewer sees of it, and are put back as they were after a write."""

from __future__ import annotations

import shutil
import sqlite3
from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import asyncpg
import sqlalchemy as sa
from sqlalchemy.engine.url import URL, make_url

from db import functions, row_security
from db.database import Database, DatabaseSettings, database_url
from db.tables import metadata
from db.viewer import PROGRAM
from tests import postgres
from tests.access.crossing.world import Row, Rows
from tests.conftest import _migrated

ROLE: Final = "colloquy_crossing"
"""The role of PostgreSQL that owns nothing."""

TABLES: Final = {
    table.name: [column.name for column in table.columns if column.computed is None]
    for table in metadata.sorted_tables
    if table.name != "token_secrets"
}
"""Tables with their columns that are written, parents first."""

KEYS: Final = {name: [column.name for column in metadata.tables[name].primary_key] for name in TABLES}

Key = tuple[Any, ...]
Raw = tuple[Any, ...]
State = dict[str, dict[Key, Raw]]
"""For each table its rows by their keys, as the driver gives them."""


class Change:
    """A row that was inserted, changed or deleted."""

    def __init__(self, table: str, key: Key, before: Raw | None, after: Raw | None) -> None:
        self.table, self.key = table, key
        self.before = None if before is None else dict(zip(TABLES[table], before, strict=True))
        self.after = None if after is None else dict(zip(TABLES[table], after, strict=True))

    @property
    def columns(self) -> set[str]:
        """The columns that have another value than before."""
        if self.before is None or self.after is None:
            return set()
        return {name for name, value in self.after.items() if self.before[name] != value}

    def __repr__(self) -> str:
        what = (
            "inserted"
            if self.before is None
            else "deleted"
            if self.after is None
            else f"changed {sorted(self.columns)}"
        )
        return f"{self.table} {self.key} {what}: {self.before} -> {self.after}"


class Stage(ABC):
    """A database with rows; `database` is what is asked, and all else goes past it."""

    kind: str
    database: Database

    def __init__(self) -> None:
        self.written = False
        """Whether a transaction has been committed since the rows were last put back."""
        self._state: State = {}

    async def filled(self, rows: Rows) -> None:
        """Write the rows; what they name and is not among them is left out."""
        async with self.database.write(viewer=PROGRAM) as connection:
            for name in TABLES:
                if whole := _whole(name, rows):
                    await connection.execute(sa.insert(metadata.tables[name]), whole)
        await self.prepare()
        self._state = await self._read()
        self._watch()

    def _watch(self) -> None:
        database: Any = self.database
        transact, write = database.transact, database.write

        async def transacted(*args: Any, **options: Any) -> Any:
            found = await transact(*args, **options)
            self.written = True
            return found

        def writing(*args: Any, **options: Any) -> Any:
            self.written = True
            return write(*args, **options)

        database.transact, database.write = transacted, writing

    async def changes(self, *, always: bool = False) -> list[Change]:
        """What is other than it was; unless `always`, where nothing was committed it is not looked for."""
        if not (self.written or always):
            return []
        now, found = await self._read(), []
        for name, before in self._state.items():
            after = now[name]
            if before == after:
                continue
            keys = [key for key in before.keys() | after.keys() if before.get(key) != after.get(key)]
            found += [Change(name, key, before.get(key), after.get(key)) for key in keys]
        return found

    async def restore(self, changes: Sequence[Change]) -> None:
        """Put back what was there before."""
        order = {name: place for place, name in enumerate(TABLES)}
        if changes:
            await self._restore(sorted(changes, key=lambda change: order[change.table]))
        self.written = False

    @abstractmethod
    async def prepare(self) -> None:
        """Connect past the database, and take away what keeps rows from being put back."""

    @abstractmethod
    async def _read(self) -> State: ...

    @abstractmethod
    async def _restore(self, changes: Sequence[Change]) -> None: ...

    @abstractmethod
    async def close(self) -> None:
        """End it."""


def _whole(name: str, rows: Rows) -> list[Row]:
    """The rows of a table, their foreign keys null where there is no such row."""
    keys = {
        column.name: next(iter(column.foreign_keys)).column.table.name
        for column in metadata.tables[name].columns
        if column.foreign_keys and column.nullable
    }
    there = {target: {row["id"] for row in rows.get(target, ())} for target in set(keys.values())}
    return [
        {
            column: None if column in keys and value not in there[keys[column]] else value
            for column, value in row.items()
        }
        for row in rows.get(name, ())
    ]


class SqliteStage(Stage):
    """A file."""

    kind = "sqlite"
    path: Path

    @classmethod
    async def opened(cls, folder: Path) -> SqliteStage:
        """An empty one."""
        self = cls()
        self.path = folder / f"{uuid4().hex}.db"
        shutil.copyfile(await _migrated(), self.path)
        self.database = Database.open(database_url(str(self.path)))
        return self

    async def prepare(self) -> None:
        """See above."""
        self._raw = sqlite3.connect(self.path, isolation_level=None)
        functions.register(self._raw)
        for (name,) in self._raw.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall():
            self._raw.execute(f"DROP TRIGGER {name}")

    async def _read(self) -> State:
        found: State = {}
        for name, columns in TABLES.items():
            places = [columns.index(key) for key in KEYS[name]]
            rows = self._raw.execute(f"SELECT {', '.join(columns)} FROM {name}").fetchall()
            found[name] = {tuple([row[place] for place in places]): row for row in rows}
        return found

    async def _restore(self, changes: Sequence[Change]) -> None:
        self._raw.execute("BEGIN IMMEDIATE")
        for text, values in _statements(changes, lambda _number: "?"):
            self._raw.execute(text, values)
        self._raw.execute("COMMIT")

    async def close(self) -> None:
        """See above."""
        await self.database.close()
        self._raw.close()


class PostgresStage(Stage):
    """A database of the server."""

    kind = "postgresql"
    name: str
    _secured: bool
    _url: URL

    @classmethod
    async def opened(cls, *, row_security: bool = False) -> PostgresStage:
        """An empty one; with row-level security it is asked as a role that owns nothing."""
        self = cls()
        self.name, self._secured = await postgres.create_database(), row_security
        self._url = make_url(postgres.url(self.name))
        self.database = Database.open(database_url(postgres.url(self.name)), DatabaseSettings(pool_size=3))
        return self

    async def prepare(self) -> None:
        """See above."""
        self._raw: Any = await asyncpg.connect(
            user=self._url.username,
            password=self._url.password,
            database=self.name,
            host=self._url.query.get("host") or self._url.host,
            port=self._url.port,
        )
        await self._raw.execute("SET session_replication_role = replica")
        if self._secured:
            if not await self._raw.fetch("SELECT 1 FROM pg_roles WHERE rolname = $1", ROLE):
                await self._raw.execute(f"CREATE ROLE {ROLE} LOGIN PASSWORD 'crossing'")
            await row_security.secure(self.database, ROLE)
            await self.database.close()
            url = database_url(self._url.set(username=ROLE, password="crossing").render_as_string(hide_password=False))
            self.database = Database.open(url, DatabaseSettings(pool_size=3, row_security=True))
            await row_security.check(self.database)

    async def _read(self) -> State:
        found: State = {}
        for name, columns in TABLES.items():
            places = [columns.index(key) for key in KEYS[name]]
            rows = await self._raw.fetch(f"SELECT {', '.join(columns)} FROM {name}")
            found[name] = {tuple([row[place] for place in places]): tuple(row) for row in rows}
        return found

    async def _restore(self, changes: Sequence[Change]) -> None:
        async with self._raw.transaction():
            for text, values in _statements(changes, lambda number: f"${number + 1}"):
                await self._raw.execute(text, *values)

    async def close(self) -> None:
        """See above."""
        await self._raw.close()
        await self.database.close()
        await postgres.drop_database(self.name)


def _statements(changes: Sequence[Change], mark: Any) -> list[tuple[str, list[Any]]]:
    """What undoes the changes: new rows go first, and old ones come when nothing is in their way."""
    by: Mapping[str, list[Change]] = defaultdict(list)
    for change in changes:
        by["gone" if change.after is None else "new" if change.before is None else "changed"].append(change)
    found: list[tuple[str, list[Any]]] = []
    for change in reversed(by["new"]):
        keys = KEYS[change.table]
        condition = " AND ".join(f"{key} = {mark(place)}" for place, key in enumerate(keys))
        found.append((f"DELETE FROM {change.table} WHERE {condition}", list(change.key)))
    for change in by["changed"]:
        assert change.before is not None, "it was there"
        columns = sorted(change.columns)
        values = [*(change.before[name] for name in columns), *change.key]
        settings = ", ".join(f"{name} = {mark(place)}" for place, name in enumerate(columns))
        condition = " AND ".join(
            f"{key} = {mark(len(columns) + place)}" for place, key in enumerate(KEYS[change.table])
        )
        found.append((f"UPDATE {change.table} SET {settings} WHERE {condition}", values))
    for change in by["gone"]:
        assert change.before is not None, "it was there"
        columns = TABLES[change.table]
        marks = ", ".join(mark(place) for place in range(len(columns)))
        text = f"INSERT INTO {change.table} ({', '.join(columns)}) VALUES ({marks})"
        found.append((text, [change.before[name] for name in columns]))
    return found
