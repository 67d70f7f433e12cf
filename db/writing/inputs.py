"""The inputs that several writes share: of messages, and of what hangs on them.

Field for field the inputs of the API, in snake_case; ids are UUIDs.
"""

from typing import Final

from db.conversations import TITLE_LENGTH
from db.record import KEY_LENGTH
from db.words import (
    Actor,
    ContentFormat,
    ConversationType,
    ErrorPolicy,
    MessageRole,
    MessageType,
    Rating,
    ToolKind,
    Verdict,
    Visibility,
)
from db.writing.json_shapes import json_object, json_value
from db.writing.limits import Limits
from db.writing.shapes import (
    Check,
    Measure,
    Shape,
    flag,
    identifier,
    listed,
    made_id,
    moment,
    number,
    short,
    text,
    whole,
    word,
)

KEY: Final[Check] = short()
"""A text that is a key or has an index, and says something."""

WORDS: Final[Check] = short(KEY_LENGTH, blank=True)
"""A text of that length that may be blank."""

TITLE: Final[Check] = short(TITLE_LENGTH)

COUNT: Final[Check] = whole(0)
"""How many there are of something."""


def messages_limit(limits: Limits) -> int:
    """Messages in one call."""
    return limits.messages


def tags_limit(limits: Limits) -> int:
    """Tags of a conversation."""
    return limits.tags


def conversations_limit(limits: Limits) -> int:
    """Conversations in one call."""
    return limits.conversations


def tags(measure: Measure = tags_limit, *, least: int = 0) -> Check:
    """A list of tags."""
    return listed(KEY, measure, least=least)


SOURCE: Final = Shape(
    {
        "external_id": KEY,
        "connector": KEY,
        "url": text,
        "title": WORDS,
        "kind": WORDS,
        "text": text,
        "metadata": json_object(),
    }
)

REFERENCE: Final = Shape(
    {
        "number": whole(1),
        "shown_number": whole(),
        "label": text,
        "source_id": identifier,
        "source": SOURCE,
        "title": text,
        "url": text,
        "excerpt": text,
        "context": text,
        "description": text,
        "relevance_score": number(0, 1),
        "kind": WORDS,
        "breadcrumbs": listed(text),
        "pages": listed(whole()),
        "start_index": COUNT,
        "end_index": COUNT,
        "external_id": WORDS,
        "metadata": json_object(),
    }
)

PART: Final = Shape(
    {
        "text": text,
        "image": Shape({"url": text, "detail": text}, required=("url",)),
        "file": Shape({"name": text, "media_type": text, "url": text}),
        "reasoning": text,
        "other": Shape({"type": KEY, "payload": json_value()}, required=("type", "payload")),
    },
    one_of=True,
)

TOOL_CALL: Final = Shape(
    {"call_id": WORDS, "name": KEY, "arguments_text": text, "tool_id": identifier}, required=("name",)
)

ATTACHMENT: Final = Shape(
    {"name": text, "media_type": text, "size": COUNT, "url": text, "text": text, "external_id": WORDS}
)

FOLLOW_UP: Final = Shape({"question": text, "confidence": text, "reasoning": text}, required=("question",))

METADATA: Final = Shape(
    {
        "processing_time_ms": number(0),
        "model_version": text,
        "ai_transaction_id": text,
        "reason": text,
        "finish_reason": text,
        "system_prompt": text,
        "extra": json_object(),
    }
)

USAGE: Final = Shape(
    {
        "input_tokens": COUNT,
        "output_tokens": COUNT,
        "total_tokens": COUNT,
        "cached_input_tokens": COUNT,
        "reasoning_tokens": COUNT,
    }
)

MESSAGE: Final = Shape(
    {
        "uuid": made_id,
        "external_id": KEY,
        "external_url": text,
        "parent_id": identifier,
        "parent_external_id": KEY,
        "role": word(MessageRole),
        "role_name": KEY,
        "message_type": word(MessageType),
        "actor": word(Actor),
        "author_id": KEY,
        "author_name": text,
        "visible": flag,
        "content": text,
        "content_format": word(ContentFormat),
        "content_parts": listed(PART),
        "citations": listed(REFERENCE),
        "follow_up_questions": listed(FOLLOW_UP),
        "tool_calls": listed(TOOL_CALL),
        "tool_call_id": WORDS,
        "tool_name": WORDS,
        "attachments": listed(ATTACHMENT),
        "confidence": WORDS,
        "model": WORDS,
        "metadata": METADATA,
        "usage": USAGE,
        "dw_data": json_value(),
        "user_credits": whole(),
        "properties": json_object(),
        "user_properties": json_object(),
        "timestamp": moment,
    },
    required=("role",),
)

MESSAGES: Final = listed(MESSAGE, messages_limit)

CONVERSATION: Final = Shape(
    {
        "title": TITLE,
        "owner_id": KEY,
        "visibility": word(Visibility),
        "tags": tags(),
        "properties": json_object(),
        "user_properties": json_object(),
        "model": WORDS,
        "system_prompt": text,
        "temperature": number(),
        "config": json_object(),
        "external_id": KEY,
        "external_url": text,
        "support_ticket_conversation_id": KEY,
        "project_id": KEY,
        "integration_id": KEY,
    }
)
"""What the inputs that make or change a conversation have in common."""

CREATE_CONVERSATION: Final = CONVERSATION.with_fields(
    uuid=made_id,
    type=word(ConversationType),
    assistant_id=identifier,
    matrix_mode=flag,
    created_at=moment,
    messages=MESSAGES,
)

LOG_CONVERSATION: Final = CONVERSATION.with_fields(
    uuid=made_id,
    type=word(ConversationType),
    assistant=Shape({"id": identifier, "external_id": KEY}, one_of=True),
    created_at=moment,
    messages=MESSAGES,
    openai_messages=listed(json_value(), messages_limit),
    on_error=word(ErrorPolicy),
)

FEEDBACK: Final = Shape(
    {
        "rating": word(Rating),
        "comment": text,
        "reasons": listed(Shape({"label": KEY, "details": text}, required=("label",))),
        "scores": listed(Shape({"name": KEY, "value": number(), "label": text}, required=("name", "value"))),
        "citation_verdicts": listed(
            Shape(
                {
                    "verdict": word(Verdict),
                    "score": number(),
                    "comment": text,
                    "reference_id": identifier,
                    "title": text,
                    "url": text,
                }
            )
        ),
        "positive_comment": text,
        "negative_comment": text,
        "suggestion": text,
        "follow_up_questions_helpful": flag,
        "properties": json_object(),
        "user_properties": json_object(),
        "external_id": WORDS,
        "created_at": moment,
    }
)

ASSISTANT: Final = Shape(
    {
        "name": KEY,
        "description": text,
        "system_prompt": text,
        "initial_message": text,
        "model": WORDS,
        "temperature": number(),
        "config": json_object(),
        "tool_ids": listed(identifier),
        "external_id": KEY,
    }
)

TOOL: Final = Shape(
    {
        "name": KEY,
        "kind": word(ToolKind),
        "description": text,
        "parameters": json_object(lambda limits: limits.content_bytes),
        "external_id": KEY,
    }
)
