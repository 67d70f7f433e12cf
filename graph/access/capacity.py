"""How much the server takes on: from one connection, from all, and of operations. Sizes are bytes, times seconds."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """What one connection may do, and how many there are in the process."""

    most: int = 2000
    """Connections at a time, sockets among them."""
    sockets: int = 1000
    """WebSockets at a time."""
    head_seconds: float = 10.0
    """From the beginning of a connection, or of a request, to the end of the request's head."""
    head_bytes: int = 64 * 1024
    write_seconds: float = 30.0
    """How long a client may take nothing of what waits for it."""
    idle_seconds: float = 15.0
    """How long a connection is kept after an answer for the next request."""
    frames: int = 200
    """Frames a second that a WebSocket may send."""


@dataclass(frozen=True, slots=True)
class OperationLimits:
    """How many operations run at a time."""

    at_once: int = 100
    """In the process."""
    per_key: int = 50
    """Of one key, or of one end user. An open server knows neither."""
    waiting: int = 200
    """That wait for their turn."""
    seconds: float = 10.0
    """How long one waits, and how long one runs."""
