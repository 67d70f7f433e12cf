"""Many requests of mixed operations, a fifth of them texts that never came before: the server's memory may not grow."""

import http.client
import json
import random
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

from bench import facts, lineup, operations
from bench.servers import START_TIMEOUT, BenchmarkFailed, Running
from bench.worlds import Worlds

SETTLED: Final = 0.1
"""The share of the requests after which the server should have all that it keeps."""

CONNECTIONS: Final = 4
NEW: Final = 5
"""Every fifth request has a text that never came before."""

_FIELDS: Final = ("id", "title", "preview", "createdAt", "lastActivityAt", "messageCount", "tags", "version", "type")


@dataclass(frozen=True, slots=True)
class Soaked:
    """What the server held, in bytes."""

    requests: int
    settled: int
    """After the first tenth of the requests."""
    end: int

    @property
    def growth(self) -> int:
        """By how much it grew in between."""
        return self.end - self.settled


def measure(database: str, requests: int, worlds: Worlds, folder: Path, say: Callable[[str], None]) -> Soaked:
    """Send that many requests. Raises BenchmarkFailed where an answer has errors."""
    place = worlds.place(database, "inbox")
    bodies = mixed(place.middle, requests)
    first = int(requests * SETTLED)
    begun = time.monotonic()
    with Running(lineup.colloquy(place.url), folder) as one:
        _send(one.url, bodies, first)
        settled = facts.resident(one.process)
        _send(one.url, bodies, requests - first)
        found = Soaked(requests, settled, facts.resident(one.process))
    say(
        f"### soak, {database}\n\n{requests:,} requests in {time.monotonic() - begun:.0f} s: {settled / 2**20:.1f} MiB "
        f"after the first {first:,}, {found.end / 2**20:.1f} MiB at the end, {found.growth / 2**20:+.1f} MiB\n"
    )
    return found


def mixed(conversation: UUID, requests: int, seed: int = 11) -> Iterator[bytes]:
    """The bodies of that many requests, the same ones for the same numbers."""
    chance = random.Random(seed)
    for number in range(requests):
        if number % NEW == 0:
            yield _new(chance, number)
        else:
            yield chance.choice(
                (
                    operations.small(conversation),
                    operations.typename(),
                    operations.inbox(first=chance.randint(1, 4), messages=chance.randint(1, 5)),
                    operations.deep(conversation, messages=chance.randint(1, 3), references=chance.randint(1, 3)),
                )
            )


def _new(chance: random.Random, number: int) -> bytes:
    """A query under a name and with a selection of its own."""
    chosen = chance.sample(_FIELDS, chance.randint(1, len(_FIELDS)))
    fields = " ".join(f"{name}{number}: {name}" for name in chosen)
    document = (
        f"query New{number} {{ conversations(first: {chance.randint(1, 3)}) "
        f"{{ nodes {{ {fields} messages(first: {chance.randint(1, 3)}) {{ nodes {{ id content }} }} }} }} }}"
    )
    return json.dumps({"query": document}).encode()


def _send(url: str, bodies: Iterator[bytes], count: int) -> None:
    """Send the next `count` bodies over a few connections."""
    lock, failures = threading.Lock(), list[str]()
    left = count

    def take() -> bytes | None:
        nonlocal left
        with lock:
            if not left or failures:
                return None
            left -= 1
            return next(bodies)

    def client() -> None:
        address = urlsplit(url)
        connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=START_TIMEOUT)
        try:
            while (body := take()) is not None:
                connection.request("POST", address.path, body, {"content-type": "application/json"})
                response = connection.getresponse()
                answer = response.read()
                if response.status != 200 or "errors" in json.loads(answer):
                    failures.append(f"{response.status} {answer[:500]!r} to {body[:500]!r}")
        except OSError as error:
            failures.append(f"a connection broke: {error}")
        finally:
            connection.close()

    threads = [threading.Thread(target=client) for _ in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise BenchmarkFailed(f"the server failed under the load: {failures[0]}")
