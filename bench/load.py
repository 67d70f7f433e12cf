"""The load: one request over and over on a few keep-alive connections, in a process of its own.

A client written for this: HTTP/1.1 over raw sockets, bodies counted and not kept, so that on a machine with few cores
it takes little from the server that is measured. Every answer must have status 200 and as many bytes as the first one.
Prints one JSON object.
"""

import argparse
import asyncio
import json
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

import uvloop

from bench import servers

DRAIN_TIMEOUT = 60.0
"""Seconds that the requests under way at the end may still take."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What a run showed; times in milliseconds."""

    requests: int
    per_second: float
    p50: float
    p99: float
    bytes: int


class _Client(asyncio.Protocol):
    """One connection: sends the request, waits for the whole answer, and again until the deadline."""

    def __init__(self, request: bytes) -> None:
        self.times: list[tuple[float, float]] = []
        """When each answer was complete, and how long it took."""
        self.size: int | None = None
        self._request = request
        self._deadline = 0.0
        self._missing = 0
        self._head = b""
        self._sent = 0.0
        self._done: asyncio.Future[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is one, but no subclass

    def start(self, deadline: float) -> asyncio.Future[None]:
        """Begin; the future is done when the last answer is complete."""
        self._deadline = deadline
        self._done = asyncio.get_running_loop().create_future()
        self._send()
        return self._done

    def _send(self) -> None:
        self._sent = time.perf_counter()
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        """Count the bytes of the answer."""
        if self._missing == 0:
            self._head += data
            end = self._head.find(b"\r\n\r\n")
            if end < 0:
                return
            length = self._length(self._head[:end])
            if length is None:
                return
            self._missing = length - (len(self._head) - end - 4)
            self._head = b""
        else:
            self._missing -= len(data)
        if self._missing == 0:
            self._answered()

    def _length(self, head: bytes) -> int | None:
        first, *fields = head.lower().split(b"\r\n")
        if first.split()[1] != b"200":
            self._fail(f"the answer's status line is {first.decode('latin-1')!r}")
            return None
        length = next((int(field[15:]) for field in fields if field.startswith(b"content-length:")), None)
        if length is None:
            self._fail("an answer has no Content-Length")
        elif self.size is None:
            self.size = length
        elif length != self.size:
            self._fail(f"an answer has {length} bytes, the first one had {self.size}")
            return None
        return length

    def _answered(self) -> None:
        now = time.perf_counter()
        self.times.append((now, now - self._sent))
        if now < self._deadline:
            self._send()
        elif self._done is not None and not self._done.done():
            self._done.set_result(None)

    def _fail(self, reason: str) -> None:
        self._end(servers.BenchmarkFailed(reason))
        self._transport.abort()

    def _end(self, failure: Exception) -> None:
        if self._done is not None and not self._done.done():
            self._done.set_exception(failure)

    def connection_lost(self, exception: Exception | None) -> None:
        """The server may not close before the end."""
        self._end(servers.BenchmarkFailed(f"the server closed the connection: {exception}"))

    def close(self) -> None:
        """Close the connection."""
        self._transport.close()


async def measure(url: str, body: bytes, *, connections: int, seconds: float, warm_up: float) -> Measured:
    """Load the endpoint for some seconds, after some of warming up that do not count.

    Raises BenchmarkFailed for an answer that is not like the others.
    """
    parts = urlsplit(url)
    head = (
        f"POST {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Type: application/json\r\n"
        f"Accept: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    request = head.encode("ascii") + body
    loop = asyncio.get_running_loop()
    clients: list[_Client] = []
    try:
        for _ in range(connections):
            _, client = await loop.create_connection(
                lambda: _Client(request), parts.hostname or "127.0.0.1", parts.port or 80
            )
            clients.append(client)
        size = await _rounds(clients, warm_up)
        for client in clients:
            client.times.clear()
        start = time.perf_counter()
        await _rounds(clients, seconds)
    finally:
        for client in clients:
            client.close()
    times = sorted(moment for client in clients for moment in client.times)
    took = sorted(duration for _, duration in times)
    return Measured(
        requests=len(times),
        per_second=len(times) / (times[-1][0] - start),
        p50=1000 * took[len(took) // 2],
        p99=1000 * took[min(len(took) - 1, len(took) * 99 // 100)],
        bytes=size,
    )


async def _rounds(clients: list[_Client], seconds: float) -> int:
    deadline = time.perf_counter() + seconds
    async with asyncio.timeout(seconds + DRAIN_TIMEOUT):
        await asyncio.gather(*(client.start(deadline) for client in clients))
    sizes = {client.size for client in clients}
    if len(sizes) != 1:
        raise servers.BenchmarkFailed(f"answers of different sizes: {sizes}")
    return clients[0].size or 0


def load(url: str, body: Path, *, connections: int, seconds: float, warm_up: float = 0.5) -> Measured:
    """`measure` in a process of its own; the body is a file's."""
    output = servers.run(
        "bench.load",
        url,
        str(body),
        f"--connections={connections}",
        f"--seconds={seconds}",
        f"--warm-up={warm_up}",
        timeout=2 * (seconds + warm_up + DRAIN_TIMEOUT),
    )
    return Measured(**json.loads(output))


def main() -> None:
    """Measure as the arguments say, and print it."""
    parser = argparse.ArgumentParser(prog="python -m bench.load", description=__doc__.splitlines()[0])
    parser.add_argument("url")
    parser.add_argument("body", type=Path, help="a file with the request's JSON")
    parser.add_argument("--connections", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--warm-up", type=float, default=0.5)
    given = parser.parse_args()
    coroutine = measure(
        given.url,
        given.body.read_bytes(),
        connections=given.connections,
        seconds=given.seconds,
        warm_up=given.warm_up,
    )
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            json.dump(asdict(runner.run(coroutine)), sys.stdout)
    except servers.BenchmarkFailed as error:
        sys.exit(f"bench.load: {error}")


if __name__ == "__main__":
    main()
