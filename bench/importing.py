"""An import of 100,000 messages, against the bare driver that writes the same rows into the same tables."""

import asyncio
import json
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from bench import facts, mtrag, servers
from bench.servers import Postgres
from db import migrations
from db.database import Database, database_url

TIMEOUT = 600.0
"""Seconds that one import, or one floor, may take."""


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line decides."""

    messages: int = 100_000
    rounds: int = 3
    databases: tuple[str, ...] = ("sqlite", "postgresql")
    profile: bool = False


@dataclass(frozen=True, slots=True)
class Round:
    """One import and its floor; seconds and bytes."""

    command: float
    """The whole process, its start and its imports of modules included."""
    importing: float
    floor: float
    rows: int
    peak: int


def run(options: Options, say: Callable[[str], None] = print) -> None:
    """Write the file, import it and write its rows again, and say it all in Markdown."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="colloquy-bench-")))
        postgres = stack.enter_context(servers.postgres()) if "postgresql" in options.databases else None
        say(f"# Import\n\n{facts.machine(*([postgres.facts()] if postgres else []))}")
        file = folder / "mtrag.jsonl"
        source, conversations, messages = mtrag.write(file, messages=options.messages)
        size = file.stat().st_size
        say(
            f"- the file: {source}, repeated to {conversations:,} conversations with {messages:,} messages, "
            f"{size / 2**20:,.0f} MiB\n"
        )
        rows = []
        for kind in options.databases:
            measured = [_round(kind, file, folder, postgres, profile=options.profile) for _ in range(options.rounds)]
            rows.append(
                [
                    kind,
                    facts.spread((one.importing for one in measured), 1),
                    facts.spread((one.command for one in measured), 1),
                    facts.spread(messages / one.importing for one in measured),
                    f"{measured[0].rows:,}",
                    facts.spread((one.floor for one in measured), 1),
                    facts.spread((one.importing / one.floor for one in measured), 2),
                    facts.spread(one.peak / 2**20 for one in measured),
                ]
            )
        header = ["database", "import s", "whole command s", "messages/s", "rows", "executemany s", "ratio", "peak MiB"]
        say(facts.table(header, rows))


def _round(kind: str, file: Path, folder: Path, postgres: Postgres | None, *, profile: bool) -> Round:
    if postgres is not None and kind == "postgresql":
        source, target = postgres.create("imported"), postgres.create("written")
    else:
        source, target = str(folder / "imported.db"), str(folder / "written.db")
    try:
        for url in (source, target):
            asyncio.run(migrated(url))
        begun = time.monotonic()
        flags = ["--profile"] if profile else []
        imported = json.loads(servers.run("bench.importer", source, str(file), *flags, timeout=TIMEOUT))
        command = time.monotonic() - begun
        if postgres is not None and kind == "postgresql":
            # Else the checkpoint of what the import wrote would fall into the floor's time.
            postgres.execute("CHECKPOINT")
        written = json.loads(servers.run("bench.executemany", source, target, timeout=TIMEOUT))
    finally:
        if postgres is not None and kind == "postgresql":
            postgres.drop("imported")
            postgres.drop("written")
            postgres.execute("CHECKPOINT")
        else:
            for path in (*folder.glob("imported.db*"), *folder.glob("written.db*")):
                path.unlink()
    return Round(command, imported["seconds"], written["seconds"], written["rows"], imported["peak"])


async def migrated(url: str) -> None:
    """Make the tables in an empty database."""
    database = Database.open(database_url(url), purpose="bench import")
    try:
        await migrations.upgrade(database)
    finally:
        await database.close()
