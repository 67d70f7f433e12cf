"""The plain request: a POST of one JSON object that wants JSON, read and answered with nothing in between.

Nearly every request of a client is one. What it is answered with is, header for header, what `graph.view` answers by
way of strawberry's view and Starlette's objects; what isn't plain is handed there, with its body put back.
"""

from functools import lru_cache
from typing import Any, NamedTuple

from starlette.types import Message, Receive, Scope, Send

from graph.negotiation import is_json_body, preferred
from graph.sending import send_pieces

RawHeaders = list[tuple[bytes, bytes]]
"""Headers as ASGI has them: names in lower case."""


class Form(NamedTuple):
    """The media type that a plain request is answered in, and the headers that say so."""

    media_type: str
    headers: tuple[tuple[bytes, bytes], ...]


class Written:
    """An answer as an ASGI application."""

    __slots__ = ("_headers", "_pieces", "_status")

    def __init__(self, status: int, form: Form, pieces: list[bytes], more: RawHeaders) -> None:
        self._status = status
        self._headers: RawHeaders = [*form.headers, (b"content-length", b"%d" % sum(map(len, pieces))), *more]
        self._pieces = pieces

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        """Send it."""
        await send({"type": "http.response.start", "status": self._status, "headers": self._headers})
        if len(self._pieces) > 1:
            await send_pieces(self._pieces, send)
        else:
            await send({"type": "http.response.body", "body": self._pieces[0]})


def form_of(headers: RawHeaders) -> Form | None:
    """How a POST with these headers is answered; None if it isn't plain. Of repeated headers the first counts."""
    given = dict(headers)
    if len(given) == len(headers):  # none is there twice, as in nearly every request
        return None if b"content-encoding" in given else _form(given.get(b"content-type"), given.get(b"accept"))
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


def replayed(body: bytes, receive: Receive) -> Receive:
    """What gives a body that was read once more, and then what comes."""
    rest: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Any:
        return rest.pop() if rest else await receive()

    return again
