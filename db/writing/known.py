"""What the database has of the messages that an input names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from types import SimpleNamespace
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from db import bulk, reads
from db.prepared import Prepared
from db.walls import lifted
from db.writing.composing import Composed
from db.writing.outcome import Row
from db.writing.performing import Work
from db.writing.rows import here

_PLACES: Final = ("id", "workspace_id", "conversation_id", "external_id", "parent_id", "sequence", "branch_position")


@dataclass(slots=True)
class Known:
    """Messages that are there: ids, places in the tree and external ids of them."""

    by_id: dict[UUID, Row] = field(default_factory=dict)
    """Those of the workspace."""
    elsewhere: set[UUID] = field(default_factory=set)
    """Ids of messages that the viewer does not see: an id is taken wherever that is."""
    by_external_id: dict[str, Row] = field(default_factory=dict)
    """Those of the conversation."""


@cache
def _places_of() -> Prepared:
    """By ids, in all workspaces for the sake of `elsewhere`."""
    messages = reads.table("messages")
    columns = [messages.c[name] for name in _PLACES]
    return Prepared(sa.select(*columns).where(reads.one_of_named(messages.c.id, "ids")))


async def known_messages(work: Work, conversation: Mapping[str, Any] | None, composed: Sequence[Composed]) -> Known:
    """Look up the messages that these inputs are or name as parents, and the ends of the conversation.

    `conversation`: its row; None for one that is being made.
    """
    known = Known()
    ends = () if conversation is None else (conversation["current_message_id"], conversation["last_message_id"])
    told = (row_id for each in composed for row_id in (each.uuid, each.parent_id))
    ids = {row_id for row_id in (*told, *ends) if row_id is not None}
    if ids:
        async with lifted(work.connection):
            rows = await _places_of().rows(work.connection, ids=list(ids))
        found = [SimpleNamespace(**values) for values in rows]
        seen = None if work.viewer.owns is None else await here(work, "messages", [row.id for row in found])
        for row in found:
            if row.workspace_id == work.viewer.workspace_id and (seen is None or row.id in seen):
                known.by_id[row.id] = row
            else:
                known.elsewhere.add(row.id)
    if conversation is None:
        return known
    names = {name for each in composed for name in (each.external_id, each.parent_external_id) if name is not None}
    if not names:
        return known
    messages = reads.table("messages")
    columns = [messages.c[name] for name in _PLACES]
    for some in bulk.chunks(names):
        named = await work.connection.execute(
            sa.select(*columns).where(
                messages.c.conversation_id == conversation["id"],
                messages.c.external_id.in_(some),
                reads.in_workspace(messages, work.viewer.workspace_id),
            )
        )
        known.by_external_id |= {row.external_id: row for row in named}
    return known
