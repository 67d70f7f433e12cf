"""Turns drafts of feedback into rows: those within conversations, and those that come apart from them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from db.interchange.arrival import Arrival
from db.interchange.base import ConversationDraft, FeedbackDraft
from db.interchange.claims import Claims
from db.interchange.known import Key
from db.interchange.merging import Stored
from db.interchange.writes import FEEDBACK, ORIGINS, REASONS, SCORES, VERDICTS, Writes, completed, same_row, same_rows
from db.record import new_id
from db.words import Entity


class About(NamedTuple):
    """Feedback, and what it is about."""

    feedback: Sequence[FeedbackDraft]
    message_id: UUID | None
    """None: the conversation itself."""
    citations: Sequence[UUID]
    """The ids of the citations of the message, or of the conversation, in order."""
    at: datetime
    """The time of what it is about, which stands in for its own."""


class Opinions:
    """Stores the feedback within the conversations of a batch."""

    def __init__(self, writes: Writes, arrival: Arrival, stored: Stored, claims: Claims) -> None:
        self._writes = writes
        self._arrival = arrival
        self._stored = stored
        self._claims = claims

    def nested(
        self,
        draft: ConversationDraft,
        conversation_id: UUID,
        known: Mapping[Key, Any],
        opinions: Iterable[About],
        *,
        own: bool,
    ) -> None:
        """Store the feedback on a conversation and its messages; `known` is what came within it before.

        `own`: the draft says all the feedback on the conversation itself that its record has.
        """
        again: set[UUID] = set()
        for about in opinions:
            for position, feedback in enumerate(about.feedback):
                key = self._claims.feedback_key(draft, feedback, known)
                before = known.get((feedback.kind, key))
                row_id = store_feedback(
                    self._writes,
                    feedback,
                    before,
                    self._stored,
                    conversation_id=conversation_id,
                    message_id=about.message_id,
                    citations=about.citations,
                    position=position,
                    at=about.at,
                )
                self._writes.inserts[ORIGINS].append(self._arrival.origin(row_id, Entity.FEEDBACK, feedback, key=key))
                if before is not None:
                    again.add(row_id)
                    self._writes.deletes[ORIGINS.c.entity_id].add(row_id)
        for row in known.values():
            # Of a page, the messages that it has are whole, and the others are as they were.
            here = own if row["message_id"] is None else draft.whole or row["message_id"] in self._stored.messages
            if row["id"] not in again and here:
                self._writes.deletes[FEEDBACK.c.id].add(row["id"])
                self._writes.deletes[ORIGINS.c.entity_id].add(row["id"])


def store_feedback(
    writes: Writes,
    draft: FeedbackDraft,
    old: Mapping[str, Any] | None,
    stored: Stored,
    *,
    conversation_id: UUID,
    message_id: UUID | None,
    citations: Sequence[UUID],
    position: int,
    at: datetime,
) -> UUID:
    """Write a piece of feedback, new or in the place of the old one, and give its id.

    `citations`: the ids of the message's citations, in order. `at`: the time of what it is about.
    """
    created = draft.values.get("created_at") or draft.values.get("updated_at") or at
    row_id: UUID = new_id(created) if old is None else old["id"]
    row = {
        **draft.values,
        "id": row_id,
        "conversation_id": conversation_id,
        "message_id": message_id,
        "reference_id": _of(citations, draft.reference),
        "position": position,
        "created_at": created,
        "updated_at": draft.values.get("updated_at") or draft.updated_at or created,
    }
    below = {
        REASONS: _numbered(row_id, draft.reasons),
        SCORES: _numbered(row_id, draft.scores),
        VERDICTS: _numbered(
            row_id,
            ({**verdict.values, "reference_id": _of(citations, verdict.reference)} for verdict in draft.verdicts),
        ),
    }
    if old is None:
        writes.inserts[FEEDBACK].append(row)
        for table, rows in below.items():
            if rows:
                writes.inserts[table] += rows
        return row_id
    changed = not same_row(FEEDBACK, old, row, draft.values)
    before = {REASONS: stored.reasons, SCORES: stored.scores, VERDICTS: stored.verdicts}
    for table, rows in below.items():
        if not same_rows(table, before[table].get(row_id, []), rows):
            changed = True
            writes.deletes[table.c.feedback_id].add(row_id)
            writes.inserts[table] += rows
    if changed:
        writes.updates[FEEDBACK].append(completed(FEEDBACK, {**row, "version": old["version"] + 1}))
    else:
        writes.tally.note("feedback", "unchanged")
    return row_id


def _of(citations: Sequence[UUID], position: int | None) -> UUID | None:
    return citations[position] if position is not None and 0 <= position < len(citations) else None


def _numbered(row_id: UUID, rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [{**row, "feedback_id": row_id, "position": position} for position, row in enumerate(rows)]
