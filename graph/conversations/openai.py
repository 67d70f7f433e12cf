"""A conversation as chat messages of OpenAI's API, exactly as they go over the wire.

With aliases in the operation (tool_calls: toolCalls, tool_call_id: toolCallId, id: callId) the answer is the wire form.
"""

import asyncio
from typing import Any
from uuid import UUID

import strawberry
from strawberry.scalars import JSON

from db import messages
from db.words import MessageRole, PartType
from graph.loading import PlaceLoaders

MAX_MESSAGES = 1000
"""Messages of a conversation that are given in this form."""

WIRE_ROLES = frozenset({"developer", "system", "user", "assistant", "tool", "function"})
"""The roles that OpenAI's API knows; a message whose source uses one keeps it."""


@strawberry.type(description="The function of a tool's call.")
class OpenAIFunction:
    """`function` of a tool call."""

    name: str = strawberry.field(description="The function's name.")
    arguments: str = strawberry.field(
        description="Its arguments as the model wrote them: JSON text, as a rule. Empty where there are none."
    )


@strawberry.type(description="A call of a tool that the model asks for.")
class OpenAIToolCall:
    """A member of `tool_calls`."""

    call_id: str = strawberry.field(
        description=(
            "The call's id (`id` on the wire), which the tool's message repeats. Made from its place where it has none."
        )
    )
    type: str = strawberry.field(description="Always function.")
    function: OpenAIFunction = strawberry.field(description="What is called.")


@strawberry.type(description="A chat message of OpenAI's API.")
class OpenAIChatMessage:
    """A member of `messages`."""

    role: str = strawberry.field(description="system, developer, user, assistant or tool; else the source's own word.")
    name: str | None = strawberry.field(description="The author's name, or the tool's of a tool's message.")
    content: JSON | None = strawberry.field(
        description="A text; a list of parts where the message has more than one text; null where it only calls tools."
    )
    tool_calls: list[OpenAIToolCall] | None = strawberry.field(
        description="The calls that the message makes. Null: none."
    )
    tool_call_id: str | None = strawberry.field(description="Of a tool's message: the call that it answers.")


async def openai_messages(conversation_id: UUID, loaders: PlaceLoaders) -> list[OpenAIChatMessage]:
    """The branch in play of a conversation.

    Three statements, however many conversations ask: the messages, the parts of those that have them, the calls.
    """
    rows = await loaders.batch(messages.openai_branch, missing=(), limit=MAX_MESSAGES)(conversation_id)
    parts_of = loaders.batch(messages.parts_of, missing=())
    calls_of = loaders.batch(messages.tool_calls_of, missing=())
    with_parts = [row.id for row in rows if row.has_parts]
    found = await asyncio.gather(*[parts_of(key) for key in with_parts], *[calls_of(row.id) for row in rows])
    parts = dict(zip(with_parts, found[: len(with_parts)], strict=True))
    calls = found[len(with_parts) :]
    return [_message(row, parts.get(row.id), made) for row, made in zip(rows, calls, strict=True)]


def _message(row: Any, parts: Any | None, calls: Any) -> OpenAIChatMessage:
    is_result = row.role is MessageRole.TOOL
    return OpenAIChatMessage(
        role=_role(row),
        name=row.tool_name if is_result else row.author_name,
        content=_content(row, parts, bool(calls)),
        tool_calls=[_call(index, call) for index, call in enumerate(calls)] if calls else None,
        tool_call_id=row.tool_call_id,
    )


def _role(row: Any) -> str:
    named: str = row.role_name
    if named in WIRE_ROLES or row.role is MessageRole.OTHER:
        return named
    return str(row.role.value).lower()


def _content(row: Any, parts: Any | None, calls: bool) -> Any:
    shown = [part for part in map(_part, parts or ()) if part is not None]
    return shown or row.content or (None if calls else "")


def _call(index: int, call: Any) -> OpenAIToolCall:
    return OpenAIToolCall(
        call_id=call.call_id or f"call_{index}",
        type="function",
        function=OpenAIFunction(name=call.name, arguments=call.arguments_text or ""),
    )


def _part(part: Any) -> Any:
    """A part as the wire has it; reasoning never goes over it."""
    if part.type is PartType.TEXT:
        return {"type": "text", "text": part.text or ""}
    if part.type is PartType.IMAGE:
        image = {"url": part.url or ""} | ({} if part.detail is None else {"detail": part.detail})
        return {"type": "image_url", "image_url": image}
    if part.type is PartType.FILE:
        file = {"filename": part.name, "file_data": part.url}
        return {"type": "file", "file": {key: value for key, value in file.items() if value is not None}}
    return part.payload if part.type is PartType.OTHER else None
