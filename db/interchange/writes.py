"""What one batch is going to write, gathered row by row and then given to the database table by table."""

from collections import Counter, defaultdict
from collections.abc import Collection, Container, Mapping
from functools import cache
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from db import bulk, jsons
from db.assistants import Assistant, AssistantTool
from db.conversations import Conversation, ConversationTag, ConversationTool
from db.feedback import CitationVerdict, Feedback, FeedbackReason, FeedbackScore
from db.interchange.report import Tally
from db.messages import Attachment, ContentPart, FollowUpQuestion, Message, ToolCall
from db.origins import Origin, RecordVersion
from db.record import JsonText, scalar_default, table_of
from db.references import Reference
from db.sources import Source
from db.tools import Tool
from db.viewer import Viewer

SOURCES: Final = table_of(Source)
ASSISTANTS: Final = table_of(Assistant)
ASSISTANT_TOOLS: Final = table_of(AssistantTool)
TOOLS: Final = table_of(Tool)
CONVERSATIONS: Final = table_of(Conversation)
CONVERSATION_TAGS: Final = table_of(ConversationTag)
CONVERSATION_TOOLS: Final = table_of(ConversationTool)
MESSAGES: Final = table_of(Message)
CONTENT_PARTS: Final = table_of(ContentPart)
CITATIONS: Final = table_of(Reference)
TOOL_CALLS: Final = table_of(ToolCall)
ATTACHMENTS: Final = table_of(Attachment)
FOLLOW_UPS: Final = table_of(FollowUpQuestion)
FEEDBACK: Final = table_of(Feedback)
REASONS: Final = table_of(FeedbackReason)
SCORES: Final = table_of(FeedbackScore)
VERDICTS: Final = table_of(CitationVerdict)
ORIGINS: Final = table_of(Origin)
VERSIONS: Final = table_of(RecordVersion)

_SHARED: Final = (TOOLS, ASSISTANTS, ASSISTANT_TOOLS, SOURCES)
_BELOW: Final = (
    *(CONVERSATION_TAGS, CONVERSATION_TOOLS, CONTENT_PARTS, CITATIONS, TOOL_CALLS, ATTACHMENTS, FOLLOW_UPS),
    *(FEEDBACK, REASONS, SCORES, VERDICTS),
)
"""Tables below messages and conversations, each after those that it points at."""

_COUNTED: Final = {
    MESSAGES: "messages",
    CITATIONS: "citations",
    FEEDBACK: "feedback",
    SOURCES: "sources",
    ASSISTANTS: "assistants",
    TOOLS: "tools",
}
"""Tables whose rows the report counts; conversations are counted by their records."""

_MADE: Final = frozenset({"id", "workspace_id", "created_at", "updated_at", "version"})
"""Columns in which two rows may differ and yet say the same, where the record does not give them."""


