"""Stored rows as the records that they are written as: whole conversations, and what these refer to.

Every function takes many rows at once, and asks a number of statements that does not depend on how many.
"""

from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache
from itertools import chain
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from db import reads
from db.interchange.colloquy_kinds import (
    CITATION,
    CONVERSATION,
    FEEDBACK_KIND,
    IMPORT,
    MESSAGE,
    ORIGIN,
    VERSION,
    Kind,
    Node,
    ValueList,
)
from db.interchange.writes import CITATIONS, CONVERSATIONS, FEEDBACK, MESSAGES, ORIGINS, VERSIONS
from db.jsons import parse
from db.record import JsonText
from db.viewer import Viewer

CHUNK_CONVERSATIONS: Final = 100
"""Conversations that are read together at most."""

CHUNK_MESSAGES: Final = 1_000
"""Messages that are read together at most, unless one conversation has more."""

_DEPTH: Final = 100_000
"""Levels of nesting of a stored value: as many as are written."""


@cache
def _columns(table: sa.Table) -> tuple[tuple[sa.ColumnElement[Any], ...], tuple[str, ...]]:
    """The columns of a row but for generated ones and the workspace, and which of them are JSON, given as text."""
    chosen = [each for each in table.columns if each.computed is None and each.name != "workspace_id"]
    in_json = tuple(each.name for each in chosen if isinstance(each.type, JsonText))
    # As text, since a value may be nested deeper than records from outside may be.
    columns = (sa.type_coerce(each, sa.Text).label(each.name) if each.name in in_json else each for each in chosen)
    return tuple(columns), in_json


async def rows_where(
    connection: AsyncConnection,
    table: sa.Table,
    *conditions: sa.ColumnElement[bool],
    order: Iterable[sa.ColumnElement[Any]],
    limit: int | None = None,
    viewer: Viewer,
) -> list[dict[str, Any]]:
    """The rows of the viewer's workspace that meet the conditions, by column."""
    columns, in_json = _columns(table)
    statement = (
        sa.select(*columns)
        .where(reads.in_workspace(table, viewer.workspace_id), *conditions)
        .order_by(*order)
        .limit(limit)
    )
    rows = [dict(row) for row in (await connection.execute(statement)).mappings()]
    for name in in_json:
        for row in rows:
            if row[name] is not None:
                row[name] = parse(row[name], max_depth=_DEPTH)
    return rows


async def shared_nodes(
    connection: AsyncConnection, kind: Kind, rows: Sequence[dict[str, Any]], *, viewer: Viewer
) -> list[Node]:
    """Imports, tools, assistants or sources of their rows."""
    nodes = [Node(row) for row in rows]
    for key, values in kind.lists.items():
        await _add_lists(connection, nodes, key, values, viewer=viewer)
    if kind is not IMPORT:
        await _trace(connection, nodes, viewer=viewer)
    return nodes


async def conversations(
    connection: AsyncConnection, rows: Sequence[dict[str, Any]], *, viewer: Viewer
) -> AsyncIterator[list[Node]]:
    """Conversations of their rows with all that is in them, in order, as many at once as CHUNK_MESSAGES allows."""
    chunk: list[dict[str, Any]] = []
    weight = 0
    for row in rows:
        if chunk and weight + row["message_count"] > CHUNK_MESSAGES:
            yield await _conversations(connection, chunk, viewer=viewer)
            chunk, weight = [], 0
        chunk.append(row)
        weight += row["message_count"]
    if chunk:
        yield await _conversations(connection, chunk, viewer=viewer)


async def conversations_of(
    connection: AsyncConnection, ids: Collection[UUID], *, viewer: Viewer
) -> AsyncIterator[Node]:
    """Those of the conversations that are there, one by one, in the order of their ids."""
    wanted = sorted(ids)
    for start in range(0, len(wanted), CHUNK_CONVERSATIONS):
        some = reads.one_of(CONVERSATIONS.c.id, wanted[start : start + CHUNK_CONVERSATIONS])
        rows = await rows_where(connection, CONVERSATIONS, some, order=[CONVERSATIONS.c.id], viewer=viewer)
        async for nodes in conversations(connection, rows, viewer=viewer):
            for node in nodes:
                yield node


