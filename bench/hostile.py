"""What others notice of hostile clients: the time of a small query while connections are held, dribbled and flooded.

The clients share the machine with the server and with what measures it: where they are busy themselves, as in a flood,
a part of the difference is theirs.
"""

import base64
import contextlib
import os
import resource
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from bench import facts, lineup, operations, servers, wrk
from bench.servers import BenchmarkFailed, Running
from bench.worlds import Worlds

BAR: Final = 3.0
"""How many times as long the slowest hundredth of the small queries may take beside hostile clients."""

SETTLED: Final = 4.0
"""Seconds from when the connections of an attack are open to the measurement: what it asked for is answered then."""

AGAIN: Final = 200
"""Connections that are opened again in a second, of those that the server has closed."""

ROOM: Final = 256
"""Files that this process has open beside the connections that it holds."""

_HEAD: Final = b"POST /graphql HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n"
_LARGE: Final = (
    b'{"query":"{ __schema { types { name description fields { name description args { name description } } } } }"}'
)

Address = tuple[str, int]
Attack = Callable[[Address, threading.Event, threading.Event], None]
"""Attacks an address: says by the first event that it is at it, and ends with the second."""


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line decides."""

    rounds: int = 3
    seconds: float = 3.0
    connections: int = 8
    """Clients that are served while others are hostile."""
    held: int = 5000
    """Connections that are held."""
    messages: int = 20_000


def run(options: Options, say: Callable[[str], None] = print) -> None:
    """Measure each attack against a quiet server, in turns, and say in Markdown what the small query took.

    Raises BenchmarkFailed where an answer is missing or has an error: nobody may be turned away for others.
    """
    wrk.require()
    held = _allowed(options.held)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="colloquy-bench-")))
        worlds = stack.enter_context(Worlds(folder, ("sqlite",), options.messages, say))
        place = worlds.place("sqlite", "inbox")
        body = folder / "small.json"
        body.write_bytes(operations.small(place.middle))
        say(f"# Hostile clients\n\n{worlds.machine(f'{held:,} connections held where they are held')}\n")
        server = stack.enter_context(Running(lineup.colloquy(place.url), folder))
        length = len(servers.post(server.url, body.read_bytes()))
        address = urlsplit(server.url)
        at = (address.hostname or "127.0.0.1", address.port or 80)

        def measured() -> wrk.Measured:
            return wrk.load(server.url, body, connections=options.connections, seconds=options.seconds, length=length)

        rows = []
        for name, attack in _attacks(held).items():
            quiet, beside = [], []
            for _ in range(options.rounds):
                quiet.append(measured())
                with _under(attack, at):
                    beside.append(measured())
            ratio = sorted(b.p99 / q.p99 for q, b in zip(quiet, beside, strict=True))[options.rounds // 2]
            rows.append(
                [
                    name,
                    facts.spread((each.p99 for each in quiet), 2),
                    facts.spread((each.p99 for each in beside), 2),
                    f"{ratio:.2f}",
                    "holds" if ratio <= BAR else "does not hold",
                    facts.spread(each.per_second for each in quiet),
                    facts.spread(each.per_second for each in beside),
                ]
            )
        header = ["attack", "p99 quiet ms", "p99 beside ms", "times", f"at most {BAR:g}", "quiet /s", "beside /s"]
        say(facts.table(header, rows))


def _allowed(number: int) -> int:
    """As many of so many connections as this process may have."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = number + ROOM if hard == resource.RLIM_INFINITY else min(number + ROOM, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return wanted - ROOM


@contextlib.contextmanager
def _under(attack: Attack, address: Address) -> Iterator[None]:
    begun, ended = threading.Event(), threading.Event()
    thread = threading.Thread(target=attack, args=(address, begun, ended), daemon=True)
    thread.start()
    try:
        begun.wait(60)
        time.sleep(SETTLED)
        yield
    finally:
        ended.set()
        thread.join(60)
        if thread.is_alive():
            raise BenchmarkFailed("an attack does not end")


def _attacks(held: int) -> dict[str, Attack]:
    handshake = (
        "GET /graphql HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: Upgrade\r\nupgrade: websocket\r\n"
        f"sec-websocket-version: 13\r\nsec-websocket-key: {base64.b64encode(os.urandom(16)).decode()}\r\n"
        "sec-websocket-protocol: graphql-transport-ws\r\n\r\n"
    ).encode()
    large, small = (
        _HEAD + b"content-length: %d\r\n\r\n" % len(body) + body for body in (_LARGE, operations.typename())
    )
    return {
        f"{held:,} connections that say nothing": _holding(held, b"", b""),
        f"{held:,} heads, a byte a second": _holding(held, _HEAD + b"x: ", b"x"),
        "500 bodies, a byte a second": _holding(500, _HEAD + b"content-length: 1000000\r\n\r\n", b" "),
        "20 clients that never read": _holding(20, large * 2, b"", buffer=4096),
        "nonsense": _flooding(b"\x16\x03\x01nonsense\r\n\r\n"),
        "requests that do not wait for answers": _flooding(small * 1000),
        "heads without an end": _flooding(_HEAD + b"x: " + b"x" * 200_000),
        "pings": _flooding(handshake + b"\x89\x80\0\0\0\0" * 20_000),
    }


def _holding(number: int, first: bytes, every_second: bytes, *, buffer: int | None = None) -> Attack:
    """Open connections, say something now and then, and open some of those again that are closed."""

    def attack(address: Address, begun: threading.Event, ended: threading.Event) -> None:
        held: list[socket.socket] = []
        try:
            while len(held) < number and not ended.is_set():
                held.append(_opened(address, first, buffer))
            begun.set()
            while not ended.wait(1):
                held = [each for each in held if _says(each, every_second)]
                held += [_opened(address, first, buffer) for _ in range(min(AGAIN, number - len(held)))]
        finally:
            for each in held:
                each.close()

    return attack


def _flooding(data: bytes) -> Attack:
    """A hundred times a second, a connection that says all of it and goes."""

    def attack(address: Address, begun: threading.Event, ended: threading.Event) -> None:
        begun.set()
        while not ended.wait(0.01):
            with _opened(address, data, None) as connection, contextlib.suppress(OSError):
                connection.settimeout(0.1)
                connection.recv(65536)

    return attack


def _opened(address: Address, first: bytes, buffer: int | None) -> socket.socket:
    connection = socket.socket()
    connection.settimeout(5)
    with contextlib.suppress(OSError):  # closed by the server, as it may be
        if buffer is not None:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        connection.connect(address)
        connection.sendall(first)
    connection.setblocking(False)
    return connection


def _says(connection: socket.socket, data: bytes) -> bool:
    """Say something more; whether the connection is still there."""
    try:
        if data:
            connection.send(data)
        elif connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b"":
            connection.close()
            return False
    except BlockingIOError:
        return True
    except OSError:
        connection.close()
        return False
    return True
