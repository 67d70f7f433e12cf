"""The write that makes a conversation, with its first messages in the same transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from db import bulk, reads
from db.record import new_id
from db.titles import made_title
from db.words import ConversationType, ExecutionStatus, Visibility
from db.writing.adding import Adding
from db.writing.composing import Values, told
from db.writing.inputs import CREATE_CONVERSATION
from db.writing.messages import composed_of
from db.writing.outcome import Outcome, row_of
from db.writing.performing import Verb, Work
from db.writing.rows import assistant_is_here, external_id_free, id_free
from db.writing.shapes import BAD

COLUMNS: Final = (
    *("title", "type", "owner_id", "visibility", "matrix_mode", "properties", "user_properties", "model"),
    *("system_prompt", "temperature", "config", "external_id", "external_url", "support_ticket_conversation_id"),
    *("project_id", "integration_id"),
)
"""Fields of the inputs that are columns as they are."""


def new_conversation(work: Work, values: Mapping[str, Any]) -> Values:
    """The row of a conversation in which nothing was said yet; `values` is an input without nulls."""
    created = values.get("created_at") or work.at
    row = {name: values[name] for name in COLUMNS if name in values}
    return {
        "title": made_title(None),
        "title_made": "title" not in values,
        "type": ConversationType.CHAT,
        "execution_status": ExecutionStatus.AVAILABLE,
        "visibility": Visibility.PRIVATE,
        **row,
        "id": values.get("uuid") or new_id(created),
        "workspace_id": work.viewer.workspace_id,
        "assistant_id": values.get("assistant_id"),
        "created_at": created,
        "updated_at": work.at,
        "last_activity_at": created,
        "message_count": 0,
        "current_message_id": None,
        "last_message_id": None,
        "preview": None,
    }


async def write_tags(work: Work, conversation_id: UUID, tags: Sequence[Any], first: int = 0) -> None:
    """Write tags, each once, at the places from `first` on."""
    rows = [
        {"conversation_id": conversation_id, "tag": tag, "position": first + offset}
        for offset, tag in enumerate(dict.fromkeys(tags))
    ]
    await bulk.insert(work.connection, reads.table("conversation_tags"), rows, viewer=work.viewer)


async def _create_conversation(work: Work, given: Values) -> Outcome:
    values = told(given)
    await id_free(work, "conversations", values.get("uuid"), ("uuid",))
    await external_id_free(work, "conversations", values.get("external_id"), None, ("external_id",))
    await assistant_is_here(work, values.get("assistant_id"), ("assistant_id",))
    row = new_conversation(work, values)
    adding = Adding(work, row, fresh=True)
    composed = composed_of(values, work)
    await adding.look_up(composed)
    await adding.find_places(composed)
    work.settle()
    conversations = reads.table("conversations")
    await bulk.insert(work.connection, conversations, [row], viewer=work.viewer)
    await write_tags(work, row["id"], [tag for tag in values.get("tags", ()) if tag is not BAD])
    changes, _ = await adding.write(below=None)
    if changes:
        await bulk.update(
            work.connection, conversations, [{**changes, "id": row["id"]}], columns=tuple(changes), viewer=work.viewer
        )
    return Outcome("conversations", row_of("conversations", row | changes))


create_conversation: Final = Verb("createConversation", CREATE_CONVERSATION, _create_conversation)
