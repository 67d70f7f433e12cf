"""What a system's own records usually say, for messages and feedback that were written here and have none."""

from collections.abc import Container, Mapping
from typing import Final

from db.words import MessageRole, OriginSystem

_MESSAGES: Final[Mapping[OriginSystem, str]] = {
    OriginSystem.ATHENA: "interaction",
    OriginSystem.CHATGPT: "node",
    OriginSystem.SHAREGPT: "turn",
}
_PAIRED: Final = {MessageRole.USER: "user_input", MessageRole.ASSISTANT: "model_response"}
_WORDS: Final[Mapping[OriginSystem, Mapping[MessageRole, str]]] = {
    OriginSystem.ATHENA: {MessageRole.USER: "USER", MessageRole.ASSISTANT: "AI"},
    OriginSystem.CLAUDE: {MessageRole.USER: "human"},
    OriginSystem.SHAREGPT: {MessageRole.USER: "human", MessageRole.ASSISTANT: "gpt"},
    OriginSystem.OPENASSISTANT: {MessageRole.USER: "prompter"},
    OriginSystem.MTRAG: {MessageRole.ASSISTANT: "agent"},
}


def usual_message_kind(
    system: OriginSystem | None, conversation: str, kinds: Container[str | None], role: MessageRole
) -> str:
    """The kind of a message in a conversation of that kind, which has messages of these kinds."""
    if system is OriginSystem.ATHENA and "interaction" not in kinds and _PAIRED[MessageRole.USER] in kinds:
        # The chat is known by its pairs of questions and answers alone.
        return _PAIRED.get(role, "interaction")
    if system is OriginSystem.OPENAI and conversation not in ("chat", "loose"):
        return "item"
    if system is OriginSystem.MTRAG and "task" in kinds:
        return "turn"
    return "message" if system is None else _MESSAGES.get(system, "message")


def usual_feedback_kind(system: OriginSystem | None, *, on_message: bool, is_owners: bool) -> str:
    """The kind of feedback on a message, or else on a conversation."""
    if system is OriginSystem.COGSOL:
        return "likes" if on_message else "like" if is_owners else "report"
    if system is OriginSystem.OPEN_WEBUI:
        return "annotation"
    return "feedback"


def usual_word(system: OriginSystem | None, role: MessageRole) -> str | None:
    """The word for a speaker; None where it is none other than that of the row."""
    words = None if system is None else _WORDS.get(system)
    return None if words is None else words.get(role)
