"""How the time of an answer grows with its rows: from 100 conversations of one message each to 110,100 rows."""

import http.client
import json
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from bench import facts, lineup, operations
from bench.servers import START_TIMEOUT, BenchmarkFailed, Running
from bench.worlds import Worlds

SIZES: Final = ((1, False), (10, False), (100, False), (100, True))
"""Messages of each conversation, and whether their citations are asked for."""

REPEATED: Final = 5
"""Requests of a size in a round; the median counts."""


@dataclass(frozen=True, slots=True)
class Point:
    """An answer of one size."""

    rows: int
    """Conversations, messages and citations."""
    bytes: int
    milliseconds: list[float]
    """The median of each round."""


def measure(
    databases: tuple[str, ...], rounds: int, worlds: Worlds, folder: Path, say: Callable[[str], None]
) -> dict[str, list[Point]]:
    """By database the time of answers of rising size. Raises BenchmarkFailed where one has errors."""
    found: dict[str, list[Point]] = {}
    for database in databases:
        with Running(lineup.colloquy(worlds.place(database, "broad").url), folder) as one:
            found[database] = _points(one, rounds)
        say(f"### growth, {database}, 1 connection\n")
        rows = []
        for place, point in enumerate(found[database]):
            factor = f"{step(found[database], place):.2f}" if place else ""
            rows.append([f"{point.rows:,}", f"{point.bytes:,}", facts.spread(point.milliseconds, 1), factor])
        say(facts.table(["rows", "bytes", "ms", "10 times the rows cost"], rows) + "\n")
    return found


def step(points: list[Point], place: int) -> float:
    """What ten times the rows cost, as a factor of time, from the size before this one to this one."""
    before, now = points[place - 1], points[place]
    times = statistics.median(now.milliseconds) / statistics.median(before.milliseconds)
    return times * 10 / (now.rows / before.rows)


def _points(one: Running, rounds: int) -> list[Point]:
    bodies = [operations.growth(messages, cite=cite) for messages, cite in SIZES]
    address = urlsplit(one.url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=START_TIMEOUT)
    try:
        answers = [_ask(connection, address.path, body) for body in bodies]
        times: list[list[float]] = [[] for _ in bodies]
        for number in range(rounds):
            order = list(enumerate(bodies))
            for place, body in order if number % 2 == 0 else reversed(order):
                times[place].append(statistics.median(_timed(connection, address.path, body) for _ in range(REPEATED)))
    finally:
        connection.close()
    return [Point(_rows(answer), len(answer), taken) for answer, taken in zip(answers, times, strict=True)]


def _timed(connection: http.client.HTTPConnection, path: str, body: bytes) -> float:
    begun = time.perf_counter()
    _ask(connection, path, body)
    return (time.perf_counter() - begun) * 1e3


def _ask(connection: http.client.HTTPConnection, path: str, body: bytes) -> bytes:
    connection.request("POST", path, body, {"content-type": "application/json", "accept": "application/json"})
    response = connection.getresponse()
    answer = response.read()
    if response.status != 200:
        raise BenchmarkFailed(f"the answer has status {response.status}: {answer[:500]!r}")
    return answer


def _rows(answer: bytes) -> int:
    found = json.loads(answer)
    if "errors" in found:
        raise BenchmarkFailed(f"the answer has errors: {str(found['errors'])[:500]}")
    conversations = found["data"]["conversations"]["nodes"]
    messages = [message for one in conversations for message in one["messages"]["nodes"]]
    return len(conversations) + len(messages) + sum(len(message.get("citations", ())) for message in messages)
