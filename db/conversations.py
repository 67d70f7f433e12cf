"""Conversations: the tables, and what is asked of them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, cast
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field

from db import reads
from db.filters import Where, conversation_where, is_narrow
from db.listings import Listing
from db.names import by_external_id as by_external_id
from db.names import by_external_ids as by_external_ids
from db.names import by_ticket_record_ids as by_ticket_record_ids
from db.pages import Listed, Pages
from db.paging import Order, Page
from db.record import (
    KEY_LENGTH,
    Owned,
    Revised,
    json_copy,
    json_field,
    json_index,
    moment_field,
    optional_key_to,
    partial_index,
    sorted_text,
    text_field,
    word_field,
)
from db.tags import tag_counts as tag_counts
from db.tags import tags_of as tags_of
from db.verbs import Count, Counts, Found, Numbers, One, verb
from db.viewer import Viewer
from db.words import ConversationType, ExecutionStatus, Visibility

TITLE_LENGTH = 500
"""Characters of a title, by which lists are ordered. A longer one is cut; its origin keeps it whole."""

PREVIEW_LENGTH = 200
"""Characters of the first user message that a list shows."""


class Conversation(Revised, table=True):
    """A tree of messages, one branch of which is in play."""

    __tablename__ = "conversations"
    __table_args__ = (
        sa.Index("ix_conversations_created_at", "workspace_id", "created_at", "id"),
        sa.Index("ix_conversations_updated_at", "workspace_id", "updated_at", "id"),
        sa.Index("ix_conversations_last_activity_at", "workspace_id", "last_activity_at", "id"),
        sa.Index("ix_conversations_title", "workspace_id", "title", "id"),
        sa.Index("ix_conversations_message_count", "workspace_id", "message_count", "id"),
        sa.Index("ix_conversations_assistant_id", "assistant_id", "last_activity_at", "id"),
        sa.Index("ix_conversations_owner_id", "workspace_id", "owner_id", "last_activity_at", "id"),
        partial_index(
            "uq_conversations_external_id", "workspace_id", "external_id", where="external_id IS NOT NULL", unique=True
        ),
        partial_index("ix_conversations_model", "workspace_id", "model", where="model IS NOT NULL"),
        partial_index("ix_conversations_project_id", "workspace_id", "project_id", where="project_id IS NOT NULL"),
        partial_index(
            "ix_conversations_integration_id", "workspace_id", "integration_id", where="integration_id IS NOT NULL"
        ),
        partial_index(
            "ix_conversations_support_ticket_conversation_id",
            "workspace_id",
            "support_ticket_conversation_id",
            where="support_ticket_conversation_id IS NOT NULL",
        ),
        partial_index("ix_conversations_deleted_at", "workspace_id", "deleted_at", where="deleted_at IS NOT NULL"),
        json_index("ix_conversations_properties", "properties_copy"),
        json_index("ix_conversations_user_properties", "user_properties_copy"),
    )

    title: str = Field(sa_type=cast("Any", sorted_text(TITLE_LENGTH)), nullable=False)
    title_made: bool = Field(default=False)
    """The title was made from the first user message, and is never exported."""
    preview: str | None = text_field()
    type: ConversationType = word_field(ConversationType, ConversationType.CHAT)
    assistant_id: UUID | None = optional_key_to("assistants.id")
    execution_status: ExecutionStatus = word_field(ExecutionStatus, ExecutionStatus.AVAILABLE)
    fail_reason: str | None = text_field()
    matrix_mode: bool = Field(default=False)
    visibility: Visibility = word_field(Visibility, Visibility.PRIVATE)
    share_url: str | None = text_field()
    shared_with: Any = json_field()
    """A list of {"userId": text, "access": "READ" or "WRITE"}; recorded, it grants nothing."""
    properties: Any = json_field()
    properties_copy: Any = json_copy("properties")
    user_properties: Any = json_field()
    user_properties_copy: Any = json_copy("user_properties")
    model: str | None = Field(default=None, max_length=KEY_LENGTH)
    system_prompt: str | None = text_field()
    temperature: float | None = None
    config: Any = json_field()
    external_id: str | None = Field(default=None, max_length=KEY_LENGTH)
    external_url: str | None = text_field()
    support_ticket_conversation_id: str | None = Field(default=None, max_length=KEY_LENGTH)
    project_id: str | None = Field(default=None, max_length=KEY_LENGTH)
    integration_id: str | None = Field(default=None, max_length=KEY_LENGTH)
    owner_id: str | None = Field(default=None, max_length=KEY_LENGTH)
    forked_from_id: UUID | None = None
    """The message whose branch was copied; no foreign key, since the fork outlives it."""
    last_activity_at: datetime = moment_field(nullable=False)
    archived_at: datetime | None = moment_field()
    deleted_at: datetime | None = moment_field()
    message_count: int = Field(default=0)
    """Messages on all branches: a stored counter, kept by the verbs."""
    last_message_id: UUID | None = None
    """The message with the highest sequence; no foreign key, since each table points at the other."""
    current_message_id: UUID | None = None
    """The leaf of the branch in play."""


class ConversationTag(Owned, table=True):
    """A tag of a conversation."""

    __tablename__ = "conversation_tags"
    __table_args__ = (sa.Index("ix_conversation_tags_tag", "workspace_id", "tag", "conversation_id"),)

    conversation_id: UUID = Field(foreign_key="conversations.id", ondelete="CASCADE", primary_key=True)
    tag: str = Field(sa_type=cast("Any", sorted_text(KEY_LENGTH)), primary_key=True)
    position: int


class ConversationTool(Owned, table=True):
    """A tool that was used in a conversation."""

    __tablename__ = "conversation_tools"
    __table_args__ = (sa.Index("ix_conversation_tools_tool_id", "tool_id", "conversation_id"),)

    conversation_id: UUID = Field(foreign_key="conversations.id", ondelete="CASCADE", primary_key=True)
    tool_id: UUID = Field(foreign_key="tools.id", ondelete="CASCADE", primary_key=True)
    position: int


ORDERS: Final = {
    order.field: order
    for order in (
        Order("CREATED_AT", "created_at"),
        Order("UPDATED_AT", "updated_at"),
        Order("LAST_ACTIVITY_AT", "last_activity_at"),
        Order("TITLE", "title"),
        Order("MESSAGE_COUNT", "message_count"),
    )
}
"""What conversations can be ordered by."""

DEFAULT_ORDER: Final = (ORDERS["LAST_ACTIVITY_AT"].directed(descending=True),)


@verb("conversations")
def by_ids(ids: Sequence[UUID], *, viewer: Viewer) -> One[UUID]:
    """Those of the ids that exist, the deleted ones among them: `deleted_at` tells."""
    return One(_by_ids, (), ids, viewer)


def _by_ids() -> Found:
    rows = reads.table("conversations")
    return Found.by(rows.c.id, rows)


@verb("conversations")
def page(
    page: Page,
    *,
    where: Where | None = None,
    order: Sequence[Order] = DEFAULT_ORDER,
    deleted: bool = False,
    viewer: Viewer,
) -> Listed:
    """A page of the conversations (or of the deleted ones) that meet the filter; the latest activity first."""
    return Listed(_page, (tuple(order or DEFAULT_ORDER), deleted, where or None), page, viewer, keep=not where)


def _page(order: Sequence[Order], deleted: bool, where: Where | None) -> Listing:
    rows = reads.table("conversations")
    here = reads.here(rows, narrow=is_narrow(where))
    return Listing.of("conversations", rows, order, here, _deleted(rows, deleted), conversation_where(where))


@verb()
def count(*, where: Where | None = None, deleted: bool = False, viewer: Viewer) -> Count:
    """How many conversations, or deleted ones, meet the filter."""
    return Count(_count, (deleted, where or None), viewer, keep=not where)


def _count(deleted: bool, where: Where | None) -> Numbers:
    rows = reads.table("conversations")
    return Numbers.of(rows, _deleted(rows, deleted), conversation_where(where), narrow=is_narrow(where))


def _deleted(rows: sa.FromClause, deleted: bool) -> reads.Condition:
    return rows.c.deleted_at.is_not(None) if deleted else rows.c.deleted_at.is_(None)


@verb("conversations")
def of_assistants(
    ids: Sequence[UUID],
    page: Page,
    *,
    where: Where | None = None,
    order: Sequence[Order] = DEFAULT_ORDER,
    viewer: Viewer,
) -> Pages:
    """A page of the conversations of each assistant."""
    shape = (tuple(order or DEFAULT_ORDER), where or None)
    return Pages(_of_assistants, shape, "assistants", ids, page, viewer, keep=not where)


def _of_assistants(parent: sa.FromClause, order: Sequence[Order], where: Where | None) -> Listing:
    inside = reads.table("conversations").c.assistant_id == parent.c.id
    return _of_parent("assistant.conversations", order, inside, conversation_where(where))


def _of_parent(
    kind: str, order: Sequence[Order], *conditions: reads.Condition, source: sa.FromClause | None = None
) -> Listing:
    rows = reads.table("conversations")
    return Listing.of(kind, rows, order, reads.here(rows), _deleted(rows, False), *conditions, source=source)


@verb()
def count_of_assistants(ids: Sequence[UUID], *, where: Where | None = None, viewer: Viewer) -> Counts:
    """How many conversations each assistant has that meet the filter."""
    return Counts(_count_of_assistants, (where or None,), ids, viewer, keep=not where)


def _count_of_assistants(where: Where | None) -> Numbers:
    rows = reads.table("conversations")
    return Numbers.by(rows.c.assistant_id, rows, _deleted(rows, False), conversation_where(where))


@verb("conversations")
def of_tools(
    ids: Sequence[UUID],
    page: Page,
    *,
    where: Where | None = None,
    order: Sequence[Order] = DEFAULT_ORDER,
    viewer: Viewer,
) -> Pages:
    """A page of the conversations in which each tool was used."""
    return Pages(_of_tools, (tuple(order or DEFAULT_ORDER), where or None), "tools", ids, page, viewer, keep=not where)


def _of_tools(parent: sa.FromClause, order: Sequence[Order], where: Where | None) -> Listing:
    links, source = _used()
    inside = links.c.tool_id == parent.c.id
    return _of_parent("tool.conversations", order, inside, conversation_where(where), source=source)


@verb()
def count_of_tools(ids: Sequence[UUID], *, where: Where | None = None, viewer: Viewer) -> Counts:
    """In how many conversations that meet the filter each tool was used."""
    return Counts(_count_of_tools, (where or None,), ids, viewer, keep=not where)


def _count_of_tools(where: Where | None) -> Numbers:
    rows, (links, source) = reads.table("conversations"), _used()
    return Numbers.by(links.c.tool_id, rows, _deleted(rows, False), conversation_where(where), source=source)


def _used() -> tuple[sa.Table, sa.FromClause]:
    """The tools of conversations, and these joined with the conversations."""
    rows, links = reads.table("conversations"), reads.table("conversation_tools")
    return links, links.join(rows, rows.c.id == links.c.conversation_id)
