"""Inputs of messages, and conversations as tests look at them."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from db.database import Database
from db.words import Actor, ContentFormat, MessageRole, MessageType
from db.writing import DEFAULT_LIMITS, Outcome, Problem, add_messages, create_conversation, log_conversation
from tests.db.builders import at
from tests.db.writing.scenes import ME, refusal, rows
from tests.interchange import stored

USER, ASSISTANT, SYSTEM, TOOL = MessageRole.USER, MessageRole.ASSISTANT, MessageRole.SYSTEM, MessageRole.TOOL

FULL: Mapping[str, Any] = {
    "external_id": "m-1",
    "external_url": "https://chat.example/m-1",
    "role": ASSISTANT,
    "role_name": "bot",
    "message_type": MessageType.ERROR,
    "actor": Actor.STAFF,
    "author_id": "a-7",
    "author_name": "Ada",
    "visible": False,
    "content_format": ContentFormat.HTML,
    "tool_call_id": "call-0",
    "tool_name": "search",
    "confidence": "Very High",
    "model": "m-large",
    "dw_data": [1.0, {"ü": None}],
    "user_credits": -3,
    "properties": {"a": 1, "b": None},
    "user_properties": {"plan": "pro"},
    "timestamp": at(5),
}
METADATA: Mapping[str, Any] = {
    "processing_time_ms": 12.5,
    "model_version": "1",
    "ai_transaction_id": "t",
    "reason": "r",
    "finish_reason": "stop",
    "system_prompt": "Be kind.",
}
USAGE: Mapping[str, Any] = {
    "input_tokens": 1,
    "output_tokens": 2,
    "total_tokens": 3,
    "cached_input_tokens": 0,
    "reasoning_tokens": 2**31 - 1,
}


def says(content: str, role: MessageRole = USER, **values: Any) -> dict[str, Any]:
    """The input of a message."""
    return {"role": role, "content": content, **values}


def chat(*contents: str, **values: Any) -> list[dict[str, Any]]:
    """Inputs of questions and answers, by turns."""
    return [says(content, ASSISTANT if place % 2 else USER, **values) for place, content in enumerate(contents)]


def wire(*contents: str, system: str | None = None) -> list[dict[str, Any]]:
    """Chat messages as they go over the wire: questions and answers by turns, below instructions."""
    made = [
        {"role": "assistant" if place % 2 else "user", "content": content} for place, content in enumerate(contents)
    ]
    return made if system is None else [{"role": "system", "content": system}, *made]


async def created(database: Database, *contents: str, **values: Any) -> UUID:
    """A conversation in which these were said by turns."""
    outcome = await create_conversation(database, {"messages": chat(*contents), **values}, viewer=ME)
    assert outcome.row is not None
    made: UUID = outcome.row.id
    return made


async def log(database: Database, messages: list[dict[str, Any]], external_id: str = "thread") -> Outcome:
    """Log chat messages of one thread."""
    return await log_conversation(database, {"external_id": external_id, "openai_messages": messages}, viewer=ME)


async def tree(database: Database, conversation: UUID) -> list[tuple[str, str | None]]:
    """What each message says, and what the one above it says, in the order of their sequence."""
    found = await messages_of(database, conversation)
    contents = {row["id"]: row["content"] for row in found}
    return [(row["content"], contents.get(row["parent_id"])) for row in found]


async def in_play(database: Database, conversation: UUID) -> list[str]:
    """What the messages of the branch in play say."""
    found = [row for row in await messages_of(database, conversation) if row["branch_position"] is not None]
    return [row["content"] for row in sorted(found, key=lambda row: int(row["branch_position"]))]


async def messages_of(database: Database, conversation: UUID) -> list[dict[str, Any]]:
    """All messages of a conversation, in order."""
    found = await rows(database, "messages", conversation_id=conversation)
    return sorted(found, key=lambda row: int(row["sequence"]))


def given(conversation: UUID, *messages: Mapping[str, Any], **values: Any) -> dict[str, Any]:
    return {"conversation_id": conversation, "messages": list(messages), **values}


async def add(database: Database, conversation: UUID, *messages: Mapping[str, Any], **values: Any) -> list[Any]:
    """Add messages; gives their rows."""
    return (await add_messages(database, given(conversation, *messages, **values), viewer=ME)).listed


async def refused(database: Database, conversation: UUID, *messages: Mapping[str, Any], **values: Any) -> list[Problem]:
    """What is wrong with messages of which none is added."""
    before = await stored.everything(database)
    limits = values.pop("limits", DEFAULT_LIMITS)
    write = add_messages(database, given(conversation, *messages, **values), viewer=ME, limits=limits)
    problems = await refusal(write)
    assert await stored.everything(database) == before
    return problems
