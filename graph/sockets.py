"""The WebSocket side of the endpoint: `graphql-transport-ws` with every message's shape checked before it is used.

Stock strawberry trusts the shape: a message that is a number drops the socket without a close code. It would also close
the whole socket, with all its operations, for a syntax error in one of them; the errors that `graph.boundary` presents
no longer have the types that it looks for, and are sent as the protocol's `error`.
"""

from collections.abc import AsyncGenerator

from strawberry.asgi import ASGIWebSocketAdapter
from strawberry.http.exceptions import NonJsonMessageReceived
from typing_extensions import override  # typing has it from Python 3.12 on


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
        and isinstance(payload.get("query"), str)
        and isinstance(payload.get("operationName"), str | None)
        and isinstance(payload.get("variables"), dict | None)
        and isinstance(payload.get("extensions"), dict | None)
    )
