"""The stock server's types, each made from a row of the ORM."""

from datetime import datetime
from typing import Any, Optional
from uuid import UUID

import strawberry

from bench.peers.stock_relay import Connection, Node
from bench.peers.stock_tables import (
    AssistantRow,
    ConversationRow,
    MessageRow,
    ReferenceRow,
    SourceRow,
)
from db.words import (
    Actor,
    ContentFormat,
    ConversationType,
    ExecutionStatus,
    MessageRole,
    MessageStatus,
    MessageType,
    Visibility,
)

Info = strawberry.Info[dict[str, Any], None]

for words in (
    Actor,
    ContentFormat,
    ConversationType,
    ExecutionStatus,
    MessageRole,
    MessageStatus,
    MessageType,
    Visibility,
):
    strawberry.enum(words)


@strawberry.type
class Assistant(Node):
    """Who answers."""

    name: str

    @classmethod
    def of(cls, row: AssistantRow) -> "Assistant":
        """The object of a row."""
        return cls(
            key=row.id,
            name=row.name,
        )


@strawberry.type
class Conversation(Node):
    """A thread of messages."""

    assistant_id: strawberry.Private[UUID | None]
    title: str
    preview: str | None
    type: ConversationType
    execution_status: ExecutionStatus
    fail_reason: str | None
    matrix_mode: bool
    visibility: Visibility
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
    created_at: datetime
    updated_at: datetime
    last_activity_at: datetime
    archived_at: datetime | None
    deleted_at: datetime | None
    version: int
    message_count: int

    @classmethod
    def of(cls, row: ConversationRow) -> "Conversation":
        """The object of a row."""
        return cls(
            key=row.id,
            assistant_id=row.assistant_id,
            title=row.title,
            preview=row.preview,
            type=ConversationType(row.type),
            execution_status=ExecutionStatus(row.execution_status),
            fail_reason=row.fail_reason,
            matrix_mode=row.matrix_mode,
            visibility=Visibility(row.visibility),
            share_url=row.share_url,
            model=row.model,
            system_prompt=row.system_prompt,
            temperature=row.temperature,
            external_id=row.external_id,
            external_url=row.external_url,
            support_ticket_conversation_id=row.support_ticket_conversation_id,
            project_id=row.project_id,
            integration_id=row.integration_id,
            owner_id=row.owner_id,
            created_at=row.created_at,
            updated_at=row.updated_at,
            last_activity_at=row.last_activity_at,
            archived_at=row.archived_at,
            deleted_at=row.deleted_at,
            version=row.version,
            message_count=row.message_count,
        )

    @strawberry.field
    async def assistant(self, info: Info) -> Assistant | None:
        """Who answers in it."""
        if self.assistant_id is None:
            return None
        row = await info.context["loaders"].assistant.load(self.assistant_id)
        return None if row is None else Assistant.of(row)

    @strawberry.field
    async def tags(self, info: Info) -> list[str]:
        """Its tags."""
        tags: list[str] = await info.context["loaders"].tags.load(self.key)
        return tags

    @strawberry.field
    async def messages(self, info: Info, first: int = 20) -> Connection["Message"]:
        """The messages of the branch in play."""
        rows = await info.context["loaders"].messages.load((self.key, first))
        return Connection[Message].of(rows, first, Message.of)


@strawberry.type
class Message(Node):
    """What somebody said."""

    conversation_id: strawberry.Private[UUID]
    sequence: int
    role: MessageRole
    role_name: str
    message_type: MessageType
    actor: Actor
    author_id: str | None
    author_name: str | None
    status: MessageStatus
    fail_reason: str | None
    visible: bool
    content: str
    content_format: ContentFormat
    confidence: str | None
    model: str | None
    tool_call_id: str | None
    tool_name: str | None
    timestamp: datetime | None
    created_at: datetime
    updated_at: datetime
    version: int
    external_id: str | None
    external_url: str | None

    @classmethod
    def of(cls, row: MessageRow) -> "Message":
        """The object of a row."""
        return cls(
            key=row.id,
            conversation_id=row.conversation_id,
            sequence=row.sequence,
            role=MessageRole(row.role),
            role_name=row.role_name,
            message_type=MessageType(row.message_type),
            actor=Actor(row.actor),
            author_id=row.author_id,
            author_name=row.author_name,
            status=MessageStatus(row.status),
            fail_reason=row.fail_reason,
            visible=row.visible,
            content=row.content,
            content_format=ContentFormat(row.content_format),
            confidence=row.confidence,
            model=row.model,
            tool_call_id=row.tool_call_id,
            tool_name=row.tool_name,
            timestamp=row.timestamp,
            created_at=row.created_at,
            updated_at=row.updated_at,
            version=row.version,
            external_id=row.external_id,
            external_url=row.external_url,
        )

    @strawberry.field
    async def conversation(self, info: Info) -> Conversation:
        """The conversation that it is in."""
        row = await info.context["loaders"].conversation.load(self.conversation_id)
        return Conversation.of(row)

    @strawberry.field
    async def citations(self, info: Info) -> list["Reference"]:
        """What it cites."""
        rows = await info.context["loaders"].citations.load(self.key)
        return [Reference.of(row) for row in rows]


@strawberry.type
class Reference(Node):
    """A use of a source."""

    message_id: strawberry.Private[UUID | None]
    source_id: strawberry.Private[UUID | None]
    number: int
    title: str | None
    url: str | None
    excerpt: str | None

    @classmethod
    def of(cls, row: ReferenceRow) -> "Reference":
        """The object of a row."""
        return cls(
            key=row.id,
            message_id=row.message_id,
            source_id=row.source_id,
            number=row.number,
            title=row.title,
            url=row.url,
            excerpt=row.excerpt,
        )

    @strawberry.field
    async def message(self, info: Info) -> Message | None:
        """The message that cites."""
        if self.message_id is None:
            return None
        row = await info.context["loaders"].message.load(self.message_id)
        return None if row is None else Message.of(row)

    @strawberry.field
    async def source(self, info: Info) -> Optional["Source"]:
        """What is cited."""
        if self.source_id is None:
            return None
        row = await info.context["loaders"].source.load(self.source_id)
        return None if row is None else Source.of(row)


@strawberry.type
class Source(Node):
    """A document."""

    title: str | None
    url: str | None

    @classmethod
    def of(cls, row: SourceRow) -> "Source":
        """The object of a row."""
        return cls(
            key=row.id,
            title=row.title,
            url=row.url,
        )

    @strawberry.field
    async def references(self, info: Info, first: int = 20) -> Connection[Reference]:
        """Its uses, the newest first."""
        rows = await info.context["loaders"].references.load((self.key, first))
        return Connection[Reference].of(rows, first, Reference.of)
