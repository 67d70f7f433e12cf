"""Feedback: what people and programs say of conversations, messages and references. The tables, and their verbs."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import Field

from db import reads
from db.filters import Where, feedback_where, is_narrow, of_workspace
from db.listings import Listing, page_of, pages_of
from db.paging import Order, Page, Row, Slice
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


async def by_ids(connection: AsyncConnection, ids: Sequence[UUID], *, viewer: Viewer) -> dict[UUID, Row]:
    """Those of the ids that exist, and not in a deleted conversation."""
    rows = reads.table("feedback")
    return await reads.by_ids(connection, rows, ids, reads.living(rows.c.conversation_id, viewer), viewer=viewer)


async def page(
    connection: AsyncConnection,
    page: Page,
    *,
    where: Where | None = None,
    order: Sequence[Order] = DEFAULT_ORDER,
    viewer: Viewer,
) -> Slice:
    """A page of the feedback that meets the filter; the newest first."""
    rows = reads.table("feedback")
    here = of_workspace(rows, where, viewer)
    alive = reads.living(rows.c.conversation_id, viewer)
    listing = Listing.of("feedback", rows, order or DEFAULT_ORDER, here, alive, feedback_where(where))
    return await page_of(connection, listing, page)


async def count(connection: AsyncConnection, *, where: Where | None = None, viewer: Viewer) -> int:
    """How much feedback meets the filter."""
    rows = reads.table("feedback")
    alive = reads.living(rows.c.conversation_id, viewer)
    return await reads.count(connection, rows, alive, feedback_where(where), narrow=is_narrow(where), viewer=viewer)


async def of_conversations(
    connection: AsyncConnection, ids: Sequence[UUID], page: Page, *, viewer: Viewer
) -> dict[UUID, Slice]:
    """A page of the feedback on each conversation itself, the newest first."""
    rows = reads.table("feedback")

    def listing(parent: sa.FromClause) -> Listing:
        inside = rows.c.conversation_id == parent.c.id
        return Listing.of("conversation.feedback", rows, DEFAULT_ORDER, inside, *_on_the_conversation(rows))

    return await pages_of(connection, reads.table("conversations"), listing, page, ids=ids, viewer=viewer)


async def count_of_conversations(
    connection: AsyncConnection, ids: Sequence[UUID], *, viewer: Viewer
) -> dict[UUID, int]:
    """How much feedback there is on each conversation itself."""
    rows = reads.table("feedback")
    alive = reads.living(rows.c.conversation_id, viewer)
    return await reads.counts_of(
        connection, rows, rows.c.conversation_id, ids, alive, *_on_the_conversation(rows), viewer=viewer
    )


def _on_the_conversation(rows: sa.FromClause) -> tuple[sa.ColumnElement[bool], sa.ColumnElement[bool]]:
    return rows.c.message_id.is_(None), rows.c.reference_id.is_(None)


async def of_messages(
    connection: AsyncConnection, ids: Sequence[UUID], limit: int = 100, *, viewer: Viewer
) -> dict[UUID, list[Row]]:
    """The feedback on each message itself, the newest first, at most `limit` rows each."""
    rows = reads.table("feedback")

    def listing(parent: sa.FromClause) -> Listing:
        on_it = (rows.c.message_id == parent.c.id, rows.c.reference_id.is_(None))
        return Listing.of("message.feedback", rows, DEFAULT_ORDER, *on_it)

    found = await pages_of(connection, reads.table("messages"), listing, Page(first=limit), ids=ids, viewer=viewer)
    return {key: given.rows for key, given in found.items()}


async def of_references(
    connection: AsyncConnection, ids: Sequence[UUID], limit: int = 100, *, viewer: Viewer
) -> dict[UUID, list[Row]]:
    """The feedback on each citation alone, or with a verdict on it, the newest first, at most `limit` rows each."""
    rows, verdicts = reads.table("feedback"), reads.table("citation_verdicts")
    alone = rows.alias("alone")

    def listing(parent: sa.FromClause) -> Listing:
        about = sa.union_all(
            sa.select(alone.c.id).where(alone.c.reference_id == parent.c.id).correlate(parent),
            sa.select(verdicts.c.feedback_id).where(verdicts.c.reference_id == parent.c.id).correlate(parent),
        )
        return Listing.of("reference.feedback", rows, DEFAULT_ORDER, rows.c.id.in_(about))

    found = await pages_of(connection, reads.table("citations"), listing, Page(first=limit), ids=ids, viewer=viewer)
    return {key: given.rows for key, given in found.items()}


async def owners_of(
    connection: AsyncConnection, conversation_ids: Sequence[UUID], *, viewer: Viewer
) -> dict[UUID, Row]:
    """The owner's own feedback (like and comment) of those conversations that have it."""
    rows = reads.table("feedback")
    statement = (
        sa.select(*reads.columns_of(rows))
        .where(
            reads.one_of(rows.c.conversation_id, conversation_ids),
            reads.in_workspace(rows, viewer.workspace_id),
            rows.c.is_owners.is_(sa.true()),
        )
        .order_by(rows.c.created_at, rows.c.id)
    )
    return {row.conversation_id: row for row in await connection.execute(statement)}


