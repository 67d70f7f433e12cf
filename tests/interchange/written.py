"""A conversation that was written here and has all that the API takes, for tests of exports."""

from datetime import UTC, datetime, timedelta
from typing import Any

from db.interchange.base import (
    AssistantDraft,
    ConversationDraft,
    FeedbackDraft,
    MessageDraft,
    ReferenceDraft,
    SourceDraft,
    ToolDraft,
    VerdictDraft,
)
from db.words import (
    Actor,
    ContentFormat,
    ConversationType,
    ExecutionStatus,
    FeedbackAuthor,
    MessageRole,
    MessageStatus,
    MessageType,
    PartType,
    Rating,
    ToolKind,
    Verdict,
    Visibility,
)

AT = datetime(2026, 3, 4, 5, 6, 7, 891_234, tzinfo=UTC)
"""When the first of them was written."""


def whole() -> ConversationDraft:
    """A conversation that has everything: a question asked in two ways, a tool, an answer that is cited and rated."""
    return ConversationDraft(
        kind="conversation",
        record_id="0195a1b2-0000-7000-8000-000000000001",
        values={
            "title": "Freezing bread",
            "type": ConversationType.SUPPORT_TICKET,
            "execution_status": ExecutionStatus.ERROR,
            "fail_reason": "Out of flour",
            "matrix_mode": True,
            "visibility": Visibility.PUBLIC,
            "share_url": "https://example.org/share/1",
            "shared_with": [{"userId": "u-2", "access": "WRITE"}],
            "properties": {"shop": "north"},
            "user_properties": {"plan": "gold"},
            "model": "oven-1",
            "system_prompt": "You are a baker.",
            "temperature": 0.25,
            "config": {"top_p": 0.5},
            "external_id": "bread-1",
            "external_url": "https://example.org/bread/1",
            "support_ticket_conversation_id": "ticket-1",
            "project_id": "bakery",
            "integration_id": "counter",
            "owner_id": "u-1",
            "created_at": AT,
            "updated_at": AT + timedelta(hours=1),
            "last_activity_at": AT + timedelta(hours=1),
            "archived_at": AT + timedelta(hours=2),
        },
        assistant=AssistantDraft(
            kind="assistant", record_id="counter", values={"name": "Baker", "description": "Knows bread"}
        ),
        tools=[ToolDraft(kind="tool", record_id="7", values={"name": "search", "kind": ToolKind.RETRIEVAL})],
        tags=["bread", "cold"],
        references=[ReferenceDraft(values={"number": 1, "label": "Handbook"})],
        feedback=[
            FeedbackDraft(
                kind="feedback",
                record_id="f-1",
                values={"rating": Rating.POSITIVE, "comment": "Good bread", "is_owners": True, "author_id": "u-1"},
            ),
            FeedbackDraft(
                kind="feedback",
                record_id="f-2",
                values={"comment": "Too long", "author_kind": FeedbackAuthor.STAFF, "author_id": "s-1"},
                reasons=[{"label": "length"}],
            ),
        ],
        messages=_messages(),
        current="m-5",
    )


def _message(
    key: str, role: MessageRole, content: str, parent: str | None, minutes: int, **values: Any
) -> MessageDraft:
    types = {
        MessageRole.USER: (MessageType.USER_QUERY, Actor.USER),
        MessageRole.ASSISTANT: (MessageType.BOT_RESPONSE, Actor.AI),
        MessageRole.TOOL: (MessageType.TOOL_RESULT, Actor.SYSTEM),
    }
    message_type, actor = types[role]
    at = AT + timedelta(minutes=minutes)
    return MessageDraft(
        kind="message",
        record_id=key,
        parent=parent,
        values={
            "role": role,
            "role_name": role.lower(),
            "message_type": message_type,
            "actor": actor,
            "content": content,
            "timestamp": at,
            "created_at": at,
            "updated_at": at,
            **values,
        },
    )


