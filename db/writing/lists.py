"""Writes that give a message other citations or other follow-up questions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from db.writing.citing import Citing
from db.writing.composing import Values, check_citations, told
from db.writing.details import Details
from db.writing.inputs import FOLLOW_UP, REFERENCE
from db.writing.messages import message_for_update
from db.writing.outcome import Outcome
from db.writing.performing import Verb, Work
from db.writing.rows import write_row
from db.writing.shapes import BAD, Shape, identifier, listed, whole


async def _set_citations(work: Work, given: Values) -> Outcome:
    found = await message_for_update(work, given, "message_id")
    citations = [told(each) if each is not BAD else {} for each in given.get("citations") or ()]
    citing = Citing(work)
    citing.ask(citations, ("citations",))
    check_citations(citations, None if found is None else found[0]["content"], ("citations",), work.look)
    await citing.look_up()
    if found is None:
        work.stop()
    message, conversation = found
    work.expect(given, message["version"], "message")
    work.settle()
    details = Details(work, citing)
    await details.load("citations", [message["id"]])
    rows = citing.rows(citations, conversation_id=conversation["id"], message_id=message["id"])
    return await _replaced(work, details, "citations", message, rows)


async def _set_follow_up_questions(work: Work, given: Values) -> Outcome:
    found = await message_for_update(work, given, "message_id")
    if found is None:
        work.stop()
    message, _ = found
    work.expect(given, message["version"], "message")
    work.settle()
    details = Details(work, Citing(work))
    await details.load("follow_up_questions", [message["id"]])
    rows = [
        {**told(each), "message_id": message["id"], "position": position}
        for position, each in enumerate(given["follow_up_questions"])
    ]
    return await _replaced(work, details, "follow_up_questions", message, rows)


async def _replaced(work: Work, details: Details, table: str, message: Values, rows: Sequence[Values]) -> Outcome:
    """Let the message have these rows; where they are others than before, its version rises."""
    is_changed = details.replace(table, message["id"], rows)
    await details.write()
    return Outcome("messages", await write_row(work, "messages", message, {}, touched=is_changed))


set_citations: Final = Verb(
    "setCitations",
    Shape(
        {"message_id": identifier, "citations": listed(REFERENCE), "expected_version": whole()},
        required=("message_id", "citations"),
    ),
    _set_citations,
)
set_follow_up_questions: Final = Verb(
    "setFollowUpQuestions",
    Shape(
        {"message_id": identifier, "follow_up_questions": listed(FOLLOW_UP), "expected_version": whole()},
        required=("message_id", "follow_up_questions"),
    ),
    _set_follow_up_questions,
)
