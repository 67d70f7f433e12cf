"""Feedback: what people and programs say of conversations, messages and references. The tables, and their verbs."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from db import reads
from db.filters import Where, feedback_where, is_narrow
from db.listings import Listing
from db.pages import Firsts, Listed, Pages
from db.paging import Order, Page
from db.record import (
    KEY_LENGTH,
    Owned,
    Revised,
    json_copy,
    json_field,
    json_index,
    key_to,
    optional_key_to,
    partial_index,
    text_field,
    word_field,
)
from db.statements import IDS
from db.verbs import Count, Counts, Found, Many, Numbers, One, verb
from db.viewer import Viewer
from db.words import FeedbackAuthor, Rating, Verdict


class Feedback(Revised, table=True):
    """An opinion on a reference, else on a message, else on the conversation itself."""

    __tablename__ = "feedback"
    __table_args__ = (
        sa.Index("ix_feedback_created_at", "workspace_id", "created_at", "id"),
        sa.Index("ix_feedback_updated_at", "workspace_id", "updated_at", "id"),
        sa.Index("ix_feedback_conversation_id", "conversation_id", "created_at", "id"),
        partial_index("ix_feedback_message_id", "message_id", "created_at", "id", where="message_id IS NOT NULL"),
        partial_index("ix_feedback_reference_id", "reference_id", "created_at", "id", where="reference_id IS NOT NULL"),
        partial_index("ix_feedback_rating", "workspace_id", "rating", "created_at", "id", where="rating IS NOT NULL"),
        partial_index("ix_feedback_author_id", "workspace_id", "author_id", where="author_id IS NOT NULL"),
        partial_index("ix_feedback_external_id", "workspace_id", "external_id", where="external_id IS NOT NULL"),
        json_index("ix_feedback_properties", "properties_copy"),
        json_index("ix_feedback_user_properties", "user_properties_copy"),
    )

    conversation_id: UUID = key_to("conversations.id")
    message_id: UUID | None = optional_key_to("messages.id", on_delete="CASCADE")
    reference_id: UUID | None = optional_key_to("citations.id", on_delete="CASCADE")
    position: int = Field(default=0)
    """The place in the source's list, from 0."""
    is_owners: bool = Field(default=False)
    """It is the conversation's own like and comment: one row, not a second truth."""
    rating: Rating | None = word_field(Rating, nullable=True)
    comment: str | None = text_field()
    positive_comment: str | None = text_field()
    negative_comment: str | None = text_field()
    suggestion: str | None = text_field()
    follow_up_questions_helpful: bool | None = None
    author_id: str | None = Field(default=None, max_length=KEY_LENGTH)
    author_kind: FeedbackAuthor = word_field(FeedbackAuthor, FeedbackAuthor.END_USER)
    seen_message_version: int | None = None
    seen_current_message_id: UUID | None = None
    seen_assistant_id: UUID | None = None
    seen_assistant_version: int | None = None
    properties: Any = json_field()
    properties_copy: Any = json_copy("properties")
    user_properties: Any = json_field()
    user_properties_copy: Any = json_copy("user_properties")
    external_id: str | None = Field(default=None, max_length=KEY_LENGTH)


class FeedbackReason(Owned, table=True):
    """A reason that feedback gives."""

    __tablename__ = "feedback_reasons"
    __table_args__ = (sa.Index("ix_feedback_reasons_label", "workspace_id", "label"),)

    feedback_id: UUID = Field(foreign_key="feedback.id", ondelete="CASCADE", primary_key=True)
    position: int = Field(primary_key=True)
    label: str = Field(max_length=KEY_LENGTH)
    details: str | None = text_field()


class FeedbackScore(Owned, table=True):
    """A value on a named scale."""

    __tablename__ = "feedback_scores"
    __table_args__ = (sa.Index("ix_feedback_scores_name", "workspace_id", "name", "value"),)

    feedback_id: UUID = Field(foreign_key="feedback.id", ondelete="CASCADE", primary_key=True)
    position: int = Field(primary_key=True)
    name: str = Field(max_length=KEY_LENGTH)
    value: float
    label: str | None = text_field()
    count: int | None = None


