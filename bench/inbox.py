"""The inbox over HTTP: `colloquy serve` against a hand-written handler, on the same database, in alternating rounds."""

import asyncio
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from bench import data, facts, operations, servers
from bench.load import Measured, load
from bench.servers import BenchmarkFailed, Peer, Running
from db import migrations
from db.database import Database, database_url

FLOOR = "floor"
"""The name of the peer that the others are compared with."""


_COLLOQUY = "from graph.cli import main; main()"
"""What the command `colloquy` does, also where it isn't installed."""


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line decides."""

    messages: int = 100_000
    rounds: int = 3
    seconds: float = 2.0
    connections: tuple[int, ...] = (1, 8)
    databases: tuple[str, ...] = ("sqlite", "postgresql")


def peers(database: str) -> list[Peer]:
    """The servers that are compared on this database; one more is one line more."""
    return [Peer(FLOOR, [sys.executable, "-m", "bench.floor", database, "--port", "{port}"]), colloquy(database)]


def colloquy(database: str) -> Peer:
    """The server itself; without the explorer, whose building is no part of serving."""
    return Peer(
        "colloquy",
        [sys.executable, "-c", _COLLOQUY, "serve", "--database", database, "--port", "{port}"],
        environment={"COLLOQUY_EXPLORER": "false"},
    )


def run(options: Options, say: Callable[[str], None] = print) -> None:
    """Fill the databases, compare the answers, measure, and say it all in Markdown.

    Raises BenchmarkFailed where the peers do not give the same answers.
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="colloquy-bench-")))
        postgres = stack.enter_context(servers.postgres()) if "postgresql" in options.databases else None
        say(f"# Inbox\n\n{facts.machine(*([postgres.facts()] if postgres else []))}\n")
        for kind in options.databases:
            url = str(folder / "inbox.db") if postgres is None or kind == "sqlite" else postgres.create("inbox")
            begun = time.monotonic()
            middle = asyncio.run(_filled(url, options.messages))
            if postgres is not None and kind == "postgresql":
                # What autovacuum does a minute after such a load: it would fall into some round or other.
                postgres.execute("VACUUM ANALYZE", "CHECKPOINT", database="inbox")
            say(f"## {kind}\n\n{options.messages:,} messages, written in {time.monotonic() - begun:.1f} s\n")
            _compare(kind, url, middle, options, folder, say)


async def _filled(url: str, messages: int) -> UUID:
    database = Database.open(database_url(url), purpose="bench inbox")
    try:
        await migrations.upgrade(database)
        return await data.fill(database, messages=messages)
    finally:
        await database.close()


def _compare(kind: str, url: str, middle: UUID, options: Options, folder: Path, say: Callable[[str], None]) -> None:
    bodies = {"inbox": operations.inbox(), "small": operations.small(middle)}
    with ExitStack() as stack:
        running = [stack.enter_context(Running(peer, folder)) for peer in peers(url)]
        for name, body in bodies.items():
            same_answers(running, body)
            file = folder / f"{name}.json"
            file.write_bytes(body)
            for connections in options.connections:
                measured = rounds(running, file, connections, options)
                say(f"### {name}, {kind}, {connections} connection{'s' * (connections > 1)}\n")
                say(_table(measured) + "\n")
        memory = ", ".join(
            f"{one.peer.name} {facts.resident(one.process, peak=True) / 2**20:.0f} MiB" for one in running
        )
        say(f"Peak memory of the servers: {memory}\n")


def same_answers(running: Sequence[Running], body: bytes) -> None:
    """Check that all peers answer the same JSON, to the last value; the order of keys is free.

    Raises BenchmarkFailed, with the first difference.
    """
    answers = {one.peer.name: json.loads(servers.post(one.url, body)) for one in running}
    expected = answers[FLOOR]
    for name, answer in answers.items():
        if place := difference(expected, answer):
            raise BenchmarkFailed(f"{name} answers otherwise than {FLOOR}: {place}")
    if not expected["data"] or not all(expected["data"].values()):
        raise BenchmarkFailed(f"the answer is empty: {str(expected)[:500]}")


def difference(expected: object, given: object, path: str = "$") -> str:
    """Where two JSON values first differ, and how; empty where they are equal."""
    if isinstance(expected, dict) and isinstance(given, dict) and expected.keys() == given.keys():
        return next(
            (found for key in expected if (found := difference(expected[key], given[key], f"{path}.{key}"))), ""
        )
    if isinstance(expected, list) and isinstance(given, list) and len(expected) == len(given):
        pairs = enumerate(zip(expected, given, strict=True))
        return next((found for place, (one, two) in pairs if (found := difference(one, two, f"{path}[{place}]"))), "")
    if type(expected) is type(given) and expected == given:
        return ""
    return f"{path} is {str(given)[:300]} instead of {str(expected)[:300]}"


def rounds(running: Sequence[Running], body: Path, connections: int, options: Options) -> dict[str, list[Measured]]:
    """Measure each peer in each round, the order of the peers turning round with every round."""
    measured: dict[str, list[Measured]] = {one.peer.name: [] for one in running}
    for number in range(options.rounds):
        for one in running if number % 2 == 0 else reversed(running):
            measured[one.peer.name].append(load(one.url, body, connections=connections, seconds=options.seconds))
    return measured


def _table(measured: dict[str, list[Measured]]) -> str:
    floors = measured[FLOOR]
    rows = []
    for name, results in measured.items():
        ratios = [one.per_second / floor.per_second for one, floor in zip(results, floors, strict=True)]
        rows.append(
            [
                name,
                facts.spread((one.per_second for one in results), 1 if statistics.median(ratios) < 0.5 else 0),
                facts.spread((one.p50 for one in results), 2),
                facts.spread((one.p99 for one in results), 2),
                f"{results[0].bytes:,}",
                facts.spread(ratios, 3),
            ]
        )
    return facts.table(["server", "requests/s", "p50 ms", "p99 ms", "bytes", f"ratio to {FLOOR}"], rows)
