"""The plain request: a POST of one JSON object that wants JSON, read and answered with nothing in between.

Nearly every request of a client is one. What it is answered with is, header for header, what `graph.view` answers by
way of strawberry's view and Starlette's objects; what isn't plain is handed there, with its body put back.
"""

from functools import lru_cache
from typing import Any, NamedTuple

from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive, Scope, Send

from graph.negotiation import is_json_body, preferred

RawHeaders = list[tuple[bytes, bytes]]
"""Headers as ASGI has them: names in lower case."""


class Form(NamedTuple):
    """The media type that a plain request is answered in, and the headers that say so."""

    media_type: str
    headers: tuple[tuple[bytes, bytes], ...]


class Written:
    """An answer as an ASGI application."""

    __slots__ = ("_body", "_headers", "_status")

    def __init__(self, status: int, form: Form, body: bytes) -> None:
        self._status = status
        self._headers: RawHeaders = [*form.headers, (b"content-length", b"%d" % len(body))]
        self._body = body

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        """Send it."""
        await send({"type": "http.response.start", "status": self._status, "headers": self._headers})
        await send({"type": "http.response.body", "body": self._body})


def form_of(headers: RawHeaders) -> Form | None:
    """How a POST with these headers is answered; None if it isn't plain. Of repeated headers the first counts."""
    content_type = accept = None
    for name, value in headers:
        if name == b"content-type":
            content_type = value if content_type is None else content_type
        elif name == b"accept":
            accept = value if accept is None else accept
        elif name == b"content-encoding":
            return None
    return _form(content_type, accept)


@lru_cache(maxsize=256)
def _form(content_type: bytes | None, accept: bytes | None) -> Form | None:
    wanted = None if accept is None else accept.decode("latin-1")
    if content_type is None or not is_json_body(content_type.decode("latin-1")):
        return None
    if wanted is not None and ("event-stream" in wanted.lower() or "multipart" in wanted.lower()):
        return None
    media_type = preferred(wanted)
    if media_type is None:
        return None
    return Form(media_type, ((b"content-type", f"{media_type}; charset=utf-8".encode()), (b"vary", b"accept")))


async def body_of(receive: Receive) -> bytes:
    """The whole body.

    Raises:
        ClientDisconnect: the client went before it had sent all.
    """
    message = await receive()
    if message["type"] == "http.request" and not message.get("more_body"):
        return bytes(message.get("body", b""))
    parts: list[bytes] = []
    while message["type"] == "http.request":
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)
        message = await receive()
    raise ClientDisconnect


def replayed(body: bytes, receive: Receive) -> Receive:
    """What gives a body that was read once more, and then what comes."""
    rest: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Any:
        return rest.pop() if rest else await receive()

    return again
