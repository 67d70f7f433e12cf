"""`colloquy serve`: the server process, from the socket to the last request."""

import asyncio
import contextlib
import logging
import signal
import socket
from collections.abc import Callable, Iterator

import uvicorn

from db.database import Database
from db.errors import ColloquyError
from graph.app import create_app
from graph.collector import settle_collector
from graph.demo_world import fill_with_demo
from graph.execution import switched
from graph.explorer import available
from graph.opening import open_database
from graph.settings import Settings

USER_TIMEOUT = 30_000
"""Milliseconds until the kernel gives up a connection whose peer takes no data: uvicorn's own would wait for ever."""

SOCKET_MESSAGE_BYTES = 262_144
"""A larger WebSocket message closes the socket."""


class CannotListen(ColloquyError):
    """The address is taken, or not of this machine."""


def listen(host: str, port: int) -> socket.socket:
    """A listening socket. Raises CannotListen."""
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        listener = socket.socket(family, socket.SOCK_STREAM)
    except OSError as error:
        raise CannotListen(f"{host!r} is no address that this machine can listen on: {error.strerror}") from error
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, USER_TIMEOUT)
        listener.bind(address)
        listener.listen(2048)
    except OSError as error:
        listener.close()
        raise CannotListen(
            f"cannot listen on {host} port {port}: {error.strerror}. Another --port helps, 0 takes any free one."
        ) from error
    return listener


def address_of(listener: socket.socket) -> str:
    """The URL of a listening socket, for a person on this machine."""
    host, port = listener.getsockname()[:2]
    if host in ("0.0.0.0", "::"):
        host = "127.0.0.1" if host == "0.0.0.0" else "::1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def serve(settings: Settings, *, demo: bool, say: Callable[[str], None]) -> None:
    """Serve until a signal. Raises ColloquyError where the server cannot start."""
    listener = listen(settings.host, settings.port)
    with contextlib.closing(listener), asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(_serve(listener, settings, demo=demo, say=say))


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:  # there is none on Windows
        return None
    return uvloop.new_event_loop


async def _serve(listener: socket.socket, settings: Settings, *, demo: bool, say: Callable[[str], None]) -> None:
    database = await open_database(settings, purpose="colloquy serve")
    try:
        if demo:
            await fill_with_demo(database, say)
        server = _server(settings, database)
        settle_collector()
        url = address_of(listener)
        say(f"Colloquy serves {database.shown}")
        say(f"  GraphQL   {url}/graphql{_what_a_browser_gets(settings)}")
        say("  Stop with Ctrl+C")
        with _stopped_by_signals(server), switched("fast" if settings.engine == "on" else "off"):
            await server.serve(sockets=[listener])
    finally:
        await database.close()


def _server(settings: Settings, database: Database) -> uvicorn.Server:
    config = uvicorn.Config(
        create_app(settings, database=database),
        # uvicorn's own words at "info" are about itself
        log_level=settings.log_level if settings.log_level != "info" else "warning",
        access_log=settings.access_log,
        ws="websockets-sansio",
        ws_max_size=SOCKET_MESSAGE_BYTES,
        ws_per_message_deflate=False,
        ws_ping_interval=20,
        ws_ping_timeout=20,
        timeout_graceful_shutdown=settings.graceful_shutdown,
        timeout_keep_alive=15,
        limit_concurrency=settings.concurrent_requests,
        server_header=False,
    )
    if settings.access_log:
        logging.getLogger("uvicorn.access").setLevel(logging.INFO)
    return uvicorn.Server(config)


@contextlib.contextmanager
def _stopped_by_signals(server: uvicorn.Server) -> Iterator[None]:
    """Ctrl+C and SIGTERM stop the server, and nothing else.

    A uvicorn that has stopped raises the signal again for whoever handled it before. That would end the process, or
    cancel the task, before the database is closed: here it comes to the server once more, which has no more to stop.
    """
    before = {number: signal.signal(number, server.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _what_a_browser_gets(settings: Settings) -> str:
    if not settings.explorer:
        return ""
    return (
        "   (a browser shows the explorer there)"
        if available()
        else "   (a browser is told there how to get the explorer)"
    )
