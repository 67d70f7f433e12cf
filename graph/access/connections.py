"""Connections that can't be used against the others: uvicorn's HTTP protocol with the limits that it leaves to a proxy.

uvicorn waits for ever for the rest of a request's head, takes a head of any length, queues any number of requests that
come before their answers, keeps what it has to say to a client that never reads, and with `limit_concurrency` refuses
everybody as soon as anybody has opened so many connections. Here

- the head of a request comes within `head_seconds`, has at most `head_bytes` and `MOST_HEADERS` headers;
- a client that takes nothing of an answer for `write_seconds` is cut off;
- of more than `most` connections those go that nobody needs: the one that has been silent longest since it was made,
  else the one that has waited longest for its next request. A client that asks at once is served, however many others
  hold connections open. Only where all of them are at work is a new one closed.

A request costs a few comparisons more, and no timer unless its head comes in pieces.
"""

import asyncio
import json
from http import HTTPStatus
from typing import Any, ClassVar, Final

from typing_extensions import override  # typing has it from Python 3.12 on
from uvicorn._types import ASGI3Application
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from graph.access.capacity import ConnectionLimits
from graph.access.crowd import Crowd
from graph.access.patience import Patience, cut
from graph.errors import ErrorCode
from graph.lean import CONNECTION

MOST_HEADERS: Final = 100
"""Headers of a request."""

MOST_PIPELINED: Final = 16
"""Requests that a client may send before it has the answer to the first of them."""

MOST_UNREAD: Final = 1024 * 1024
"""Bytes of a body that are passed over after the answer, as when the request was refused for its headers; a client
that has more to say would otherwise be cut off in the middle of it, and many forget the answer then."""


