"""What the tests of hostile clients share: a server process with little patience, and sockets that say anything."""

import json
import re
import select
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, Self
from urllib.parse import urlsplit

from tests.e2e.command import Running, running, url_of

SECONDS = 20
"""How long anything may take before the test is told that it hangs."""

SMALL = b'{"query":"{ __typename }"}'


class Answer(NamedTuple):
    """An answer of HTTP."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def code(self) -> str:
        """The code of its one error."""
        (error,) = json.loads(self.body)["errors"]
        found: str = error["extensions"]["code"]
        return found


class Server:
    """A server process."""

    def __init__(self, process: Running) -> None:
        self.process = process
        address = urlsplit(url_of(process))
        assert address.hostname is not None
        assert address.port is not None
        self.address = (address.hostname, address.port)

    def connect(self, *, buffer: int | None = None) -> "Client":
        """A connection; with a `buffer` the kernel takes no more than about so many bytes for who doesn't read."""
        connection = socket.socket()
        connection.settimeout(SECONDS)
        if buffer is not None:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        connection.connect(self.address)
        return Client(connection)

    def answers(self) -> bool:
        """Whether somebody else, who has done nothing wrong, is served."""
        with self.connect() as other:
            other.send(request(SMALL))
            return bool(json.loads(other.answer().body) == {"data": {"__typename": "Query"}})


@contextmanager
def serving(folder: Path, **settings: object) -> Iterator[Server]:
    """`colloquy serve` with these settings, named without their prefix."""
    variables = {f"COLLOQUY_{name.upper()}": str(value) for name, value in settings.items()}
    with running("serve", "--port", "0", folder=folder, **variables) as process:
        yield Server(process)


class Client:
    """One connection, byte by byte."""

    def __init__(self, connection: socket.socket) -> None:
        self.socket = connection
        self._read = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def tries(self, data: bytes) -> bool:
        """Whether something could still be sent."""
        try:
            self.socket.sendall(data)
        except OSError:
            return False
        return True

    def answer(self) -> Answer:
        """The next answer."""
        while b"\r\n\r\n" not in self._read:
            self._more()
        head, _, self._read = self._read.partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        length = int(headers["content-length"])
        while len(self._read) < length:
            self._more()
        body, self._read = self._read[:length], self._read[length:]
        return Answer(int(re.split(" ", first)[1]), headers, body)

    def _more(self) -> None:
        data = self.socket.recv(65536)
        assert data, f"the connection was closed after {self._read!r}"
        self._read += data

    def rest(self) -> bytes:
        """What comes until the server closes; it fails where the server doesn't."""
        parts = [self._read]
        try:
            while data := self.socket.recv(65536):
                parts.append(data)
        except ConnectionError:
            pass
        return b"".join(parts)

    def is_cut_off(self) -> bool:
        """Wait until the connection is reset, without reading anything from it."""
        poll = select.poll()
        poll.register(self.socket, 0)
        return bool(poll.poll(SECONDS * 1000))

    def is_open(self) -> bool:
        """Whether the connection is there now, with nothing to read from it."""
        return not select.select([self.socket], [], [], 0)[0]


def request(body: bytes, *headers: str, length: int | None = None) -> bytes:
    """A POST; with a `length` it says so many bytes."""
    size = len(body) if length is None else length
    return head(f"content-length: {size}", *headers) + body


def head(*headers: str, first: str = "POST /graphql HTTP/1.1") -> bytes:
    lines = [first, "host: 127.0.0.1", "content-type: application/json", *headers]
    return "\r\n".join([*lines, "", ""]).encode()


def chunked(*parts: bytes, end: bool = True) -> bytes:
    """Parts as chunks of a body."""
    return b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts) + (b"0\r\n\r\n" if end else b"")


def sized(size: int) -> bytes:
    """A request's JSON of exactly so many bytes."""
    body = SMALL[:-1] + b',"extensions":{"x":""}}'
    return body.replace(b'""', b'"' + b"x" * (size - len(body)) + b'"')


def dribble(client: Client, data: bytes, every: float = 0.1, seconds: float = SECONDS) -> bool:
    """Send a byte now and then until the other side closes; whether it did."""
    ends = time.monotonic() + seconds
    at = 0
    while time.monotonic() < ends:
        readable = select.select([client.socket], [], [], every)[0]
        if readable or not client.tries(data[at % len(data) : at % len(data) + 1]):
            return True
        at += 1
    return False


def loads(data: bytes) -> Any:
    return json.loads(data)
