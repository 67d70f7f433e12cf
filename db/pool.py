"""The pool of an engine, whose idle connections can also be taken out by hand.

`Pool.connect` makes a proxy, calls the listeners and, when the proxy is closed, resets the connection: ten microseconds
where a small statement takes twenty. Taken by hand it is the entry itself, popped from the pool's stack and pushed
again. In the pool's eyes it is checked out meanwhile, so that the two ways share one number of connections.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy.pool import AsyncAdaptedQueuePool
from sqlalchemy.pool import ConnectionPoolEntry as ConnectionPoolEntry
from typing_extensions import override  # typing has it from Python 3.12 on


class LendingPool(AsyncAdaptedQueuePool):
    """A pool of SQLAlchemy; what it does by itself is unchanged.

    What comes back lies on a stack of its own while nobody waits: the pool's is a queue that tasks can wait at, and
    takes fourteen calls to put in and take out.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._stack: list[ConnectionPoolEntry] = []
        self._asking = 0
        """Who may be waiting at the queue."""

    @override
    def _do_get(self) -> ConnectionPoolEntry:
        if self._stack:
            return self._stack.pop()
        self._asking += 1
        try:
            return super()._do_get()
        finally:
            self._asking -= 1

    @override
    def _do_return_conn(self, record: ConnectionPoolEntry) -> None:
        if self._asking:
            super()._do_return_conn(record)
        else:
            self._stack.append(record)

    @override
    def dispose(self) -> None:
        """Close the connections that lie idle."""
        while self._stack:
            self._stack.pop().close()
        super().dispose()

    @override
    def checkedin(self) -> int:
        """How many connections lie idle."""
        return super().checkedin() + len(self._stack)

    @override
    def checkedout(self) -> int:
        """How many are in use."""
        return super().checkedout() - len(self._stack)

    def take(self) -> ConnectionPoolEntry | None:
        """An idle connection, for `put_back`; None where there is none, or the next place in the pool has none in it.

        Touches nothing but memory, and calls no listeners.
        """
        if not self._stack and not self._pool.qsize():
            return None
        entry: Any = self._stack.pop() if self._stack else self._pool.get_nowait()
        if entry._is_hard_or_soft_invalidated():
            self.put_back(entry)
            return None
        found: ConnectionPoolEntry = entry
        return found

    def takes(self, entry: ConnectionPoolEntry) -> bool:
        """Take the connection that came back last; whether it is this one."""
        if self._stack and self._stack[-1] is entry:
            self._stack.pop()
            return True
        if not self._pool.qsize():
            return False
        last = self._pool.get_nowait()
        if last is not entry:
            self._pool.put_nowait(last)
        return last is entry

    def put_back(self, entry: ConnectionPoolEntry) -> None:
        """Put back what was taken; one that was invalidated is made anew when it is needed."""
        self._do_return_conn(entry)
