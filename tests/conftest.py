"""What all tests share: databases to work on, and the skips for what the machine lacks."""

import gc
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import event
from xdist.workermanage import WorkerController

from db import migrations
from db.database import Database, database_url
from tests import postgres
from tests.fetching import Fetch, fetching


def pytest_configure(config: pytest.Config) -> None:
    """Start the one PostgreSQL server that all workers share, when the first of them asks for it."""
    postgres.configure(config)


def pytest_configure_node(node: WorkerController) -> None:
    """Tell a worker where the server is."""
    node.workerinput["postgres"] = postgres.url()
    node.workerinput["programs"] = str(postgres.program("pg_dump").parent)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the server."""
    postgres.unconfigure(config)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip, with one line each, what needs a program that this machine lacks."""
    missing = {
        "node": None if shutil.which("npm") else "Node.js and npm are not on this machine",
        "browser": None if shutil.which("chromium") else "Chromium is not on this machine",
    }
    for item in items:
        for mark, reason in missing.items():
            if reason and item.get_closest_marker(mark):
                item.add_marker(pytest.mark.skip(reason=reason))


def pytest_collection_finish() -> None:
    """Let the garbage collector pass over all that was imported and collected: it stays until the end.

    There are some millions of objects, and each look for circles among the old ones would go through them.
    """
    gc.collect()
    gc.freeze()


@pytest.fixture(params=["sqlite", "postgresql"])
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    """A fresh database with all tables, on each of the two kinds."""
    async with fresh_database(request.param, tmp_path) as database:
        yield database


class fresh_database:  # noqa: N801 - used like a function
    """A database with all tables, which is gone when the block is left."""

    def __init__(self, kind: str, folder: Path) -> None:
        self.kind = kind
        self.folder = folder

    async def __aenter__(self) -> Database:
        if self.kind == "sqlite":
            path = self.folder / "colloquy.db"
            if not path.exists():
                shutil.copyfile(await _migrated(), path)
            self.database = Database.open(database_url(str(path)))
        else:
            self.name = await postgres.create_database()
            self.database = Database.open(database_url(postgres.url(self.name)))
        return self.database

    async def __aexit__(self, *_: object) -> None:
        await self.database.close()
        if self.kind == "postgresql":
            await postgres.drop_database(self.name)


_TEMPLATE = tempfile.TemporaryDirectory(prefix="colloquy-template-")


async def _migrated() -> Path:
    """A SQLite file with all tables, made once in a process: a copy of it is there at once."""
    path = Path(_TEMPLATE.name) / "template.db"
    if not path.exists():
        made = Database.open(database_url(str(path)))
        await migrations.upgrade(made)
        await made.close()
    return path


@pytest.fixture
def statements(database: Database) -> Iterator[list[str]]:
    """The SQL statements that the database was given since the list was last cleared, without those of transactions."""
    with recorded(database) as texts:
        yield texts


@contextmanager
def recorded(database: Database) -> Iterator[list[str]]:
    """A list that fills with the SQL statements of all connections, the prepared ones among them.

    A statement for many rows is one.
    """
    del database  # of whichever: no test has two at work at a time
    texts: list[str] = []
    within = ContextVar("within", default=False)

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        is_one = statement.split(maxsplit=1)[0].upper() not in {"BEGIN", "COMMIT", "ROLLBACK", "PRAGMA"}
        if is_one and not within.get():
            texts.append(statement)

    def noting(fetch: Fetch) -> Fetch:
        async def noted(connection: Any, text: str, parameters: Sequence[Any]) -> Sequence[Any]:
            texts.append(text)
            token = within.set(True)  # the driver's own way is one of two that it takes
            try:
                return await fetch(connection, text, parameters)
            finally:
                within.reset(token)

        return noted

    event.listen(sa.Engine, "before_cursor_execute", note)
    try:
        with fetching(noting):
            yield texts
    finally:
        event.remove(sa.Engine, "before_cursor_execute", note)
