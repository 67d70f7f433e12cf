"""Conversations as drafts, however many: a portion at a time, so that memory does not grow with their number."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Final, NamedTuple, TypeVar
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from db import reads
from db.database import Database
from db.filters import Where, conversation_where, of_workspace
from db.interchange.rebuilding import Rebuilt, rebuild
from db.interchange.writes import CONVERSATIONS, MESSAGES
from db.viewer import Viewer

CHUNK: Final = 200
"""Conversations that are asked for at a time."""

MAX_MESSAGES: Final = 2_000
"""Messages of the conversations that are held at a time, unless a single one has more."""

MAX_CHARACTERS: Final = 16 * 1024 * 1024
"""The same for the characters of their contents."""

Item = TypeVar("Item")


class Size(NamedTuple):
    """How large a conversation is."""

    messages: int
    characters: int
    """Of the contents of its messages."""


_NOTHING: Final = Size(0, 0)


async def each(
    database: Database,
    *,
    viewer: Viewer,
    ids: Sequence[UUID] | None = None,
    where: Where | None = None,
    chunk: int = CHUNK,
) -> AsyncIterator[list[Rebuilt]]:
    """All conversations that meet the filter and are not deleted, the oldest first; with `ids`, of these alone.

    Each list is of one moment; what is written meanwhile shows in later ones. Raises InvalidInput for a filter that
    means nothing.
    """
    rows = CONVERSATIONS
    conditions = [of_workspace(rows, where, viewer), rows.c.deleted_at.is_(None), conversation_where(where)]
    if ids is not None:
        conditions.append(reads.one_of(rows.c.id, ids))
    statement = sa.select(rows.c.id).where(*conditions).order_by(rows.c.id).limit(chunk)
    last: UUID | None = None
    while True:
        async with database.read(viewer=viewer) as connection:
            found = statement if last is None else statement.where(rows.c.id > last)
            page = list((await connection.execute(found)).scalars())
            sizes = await sizes_of(connection, page, viewer=viewer)
        parts = packed([(row_id, sizes.get(row_id, _NOTHING)) for row_id in page])
        for part in parts:
            async with snapshot(database, viewer=viewer) as connection:
                rebuilt = await rebuild(connection, part, viewer=viewer)
            yield rebuilt
        if len(page) < chunk:
            return
        last = page[-1]


async def sizes_of(connection: AsyncConnection, ids: Sequence[UUID], *, viewer: Viewer) -> dict[UUID, Size]:
    """How large these conversations are."""
    if not ids:
        return {}
    characters = sa.select(sa.func.coalesce(sa.func.sum(sa.func.length(MESSAGES.c.content)), 0)).where(
        MESSAGES.c.conversation_id == CONVERSATIONS.c.id
    )
    rows = await connection.execute(
        sa.select(
            CONVERSATIONS.c.id, CONVERSATIONS.c.message_count, characters.correlate(CONVERSATIONS).scalar_subquery()
        ).where(reads.one_of(CONVERSATIONS.c.id, ids), reads.in_workspace(CONVERSATIONS, viewer.workspace_id))
    )
    return {row_id: Size(count, int(length)) for row_id, count, length in rows}


def packed(items: Iterable[tuple[Item, Size]]) -> list[list[Item]]:
    """The items in their order, in lists that may be held at a time."""
    parts: list[list[Item]] = []
    messages = characters = 0
    for item, size in items:
        messages, characters = messages + size.messages, characters + size.characters
        if not parts or messages > MAX_MESSAGES or characters > MAX_CHARACTERS:
            parts.append([])
            messages, characters = size
        parts[-1].append(item)
    return parts


@contextlib.asynccontextmanager
async def snapshot(database: Database, *, viewer: Viewer, lasting: bool = False) -> AsyncIterator[AsyncConnection]:
    """A connection whose statements all see the database of one moment. Raises DatabaseBusy.

    `lasting`: between two statements as much time may pass as whoever takes what is read wants.
    """
    async with database.read(viewer=viewer) as connection:
        if database.dialect == "postgresql":
            connection = await connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            if lasting:
                await connection.execute(sa.text("SET LOCAL idle_in_transaction_session_timeout = 0"))
            yield connection
            return
        await connection.exec_driver_sql("BEGIN")
        try:
            yield connection
        finally:
            await connection.exec_driver_sql("ROLLBACK")
