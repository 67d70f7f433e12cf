"""The load: one request over and over on each of a few keep-alive connections, in a process of its own.

A client written for this: HTTP/1.1 over raw sockets, bodies counted and not kept, so that on a machine with few cores
it takes little from the server that is measured. Every answer must have status 200 and as many bytes as the first one,
unless they are told to differ. Prints a JSON object for each server.
"""

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Final, cast
from urllib.parse import urlsplit
from uuid import uuid4

import uvloop

from bench import servers

DRAIN_TIMEOUT = 60.0
"""Seconds that the requests under way at the end may still take."""

FRESH: Final = b"a-fresh-uuid-takes-the-place-of-this"
"""Where it stands in a body, each request has a uuid of its own, which is just as long."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What a run showed; times in milliseconds."""

    requests: int
    per_second: float
    p50: float
    p99: float
    bytes: int
    warming: int = 0
    """Requests of the warming up, which are in no other figure."""


class _Client(asyncio.Protocol):
    """One connection: sends the request, waits for the whole answer, and again until the deadline."""

    def __init__(self, request: bytes, *, any_size: bool) -> None:
        self.times: list[tuple[float, float]] = []
        """When each answer was complete, and how long it took."""
        self.size: int | None = None
        self._request = request
        self._is_fresh = FRESH in request
        self.any_size = any_size
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
        request = self._request.replace(FRESH, _uuid7()) if self._is_fresh else self._request
        self._sent = time.perf_counter()
        self._transport.write(request)

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
        elif length != self.size and not self.any_size:
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


def _uuid7() -> bytes:
    digits = f"{time.time_ns() // 1_000_000:012x}7{uuid4().hex[13:]}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}".encode("ascii")


class _Endpoint:
    """The connections to one server, and what they saw."""

    def __init__(self, url: str, bodies: Sequence[bytes], *, any_size: bool) -> None:
        self._parts = urlsplit(url)
        self._bodies = bodies
        self._any_size = any_size
        self._clients: list[_Client] = []
        self._took: list[float] = []
        self._seconds = 0.0
        self._warming = 0

    async def connect(self, connections: int) -> None:
        """Open the connections, which share the bodies."""
        for number in range(connections):
            _, client = await asyncio.get_running_loop().create_connection(
                partial(self._client, self._bodies[number % len(self._bodies)]),
                self._parts.hostname or "127.0.0.1",
                self._parts.port or 80,
            )
            self._clients.append(client)

    def _client(self, body: bytes) -> _Client:
        head = (
            f"POST {self._parts.path} HTTP/1.1\r\nHost: {self._parts.netloc}\r\nContent-Type: application/json\r\n"
            f"Accept: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return _Client(head.encode("ascii") + body, any_size=self._any_size)

    async def run(self, seconds: float, *, counts: bool = True) -> None:
        """Load it for some seconds, and until the last answer is complete."""
        start = time.perf_counter()
        async with asyncio.timeout(seconds + DRAIN_TIMEOUT):
            await asyncio.gather(*(client.start(start + seconds) for client in self._clients))
        sizes = {client.size for client in self._clients}
        if len(sizes) != 1 and not self._any_size:
            raise servers.BenchmarkFailed(f"answers of different sizes: {sizes}")
        answers = [answer for client in self._clients for answer in client.times]
        for client in self._clients:
            client.times.clear()
        if counts:
            self._took += [duration for _, duration in answers]
            self._seconds += max(moment for moment, _ in answers) - start
        else:
            self._warming += len(answers)

    def measured(self) -> Measured:
        """What they saw."""
        took = sorted(self._took)
        return Measured(
            requests=len(took),
            per_second=len(took) / self._seconds,
            p50=1000 * took[len(took) // 2],
            p99=1000 * took[min(len(took) - 1, len(took) * 99 // 100)],
            bytes=self._clients[0].size or 0,
            warming=self._warming,
        )

    def close(self) -> None:
        """Close the connections."""
        for client in self._clients:
            client.close()


async def measure(
    urls: Sequence[str],
    bodies: Sequence[bytes],
    *,
    connections: int,
    seconds: float,
    warm_up: float,
    turns: int = 1,
    any_size: bool = False,
) -> list[Measured]:
    """Load endpoints for some seconds each, after some of warming up that do not count, in so many turns.

    In each turn they are loaded one after the other: what else the machine does meanwhile hits them all.
    Raises BenchmarkFailed for an answer that is not like the others.
    """
    endpoints = [_Endpoint(url, bodies, any_size=any_size) for url in urls]
    try:
        for each in endpoints:
            await each.connect(connections)
            await each.run(warm_up, counts=False)
        for turn in range(turns):
            for each in endpoints if turn % 2 == 0 else reversed(endpoints):
                await each.run(seconds / turns)
    finally:
        for each in endpoints:
            each.close()
    return [each.measured() for each in endpoints]


def load(
    url: str, bodies: Path, *, connections: int, seconds: float, warm_up: float = 0.5, any_size: bool = False
) -> Measured:
    """`measure` of one endpoint in a process of its own; the bodies are a file's lines."""
    (measured,) = load_in_turns(
        [url], bodies, connections=connections, seconds=seconds, warm_up=warm_up, turns=1, any_size=any_size
    )
    return measured


def load_in_turns(
    urls: Sequence[str],
    bodies: Path,
    *,
    connections: int,
    seconds: float,
    turns: int,
    warm_up: float = 0.5,
    any_size: bool = False,
) -> list[Measured]:
    """`measure` in a process of its own; the bodies are a file's lines."""
    output = servers.run(
        "bench.load",
        str(bodies),
        *urls,
        f"--connections={connections}",
        f"--seconds={seconds}",
        f"--warm-up={warm_up}",
        f"--turns={turns}",
        *(["--any-size"] if any_size else []),
        timeout=2 * len(urls) * (seconds + warm_up + DRAIN_TIMEOUT),
    )
    return [Measured(**each) for each in json.loads(output)]


def main() -> None:
    """Measure as the arguments say, and print it."""
    parser = argparse.ArgumentParser(prog="python -m bench.load", description=__doc__.splitlines()[0])
    parser.add_argument("bodies", type=Path, help="a file with the requests' JSON, a line each")
    parser.add_argument("urls", nargs="+")
    parser.add_argument("--connections", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--warm-up", type=float, default=0.5)
    parser.add_argument("--turns", type=int, default=1)
    parser.add_argument("--any-size", action="store_true", help="the answers may differ in size")
    given = parser.parse_args()
    coroutine = measure(
        given.urls,
        given.bodies.read_bytes().splitlines(),
        connections=given.connections,
        seconds=given.seconds,
        warm_up=given.warm_up,
        turns=given.turns,
        any_size=given.any_size,
    )
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            json.dump([asdict(each) for each in runner.run(coroutine)], sys.stdout)
    except servers.BenchmarkFailed as error:
        sys.exit(f"bench.load: {error}")


if __name__ == "__main__":
    main()
