"""WebSockets that can't be used against the others: uvicorn's protocol with a limit to frames and to patience.

uvicorn reads as many frames as come at a time, answers pings into a buffer without an end, and waits for ever for a
client that takes nothing; closing waits for it as well. Here a client that sends more frames in a second than `frames`
is closed with 1008, one that takes nothing isn't read from, and after `write_seconds` it is cut off.
"""

import asyncio
from typing import Any, ClassVar, Final

from typing_extensions import override  # typing has it from Python 3.12 on
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import CloseCode, Frame

from graph.access.capacity import ConnectionLimits
from graph.access.connections import HTTPConnection
from graph.access.crowd import Crowd
from graph.access.patience import Patience, cut

PORTION: Final = 8192
"""Bytes that are parsed at once: some thousand of the smallest frames, before they are counted."""

CLOSE_SECONDS: Final = 5.0
"""How long a closing socket waits for the client to take what was said and to close as well."""


class SocketConnection(WebSocketsSansIOProtocol):
    """One WebSocket, from its handshake to its end; `protocols` makes its class."""

    crowd: ClassVar[Crowd]
    limits: ClassVar[ConnectionLimits]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.close_timeout = CLOSE_SECONDS
        self._patience: Patience | None = None
        self._second = 0.0
        """When the second began in which frames are counted."""
        self._frames = 0
        self._is_lost = False
        self._last_word: asyncio.TimerHandle | None = None

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.crowd.sockets += 1

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._is_lost = True
        self.crowd.sockets -= 1
        self.crowd.count -= 1
        if self._patience is not None:
            self._patience.stop()
        if self._last_word is not None:
            self._last_word.cancel()

    @override
    def data_received(self, data: bytes) -> None:
        for at in range(0, len(data), PORTION):
            if self.transport.is_closing():
                return
            super().data_received(data[at : at + PORTION])
        if self.transport.is_closing():
            self._end_soon()

    @override
    def handle_events(self) -> None:
        super().handle_events()
        if self._frames > self.limits.frames and not self.close_sent:
            self.conn.fail(CloseCode.POLICY_VIOLATION, f"More than {self.limits.frames} frames in a second")
            self.handle_parser_exception()

    @override
    def handle_cont(self, event: Frame) -> None:
        if self._counts():
            super().handle_cont(event)

    @override
    def handle_text(self, event: Frame) -> None:
        if self._counts():
            super().handle_text(event)

    @override
    def handle_bytes(self, event: Frame) -> None:
        if self._counts():
            super().handle_bytes(event)

    @override
    def handle_ping(self) -> None:
        if self._counts():
            super().handle_ping()

    @override
    def handle_pong(self, event: Frame) -> None:
        if self._counts():
            super().handle_pong(event)

    @override
    def handle_parser_exception(self) -> None:
        super().handle_parser_exception()
        self.disconnected = True  # uvicorn would take what is still being sent for a fault of the application

    @override
    def keepalive_timeout(self) -> None:
        super().keepalive_timeout()
        self.disconnected = True
        self._end_soon()

    @override
    def shutdown(self) -> None:
        super().shutdown()
        self._end_soon()

    @override
    async def run_asgi(self) -> None:
        await super().run_asgi()
        self._end_soon()

    @override
    def pause_writing(self) -> None:
        super().pause_writing()
        self.transport.pause_reading()  # what it says would be answered, and the answers would have to be kept
        if self._patience is None:
            self._patience = Patience(self.transport, self.loop, self.limits.write_seconds)
        self._patience.start()

    @override
    def resume_writing(self) -> None:
        if self._patience is not None:
            self._patience.stop()
        if not self.read_paused and not self.transport.is_closing():
            self.transport.resume_reading()
        super().resume_writing()

    def _counts(self) -> bool:
        """Count a frame; whether it is one of those that are let through."""
        now = self.loop.time()
        if now - self._second >= 1.0:
            self._second, self._frames = now, 0
        self._frames += 1
        return self._frames <= self.limits.frames

    def _end_soon(self) -> None:
        """See that a closing connection ends, whether or not the client takes what is still to be said."""
        if self._last_word is None and not self._is_lost:
            self._last_word = self.loop.call_later(CLOSE_SECONDS, cut, self.transport)


def protocols(limits: ConnectionLimits) -> tuple[type[HttpToolsProtocol], type[WebSocketsSansIOProtocol]]:
    """The classes that a server takes for its HTTP and WebSocket connections, which it holds to the limits together."""
    shared = {"limits": limits, "crowd": Crowd(limits)}
    return type("HTTP", (HTTPConnection,), shared), type("Socket", (SocketConnection,), shared)
