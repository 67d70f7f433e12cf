"""The native format, `colloquy`: JSON Lines with all that there is, written and read without loss.

First come the lines of what conversations refer to and share (imports, tools, assistants, sources), each once, then the
conversations, one a line with everything in it, all by their ids. What a line holds stands in docs/colloquy-format.md.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Collection, Sequence
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from db.database import Database
from db.filters import Where
from db.interchange.colloquy_choice import Choice
from db.interchange.colloquy_kinds import CONVERSATION, SHARED, Kind
from db.interchange.colloquy_lines import fits, line_of
from db.interchange.colloquy_rows import CHUNK_CONVERSATIONS, conversations, rows_where, shared_nodes
from db.interchange.streaming import snapshot
from db.interchange.writes import CONVERSATIONS
from db.viewer import Viewer
from db.words import OriginSystem

_PAGE: Final = 500
"""Imports, tools, assistants or sources that are read together."""


class Colloquy:
    """The format as `colloquy import` tells it from others; NativeImporter reads it."""

    name = "colloquy"
    system = OriginSystem.COLLOQUY
    title = "Colloquy"
    array_keys: Sequence[str] = ()
    whole_file = False

    def fits(self, record: object) -> bool:
        """Whether a parsed record is a line of this format."""
        return fits(record)


FORMAT: Final = Colloquy()


async def export_lines(
    database: Database,
    *,
    viewer: Viewer,
    ids: Collection[UUID] | None = None,
    where: Where | None = None,
    include_deleted: bool = False,
    progress: Callable[[int], None] = lambda _done: None,
) -> AsyncGenerator[bytes, None]:
    """The lines of the workspace as it is at one moment, or of the conversations of these ids that meet the filter.

    Everything is written, with sources and the like that nothing refers to; of some conversations, only what these
    refer to. Deleted conversations come along where asked for. `progress` is told how many conversations were
    written, after each piece.

    Memory does not grow with the data: nothing is remembered of what was written but the last id. What is held is a
    page of 500 shared rows, or conversations of up to 1,000 messages together; one with more is held alone.

    The moment is that of a transaction which lasts as long as the export. Meanwhile PostgreSQL vacuums no rows that go,
    and SQLite's write-ahead log grows with what others write.

    Raises NotFound where one of the ids is no conversation of the workspace, InvalidInput for a filter that is none.
    """
    choice = Choice(None if ids is None else tuple(dict.fromkeys(ids)), where, include_deleted)
    async with snapshot(database, viewer=viewer, lasting=True) as connection:
        async for line in _lines(connection, await choice.narrowed(connection, viewer=viewer), progress, viewer=viewer):
            yield line


async def export_one(connection: AsyncConnection, conversation_id: UUID, *, viewer: Viewer) -> bytes:
    """The lines of one conversation, deleted or not, and of what it refers to.

    Raises NotFound where there is none.
    """
    choice = await Choice((conversation_id,), None, include_deleted=True).narrowed(connection, viewer=viewer)
    return b"".join([line async for line in _lines(connection, choice, lambda _done: None, viewer=viewer)])


async def _lines(
    connection: AsyncConnection, choice: Choice, progress: Callable[[int], None], *, viewer: Viewer
) -> AsyncIterator[bytes]:
    for kind in SHARED:
        conditions = choice.wants(kind, viewer=viewer)
        async for rows in _pages(connection, kind, conditions, _PAGE, viewer=viewer):
            for node in await shared_nodes(connection, kind, rows, viewer=viewer):
                yield line_of(kind, node)
    done = 0
    conditions = choice.conditions(CONVERSATIONS, viewer=viewer)
    async for rows in _pages(connection, CONVERSATION, conditions, CHUNK_CONVERSATIONS, viewer=viewer):
        async for nodes in conversations(connection, rows, viewer=viewer):
            for node in nodes:
                yield line_of(CONVERSATION, node)
            done += len(nodes)
            progress(done)


async def _pages(
    connection: AsyncConnection, kind: Kind, conditions: list[sa.ColumnElement[bool]], size: int, *, viewer: Viewer
) -> AsyncIterator[list[dict[str, object]]]:
    """The rows of a kind by their ids, page after page."""
    table = kind.table
    after: list[sa.ColumnElement[bool]] = []
    while True:
        rows = await rows_where(connection, table, *conditions, *after, order=[table.c.id], limit=size, viewer=viewer)
        if rows:
            yield rows
        if len(rows) < size:
            return
        after = [table.c.id > rows[-1]["id"]]
