"""Writes of messages: added, edited, regenerated, deleted, and which of them are in play.

An edit and a new answer are siblings of what was there: nothing is overwritten.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from db import messages as rooms
from db import reads
from db.words import ErrorPolicy, MessageRole, MessageStatus, ProblemCode
from db.writing.adding import Adding
from db.writing.composing import Composed, Values, compose, needs_content, places, take_content, told
from db.writing.inputs import ATTACHMENT, MESSAGE, MESSAGES, PART
from db.writing.openings import opening_left
from db.writing.outcome import Counts, Outcome, Row
from db.writing.performing import Verb, Work
from db.writing.playing import newest_child, play
from db.writing.problems import Place
from db.writing.removal import forget_messages
from db.writing.rows import conversation_for_update, write_conversation
from db.writing.shapes import BAD, Shape, identifier, listed, made_id, text, whole, word

_VERSION: Final = whole()

_COPIED: Final = (
    *("role", "role_name", "message_type", "actor", "author_id", "author_name", "visible", "content_format"),
    *("tool_call_id", "tool_name", "properties", "user_properties"),
)
"""What a new version of a message has from the one that it takes the place of."""


def composed_of(given: Mapping[str, Any], work: Work, name: str = "messages") -> list[Composed]:
    """What the messages of an input ask for; those that are bad altogether are left out."""
    noted = places(work.look, 3)
    return [
        compose(each, (name, str(index)), index, work.look, noted)
        for index, each in enumerate(given.get(name) or ())
        if each is not BAD
    ]


async def _add_messages(work: Work, given: Values) -> Outcome:
    row = None
    if "conversation_id" in given:
        row = await conversation_for_update(work, given["conversation_id"], ("conversation_id",))
    composed = composed_of(given, work)
    adding = Adding(work, row or {})
    await adding.look_up(composed)
    if row is None:
        work.stop()
    work.expect(given, row["version"], "conversation")
    await adding.find_places(composed)
    work.settle()
    changes, made = await adding.write(below=row["current_message_id"])
    conversation = await write_conversation(work, row, changes)
    listed_rows = [made.get(index) for index in range(len(given["messages"]))]
    counts = Counts(inserted=len(made), rejected=len(listed_rows) - len(made))
    return Outcome("conversations", conversation, "messages", listed_rows, counts=counts)


async def message_for_update(work: Work, given: Values, name: str = "id") -> tuple[Values, Values] | None:
    """A message that is about to change and its conversation, which is locked; None, and noted, where there is none."""
    if name not in given:
        return None
    found = (await rooms.by_ids(work.connection, [given[name]], viewer=work.viewer)).get(given[name])
    if found is None:
        work.not_found((name,), "message")
        return None
    conversation = await conversation_for_update(work, found.conversation_id, (name,))
    if conversation is None:
        return None
    # Anew: it may have changed while its conversation was another's to change.
    found = (await rooms.by_ids(work.connection, [given[name]], viewer=work.viewer)).get(given[name])
    if found is None:
        work.not_found((name,), "message")
        return None
    return dict(found._mapping), conversation


async def _edit_message(work: Work, given: Values) -> Outcome:
    found = await message_for_update(work, given)
    needs_content(given, (), work.look, places(work.look, 1))
    composed = Composed((), 0, uuid=given.get("uuid"))
    take_content(composed.row, composed.parts, told(given), (), work.look)
    if given.get("attachments") is not None:
        composed.attachments = [told(each) for each in given["attachments"] if each is not BAD]
    if found is None:
        work.stop()
    message, conversation = found
    work.expect(given, message["version"], "message")
    if work.viewer.owns is not None and message["role"] is not MessageRole.USER:
        work.wrong(("id",), "The message is not yours: it can be regenerated, not edited.", ProblemCode.FORBIDDEN)
    if message["status"] is MessageStatus.STREAMING:
        work.wrong(("id",), "The message is still being written: stop it first.", ProblemCode.UNSUPPORTED)
    if composed.attachments is None:
        composed.attachments = await _attachments(work, message["id"])
    if "content" not in composed.row:
        # New attachments, and the words as they were.
        composed.row |= {name: message[name] for name in ("content", "has_parts")}
        composed.parts = await _parts(work, message["id"])
    composed.row = {name: message[name] for name in _COPIED if message[name] is not None} | composed.row
    return await _sibling(work, composed, message, conversation)


async def _attachments(work: Work, message_id: UUID) -> list[Values]:
    rows = (await rooms.attachments_of(work.connection, [message_id], viewer=work.viewer))[message_id]
    return [_without(row, "id", "created_at", "message_id", "position", "workspace_id") for row in rows]


async def _parts(work: Work, message_id: UUID) -> list[Values]:
    rows = (await rooms.parts_of(work.connection, [message_id], viewer=work.viewer))[message_id]
    return [_without(row, "message_id", "position", "workspace_id") for row in rows]


def _without(row: Row, *names: str) -> Values:
    return {name: value for name, value in row._mapping.items() if name not in (*names, "page_key")}


async def _sibling(work: Work, composed: Composed, message: Values, conversation: Values) -> Outcome:
    """Put a message beside another one, and its branch into play."""
    adding = Adding(work, conversation)
    await adding.look_up([composed])
    await adding.find_places([composed])
    work.settle()
    changes, made = await adding.write(below=message["parent_id"])
    await write_conversation(work, conversation, changes)
    return Outcome("messages", made[0])


async def _regenerate_message(work: Work, given: Values) -> Outcome:
    found = await message_for_update(work, given)
    message = None if found is None else found[0]
    answer = given.get("message")
    if answer is None:
        composed = Composed((), 0, row={"content": "", "status": MessageStatus.STREAMING, "stream_sequence": 0})
        if message is not None and not work.problems.any_at(("message",)):
            composed.row = {name: message[name] for name in _COPIED if message[name] is not None} | composed.row
            if message["role"] is MessageRole.USER:
                advice = "The message is a user's: edit it, or give the new message."
                work.wrong(("id",), advice, ProblemCode.UNSUPPORTED)
    else:
        at: Place = ("message",)
        composed = compose(answer, at, 0, work.look, places(work.look, 2))
        for name in ("parent_id", "parent_external_id"):
            if answer.get(name) is not None:
                work.wrong((*at, name), "A new version stands beside the old one: it takes no parent.")
        composed.parent_id = composed.parent_external_id = None
    uuid = given.get("uuid")
    if uuid is not None and composed.uuid not in (None, uuid):
        work.wrong(("uuid",), "The uuid and that of the message are two: give one.")
    elif uuid is not None and composed.uuid is None:
        composed.uuid, composed.uuid_at = uuid, ("uuid",)
    if found is None or message is None:
        await Adding(work, {}).look_up([composed])
        work.stop()
    return await _sibling(work, composed, message, found[1])


async def _set_current_message(work: Work, given: Values) -> Outcome:
    found = await message_for_update(work, given, "message_id")
    if found is None:
        work.stop()
    message, conversation = found
    work.expect(given, conversation["version"], "conversation")
    work.settle()
    branch = await play(work, conversation["id"], message["id"])
    changes = {"current_message_id": branch[-1]}
    return Outcome("conversations", await write_conversation(work, conversation, changes))


async def _delete_message(work: Work, given: Values) -> Outcome:
    found = await message_for_update(work, given)
    if found is None:
        work.stop()
    message, conversation = found
    work.expect(given, message["version"], "message")
    work.settle()
    gone = await _branch_below(work, message["id"])
    await forget_messages(work, gone)
    changes: Values = {"message_count": conversation["message_count"] - len(gone)}
    if conversation["last_message_id"] in gone:
        changes["last_message_id"] = await _last_message(work, conversation["id"])
    if conversation["current_message_id"] in gone:
        changes["current_message_id"] = await _fall_back(work, conversation["id"], message["parent_id"])
    row = await write_conversation(work, conversation, changes | await opening_left(work, conversation))
    return Outcome("conversations", row, deleted=sorted(gone))


async def _branch_below(work: Work, message_id: UUID) -> set[UUID]:
    """A message and all that is below it."""
    messages, below = reads.table("messages"), reads.alias("messages", "below")
    here = reads.in_workspace(messages, work.viewer.workspace_id)
    branch = sa.select(messages.c.id).where(messages.c.id == message_id, here).cte("branch", recursive=True)
    branch = branch.union_all(sa.select(below.c.id).select_from(branch.join(below, below.c.parent_id == branch.c.id)))
    return set((await work.connection.execute(sa.select(branch.c.id))).scalars())


async def _last_message(work: Work, conversation_id: UUID) -> UUID | None:
    """The newest message on any branch."""
    messages = reads.table("messages")
    statement = (
        sa.select(messages.c.id)
        .where(messages.c.conversation_id == conversation_id, reads.in_workspace(messages, work.viewer.workspace_id))
        .order_by(messages.c.sequence.desc())
        .limit(1)
    )
    return (await work.connection.execute(statement)).scalar()


async def _fall_back(work: Work, conversation_id: UUID, parent_id: UUID | None) -> UUID | None:
    """Bring into play what is left where the branch in play was: a sibling's branch, else the parent itself."""
    through = await newest_child(work, conversation_id, parent_id) or parent_id
    return None if through is None else (await play(work, conversation_id, through))[-1]


add_messages: Final = Verb(
    "addMessages",
    Shape(
        {
            "conversation_id": identifier,
            "messages": MESSAGES,
            "on_error": word(ErrorPolicy),
            "expected_version": _VERSION,
        },
        required=("conversation_id", "messages"),
    ),
    _add_messages,
    elements="messages",
)
edit_message: Final = Verb(
    "editMessage",
    Shape(
        {
            "id": identifier,
            "uuid": made_id,
            "content": text,
            "content_parts": listed(PART),
            "attachments": listed(ATTACHMENT),
            "expected_version": _VERSION,
        },
        required=("id",),
    ),
    _edit_message,
)
regenerate_message: Final = Verb(
    "regenerateMessage",
    Shape({"id": identifier, "message": MESSAGE, "uuid": made_id}, required=("id",)),
    _regenerate_message,
)
set_current_message: Final = Verb(
    "setCurrentMessage",
    Shape({"message_id": identifier, "expected_version": _VERSION}, required=("message_id",)),
    _set_current_message,
)
delete_message: Final = Verb(
    "deleteMessage",
    Shape({"id": identifier, "expected_version": _VERSION}, required=("id",)),
    _delete_message,
)
