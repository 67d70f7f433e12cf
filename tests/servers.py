"""A real uvicorn in a thread, for tests that need an address rather than an ASGI call."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import uvicorn
from starlette.types import ASGIApp

START_SECONDS = 20
"""How long a server may take to answer its first connection before the test is told that it didn't start."""


class _Announcing(uvicorn.Server):
    """A server that says when it listens, or that it gave up."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.settled = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.settled.set()


@contextmanager
def serve(app: ASGIApp, *, lifespan: Literal["auto", "on", "off"] = "auto") -> Iterator[str]:
    """Serve `app` on a free loopback port while the block runs, and yield its base URL, without a trailing slash.

    Raises:
        RuntimeError: the server did not come up, because its lifespan failed or took more than `START_SECONDS`.
    """
    server = _Announcing(
        uvicorn.Config(app, host="127.0.0.1", port=0, lifespan=lifespan, log_level="warning", access_log=False)
    )

    def run() -> None:
        try:
            server.run()
        finally:
            server.settled.set()

    thread = threading.Thread(target=run, name="test server", daemon=True)
    thread.start()
    try:
        server.settled.wait(START_SECONDS)
        if not server.started:
            raise RuntimeError("The server of this test did not start; its log says why.")
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(START_SECONDS)
