"""The tables as SQLModel classes: the columns that the stock server's types show, and the keys between them."""

from datetime import datetime
from typing import Any, cast
from uuid import UUID

from sqlmodel import Field, SQLModel

from db.record import UtcDateTime


def moment(*, nullable: bool = False) -> Any:
    """A column with an instant."""
    return Field(default=None, sa_type=cast("Any", UtcDateTime), nullable=nullable)


class AssistantRow(SQLModel, table=True):
    """An assistant."""

    __tablename__ = "assistants"

    id: UUID = Field(primary_key=True)
    workspace_id: UUID
    name: str


class ConversationRow(SQLModel, table=True):
    """A conversation."""

    __tablename__ = "conversations"

    id: UUID = Field(primary_key=True)
    workspace_id: UUID
    title: str
    preview: str | None
    type: str
    assistant_id: UUID | None
    execution_status: str
    fail_reason: str | None
    matrix_mode: bool
    visibility: str
    share_url: str | None
    model: str | None
    system_prompt: str | None
    temperature: float | None
    external_id: str | None
    external_url: str | None
    support_ticket_conversation_id: str | None
    project_id: str | None
    integration_id: str | None
    owner_id: str | None
    created_at: datetime = moment()
    updated_at: datetime = moment()
    last_activity_at: datetime = moment()
    archived_at: datetime | None = moment(nullable=True)
    deleted_at: datetime | None = moment(nullable=True)
    version: int
    message_count: int


class TagRow(SQLModel, table=True):
    """A tag of a conversation."""

    __tablename__ = "conversation_tags"

    conversation_id: UUID = Field(primary_key=True)
    tag: str = Field(primary_key=True)
    position: int


class MessageRow(SQLModel, table=True):
    """A message; `branch_position` is its place on the branch in play."""

    __tablename__ = "messages"

    id: UUID = Field(primary_key=True)
    workspace_id: UUID
    conversation_id: UUID
    branch_position: int | None
    sequence: int
    role: str
    role_name: str
    message_type: str
    actor: str
    author_id: str | None
    author_name: str | None
    status: str
    fail_reason: str | None
    visible: bool
    content: str
    content_format: str
    confidence: str | None
    model: str | None
    tool_call_id: str | None
    tool_name: str | None
    timestamp: datetime | None = moment(nullable=True)
    created_at: datetime = moment()
    updated_at: datetime = moment()
    version: int
    external_id: str | None
    external_url: str | None


class ReferenceRow(SQLModel, table=True):
    """A citation."""

    __tablename__ = "citations"

    id: UUID = Field(primary_key=True)
    workspace_id: UUID
    conversation_id: UUID
    message_id: UUID | None
    source_id: UUID | None
    position: int
    number: int
    title: str | None
    url: str | None
    excerpt: str | None


class SourceRow(SQLModel, table=True):
    """A document."""

    __tablename__ = "sources"

    id: UUID = Field(primary_key=True)
    workspace_id: UUID
    title: str | None
    url: str | None