class HTTPConnection(HttpToolsProtocol):
    """One connection of HTTP, until it ends or becomes a WebSocket; `protocols` makes its class."""

    crowd: ClassVar[Crowd]
    limits: ClassVar[ConnectionLimits]

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._is_counted = False
        self._deadline: asyncio.TimerHandle | None = None
        self._patience: Patience | None = None
        self._spare = 0
        """Bytes that have come which belong to no request that is being answered: the beginning of a head."""
        self._weighed = False
        self._answered: RequestResponseCycle | None = None
        """The request that is being answered; `cycle` is the last one that came."""
        self._refusal: tuple[HTTPStatus, ErrorCode, str] | None = None

    @override
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        self._is_counted = self.crowd.enter(self, self.loop.time())
        if self._is_counted:
            self._deadline = self.loop.call_later(self.limits.head_seconds, self._head_is_late)
        else:
            self._refuse(HTTPStatus.SERVICE_UNAVAILABLE, ErrorCode.RATE_LIMITED, "All connections are at work.")

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self._abandon()
        super().connection_lost(exc)
        self._forget()
        if self._patience is not None:
            self._patience.stop()

    @override
    def data_received(self, data: bytes) -> None:
        if self.transport.is_closing():
            return
        cycle = self.cycle
        size = self._spare + len(data)
        self._weighed = size > self.limits.head_bytes
        super().data_received(data)
        if self.cycle is not cycle:
            self._spare = 0
            self._keep_waiting()
            self.crowd.works(self)
        elif not self.transport.is_closing() and self._is_counted:
            self._goes_on(size)

    @override
    def on_headers_complete(self) -> None:
        # What is raised in here ends the parser, and then comes by `send_400_response`.
        if len(self.headers) > MOST_HEADERS:
            self._refusal = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, ErrorCode.LIMIT_EXCEEDED, _headers_text()
            raise ValueError("too many headers")
        if self._weighed and self._head_size() > self.limits.head_bytes:
            self._refusal = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, ErrorCode.LIMIT_EXCEEDED, self._head_text()
            raise ValueError("too many bytes of headers")
        if len(self.pipeline) >= MOST_PIPELINED or (self._is_at_work and self.parser.should_upgrade()):
            raise ValueError("a request that has to wait for answers")
        # It is there for the task that begins with this call, and does not run before the next turn of the loop.
        self.scope[CONNECTION] = self  # type: ignore[typeddict-unknown-key]  # a scope takes what a server adds
        super().on_headers_complete()

    @override
    def on_response_complete(self) -> None:
        # What uvicorn does, but for a timer of each request: one looks after all connections that wait.
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
        elif self._is_counted and not self._is_at_work:
            self.crowd.waits(self, self.loop)

    @override
    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        self._answered = cycle
        super()._start_asgi_task(cycle, app)

    @override
    def send_400_response(self, msg: str) -> None:
        """Refuse what is no request, or none that is taken."""
        status, code, message = self._refusal or (HTTPStatus.BAD_REQUEST, ErrorCode.BAD_REQUEST, msg)
        self._refuse(status, code, message)

    @override
    def handle_websocket_upgrade(self) -> None:
        if self.crowd.sockets >= self.limits.sockets:
            self._refuse(HTTPStatus.SERVICE_UNAVAILABLE, ErrorCode.RATE_LIMITED, "There are too many WebSockets.")
            return
        # It goes on being counted: the socket takes the place over.
        self._keep_waiting()
        self.crowd.works(self)
        self._is_counted = False
        if self._patience is not None:
            self._patience.stop()
        super().handle_websocket_upgrade()

    @override
    def pause_writing(self) -> None:
        super().pause_writing()
        if self._patience is None:
            self._patience = Patience(self.transport, self.loop, self.limits.write_seconds)
        self._patience.start()

    @override
    def resume_writing(self) -> None:
        if self._patience is not None:
            self._patience.stop()
        super().resume_writing()

    def body_at_once(self) -> bytes | None:
        """The whole body of the request that is being answered; None where `receive` is to give it."""
        cycle = self._answered
        if cycle is None or cycle.more_body or cycle.disconnected or cycle.waiting_for_100_continue:
            return None
        if self.flow.read_paused:  # `receive` goes on with reading
            return None
        body = bytes(cycle.body)
        cycle.body = bytearray()
        cycle.message_event.clear()
        return body

    def answer_at_once(self, status: int, headers: bytes, body: bytes) -> bool:
        """Answer the request that is being answered, in one piece; whether that is done, and not left to `send`.

        Each message of ASGI is a wait and a dictionary, and each header in it is checked; what comes here was.
        """
        cycle = self._answered
        if cycle is None or cycle.response_started or self.access_log or self.flow.write_paused:
            return False
        if cycle.disconnected:
            return True
        head = [STATUS_LINE[status]]
        for name, value in cycle.default_headers:
            head += (name, b": ", value, b"\r\n")
        head += (headers, b"\r\n" if cycle.keep_alive else b"connection: close\r\n\r\n", body)
        cycle.response_started = True
        self.transport.write(b"".join(head))
        cycle.response_complete = True
        cycle.message_event.set()
        if not cycle.keep_alive:
            self.transport.close()
        cycle.on_response()
        return True

    def give_way(self) -> None:
        """End for the sake of another connection."""
        self._forget()
        cut(self.transport)

    def rest(self) -> None:
        """End after a long time without a request, unless one has begun to come."""
        if self._deadline is None and not self.transport.is_closing():
            self.transport.close()

    @property
    def _is_at_work(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _goes_on(self, size: int) -> None:
        """More has come of a head, or of a body; so many bytes of it belong to no request that is being answered."""
        cycle = self.cycle
        if cycle is not None and not cycle.response_complete:
            if cycle.more_body:
                return  # the body of a request at work, which takes care of it
        elif self._deadline is None:
            self._deadline = self.loop.call_later(self.limits.head_seconds, self._head_is_late)
        self._spare = size
        if cycle is not None and cycle.more_body:
            if size > MOST_UNREAD:
                self.transport.close()
        elif self._weighed:
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, ErrorCode.LIMIT_EXCEEDED, self._head_text())

    def _forget(self) -> None:
        self._keep_waiting()
        if self._is_counted:
            self._is_counted = False
            self.crowd.leave(self)

    def _keep_waiting(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _head_is_late(self) -> None:
        self._deadline = None
        if self._spare and (self.cycle is None or not self.cycle.more_body):
            message = f"The head of the request did not come within {self.limits.head_seconds:g} s."
            self._refuse(HTTPStatus.REQUEST_TIMEOUT, ErrorCode.TIMEOUT, message)
        else:
            self.transport.close()

    def _head_size(self) -> int:
        return len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers)

    def _head_text(self) -> str:
        return f"The head of a request has at most {self.limits.head_bytes} bytes."

    def _refuse(self, status: HTTPStatus, code: ErrorCode, message: str) -> None:
        """Answer, unless another answer is under way, and close."""
        if self._is_at_work:
            self._abandon()
        elif not self.transport.is_closing():
            self.transport.write(answer(status, code, message))
        self.transport.close()

    def _abandon(self) -> None:
        """Tell the request that is being answered that nobody is there: uvicorn tells the one that came last."""
        if self._answered is not None and not self._answered.response_complete:
            self._answered.disconnected = True
            self._answered.message_event.set()


def answer(status: HTTPStatus, code: ErrorCode, message: str) -> bytes:
    """An answer of one error, as it goes out: for requests that never came to the application."""
    error = {"message": message, "extensions": {"code": code.value}}
    body = json.dumps({"errors": [error]}, separators=(",", ":")).encode()
    later = b"retry-after: 1\r\n" if status is HTTPStatus.SERVICE_UNAVAILABLE else b""
    head = f"HTTP/1.1 {status.value} {status.phrase}\r\ncontent-type: application/json; charset=utf-8\r\n"
    return head.encode() + later + b"content-length: %d\r\nconnection: close\r\n\r\n" % len(body) + body


def _headers_text() -> str:
    return f"A request has at most {MOST_HEADERS} headers."
