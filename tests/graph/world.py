"""A small world of rows for the tests of queries: one conversation with everything in it, and two dozen plain ones.

Longer than other modules, since its rows name each other and are read side by side.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import SQLModel

from db import tables
from db.database import Database
from db.record import table_of
from db.viewer import DEFAULT_WORKSPACE_ID, PROGRAM
from db.words import (
    Actor,
    ContentFormat,
    ConversationType,
    Entity,
    ExecutionStatus,
    FeedbackAuthor,
    MessageRole,
    MessageType,
    OriginSystem,
    PartType,
    Rating,
    ToolKind,
    Verdict,
)
from graph import ids

START = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
PLAIN = 24
"""Conversations without anything special."""

CAST: Mapping[MessageRole, tuple[str, MessageType, Actor]] = {
    MessageRole.USER: ("user", MessageType.USER_QUERY, Actor.USER),
    MessageRole.ASSISTANT: ("assistant", MessageType.BOT_RESPONSE, Actor.AI),
    MessageRole.TOOL: ("tool", MessageType.TOOL_RESULT, Actor.SYSTEM),
    MessageRole.SYSTEM: ("developer", MessageType.SYSTEM, Actor.STAFF),
}


def key(name: str) -> UUID:
    """The uuid of the row with this name."""
    return uuid5(UUID(int=0), name)


def node(type_name: str, name: str) -> str:
    """The node id of the row with this name."""
    return ids.encode(type_name, key(name))


def at(minutes: float) -> datetime:
    """The moment so many minutes after the start."""
    return START + timedelta(minutes=minutes)


async def insert(connection: AsyncConnection, model: type[SQLModel], *rows: Mapping[str, Any]) -> None:
    for row in rows:
        await connection.execute(table_of(model).insert().values(workspace_id=DEFAULT_WORKSPACE_ID, **row))


def record(row_name: str, minutes: float = 0, **values: Any) -> dict[str, Any]:
    return {"id": key(row_name), "created_at": at(minutes), **values}


def revised(row_name: str, minutes: float = 0, **values: Any) -> dict[str, Any]:
    return record(row_name, minutes, **{"updated_at": at(minutes), **values})


def message(
    name: str, conversation: str, sequence: int, role: MessageRole, content: str, position: int | None, **values: Any
) -> dict[str, Any]:
    role_name, message_type, actor = CAST[role]
    return revised(
        name,
        sequence,
        **{
            "conversation_id": key(conversation),
            "sequence": sequence,
            "role": role,
            "role_name": role_name,
            "message_type": message_type,
            "actor": actor,
            "content": content,
            "branch_position": position,
            "timestamp": at(sequence),
            **values,
        },
    )


async def build(database: Database, plain: int = PLAIN) -> None:
    """Write the world."""
    async with database.write(viewer=PROGRAM) as connection:
        await _cast(connection)
        await _parcel(connection)
        await _ticket(connection)
        await _gone(connection)
        await _plain(connection, plain)


async def _cast(connection: AsyncConnection) -> None:
    await insert(
        connection,
        tables.Assistant,
        revised("clerk", name="Clerk", initial_message="How can I help?", model="small-1", temperature=0.5),
        revised("guide", name="Guide", external_id="guide", config={"chatMode": "quick"}),
    )
    await insert(
        connection,
        tables.Tool,
        revised("lookup", name="lookup_parcel", kind=ToolKind.FUNCTION, parameters={"type": "object"}),
        revised("search", name="search_docs", kind=ToolKind.RETRIEVAL),
    )
    await insert(
        connection,
        tables.AssistantTool,
        {"assistant_id": key("clerk"), "tool_id": key("search"), "position": 0},
        {"assistant_id": key("clerk"), "tool_id": key("lookup"), "position": 1},
    )
    await insert(
        connection,
        tables.Source,
        revised("refunds", title="Refunds", url="https://docs.example/refunds", citation_count=PLAIN + 2, kind="page"),
        revised("parcels", title="Parcels", url="https://docs.example/parcels", citation_count=1, connector="wiki"),
    )


async def _parcel(connection: AsyncConnection) -> None:
    """The conversation with everything: a tree of two answers, a tool's call, parts, citations, feedback."""
    await insert(
        connection,
        tables.Conversation,
        revised(
            "parcel",
            title="A parcel that is late",
            preview="Where is my parcel?",
            assistant_id=key("clerk"),
            execution_status=ExecutionStatus.AVAILABLE,
            shared_with=[{"userId": "ben", "access": "READ"}],
            properties={"page": {"path": ["docs", "refunds"]}, "plan": "pro", "amount": 12.5},
            config={"top_p": 0.9},
            external_id="chat-1",
            support_ticket_conversation_id="T-7",
            owner_id="ada",
            last_activity_at=at(1000),
            message_count=6,
            last_message_id=key("again"),
            current_message_id=key("done"),
            forked_from_id=key("ticket-1"),
        ),
    )
    await insert(
        connection,
        tables.ConversationTag,
        {"conversation_id": key("parcel"), "tag": "urgent", "position": 0},
        {"conversation_id": key("parcel"), "tag": "billing", "position": 1},
    )
    await insert(
        connection, tables.ConversationTool, {"conversation_id": key("parcel"), "tool_id": key("lookup"), "position": 0}
    )
    user, assistant, tool = MessageRole.USER, MessageRole.ASSISTANT, MessageRole.TOOL
    await insert(
        connection,
        tables.Message,
        message("ask", "parcel", 1, user, "Where is my parcel?", 0, author_name="Ada", user_credits=5),
        message(
            "calls",
            "parcel",
            2,
            assistant,
            "",
            1,
            parent_id=key("ask"),
            model="small-1",
            metadata={"trace": "t-1"},
            finish_reason="tool_calls",
            input_tokens=30,
            output_tokens=7,
        ),
        message(
            "result",
            "parcel",
            3,
            tool,
            '{"state": "delayed"}',
            2,
            parent_id=key("calls"),
            visible=False,
            tool_call_id="call-1",
            tool_name="lookup_parcel",
        ),
        message(
            "done",
            "parcel",
            4,
            assistant,
            "It is late [1].\nSorry [2].",
            3,
            parent_id=key("result"),
            confidence="High",
            has_parts=True,
            rank=0,
        ),
        message(
            "other", "parcel", 5, assistant, "No idea.", None, parent_id=key("ask"), confidence="Low", timestamp=None
        ),
        message("again", "parcel", 6, user, "Really?", None, parent_id=key("other"), content_format=ContentFormat.TEXT),
    )
    await insert(
        connection,
        tables.ToolCall,
        record(
            "call",
            message_id=key("calls"),
            position=0,
            call_id="call-1",
            name="lookup_parcel",
            arguments_text='{"id": 7}',
            tool_id=key("lookup"),
            result_message_id=key("result"),
        ),
        record("call-2", message_id=key("calls"), position=1, name="think", arguments_text="{broken"),
    )
    parts: Sequence[dict[str, Any]] = (
        {"type": PartType.REASONING, "text": "Delayed, it says."},
        {"type": PartType.TEXT, "text": "It is late [1]."},
        {"type": PartType.TEXT, "text": "Sorry [2]."},
        {"type": PartType.IMAGE, "url": "https://img.example/map.png", "detail": "low"},
        {"type": PartType.FILE, "name": "slip.pdf", "media_type": "application/pdf"},
        {"type": PartType.OTHER, "other_type": "chart", "payload": {"bars": [1, 2]}},
    )
    await insert(
        connection,
        tables.ContentPart,
        *({"message_id": key("done"), "position": position, **part} for position, part in enumerate(parts)),
    )
    await insert(
        connection,
        tables.FollowUpQuestion,
        {"message_id": key("done"), "position": 0, "question": "Can I get a refund?", "confidence": "High"},
    )
    await insert(
        connection,
        tables.Reference,
        record("cite-1", conversation_id=key("parcel"), message_id=key("done"), position=0, number=1)
        | {"source_id": key("parcels"), "title": "Parcels", "pages": [3, 2**40], "start_index": 11, "end_index": 14},
        record("cite-2", conversation_id=key("parcel"), message_id=key("done"), position=1, number=2)
        | {"source_id": key("refunds"), "title": "Refunds", "breadcrumbs": ["Help", "Money"], "relevance_score": 0.5},
        record("listed", conversation_id=key("parcel"), position=0, number=1, title="Terms"),
    )
    await insert(
        connection,
        tables.Feedback,
        revised(
            "owners",
            10,
            conversation_id=key("parcel"),
            is_owners=True,
            rating=Rating.NEGATIVE,
            comment="Too slow.",
            author_id="ada",
        ),
        revised("stars", 11, conversation_id=key("parcel"), rating=Rating.POSITIVE, author_kind=FeedbackAuthor.STAFF),
        revised(
            "on-answer",
            12,
            conversation_id=key("parcel"),
            message_id=key("done"),
            rating=Rating.NEGATIVE,
            comment="Half right.",
            seen_message_version=1,
            seen_current_message_id=key("done"),
            seen_assistant_id=key("clerk"),
        ),
        revised(
            "on-citation",
            13,
            conversation_id=key("parcel"),
            message_id=key("done"),
            reference_id=key("cite-1"),
            position=1,
        ),
    )
    await insert(
        connection,
        tables.FeedbackReason,
        {"feedback_id": key("on-answer"), "position": 0, "label": "incomplete", "details": "no date"},
    )
    await insert(
        connection,
        tables.FeedbackScore,
        {"feedback_id": key("on-answer"), "position": 0, "name": "accuracy", "value": 0.5, "label": "fair", "count": 3},
    )
    await insert(
        connection,
        tables.CitationVerdict,
        {"feedback_id": key("on-answer"), "position": 0, "verdict": Verdict.NEGATIVE, "reference_id": key("cite-2")},
        {"feedback_id": key("on-answer"), "position": 1, "verdict": Verdict.MISSING, "title": "Strikes"},
    )
    await insert(
        connection,
        tables.Origin,
        {
            "entity_id": key("parcel"),
            "entity": Entity.CONVERSATION,
            "system": OriginSystem.COGSOL,
            "kind": "chat",
            "record_id": "812",
            "extra": {"color": "red"},
            "imported_at": at(5),
        },
    )


