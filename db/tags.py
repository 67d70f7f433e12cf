"""Tags: what is asked of those of conversations."""

from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from db import reads
from db.operators import starting_with
from db.verbs import Found, Many, verb
from db.viewer import Viewer


@verb("conversation_tags")
def tags_of(ids: Sequence[UUID], *, viewer: Viewer) -> Many:
    """The tags of each conversation, in its order: rows with a `tag`."""
    return Many(_tags_of, (), ids, viewer)


def _tags_of() -> Found:
    rows = reads.table("conversation_tags")
    return Found.by(rows.c.conversation_id, rows, order=(rows.c.position,))


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
