"""Writing over HTTP: `colloquy serve` against a hand-written handler, each on a database of its own, in turns."""

import asyncio
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from bench import data, facts, operations, servers
from bench.answers import difference
from bench.lineup import FLOOR, colloquy
from bench.load import FRESH, Measured, load, load_in_turns
from bench.servers import BenchmarkFailed, Peer, Running
from bench.write_rows import uuid_of
from db import migrations
from db.database import Database, database_url
from db.record import UtcDateTime
from db.tables import metadata
from db.viewer import PROGRAM

TALKS: Final = 100
"""Conversations that messages are added to; each connection has one for itself."""

TURNS: Final = 10
"""Parts of a round: after each the other server is loaded, so that what else the machine does hits both."""

HEAD_START: Final = 1.0
"""Seconds that the writers begin before the readers, and that they go on after them."""

_LINKS: Final = ("id", "conversation_id", "parent_id", "current_message_id", "last_message_id")


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line decides."""

    rounds: int = 5
    seconds: float = 2.0
    connections: tuple[int, ...] = (1, 8, 32)
    databases: tuple[str, ...] = ("sqlite", "postgresql")
    messages: int = 20_000
    """Messages that there are for the readers."""
    warm_up: float = 0.5
    """Seconds before a measurement."""
    readers: int = 8
    writers: int = 8


@dataclass(frozen=True, slots=True)
class _Round:
    """One measurement of one server."""

    load: Measured
    processor: float
    """Milliseconds of the server's processor time a request."""