def _messages() -> list[MessageDraft]:
    user, assistant, tool = MessageRole.USER, MessageRole.ASSISTANT, MessageRole.TOOL
    asked = _message("m-1", user, "Can I freeze bread?", None, 0, rank=2)
    again = _message(
        "m-2",
        user,
        "Can I freeze this bread?",
        None,
        1,
        author_id="u-1",
        author_name="Ann",
        external_id="ask-2",
        external_url="https://example.org/ask/2",
        user_properties={"plan": "gold"},
        properties={"device": "phone"},
    )
    again.parts = [
        {"type": PartType.TEXT, "text": "Can I freeze this bread?"},
        {"type": PartType.IMAGE, "url": "https://example.org/bread.png", "detail": "low"},
        {"type": PartType.FILE, "name": "bread.pdf", "url": "https://example.org/bread.pdf"},
    ]
    again.attachments = [
        {
            "name": "recipe.txt",
            "media_type": "text/plain",
            "size": 12,
            "text": "Flour, water",
            "url": "https://example.org/recipe.txt",
            "external_id": "file-1",
        }
    ]
    calling = _message("m-3", assistant, "", "m-2", 2)
    calling.tool_calls = [{"call_id": "call-1", "name": "search", "arguments_text": '{"text": "freeze bread"}'}]
    found = _message("m-4", tool, "Two pages", "m-3", 3, tool_call_id="call-1", tool_name="search", visible=False)
    return [asked, again, calling, found, _answer(_message("m-5", assistant, "Yes [1], for three months.", "m-4", 4))]


def _answer(answer: MessageDraft) -> MessageDraft:
    answer.values |= {
        "status": MessageStatus.FAILED,
        "fail_reason": "Cut short",
        "content_format": ContentFormat.TEXT,
        "confidence": "High",
        "model": "oven-1",
        "dw_data": {"rows": 2},
        "user_credits": 5,
        "rank": 1,
        "processing_time_ms": 1_234.5,
        "model_version": "1.2",
        "ai_transaction_id": "tx-1",
        "reason": "found",
        "finish_reason": "stop",
        "system_prompt": "Be brief.",
        "metadata": {"trace": "t-1"},
        "input_tokens": 11,
        "output_tokens": 7,
        "total_tokens": 18,
        "cached_input_tokens": 3,
        "reasoning_tokens": 2,
        "updated_at": AT + timedelta(minutes=9),
    }
    answer.parts = [
        {"type": PartType.REASONING, "text": "The page says so."},
        {"type": PartType.TEXT, "text": "Yes [1], for three months."},
        {"type": PartType.OTHER, "other_type": "chart", "payload": {"type": "chart", "bars": [1, 2]}},
    ]
    answer.references = [
        ReferenceDraft(
            values={
                "number": 1,
                "shown_number": 1,
                "label": "1",
                "title": "Freezing",
                "url": "https://example.org/cold",
                "excerpt": "Three months.",
                "context": "Bread",
                "description": "On freezing",
                "kind": "page",
                "relevance_score": 0.75,
                "breadcrumbs": ["Bread", "Cold"],
                "pages": [3],
                "external_id": "doc-1",
                "start_index": 4,
                "end_index": 7,
                "metadata": {"shelf": 2},
            },
            source=SourceDraft(
                kind="source",
                values={"url": "https://example.org/cold", "title": "Freezing", "kind": "page", "text": "All of it"},
            ),
        )
    ]
    answer.follow_ups = [{"question": "And cake?", "confidence": "Low", "reasoning": "Often asked"}]
    answer.feedback = [
        FeedbackDraft(
            kind="feedback",
            record_id="f-3",
            values={
                "rating": Rating.NEGATIVE,
                "comment": "Wrong",
                "positive_comment": "Quick",
                "suggestion": "Ask me",
                "negative_comment": "Too sure",
                "follow_up_questions_helpful": True,
                "author_id": "u-1",
                "properties": {"page": 1},
                "user_properties": {"plan": "gold"},
                "external_id": "vote-1",
                "created_at": AT + timedelta(minutes=30),
            },
            reasons=[{"label": "wrong", "details": "Two months"}],
            scores=[{"name": "clarity", "value": 0.5, "label": "fair", "count": 2}],
            verdicts=[VerdictDraft(values={"verdict": Verdict.NEGATIVE, "score": 0.1, "comment": "Old"}, reference=0)],
        )
    ]
    return answer
