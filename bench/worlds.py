"""The databases that a run reads: each filled once, when it is first asked for, and shared by all cases."""

import asyncio
import contextlib
import sqlite3
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self
from uuid import UUID

from bench import data, facts, servers
from db import migrations
from db.database import Database, database_url

SHAPES: Final = {"inbox": data.INBOX, "broad": data.BROAD}
BROAD_SHARE: Final = 0.12
"""How many messages the broad world has, for one of the inbox: 120 conversations of 100 messages for 100,000."""


@dataclass(frozen=True, slots=True)
class Place:
    """A filled database."""

    url: str
    """A file's path, or a postgresql:// URL."""
    second: str
    """The same again for another process of the server, of which only one opens a SQLite file: a copy of that file."""
    middle: UUID
    """The conversation in the middle of the list."""


class Worlds:
    """The databases of a run, gone when it ends."""

    def __init__(self, folder: Path, databases: tuple[str, ...], messages: int, say: Callable[[str], None]) -> None:
        self._folder = folder
        self._databases = databases
        self._messages = messages
        self._say = say
        self._places: dict[tuple[str, str], Place] = {}
        self._stack = ExitStack()
        self._postgres: servers.Postgres | None = None

    def __enter__(self) -> Self:
        if "postgresql" in self._databases:
            self._postgres = self._stack.enter_context(servers.postgres())
        return self

    def __exit__(self, *_exception: object) -> None:
        self._stack.close()

    def machine(self, *more: str) -> str:
        """The facts of the machine and of PostgreSQL."""
        return facts.machine(*([self._postgres.facts()] if self._postgres else []), *more)

    def place(self, database: str, world: str) -> Place:
        """The database of that kind with that content."""
        if (database, world) not in self._places:
            self._places[database, world] = self._filled(database, world)
        return self._places[database, world]

    def _filled(self, database: str, world: str) -> Place:
        shape = SHAPES[world]
        messages = max(shape.messages, int(self._messages * (BROAD_SHARE if world == "broad" else 1)))
        begun = time.monotonic()
        if database == "sqlite":
            url = str(self._folder / f"{world}.db")
        else:
            assert self._postgres is not None, "it was started, since its database was asked for"
            url = self._postgres.create(world)
        middle = asyncio.run(_fill(url, messages, shape))
        if self._postgres is not None and database == "postgresql":
            # What autovacuum does a minute after such a load: it would fall into some round or other.
            self._postgres.execute("VACUUM ANALYZE", "CHECKPOINT", database=world)
        self._say(f"({database}, {world}: {messages:,} messages, written in {time.monotonic() - begun:.1f} s)\n")
        return Place(url, _copied(url) if database == "sqlite" else url, middle)


def _copied(path: str) -> str:
    copy = f"{path.removesuffix('.db')}-copy.db"
    with contextlib.closing(sqlite3.connect(path)) as source, contextlib.closing(sqlite3.connect(copy)) as target:
        source.backup(target)
        target.execute("PRAGMA journal_mode=WAL")
    return copy


async def _fill(url: str, messages: int, shape: data.Shape) -> UUID:
    database = Database.open(database_url(url), purpose="bench")
    try:
        await migrations.upgrade(database)
        return await data.fill(database, messages=messages, shape=shape)
    finally:
        await database.close()