def run(options: Options, say: Callable[[str], None] = print) -> None:
    """Measure writes, and reads beside writes, and say it all in Markdown.

    Raises BenchmarkFailed where the peers do not write the same rows.
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="colloquy-bench-")))
        postgres = stack.enter_context(servers.postgres()) if "postgresql" in options.databases else None
        say(f"# Write\n\n{facts.machine(*([postgres.facts()] if postgres else []))}\n")
        rows = []
        for kind in options.databases:
            urls = {
                name: str(folder / f"{name}.db") if postgres is None or kind == "sqlite" else postgres.create(name)
                for name in (FLOOR, "colloquy")
            }
            rows += _writes(kind, urls, options, folder)
        header = [
            "operation, database",
            "clients",
            "colloquy req/s",
            "p50 ms",
            "p99 ms",
            "floor req/s",
            "floor / colloquy",
            "CPU ms, both",
        ]
        say(facts.table(header, rows) + "\n")
        if "sqlite" in options.databases:
            say(_beside(str(folder / "beside.db"), options, folder) + "\n")


def _writes(kind: str, urls: dict[str, str], options: Options, folder: Path) -> list[list[str]]:
    """A row of the table for each operation and number of clients."""
    for url in urls.values():  # the same conversations in each
        talks = asyncio.run(_filled(url, TALKS * data.INBOX.messages))
    operation = {
        "addMessages": [operations.add(talk) for talk in talks],
        "addMessages with a key": [operations.send(talk) for talk in talks],
        "logConversation, 100 messages": [operations.log()],
    }
    peers = [Peer(FLOOR, [sys.executable, "-m", "bench.write_floor", urls[FLOOR], "--port", "{port}"])]
    peers.append(colloquy(urls["colloquy"]))
    rows = []
    with ExitStack() as stack:
        running = [stack.enter_context(Running(peer, folder)) for peer in peers]
        for name, bodies in operation.items():
            same_rows(running, urls, bodies[-1])
            file = folder / "bodies.jsonl"
            file.write_bytes(b"\n".join(bodies))
            for connections in options.connections:
                measured = _rounds(running, file, connections, options)
                rows.append([f"{name}, {kind}", str(connections), *_cells(measured)])
    return rows


def _rounds(running: Sequence[Running], bodies: Path, connections: int, options: Options) -> dict[str, list[_Round]]:
    """Measure the peers in each round, by turns within it."""
    measured: dict[str, list[_Round]] = {one.peer.name: [] for one in running}
    for _ in range(options.rounds):
        before = [facts.processor_seconds(one.process) for one in running]
        found = load_in_turns(
            [one.url for one in running],
            bodies,
            connections=connections,
            seconds=options.seconds,
            turns=TURNS,
            warm_up=options.warm_up,
        )
        for one, seconds, load_ in zip(running, before, found, strict=True):
            spent = facts.processor_seconds(one.process) - seconds
            measured[one.peer.name].append(_Round(load_, 1000 * spent / (load_.requests + load_.warming)))
    return measured


def _cells(measured: dict[str, list[_Round]]) -> list[str]:
    own, floors = ([each.load for each in measured[name]] for name in ("colloquy", FLOOR))
    ratios = [floor.per_second / one.per_second for one, floor in zip(own, floors, strict=True)]
    spent = [statistics.median(each.processor for each in measured[name]) for name in ("colloquy", FLOOR)]
    return [
        facts.spread(one.per_second for one in own),
        f"{statistics.median(one.p50 for one in own):.2f}",
        f"{statistics.median(one.p99 for one in own):.2f}",
        facts.spread(one.per_second for one in floors),
        facts.spread(ratios, 2),
        " / ".join(f"{each:.2f}" for each in spent),
    ]


async def _filled(url: str, messages: int) -> list[UUID]:
    """Fill a fresh database; gives the ids of its conversations."""
    database = Database.open(database_url(url), purpose="bench write")
    try:
        await migrations.upgrade(database)
        await data.fill(database, messages=messages)
        rows = metadata.tables["conversations"]
        async with database.read(viewer=PROGRAM) as connection:
            return list((await connection.execute(sa.select(rows.c.id).order_by(rows.c.id))).scalars())
    finally:
        await database.close()


def same_rows(running: Sequence[Running], urls: dict[str, str], body: bytes) -> None:
    """Check that all peers write the same into their databases; ids and times are their own.

    Raises BenchmarkFailed, with the first difference.
    """
    fresh = body.replace(FRESH, b"01890000-0000-7000-8000-000000000001")
    written = {}
    for one in running:
        answer = json.loads(servers.post(one.url, fresh))
        if answer.get("errors") or any(payload["userErrors"] for payload in answer["data"].values()):
            raise BenchmarkFailed(f"{one.peer.name} refuses the write: {str(answer)[:1000]}")
        written[one.peer.name] = asyncio.run(_written(urls[one.peer.name], answer["data"]))
    expected = written[FLOOR]
    for name, rows in written.items():
        if place := difference(expected, rows):
            raise BenchmarkFailed(f"{name} writes otherwise than {FLOOR}: {place}")


async def _written(url: str, answer: dict[str, Any]) -> dict[str, Any]:
    """The conversation that was written into and its messages, with numbers for ids and without times."""
    talks, messages = metadata.tables["conversations"], metadata.tables["messages"]
    (payload,) = answer.values()
    database = Database.open(database_url(url), reads_only=True)
    try:
        async with database.read(viewer=PROGRAM) as connection:
            if "conversation" in payload:
                talk_id = uuid_of(payload["conversation"]["id"])
            else:
                message_id = uuid_of(payload["messages"][0]["id"])
                found = sa.select(messages.c.conversation_id).where(messages.c.id == message_id)
                talk_id = (await connection.execute(found)).scalar_one()
            of_talk = sa.select(talks).where(talks.c.id == talk_id)
            of_messages = sa.select(messages).where(messages.c.conversation_id == talk_id).order_by(messages.c.sequence)
            talk = (await connection.execute(of_talk)).mappings().one()
            below = (await connection.execute(of_messages)).mappings().all()
    finally:
        await database.close()
    numbers: dict[Any, int | None] = {row["id"]: number for number, row in enumerate([talk, *below])}
    numbers[None] = None

    def told(table: sa.Table, row: Any) -> dict[str, Any]:
        values = {}
        for column in table.columns:
            if column.computed is None and not isinstance(column.type, UtcDateTime):
                value = row[column.name]
                values[column.name] = numbers[value] if column.name in _LINKS else value
        return values

    return {"conversation": told(talks, talk), "messages": [told(messages, row) for row in below]}


def _beside(url: str, options: Options, folder: Path) -> str:
    """How much readers of the inbox lose while others write into the same SQLite database."""
    talks = asyncio.run(_filled(url, options.messages))[: options.writers]
    reads, writes = folder / "reads.jsonl", folder / "writes.jsonl"
    reads.write_bytes(operations.inbox())
    writes.write_bytes(b"\n".join(operations.send(talk) for talk in talks))
    alone: list[Measured] = []
    beside: list[Measured] = []
    written: list[Measured] = []
    with Running(colloquy(url), folder) as server, ThreadPoolExecutor(1) as other:
        for _ in range(options.rounds):
            alone.append(_read(server, reads, options))
            writing = other.submit(
                load,
                server.url,
                writes,
                connections=options.writers,
                seconds=options.seconds + options.warm_up + 2 * HEAD_START,
            )
            time.sleep(HEAD_START)
            beside.append(_read(server, reads, options))
            written.append(writing.result())
    kept = [two.per_second / one.per_second for one, two in zip(alone, beside, strict=True)]
    header = ["inbox, sqlite", "requests/s", "p50 ms", "p99 ms", "share kept"]
    rows = [
        [f"{options.readers} readers alone", *_latency(alone), ""],
        [f"{options.readers} readers beside {options.writers} writers", *_latency(beside), facts.spread(kept, 2)],
        [f"the {options.writers} writers", *_latency(written), ""],
    ]
    return facts.table(header, rows)


def _read(server: Running, reads: Path, options: Options) -> Measured:
    return load(
        server.url, reads, connections=options.readers, seconds=options.seconds, warm_up=options.warm_up, any_size=True
    )


def _latency(measured: Sequence[Measured]) -> list[str]:
    return [
        facts.spread((one.per_second for one in measured), 1),
        f"{statistics.median(one.p50 for one in measured):.2f}",
        f"{statistics.median(one.p99 for one in measured):.2f}",
    ]
