"""The WebSocket side of the endpoint: `graphql-transport-ws` with every message's shape checked before it is used.

Stock strawberry trusts the shape: a message that is a number drops the socket without a close code. It would also close
the whole socket, with all its operations, for a syntax error in one of them; the errors that `graph.boundary` presents
no longer have the types that it looks for, and are sent as the protocol's `error`.

Who asks is found out when `connection_init` comes, and again with every operation and every RECHECK_SECONDS: a socket
lives for days, a token doesn't.
"""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from typing import Any, Final, cast
from uuid import UUID

from strawberry.asgi import ASGIWebSocketAdapter
from strawberry.http.exceptions import NonJsonMessageReceived
from strawberry.subscriptions.protocols.graphql_transport_ws.types import (
    ConnectionInitMessage,
    SubscribeMessage,
    SubscribeMessagePayload,
)
from typing_extensions import override  # typing has it from Python 3.12 on

from db.viewer import Viewer
from db.words import Role, ViewerKind
from graph.access.credentials import AUTHORIZATION
from graph.access.operations import SocketOperations
from graph.access.signing import Gate
from graph.asked import Refusal, document
from graph.context import Context
from graph.errors import Presenter

GATE: Final = "colloquy.gate"
"""In the scope of a WebSocket: the gate that says who asks. Without one nobody is asked."""

NOBODY: Final = Viewer(UUID(int=0), role=Role.END_USER, kind=ViewerKind.ANONYMOUS)
"""Who a WebSocket's context is for until somebody has signed in: the owner of nothing, in a workspace that isn't."""

SIGN_IN_SECONDS: Final = 5.0
"""How long it may take to find out who asks."""

RECHECK_SECONDS: Final = 30.0
"""How often it is asked again whether they still may."""

FORBIDDEN: Final = 4403
"""What closes a socket of who may not come in, or not any more."""

REASON_BYTES: Final = 123
"""The longest reason that a close frame carries (RFC 6455, section 5.5)."""


class SocketAdapter(ASGIWebSocketAdapter):
    """Gives on only messages of a shape that the protocol knows; any other closes the socket with 4400."""

    @override
    async def iter_json(self, *, ignore_parsing_errors: bool = False) -> AsyncGenerator[object, None]:
        """The messages of the client, checked."""
        async for message in super().iter_json(ignore_parsing_errors=ignore_parsing_errors):
            if not _is_known(message):
                raise NonJsonMessageReceived
            yield message


def _is_known(message: object) -> bool:
    if not isinstance(message, dict) or not isinstance(message.get("type"), str):
        return False
    if message.get("payload", {}) is None:  # the protocol's payload is optional; clients write null for none
        del message["payload"]
    kind, payload = message["type"], message.get("payload", {})
    if kind in ("connection_init", "ping", "pong"):
        return isinstance(payload, dict)
    if kind in ("subscribe", "complete") and not (isinstance(message.get("id"), str) and message["id"]):
        return False
    if kind != "subscribe":
        return True
    return (
        isinstance(payload, dict)
        and isinstance(payload.get("query" if payload.get("documentId") is None else "documentId"), str)
        and isinstance(payload.get("operationName"), str | None)
        and isinstance(payload.get("variables"), dict | None)
        and isinstance(payload.get("extensions"), dict | None)
    )


class SignedSocket(SocketOperations):
    """A connection whose viewer is found out at its beginning and looked at again while it lasts.

    Who may not come in, or not any more, has the socket closed with 4403, and so has everybody while it can't be found
    out: what hangs or fails lets nobody in.
    """

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._payload: Mapping[str, object] = {}
        self._recheck: asyncio.TimerHandle | None = None
        self._rechecking: asyncio.Task[bool] | None = None

    @override
    async def handle_connection_init(self, message: ConnectionInitMessage) -> None:
        """Sign in, then go on as the protocol has it."""
        if self._gate is not None and not self.connection_init_received and not self.connection_timed_out:
            if self.connection_init_timeout_task:
                self.connection_init_timeout_task.cancel()
            payload = message.get("payload") or {}
            self._payload = {name: payload[name] for name in AUTHORIZATION if name in payload}
            if not await self._sign_in():
                self.connection_init_received = True  # what still comes is not another beginning
                return
            self._watch()
        await super().handle_connection_init(message)

    @override
    async def handle_subscribe(self, message: SubscribeMessage) -> None:
        """Begin an operation, of who still may."""
        if self.connection_acknowledged and self._gate is not None and not await self._sign_in():
            return
        payload: dict[str, Any] = {**message["payload"]}
        try:
            payload["query"] = document(payload, getattr(self.context, "trusted", None))
        except Refusal as refusal:
            await self.send_message({"id": message["id"], "type": "error", "payload": [refusal.error.formatted]})
            return
        message["payload"] = cast("SubscribeMessagePayload", payload)
        await super().handle_subscribe(message)

    @override
    async def shutdown(self) -> None:
        """End what this connection has begun."""
        if self._recheck is not None:
            self._recheck.cancel()
        if self._rechecking is not None:
            self._rechecking.cancel()
        await super().shutdown()

    @property
    def _scope(self) -> Any:
        return self.websocket.ws.scope if isinstance(self.websocket, ASGIWebSocketAdapter) else {}

    @property
    def _gate(self) -> Gate | None:
        gate: Gate | None = self._scope.get(GATE)
        return gate

    async def _sign_in(self) -> bool:
        """Find out who asks, and whether they may; if not, the socket is closed."""
        gate, reason = self._gate, "It took too long to find out who asks."
        assert gate is not None, "asked only where there is one"
        try:
            async with asyncio.timeout(SIGN_IN_SECONDS):
                viewer = await gate.of_socket(self._scope["headers"], self._payload)
        except TimeoutError:
            pass
        except Refusal as refusal:
            reason = refusal.error.message
        except Exception as error:  # masked and logged; who can't be asked for lets nobody in
            reason = Presenter().present(error).message
        else:
            if isinstance(self.context, Context):
                self.context.viewer = viewer
            return True
        self.connection_acknowledged = False
        for name in list(self.operations):
            await self.cleanup_operation(name)
        await self.websocket.close(FORBIDDEN, reason.encode()[:REASON_BYTES].decode(errors="ignore"))
        return False

    def _watch(self) -> None:
        self._recheck = asyncio.get_running_loop().call_later(RECHECK_SECONDS, self._look_again)

    def _look_again(self) -> None:
        self._rechecking = asyncio.create_task(self._sign_in(), name="looking at a socket's credential again")
        self._rechecking.add_done_callback(self._looked)

    def _looked(self, task: asyncio.Task[bool]) -> None:
        if not task.cancelled() and task.exception() is None and task.result():
            self._watch()
