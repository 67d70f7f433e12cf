"""Reads and writes on SQLite that run to their end in the thread of their connection.

aiosqlite hands every call to the thread of its connection and waits for the answer, and SQLAlchemy makes three or four
calls for a statement: a write of five statements crossed between the threads nineteen times, which took longer than
SQLite itself. Here the whole coroutine of a read or a write is run in that thread, on a synchronous connection whose
methods are coroutines that never wait, so that it crosses once.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, TypeVar, cast

import aiosqlite
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncConnection

from db.bare import Bare, Look
from db.walls import Wall

T = TypeVar("T")

Work = Callable[[AsyncConnection], Coroutine[Any, Any, T]]
"""What is read or written; it awaits nothing but its connection."""


class _Borrowed:
    """The driver's connection for an engine to which it does not belong, and which so can't close it."""

    def __init__(self, raw: sqlite3.Connection) -> None:
        self._raw = raw

    def __getattr__(self, name: str) -> Any:
        return getattr(self._raw, name)

    def close(self) -> None:
        """Leave it open: it is closed in its thread, by whom it belongs to."""


class _Turn:
    """One read in the thread; `over` when nobody waits for it any more."""

    __slots__ = ("over",)

    def __init__(self) -> None:
        self.over = False


class InlineConnection(Bare):
    """What `db` uses of an AsyncConnection, on a synchronous one; `raw` is the driver's own."""

    def __init__(self, raw: sqlite3.Connection) -> None:
        self.raw = raw
        self._turn = _Turn()
        engine = sa.create_engine(
            "sqlite://", creator=lambda: _Borrowed(raw), poolclass=sa.pool.StaticPool, pool_reset_on_return=None
        )
        self.wall: Wall | None = None
        """What is around the statements of whoever has it."""
        event.listen(engine, "before_cursor_execute", self._inside, retval=True)
        self._sync = engine.connect()

    def look(self, work: Look[T], turn: _Turn, wall: Wall | None) -> T:
        """Run reads that only fetch, each statement for itself."""
        self._turn, self.wall = turn, wall
        return _run(work(self))

    def ask(self, work: Work[T], turn: _Turn, wall: Wall | None) -> T:
        """Run reads, each statement for itself."""
        self._turn, self.wall = turn, wall
        try:
            return _run(work(cast("AsyncConnection", self)))
        finally:
            self._sync.rollback()

    def transact(self, work: Work[T], wall: Wall | None) -> T:
        """Run a transaction: what the work returns is committed, what it raises rolls it back."""
        self._turn, self.wall = _Turn(), wall
        # By hand: that SQLAlchemy begins costs nothing here, but its pool costs more than the commit.
        self.raw.execute("BEGIN IMMEDIATE")
        try:
            found = _run(work(cast("AsyncConnection", self)))
            self.raw.execute("COMMIT")
        except BaseException:
            if self.raw.in_transaction:  # what fills the disk or the memory rolls back by itself
                self.raw.execute("ROLLBACK")
            raise
        finally:
            self._sync.rollback()
        return found

    @property
    def dialect(self) -> sa.Dialect:
        """The dialect, as of any connection."""
        return self._sync.dialect

    async def fetch(self, text: str, parameters: Sequence[Any]) -> Sequence[Sequence[Any]]:
        """The rows as the driver gives them."""
        self._go_on()
        if self.wall is not None:
            text, parameters = self.wall.around(text, parameters)
        return self.raw.execute(text, parameters).fetchall()

    async def execute(self, statement: Any, parameters: Any = None, **options: Any) -> sa.CursorResult[Any]:
        """Execute a statement."""
        self._go_on()
        return self._sync.execute(statement, parameters, **options)

    async def exec_driver_sql(self, statement: str, parameters: Any = None, **options: Any) -> sa.CursorResult[Any]:
        """Execute a statement in the driver's own form."""
        self._go_on()
        return self._sync.exec_driver_sql(statement, parameters, **options)

    def _inside(
        self, _connection: Any, _cursor: Any, text: str, parameters: Any, _context: Any, executemany: bool
    ) -> tuple[str, Any]:
        if self.wall is None:
            return text, parameters
        return (self.wall.around_many if executemany else self.wall.around)(text, parameters)

    def _go_on(self) -> None:
        """Raise what SQLite raises in the middle of a statement, where the read was broken off between two."""
        if self._turn.over:
            raise sqlite3.OperationalError("interrupted")


class ThreadConnection(aiosqlite.Connection):
    """A connection of aiosqlite that also runs whole reads and transactions in its thread."""

    def __init__(self, database: str, timeout: float, *, statements: int, uri: bool = False) -> None:
        # Transactions are begun and ended by hand: the driver's own begin too late and leave DDL outside.
        super().__init__(
            lambda: sqlite3.connect(
                database, timeout=timeout, isolation_level=None, uri=uri, cached_statements=statements
            ),
            iter_chunk_size=64,
        )
        self._thread.daemon = True
        self._made: InlineConnection | None = None

    async def look(self, work: Look[T], wall: Wall | None) -> T:
        """Run reads that only fetch; who is cancelled has them broken off."""
        return await self._read(InlineConnection.look, work, wall)

    async def ask(self, work: Work[T], wall: Wall | None) -> T:
        """Run reads; who is cancelled has them broken off."""
        return await self._read(InlineConnection.ask, work, wall)

    async def transact(self, work: Work[T], wall: Wall | None) -> T:
        """Run a transaction: what the work returns is committed, what it raises rolls it back.

        Once it has begun it goes on to its end, even where nobody waits for it any more.
        """
        return await self._begin(lambda connection: connection.transact(work, wall))

    async def _read(
        self, run: Callable[[InlineConnection, Any, _Turn, Wall | None], T], work: Any, wall: Wall | None
    ) -> T:
        turn = _Turn()
        try:
            return await self._begin(lambda connection: run(connection, work, turn, wall))
        except asyncio.CancelledError:
            turn.over = True
            if self._connection is not None:
                self._connection.interrupt()
            if self._running:
                # Whoever gets this connection next shall not stand behind a read that nobody wants: the thread comes
                # to this when that has ended.
                await self._begin(lambda _connection: None)
            raise

    def _begin(self, run: Callable[[InlineConnection], T]) -> asyncio.Future[T]:
        """Let something run in the thread, after what runs there already."""
        if not self._running or self._connection is None:
            raise sqlite3.ProgrammingError("this connection is closed")

        def here() -> T:
            if self._made is None:
                self._made = InlineConnection(self._conn)
            return run(self._made)

        ended: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._tx.put_nowait((ended, here))
        return ended


def begin_at_once(engine: sa.Engine) -> None:
    """Let a transaction take SQLite's write lock when it begins: one that takes it later can find it gone."""

    @event.listens_for(engine, "begin")
    def begun(connection: sa.Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def _run(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine that never waits."""
    try:
        coroutine.send(None)
    except StopIteration as end:
        found: T = end.value
        return found
    coroutine.close()
    raise RuntimeError("reads and transactions await nothing but their connection")
