"""Requests that are given up: nobody waits for their answer any more, or it has taken too long.

No server cancels a request by itself; it only lets the application know that the client is gone, if that one listens.
Listening takes a task, so it begins with requests that last: those that are answered at once pay for no more than an
entry in a list, which one timer looks through.

Who is cancelled here has the statement broken off in the database, see `db.database.Database.look`. A change is rolled
back on PostgreSQL; on SQLite one that has begun goes on to its end, and on both nobody can tell who was cut off while
it was being committed.
"""

import asyncio
from collections.abc import Callable
from types import TracebackType
from typing import Final, Self

from starlette.requests import ClientDisconnect
from starlette.types import Receive

from db.errors import ColloquyError

LISTEN_AFTER: Final = 0.05
"""Seconds that a request lasts before the server listens whether its client is still there."""


class OutOfTime(ColloquyError):
    """An operation that took longer than an operation may."""

    code = "TIMEOUT"

    def __init__(self, seconds: float, *, is_query: bool) -> None:
        super().__init__(
            f"The operation was given up after {seconds:g} s. "
            + (
                "Ask for less at a time."
                if is_query
                else "A change that had begun by then may have taken effect; who repeats it with its idempotencyKey "
                "makes it once."
            )
        )


class Watch:
    """While the block runs, cancels its task when the client is gone or the time is up.

    The block then ends with ClientDisconnect, or with OutOfTime.

    Args:
        receive: the request's, of which the body was read: all that can come is that the client is gone.
        dispensable: whether what the block does may be broken off, asked when the client is gone. When the time is up
            it is broken off whatever it does.
        seconds: how long the block may take; None: for ever.
    """

    __slots__ = ("_clock", "_dispensable", "_listener", "_receive", "_seconds", "_task", "_timer", "gone", "late")

    def __init__(
        self, receive: Receive, dispensable: Callable[[], bool] = lambda: True, *, seconds: float | None = None
    ) -> None:
        self._receive = receive
        self._dispensable = dispensable
        self._seconds = seconds
        self._listener: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self.gone = False
        """Whether the block was given up; another thread may ask."""
        self.late = False
        """Whether that was for its time."""

    def __enter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._task = asyncio.current_task(loop)
        clock = _clock
        self._clock = clock = clock if clock is not None and clock.loop is loop else _clock_of(loop)
        clock.begins(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._clock.ends(self)
        if self._timer is not None:
            self._timer.cancel()
        if self._listener is not None:
            self._listener.cancel()
        if self.gone and self._task is not None:
            self._task.uncancel()
            if not isinstance(error, asyncio.CancelledError):
                return
            if self.late and self._seconds is not None:
                raise OutOfTime(self._seconds, is_query=self._dispensable()) from error
            raise ClientDisconnect from error

    def lasts(self) -> None:
        """The block has gone on for LISTEN_AFTER."""
        loop = asyncio.get_running_loop()
        self._listener = loop.create_task(self._listen())
        if self._seconds is not None:
            self._timer = loop.call_later(self._seconds - LISTEN_AFTER, self._expire)

    async def _listen(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        if self._dispensable():
            self._give_up()

    def _expire(self) -> None:
        if not self.gone:
            self.late = True
            self._give_up()

    def _give_up(self) -> None:
        if self._task is not None and not self.gone:
            self.gone = True
            self._task.cancel()


class _Clock:
    """The blocks of a loop that have not lasted yet, the oldest first, and one timer for all of them."""

    __slots__ = ("_begun", "_timer", "loop")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self._begun: dict[Watch, float] = {}
        self._timer: asyncio.TimerHandle | None = None

    def begins(self, watch: Watch) -> None:
        """A block begins."""
        self._begun[watch] = self.loop.time()
        if self._timer is None:
            self._timer = self.loop.call_later(LISTEN_AFTER, self._ring)

    def ends(self, watch: Watch) -> None:
        """A block ends."""
        self._begun.pop(watch, None)

    def _ring(self) -> None:
        self._timer, long_ago = None, self.loop.time() - LISTEN_AFTER
        for watch in [watch for watch, begun in self._begun.items() if begun <= long_ago]:
            del self._begun[watch]
            watch.lasts()
        if self._begun:
            oldest = next(iter(self._begun.values()))
            self._timer = self.loop.call_later(max(0.001, oldest - long_ago), self._ring)


_clock: _Clock | None = None


def _clock_of(loop: asyncio.AbstractEventLoop) -> _Clock:
    """The loop's clock; the one of another loop, in another thread, goes on for who began by it."""
    global _clock
    clock = _clock
    if clock is None or clock.loop is not loop:
        clock = _clock = _Clock(loop)
    return clock
