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
operation; what a reader may not assume is that two statements of one read see the same rows. Transactions are begun
and ended by hand on the driver's connection: SQLAlchemy would begin with the first statement that goes through it, and
those that go past it would need one that does.

A connection that is lost in the middle of a read is none of the reader's business: the read is done once more. A write
is done once more only where its transaction had not begun.

It is over 300 lines long because it is one class: what is lent, to whom, and in which transaction is decided together,
and half of the lines say what callers can rely on.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final, Self, TypeVar

import asyncpg
import sqlalchemy as sa
from sqlalchemy.engine.url import URL
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from db import postgres
from db.bare import Look, PostgresBare, Told, lost
from db.errors import DatabaseBusy, DatabaseUnfit
from db.inline import Work, begin_at_once
from db.lending import Lender
from db.sqlite import DatabaseSettings as DatabaseSettings
from db.sqlite import WriterLock, own, prepared, reader_engine, writer_engine
from db.urls import database_url as database_url
from db.viewer import PROGRAM, Asker, Viewer
from db.walls import WALL, Wall

T = TypeVar("T")

_BEGIN: Final = "BEGIN ISOLATION LEVEL READ COMMITTED"
"""By name, since a server can have another one for its default."""


class Database:
    """The engines of one database.

    `look` and `ask` are for reads that run through, `read()` for those in the middle of which something else happens;
    `transact` and `write()` likewise. All of them take the viewer: one that may not see all of the workspace has a wall
    around the connection (`db.walls`).
    """

    def __init__(
        self,
        url: URL,
        reader: AsyncEngine,
        writer: AsyncEngine,
        lock: WriterLock | None,
        *,
        readers_at_once: int | None = None,
        row_security: bool = False,
    ) -> None:
        self.url = url
        self.row_security = row_security
        """Whether PostgreSQL's policies are told who asks."""
        self.reader = reader
        self.writer = writer
        self._lock = lock
        one_pool = reader.sync_engine.pool is writer.sync_engine.pool
        self.dialect: Final[str] = writer.dialect.name
        """ "sqlite" or "postgresql"."""
        asks = self.dialect == "postgresql"
        self._readers = Lender(writer if one_pool else reader, asks=asks, at_once=readers_at_once)
        self._writers = self._readers if one_pool else Lender(writer, asks=asks)

    @property
    def reads_only(self) -> bool:
        """Whether there is nothing to write with: a SQLite file that was opened beside its writer."""
        return self.dialect == "sqlite" and self.reader is self.writer

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
            engine = postgres.engine(url, settings, purpose)
            reader = engine.execution_options(isolation_level="AUTOCOMMIT")
            return cls(url, reader, engine, None, row_security=settings.row_security)
        path = Path(url.database or "").absolute()
        if path.is_dir():
            raise DatabaseUnfit(f"{path} is a folder: the database is a file in it", field="database")
        if not path.parent.is_dir():
            raise DatabaseUnfit(f"the folder {path.parent} of the database does not exist", field="database")
        if reads_only:
            if not path.is_file():
                raise DatabaseUnfit(f"{path} does not exist", field="database")
            reader = reader_engine(path, settings)
            return cls(url, reader, reader, None, readers_at_once=settings.readers_at_once)
        lock = WriterLock(path)
        try:
            lock.acquire(purpose)
        except PermissionError as error:
            raise DatabaseUnfit(f"{path} cannot be written: {error.strerror}", field="database") from error
        reader, writer = reader_engine(path, settings), writer_engine(path, settings)
        return cls(url, reader, writer, lock, readers_at_once=settings.readers_at_once)

    async def close(self) -> None:
        """Close all connections and give the lock back."""
        await self.reader.dispose()
        await self.writer.dispose()
        if self._lock is not None:
            self._lock.release()

    async def look(self, work: Look[T], *, viewer: Asker) -> T:
        """Do some reading that only fetches; two statements of it may see different states.

        The work awaits nothing but its connection; on SQLite it runs in the connection's thread. It is done once more,
        from its beginning, where the connection is lost on the way. Who is cancelled has the statement broken off.
        Raises DatabaseBusy.
        """
        if self.dialect == "sqlite":
            loan = self._readers.lend_at_once() or await self._readers.lend()
            try:
                return await own(loan.raw).look(work, wall_of(viewer, "sqlite"))
            finally:
                self._readers.give_back(loan)
        for last in (False, True):
            loan = self._readers.lend_at_once() or await self._readers.lend()
            bare: PostgresBare = loan.info[postgres.BARE]
            bare.wall = wall_of(viewer, "postgresql")
            try:
                if self.row_security:
                    await bare.tell(_told(viewer))
                found = await work(bare)
            except Exception:
                if last or not bare.lost:
                    raise
            else:
                if last or not bare.lost:  # a work may make an answer of an error
                    return found
            finally:
                if bare.spoilt:
                    await self._readers.discard(loan, dead=bare.lost)
                else:
                    self._readers.give_back(loan)
        raise AssertionError("the last attempt returns or raises")

    def has_spare(self) -> bool:
        """Whether a read may well be done in two halves at once: two connections to PostgreSQL lie idle.

        SQLite's readers would only take the interpreter's lock from each other.
        """
        return self.dialect == "postgresql" and self._readers.idle >= 2

    async def ask(self, work: Work[T], *, viewer: Asker) -> T:
        """Do some reading; the same as `look`, with a connection of SQLAlchemy."""
        if self.dialect == "sqlite":
            loan = self._readers.lend_at_once() or await self._readers.lend()
            try:
                return await own(loan.raw).ask(work, wall_of(viewer, "sqlite"))
            finally:
                self._readers.give_back(loan)
        for last in (False, True):
            async with self.read(viewer=viewer) as connection:
                raw = await _driver(connection)
                try:
                    return await work(connection)
                except Exception as error:
                    if not await self._dropped(connection, raw, error) or last:
                        raise
        raise AssertionError("the last attempt returns or raises")

    @contextlib.asynccontextmanager
    async def read(self, *, viewer: Asker) -> AsyncIterator[AsyncConnection]:
        """A connection that only reads; two statements on it may see different states. Raises DatabaseBusy."""
        async with self._lent(viewer, wall_of(viewer, self.dialect)) as connection:
            yield connection

    @contextlib.asynccontextmanager
    async def _lent(self, viewer: Asker, wall: Wall | None) -> AsyncIterator[AsyncConnection]:
        async with self._readers.turn(), self.reader.connect() as connection:
            try:
                if wall is not None:
                    await connection.execution_options(**{WALL: wall})
                if self.row_security:
                    await self._tell(connection, viewer)
                yield connection
            except asyncio.CancelledError:
                # A cancelled statement leaves the connection in the middle of an answer.
                with contextlib.suppress(Exception):
                    await connection.invalidate()
                raise

    async def answers(self, *, within: float) -> bool:
        """Whether a reader gets an answer within that many seconds."""
        try:
            async with asyncio.timeout(within), self.read(viewer=PROGRAM) as connection:
                await connection.exec_driver_sql("SELECT 1")
        except (TimeoutError, OSError, SQLAlchemyError, DatabaseBusy):
            return False
        return True

    @contextlib.asynccontextmanager
    async def write(self, *, viewer: Asker) -> AsyncIterator[AsyncConnection]:
        """A connection in a transaction: leaving the block commits it, an exception rolls it back.

        Raises DatabaseBusy. On SQLite writers wait for each other as long as it takes.
        """
        wall = wall_of(viewer, self.dialect, reads=False)
        if self.dialect == "sqlite":
            async with self._writers.turn(), self.writer.begin() as connection:
                if wall is not None:
                    await connection.execution_options(**{WALL: wall})
                yield connection
            return
        async with self._lent(viewer, wall) as connection:
            raw = await self._begun(connection, viewer)
            try:
                yield connection
            except asyncio.CancelledError:
                raise  # the connection is closed, and the server rolls back
            except BaseException as error:
                if not await self._dropped(connection, raw, error):
                    try:
                        await raw.execute("ROLLBACK")
                    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
                        await connection.invalidate()  # the server rolls back what loses its connection
                raise
            if await raw.execute("COMMIT") != "COMMIT":
                raise RuntimeError("a statement of this transaction failed, and what followed was rolled back with it")

    async def transact(self, work: Work[T], *, viewer: Asker) -> T:
        """Do some work in a transaction: what it returns is committed, what it raises rolls it back.

        The work awaits nothing but its connection; see `db.inline` for what that is good for. Raises DatabaseBusy.
        """
        if self.dialect == "postgresql":
            async with self.write(viewer=viewer) as connection:
                return await work(connection)
        loan = self._writers.lend_at_once() or await self._writers.lend()
        try:
            return await own(loan.raw).transact(work, wall_of(viewer, "sqlite", reads=False))
        finally:
            self._writers.give_back(loan)

    async def _tell(self, connection: AsyncConnection, viewer: Asker) -> None:
        """Tell the policies who asks, where they were told of another one last."""
        await _driver(connection)  # one that was dead is another one from here on
        sync = connection.sync_connection
        assert sync is not None, "a connection in use has been started"
        bare: PostgresBare = sync.info[postgres.BARE]
        await bare.tell(_told(viewer))

    async def _begun(self, connection: AsyncConnection, viewer: Asker) -> asyncpg.Connection:
        """Begin a transaction, on another connection where this one is dead; gives the driver's."""
        raw = await _driver(connection)
        try:
            await raw.execute(_BEGIN)
        except Exception as error:
            if not await self._dropped(connection, raw, error):
                raise
            await connection.execution_options(isolation_level="AUTOCOMMIT")  # SQLAlchemy's new one is without
            if self.row_security:
                await self._tell(connection, viewer)
            raw = await _driver(connection)
            await raw.execute(_BEGIN)
        return raw

    async def _dropped(self, connection: AsyncConnection, raw: asyncpg.Connection, error: BaseException) -> bool:
        """Whether the error came of a lost connection; SQLAlchemy's then lets go of it, and makes another if asked."""
        if not (connection.invalidated or raw.is_closed() or lost(error)):
            return False
        self._readers.doubt()
        if not connection.invalidated:
            await connection.invalidate()
        return True


def wall_of(viewer: Asker, dialect: str, *, reads: bool = True) -> Wall | None:
    """What is around the viewer's statements; None for who sees all of a workspace."""
    if viewer.owns is None:
        return None
    assert isinstance(viewer, Viewer), "the program is confined to nobody's conversations"
    return Wall.of(viewer, dialect, reads=reads)


def _told(viewer: Asker) -> Told:
    """What the policies are told."""
    if not isinstance(viewer, Viewer):
        return "*", "", ""
    owner = viewer.owns
    return str(viewer.workspace_id), "" if owner is None else f"={owner}", "on" if viewer.sees_public else ""


async def _driver(connection: AsyncConnection) -> Any:
    """The driver's connection."""
    raw = (await connection.get_raw_connection()).driver_connection
    assert raw is not None, "a connection in use has its driver's"
    return raw


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
