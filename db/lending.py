"""Connections of a pool, lent one after the other without what SQLAlchemy does around them.

`AsyncEngine.connect` takes seventy microseconds where the driver needs twenty for a whole small statement: greenlets,
and objects that a bare read has no use for. A connection that was used a moment ago is popped from the pool's stack
(`db.pool`), which takes three; where none lies there, SQLAlchemy's ordinary way makes one.

Who waits, waits in `db.turns` and not in the pool, which lets whoever comes at the right moment take what another was
woken for.

A pool's own ping before each use (`pool_pre_ping`) is a round trip, on PostgreSQL three of them in a transaction. Here
a connection is asked only where there is doubt: where it has not been heard of for `IDLE` seconds, or not since another
one was found dead.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from time import monotonic
from typing import Any, Final

import asyncpg
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import AdaptedConnection, ExceptionContext
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.util import greenlet_spawn

from db.errors import DatabaseBusy
from db.pool import ConnectionPoolEntry, LendingPool
from db.turns import Turn, Turns

IDLE: Final = 5.0
"""Seconds for which a connection is trusted without a word: proxies and firewalls drop what is silent for minutes, and
a ping every five seconds is nothing beside what a connection carries."""

ANSWER: Final = 2.0
"""Seconds that the answer to a ping may take; a connection that was dropped silently never answers."""

_TAKEN: Final = "All connections are in use by parts of the server that keep them; try again in a moment."
_HEARD: Final = "heard"
_RAW: Final = "raw"
_SILENT: Final = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError, TimeoutError)
"""What a ping raises instead of an answer."""


class Loan:
    """A connection that was lent."""

    __slots__ = ("entry", "pool", "turn")

    def __init__(self, pool: LendingPool, entry: ConnectionPoolEntry, turn: Turn) -> None:
        self.pool = pool
        self.entry = entry
        self.turn = turn

    @property
    def raw(self) -> Any:
        """The driver's own."""
        return self.entry.driver_connection

    @property
    def info(self) -> dict[str, Any]:
        """What is kept with the connection as long as it lives."""
        return self.entry.info


