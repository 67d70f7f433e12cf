"""Who speaks: the words that systems have for the speakers of messages, and what a message is by its speaker."""

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final

from db.words import Actor, MessageRole, MessageType

_WORDS: Final[Mapping[MessageRole, str]] = {
    MessageRole.USER: "user human prompter customer user_query",
    MessageRole.ASSISTANT: "assistant gpt agent ai bot bot_response chatgpt bing bard claude model",
    MessageRole.SYSTEM: "system developer",
    MessageRole.TOOL: "tool function observation function_response tool_response",
}
_ROLES: Final = {word: role for role, words in _WORDS.items() for word in words.split()}

_TYPES: Final = {
    MessageRole.USER: (MessageType.USER_QUERY, Actor.USER),
    MessageRole.ASSISTANT: (MessageType.BOT_RESPONSE, Actor.AI),
    MessageRole.SYSTEM: (MessageType.SYSTEM, Actor.SYSTEM),
    MessageRole.TOOL: (MessageType.TOOL_RESULT, Actor.SYSTEM),
    MessageRole.OTHER: (MessageType.OTHER, Actor.SYSTEM),
}


def role_of(word: str) -> MessageRole:
    """The role that a system's word for a speaker means; OTHER where it is none of the known ones."""
    return _ROLES.get(word.lower(), MessageRole.OTHER)


@lru_cache(maxsize=1_024)
def speaker(word: str, *, ticket: bool = False) -> Mapping[str, Any]:
    """The columns of a message that follow from the word for its speaker: system and tool ones are not visible.

    In a support ticket an agent is a person, and so is whoever has a word of their own.
    """
    role = role_of(word)
    message_type, actor = _TYPES[role]
    if ticket and (role is MessageRole.OTHER or word.lower() == "agent"):
        actor = Actor.STAFF
    columns: dict[str, Any] = {"role": role, "message_type": message_type, "actor": actor}
    if role in (MessageRole.SYSTEM, MessageRole.TOOL):
        columns["visible"] = False
    return MappingProxyType(columns)
