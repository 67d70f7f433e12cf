"""The pool of an engine, whose idle connections can also be taken out by hand.

`Pool.connect` makes a proxy, calls the listeners and, when the proxy is closed, resets the connection: ten microseconds
where a small statement takes twenty. Taken by hand it is the entry itself, popped from the pool's stack and pushed
again. In the pool's eyes it is checked out meanwhile, so that the two ways share one number of connections.
"""

from __future__ import annotations

from typing import cast

from sqlalchemy.pool import AsyncAdaptedQueuePool
from sqlalchemy.pool import ConnectionPoolEntry as ConnectionPoolEntry
from sqlalchemy.pool.base import _ConnectionRecord


class LendingPool(AsyncAdaptedQueuePool):
    """A pool of SQLAlchemy; what it does by itself is unchanged."""

    def take(self) -> ConnectionPoolEntry | None:
        """An idle connection, for `put_back`; None where there is none, or the next place in the pool has none in it.

        Touches nothing but memory, and calls no listeners.
        """
        if not self._pool.qsize():
            return None
        entry = cast("_ConnectionRecord", self._pool.get_nowait())
        if entry._is_hard_or_soft_invalidated():
            self.put_back(entry)
            return None
        return entry

    def put_back(self, entry: ConnectionPoolEntry) -> None:
        """Put back what was taken; one that was invalidated is made anew when it is needed."""
        self._do_return_conn(entry)