class Lender:
    """Lends the connections of one engine.

    `asks`: whether they can die by themselves, as those over a network do. `at_once`: see `db.turns`.
    """

    def __init__(self, engine: AsyncEngine, *, asks: bool, at_once: int | None = None) -> None:
        self._engine = engine.sync_engine
        self._asks = asks
        pool = self._pool
        self._turns = Turns(pool.size(), at_once or pool.size(), pool.timeout())
        self._doubted = 0.0
        """When a connection was last found dead: those not heard of since may be, too."""
        if asks:
            event.listen(self._engine, "connect", self._connected)
            event.listen(self._engine, "checkin", self._came_back)
            event.listen(self._engine, "checkout", self._goes_out)
            event.listen(self._engine, "handle_error", self._failed)

    @property
    def idle(self) -> int:
        """How many connections lie idle."""
        return self._pool.checkedin()

    @contextlib.asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for one's turn, in which the pool has a connection or room for one. Raises DatabaseBusy."""
        turn = await self._turns.take()
        try:
            yield
        except sa.exc.TimeoutError as error:  # whoever took a connection from the engine itself has it still
            raise DatabaseBusy(_TAKEN) from error
        finally:
            turn.end()

    def lend_at_once(self) -> Loan | None:
        """A connection that lies idle and is trusted, if nobody waits for one; else `lend` gives one."""
        turn = self._turns.take_at_once()
        if turn is None:
            return None
        pool = self._pool
        entry = pool.take()
        if entry is not None and (not self._asks or self._trusted(entry)):
            return Loan(pool, entry, turn)
        if entry is not None:
            pool.put_back(entry)
        turn.end()
        return None

    async def lend(self) -> Loan:
        """A connection, to be handed to `give_back` or `discard`. Raises DatabaseBusy."""
        turn = await self._turns.take()
        try:
            pool = self._pool
            entry = pool.take()
            if entry is None:
                entry = await _made(pool)
            elif self._asks and not self._trusted(entry):
                entry = await self._asked(pool, entry)
            return Loan(pool, entry, turn)
        except BaseException:
            turn.end()
            raise

    def give_back(self, loan: Loan) -> None:
        """Give back a connection that can take the next statement."""
        try:
            if loan.pool is not self._engine.pool:
                loan.entry.invalidate()  # the pool was closed meanwhile, and nobody would close this one
            elif self._asks:
                loan.entry.info[_HEARD] = monotonic()
            loan.pool.put_back(loan.entry)
        finally:
            loan.turn.end()

    async def discard(self, loan: Loan, *, dead: bool) -> None:
        """Give back a connection that nobody may use any more; `dead`: the server may have ended others too."""
        try:
            if dead:
                self.doubt()
            await _dropped(loan.pool, loan.entry)
        finally:
            loan.turn.end()

    def doubt(self) -> None:
        """A connection was found dead: ask each of the others before it is used again."""
        self._doubted = monotonic()

    @property
    def _pool(self) -> LendingPool:
        """The engine's pool, which is another one after `dispose`."""
        pool = self._engine.pool
        assert isinstance(pool, LendingPool), "the engines are made with pools to lend from"
        return pool

    async def _asked(self, pool: LendingPool, entry: ConnectionPoolEntry) -> ConnectionPoolEntry:
        """The same connection where it answers, else a new one."""
        answered = False
        try:
            answered = await _answers(entry)
        finally:  # also where who asked is cancelled
            if not answered:
                await _dropped(pool, entry)
        if answered:
            return entry
        self.doubt()
        return await _made(pool)

    def _trusted(self, entry: ConnectionPoolEntry) -> bool:
        heard: float = entry.info[_HEARD]
        return heard > self._doubted and heard > monotonic() - IDLE and not entry.info[_RAW].is_closed()

    def _connected(self, connection: Any, entry: ConnectionPoolEntry) -> None:
        entry.info[_HEARD], entry.info[_RAW] = monotonic(), connection.driver_connection

    def _came_back(self, connection: Any, entry: ConnectionPoolEntry) -> None:
        if connection is not None:
            entry.info[_HEARD] = monotonic()

    def _goes_out(self, connection: AdaptedConnection, entry: ConnectionPoolEntry, _lent: Any) -> None:
        """Check a connection that goes SQLAlchemy's own way, on which one can wait; it replaces those refused here."""
        if self._trusted(entry):
            return
        try:
            connection.run_async(_ping)
        except _SILENT as error:
            self.doubt()
            raise sa.exc.DisconnectionError from error

    def _failed(self, context: ExceptionContext) -> None:
        if context.is_disconnect:
            self.doubt()
            # They are asked one by one; to drop all of them at once would be a crowd of new ones.
            context.invalidate_pool_on_disconnect = False


async def _made(pool: LendingPool) -> ConnectionPoolEntry:
    """A connection, by SQLAlchemy's ordinary way of making one. Raises DatabaseBusy."""
    while True:
        try:
            made = await greenlet_spawn(pool.connect)
        except sa.exc.TimeoutError as error:
            raise DatabaseBusy(_TAKEN) from error
        entry: ConnectionPoolEntry | None = made._connection_record
        made.close()  # nobody else comes in between this and the next line
        if entry is not None and pool.takes(entry):
            return entry


async def _dropped(pool: LendingPool, entry: ConnectionPoolEntry) -> None:
    """Close a connection and put back its place."""
    try:
        # In a greenlet it is closed in good order: a statement that runs on it is broken off on the server as well.
        await greenlet_spawn(entry.invalidate)
    finally:
        pool.put_back(entry)


async def _ping(raw: asyncpg.Connection) -> None:
    await raw.fetchrow(";", timeout=ANSWER)  # the shortest statement: an empty one


async def _answers(entry: ConnectionPoolEntry) -> bool:
    raw: Any = entry.driver_connection
    try:
        await _ping(raw)
    except _SILENT:
        return False
    return True
