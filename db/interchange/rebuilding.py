"""Conversations as drafts again, made of their rows: the inverse of settling and storing, for exports.

A draft is what the record said, with what was changed here since. Its values leave out what has none, and what was made
here in place of what the record lacks: a title, a name, the time of the import. What was written here has no record:
its id is the row's, its kind and the word for its speaker are the usual ones of the conversation's system.

Sources, assistants and tools are one row for many records; what a record itself says of them is in its citations and
its own origin, so that formats need of a shared row no more than its id.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from db.interchange import rebuilding_drafts as drafts
from db.interchange import rebuilding_rows
from db.interchange.base import (
    AssistantDraft,
    ConversationDraft,
    FeedbackDraft,
    MessageDraft,
    SourceDraft,
)
from db.interchange.fitting import OUTER_KEY, PARENT_KEY
from db.interchange.rebuilding_rows import ORIGIN, Rows, Values
from db.interchange.usual import usual_message_kind, usual_word
from db.paging import Row
from db.viewer import Viewer
from db.words import OriginSystem


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """A conversation with its draft, in which every message stands with its parent, whatever branch it is on."""

    row: Row
    draft: ConversationDraft
    system: OriginSystem | None
    """Where it was imported from; None for a conversation that was made here."""
    account: str
    in_play: tuple[bool, ...]
    """Of each message of the draft whether it is on the branch in play."""

    @property
    def import_id(self) -> UUID | None:
        """The import of the file that its record came from."""
        return None if self.draft.stood is None else self.draft.stood.import_id

    @property
    def position(self) -> int | None:
        """The record's place in that file; None where it was only made for messages that came without one."""
        return None if self.draft.stood is None else self.draft.stood.position


async def rebuild(connection: AsyncConnection, ids: Sequence[UUID], *, viewer: Viewer) -> list[Rebuilt]:
    """Those of the conversations that exist and are not deleted, in the order of their ids as given."""
    if not ids:
        return []
    rows = await rebuilding_rows.conversation_rows(connection, ids, viewer=viewer)
    return [_conversation(rows, rows.conversations[each]) for each in dict.fromkeys(ids) if each in rows.conversations]


async def rebuild_messages(
    connection: AsyncConnection, messages: Mapping[UUID, UUID], *, viewer: Viewer
) -> dict[UUID, Rebuilt]:
    """Messages by their ids, each as a loose conversation of itself alone; given are their conversations' ids."""
    if not messages:
        return {}
    ids = list(dict.fromkeys(messages.values()))
    rows = await rebuilding_rows.message_rows(connection, ids, list(messages), viewer=viewer)
    found: dict[UUID, Rebuilt] = {}
    for conversation_id, theirs in rows.messages.items():
        for values in theirs:
            rows.messages = {conversation_id: [values]}
            rebuilt = _conversation(rows, rows.conversations[conversation_id])
            draft = rebuilt.draft
            draft.loose, draft.whole = True, False
            draft.values |= (draft.messages[0].presence or {}).get(OUTER_KEY, {})
            found[values["id"]] = rebuilt
    return found


async def rebuild_feedback(
    connection: AsyncConnection, ids: Sequence[UUID], *, viewer: Viewer
) -> dict[UUID, tuple[Values, FeedbackDraft]]:
    """Pieces of feedback by their ids, with their rows; their verdicts don't tell which citations they are of."""
    if not ids:
        return {}
    rows = await rebuilding_rows.feedback_rows(connection, ids, viewer=viewer)
    return {
        values["id"]: (values, drafts.feedback_of(rows, values, {}, values[f"{ORIGIN}system"]))
        for theirs in rows.feedback.values()
        for values in theirs
    }


async def rebuild_assistants(
    connection: AsyncConnection, ids: Sequence[UUID], *, viewer: Viewer
) -> dict[UUID, AssistantDraft]:
    """Assistants by their ids, with their tools."""
    if not ids:
        return {}
    rows = await rebuilding_rows.assistant_rows(connection, ids, viewer=viewer)
    return {row_id: drafts.assistant_of(rows, values) for row_id, values in rows.assistants.items()}


async def rebuild_sources(
    connection: AsyncConnection, ids: Sequence[UUID], *, viewer: Viewer
) -> dict[UUID, SourceDraft]:
    """Sources by their ids."""
    if not ids:
        return {}
    rows = await rebuilding_rows.source_rows(connection, ids, viewer=viewer)
    return {row_id: drafts.source_of(values) for row_id, values in rows.sources.items()}


