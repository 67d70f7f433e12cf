"""Tags: what is asked of those of conversations."""

from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from db import reads
from db.operators import starting_with
from db.viewer import Viewer


async def tags_of(connection: AsyncConnection, ids: Sequence[UUID], *, viewer: Viewer) -> dict[UUID, list[str]]:
    """The tags of each conversation, in its order."""
    rows = reads.table("conversation_tags")
    found = await reads.lists_of(connection, rows, rows.c.conversation_id, ids, rows.c.position, viewer=viewer)
    return {key: [row.tag for row in tags] for key, tags in found.items()}


async def tag_counts(
    connection: AsyncConnection, prefix: str | None = None, first: int = 100, *, viewer: Viewer
) -> list[tuple[str, int]]:
    """The tags that begin with the prefix, whatever the case, with the conversations of each; the most used first."""
    rows = reads.table("conversation_tags")
    uses = sa.func.count().label("uses")
    statement = (
        sa.select(rows.c.tag, uses)
        .where(
            rows.c.workspace_id == viewer.workspace_id,
            reads.living(rows.c.conversation_id, viewer),
            starting_with(rows.c.tag, prefix) if prefix else sa.true(),
        )
        .group_by(rows.c.tag)
        .order_by(uses.desc(), rows.c.tag)
        .limit(first)
    )
    return [(row.tag, row.uses) for row in await connection.execute(statement)]
