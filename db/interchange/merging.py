"""What is stored of conversations of which a new version comes in, and how its rows find their successors."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from db.interchange import known
from db.interchange.base import ConversationDraft
from db.interchange.known import Key
from db.interchange.writes import (
    ATTACHMENTS,
    CITATIONS,
    CONTENT_PARTS,
    CONVERSATION_TAGS,
    CONVERSATION_TOOLS,
    CONVERSATIONS,
    FOLLOW_UPS,
    MESSAGES,
    REASONS,
    SCORES,
    SOURCES,
    TOOL_CALLS,
    VERDICTS,
)
from db.viewer import Viewer

Rows = Mapping[Any, list[dict[str, Any]]]
"""Rows by the value of the column that says what they belong to."""


@dataclass(slots=True)
class Old:
    """A conversation as it is stored, with all that a new version may change."""

    row: dict[str, Any]
    messages: Sequence[Any]
    """What a tree needs of every message, in order."""
    feedback: dict[Key, dict[str, Any]] = field(default_factory=dict)
    """The feedback that came within its records."""

    @property
    def record_ids(self) -> set[str]:
        """The record ids of its messages."""
        return {row.record_id for row in self.messages if row.record_id is not None}


@dataclass(slots=True)
class Stored:
    """The stored conversations of one batch, by id, and the rows below them, by what they belong to."""

    conversations: dict[UUID, Old] = field(default_factory=dict)
    messages: Rows = field(default_factory=dict)
    parts: Rows = field(default_factory=dict)
    follow_ups: Rows = field(default_factory=dict)
    citations: Rows = field(default_factory=dict)
    tool_calls: Rows = field(default_factory=dict)
    attachments: Rows = field(default_factory=dict)
    reasons: Rows = field(default_factory=dict)
    scores: Rows = field(default_factory=dict)
    verdicts: Rows = field(default_factory=dict)
    tags: Rows = field(default_factory=dict)
    tools: Rows = field(default_factory=dict)
    own_citations: Rows = field(default_factory=dict)
    """Conversations' own lists of references."""
    unshared: set[UUID] = field(default_factory=set)
    """Sources that nothing identifies: each belongs to one citation."""


async def load(connection: AsyncConnection, drafts: Mapping[UUID, ConversationDraft], *, viewer: Viewer) -> Stored:
    """Load what these drafts are new versions or pages of, by the ids of the conversations: a statement a table."""
    stored = Stored()
    if not drafts:
        return stored

    async def below(column: sa.Column[Any], ids: set[UUID], *order: str) -> Rows:
        table = column.table
        order_by = [table.c[name] for name in order]
        return await known.rows(connection, column, ids, viewer=viewer, order_by=order_by) if ids else {}

    conversations = await below(CONVERSATIONS.c.id, set(drafts))
    messages = await known.message_rows(connection, drafts, viewer=viewer)
    feedback = await known.nested_feedback(connection, drafts, viewer=viewer)
    for row_id, (row,) in conversations.items():
        stored.conversations[row_id] = Old(row, messages[row_id], feedback[row_id])
    every = {row.id for rows in messages.values() for row in rows}
    touched: set[UUID] = set()
    for row_id, draft in drafts.items():
        # Of a page, only what it has again can change; a message may be stored under its id or under its place.
        again = {
            key for message in draft.messages for key in (message.record_id, f"{draft.record_id}#{message.record_id}")
        }
        touched |= {row.id for row in messages[row_id] if draft.whole or row.record_id in again}
    stored.messages = await below(MESSAGES.c.id, touched)
    stored.parts = await below(CONTENT_PARTS.c.message_id, touched, "position")
    stored.follow_ups = await below(FOLLOW_UPS.c.message_id, touched, "position")
    stored.citations = await below(CITATIONS.c.message_id, touched, "position")
    stored.tool_calls = await below(TOOL_CALLS.c.message_id, every, "position")
    stored.attachments = await below(ATTACHMENTS.c.message_id, touched, "position")
    opinions = {row["id"] for rows in feedback.values() for row in rows.values()}
    stored.reasons = await below(REASONS.c.feedback_id, opinions, "position")
    stored.scores = await below(SCORES.c.feedback_id, opinions, "position")
    stored.verdicts = await below(VERDICTS.c.feedback_id, opinions, "position")
    stored.tags = await below(CONVERSATION_TAGS.c.conversation_id, set(drafts), "position")
    stored.tools = await below(CONVERSATION_TOOLS.c.conversation_id, set(drafts), "position")
    stored.own_citations = await known.rows(
        connection,
        CITATIONS.c.conversation_id,
        drafts,
        viewer=viewer,
        where=CITATIONS.c.message_id.is_(None),
        order_by=[CITATIONS.c.position],
    )
    lists = [*stored.citations.values(), *stored.own_citations.values()]
    cited = {row["source_id"] for rows in lists for row in rows} - {None}
    sources = await below(SOURCES.c.id, cited)
    stored.unshared = {row_id for row_id, (row,) in sources.items() if row["identity"] is None}
    return stored


def match_citations(
    old: Sequence[Mapping[str, Any]], new: Sequence[Mapping[str, Any]], unshared: set[UUID]
) -> list[Mapping[str, Any] | None]:
    """For each new citation the old one that it takes the place of: of the same document, in the order of both."""

    def document(row: Mapping[str, Any]) -> tuple[Any, ...]:
        source_id = row.get("source_id")
        return None if source_id in unshared else source_id, row.get("url"), row.get("title"), row.get("label")

    waiting: defaultdict[tuple[Any, ...], list[Mapping[str, Any]]] = defaultdict(list)
    for row in reversed(old):
        waiting[document(row)].append(row)
    return [candidates.pop() if (candidates := waiting.get(document(row))) else None for row in new]