async def own_of_conversations(connection: AsyncConnection, ids: Sequence[UUID], *, viewer: Viewer) -> dict[UUID, Row]:
    """The viewer's own feedback on each conversation itself, where there is some."""
    rows = reads.table("feedback")
    return await _own(connection, rows.c.conversation_id, ids, *_on_the_conversation(rows), viewer=viewer)


async def own_of_messages(connection: AsyncConnection, ids: Sequence[UUID], *, viewer: Viewer) -> dict[UUID, Row]:
    """The viewer's own feedback on each message itself, where there is some."""
    rows = reads.table("feedback")
    return await _own(connection, rows.c.message_id, ids, rows.c.reference_id.is_(None), viewer=viewer)


async def _own(
    connection: AsyncConnection,
    key: sa.ColumnElement[UUID],
    ids: Sequence[UUID],
    *conditions: sa.ColumnElement[bool],
    viewer: Viewer,
) -> dict[UUID, Row]:
    """Of each key the end user's feedback, of several the last changed; who has no name owns what has no author."""
    rows = reads.table("feedback")
    own = (
        sa.select(
            rows.c.id,
            key.label("page_key"),
            sa.func.row_number()
            .over(partition_by=key, order_by=(rows.c.updated_at.desc(), rows.c.id.desc()))
            .label("place"),
        )
        .where(
            reads.one_of(key, ids),
            reads.in_workspace(rows, viewer.workspace_id),
            rows.c.author_kind == FeedbackAuthor.END_USER,
            rows.c.author_id.is_not_distinct_from(viewer.user_id),
            *conditions,
        )
        .subquery("ids")
    )
    statement = sa.select(own.c.page_key, *reads.columns_of(rows)).where(rows.c.id == own.c.id, own.c.place == 1)
    return {row.page_key: row for row in await connection.execute(statement)}


async def reasons_of(connection: AsyncConnection, ids: Sequence[UUID], *, viewer: Viewer) -> dict[UUID, list[Row]]:
    """The reasons that each feedback gives, in its order."""
    return await _details(connection, reads.table("feedback_reasons"), ids, viewer)


async def scores_of(connection: AsyncConnection, ids: Sequence[UUID], *, viewer: Viewer) -> dict[UUID, list[Row]]:
    """The scores that each feedback gives, in its order."""
    return await _details(connection, reads.table("feedback_scores"), ids, viewer)


async def verdicts_of(connection: AsyncConnection, ids: Sequence[UUID], *, viewer: Viewer) -> dict[UUID, list[Row]]:
    """What each feedback says of citations, in its order."""
    return await _details(connection, reads.table("citation_verdicts"), ids, viewer)


async def _details(
    connection: AsyncConnection, rows: sa.Table, ids: Sequence[UUID], viewer: Viewer
) -> dict[UUID, list[Row]]:
    return await reads.lists_of(connection, rows, rows.c.feedback_id, ids, rows.c.position, viewer=viewer)
