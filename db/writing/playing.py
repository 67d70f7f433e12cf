"""Which branch is in play: the stored positions of its messages, rewritten where another one takes its place."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import sqlalchemy as sa

from db import branches, bulk, reads
from db.writing.performing import Work


async def play(work: Work, conversation_id: UUID, through: UUID) -> list[UUID]:
    """Bring the branch through a message into play, down to its newest leaf, and give its messages."""
    branch = await branches.branch_through(work.connection, conversation_id, through, viewer=work.viewer)
    kept = 0
    while kept < len(branch) and branch[kept].branch_position == kept:
        kept += 1
    messages = reads.table("messages")
    await work.connection.execute(
        sa.update(messages)
        .where(
            messages.c.conversation_id == conversation_id,
            messages.c.branch_position >= kept,
            reads.in_workspace(messages, work.viewer.workspace_id),
        )
        .values(branch_position=None)
    )
    ids = [row.id for row in branch]
    rows = [{"id": row_id, "branch_position": kept + offset} for offset, row_id in enumerate(ids[kept:])]
    await bulk.update(work.connection, messages, rows, columns=("branch_position",), viewer=work.viewer)
    return ids


async def newest_child(work: Work, conversation_id: UUID, parent_id: UUID | None) -> Any:
    """The newest message below a message, or with none at the top of the conversation; None where there is none."""
    messages = reads.table("messages")
    below = messages.c.parent_id.is_(None) if parent_id is None else messages.c.parent_id == parent_id
    statement = (
        sa.select(messages.c.id)
        .where(
            messages.c.conversation_id == conversation_id,
            below,
            reads.in_workspace(messages, work.viewer.workspace_id),
        )
        .order_by(messages.c.sequence.desc())
        .limit(1)
    )
    return (await work.connection.execute(statement)).scalar()
