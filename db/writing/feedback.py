"""Feedback is given, replaced and withdrawn."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from db import bulk, reads
from db.words import FeedbackAuthor, ProblemCode
from db.writing.inputs import FEEDBACK, KEY
from db.writing.opinions import BELOW, Target, add, says, seen_now, standing
from db.writing.outcome import Outcome
from db.writing.performing import Verb, Work
from db.writing.problems import Place
from db.writing.removal import forget_feedback
from db.writing.rows import NOUNS, conversations_for_update, write_row
from db.writing.shapes import Look, Shape, identifier, named, whole, word

_TARGETS: Final = ("conversations", "messages", "citations")
_PLAIN: Final[tuple[str, ...]] = (
    "rating",
    "comment",
    "positive_comment",
    "negative_comment",
    "suggestion",
    "follow_up_questions_helpful",
    "properties",
    "user_properties",
    "external_id",
)
"""Fields that are columns."""
_LISTS: Final = dict(zip(("reasons", "scores", "citation_verdicts"), BELOW, strict=True))
"""Fields that are rows of their own, and their tables."""


def _target(value: Any, at: Place, look: Look) -> Any:
    """A table and an id."""
    match value:
        case (str() as table, UUID()) if table in _TARGETS:
            return value
    return look.wrong(at, f"{named(at)} must be the id of a conversation, a message or a citation.")


_GIVE: Final = Shape(
    {
        **FEEDBACK.fields,
        "target": _target,
        "author_id": KEY,
        "author_kind": word(FeedbackAuthor),
        "seen": Shape(
            {"message_version": whole(1), "current_message_id": identifier, "assistant_version": whole(1)},
        ),
    },
    required=("target",),
)


async def _found(work: Work, given: tuple[str, UUID]) -> Target | None:
    """What feedback is about, its conversation locked; None, and noted, where it is not there."""
    table, row_id = given
    citation = message = None
    talk: UUID | None = row_id
    if table == "citations":
        citation = await _row(work, table, row_id, "message_id")
        talk = None if citation is None else citation["conversation_id"]
    if table == "messages" or (citation is not None and citation["message_id"] is not None):
        message_id = row_id if citation is None else citation["message_id"]
        message = await _row(work, "messages", message_id, "version")
        talk = None if message is None else message["conversation_id"]
    conversation = None if talk is None else (await conversations_for_update(work, [talk])).get(talk)
    if conversation is None:
        work.not_found(("target",), NOUNS[table])
        return None
    return Target(conversation, message, citation)


async def _row(work: Work, table: str, row_id: UUID, *names: str) -> Mapping[str, Any] | None:
    rows = reads.table(table)
    statement = sa.select(rows.c.id, rows.c.conversation_id, *(rows.c[name] for name in names)).where(
        rows.c.id == row_id, rows.c.workspace_id == work.viewer.workspace_id
    )
    row = (await work.connection.execute(statement)).mappings().one_or_none()
    return None if row is None else dict(row)


async def _check_seen(work: Work, target: Target, message_id: UUID) -> None:
    """Note it where the current message that was seen is none of the conversation's."""
    row, at = await _row(work, "messages", message_id), ("seen", "current_message_id")
    if row is None:
        work.not_found(at, "message")
    elif row["conversation_id"] != target.conversation["id"]:
        work.wrong(at, f"{named(at)} is a message of another conversation.", ProblemCode.WRONG_CONVERSATION)


async def _check_verdicts(work: Work, target: Target, verdicts: list[Any]) -> None:
    """Note the citations that are none of the message's, or of the conversation's."""
    asked = {
        index: each["reference_id"]
        for index, each in enumerate(verdicts)
        if isinstance(each, Mapping) and each.get("reference_id") is not None
    }
    if not asked:
        return
    rows = reads.table("citations")
    statement = sa.select(rows.c.id, rows.c.conversation_id, rows.c.message_id).where(
        reads.one_of(rows.c.id, asked.values()), reads.in_workspace(rows, work.viewer.workspace_id)
    )
    known = {row.id: row for row in await work.connection.execute(statement)}
    for index, reference_id in asked.items():
        at, row = ("citation_verdicts", str(index), "reference_id"), known.get(reference_id)
        if row is None:
            work.not_found(at, "citation")
        elif row.conversation_id != target.conversation["id"]:
            work.wrong(at, f"{named(at)} is a citation of another conversation.", ProblemCode.WRONG_CONVERSATION)
        elif target.message is not None and row.message_id != target.message_id:
            work.wrong(at, f"{named(at)} is a citation of another message.", ProblemCode.WRONG_CONVERSATION)


