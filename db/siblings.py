"""Siblings: the versions of a turn of a conversation, which edits and regenerated answers make."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from db import reads
from db.paging import Row
from db.viewer import Viewer

MAX_SIBLINGS: Final = 100
"""Siblings of a message that are given with it."""


@dataclass(frozen=True, slots=True)
class Siblings:
    """The versions of a message's turn, itself among them, in the order of their making; `index` is its own place."""

    index: int
    count: int
    previous: Row | None
    next: Row | None
    nodes: list[Row]


async def siblings_of(connection: AsyncConnection, ids: Sequence[UUID], *, viewer: Viewer) -> dict[UUID, Siblings]:
    """The messages with the same parent as each message; the roots of a conversation are siblings of each other.

    `nodes` holds the first 100 of them; `previous` and `next` are right beyond these, too.
    """
    rows = reads.table("messages")
    message, some = reads.alias("messages", "message"), reads.alias("messages", "sibling")

    def groups(parent: sa.FromClause) -> tuple[reads.Condition, reads.Condition]:
        """The siblings of a reply, and those of a root: two cases apart, each with an index of its own."""
        of_root = sa.and_(parent.c.parent_id.is_(None), some.c.parent_id.is_(None))
        return (
            some.c.parent_id == parent.c.parent_id,
            sa.and_(of_root, some.c.conversation_id == parent.c.conversation_id),
        )

    def number(*conditions: reads.Condition) -> sa.ColumnElement[Any]:
        reply, root = (
            sa.select(sa.func.count()).select_from(some).where(group, *conditions).correlate(message).scalar_subquery()
            for group in groups(message)
        )
        return reply + root

    # Counted once for each message, and not again for each of its siblings.
    counted = sa.select(
        *(message.c[name] for name in ("id", "conversation_id", "parent_id", "sequence")),
        number(some.c.sequence < message.c.sequence).label("page_index"),
        number().label("page_count"),
    ).where(reads.one_of(message.c.id, ids), reads.in_workspace(message, viewer.workspace_id))
    parent = reads.fenced(counted, connection).subquery("parent")
    wanted = (
        (sa.true(), some.c.sequence.asc(), MAX_SIBLINGS),
        (some.c.sequence < parent.c.sequence, some.c.sequence.desc(), 1),
        (some.c.sequence > parent.c.sequence, some.c.sequence.asc(), 1),
    )
    chosen = [
        sa.select(some.c.id).where(group, condition).order_by(order).limit(limit).correlate(parent).subquery()
        for group in groups(parent)
        for condition, order, limit in wanted
    ]
    union = sa.union_all(*(sa.select(part.c.id) for part in chosen))
    sibling = reads.alias("messages", "page")
    if connection.dialect.name == "postgresql":
        page = sa.select(rows.c.id).where(rows.c.id.in_(union)).correlate(parent).lateral("ids")
        joined = parent.outerjoin(page, sa.true()).outerjoin(sibling, sibling.c.id == page.c.id)
    else:
        joined = parent.outerjoin(sibling, sibling.c.id.in_(union))
    statement = (
        sa.select(
            parent.c.id.label("page_key"),
            parent.c.sequence.label("page_sequence"),
            parent.c.page_index,
            parent.c.page_count,
            *reads.columns_of(sibling),
        )
        .select_from(joined)
        .order_by(sibling.c.sequence)
    )
    found: dict[UUID, list[Row]] = {}
    for row in await connection.execute(statement):
        found.setdefault(row.page_key, []).append(row)
    return {key: _siblings(nodes) for key, nodes in found.items()}


def _siblings(nodes: list[Row]) -> Siblings:
    own = nodes[0].page_sequence
    previous = [row for row in nodes if row.sequence < own]
    following = [row for row in nodes if row.sequence > own]
    return Siblings(
        nodes[0].page_index,
        nodes[0].page_count,
        previous[-1] if previous else None,
        following[0] if following else None,
        nodes[:MAX_SIBLINGS],
    )