class CitationVerdict(Owned, table=True):
    """What feedback on a message says of one of its citations, or of one that is missing."""

    __tablename__ = "citation_verdicts"
    __table_args__ = (
        partial_index("ix_citation_verdicts_reference_id", "reference_id", where="reference_id IS NOT NULL"),
    )

    feedback_id: UUID = Field(foreign_key="feedback.id", ondelete="CASCADE", primary_key=True)
    position: int = Field(primary_key=True)
    verdict: Verdict | None = word_field(Verdict, nullable=True)
    score: float | None = None
    comment: str | None = text_field()
    reference_id: UUID | None = optional_key_to("citations.id")
    title: str | None = text_field()
    url: str | None = text_field()


ORDERS: Final = {order.field: order for order in (Order("CREATED_AT", "created_at"), Order("UPDATED_AT", "updated_at"))}
"""What feedback can be ordered by."""

DEFAULT_ORDER: Final = (ORDERS["CREATED_AT"].directed(descending=True),)


@verb("feedback")
def by_ids(ids: Sequence[UUID], *, viewer: Viewer) -> One[UUID]:
    """Those of the ids that exist, and not in a deleted conversation."""
    return One(_by_ids, (), ids, viewer)


def _by_ids() -> Found:
    rows = reads.table("feedback")
    return Found.by(rows.c.id, rows, reads.alive(rows.c.conversation_id))


@verb("feedback")
def page(page: Page, *, where: Where | None = None, order: Sequence[Order] = DEFAULT_ORDER, viewer: Viewer) -> Listed:
    """A page of the feedback that meets the filter; the newest first."""
    return Listed(_page, (tuple(order or DEFAULT_ORDER), where or None), page, viewer, keep=not where)


def _page(order: Sequence[Order], where: Where | None) -> Listing:
    rows = reads.table("feedback")
    here, alive = reads.here(rows, narrow=is_narrow(where)), reads.alive(rows.c.conversation_id)
    return Listing.of("feedback", rows, order, here, alive, feedback_where(where))


@verb()
def count(*, where: Where | None = None, viewer: Viewer) -> Count:
    """How much feedback meets the filter."""
    return Count(_count, (where or None,), viewer, keep=not where)


def _count(where: Where | None) -> Numbers:
    rows = reads.table("feedback")
    alive = reads.alive(rows.c.conversation_id)
    return Numbers.of(rows, alive, feedback_where(where), narrow=is_narrow(where))


@verb("feedback")
def of_conversations(ids: Sequence[UUID], page: Page, *, viewer: Viewer) -> Pages:
    """A page of the feedback on each conversation itself, the newest first."""
    return Pages(_of_conversations, (), "conversations", ids, page, viewer)


def _of_conversations(parent: sa.FromClause) -> Listing:
    rows = reads.table("feedback")
    inside = rows.c.conversation_id == parent.c.id
    return Listing.of("conversation.feedback", rows, DEFAULT_ORDER, inside, *_on_the_conversation(rows))


@verb()
def count_of_conversations(ids: Sequence[UUID], *, viewer: Viewer) -> Counts:
    """How much feedback there is on each conversation itself."""
    return Counts(_count_of_conversations, (), ids, viewer)


def _count_of_conversations() -> Numbers:
    rows = reads.table("feedback")
    key = rows.c.conversation_id
    return Numbers.by(key, rows, reads.alive(key), *_on_the_conversation(rows))


def _on_the_conversation(rows: sa.FromClause) -> tuple[reads.Condition, reads.Condition]:
    return rows.c.message_id.is_(None), rows.c.reference_id.is_(None)


@verb("feedback")
def of_messages(ids: Sequence[UUID], limit: int = 100, *, viewer: Viewer) -> Firsts:
    """The feedback on each message itself, the newest first, at most `limit` rows each."""
    return Firsts(Pages(_of_messages, (), "messages", ids, Page(first=limit), viewer))


