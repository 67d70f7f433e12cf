"""Bare connections: a statement's text and values go in, and the driver's own rows come out.

Nothing of SQLAlchemy stands between: no greenlet, no cursor, no row. `db.database.Database.look` lends one for a read.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Final, TypeVar

import asyncpg
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

T = TypeVar("T")


class Bare(ABC):
    """A connection that only fetches."""

    __slots__ = ()

    @property
    @abstractmethod
    def dialect(self) -> sa.Dialect:
        """The dialect, as of any connection; statements for SQLite have `?`, those for PostgreSQL `$1`, `$2`."""

    @abstractmethod
    async def fetch(self, text: str, parameters: Sequence[Any]) -> Sequence[Sequence[Any]]:
        """The rows as the driver gives them: tuples on SQLite, asyncpg's records on PostgreSQL.

        Raises the driver's own errors: `sqlite3.Error`, `asyncpg.PostgresError`, `asyncpg.InterfaceError`, `OSError`.
        """


Look = Callable[[Bare], Coroutine[Any, Any, T]]
"""A read; it awaits nothing but its connection, and can be done twice."""


LARGEST: Final = 15_360
"""Characters of a text whose statement is kept prepared; the driver's own limit."""


class PostgresBare(Bare):
    """A connection of asyncpg, and what became of it; there is one for each, as long as that lives.

    It keeps `statements` prepared, those that were used last. `Connection.fetch` keeps its own, and is a tenth slower
    with them: each use goes through a timeout, a log and a lock. 0: none is prepared, as proxies want it that lend a
    connection for each statement.
    """

    __slots__ = ("_dialect", "_kept", "_raw", "_statements", "lost", "spoilt")

    def __init__(self, dialect: sa.Dialect, raw: asyncpg.Connection, statements: int) -> None:
        self._dialect = dialect
        self._raw = raw
        self._statements = statements
        self._kept: OrderedDict[str, asyncpg.prepared_stmt.PreparedStatement] = OrderedDict()
        self.lost = False
        """Whether the server is no longer at its other end."""
        self.spoilt = False
        """Whether nobody may use it any more: it was lost, or left in the middle of a statement."""

    @property
    def dialect(self) -> sa.Dialect:
        """The dialect, as of any connection."""
        return self._dialect

    async def fetch(self, text: str, parameters: Sequence[Any]) -> Sequence[Sequence[Any]]:
        """The records; outside of a transaction each statement is one of its own."""
        try:
            rows: Sequence[Sequence[Any]]
            try:
                statement = self._kept.get(text)
                if statement is not None:
                    self._kept.move_to_end(text)
                elif self._statements and len(text) <= LARGEST:
                    statement = await self._prepared(text)
                if statement is not None:
                    rows = await statement.fetch(*parameters)
                    return rows
            except asyncpg.InvalidCachedStatementError:  # a table was altered; nothing was done yet
                self._kept.clear()
            rows = await self._raw.fetch(text, *parameters)
        except BaseException as error:
            self.lost = self._raw.is_closed() or lost(error)
            # After an error of the statement, or of a value, the connection takes the next one.
            self.spoilt = self.lost or not isinstance(error, asyncpg.PostgresError)
            raise
        return rows

    async def _prepared(self, text: str) -> asyncpg.prepared_stmt.PreparedStatement:
        statement = await self._raw.prepare(text)
        if len(self._kept) >= self._statements:
            self._kept.popitem(last=False)
        self._kept[text] = statement
        return statement


def driver_of(connection: AsyncConnection) -> Any:
    """The driver's connection of one of SQLAlchemy's that is in use; unlike `get_raw_connection` without a greenlet."""
    sync = connection.sync_connection
    assert sync is not None, "a connection in use has been started"
    return sync.connection.driver_connection


_GONE: Final = (
    ConnectionError,
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
    asyncpg.IdleInTransactionSessionTimeoutError,
)


def lost(error: BaseException | None) -> bool:
    """Whether the error says that the connection to PostgreSQL is gone; SQLAlchemy's errors are looked into."""
    while error is not None:
        if isinstance(error, _GONE):
            return True
        if isinstance(error, sa.exc.DBAPIError) and error.connection_invalidated:
            return True
        error = getattr(error, "orig", None) or error.__cause__
    return False
