"""`colloquy serve`: the server process, from the socket to the last request."""

import asyncio
import contextlib
import logging
import signal
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final

import uvicorn

from db import signing
from db.database import Database
from db.errors import ColloquyError
from db.faults import discreet
from db.viewer import PROGRAM
from graph.access.complaints import Seldom
from graph.access.frames import protocols
from graph.access.jwks import is_loopback
from graph.app import create_app
from graph.collector import settle_collector
from graph.demo_world import fill_with_demo
from graph.execution import switched
from graph.explorer import available
from graph.opening import open_database
from graph.settings import Settings

try:
    import resource
except ImportError:  # there is none on Windows
    resource = None  # type: ignore[assignment]  # the module is optional

logger = logging.getLogger("colloquy")

USER_TIMEOUT = 30_000
"""Milliseconds until the kernel gives up a connection whose peer takes no data: uvicorn's own would wait for ever."""

UNSENT_BYTES = 262_144
"""Bytes that the kernel takes beyond those that are on their way: it would take megabytes for a client that does not
read, of which the server then knows nothing, and which it cannot count."""

SOCKET_MESSAGE_BYTES = 262_144
"""A larger WebSocket message closes the socket."""

OTHER_FILES = 128
"""Files that a process has open beside its connections: the database, the log, the libraries that are being read."""


UVICORN_LEVELS: Final = {"debug": "info", "info": "warning", "warning": "warning", "error": "error"}
"""What uvicorn logs: at "info" it speaks of itself, at "debug" of all that comes by WebSockets, keys among it."""


class CannotListen(ColloquyError):
    """The address is taken, or not of this machine."""


class NotSafe(ColloquyError):
    """Whoever reaches the address could do everything."""


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
        if hasattr(socket, "TCP_NOTSENT_LOWAT"):
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, UNSENT_BYTES)
        listener.bind(address)
        listener.listen(2048)
    except OSError as error:
        listener.close()
        raise CannotListen(
            f"cannot listen on {host} port {port}: {error.strerror}. Another --port helps, 0 takes any free one."
        ) from error
    return listener


def room_for(connections: int) -> int:
    """How many of so many connections the process may have: each is a file, of which the system grants a number.

    The number is raised as far as it may be. Where it is too low all the same the log says so.
    """
    if resource is None:
        return connections
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections + OTHER_FILES
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return connections
    granted = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (granted, hard))
    if granted == wanted:
        return connections
    room = max(1, granted - OTHER_FILES)
    logger.warning(
        "The system grants %d open files, so that there are %d connections, not %d.", granted, room, connections
    )
    return room


def address_of(listener: socket.socket) -> str:
    """The URL of a listening socket, for a person on this machine."""
    host, port = listener.getsockname()[:2]
    if host in ("0.0.0.0", "::"):
        host = "127.0.0.1" if host == "0.0.0.0" else "::1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def serve(
    settings: Settings, *, demo: bool, say: Callable[[str], None], warn: Callable[[str], None] | None = None
) -> None:
    """Serve until a signal; `warn` says what is to be known of who may ask.

    Raises ColloquyError where the server cannot start, NotSafe where it should not.
    """
    listener = listen(settings.host, settings.port)
    with contextlib.closing(listener), asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(_serve(listener, settings, demo=demo, say=say, warn=warn or say))


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:  # there is none on Windows
        return None
    return uvloop.new_event_loop


async def admission(address: str, settings: Settings, database: Database) -> str | None:
    """What a person who starts a server on this address should know of who may ask; None: keys and tokens decide.

    Raises NotSafe where the address can be reached from other machines and nothing keeps them out.
    """
    if settings.no_auth:
        return (
            "No key is needed (--no-auth): whoever reaches this address can read, change and delete everything "
            "in the workspace default."
        )
    if settings.jwt_issuer:
        return None
    if not is_loopback(address):
        if await database.ask(signing.has_valid_keys, viewer=PROGRAM):
            return None
        raise NotSafe(
            f"{settings.host} can be reached from other machines, and there is no key: whoever does could read and "
            "delete everything. Make a key (colloquy key create --scope admin), or set an identity provider "
            "(COLLOQUY_JWT_ISSUER), or spell out --no-auth.",
            field="host",
        )
    if await database.ask(signing.had_keys, viewer=PROGRAM):
        return None
    return "No key is needed, since there is none yet: only this machine is answered, and no page of another site."


async def _serve(
    listener: socket.socket,
    settings: Settings,
    *,
    demo: bool,
    say: Callable[[str], None],
    warn: Callable[[str], None],
) -> None:
    database = await open_database(settings, purpose="colloquy serve")
    try:
        warning = await admission(listener.getsockname()[0], settings, database)
        if demo:
            await fill_with_demo(database, say)
        server = _server(settings, database)
        settle_collector()
        url = address_of(listener)
        say(f"Colloquy serves {database.shown}")
        if warning is not None:
            warn(f"  {warning}")
        say(f"  GraphQL   {url}/graphql{_what_a_browser_gets(settings)}")
        say("  Stop with Ctrl+C")
        with _stopped_by_signals(server), switched("fast" if settings.engine == "on" else "off"):
            await server.serve(sockets=[listener])
    finally:
        await database.close()


def _server(settings: Settings, database: Database) -> uvicorn.Server:
    limits = settings.connected()
    http, ws = protocols(replace(limits, most=room_for(limits.most)))
    config = uvicorn.Config(
        create_app(settings, database=database),
        interface="asgi3",
        log_level=UVICORN_LEVELS[settings.log_level],
        access_log=settings.access_log,
        http=http,
        ws=ws,
        ws_max_size=SOCKET_MESSAGE_BYTES,
        ws_per_message_deflate=False,
        ws_ping_interval=20,
        ws_ping_timeout=20,
        timeout_graceful_shutdown=settings.graceful_shutdown,
        server_header=False,
        proxy_headers=settings.access_log,  # nothing else asks by what address somebody came
    )
    complaints = logging.getLogger("uvicorn.error")
    if not any(isinstance(each, Seldom) for each in complaints.filters):
        complaints.addFilter(Seldom(time.monotonic))
        for each in (complaints, logging.getLogger("asyncio")):
            each.addFilter(discreet)
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