def _of_messages(parent: sa.FromClause) -> Listing:
    rows = reads.table("feedback")
    on_it = (rows.c.message_id == parent.c.id, rows.c.reference_id.is_(None))
    return Listing.of("message.feedback", rows, DEFAULT_ORDER, *on_it)


@verb("feedback")
def of_references(ids: Sequence[UUID], limit: int = 100, *, viewer: Viewer) -> Firsts:
    """The feedback on each citation alone, or with a verdict on it, the newest first, at most `limit` rows each."""
    return Firsts(Pages(_of_references, (), "citations", ids, Page(first=limit), viewer))


def _of_references(parent: sa.FromClause) -> Listing:
    rows, verdicts = reads.table("feedback"), reads.table("citation_verdicts")
    alone = reads.alias("feedback", "alone")
    about = sa.union_all(
        sa.select(alone.c.id).where(alone.c.reference_id == parent.c.id).correlate(parent),
        sa.select(verdicts.c.feedback_id).where(verdicts.c.reference_id == parent.c.id).correlate(parent),
    )
    return Listing.of("reference.feedback", rows, DEFAULT_ORDER, rows.c.id.in_(about))


@verb("feedback")
def owners_of(conversation_ids: Sequence[UUID], *, viewer: Viewer) -> One[UUID]:
    """The owner's own feedback (like and comment) of those conversations that have it."""
    return One(_owners_of, (), conversation_ids, viewer)


def _owners_of() -> Found:
    rows = reads.table("feedback")
    order = (rows.c.created_at, rows.c.id)
    return Found.by(rows.c.conversation_id, rows, rows.c.is_owners.is_(sa.true()), order=order)


@verb("feedback")
def own_of_conversations(ids: Sequence[UUID], *, viewer: Viewer) -> One[UUID]:
    """The viewer's own feedback on each conversation itself, where there is some."""
    return One(_own, ("conversation_id",), ids, viewer, user_id=viewer.user_id)


@verb("feedback")
def own_of_messages(ids: Sequence[UUID], *, viewer: Viewer) -> One[UUID]:
    """The viewer's own feedback on each message itself, where there is some."""
    return One(_own, ("message_id",), ids, viewer, user_id=viewer.user_id)


def _own(of: str) -> Found:
    """Of each key the end user's feedback, of several the last changed; who has no name owns what has no author."""
    rows = reads.table("feedback")
    key = rows.c[of]
    on_it = _on_the_conversation(rows) if of == "conversation_id" else (rows.c.reference_id.is_(None),)
    last = (rows.c.updated_at.desc(), rows.c.id.desc())
    own = (
        sa.select(
            rows.c.id, key.label("key"), sa.func.row_number().over(partition_by=key, order_by=last).label("place")
        )
        .where(
            reads.one_of_named(key, IDS),
            reads.here(rows),
            rows.c.author_kind == FeedbackAuthor.END_USER,
            rows.c.author_id.is_not_distinct_from(sa.bindparam("user_id", type_=sa.Text())),
            *on_it,
        )
        .subquery("ids")
    )
    frame = sa.select().select_from(own.join(rows, rows.c.id == own.c.id)).where(own.c.place == 1)
    return Found(frame, own.c.key, reads.columns_of(rows))


@verb("feedback_reasons")
def reasons_of(ids: Sequence[UUID], *, viewer: Viewer) -> Many:
    """The reasons that each feedback gives, in its order."""
    return Many(_details, ("feedback_reasons",), ids, viewer)


@verb("feedback_scores")
def scores_of(ids: Sequence[UUID], *, viewer: Viewer) -> Many:
    """The scores that each feedback gives, in its order."""
    return Many(_details, ("feedback_scores",), ids, viewer)


@verb("citation_verdicts")
def verdicts_of(ids: Sequence[UUID], *, viewer: Viewer) -> Many:
    """What each feedback says of citations, in its order."""
    return Many(_details, ("citation_verdicts",), ids, viewer)


def _details(table: str) -> Found:
    rows = reads.table(table)
    return Found.by(rows.c.feedback_id, rows, order=(rows.c.position,))
