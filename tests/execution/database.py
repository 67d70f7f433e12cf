"""What the engine and the loaders use of a database, over a connection of the toy world."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, Protocol

from db.errors import DatabaseBusy
from tests.execution.reads import Connection


class Work(Protocol):
    """Some reading on a connection."""

    def __call__(self, connection: Any) -> Coroutine[Any, Any, Any]: ...


class ToyDatabase:
    """What the engine and the loaders use of `db.database.Database`."""

    def __init__(self, connection: Connection, *, spare: bool = False, free: int | None = None) -> None:
        self.connection, self.spare, self.free = connection, spare, free
        """After so many connections no more is free."""

    @property
    def dialect(self) -> str:
        return self.connection.dialect

    def has_spare(self) -> bool:
        """Whether a second connection may be taken."""
        return self.spare

    async def look(self, work: Work, *, viewer: Any) -> Any:
        """Do some reading that only fetches."""
        del viewer  # this world has one
        return await self._done(work)

    async def ask(self, work: Work, *, viewer: Any) -> Any:
        """Do some reading."""
        del viewer  # this world has one
        return await self._done(work)

    async def _done(self, work: Work) -> Any:
        await asyncio.sleep(0)
        if self.free is not None:
            if self.free == 0:
                raise DatabaseBusy("All connections are in use.")
            self.free -= 1
        if self.dialect != "sqlite":
            return await work(self.connection)
        try:  # as SQLite's thread does it: there is no loop to wait in
            work(self.connection).send(None)
        except StopIteration as end:
            return end.value
        raise AssertionError("the work waits for something else than its connection")