class Writes:
    """Inserts, updates and deletes, which `execute` brings into an order that keys and uniqueness allow."""

    def __init__(self) -> None:
        self.inserts: defaultdict[sa.Table, list[dict[str, Any]]] = defaultdict(list)
        self.updates: defaultdict[sa.Table, list[dict[str, Any]]] = defaultdict(list)
        """Whole rows, with their ids."""
        self.moves: list[dict[str, Any]] = []
        """Messages whose place in the tree changes, and nothing else."""
        self.deletes: defaultdict[sa.Column[Any], set[UUID]] = defaultdict(set)
        self.citations: Counter[UUID] = Counter()
        """By how much the citations of sources rise or fall."""
        self.tally = Tally()
        """What is written, and what need not be."""

    def count(self) -> Tally:
        """The tally, with what was gathered."""
        for table, what in _COUNTED.items():
            self.tally.note(what, "new", len(self.inserts[table]))
            self.tally.note(what, "updated", len(self.updates[table]))
            self.tally.note(what, "removed", len(self.deletes[table.c.id]))
        return self.tally

    def __bool__(self) -> bool:
        return any((*self.inserts.values(), *self.updates.values(), self.moves, *self.deletes.values()))

    async def execute(self, connection: AsyncConnection, *, viewer: Viewer) -> None:
        """Write it all. Raises bulk.RowsRefused where the database does not take a row."""
        for some in bulk.chunks([row["id"] for row in self.updates[FEEDBACK]]):
            # Else it would go with a message or citation that it is no longer about.
            await connection.execute(
                sa.update(FEEDBACK)
                .where(FEEDBACK.c.id.in_(some), FEEDBACK.c.workspace_id == viewer.workspace_id)
                .values(message_id=None, reference_id=None)
            )
        await bulk.delete(
            connection,
            ASSISTANT_TOOLS.c.assistant_id,
            self.deletes.pop(ASSISTANT_TOOLS.c.assistant_id, set()),
            viewer=viewer,
        )
        for table in _SHARED:
            await bulk.insert(connection, table, self.inserts[table], viewer=viewer)
            await self._update(connection, table, viewer=viewer)
        await bulk.insert(connection, CONVERSATIONS, self.inserts[CONVERSATIONS], viewer=viewer)
        await self._update(connection, CONVERSATIONS, viewer=viewer)
        await self._write_messages(connection, viewer=viewer)
        for column in [column for column in self.deletes if column.table is not MESSAGES]:
            await bulk.delete(connection, column, self.deletes[column], viewer=viewer)
        for table in _BELOW:
            await bulk.insert(connection, table, self.inserts[table], viewer=viewer)
            await self._update(connection, table, viewer=viewer)
        for table in (ORIGINS, VERSIONS):
            await bulk.insert(connection, table, self.inserts[table], viewer=viewer)
        await bulk.add(connection, SOURCES.c.citation_count, self.citations, viewer=viewer)

    async def _write_messages(self, connection: AsyncConnection, *, viewer: Viewer) -> None:
        moving = [row["id"] for row in (*self.updates[MESSAGES], *self.moves)]
        for some in bulk.chunks(moving):
            # Out of the way of each other, of those that go and of those that come: their keys are unique or kept.
            await connection.execute(
                sa.update(MESSAGES)
                .where(MESSAGES.c.id.in_(some), MESSAGES.c.workspace_id == viewer.workspace_id)
                .values(sequence=-1 - MESSAGES.c.sequence, parent_id=None)
            )
        updated = [row["id"] for row in self.updates[MESSAGES]]
        for some in bulk.chunks(updated):
            await connection.execute(
                sa.update(MESSAGES)
                .where(
                    MESSAGES.c.id.in_(some),
                    MESSAGES.c.workspace_id == viewer.workspace_id,
                    MESSAGES.c.external_id.is_not(None),
                )
                .values(external_id=None)
            )
        await bulk.delete(connection, MESSAGES.c.id, self.deletes[MESSAGES.c.id], viewer=viewer)
        await bulk.insert(connection, MESSAGES, self.inserts[MESSAGES], viewer=viewer)
        await self._update(connection, MESSAGES, viewer=viewer)
        await bulk.update(
            connection, MESSAGES, self.moves, columns=("sequence", "parent_id", "branch_position"), viewer=viewer
        )

    async def _update(self, connection: AsyncConnection, table: sa.Table, *, viewer: Viewer) -> None:
        rows = self.updates[table]
        if rows:
            columns = [name for name in plain_columns(table) if name not in ("id", "workspace_id")]
            await bulk.update(connection, table, rows, columns=columns, viewer=viewer)


@cache
def plain_columns(table: sa.Table) -> dict[str, Any]:
    """The columns that are written, with their defaults; None where there is none."""
    return {column.name: scalar_default(column) for column in table.columns if column.computed is None}


@cache
def _json_columns(table: sa.Table) -> frozenset[str]:
    return frozenset(column.name for column in table.columns if isinstance(column.type, JsonText))


def completed(table: sa.Table, row: Mapping[str, Any]) -> dict[str, Any]:
    """The row with the defaults of what it leaves out."""
    return {**plain_columns(table), **row}


def same_row(table: sa.Table, old: Mapping[str, Any], row: Mapping[str, Any], given: Container[str] = ()) -> bool:
    """Whether a stored row says what this one does; of times only those that were given count."""
    in_json = _json_columns(table)
    for name, default in plain_columns(table).items():
        if name in _MADE and name not in given:
            continue
        before, after = old[name], row.get(name, default)
        if before is None or after is None or name not in in_json:
            if before != after:
                return False
        elif not jsons.same(before, after):
            return False
    return True


def same_rows(table: sa.Table, old: Collection[Mapping[str, Any]], rows: Collection[Mapping[str, Any]]) -> bool:
    """Whether stored rows say what these do, in the same order."""
    return len(old) == len(rows) and all(same_row(table, *pair) for pair in zip(old, rows, strict=True))
