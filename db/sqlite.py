"""SQLite's engines, one that writes and one that reads, and the lock that keeps a second writer off.

See `db.database` for the choices.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from sqlalchemy import event
from sqlalchemy.engine.url import URL
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from db import functions
from db.errors import DatabaseInUse
from db.inline import ThreadConnection, begin_at_once
from db.pool import LendingPool
from db.walls import build

try:
    import fcntl
except ImportError:  # Windows: the lock file is only advice there
    fcntl = None  # type: ignore[assignment]  # the module is optional


@dataclass(frozen=True, slots=True)
class DatabaseSettings:
    """How the engines are made; times in seconds."""

    readers: int = 8
    """Reader connections on SQLite: so many slow reads run beside each other."""
    readers_at_once: int = 1
    """Quick reads that run on SQLite at a time; the others wait, some milliseconds.

    The driver gives up the interpreter's lock with every row, so that two readers take it from each other: with 8
    clients a page of an inbox (840 objects) took 3.6 ms of the processor's time with two of them, the second waiting at
    a lock for the first, and 3.2 with one; with 1 client it was 3.2 for both. A slow one holds the others up for no
    longer than `db.turns.SLOW`."""
    pool_size: int = 10
    """Connections on PostgreSQL."""
    pool_timeout: float = 10.0
    """How long a request waits for a connection."""
    row_security: bool = False
    """Whether PostgreSQL's policies are told who asks; the role of the connections then owns no table."""
    busy_timeout: float = 5.0
    """How long SQLite waits for a lock of another process (a backup tool, the sqlite3 shell)."""
    statements: int = 300
    """Statements that each connection keeps prepared; on PostgreSQL so many of looks and as many of all else. A read
    has a text of its own for each set of columns that clients select, a hundred or two where they differ; beyond the
    drivers' own number (asyncpg 100, sqlite3 128) each is parsed and planned anew, which on PostgreSQL is a round trip
    more. One takes some 7 KB here, so that all connections to SQLite have 20 MB at most and those to PostgreSQL 40 MB,
    and there some 25 KB, so that a process of that server has 15 MB at most."""


class WriterLock:
    """The file beside a SQLite database that its one writer holds; it says who that is."""

    def __init__(self, database: Path) -> None:
        self.path = database.with_name(database.name + ".lock")
        self._file: IO[str] | None = None

    def acquire(self, purpose: str) -> None:
        """Take the lock. Raises DatabaseInUse, naming the holder and what to do."""
        file = self.path.open("a+", encoding="utf-8")
        if fcntl is not None:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                file.seek(0)
                holder = file.read().strip() or "another process"
                file.close()
                raise DatabaseInUse(
                    f"{self.path.with_suffix('')} is being written by {holder}. One process writes to a SQLite file "
                    "at a time: stop that one first, or move to PostgreSQL."
                ) from error
        file.seek(0)
        file.truncate()
        file.write(f"{purpose} (process {os.getpid()})")
        file.flush()
        self._file = file

    def release(self) -> None:
        """Give the lock back. The file stays: to remove it would let two processes hold two files of one name."""
        if self._file is not None:
            self._file.seek(0)
            self._file.truncate()
            self._file.close()
            self._file = None


def own(raw: Any) -> ThreadConnection:
    """The driver's connection, which the engines below make themselves."""
    assert isinstance(raw, ThreadConnection), "the engines of SQLite make their connections themselves"
    return raw


def writer_engine(path: Path, settings: DatabaseSettings) -> AsyncEngine:
    """The engine of the one connection that writes."""

    async def connect() -> ThreadConnection:
        return await _opened(ThreadConnection(str(path), settings.busy_timeout, statements=settings.statements))

    engine = create_async_engine(
        URL.create("sqlite+aiosqlite", database=str(path)),
        pool_size=1,
        max_overflow=0,
        pool_timeout=None,
        poolclass=LendingPool,
        # Each transaction is ended by who began it, and asking again would cost a call to the connection's thread.
        pool_reset_on_return=None,
        async_creator=connect,
    )

    begin_at_once(engine.sync_engine)
    return prepared(
        engine, "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "temp_store=MEMORY", "cache_size=-65536"
    )


def reader_engine(path: Path, settings: DatabaseSettings) -> AsyncEngine:
    """The engine of the connections that read."""

    async def connect() -> ThreadConnection:
        file, statements = f"file:{_quoted(path)}?mode=ro", settings.statements
        return await _opened(ThreadConnection(file, settings.busy_timeout, statements=statements, uri=True))

    engine = create_async_engine(
        URL.create("sqlite+aiosqlite", database=str(path)),
        pool_size=settings.readers,
        max_overflow=0,
        pool_timeout=settings.pool_timeout,
        poolclass=LendingPool,
        pool_use_lifo=True,  # the one used last has the pages that were read last in its cache
        pool_reset_on_return=None,  # a connection that began something is rolled back when it is closed
        async_creator=connect,
    )

    return prepared(engine, "query_only=ON", "wal_autocheckpoint=0", "temp_store=MEMORY", "cache_size=-16384")


def prepared(engine: AsyncEngine, *pragmas: str) -> AsyncEngine:
    """The engine, each of whose connections to SQLite gets these pragmas and our functions."""

    build(engine.sync_engine)

    @event.listens_for(engine.sync_engine, "connect")
    def connected(connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        for pragma in pragmas:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()
        functions.register(connection)

    return engine


async def _opened(connection: ThreadConnection) -> ThreadConnection:
    await connection
    return connection


def _quoted(path: Path) -> str:
    """The path as SQLite's URI file names want it."""
    return str(path).replace("%", "%25").replace("?", "%3f").replace("#", "%23")
