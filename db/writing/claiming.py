"""Claiming: conversations of a visitor who had not signed in become those of the user who now has.

Who may claim whose is not found out here: the caller has seen the visitor's token.
"""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa

from db import reads
from db.walls import lifted
from db.words import FeedbackAuthor, ProblemCode, ViewerKind
from db.writing.inputs import KEY
from db.writing.outcome import Counts, Outcome
from db.writing.performing import Verb, Work
from db.writing.shapes import Shape


async def _claim(work: Work, given: dict[str, Any]) -> Outcome:
    viewer = work.viewer
    if viewer.owns is None or not viewer.user_id or viewer.kind is ViewerKind.ANONYMOUS:
        work.wrong((), "Only an end user who has signed in can claim conversations.", ProblemCode.FORBIDDEN)
    work.settle()
    visitor = given["anonymous_user_id"]
    if visitor == viewer.user_id:
        return Outcome(counts=Counts())
    talks, feedback = reads.table("conversations"), reads.table("feedback")
    theirs = (talks.c.workspace_id == viewer.workspace_id, talks.c.owner_id == visitor)
    # The visitor's rows are another's to this viewer: they are named by the visitor's id alone, which a token showed.
    async with lifted(work.connection):
        # First, as long as it can be told by its conversation: what the visitor said is the user's as well.
        await work.connection.execute(
            sa.update(feedback)
            .where(
                feedback.c.conversation_id.in_(sa.select(talks.c.id).where(*theirs)),
                reads.in_workspace(feedback, viewer.workspace_id),
                feedback.c.author_id == visitor,
                feedback.c.author_kind == FeedbackAuthor.END_USER,
            )
            .values(author_id=viewer.user_id, version=feedback.c.version + 1, updated_at=work.at)
        )
        claimed = await work.connection.execute(
            sa.update(talks)
            .where(*theirs)
            .values(owner_id=viewer.user_id, version=talks.c.version + 1, updated_at=work.at)
        )
    return Outcome(counts=Counts(updated=claimed.rowcount), noted={"count": claimed.rowcount})


claim_conversations: Final = Verb(
    "claim_conversations", Shape({"anonymous_user_id": KEY}, required=("anonymous_user_id",)), _claim
)
"""Give the visitor's conversations, the deleted ones among them, to the viewer; `counts.updated` says how many.

Done again it finds none. Refused for anybody but an end user who has signed in.
"""
