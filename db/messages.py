"""Messages: the tables, and what is asked of them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from db import reads
from db.branches import branch_count as branch_count
from db.branches import branch_page as branch_page
from db.branches import count_of_conversations as count_of_conversations
from db.branches import of_conversations as of_conversations
from db.branches import openai_branch as openai_branch
from db.filters import Where, is_narrow, message_where
from db.listings import Listing
from db.pages import Listed
from db.paging import Order, Page
from db.record import (
    KEY_LENGTH,
    Owned,
    Record,
    Revised,
    json_copy,
    json_field,
    json_index,
    key_to,
    moment_field,
    optional_key_to,
    partial_index,
    text_field,
    word_field,
)
from db.siblings import sibling_messages_of as sibling_messages_of
from db.siblings import siblings_of as siblings_of
from db.verbs import Count, Found, Many, Numbers, One, verb
from db.viewer import Viewer
from db.words import Actor, ContentFormat, MessageRole, MessageStatus, MessageType, PartType


class Message(Revised, table=True):
    """A node of a conversation's tree.

    `branch_position` is the place on the branch in play, from 0, null elsewhere: walking up from the leaf
    for every page took 561 ms where the stored position takes 0.4. Order is always `sequence`, never a time.
    """

    __tablename__ = "messages"
    __table_args__ = (
        sa.Index("uq_messages_sequence", "conversation_id", "sequence", unique=True),
        partial_index(
            "ix_messages_branch_position",
            "conversation_id",
            "branch_position",
            where="branch_position IS NOT NULL",
        ),
        partial_index(
            "uq_messages_external_id", "conversation_id", "external_id", where="external_id IS NOT NULL", unique=True
        ),
        sa.Index("ix_messages_parent_id", "parent_id", "sequence"),
        partial_index("ix_messages_roots", "conversation_id", "sequence", where="parent_id IS NULL"),
        sa.Index("ix_messages_created_at", "workspace_id", "created_at", "id"),
        sa.Index("ix_messages_timestamp", "workspace_id", "timestamp", "id"),
        partial_index("ix_messages_model", "workspace_id", "model", where="model IS NOT NULL"),
        partial_index("ix_messages_confidence", "workspace_id", "confidence", where="confidence IS NOT NULL"),
        partial_index("ix_messages_tool_name", "workspace_id", "tool_name", where="tool_name IS NOT NULL"),
        partial_index("ix_messages_author_id", "workspace_id", "author_id", where="author_id IS NOT NULL"),
        json_index("ix_messages_properties", "properties_copy"),
        json_index("ix_messages_user_properties", "user_properties_copy"),
        json_index("ix_messages_metadata", "metadata_copy"),
    )

    conversation_id: UUID = key_to("conversations.id")
    sequence: int
    parent_id: UUID | None = optional_key_to("messages.id", on_delete="CASCADE")
    branch_position: int | None = None
    rank: int | None = None
    role: MessageRole = word_field(MessageRole)
    role_name: str = Field(max_length=KEY_LENGTH)
    message_type: MessageType = word_field(MessageType)
    actor: Actor = word_field(Actor)
    author_id: str | None = Field(default=None, max_length=KEY_LENGTH)
    author_name: str | None = text_field()
    status: MessageStatus = word_field(MessageStatus, MessageStatus.COMPLETE)
    fail_reason: str | None = text_field()
    visible: bool = Field(default=True)
    content: str = text_field("", nullable=False)
    """The text parts joined by a line feed, without reasoning."""
    content_format: ContentFormat = word_field(ContentFormat, ContentFormat.MARKDOWN)
    has_parts: bool = Field(default=False)
    """Its parts are rows of their own; else it is one text part, the content, or none where that is empty."""
    stream_sequence: int | None = None
    confidence: str | None = Field(default=None, max_length=KEY_LENGTH)
    tool_call_id: str | None = Field(default=None, max_length=KEY_LENGTH)
    tool_name: str | None = Field(default=None, max_length=KEY_LENGTH)
    model: str | None = Field(default=None, max_length=KEY_LENGTH)
    dw_data: Any = json_field()
    user_credits: int | None = None
    processing_time_ms: float | None = None
    model_version: str | None = text_field()
    ai_transaction_id: str | None = text_field()
    reason: str | None = text_field()
    finish_reason: str | None = text_field()
    system_prompt: str | None = text_field()
    metadata_: Any = json_field("metadata")
    """The free metadata: MessageMetadata.extra."""
    metadata_copy: Any = json_copy("metadata")
    input_tokens: int | None = None
    output_tokens: int | None = None
    total_tokens: int | None = None
    cached_input_tokens: int | None = None
    reasoning_tokens: int | None = None
    properties: Any = json_field()
    properties_copy: Any = json_copy("properties")
    user_properties: Any = json_field()
    user_properties_copy: Any = json_copy("user_properties")
    external_id: str | None = Field(default=None, max_length=KEY_LENGTH)
    external_url: str | None = text_field()
    timestamp: datetime | None = moment_field()


class ContentPart(Owned, table=True):
    """A part of a message whose content is not simply one text."""

    __tablename__ = "content_parts"

    message_id: UUID = Field(foreign_key="messages.id", ondelete="CASCADE", primary_key=True)
    position: int = Field(primary_key=True)
    type: PartType = word_field(PartType)
    text: str | None = text_field()
    url: str | None = text_field()
    detail: str | None = text_field()
    name: str | None = text_field()
    media_type: str | None = text_field()
    other_type: str | None = text_field()
    """The source's word for a part that is none of the others."""
    payload: Any = json_field()


