"""Clients that are gone before their answer is there: what nobody waits for any more is given up.

No server cancels a request by itself; it only lets the application know, if that one listens. Listening takes a task,
so it begins with requests that last: those that are answered at once pay for no more than a timer.
"""

import asyncio
from collections.abc import Callable
from types import TracebackType
from typing import Final, Self

from starlette.requests import ClientDisconnect
from starlette.types import Receive

LISTEN_AFTER: Final = 0.05
"""Seconds that a request lasts before the server listens whether its client is still there."""


class Watch:
    """While the block runs, cancels its task when the client is gone; the block then ends with ClientDisconnect.

    Args:
        receive: the request's, of which the body was read: all that can come is that the client is gone.
        dispensable: whether what the block does may be broken off, asked when the client is gone.
    """

    __slots__ = ("_dispensable", "_listener", "_receive", "_task", "_timer", "gone")

    def __init__(self, receive: Receive, dispensable: Callable[[], bool] = lambda: True) -> None:
        self._receive = receive
        self._dispensable = dispensable
        self._listener: asyncio.Task[None] | None = None
        self.gone = False
        """Whether the client is gone, and the block given up; another thread may ask."""

    def __enter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._task = asyncio.current_task(loop)
        self._timer = loop.call_later(LISTEN_AFTER, self._begin)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._timer.cancel()
        if self._listener is not None:
            self._listener.cancel()
        if self.gone and self._task is not None:
            self._task.uncancel()
            if isinstance(error, asyncio.CancelledError):
                raise ClientDisconnect from error

    def _begin(self) -> None:
        self._listener = asyncio.get_running_loop().create_task(self._listen())

    async def _listen(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        if self._task is not None and self._dispensable():
            self.gone = True
            self._task.cancel()
