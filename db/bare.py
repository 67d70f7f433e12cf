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

from db.walls import Wall

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


Told = tuple[str, str, str]
"""What the policies know of who asks: the workspace, "*" for all of them; the end user behind a "=", "" for staff and
keys; "on" where that one may see what is public."""

_TELL: Final = """SELECT set_config('colloquy.workspace_id', $1, $4), set_config('colloquy.user_id', $2, $4),
set_config('colloquy.sees_public', $3, $4)"""

BARE: Final = "bare"
"""Where each connection's information has its `PostgresBare`."""

LARGEST: Final = 15_360
"""Characters of a text whose statement is kept prepared; the driver's own limit."""


class PostgresBare(Bare):
    """A connection of asyncpg, and what became of it; there is one for each, as long as that lives.

    It keeps `statements` prepared, those that were used last. `Connection.fetch` keeps its own, and is a tenth slower
    with them: each use goes through a timeout, a log and a lock. 0: none is prepared, as proxies want it that lend a
    connection for each statement.
    """

    __slots__ = ("_dialect", "_kept", "_raw", "_statements", "lost", "spoilt", "told", "wall")

    def __init__(self, dialect: sa.Dialect, raw: asyncpg.Connection, statements: int) -> None:
        self._dialect = dialect
        self._raw = raw
        self._statements = statements
        self._kept: OrderedDict[str, asyncpg.prepared_stmt.PreparedStatement] = OrderedDict()
        self.lost = False
        """Whether the server is no longer at its other end."""
        self.spoilt = False
        """Whether nobody may use it any more: it was lost, or left in the middle of a statement."""
        self.wall: Wall | None = None
        """What is around the statements of whoever has it."""
        self.told: Told | None = None
        """What its policies were told last of who asks; None: there is no row-level security."""

    @property
    def dialect(self) -> sa.Dialect:
        """The dialect, as of any connection."""
        return self._dialect

    async def fetch(self, text: str, parameters: Sequence[Any]) -> Sequence[Sequence[Any]]:
        """The records; outside of a transaction each statement is one of its own."""
        if self.wall is not None:
            text, parameters = self.wall.around(text, parameters)
        try:
            statement = self._kept.get(text)
            if statement is not None:
                self._kept.move_to_end(text)
            elif self._statements and len(text) <= LARGEST:
                statement = await self._prepared(text)
            if statement is not None:
                try:
                    # `statement.fetch` without its four wrappers, a sixth of a small read's time.
                    found: Sequence[Sequence[Any]]
                    found, _, _ = await self._raw._protocol.bind_execute(
                        statement._state, parameters, "", 0, True, None
                    )
                    return found
                except _ALTERED:  # a table was altered; nothing was done yet
                    self._kept.clear()
            found = await self._raw.fetch(text, *parameters)
        except BaseException as error:
            self.lost = self._raw.is_closed() or lost(error)
            # After an error of the statement, or of a value, the connection takes the next one.
            self.spoilt = self.lost or not isinstance(error, asyncpg.PostgresError)
            raise
        return found

    async def tell(self, told: Told, *, here: bool = False) -> None:
        """Tell the policies of row-level security who asks; `here`: for the rest of the transaction.

        Raises as `fetch` does.
        """
        if here:
            await self._raw.fetch(_TELL, *told, True)
        elif self.told != told:
            try:
                await self._raw.fetch(_TELL, *told, False)
            except BaseException as error:
                self.lost = self.lost or self._raw.is_closed() or lost(error)
                self.spoilt = True
                raise
            self.told = told

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


def is_bound(connection: AsyncConnection) -> bool:
    """Whether the policies of row-level security were told who has this connection of SQLAlchemy to PostgreSQL."""
    sync = connection.sync_connection
    bare = None if sync is None else sync.info.get(BARE)
    return bare is not None and bare.told is not None


_ALTERED: Final = (asyncpg.InvalidCachedStatementError, asyncpg.OutdatedSchemaCacheError)

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
