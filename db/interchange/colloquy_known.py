"""What the database knows of a batch of lines, asked in a number of statements that is the same for any batch."""

from collections.abc import Collection
from typing import Any, Final, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from db import reads
from db.bulk import chunks
from db.interchange.writes import (
    ATTACHMENTS,
    CITATIONS,
    CONVERSATIONS,
    FEEDBACK,
    MESSAGES,
    ORIGINS,
    SOURCES,
    TOOL_CALLS,
)
from db.viewer import Viewer
from db.words import Entity

OriginKey = tuple[str, str, str, str]
"""System, account, kind and record id."""

IN_CONVERSATIONS: Final = (MESSAGES, CITATIONS, FEEDBACK, TOOL_CALLS, ATTACHMENTS)
"""The tables in conversations whose rows have ids."""


class Owner(NamedTuple):
    """Whose an id is."""

    mine: bool
    """It is one of the viewer's workspace."""
    conversation_id: UUID | None
    """The conversation that the row is in."""


class Known(NamedTuple):
    """Whose an origin is."""

    entity_id: UUID
    entity: Entity


async def owners(
    connection: AsyncConnection, table: sa.Table, ids: Collection[UUID], *, viewer: Viewer
) -> dict[UUID, Owner]:
    """Whose these ids are, of all workspaces: an id is one row's in the whole database."""
    if not ids:
        return {}
    source: sa.FromClause = table
    conversation: sa.ColumnElement[Any] = sa.null()
    if "conversation_id" in table.c:
        conversation = table.c.conversation_id
    elif "message_id" in table.c:
        source, conversation = table.join(MESSAGES, MESSAGES.c.id == table.c.message_id), MESSAGES.c.conversation_id
    elif table is CONVERSATIONS:
        conversation = table.c.id
    statement = (
        sa.select(
            table.c.id,
            (table.c.workspace_id == viewer.workspace_id).label("mine"),
            sa.type_coerce(conversation, sa.Uuid()).label("conversation_id"),
        )
        .select_from(source)
        .where(reads.one_of(table.c.id, ids))
    )
    rows = await connection.execute(statement)
    return {row.id: Owner(bool(row.mine), row.conversation_id) for row in rows}


async def lock(connection: AsyncConnection, ids: Collection[UUID], *, viewer: Viewer) -> None:
    """Let nobody else change these conversations until the transaction ends; on SQLite nobody can anyway.

    They are taken in the order of their ids, so that two who do this don't lock each other out.
    """
    await connection.execute(
        sa.select(CONVERSATIONS.c.id)
        .where(reads.one_of(CONVERSATIONS.c.id, ids), reads.in_workspace(CONVERSATIONS, viewer.workspace_id))
        .order_by(CONVERSATIONS.c.id)
        .with_for_update()
    )


async def there(connection: AsyncConnection, table: sa.Table, ids: Collection[UUID], *, viewer: Viewer) -> set[UUID]:
    """Those of the ids that are rows of the viewer's workspace."""
    return {own for own, owner in (await owners(connection, table, ids, viewer=viewer)).items() if owner.mine}


async def origins(
    connection: AsyncConnection, keys: Collection[OriginKey], *, viewer: Viewer
) -> dict[OriginKey, Known]:
    """The rows that have these origins."""
    found: dict[OriginKey, Known] = {}
    for some in chunks({key[3] for key in keys}):
        statement = sa.select(
            *(ORIGINS.c[name] for name in ("system", "account", "kind", "record_id", "entity_id", "entity"))
        ).where(ORIGINS.c.workspace_id == viewer.workspace_id, ORIGINS.c.record_id.in_(some))
        for row in await connection.execute(statement):
            key = str(row.system), row.account, row.kind, row.record_id
            if key in keys:
                found[key] = Known(row.entity_id, row.entity)
    return found


async def conversations_of(
    connection: AsyncConnection, entities: Collection[UUID], *, viewer: Viewer
) -> dict[UUID, UUID]:
    """The conversations that these rows are in, whatever their table."""
    found: dict[UUID, UUID] = {}
    for table in (CONVERSATIONS, MESSAGES, CITATIONS, FEEDBACK):
        for own, owner in (await owners(connection, table, entities, viewer=viewer)).items():
            if owner.conversation_id is not None:
                found[own] = owner.conversation_id
    return found


async def identities(connection: AsyncConnection, values: Collection[str], *, viewer: Viewer) -> dict[str, UUID]:
    """The sources of these identities."""
    found: dict[str, UUID] = {}
    for some in chunks(values):
        statement = sa.select(SOURCES.c.identity, SOURCES.c.id).where(
            SOURCES.c.workspace_id == viewer.workspace_id, SOURCES.c.identity.in_(some)
        )
        found |= {row.identity: row.id for row in await connection.execute(statement)}
    return found
