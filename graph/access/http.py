"""Reading the body of a request within its limits, and the answer to one whose body was refused; see `bodies`."""

import asyncio
from collections.abc import Generator
from types import coroutine
from typing import Any, Final

from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from graph.access.bodies import BodyLimits as BodyLimits
from graph.access.bodies import BodyRefused as BodyRefused
from graph.access.bodies import too_large, too_slow
from graph.answers import refused

DEFAULT: Final = BodyLimits()

LINGER: Final = 1.0
"""Seconds between the answer to a body that was not read to its end and the end of the connection.

What comes from a client whose connection is closed is answered with a reset, and a reset lets many clients forget the
answer that they have not read yet.
"""


async def body_of(receive: Receive, most: int = DEFAULT.size, seconds: float = DEFAULT.seconds) -> bytes:
    """The whole body.

    Raises:
        BodyRefused: it has more than `most` bytes, or takes longer.
        ClientDisconnect: the client went before it had sent all.
    """
    first = _Begun(receive)
    message = first.message
    if message is not None and message["type"] == "http.request" and not message.get("more_body"):
        body = bytes(message.get("body", b""))
        if len(body) > most:
            raise too_large(most)
        return body
    following = bounded(first.receive, most, seconds)
    parts: list[bytes] = []
    while (message := await following())["type"] == "http.request":
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)
    raise ClientDisconnect


def bounded(receive: Receive, most: int, seconds: float) -> Receive:
    """The same `receive`, which raises BodyRefused where the body is longer or slower than it may be.

    The time runs from the first call; what comes after the body may take as long as it likes.
    """
    ends: float | None = None
    size, is_over = 0, False

    async def next_part() -> Message:
        nonlocal ends, size, is_over
        if is_over:
            return await receive()
        if ends is None:
            ends = asyncio.get_running_loop().time() + seconds
        try:
            async with asyncio.timeout_at(ends):
                message = await receive()
        except TimeoutError:
            raise too_slow(seconds) from None
        size += len(message.get("body", b""))
        is_over = not message.get("more_body")
        if size > most:
            raise too_large(most)
        return message

    return next_part


def last_answer(scope: Scope, refusal: BodyRefused) -> ASGIApp:
    """The answer to a request whose body was refused."""
    return Closing(refused(Request(scope), refusal.error, refusal.status, refusal.headers))


class Closing:
    """An answer to a request that was not read to its end.

    It says that the connection closes, and is sent whole at once; only the end of it, at which the server closes the
    connection, comes after LINGER.
    """

    def __init__(self, answer: ASGIApp) -> None:
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""

        async def slowly(message: Message) -> None:
            if message["type"] != "http.response.body" or message.get("more_body"):
                await send(message)
                return
            await send({**message, "more_body": True})
            await asyncio.sleep(LINGER)
            await send({"type": "http.response.body", "body": b""})

        await self._answer(scope, receive, slowly)


class _Begun:
    """A `receive` of which the first message is taken if it is there already, as those of small requests are.

    A timer takes longer than such a body does, and nobody need wait for what is there.
    """

    __slots__ = ("_awaited", "_receive", "_steps", "message")

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._steps: Generator[Any, Any, Message] | None = receive().__await__()
        self._awaited: Any = None
        self.message: Message | None = None
        """The first message, if it was there."""
        try:
            self._awaited = next(self._steps)
        except StopIteration as there:
            self.message, self._steps = there.value, None

    async def receive(self) -> Message:
        """The first message, once, then the next ones."""
        message, self.message = self.message, None
        if message is not None:
            return message
        return await self._rest() if self._steps is not None else await self._receive()

    @coroutine
    def _rest(self) -> Generator[Any, Any, Message]:
        """Go on with what has begun, as `await` does."""
        steps, self._steps = self._steps, None
        assert steps is not None, "it is asked for once"
        awaited = self._awaited
        while True:
            try:
                try:
                    sent = yield awaited
                except BaseException as error:  # cancelled: it is for whoever waits innermost
                    awaited = steps.throw(error)
                else:
                    awaited = steps.send(sent)
            except StopIteration as end:
                found: Message = end.value
                return found