async def _conversations(connection: AsyncConnection, rows: Sequence[dict[str, Any]], *, viewer: Viewer) -> list[Node]:
    nodes = [Node(row) for row in rows]
    ids = [row["id"] for row in rows]
    for key, values in CONVERSATION.lists.items():
        await _add_lists(connection, nodes, key, values, viewer=viewer)
    messages = await _below(connection, MESSAGE, ids, MESSAGES.c.sequence, viewer=viewer)
    citations = await _below(connection, CITATION, ids, CITATIONS.c.position, CITATIONS.c.id, viewer=viewer)
    feedback = await _below(connection, FEEDBACK_KIND, ids, FEEDBACK.c.id, viewer=viewer)
    said = [*chain.from_iterable(messages.values())]
    await _add_children(connection, MESSAGE, said, viewer=viewer, leaving=("citations",))
    await _add_children(connection, FEEDBACK_KIND, [*chain.from_iterable(feedback.values())], viewer=viewer)
    by_id = {message.values["id"]: message for message in said}
    for message in said:
        if message.values["has_parts"]:
            message.children.setdefault("contentParts", [])
        else:
            message.children.pop("contentParts", None)
    for node in nodes:
        own = node.values["id"]
        node.children["messages"], node.children["feedback"] = messages[own], feedback[own]
        for citation in citations[own]:
            holder, key = by_id.get(citation.values["message_id"]), "citations"
            if holder is None:
                holder, key = node, "references"
            holder.children.setdefault(key, []).append(citation)
        _let_go(node)
    traced = chain(nodes, said, chain.from_iterable(citations.values()), chain.from_iterable(feedback.values()))
    await _trace(connection, [*traced], viewer=viewer)
    return nodes


def _let_go(node: Node) -> None:
    """Drop what points at messages that are gone: no foreign key holds these."""
    messages = node.below("messages")
    there = {message.values["id"] for message in messages}
    if node.values["current_message_id"] not in there:
        node.values["current_message_id"] = messages[-1].values["id"] if messages else None
    for message in messages:
        for call in message.below("toolCalls"):
            if call.values["result_message_id"] not in there:
                call.values["result_message_id"] = None


async def _below(
    connection: AsyncConnection, kind: Kind, ids: Sequence[UUID], *order: sa.ColumnElement[Any], viewer: Viewer
) -> Mapping[UUID, list[Node]]:
    """The nodes of a kind that belong to these rows, by their owner."""
    assert kind.owner is not None, "what is below something says what that is"
    found: dict[UUID, list[Node]] = defaultdict(list)
    if not ids:
        return found
    some = reads.one_of(kind.table.c[kind.owner], ids)
    for row in await rows_where(connection, kind.table, some, order=order, viewer=viewer):
        found[row[kind.owner]].append(Node(row))
    return found


async def _add_children(
    connection: AsyncConnection, kind: Kind, nodes: Sequence[Node], *, leaving: Collection[str] = (), viewer: Viewer
) -> None:
    ids = [node.values["id"] for node in nodes]
    for key, below in kind.children.items():
        if key not in leaving:
            found = await _below(connection, below, ids, below.table.c.position, viewer=viewer)
            for node in nodes:
                if children := found.get(node.values["id"]):
                    node.children[key] = children


async def _add_lists(
    connection: AsyncConnection, nodes: Sequence[Node], key: str, values: ValueList, *, viewer: Viewer
) -> None:
    table = values.table
    owner = next(name for name in ("conversation_id", "assistant_id") if name in table.c)
    ids = [node.values["id"] for node in nodes]
    order = [table.c.position, table.c[values.column]]
    found: dict[UUID, list[Any]] = defaultdict(list)
    for row in await rows_where(connection, table, reads.one_of(table.c[owner], ids), order=order, viewer=viewer):
        found[row[owner]].append(row[values.column])
    for node in nodes:
        node.lists[key] = found.get(node.values["id"], [])


async def _trace(connection: AsyncConnection, nodes: Sequence[Node], *, viewer: Viewer) -> None:
    """Give the nodes their origins, and the versions of their records that imports have seen."""
    ids = [node.values["id"] for node in nodes]
    origins = await _below(connection, ORIGIN, ids, ORIGINS.c.entity_id, viewer=viewer)
    versions = await _below(connection, VERSION, ids, VERSIONS.c.seen_at, viewer=viewer)
    for node in nodes:
        node.origin = next(iter(origins.get(node.values["id"], ())), None)
        # Not by the database, whose order of texts is a matter of its locale.
        node.versions = sorted(versions.get(node.values["id"], ()), key=seen_order)


def seen_order(version: Node) -> tuple[datetime, str]:
    """By which versions that were seen are ordered."""
    return version.values["seen_at"], version.values["digest"]
