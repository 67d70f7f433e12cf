"""Databases that are filled once and then only read: a world of each kind, shared by all workers of a run."""

import asyncio
import contextlib
import fcntl
import json
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from sqlalchemy.engine.url import URL

from db.database import Database, database_url
from graph.importing import run_import
from graph.settings import Settings
from tests import postgres
from tests.conftest import fresh_database

SHARED = Path(__file__).parents[3] / "shared"
"""The folder of samples, which may lie beside this repository."""

KINDS = ("sqlite", "postgresql")

Fill = Callable[[Database], Awaitable[Any]]
"""Fills a fresh database, and gives what tests should know of that, in terms of JSON."""


@dataclass(frozen=True, slots=True)
class World:
    """A filled database that nobody has open."""

    url: URL
    told: Any
    """What filling it gave."""

    @contextlib.asynccontextmanager
    async def opened(self) -> AsyncIterator[Database]:
        """The database, to be read."""
        database = Database.open(self.url)
        try:
            yield database
        finally:
            await database.close()


def world(name: str, fill: Fill, request: pytest.FixtureRequest, factory: pytest.TempPathFactory) -> World:
    """The world of that name, of the kind that is the fixture's parameter.

    The worker that comes first fills it. It is not dropped: it goes with the run's folder, or with the run's server.
    """
    kind: str = request.param
    own = factory.getbasetemp()
    worker = getattr(request.config, "workerinput", None)
    folder = (own if worker is None else own.parent) / "worlds" / name
    folder.mkdir(parents=True, exist_ok=True)
    if kind == "postgresql":
        postgres.url()  # the server starts here, not in the thread below
    note = folder / f"{kind}.json"
    with (folder / f"{kind}.held").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        if not note.exists():
            # In a thread of its own: a fixture that asks first may have a running loop already.
            with ThreadPoolExecutor(1) as thread:
                note.write_text(json.dumps(thread.submit(asyncio.run, _filled(kind, folder, fill)).result()))
        place, told = json.loads(note.read_text())
        if kind == "sqlite" and worker is not None:
            # One process opens a SQLite file at a time.
            place = str(shutil.copy(place, own / f"{name}.db"))
    return World(database_url(place if kind == "sqlite" else postgres.url(place)), told)


async def _filled(kind: str, folder: Path, fill: Fill) -> tuple[str, Any]:
    """The file, or the name of the database on the server, and what filling it gave."""
    fresh = fresh_database(kind, folder)
    database = await fresh.__aenter__()
    try:
        told = await fill(database)
    except BaseException:
        await fresh.__aexit__()
        raise
    await database.close()
    return (str(database.path) if kind == "sqlite" else fresh.name), told


async def imported(database: Database, paths: Iterable[Path]) -> tuple[int, str]:
    """Import as the command does: the exit code, and what it prints."""
    said = StringIO()
    console = Console(file=said, highlight=False, soft_wrap=True)
    code = await run_import(database, [str(path) for path in paths], settings=Settings(), console=console)
    return code, said.getvalue()
