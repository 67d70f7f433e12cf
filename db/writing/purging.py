"""Purging: removes for good what was deleted and can't be restored any more, and the answers of writes that expired.

A transaction takes a bounded number of conversations and messages, so that other writers get their turns; one
conversation is always removed as a whole.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from db import reads, repeats
from db.database import Database
from db.record import now
from db.viewer import PROGRAM, Viewer
from db.writing.limits import DEFAULT_LIMITS, Limits
from db.writing.outcome import Outcome
from db.writing.performing import Verb, Work
from db.writing.removal import forget_conversations
from db.writing.shapes import Shape, moment

CONVERSATIONS: Final = 100
"""Conversations that one transaction removes at most."""
MESSAGES: Final = 10_000
"""Messages that one transaction removes at most, if not a single conversation has more."""
REPEATS: Final = 10_000
"""Answers that one transaction removes at most."""


@dataclass(frozen=True, slots=True)
class Purged:
    """What was removed for good."""

    conversations: int = 0
    repeats: int = 0


async def _run(work: Work, given: dict[str, Any]) -> Outcome:
    rows = reads.table("conversations")
    statement = (
        sa.select(rows.c.id, rows.c.message_count)
        .where(rows.c.workspace_id == work.viewer.workspace_id, rows.c.deleted_at < given["before"])
        .order_by(rows.c.deleted_at, rows.c.id)
        .limit(CONVERSATIONS)
        .with_for_update()
    )
    taken: list[UUID] = []
    messages = 0
    for row in await work.connection.execute(statement):
        messages += row.message_count
        if taken and messages > MESSAGES:
            break
        taken.append(row.id)
    await forget_conversations(work, taken)
    return Outcome(deleted=taken)


_purge_some: Final = Verb("purge", Shape({"before": moment}, required=("before",)), _run)


async def purge(
    database: Database, *, limits: Limits = DEFAULT_LIMITS, viewer: Viewer | None = None, at: datetime | None = None
) -> Purged:
    """Remove the conversations whose time for a restoration is over at `at` (now), and the answers that have expired.

    Of conversations those of the viewer's workspace; without a viewer those of all workspaces, as housekeeping does.
    """
    at = at or now()
    before = at - limits.undo
    conversations = 0
    for each in await _viewers(database, before) if viewer is None else [viewer]:
        while some := (await _purge_some(database, {"before": before}, viewer=each, limits=limits)).deleted:
            conversations += len(some)
    return Purged(conversations, await _purge_repeats(database, at - limits.repeats))


async def _viewers(database: Database, before: datetime) -> list[Viewer]:
    """One for each workspace in which there is something to remove."""
    rows = reads.table("conversations")
    statement = sa.select(rows.c.workspace_id).where(rows.c.deleted_at < before).distinct()
    async with database.read(viewer=PROGRAM) as connection:
        return [Viewer(workspace_id) for workspace_id in (await connection.execute(statement)).scalars()]


async def _purge_repeats(database: Database, before: datetime) -> int:
    rows = reads.table("repeats")
    oldest = sa.select(rows.c.created_at).where(rows.c.created_at < before).order_by(rows.c.created_at)
    gone = 0
    while True:
        async with database.write(viewer=PROGRAM) as connection:
            bound = (await connection.execute(oldest.offset(REPEATS).limit(1))).scalar_one_or_none()
            some = await repeats.forget(connection, before=bound or before)
        gone += some
        if bound is None or not some:
            return gone
