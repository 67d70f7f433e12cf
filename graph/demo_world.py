"""The demo conversations, put into an empty database."""

import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any

from db import conversations
from db.database import Database
from db.errors import ColloquyError
from db.interchange.formats import FORMATS
from db.interchange.importer import Importer
from db.interchange.records import open_source
from db.viewer import DEFAULT_VIEWER, Asker
from graph.demo import demo_files


class DemoRefused(ColloquyError):
    """A demo file did not come in whole: a fault of this version, or of the files."""


async def fill_with_demo(database: Database, say: Callable[[str], None]) -> None:
    """Import the demo conversations where there are no conversations at all, and say in a line what was done.

    All of them or none: who interrupts the first start finds an empty database at the second. Raises DemoRefused.
    """
    async with database.read(viewer=DEFAULT_VIEWER) as connection:
        there = await conversations.count(connection, viewer=DEFAULT_VIEWER)
        there += await conversations.count(connection, deleted=True, viewer=DEFAULT_VIEWER)
    if there:
        say("There are conversations already: the demo is left out.")
        return
    async with database.write(viewer=DEFAULT_VIEWER) as connection:
        importer = Importer(_WithinOneTransaction(database, connection), viewer=DEFAULT_VIEWER)
        for name, path in demo_files():
            with open_source(path) as source:
                source.name = path.name  # where this package is installed is of no interest
                await importer.file(source, FORMATS[name])
        report = await importer.finish()
        if report.refusals:
            raise DemoRefused(f"The demo cannot be imported: {report.refusals[0]}")
    say(f"Filled with {report.tally['conversations', 'new']} demo conversations.")


class _WithinOneTransaction(Database):
    """A database whose writes are parts of one transaction: each can be undone alone, all are committed together."""

    def __init__(self, database: Database, connection: Any) -> None:
        super().__init__(database.url, database.reader, database.writer, None)
        self._connection = connection

    @contextlib.asynccontextmanager
    async def write(self, *, viewer: Asker) -> AsyncIterator[Any]:
        """A savepoint: leaving the block keeps what was written, an exception undoes it."""
        del viewer  # the transaction has its own
        async with self._connection.begin_nested():
            yield self._connection

    async def transact(self, work: Any, *, viewer: Asker) -> Any:
        """The same for some work."""
        async with self.write(viewer=viewer) as connection:
            return await work(connection)
