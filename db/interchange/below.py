"""Stores what hangs below messages: parts, citations, tool calls, attachments and follow-up questions."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from db.interchange.base import MessageDraft, ReferenceDraft, SourceDraft
from db.interchange.merging import Old, Rows, Stored, match_citations
from db.interchange.shared import Shared
from db.interchange.trees import Tree
from db.interchange.writes import (
    ATTACHMENTS,
    CITATIONS,
    CONTENT_PARTS,
    FOLLOW_UPS,
    ORIGINS,
    SOURCES,
    TOOL_CALLS,
    Writes,
    completed,
    same_row,
    same_rows,
)
from db.record import new_id


class Below:
    """Stores what is below the messages of a batch, new or in the place of what is there."""

    def __init__(self, writes: Writes, shared: Shared, stored: Stored) -> None:
        self._writes = writes
        self._shared = shared
        self._stored = stored
        self._calls: list[tuple[UUID, datetime, list[dict[str, Any]]]] = []

    def message(
        self, draft: MessageDraft, row_id: UUID, conversation_id: UUID, at: datetime, replaces: bool
    ) -> list[UUID]:
        """Store what is below a message, and give the ids of its citations; its tool calls wait for `calls`."""
        if draft.parts or replaces:
            self._unnumbered(CONTENT_PARTS, draft.parts or (), row_id, self._stored.parts)
        if draft.follow_ups or replaces:
            self._unnumbered(FOLLOW_UPS, draft.follow_ups, row_id, self._stored.follow_ups)
        if draft.attachments or replaces:
            self._numbered(ATTACHMENTS, draft.attachments, row_id, at, self._stored.attachments)
        if draft.tool_calls or replaces:
            self._calls.append((row_id, at, [dict(call) for call in draft.tool_calls]))
        if not (draft.references or replaces):
            return []
        old = self._stored.citations.get(row_id, ())
        return self.references(
            draft.references, old, conversation_id=conversation_id, message_id=row_id, at=at, whole=True
        )

    def _unnumbered(self, table: sa.Table, drafts: Sequence[Mapping[str, Any]], row_id: UUID, stored: Rows) -> None:
        """Rows without ids: all of a message's are written anew where one differs."""
        rows = [{**draft, "message_id": row_id, "position": position} for position, draft in enumerate(drafts)]
        before = stored.get(row_id, ())
        if before:
            if same_rows(table, before, rows):
                return
            self._writes.deletes[table.c.message_id].add(row_id)
        self._writes.inserts[table] += rows

    def _numbered(
        self, table: sa.Table, drafts: Sequence[Mapping[str, Any]], row_id: UUID, at: datetime, stored: Rows
    ) -> None:
        """Rows with ids, which stay with the place in the list."""
        rows = [
            {**draft, "message_id": row_id, "position": position, "created_at": at}
            for position, draft in enumerate(drafts)
        ]
        before = stored.get(row_id, ())
        if before:
            if same_rows(table, before, rows):
                return
            self._writes.deletes[table.c.message_id].add(row_id)
        for position, row in enumerate(rows):
            row["id"] = before[position]["id"] if position < len(before) else new_id(at)
        self._writes.inserts[table] += rows

    def calls(self, tree: Tree, old: Old | None, tools: Mapping[str, UUID]) -> None:
        """Store a conversation's tool calls, each with the message that answers it: the first after it that does."""
        pending, self._calls = self._calls, []
        if not pending and old is None:
            return
        answers: dict[str, list[tuple[int, UUID]]] = {}
        sequences: dict[UUID, int] = {}
        for node in tree.nodes:
            assert node.id is not None, "messages are stored before their calls"
            sequences[node.id] = node.sequence
            call_id = node.draft.values.get("tool_call_id") if node.draft is not None else node.old.tool_call_id
            if call_id is not None:
                answers.setdefault(call_id, []).append((node.sequence, node.id))

        def answer(call_id: str | None, asked: UUID) -> UUID | None:
            after = sequences[asked]
            return next((row_id for sequence, row_id in answers.get(call_id or "", ()) if sequence > after), None)

        for row_id, at, calls in pending:
            for call in calls:
                call["result_message_id"] = answer(call.get("call_id"), row_id)
                call["tool_id"] = tools.get(call.get("name") or "")
            self._numbered(TOOL_CALLS, calls, row_id, at, self._stored.tool_calls)
        stored_again = {row_id for row_id, _, _ in pending}
        for node in tree.nodes if old is not None else ():
            for row in self._stored.tool_calls.get(node.id, ()) if node.id not in stored_again else ():
                found = answer(row["call_id"], row["message_id"])
                if found != row["result_message_id"] and found is not None:
                    self._writes.updates[TOOL_CALLS].append(completed(TOOL_CALLS, {**row, "result_message_id": found}))

    def references(
        self,
        drafts: Sequence[ReferenceDraft],
        old: Sequence[Mapping[str, Any]],
        *,
        conversation_id: UUID,
        message_id: UUID | None,
        at: datetime,
        whole: bool,
    ) -> list[UUID]:
        """Store the references of a message, or with none of the conversation itself, and give their ids in order."""
        rows = [
            {
                "number": position + 1,
                **draft.values,
                "conversation_id": conversation_id,
                "message_id": message_id,
                "position": position,
                "created_at": draft.values.get("created_at") or at,
                "source_id": None
                if draft.source is None
                else self._shared.source(draft.source, at, shared_only=bool(old)),
            }
            for position, draft in enumerate(drafts)
        ]
        matched = match_citations(old, rows, self._stored.unshared) if old else [None] * len(rows)
        for draft, row, before in zip(drafts, rows, matched, strict=True):
            if row["source_id"] is None and draft.source is not None:
                row["source_id"] = self._own_source(draft.source, before, at)
            row["id"] = new_id(row["created_at"]) if before is None else before["id"]
            if before is None:
                self._insert(row)
            elif not same_row(CITATIONS, before, row):
                self._replace(row, before)
            else:
                self._writes.tally.note("citations", "unchanged")
        again = {row["id"] for row in rows}
        for before in old if whole else ():
            if before["id"] not in again:
                self._writes.deletes[CITATIONS.c.id].add(before["id"])
                self.release(before["source_id"])
        return [row["id"] for row in rows]

    def _own_source(self, draft: SourceDraft, before: Mapping[str, Any] | None, at: datetime) -> UUID | None:
        """The source of a citation that nothing else can share: the one that it had, else a new one."""
        if before is None or before["source_id"] not in self._stored.unshared:
            return self._shared.source(draft, at)
        row_id: UUID = before["source_id"]
        self._shared.teach(row_id, draft.values)
        return row_id

    def _insert(self, row: dict[str, Any]) -> None:
        self._writes.inserts[CITATIONS].append(row)
        if row["source_id"] is not None:
            self._shared.count_citation(row["source_id"])

    def _replace(self, row: dict[str, Any], before: Mapping[str, Any]) -> None:
        self._writes.updates[CITATIONS].append(completed(CITATIONS, row))
        if row["source_id"] != before["source_id"]:
            if row["source_id"] is not None:
                self._shared.count_citation(row["source_id"])
            self.release(before["source_id"])

    def release(self, source_id: UUID | None) -> None:
        """A source is cited once less; one that nothing identifies goes with its citation."""
        if source_id is None:
            return
        if source_id in self._stored.unshared:
            self._writes.deletes[SOURCES.c.id].add(source_id)
            self._writes.deletes[ORIGINS.c.entity_id].add(source_id)
        else:
            self._shared.count_citation(source_id, -1)
