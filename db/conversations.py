"""Conversations: the tables, and what is asked of them."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final, cast
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import Field

from db import reads
from db.filters import Where, conversation_where, is_narrow, of_workspace
from db.jsons import clean_text
from db.listings import Listing, page_of, pages_of
from db.paging import Order, Page, Row, Slice
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
from db.viewer import Viewer
from db.words import ConversationType, Entity, ExecutionStatus, OriginSystem, Visibility

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


async def by_ids(connection: AsyncConnection, ids: Sequence[UUID], *, viewer: Viewer) -> dict[UUID, Row]:
    """Those of the ids that exist, the deleted ones among them: `deleted_at` tells."""
    return await reads.by_ids(connection, reads.table("conversations"), ids, viewer=viewer)


async def by_external_id(connection: AsyncConnection, external_id: str, *, viewer: Viewer) -> Row | None:
    """The conversation with that external id, unless it is deleted."""
    rows = reads.table("conversations")
    statement = sa.select(*reads.columns_of(rows)).where(
        *_seen(rows, viewer), rows.c.external_id == clean_text(external_id)
    )
    return (await connection.execute(statement)).one_or_none()


async def by_ticket_record_ids(connection: AsyncConnection, texts: Iterable[str], *, viewer: Viewer) -> dict[str, Row]:
    """The support tickets that other conversations name: by Inkeep's own id, else by external id."""
    rows, origins = reads.table("conversations"), reads.table("origins")
    wanted = [clean_text(text) for text in dict.fromkeys(texts)]
    imported = (
        sa.select(*reads.columns_of(rows), origins.c.record_id.label("page_text"), sa.literal(0).label("page_rank"))
        .select_from(origins.join(rows, rows.c.id == origins.c.entity_id))
        .where(
            *_seen(rows, viewer),
            origins.c.workspace_id == viewer.workspace_id,
            origins.c.entity == Entity.CONVERSATION,
            origins.c.system == OriginSystem.INKEEP,
            origins.c.record_id.in_(wanted),
        )
    )
    named = sa.select(
        *reads.columns_of(rows), rows.c.external_id.label("page_text"), sa.literal(1).label("page_rank")
    ).where(*_seen(rows, viewer), rows.c.external_id.in_(wanted))
    both = sa.union_all(imported, named).subquery("both")
    # The last one read counts: the imported one, and of two accounts' the older.
    found = await connection.execute(sa.select(*both.c).order_by(both.c.page_rank.desc(), both.c.id.desc()))
    return {row.page_text: row for row in found}


async def page(
    connection: AsyncConnection,
    page: Page,
    *,
    where: Where | None = None,
    order: Sequence[Order] = DEFAULT_ORDER,
    deleted: bool = False,
    viewer: Viewer,
) -> Slice:
    """A page of the conversations (or of the deleted ones) that meet the filter; the latest activity first."""
    rows = reads.table("conversations")
    conditions = (of_workspace(rows, where, viewer), _deleted(rows, deleted), conversation_where(where))
    return await page_of(connection, Listing.of("conversations", rows, order or DEFAULT_ORDER, *conditions), page)


async def count(
    connection: AsyncConnection, *, where: Where | None = None, deleted: bool = False, viewer: Viewer
) -> int:
    """How many conversations, or deleted ones, meet the filter."""
    rows = reads.table("conversations")
    conditions = (_deleted(rows, deleted), conversation_where(where))
    return await reads.count(connection, rows, *conditions, narrow=is_narrow(where), viewer=viewer)


def _seen(rows: sa.FromClause, viewer: Viewer) -> tuple[reads.Condition, ...]:
    return rows.c.workspace_id == viewer.workspace_id, _deleted(rows, False)


def _deleted(rows: sa.FromClause, deleted: bool) -> reads.Condition:
    return rows.c.deleted_at.is_not(None) if deleted else rows.c.deleted_at.is_(None)


async def of_assistants(
    connection: AsyncConnection,
    ids: Sequence[UUID],
    page: Page,
    *,
    where: Where | None = None,
    order: Sequence[Order] = DEFAULT_ORDER,
    viewer: Viewer,
) -> dict[UUID, Slice]:
    """A page of the conversations of each assistant."""
    rows, condition = reads.table("conversations"), conversation_where(where)

    def listing(parent: sa.FromClause) -> Listing:
        inside = rows.c.assistant_id == parent.c.id
        return _of_parent("assistant.conversations", order, inside, condition, viewer=viewer)

    return await pages_of(connection, reads.table("assistants"), listing, page, ids=ids, viewer=viewer)


def _of_parent(
    kind: str,
    order: Sequence[Order],
    *conditions: reads.Condition,
    source: sa.FromClause | None = None,
    viewer: Viewer,
) -> Listing:
    rows = reads.table("conversations")
    alive = (reads.in_workspace(rows, viewer.workspace_id), rows.c.deleted_at.is_(None))
    return Listing.of(kind, rows, order or DEFAULT_ORDER, *alive, *conditions, source=source)


async def count_of_assistants(
    connection: AsyncConnection, ids: Sequence[UUID], *, where: Where | None = None, viewer: Viewer
) -> dict[UUID, int]:
    """How many conversations each assistant has that meet the filter."""
    rows = reads.table("conversations")
    alive = rows.c.deleted_at.is_(None)
    return await reads.counts_of(
        connection, rows, rows.c.assistant_id, ids, alive, conversation_where(where), viewer=viewer
    )


async def of_tools(
    connection: AsyncConnection,
    ids: Sequence[UUID],
    page: Page,
    *,
    where: Where | None = None,
    order: Sequence[Order] = DEFAULT_ORDER,
    viewer: Viewer,
) -> dict[UUID, Slice]:
    """A page of the conversations in which each tool was used."""
    rows, links, condition = reads.table("conversations"), reads.table("conversation_tools"), conversation_where(where)
    source = links.join(rows, rows.c.id == links.c.conversation_id)

    def listing(parent: sa.FromClause) -> Listing:
        inside = links.c.tool_id == parent.c.id
        return _of_parent("tool.conversations", order, inside, condition, source=source, viewer=viewer)

    return await pages_of(connection, reads.table("tools"), listing, page, ids=ids, viewer=viewer)


async def count_of_tools(
    connection: AsyncConnection, ids: Sequence[UUID], *, where: Where | None = None, viewer: Viewer
) -> dict[UUID, int]:
    """In how many conversations that meet the filter each tool was used."""
    rows, links = reads.table("conversations"), reads.table("conversation_tools")
    source = links.join(rows, rows.c.id == links.c.conversation_id)
    alive = rows.c.deleted_at.is_(None)
    return await reads.counts_of(
        connection, rows, links.c.tool_id, ids, alive, conversation_where(where), source=source, viewer=viewer
    )
