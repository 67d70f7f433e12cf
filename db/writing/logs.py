"""The write by which a backend logs conversations: what is new comes in, what changed is changed, the rest stays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from db import bulk, reads
from db.record import new_id
from db.words import ProblemCode
from db.writing.composing import Values, told
from db.writing.creating import COLUMNS, new_conversation, write_tags
from db.writing.inputs import LOG_CONVERSATION
from db.writing.merging import merge
from db.writing.messages import composed_of
from db.writing.outcome import Outcome, row_of
from db.writing.performing import Verb, Work
from db.writing.rows import (
    assistant_is_here,
    changed,
    conversations_for_update,
    measured,
    write_conversation,
)
from db.writing.shapes import BAD
from db.writing.transcripts import Transcript
from db.writing.wire import compose_wire


async def _log_conversation(work: Work, given: Values) -> Outcome:
    values = told(given)
    wire = values.get("openai_messages")
    if wire is not None:
        if "messages" in values:
            work.wrong(("openai_messages",), "Give messages or OpenAI messages, not both.")
        work.elements = "openai_messages"
    composed = composed_of(values, work) if wire is None else compose_wire(wire, work.look)
    row = await _found(work, values)
    fresh = row is None
    if row is None:
        row = new_conversation(work, values)
    changes = _changes(work, row, values, fresh=fresh)
    assistant = await _assistant(work, values)
    if assistant is not None:
        changes["assistant_id"] = assistant["id"]
    tags, first = await _new_tags(work, row, values)
    transcript = Transcript(work, row, fresh=fresh, wire=wire is not None)
    await transcript.look_up(composed)
    work.settle()
    if assistant is not None and len(assistant) > 1:
        await bulk.insert(work.connection, reads.table("assistants"), [assistant], viewer=work.viewer)
    if fresh:
        row |= changes
        await bulk.insert(work.connection, reads.table("conversations"), [row], viewer=work.viewer)
    await write_tags(work, row["id"], tags, first)
    changes |= await transcript.write(changes)
    if fresh:
        changes = changed("conversations", row, changes)
        written = [{**changes, "id": row["id"]}]
        await bulk.update(
            work.connection, reads.table("conversations"), written, columns=tuple(changes), viewer=work.viewer
        )
        conversation = row_of("conversations", row | changes)
    else:
        conversation = await write_conversation(work, row, changes, touched=bool(tags) or transcript.touched)
    listed = transcript.rows(len(values.get("messages") or wire or ()))
    return Outcome("conversations", conversation, "messages", listed, counts=transcript.counts(len(listed)))


async def _found(work: Work, values: Mapping[str, Any]) -> Values | None:
    """The conversation of these ids, locked; None where there is none. Notes ids that are taken or contradict.

    One statement asks for both ids, and says whether the conversation is new: where another transaction makes it a
    moment later its insert is refused, and this write done anew.
    """
    uuid, external_id = values.get("uuid"), values.get("external_id")
    if uuid is None and external_id is None:
        return None
    rows = reads.table("conversations")
    here = rows.c.workspace_id == work.viewer.workspace_id
    # By uuid in any workspace: the key is one for all of them.
    asked = sa.or_(
        sa.false() if uuid is None else rows.c.id == uuid,
        sa.false() if external_id is None else sa.and_(here, rows.c.external_id == external_id),
    )
    statement = sa.select(rows.c.id, here.label("here"), rows.c.deleted_at, rows.c.external_id).where(asked)
    found = list(await work.connection.execute(statement))
    own = next((row for row in found if row.id == uuid), None)
    named = next((row for row in found if row.here and row.external_id == external_id), None)
    if own is not None and not (own.here and own.deleted_at is None):
        work.wrong(("uuid",), "The uuid is the id of another conversation.", ProblemCode.TAKEN)
    if named is None or named is own:
        pass
    elif named.deleted_at is not None:
        message = "The external id is that of a deleted conversation, which can still be restored."
        work.wrong(("external_id",), message, ProblemCode.TAKEN)
    elif own is not None:
        work.wrong(("external_id",), "The external id is another conversation's.", ProblemCode.TAKEN)
    elif uuid is not None:
        message = "The conversation with this external id has another uuid."
        work.wrong(("uuid",), message, ProblemCode.TAKEN)
    if (known := own or named) is None:
        return None
    return (await conversations_for_update(work, [known.id])).get(known.id)


async def _assistant(work: Work, values: Mapping[str, Any]) -> Values | None:
    """The assistant that the input names: its id alone, or the whole row of one that its external id makes."""
    key = told(values.get("assistant") or {})
    if (row_id := key.get("id")) is not None:
        await assistant_is_here(work, row_id, ("assistant", "id"))
        return {"id": row_id}
    if (external_id := key.get("external_id")) is None:
        return None
    assistants = reads.table("assistants")
    statement = sa.select(assistants.c.id).where(
        assistants.c.workspace_id == work.viewer.workspace_id, assistants.c.external_id == external_id
    )
    known: UUID | None = (await work.connection.execute(statement)).scalar()
    if known is not None:
        return {"id": known}
    made = {"name": external_id, "name_made": True, "external_id": external_id}
    return made | {"id": new_id(work.at), "created_at": work.at, "updated_at": work.at}


def _changes(work: Work, row: Mapping[str, Any], values: Mapping[str, Any], *, fresh: bool) -> Values:
    """What the input changes of the conversation."""
    changes = {} if fresh else {name: values[name] for name in COLUMNS if name in values}
    if "title" in changes:
        changes["title_made"] = False
    for name in ("properties", "user_properties"):
        if name in values:
            changes[name] = measured(work, merge(None if fresh else row[name], values[name]), (name,))
    return changes


async def _new_tags(work: Work, row: Mapping[str, Any], values: Mapping[str, Any]) -> tuple[Sequence[str], int]:
    """Tags that the conversation has not yet, and the place of the first of them."""
    given = dict.fromkeys(tag for tag in values.get("tags", ()) if tag is not BAD)
    if not given:
        return (), 0
    rows = reads.table("conversation_tags")
    statement = sa.select(rows.c.tag, rows.c.position).where(
        rows.c.conversation_id == row["id"], reads.in_workspace(rows, work.viewer.workspace_id)
    )
    known = {each.tag: each.position for each in await work.connection.execute(statement)}
    new = [tag for tag in given if tag not in known]
    total, limit = len(known) + len(new), work.limits.tags
    if total > limit:
        message = f"The conversation would have {total:,} tags; at most {limit:,} are taken."
        work.look.wrong(("tags",), message, ProblemCode.TOO_MANY, limit, total)
    return new, max(known.values(), default=-1) + 1


log_conversation: Final = Verb("logConversation", LOG_CONVERSATION, _log_conversation, elements="messages")