async def _ticket(connection: AsyncConnection) -> None:
    await insert(
        connection,
        tables.Conversation,
        revised(
            "ticket",
            1,
            title="Ticket 7",
            type=ConversationType.SUPPORT_TICKET,
            external_id="T-7",
            last_activity_at=at(900),
            message_count=1,
            last_message_id=key("ticket-1"),
            current_message_id=key("ticket-1"),
        ),
    )
    await insert(connection, tables.Message, message("ticket-1", "ticket", 1, MessageRole.SYSTEM, "Opened by mail.", 0))
    await insert(
        connection,
        tables.Attachment,
        record("slip", message_id=key("ticket-1"), position=0, name="slip.pdf", size=2048),
        record("film", message_id=key("ticket-1"), position=1, name="film.mkv", size=5_000_000_000),
    )


async def _gone(connection: AsyncConnection) -> None:
    """A deleted conversation with an answer that cites, and feedback on it."""
    await insert(
        connection,
        tables.Conversation,
        revised("gone", 2, title="Gone", last_activity_at=at(2000), deleted_at=at(2001), message_count=1),
    )
    await insert(
        connection, tables.Message, message("gone-1", "gone", 1, MessageRole.ASSISTANT, "Deleted with the rest.", 0)
    )
    await insert(
        connection,
        tables.Reference,
        record("gone-cite", conversation_id=key("gone"), message_id=key("gone-1"), position=0, number=1)
        | {"source_id": key("refunds")},
    )
    await insert(connection, tables.ToolCall, record("gone-call", message_id=key("gone-1"), position=0, name="x"))
    await insert(connection, tables.Feedback, revised("gone-feedback", conversation_id=key("gone")))


async def _plain(connection: AsyncConnection, number: int) -> None:
    for n in range(number):
        name = f"plain-{n:02}"
        await insert(
            connection,
            tables.Conversation,
            revised(
                name,
                n,
                title=f"Plain {n:02}",
                assistant_id=key("guide"),
                last_activity_at=at(n),
                archived_at=at(n) if n % 8 == 0 else None,
                message_count=2,
                last_message_id=key(f"{name}-a"),
                current_message_id=key(f"{name}-a"),
                properties={"plan": "free", "n": n},
            ),
        )
        await insert(
            connection, tables.ConversationTag, {"conversation_id": key(name), "tag": "billing", "position": 0}
        )
        await insert(
            connection,
            tables.Message,
            message(f"{name}-q", name, 1, MessageRole.USER, f"Question {n}", 0),
            message(f"{name}-a", name, 2, MessageRole.ASSISTANT, f"Answer {n}", 1, parent_id=key(f"{name}-q")),
        )
        await insert(
            connection,
            tables.Reference,
            record(f"{name}-c", n, conversation_id=key(name), message_id=key(f"{name}-a"), position=0, number=1)
            | {"source_id": key("refunds"), "excerpt": f"Passage {n}"},
        )
