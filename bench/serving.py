"""How the servers in Python that are compared are served: with the settings of `colloquy serve`, all alike."""

from typing import Any, Final

SETTINGS: Final[dict[str, Any]] = {
    "host": "127.0.0.1",
    "log_level": "warning",
    "access_log": False,
    "timeout_keep_alive": 15,
    "server_header": False,
}
"""What uvicorn is told, but for the port and the event loop."""
