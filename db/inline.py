"""Reads and writes on SQLite that run to their end in the thread of their connection.

aiosqlite hands every call to the thread of its connection and waits for the answer, and SQLAlchemy makes three or four
calls for a statement: a write of five statements crossed between the threads nineteen times, which took longer than
SQLite itself. Here the whole coroutine of a read or a write is run in that thread, on a synchronous connection whose
methods are coroutines that never wait, so that it crosses once.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar, cast

import aiosqlite
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncConnection

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


class InlineConnection:
    """What `db` uses of an AsyncConnection, on a synchronous one; `raw` is the driver's own."""

    def __init__(self, raw: sqlite3.Connection) -> None:
        self.raw = raw
        engine = sa.create_engine(
            "sqlite://", creator=lambda: _Borrowed(raw), poolclass=sa.pool.StaticPool, pool_reset_on_return=None
        )
        self._sync = engine.connect()

    def ask(self, work: Work[T]) -> T:
        """Run reads, each statement for itself."""
        try:
            return _run(work(cast("AsyncConnection", self)))
        finally:
            self._sync.rollback()

    def transact(self, work: Work[T]) -> T:
        """Run a transaction: what the work returns is committed, what it raises rolls it back."""
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

    async def execute(self, statement: Any, parameters: Any = None, **options: Any) -> sa.CursorResult[Any]:
        """Execute a statement."""
        return self._sync.execute(statement, parameters, **options)

    async def exec_driver_sql(self, statement: str, parameters: Any = None, **options: Any) -> sa.CursorResult[Any]:
        """Execute a statement in the driver's own form."""
        return self._sync.exec_driver_sql(statement, parameters, **options)


class ThreadConnection(aiosqlite.Connection):
    """A connection of aiosqlite that also runs whole reads and transactions in its thread."""

    def __init__(self, database: str, timeout: float, *, uri: bool = False) -> None:
        # Transactions are begun and ended by hand: the driver's own begin too late and leave DDL outside.
        super().__init__(
            lambda: sqlite3.connect(database, timeout=timeout, isolation_level=None, uri=uri), iter_chunk_size=64
        )
        self._thread.daemon = True
        self._made: InlineConnection | None = None

    async def ask(self, work: Work[T]) -> T:
        """Run reads; who is cancelled has them broken off."""
        try:
            return await self._inline(InlineConnection.ask, work)
        except asyncio.CancelledError:
            self._conn.interrupt()
            raise

    async def transact(self, work: Work[T]) -> T:
        """Run a transaction: what the work returns is committed, what it raises rolls it back.

        Once it has begun it goes on to its end, even where nobody waits for it any more.
        """
        return await self._inline(InlineConnection.transact, work)

    async def _inline(self, run: Callable[[InlineConnection, Work[T]], T], work: Work[T]) -> T:
        def here() -> T:
            if self._made is None:
                self._made = InlineConnection(self._conn)
            return run(self._made, work)

        found: T = await self._execute(here)  # type: ignore[no-untyped-call]  # aiosqlite types it not
        return found


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
    raise RuntimeError("a transaction awaits nothing but its connection")
