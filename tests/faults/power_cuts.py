"""Power cuts, simulated: a process writes, its log of writes is replayed up to some point, and the rest may be lost."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import closing
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from db import migrations
from db.database import Database, database_url
from tests.e2e.command import environment
from tests.faults.deeds import Client
from tests.faults.disk import Disk, library, records, variables
from tests.faults.model import Looker, World, differences
from tests.faults.nursery import ROOT

WRITES = 150
"""Writes of one process; with as many, SQLite copies its log into the database a few times."""

CUTS = 150
"""Cuts at points of one process's log."""

SECONDS = 300
"""How long the process that writes may take."""


@dataclass
class Tally:
    """What was seen."""

    cuts: int = 0
    lost: int = 0
    """Cuts after which an acknowledged write was not there."""
    ahead: int = 0
    """Cuts after which a write was there that had not been acknowledged."""
    writes: list[int] = field(default_factory=list)
    """For each cut: how many writes had been acknowledged before it."""

    def __str__(self) -> str:
        spread = f"{min(self.writes)} to {max(self.writes)}" if self.writes else "no"
        return (
            f"{self.cuts} cuts after {spread} acknowledged writes: {self.lost} lost some, "
            f"{self.ahead} had one more than was acknowledged"
        )


async def run(
    number: int, *, synchronous: str = "FULL", seed: int = 1, say: Callable[[str], None] = lambda _: None
) -> Tally:
    """Cut the power so often. Raises AssertionError where a database is broken, or has a write by half."""
    tally = Tally()
    with tempfile.TemporaryDirectory(prefix="colloquy-power-") as name:
        folder = Path(name)
        logger = library(folder)
        while tally.cuts < number:
            some = min(CUTS, number - tally.cuts)
            with tempfile.TemporaryDirectory(dir=folder) as own:
                await _cuts(Path(own), logger, some, synchronous, seed, tally)
            seed += 1
            say(str(tally))
    return tally


async def _cuts(folder: Path, logger: Path, number: int, synchronous: str, seed: int, tally: Tally) -> None:
    path, log = _real(folder) / "data" / "colloquy.db", folder / "log"
    path.parent.mkdir()
    (folder / "look").mkdir()
    database = Database.open(database_url(str(path)))
    await migrations.upgrade(database)
    await database.close()
    before = {str(path): path.read_bytes()}
    assert not path.with_name("colloquy.db-wal").exists(), "an orderly end leaves all in the database"
    _write(path, log, logger, seed, synchronous)
    done = list(records(log))
    first = next(index for index, record in enumerate(done) if record.data == b"1\n")
    chance = Random(seed)
    points = sorted(chance.choices(range(first, len(done)), k=number))
    worlds = _worlds(seed)
    disk, at = Disk(before), 0
    place = folder / "look"
    looker = Looker(str(place / path.name))
    try:
        for point in points:
            while at <= point:
                disk.do(done[at])
                at += 1
            for name, content in disk.cut(chance).items():
                (place / Path(name).name).write_bytes(content)
            await _look(place / path.name, looker, disk.acknowledged, worlds, tally)
            for name in (path.name, f"{path.name}-wal", f"{path.name}-shm"):
                (place / name).unlink(missing_ok=True)
    finally:
        await looker.close()


def _real(folder: Path) -> Path:
    """The folder as SQLite names it when it opens a file."""
    return folder.resolve()


def _write(path: Path, log: Path, logger: Path, seed: int, synchronous: str) -> None:
    """Let a process do its writes."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults.acknowledging", str(path), str(seed), str(WRITES), synchronous],
        cwd=ROOT,
        env={**environment({}), **variables(log, path, logger)},
        stdout=subprocess.PIPE,
        timeout=SECONDS,
        check=True,
    )
    assert done.stdout.split()[-1] == b"%d" % WRITES


def _worlds(seed: int) -> list[World]:
    """What is to be there after none of the writes, the first one, the first two, ..."""
    client, worlds = Client(seed), [World()]
    for _ in range(WRITES):
        client.done(client.next())
        worlds.append(deepcopy(client.world))
    return worlds


async def _look(path: Path, looker: Looker, acknowledged: int, worlds: list[World], tally: Tally) -> None:
    """Open what a cut has left, and compare it with what was acknowledged."""
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    keys, found = await looker.look()
    assert not (wrong := list(differences(worlds[len(keys)], found))), "\n".join(wrong)
    tally.cuts += 1
    tally.lost += len(keys) < acknowledged
    tally.ahead += len(keys) > acknowledged
    tally.writes.append(acknowledged)
