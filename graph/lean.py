"""The plain request: a POST of one JSON object that wants JSON, read and answered with nothing in between.

Nearly every request of a client is one. What it is answered with is, header for header, what `graph.view` answers by
way of strawberry's view and Starlette's objects; what isn't plain is handed there, with its body put back.
"""

from functools import lru_cache
from typing import Any, Final, NamedTuple, Protocol

from starlette.types import Message, Receive, Scope, Send

from graph.negotiation import is_json_body, preferred
from graph.sending import send_pieces

RawHeaders = list[tuple[bytes, bytes]]
"""Headers as ASGI has them: names in lower case."""

HEAD: Final = "colloquy.head"
"""In the scope of a request: its headers by name, see `head_of`."""

CONNECTION: Final = "colloquy.connection"
"""In the scope of a request to this project's own server: the `Connection` that it came by."""

PLACE_TEXT: Final = "colloquy.place_text"
"""In the scope of a request, beside CONNECTION: the headers that every answer has which goes out there, as text."""

TWICE: Final = b"\xff"
"""The value of a header that may be there once and is there more often: no client means anything by it."""

_ONCE: Final = frozenset({b"host", b"origin", b"sec-fetch-site", b"authorization"})
"""Headers that say who asks, and from where."""


Head = dict[bytes, bytes]
"""The headers of a request by name."""


class Form(NamedTuple):
    """The media type that a plain request is answered in, and the headers that say so."""

    media_type: str
    headers: RawHeaders
    text: bytes
    """The headers as they go out."""


class Connection(Protocol):
    """What the server itself can do for a request that is small, beside ASGI: without a message and a wait for each."""

    def body_at_once(self) -> bytes | None:
        """The whole body; None where `receive` is to give it."""
        ...

    def answer_at_once(self, status: int, headers: bytes, body: bytes) -> bool:
        """Send a whole answer, its headers as they go out; whether that is done, and not left to `send`."""
        ...


class Written:
    """An answer as an ASGI application."""

    __slots__ = ("_form", "_more", "_pieces", "_status")

    def __init__(self, status: int, form: Form, pieces: list[bytes], more: RawHeaders) -> None:
        self._status = status
        self._form = form
        self._pieces = pieces
        self._more = more

    def sent_at_once(self, connection: Connection, told: bytes) -> bool:
        """Send it by the connection, with the headers that every answer there has; whether that was possible."""
        if len(self._pieces) > 1:
            return False
        (body,) = self._pieces
        headers = b"%bcontent-length: %d\r\n%b%b" % (self._form.text, len(body), as_text(self._more), told)
        return connection.answer_at_once(self._status, headers, body)

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        """Send it."""
        length = b"%d" % sum(map(len, self._pieces))
        headers = [*self._form.headers, (b"content-length", length), *self._more]
        await send({"type": "http.response.start", "status": self._status, "headers": headers})
        if len(self._pieces) > 1:
            await send_pieces(self._pieces, send)
        else:
            await send({"type": "http.response.body", "body": self._pieces[0]})


def head_of(headers: RawHeaders) -> Head:
    """A request's headers by name: of those that are there twice the first, or TWICE where that would be a guess."""
    head = dict(headers)
    if len(head) != len(headers):  # one is there twice, as in hardly any request
        head = {}
        for name, value in headers:
            head[name] = value if name not in head else TWICE if name in _ONCE else head[name]
    return head


def form_of(head: Head) -> Form | None:
    """How a POST with these headers is answered; None if it isn't plain."""
    return None if b"content-encoding" in head else _form(head.get(b"content-type"), head.get(b"accept"))


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
    headers = [(b"content-type", f"{media_type}; charset=utf-8".encode()), (b"vary", b"accept")]
    return Form(media_type, headers, as_text(headers))


def as_text(headers: RawHeaders) -> bytes:
    """Headers as they go out. Raises ValueError for what can't stand in one."""
    if not headers:
        return b""
    text = b"".join([b"%b: %b\r\n" % header for header in headers])
    if text.count(b"\n") != len(headers) or text.count(b"\r") != len(headers) or b"\0" in text:
        raise ValueError("a header is a single line")
    return text


def replayed(body: bytes, receive: Receive) -> Receive:
    """What gives a body that was read once more, and then what comes."""
    rest: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Any:
        return rest.pop() if rest else await receive()

    return again