def _conversation(rows: Rows, row: Row) -> Rebuilt:
    values: Values = dict(row._mapping)
    system: OriginSystem | None = values[f"{ORIGIN}system"]
    draft = drafts.recorded(
        ConversationDraft(values=drafts.picked(values, drafts.OF_CONVERSATIONS)), values, "conversation"
    )
    if values["title_made"]:
        del draft.values["title"]
    if draft.stood is not None:
        made = {values[f"{ORIGIN}imported_at"], rows.arrivals.get(row.id)}
        for name in ("created_at", "updated_at", "last_activity_at"):
            # Nobody but the import knows such a time.
            if values[name] in made:
                del draft.values[name]
    messages = rows.messages.get(row.id, ())
    kinds = {each[f"{ORIGIN}kind"] for each in messages}
    ids: dict[UUID, str | None] = {}
    for each in messages:
        message = _message(rows, each, system, draft.kind, kinds)
        if each["parent_id"] is not None:
            message.parent = ids[each["parent_id"]] if each["parent_id"] in ids else _id_above(each)
        ids[each["id"]] = message.record_id
        draft.messages.append(message)
    draft.linear = all(
        each["parent_id"] == (before["id"] if before is not None else None)
        for before, each in zip((None, *messages), messages, strict=False)
    )
    draft.current = ids.get(row.current_message_id)
    draft.loose = draft.stood is not None and draft.stood.position is None
    draft.whole = not draft.loose
    draft.references = [drafts.reference_of(rows, each) for each in rows.references.get(row.id, ())]
    _take_feedback(rows, row.id, draft, messages, system)
    if row.assistant_id in rows.assistants:
        draft.assistant = drafts.assistant_of(rows, rows.assistants[row.assistant_id])
    draft.tools = [drafts.tool_of(each) for each in rows.tools.get(row.id, ())]
    draft.tags = [each["tag"] for each in rows.tags.get(row.id, ())]
    in_play = tuple(each["branch_position"] is not None for each in messages)
    return Rebuilt(row, draft, system, values[f"{ORIGIN}account"] or "", in_play)


def _message(
    rows: Rows, values: Values, system: OriginSystem | None, kind: str, kinds: set[str | None]
) -> MessageDraft:
    row_id: UUID = values["id"]
    role = values["role"]
    draft = drafts.recorded(
        MessageDraft(values=drafts.picked(values, drafts.OF_MESSAGES)),
        values,
        usual_message_kind(system, kind, kinds, role),
    )
    if draft.stood is None and (word := usual_word(system, role)):
        draft.values["role_name"] = word
    if values["has_parts"]:
        draft.parts = drafts.below(rows.parts, row_id)
    draft.references = [drafts.reference_of(rows, each) for each in rows.citations.get(row_id, ())]
    draft.tool_calls = drafts.below(rows.tool_calls, row_id, "tool_id", "result_message_id")
    draft.attachments = drafts.below(rows.attachments, row_id)
    draft.follow_ups = drafts.below(rows.follow_ups, row_id)
    if draft.presence is not None and PARENT_KEY in draft.presence:
        draft.parent = draft.presence[PARENT_KEY]
    return draft


def _take_feedback(
    rows: Rows,
    conversation_id: UUID,
    draft: ConversationDraft,
    messages: Sequence[Values],
    system: OriginSystem | None,
) -> None:
    """Put the feedback on a conversation where it belongs."""
    found = rows.feedback.get(conversation_id)
    if not found:
        return
    of_messages = {each["id"]: message for each, message in zip(messages, draft.messages, strict=True)}
    cited: dict[UUID, tuple[UUID | None, int]] = {}
    for of_message in (None, *of_messages):
        there = rows.references.get(conversation_id) if of_message is None else rows.citations.get(of_message)
        cited |= {each["id"]: (of_message, index) for index, each in enumerate(there or ())}
    places = {row_id: index for row_id, (_, index) in cited.items()}
    for values in found:
        of_message = values["message_id"] or cited.get(values["reference_id"], (None, 0))[0]
        holder = draft if of_message is None else of_messages.get(of_message)
        if holder is not None:
            holder.feedback.append(drafts.feedback_of(rows, values, places, system))


def _id_above(values: Values) -> str | None:
    """The id of the message above one that was loaded without it."""
    if values.get("above_record_id") is None:
        return str(values["parent_id"])
    return drafts.own_id(values["above_record_id"], values["above_id_type"], values["above_presence"])
