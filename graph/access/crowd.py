"""All connections of a process: how many there are, and which of them goes where one more comes."""

import asyncio
import logging
from typing import Final, Protocol

from graph.access.capacity import ConnectionLimits
from graph.access.complaints import SAID_AGAIN

logger = logging.getLogger("colloquy.connections")


AGAIN: Final = 0.1
"""Seconds between two looks at the connections that wait."""


class Connection(Protocol):
    """A connection that can be asked to go."""

    def give_way(self) -> None:
        """End for the sake of another connection."""
        ...

    def rest(self) -> None:
        """End after a long time without a request, unless one has begun to come."""
        ...


class Crowd:
    """The connections of a process, by what they are at."""

    def __init__(self, limits: ConnectionLimits) -> None:
        self.limits = limits
        self.count = 0
        """All connections."""
        self.sockets = 0
        """Those that are WebSockets."""
        self.silent: dict[Connection, None] = {}
        """Those that have not sent a whole head yet, the oldest first."""
        self.waiting: dict[Connection, float] = {}
        """Those between two requests and since when, the one that waits longest first."""
        self._clock: asyncio.TimerHandle | None = None
        """Rings when that one has waited for long: a timer for each request would cost it a hundredth."""
        self._said = float("-inf")

    def enter(self, connection: Connection, now: float) -> bool:
        """Count a new connection; whether there is room for it, for which another may have had to go."""
        if self.count >= self.limits.most:
            self._say(now)
            others = self.silent or self.waiting
            if not others:
                return False
            next(iter(others)).give_way()
        self.count += 1
        self.silent[connection] = None
        return True

    def works(self, connection: Connection) -> None:
        """A request of this connection is being answered."""
        self.waiting.pop(connection, None)
        self.silent.pop(connection, None)

    def waits(self, connection: Connection, loop: asyncio.AbstractEventLoop) -> None:
        """The connection has had all of its answers."""
        self.waiting[connection] = loop.time()
        if self._clock is None:
            self._clock = loop.call_later(self.limits.idle_seconds, self._rings, loop)

    def leave(self, connection: Connection) -> None:
        """The connection is no more."""
        self.count -= 1
        self.works(connection)

    def _rings(self, loop: asyncio.AbstractEventLoop) -> None:
        self._clock = None
        long_ago, later = loop.time() - self.limits.idle_seconds, 0.0
        for connection, since in list(self.waiting.items()):
            if since > long_ago:
                later = since - long_ago
                break
            connection.rest()
        if self.waiting:
            self._clock = loop.call_later(max(later, AGAIN), self._rings, loop)

    def _say(self, now: float) -> None:
        if now - self._said >= SAID_AGAIN:
            self._said = now
            logger.warning("All %d connections are taken: those that ask for nothing are closed.", self.limits.most)
