"""The rows that conversations are rebuilt from: a statement for each table, whatever the number of conversations."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from db import reads
from db.interchange.writes import (
    ASSISTANT_TOOLS,
    ASSISTANTS,
    ATTACHMENTS,
    CITATIONS,
    CONTENT_PARTS,
    CONVERSATION_TAGS,
    CONVERSATION_TOOLS,
    CONVERSATIONS,
    FEEDBACK,
    FOLLOW_UPS,
    MESSAGES,
    ORIGINS,
    REASONS,
    SCORES,
    SOURCES,
    TOOL_CALLS,
    TOOLS,
    VERDICTS,
    VERSIONS,
)
from db.paging import Row
from db.viewer import Viewer

Values = dict[str, Any]
"""A row by the names of its columns, with those of its origin behind `ORIGIN`."""

ORIGIN: Final = "origin_"
"""What stands before the columns of a row's origin; all of them are None where it has none."""

_OF_ORIGIN: Final = (
    *("system", "account", "kind", "record_id", "id_type", "extra", "presence", "import_id", "position"),
    *("source_updated_at", "imported_at"),
)
_ABOVE: Final = ORIGINS.alias("above")


@dataclass(slots=True)
class Rows:
    """All rows of some conversations; those below them by the id of what they belong to, in their order."""

    conversations: dict[UUID, Row] = field(default_factory=dict)
    messages: Mapping[UUID, list[Values]] = field(default_factory=dict)
    parts: Mapping[UUID, list[Values]] = field(default_factory=dict)
    follow_ups: Mapping[UUID, list[Values]] = field(default_factory=dict)
    tool_calls: Mapping[UUID, list[Values]] = field(default_factory=dict)
    attachments: Mapping[UUID, list[Values]] = field(default_factory=dict)
    citations: Mapping[UUID, list[Values]] = field(default_factory=dict)
    """By message."""
    references: Mapping[UUID, list[Values]] = field(default_factory=dict)
    """Those that conversations list themselves."""
    feedback: Mapping[UUID, list[Values]] = field(default_factory=dict)
    """By conversation."""
    reasons: Mapping[UUID, list[Values]] = field(default_factory=dict)
    scores: Mapping[UUID, list[Values]] = field(default_factory=dict)
    verdicts: Mapping[UUID, list[Values]] = field(default_factory=dict)
    tags: Mapping[UUID, list[Values]] = field(default_factory=dict)
    tools: Mapping[UUID, list[Values]] = field(default_factory=dict)
    assistant_tools: Mapping[UUID, list[Values]] = field(default_factory=dict)
    sources: dict[UUID, Values] = field(default_factory=dict)
    assistants: dict[UUID, Values] = field(default_factory=dict)
    arrivals: dict[UUID, datetime] = field(default_factory=dict)
    """When the first version of a conversation's record was imported."""


async def conversation_rows(connection: AsyncConnection, ids: Sequence[UUID], *, viewer: Viewer) -> Rows:
    """All rows of those of these conversations that exist and are not deleted."""
    return await _Reader(connection, viewer).conversations(ids, None)


async def message_rows(
    connection: AsyncConnection, ids: Sequence[UUID], messages: Sequence[UUID], *, viewer: Viewer
) -> Rows:
    """The same for some messages of these conversations alone; each tells its parent's id as `above_record_id`."""
    return await _Reader(connection, viewer).conversations(ids, messages)


async def feedback_rows(connection: AsyncConnection, ids: Sequence[UUID], *, viewer: Viewer) -> Rows:
    """These pieces of feedback with what is below them, each alone by the id of its conversation."""
    rows = Rows()
    await _Reader(connection, viewer).feedback(rows, reads.one_of(FEEDBACK.c.id, ids))
    return rows


async def assistant_rows(connection: AsyncConnection, ids: Sequence[UUID], *, viewer: Viewer) -> Rows:
    """These assistants, each with its tools."""
    rows = Rows()
    await _Reader(connection, viewer).assistants(rows, ids)
    return rows