async def _give(work: Work, given: dict[str, Any]) -> Outcome:
    seen = given.get("seen") or {}
    target = await _found(work, given["target"]) if "target" in given else None
    if target is not None:
        if seen.get("current_message_id") is not None:
            await _check_seen(work, target, seen["current_message_id"])
        await _check_verdicts(work, target, given.get("citation_verdicts") or [])
    if not (says(given) or any(given.get(name) for name in _LISTS)) and not _refused(work):
        work.wrong(
            (), "The feedback says nothing: give a rating, a comment, a reason or a score.", ProblemCode.REQUIRED
        )
    work.settle()
    assert target is not None, "a target that is missing or unknown is noted"
    author_id = work.viewer.user_id if given.get("author_id") is None else given["author_id"]
    kind = given.get("author_kind") or FeedbackAuthor.END_USER
    owners = target.is_owners(author_id, kind)
    before = await seen_now(work, target)
    values: dict[str, Any] = {name: given.get(name) for name in _PLAIN}
    values |= {"author_id": author_id, "author_kind": kind, "is_owners": owners}
    values |= {name: before[name] if (told := seen.get(name[5:])) is None else told for name in before}
    if given.get("created_at") is not None:
        values["created_at"] = given["created_at"]
    old = await standing(work, target, author_id, kind, owners=owners)
    row = await (add(work, target, values) if old is None else write_row(work, "feedback", old, values, touched=True))
    for name, table in _LISTS.items():
        if old is not None:
            await bulk.delete(work.connection, reads.table(table).c.feedback_id, [row.id], viewer=work.viewer)
        below = [
            {**each, "feedback_id": row.id, "position": position} for position, each in enumerate(given.get(name) or [])
        ]
        await bulk.insert(work.connection, reads.table(table), below, viewer=work.viewer)
    return Outcome(table="feedback", row=row)


def _refused(work: Work) -> bool:
    """Whether something that would have said something has a problem of its own."""
    return any(work.problems.any_at((name,)) for name in (*_PLAIN, *_LISTS))


give_feedback: Final = Verb("give_feedback", _GIVE, _give)
"""Say what someone thinks of a conversation, a message or a citation.

`target` is the table ("conversations", "messages", "citations") and the id. The next feedback of the same author on the
same target replaces the one before as a whole; only the time of its making stays. What the owner of a conversation says
of it is its like and comment.
"""


async def _withdraw(work: Work, given: dict[str, Any]) -> Outcome:
    row = None
    if "id" in given:
        row = await _row(work, "feedback", given["id"], "message_id", "reference_id")
        # Locked, so that it isn't replaced at this moment; then looked at again, since it may be gone by now.
        if row is not None and await conversations_for_update(work, [row["conversation_id"]]):
            row = await _row(work, "feedback", given["id"], "message_id", "reference_id")
        else:
            row = None
        if row is None:
            work.not_found(("id",), NOUNS["feedback"])
    work.settle()
    assert row is not None, "an id that is missing or unknown is noted"
    await forget_feedback(work, [row["id"]])
    about = zip(
        ("citations", "messages", "conversations"), ("reference_id", "message_id", "conversation_id"), strict=True
    )
    target = next((table, row[name]) for table, name in about if row[name] is not None)
    return Outcome(deleted=[row["id"]], target=target)


withdraw_feedback: Final = Verb("withdraw_feedback", Shape({"id": identifier}, required=("id",)), _withdraw)
"""Take feedback back: it is gone, and so are a conversation's like and comment where it was its owner's."""
