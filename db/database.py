"""The database: engines, connections and the choices behind them.

SQLite has one writer and many readers. Sharing one pool gave "database is locked" for 88 % of concurrent writers, with
busy_timeout and WAL; one writer connection gave none, at a fifth of the latency of BEGIN IMMEDIATE storms. The writer
also does every checkpoint, which keeps clear of the WAL-reset corruption of SQLite before 3.51.3 (it needs two
connections that write or checkpoint at once). A lock file beside the database holds a second process off: SQLite itself
would let it in.

Readers are opened with mode=ro and query_only, so that a read cannot write by mistake.

synchronous is FULL: with NORMAL a power cut lost acknowledged transactions in 137 of 150 simulated cuts, with FULL in
none.

PostgreSQL has one pool. Reads run in AUTOCOMMIT: each statement sees its own snapshot, which saves two round trips an
operation; what a reader may not assume is that two statements of one read see the same rows.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final, Self, TypeVar

import sqlalchemy as sa
from sqlalchemy.engine.url import URL, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from db.errors import DatabaseBusy, DatabaseUnfit, InvalidInput
from db.inline import Work, begin_at_once
from db.sqlite import DatabaseSettings as DatabaseSettings
from db.sqlite import WriterLock, own, prepared, reader_engine, writer_engine

T = TypeVar("T")

_BUSY: Final = "The server is busy with other requests; try again in a moment."


def database_url(text: str) -> URL:
    """The SQLAlchemy URL of what a person wrote: a file's path, sqlite:///path, or postgresql://user@host/name.

    Raises InvalidInput where it is none of these.
    """
    if "://" not in text:
        if not text.strip():
            raise InvalidInput("the database is empty: give a file's path or a postgresql:// URL", field="database")
        return URL.create("sqlite+aiosqlite", database=str(Path(text).expanduser()))
    try:
        url = make_url(text)
    except (ArgumentError, ValueError) as error:  # ValueError: of what stands where a port would
        raise InvalidInput("the database URL cannot be read: postgresql://user@host/name", field="database") from error
    driver = url.drivername.partition("+")[0]
    if driver in ("postgresql", "postgres"):
        return url.set(drivername="postgresql+asyncpg")
    if driver == "sqlite":
        if not url.database or url.database == ":memory:":
            raise InvalidInput("SQLite needs a file: sqlite:///path", field="database")
        return url.set(drivername="sqlite+aiosqlite")
    raise InvalidInput(f"the database is {driver!r}: it must be SQLite or PostgreSQL", field="database")


class Database:
    """The engines of one database. `read()` and `write()` are the only ways to a connection."""

    def __init__(self, url: URL, reader: AsyncEngine, writer: AsyncEngine, lock: WriterLock | None) -> None:
        self.url = url
        self.reader = reader
        self.writer = writer
        self._lock = lock

    @property
    def dialect(self) -> str:
        """ "sqlite" or "postgresql"."""
        return self.writer.dialect.name

    @property
    def path(self) -> Path | None:
        """The file, on SQLite."""
        return Path(self.url.database) if self.dialect == "sqlite" and self.url.database else None

    @property
    def shown(self) -> str:
        """For a person: the file's path, or the URL without its password, which can stand in two places."""
        if self.path is not None:
            return str(self.path)
        query = {key: value for key, value in self.url.query.items() if key != "password"}
        return self.url.set(drivername="postgresql", query=query).render_as_string(hide_password=True)

    @classmethod
    def open(
        cls,
        url: URL,
        settings: DatabaseSettings | None = None,
        *,
        purpose: str = "colloquy",
        reads_only: bool = False,
    ) -> Self:
        """Make the engines, and on SQLite take the writer's lock.

        With `reads_only` there is no lock and nothing to write with, so that it can be done beside the writer; a SQLite
        file must then be there. Raises DatabaseInUse where another process is the writer, DatabaseUnfit where the file
        cannot be opened.
        """
        settings = settings or DatabaseSettings()
        if url.get_backend_name() == "postgresql":
            engine = create_async_engine(
                url,
                pool_size=settings.pool_size,
                max_overflow=0,
                pool_timeout=settings.pool_timeout,
                pool_pre_ping=True,
                connect_args={
                    "server_settings": {
                        "application_name": purpose,
                        "timezone": "UTC",
                        "idle_in_transaction_session_timeout": "60000",
                    },
                },
            )
            reader = engine.execution_options(isolation_level="AUTOCOMMIT")
            return cls(url, reader, engine, None)
        path = Path(url.database or "").absolute()
        if path.is_dir():
            raise DatabaseUnfit(f"{path} is a folder: the database is a file in it", field="database")
        if not path.parent.is_dir():
            raise DatabaseUnfit(f"the folder {path.parent} of the database does not exist", field="database")
        if reads_only:
            if not path.is_file():
                raise DatabaseUnfit(f"{path} does not exist", field="database")
            reader = reader_engine(path, settings)
            return cls(url, reader, reader, None)
        lock = WriterLock(path)
        try:
            lock.acquire(purpose)
        except PermissionError as error:
            raise DatabaseUnfit(f"{path} cannot be written: {error.strerror}", field="database") from error
        return cls(url, reader_engine(path, settings), writer_engine(path, settings), lock)

    async def close(self) -> None:
        """Close all connections and give the lock back."""
        await self.reader.dispose()
        await self.writer.dispose()
        if self._lock is not None:
            self._lock.release()

    @contextlib.asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A connection that only reads; two statements on it may see different states. Raises DatabaseBusy."""
        async with contextlib.AsyncExitStack() as stack:
            try:
                connection = await stack.enter_async_context(self.reader.connect())
            except sa.exc.TimeoutError as error:
                raise DatabaseBusy(_BUSY) from error
            try:
                yield connection
            except asyncio.CancelledError:
                # A cancelled statement leaves the connection in the middle of an answer.
                with contextlib.suppress(Exception):
                    await connection.invalidate()
                raise

    async def ask(self, work: Work[T]) -> T:
        """Do some reading; two statements of it may see different states.

        The work awaits nothing but its connection; see `db.inline` for what that is good for. Raises DatabaseBusy.
        """
        if self.dialect == "postgresql":
            async with self.read() as connection:
                return await work(connection)
        async with contextlib.AsyncExitStack() as stack:
            try:
                connection = await stack.enter_async_context(self.reader.connect())
            except sa.exc.TimeoutError as error:
                raise DatabaseBusy(_BUSY) from error
            return await (await own(connection)).ask(work)

    async def answers(self, *, within: float) -> bool:
        """Whether a reader gets an answer within that many seconds."""
        try:
            async with asyncio.timeout(within), self.read() as connection:
                await connection.exec_driver_sql("SELECT 1")
        except (TimeoutError, OSError, SQLAlchemyError, DatabaseBusy):
            return False
        return True

    @contextlib.asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """A connection in a transaction: leaving the block commits it, an exception rolls it back.

        Raises DatabaseBusy. On SQLite writers wait for each other as long as it takes.
        """
        async with contextlib.AsyncExitStack() as stack:
            try:
                connection = await stack.enter_async_context(self.writer.begin())
            except sa.exc.TimeoutError as error:
                raise DatabaseBusy(_BUSY) from error
            yield connection

    async def transact(self, work: Work[T]) -> T:
        """Do some work in a transaction: what it returns is committed, what it raises rolls it back.

        The work awaits nothing but its connection; see `db.inline` for what that is good for. Raises DatabaseBusy.
        """
        if self.dialect == "postgresql":
            async with self.write() as connection:
                return await work(connection)
        async with self.writer.connect() as connection:
            return await (await own(connection)).transact(work)


def migrating_engine(database: Database) -> AsyncEngine:
    """An engine of one connection for migrations; on SQLite without foreign keys.

    SQLite changes a table by making it anew, and dropping the old one would delete what points at it. The pragma has no
    effect inside a transaction, hence an engine of its own; the caller checks the keys before it commits.
    """
    if database.dialect == "postgresql":
        return create_async_engine(database.url, poolclass=sa.pool.NullPool)
    engine = create_async_engine(
        database.url, poolclass=sa.pool.NullPool, connect_args={"isolation_level": None, "timeout": 30}
    )

    begin_at_once(engine.sync_engine)
    return prepared(engine, "journal_mode=WAL", "synchronous=FULL", "foreign_keys=OFF")
