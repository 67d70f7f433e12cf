"""What drafts say: the columns of their rows without what is made here, or only a default."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

import sqlalchemy as sa

from db.interchange.base import ConversationDraft, Draft, MessageDraft
from db.interchange.fitting import ID_KEY
from db.interchange.keys import Columns
from db.record import scalar_default
from db.words import IdType

_OF_ROWS: Final = frozenset(
    (
        *("workspace_id", "id", "version", "position", "conversation_id", "message_id", "feedback_id", "parent_id"),
        *("sequence", "branch_position", "has_parts", "stream_sequence", "reference_id", "source_id", "tool_id"),
        *("result_message_id", "assistant_id", "forked_from_id", "deleted_at", "last_message_id", "message_count"),
        *("current_message_id", "title_made", "name_made", "preview", "identity", "citation_count", "is_owners"),
        *("seen_message_version", "seen_current_message_id", "seen_assistant_id", "seen_assistant_version"),
    )
)
"""Columns that say nothing of the record, or that are said otherwise: by a parent, a list, a place."""
MADE: Final = frozenset(("created_at", "updated_at", "last_activity_at"))
"""Times that a row has also where its record has none."""


@cache
def _columns(table: sa.Table) -> Mapping[str, Any]:
    """The columns that say something, each with its default."""
    return {
        column.name: scalar_default(column)
        for column in table.columns
        if column.computed is None and column.name not in _OF_ROWS and column.name not in MADE
    }


def told(values: Mapping[str, Any], table: sa.Table) -> Columns:
    """What the columns of a row say, apart from defaults and from times that may be made."""
    columns = _columns(table)
    return {
        name: value
        for name, value in values.items()
        if value is not None and name in columns and value != columns[name]
    }


def own_id(draft: Draft) -> str | None:
    """The id of a record as text, also where it was made here; None where there is none."""
    if draft.record_id is None or draft.id_type is IdType.PLACE:
        return draft.record_id
    own: str = (draft.presence or {}).get(ID_KEY, draft.record_id)
    return own


def times_of(draft: MessageDraft, conversation: ConversationDraft) -> Columns:
    """When a message happened, was created and was changed, as far as its source says, or it was written here."""
    values = draft.values
    created, changed, happened = (values.get(name) for name in ("created_at", "updated_at", "timestamp"))
    if happened is None and draft.stood is not None and conversation.values.get("created_at") in (None, created):
        # The time of the conversation stood in for its own.
        changed = None if changed == created else changed
        created = None
    there = {"created_at": created, "updated_at": changed, "timestamp": happened}
    return {name: time for name, time in there.items() if time is not None}
