"""Clients that take nothing of what is said to them: how long they are waited for, and how they are cut off."""

import asyncio
import contextlib
import socket
import struct
from typing import Final

SLOWEST: Final = 1024
"""Bytes a second that a client takes at least, as soon as more wait for it than the sockets hold."""

_AT_ONCE: Final = struct.pack("ii", 1, 0)
"""The kernel's `struct linger`: on, for no time; what it still holds is dropped with the connection."""


class Patience:
    """Cuts off a client that takes less of what waits for it than SLOWEST, seen over some seconds."""

    __slots__ = ("_left", "_loop", "_seconds", "_timer", "_transport")

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop, seconds: float) -> None:
        self._transport = transport
        self._loop = loop
        self._seconds = seconds
        self._timer: asyncio.TimerHandle | None = None
        self._left = 0

    def start(self) -> None:
        """Begin to look."""
        self._left = self._transport.get_write_buffer_size()
        self._timer = self._loop.call_later(self._seconds, self._look)

    def stop(self) -> None:
        """Look no longer."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        if self._left - self._transport.get_write_buffer_size() < SLOWEST * self._seconds:
            self._timer = None
            cut(self._transport)
        else:
            self.start()


def cut(transport: asyncio.Transport) -> None:
    """End a connection now: to close it would be to wait until the client has taken all, here or in the kernel."""
    if (connection := transport.get_extra_info("socket")) is not None:
        with contextlib.suppress(OSError):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
    transport.abort()