class ToolCall(Record, table=True):
    """A call that a message makes."""

    __tablename__ = "tool_calls"
    __table_args__ = (
        sa.Index("ix_tool_calls_message_id", "message_id", "position"),
        partial_index("ix_tool_calls_tool_id", "tool_id", where="tool_id IS NOT NULL"),
    )

    message_id: UUID = key_to("messages.id")
    position: int
    call_id: str | None = Field(default=None, max_length=KEY_LENGTH)
    name: str = Field(max_length=KEY_LENGTH)
    arguments_text: str | None = text_field()
    tool_id: UUID | None = optional_key_to("tools.id")
    result_message_id: UUID | None = None
    """The message that answers the call; no foreign key, since it is written later."""


class Attachment(Record, table=True):
    """A file that a message brings along."""

    __tablename__ = "attachments"
    __table_args__ = (sa.Index("ix_attachments_message_id", "message_id", "position"),)

    message_id: UUID = key_to("messages.id")
    position: int
    name: str | None = text_field()
    media_type: str | None = text_field()
    size: int | None = Field(default=None, sa_type=sa.BigInteger)
    url: str | None = text_field()
    text: str | None = text_field()
    external_id: str | None = Field(default=None, max_length=KEY_LENGTH)


class FollowUpQuestion(Owned, table=True):
    """A question that an answer suggests to ask next."""

    __tablename__ = "follow_up_questions"

    message_id: UUID = Field(foreign_key="messages.id", ondelete="CASCADE", primary_key=True)
    position: int = Field(primary_key=True)
    question: str = text_field(nullable=False)
    confidence: str | None = text_field()
    reasoning: str | None = text_field()


ORDERS: Final = {
    order.field: order for order in (Order("CREATED_AT", "created_at"), Order("TIMESTAMP", "timestamp", nullable=True))
}
"""What messages can be ordered by."""

DEFAULT_ORDER: Final = (ORDERS["CREATED_AT"].directed(descending=True),)


@verb("messages")
def by_ids(ids: Sequence[UUID], *, viewer: Viewer) -> One[UUID]:
    """Those of the ids that exist, and not in a deleted conversation."""
    return One(_by_ids, (), ids, viewer)


def _by_ids() -> Found:
    rows = reads.table("messages")
    return Found.by(rows.c.id, rows, reads.alive(rows.c.conversation_id))


@verb("messages")
def page(page: Page, *, where: Where | None = None, order: Sequence[Order] = DEFAULT_ORDER, viewer: Viewer) -> Listed:
    """A page of the messages of all conversations that meet the filter; the newest first."""
    return Listed(_page, (tuple(order or DEFAULT_ORDER), where or None), page, viewer, keep=not where)


def _page(order: Sequence[Order], where: Where | None) -> Listing:
    rows = reads.table("messages")
    here, alive = reads.here(rows, narrow=is_narrow(where)), reads.alive(rows.c.conversation_id)
    return Listing.of("messages", rows, order, here, alive, message_where(where))


@verb()
def count(*, where: Where | None = None, viewer: Viewer) -> Count:
    """How many messages of all conversations meet the filter."""
    return Count(_count, (where or None,), viewer, keep=not where)


def _count(where: Where | None) -> Numbers:
    rows = reads.table("messages")
    alive = reads.alive(rows.c.conversation_id)
    return Numbers.of(rows, alive, message_where(where), narrow=is_narrow(where))


@verb("content_parts")
def parts_of(ids: Sequence[UUID], *, viewer: Viewer) -> Many:
    """The content parts of each message that has such, in order (see `has_parts`)."""
    return Many(_details, ("content_parts",), ids, viewer)


@verb("follow_up_questions")
def follow_ups_of(ids: Sequence[UUID], *, viewer: Viewer) -> Many:
    """The questions that each message suggests, in order."""
    return Many(_details, ("follow_up_questions",), ids, viewer)


@verb("tool_calls")
def tool_calls_of(ids: Sequence[UUID], *, viewer: Viewer) -> Many:
    """The calls that each message makes, in order."""
    return Many(_details, ("tool_calls",), ids, viewer)


@verb("attachments")
def attachments_of(ids: Sequence[UUID], *, viewer: Viewer) -> Many:
    """The files that each message brings along, in order."""
    return Many(_details, ("attachments",), ids, viewer)


def _details(table: str) -> Found:
    rows = reads.table(table)
    return Found.by(rows.c.message_id, rows, order=(rows.c.position,))


@verb("tool_calls")
def tool_calls_by_ids(ids: Sequence[UUID], *, viewer: Viewer) -> One[UUID]:
    """Those of the ids that exist, and not in a deleted conversation."""
    return One(_details_by_ids, ("tool_calls",), ids, viewer)


@verb("attachments")
def attachments_by_ids(ids: Sequence[UUID], *, viewer: Viewer) -> One[UUID]:
    """Those of the ids that exist, and not in a deleted conversation."""
    return One(_details_by_ids, ("attachments",), ids, viewer)


def _details_by_ids(table: str) -> Found:
    rows, messages = reads.table(table), reads.table("messages")
    source = rows.join(messages, messages.c.id == rows.c.message_id)
    return Found.by(rows.c.id, rows, reads.alive(messages.c.conversation_id), source=source)
