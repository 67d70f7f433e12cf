"""What belongs to a message: tool calls, attachments, suggested questions, metadata, usage, siblings."""

from typing import Any

import strawberry
from strawberry.scalars import JSON

from db import messages, tools
from graph import wire
from graph.fields import column, computed, integer, node_id
from graph.links import MessageLink, ToolLink
from graph.nodes import Node
from graph.relations import to_many, to_one

INT_NOTE = " Null where it is not known, and above 2,147,483,647."


def parsed(text: str | None) -> Any:
    """The value of a JSON text, None where it is not JSON."""
    if text is None:
        return None
    try:
        return wire.decode(text)
    except wire.NotJSON:
        return None


@strawberry.type(description="A call of a tool that a message makes.")
class ToolCall(Node):
    """Its parent is a row of `tool_calls`."""

    id: strawberry.ID = node_id("ToolCall")
    call_id: str | None = strawberry.field(description="The model's id of the call, which the tool's message repeats.")
    name: str = strawberry.field(description="The name by which the tool was called.")
    arguments: JSON | None = computed(
        "arguments_text",
        by=parsed,
        description="The arguments, parsed. Null where there are none, or where they are not JSON.",
    )
    arguments_text: str | None = strawberry.field(
        description="The arguments as the model wrote them: JSON text, as a rule."
    )
    tool: ToolLink | None = to_one(tools.by_ids, "tool_id", "The tool. Null where it is not known here.")
    result: MessageLink | None = to_one(
        messages.by_ids, "result_message_id", "The tool's message that answers the call. Null while there is none."
    )


@strawberry.type(description="A file that came with a message.")
class Attachment(Node):
    """Its parent is a row of `attachments`."""

    id: strawberry.ID = node_id("Attachment")
    name: str | None = strawberry.field(description="The file's name.")
    media_type: str | None = strawberry.field(description="Its media type, such as application/pdf.")
    size: int | None = integer("size", "Its size in bytes." + INT_NOTE)
    url: str | None = strawberry.field(description="Where it is.")
    text: str | None = strawberry.field(description="What was read out of the file.")
    external_id: str | None = strawberry.field(description="The file's id in the system that holds it.")


@strawberry.type(description="A question that an answer suggests to ask next.")
class FollowUpQuestion:
    """Its parent is a row of `follow_up_questions`."""

    question: str = strawberry.field(description="The question.")
    confidence: str | None = strawberry.field(description="How sure the source is of it, in its own words.")
    reasoning: str | None = strawberry.field(description="Why it is suggested.")


@strawberry.type(description="How an answer was made.")
class MessageMetadata:
    """Its parent is the message's own row."""

    processing_time_ms: float | None = strawberry.field(description="How long its making took, in milliseconds.")
    model_version: str | None = strawberry.field(description="The version of the model.")
    ai_transaction_id: str | None = strawberry.field(description="The model provider's id of the run.")
    reason: str | None = strawberry.field(description="Why the answer is as it is, in the source's words.")
    finish_reason: str | None = strawberry.field(description="Why the model stopped: stop, length, tool_calls.")
    system_prompt: str | None = strawberry.field(description="The instructions that this answer was made with.")
    extra: JSON | None = column("metadata", "The free metadata: any JSON object.")


METADATA_COLUMNS = (
    "processing_time_ms",
    "model_version",
    "ai_transaction_id",
    "reason",
    "finish_reason",
    "system_prompt",
    "metadata",
)


@strawberry.type(description="The tokens that an answer took.")
class Usage:
    """Its parent is the message's own row."""

    input_tokens: int | None = integer("input_tokens", "Tokens that the model read." + INT_NOTE)
    output_tokens: int | None = integer("output_tokens", "Tokens that it wrote, reasoning included." + INT_NOTE)
    total_tokens: int | None = integer("total_tokens", "Both together, as the source says." + INT_NOTE)
    cached_input_tokens: int | None = integer("cached_input_tokens", "Of those read: from a cache." + INT_NOTE)
    reasoning_tokens: int | None = integer("reasoning_tokens", "Of those written: reasoning." + INT_NOTE)


USAGE_COLUMNS = ("input_tokens", "output_tokens", "total_tokens", "cached_input_tokens", "reasoning_tokens")


@strawberry.type(
    description="The versions of a turn: messages with the same parent, which edits and regenerated answers make."
)
class MessageSiblings:
    """Its parent is a row of `db.messages.siblings_of`."""

    index: int = strawberry.field(description="This message's place among them, from 0, in the order of their making.")
    count: int = strawberry.field(description="How many there are, this one included.")
    previous: MessageLink | None = to_one(
        messages.by_ids, "previous_id", "The version before this one. Null: it is the first."
    )
    next: MessageLink | None = to_one(messages.by_ids, "next_id", "The version after this one. Null: it is the last.")
    nodes: list[MessageLink] = to_many(
        messages.sibling_messages_of,
        "The versions in the order of their making, this one among them; at most the first 100.",
    )
