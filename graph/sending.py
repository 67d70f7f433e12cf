"""Bodies of responses on their way out."""

from typing import Final

from starlette.types import Send

SENT_AT_ONCE: Final = 65_536
"""Bytes of a body that are sent at once, if it has as many; a longer piece is sent as it is."""


async def send_pieces(pieces: list[bytes], send: Send) -> None:
    """Send a body as fast as the client takes it; the list is empty then, since what was sent goes."""
    pieces.reverse()
    while pieces:
        some = [pieces.pop()]
        length = len(some[0])
        while pieces and length < SENT_AT_ONCE:
            some.append(pieces.pop())
            length += len(some[-1])
        body = b"".join(some) if len(some) > 1 else some[0]
        del some
        await send({"type": "http.response.body", "body": body, "more_body": bool(pieces)})