async def source_rows(connection: AsyncConnection, ids: Sequence[UUID], *, viewer: Viewer) -> Rows:
    """These sources."""
    rows = Rows()
    await _Reader(connection, viewer).sources(rows, ids)
    return rows


class _Reader:
    def __init__(self, connection: AsyncConnection, viewer: Viewer) -> None:
        self._connection = connection
        self._viewer = viewer

    async def conversations(self, ids: Sequence[UUID], messages: Sequence[UUID] | None) -> Rows:
        rows = Rows()
        statement = _select(CONVERSATIONS, with_origin=True).where(
            reads.one_of(CONVERSATIONS.c.id, ids), self._here(CONVERSATIONS), CONVERSATIONS.c.deleted_at.is_(None)
        )
        rows.conversations = {row.id: row for row in await self._connection.execute(statement)}
        if not rows.conversations:
            return rows
        found = list(rows.conversations)
        await self._messages(rows, found, messages)
        await self._citations(rows, found, messages)
        if messages is None:
            about = reads.one_of(FEEDBACK.c.conversation_id, found)
        else:
            about = reads.one_of(FEEDBACK.c.message_id, messages)
        await self.feedback(rows, about)
        rows.tags = await self._below(CONVERSATION_TAGS, CONVERSATION_TAGS.c.conversation_id, found)
        rows.tools = await self._tools(CONVERSATION_TOOLS, CONVERSATION_TOOLS.c.conversation_id, found)
        used = {row.assistant_id for row in rows.conversations.values()} - {None}
        await self.assistants(rows, used)
        first = sa.select(VERSIONS.c.entity_id, sa.func.min(VERSIONS.c.seen_at).label("seen_at")).where(
            reads.one_of(VERSIONS.c.entity_id, found), self._here(VERSIONS)
        )
        grouped = await self._connection.execute(first.group_by(VERSIONS.c.entity_id))
        rows.arrivals = {row.entity_id: row.seen_at for row in grouped}
        return rows

    async def _messages(self, rows: Rows, found: Sequence[UUID], messages: Sequence[UUID] | None) -> None:
        if messages is None:
            theirs = reads.one_of(MESSAGES.c.conversation_id, found)
        else:
            theirs = sa.and_(reads.one_of(MESSAGES.c.id, messages), reads.one_of(MESSAGES.c.conversation_id, found))
        statement = _select(MESSAGES, with_origin=True)
        if messages is not None:
            # Of all of a conversation's messages the parents are there anyhow.
            statement = statement.add_columns(
                *(_ABOVE.c[name].label(f"above_{name}") for name in ("record_id", "id_type", "presence"))
            ).outerjoin(_ABOVE, _ABOVE.c.entity_id == MESSAGES.c.parent_id)
        statement = statement.where(theirs, self._here(MESSAGES))
        rows.messages = await self._grouped(
            statement.order_by(MESSAGES.c.conversation_id, MESSAGES.c.sequence), "conversation_id"
        )
        for name, table in (
            ("parts", CONTENT_PARTS),
            ("follow_ups", FOLLOW_UPS),
            ("tool_calls", TOOL_CALLS),
            ("attachments", ATTACHMENTS),
        ):
            below = _select(table).join(MESSAGES, MESSAGES.c.id == table.c.message_id)
            below = below.where(theirs, self._here(table)).order_by(table.c.message_id, table.c.position)
            setattr(rows, name, await self._grouped(below, "message_id"))

    async def _citations(self, rows: Rows, found: Sequence[UUID], messages: Sequence[UUID] | None) -> None:
        if messages is None:
            theirs = reads.one_of(CITATIONS.c.conversation_id, found)
        else:
            theirs = reads.one_of(CITATIONS.c.message_id, messages)
        statement = _select(CITATIONS).where(theirs, self._here(CITATIONS))
        by_message: defaultdict[UUID, list[Values]] = defaultdict(list)
        listed: defaultdict[UUID, list[Values]] = defaultdict(list)
        for values in await self._all(statement.order_by(CITATIONS.c.position, CITATIONS.c.id)):
            of_message = values["message_id"]
            (listed[values["conversation_id"]] if of_message is None else by_message[of_message]).append(values)
        rows.citations, rows.references = by_message, listed
        lists = (*by_message.values(), *listed.values())
        cited = {values["source_id"] for each in lists for values in each} - {None}
        await self.sources(rows, cited)

    async def sources(self, rows: Rows, ids: Iterable[UUID]) -> None:
        if wanted := list(ids):
            statement = _select(SOURCES, with_origin=True).where(
                reads.one_of(SOURCES.c.id, wanted), self._here(SOURCES)
            )
            rows.sources = {values["id"]: values for values in await self._all(statement)}

    async def feedback(self, rows: Rows, about: reads.Condition) -> None:
        statement = _select(FEEDBACK, with_origin=True).where(about, self._here(FEEDBACK))
        # What was written here comes behind what its record has, whose places others of the record go by.
        order = (ORIGINS.c.entity_id.is_(None), FEEDBACK.c.position, FEEDBACK.c.created_at, FEEDBACK.c.id)
        found = await self._all(statement.order_by(*order))
        rows.feedback = _by(found, "conversation_id")
        if ids := [values["id"] for values in found]:
            for name, table in (("reasons", REASONS), ("scores", SCORES), ("verdicts", VERDICTS)):
                setattr(rows, name, await self._below(table, table.c.feedback_id, ids))

    async def assistants(self, rows: Rows, ids: Iterable[UUID]) -> None:
        if wanted := list(ids):
            statement = _select(ASSISTANTS, with_origin=True).where(
                reads.one_of(ASSISTANTS.c.id, wanted), self._here(ASSISTANTS)
            )
            rows.assistants = {values["id"]: values for values in await self._all(statement)}
            rows.assistant_tools = await self._tools(ASSISTANT_TOOLS, ASSISTANT_TOOLS.c.assistant_id, wanted)

    async def _tools(self, links: sa.Table, key: sa.Column[Any], ids: Sequence[UUID]) -> Mapping[UUID, list[Values]]:
        statement = _select(TOOLS, with_origin=True).add_columns(key.label("page_key"))
        statement = statement.join(links, links.c.tool_id == TOOLS.c.id)
        statement = statement.where(reads.one_of(key, ids), self._here(links))
        return await self._grouped(statement.order_by(links.c.position), "page_key")

    async def _below(self, table: sa.Table, key: sa.Column[Any], ids: Sequence[UUID]) -> Mapping[UUID, list[Values]]:
        statement = _select(table).where(reads.one_of(key, ids), self._here(table))
        return await self._grouped(statement.order_by(key, table.c.position), key.name)

    async def _grouped(self, statement: sa.Select[Any], key: str) -> Mapping[UUID, list[Values]]:
        return _by(await self._all(statement), key)

    async def _all(self, statement: sa.Select[Any]) -> list[Values]:
        return [dict(row) for row in (await self._connection.execute(statement)).mappings()]

    def _here(self, table: sa.Table) -> reads.Condition:
        return reads.in_workspace(table, self._viewer.workspace_id)


def _by(rows: Iterable[Values], key: str) -> Mapping[UUID, list[Values]]:
    found: defaultdict[UUID, list[Values]] = defaultdict(list)
    for values in rows:
        found[values[key]].append(values)
    return found


def _select(table: sa.Table, *, with_origin: bool = False) -> sa.Select[Any]:
    statement = sa.select(*reads.columns_of(table)).select_from(table)
    if with_origin:
        statement = statement.add_columns(*(ORIGINS.c[name].label(f"{ORIGIN}{name}") for name in _OF_ORIGIN))
        statement = statement.outerjoin(ORIGINS, ORIGINS.c.entity_id == table.c.id)
    return statement
