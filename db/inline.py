"""A transaction on SQLite that runs to its end in the thread of its connection.

aiosqlite hands every call to the thread of its connection and waits for the answer, and SQLAlchemy makes three or four
calls for a statement: a write of five statements crossed between the threads nineteen times, which took longer than
SQLite itself. Here the whole coroutine of a write is run in that thread, on a synchronous connection whose methods are
coroutines that never wait, so that it crosses once.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar, cast

import aiosqlite
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncConnection

T = TypeVar("T")

Work = Callable[[AsyncConnection], Coroutine[Any, Any, T]]
"""What happens in a transaction; it awaits nothing but its connection."""


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
    """A connection of aiosqlite that also runs whole transactions in its thread."""

    def __init__(self, path: Path, timeout: float) -> None:
        # Transactions are begun and ended by hand: the driver's own begin too late and leave DDL outside.
        super().__init__(lambda: sqlite3.connect(path, timeout=timeout, isolation_level=None), iter_chunk_size=64)
        self._thread.daemon = True
        self._inline: InlineConnection | None = None

    async def transact(self, work: Work[T]) -> T:
        """Run a transaction: what the work returns is committed, what it raises rolls it back."""
        found: T = await self._execute(self._transact, work)  # type: ignore[no-untyped-call]  # aiosqlite types it not
        return found

    def _transact(self, work: Work[T]) -> T:
        if self._inline is None:
            self._inline = InlineConnection(self._conn)
        return self._inline.transact(work)


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
