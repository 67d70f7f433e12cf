"""Feedback as rows: what it is about, whose it is, and what its author had before the eyes.

The like and the comment of a conversation are the rating and the comment of its owner's feedback: one row, not a second
truth.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from db import bulk, reads
from db.record import new_id
from db.words import FeedbackAuthor, Rating
from db.writing.outcome import Row, row_of
from db.writing.performing import Work
from db.writing.removal import forget_feedback
from db.writing.rows import Values, changed, write_row

BELOW: Final = ("feedback_reasons", "feedback_scores", "citation_verdicts")
"""The tables of what feedback has many of."""

_SAYING: Final = (
    "rating",
    "comment",
    "positive_comment",
    "negative_comment",
    "suggestion",
    "follow_up_questions_helpful",
    "properties",
)


@dataclass(frozen=True, slots=True)
class Target:
    """What feedback is about: a citation, else a message, else the conversation itself."""

    conversation: Values
    message: Mapping[str, Any] | None = None
    """The message, or the one whose citation it is."""
    citation: Mapping[str, Any] | None = None

    @property
    def message_id(self) -> UUID | None:
        """The message's id."""
        return None if self.message is None else self.message["id"]

    @property
    def reference_id(self) -> UUID | None:
        """The citation's id."""
        return None if self.citation is None else self.citation["id"]

    def is_owners(self, author_id: str | None, kind: FeedbackAuthor) -> bool:
        """Whether feedback of this author is the conversation's like and comment."""
        itself = self.message is None and self.citation is None
        return itself and kind is FeedbackAuthor.END_USER and author_id == self.conversation["owner_id"]


def says(values: Mapping[str, Any]) -> bool:
    """Whether feedback says anything by its own columns; what is empty says nothing."""
    return any(values.get(name) not in (None, "", {}) for name in _SAYING)


async def standing(
    work: Work, target: Target, author_id: str | None, kind: FeedbackAuthor, *, owners: bool
) -> Values | None:
    """The feedback that the next one of this author replaces.

    Of people without a name only what was written here is one author's: an import may bring that of many.
    """
    rows, origins = reads.table("feedback"), reads.table("origins")
    authors = [rows.c.author_id.is_not_distinct_from(author_id), rows.c.author_kind == kind]
    if author_id is None:
        authors.append(~sa.exists(sa.select(origins.c.entity_id).where(origins.c.entity_id == rows.c.id)))
    whose = sa.and_(*authors)
    statement = (
        sa.select(*reads.columns_of(rows))
        .where(
            rows.c.conversation_id == target.conversation["id"],
            reads.in_workspace(rows, work.viewer.workspace_id),
            rows.c.message_id.is_not_distinct_from(target.message_id),
            rows.c.reference_id.is_not_distinct_from(target.reference_id),
            sa.or_(rows.c.is_owners.is_(sa.true()), whose) if owners else whose,
        )
        .order_by(rows.c.is_owners.desc(), rows.c.created_at.desc(), rows.c.id.desc())
        .limit(1)
    )
    row = (await work.connection.execute(statement)).mappings().one_or_none()
    return None if row is None else dict(row)


async def seen_now(work: Work, target: Target) -> Values:
    """What is before the eyes of someone who looks at it now."""
    assistants, assistant_id = reads.table("assistants"), target.conversation["assistant_id"]
    version = None
    if assistant_id is not None:
        statement = sa.select(assistants.c.version).where(
            assistants.c.id == assistant_id, assistants.c.workspace_id == work.viewer.workspace_id
        )
        version = (await work.connection.execute(statement)).scalar_one_or_none()
    return {
        "seen_message_version": None if target.message is None else target.message["version"],
        "seen_current_message_id": target.conversation["current_message_id"],
        "seen_assistant_id": assistant_id,
        "seen_assistant_version": version,
    }


async def add(work: Work, target: Target, values: Mapping[str, Any]) -> Row:
    """Write feedback that is new, behind the others on the same message or conversation."""
    rows = reads.table("feedback")
    last = sa.select(sa.func.max(rows.c.position)).where(
        rows.c.conversation_id == target.conversation["id"],
        reads.in_workspace(rows, work.viewer.workspace_id),
        rows.c.message_id.is_not_distinct_from(target.message_id),
    )
    position = (await work.connection.execute(last)).scalar_one()
    row = {
        "created_at": work.at,
        **values,
        "id": new_id(work.at),
        "conversation_id": target.conversation["id"],
        "message_id": target.message_id,
        "reference_id": target.reference_id,
        "position": 0 if position is None else position + 1,
        "updated_at": work.at,
        "version": 1,
    }
    await bulk.insert(work.connection, rows, [row], viewer=work.viewer)
    return row_of("feedback", {**row, "workspace_id": work.viewer.workspace_id})


async def keep_like(work: Work, conversation: Values, owner_id: str | None, given: Mapping[str, Any]) -> bool:
    """Make, change or remove the owner's feedback as `like` and `comment` say, where they are given; and let it follow
    the owner. Gives whether anything changed."""
    target = Target(conversation)
    said = {}
    if "like" in given:
        said["rating"] = {None: None, True: Rating.POSITIVE, False: Rating.NEGATIVE}[given["like"]]
    if "comment" in given:
        said["comment"] = given["comment"]
    if not said and owner_id == conversation["owner_id"]:
        return False
    row = await standing(work, target, owner_id, FeedbackAuthor.END_USER, owners=True)
    whose = {"author_id": owner_id, "author_kind": FeedbackAuthor.END_USER, "is_owners": True}
    if row is None or not (said or row["is_owners"]):
        if not says(said):
            return False
        await add(work, target, {**whose, **said, **await seen_now(work, target)})
        return True
    changes = changed("feedback", row, {**whose, **said})
    if not changes:
        return False
    if not says({**row, **changes}) and not await _has_below(work, row["id"]):
        await forget_feedback(work, [row["id"]])
        return True
    if changes.keys() & said.keys():
        changes.update(await seen_now(work, target))
    await write_row(work, "feedback", row, changes)
    return True


async def _has_below(work: Work, feedback_id: UUID) -> bool:
    """Whether feedback has reasons, scores or verdicts."""
    found = [
        sa.select(sa.literal(1)).where(
            reads.table(name).c.feedback_id == feedback_id,
            reads.table(name).c.workspace_id == work.viewer.workspace_id,
        )
        for name in BELOW
    ]
    return (await work.connection.execute(sa.union_all(*found).limit(1))).first() is not None
