"""CogSol's Cognitive API: chats in full and short form, messages, reports on chats, assistants.

The like and the comment of a chat are the owner's feedback on it, `likes` of a message is feedback on the message, a
report is feedback on the chat with a reason, and with its other words as properties.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from db.interchange import converters as c
from db.interchange import filling
from db.interchange.apart import Detached
from db.interchange.base import (
    AssistantDraft,
    BadRecord,
    ConversationDraft,
    DetachedAssistantDraft,
    DetachedFeedbackDraft,
    Drafted,
    FeedbackDraft,
    Format,
    MessageDraft,
    PassedOver,
    ToolDraft,
)
from db.interchange.cogsol_shapes import ASSISTANT, CHAT, MESSAGE, REPORT
from db.interchange.shape import Document
from db.words import IdType, OriginSystem, Rating, ToolKind

_CHAT_MARKS: Final = frozenset(("execution_status", "matrix_mode", "references", "like", "max_responses"))
_REPORT_MARKS: Final = frozenset(("chat", "category", "severity", "topic"))
_ASSISTANT_MARKS: Final = frozenset(("generation_config", "matrix_mode_available", "faq_available", "pretools"))
_CONFIGURATIONS: Final = {
    "CogSol report metrics": {"total_reports", "status_counts"},
    "CogSol retrieval tools": {"name", "retrieval_id"},
    "CogSol script tools": {"name", "code", "show_tool_message"},
    "CogSol MCP tools": {"name", "selected_tools"},
    "CogSol MCP servers": {"name", "protocol_version"},
    "CogSol questions and lessons": {"name", "content", "additional_metadata"},
}


class CogSol:
    """The format of CogSol."""

    name = "cogsol"
    system = OriginSystem.COGSOL
    title = "CogSol"
    array_keys: Sequence[str] = ("results",)
    whole_file = False

    def fits(self, record: object) -> bool:
        """Whether the record is a chat, a message, a report, a configuration, or a page of them."""
        if not isinstance(record, dict):
            return False
        if record.keys() >= {"count", "next", "previous", "results"}:
            return True
        return (
            _is_chat(record)
            or _is_message(record)
            or record.keys() >= _REPORT_MARKS
            or _is_assistant(record)
            or _configuration(record) is not None
        )

    def read(self, record: object) -> Iterator[Drafted]:
        """The drafts of a record. Raises BadRecord where it is none of CogSol's."""
        document = filling.record_object(record)
        if _is_chat(document):
            yield _conversation(document)
        elif _is_message(document):
            yield filling.loose(_message(document, 1))
        elif document.keys() >= _REPORT_MARKS:
            yield _report(document)
        elif _is_assistant(document):
            yield DetachedAssistantDraft(assistant=_assistant(document))
        elif what := _configuration(document):
            yield PassedOver(what=what)
        else:
            raise BadRecord("neither a chat (assistant, execution_status) nor a message (role, content, msg_num)")

    def write(self, draft: ConversationDraft) -> list[Document]:
        """The records of a conversation: the chat, or the single message that it was made for."""
        messages = [_written(message, position) for position, message in enumerate(draft.messages, 1)]
        if draft.loose:
            return messages
        owners = next((given.values for given in draft.feedback if given.values.get("is_owners")), {})
        rating = owners.get("rating")
        values = filling.columns(draft) | {
            "messages": messages,
            "references": [reference.values for reference in draft.references],
            "assistant": filling.id_of(draft.assistant),
            "tools": [filling.id_of(tool) for tool in draft.tools],
            "like": None if rating is None else rating == Rating.POSITIVE,
            "comment": owners.get("comment"),
        }
        return [CHAT.write(values, draft.extra, draft.presence)]

    def write_apart(self, drafted: Detached, embedded: Any) -> Document:  # noqa: ARG002 - nothing embeds here
        """The report, or the configuration of an assistant. Raises LookupError for anything else."""
        if isinstance(drafted, DetachedFeedbackDraft):
            return write_report(drafted)
        if not isinstance(drafted, DetachedAssistantDraft):
            raise LookupError("CogSol has records of reports and assistants alone")
        assistant = drafted.assistant
        values = filling.columns(assistant) | {"tools": [filling.id_of(tool) for tool in assistant.tools]}
        return ASSISTANT.write(values, assistant.extra, assistant.presence)


def _is_chat(record: Document) -> bool:
    if not isinstance(record.get("assistant", ...), (int, str, type(None))):
        return False
    marks = _CHAT_MARKS & record.keys()
    return len(marks) > 1 or (len(marks) == 1 and "messages" in record and record["assistant"] is not None)


def _is_message(record: Document) -> bool:
    return record.keys() >= {"role", "content", "msg_num"}


def _is_assistant(record: Document) -> bool:
    return "system_prompt" in record and not record.keys().isdisjoint(_ASSISTANT_MARKS)


def _configuration(record: Document) -> str | None:
    return next((what for what, marks in _CONFIGURATIONS.items() if record.keys() >= marks), None)


def _conversation(document: Document) -> ConversationDraft:
    draft = ConversationDraft(kind="chat", linear=True)
    # The documentation calls the messages a text, and its example has one.
    texts = isinstance(document.get("messages"), str)
    messages = [] if texts else filling.objects(document, "messages")
    if texts:
        draft.notes.append("messages is a text, not a list: it is kept, but makes no messages")
    filling.fill(draft, CHAT.read(document), "id", IdType.NUMBER)
    values = draft.values
    values.pop("messages", None)
    # A chat of a list may leave its messages out, which does not mean that it has none.
    draft.whole = isinstance(document.get("messages"), list)
    draft.messages = [_message(message, position) for position, message in enumerate(messages, 1)]
    draft.references = filling.references(values.pop("references", ()))
    draft.assistant = _maker(document.get("assistant"), values.pop("assistant", None))
    draft.tools = [_tool(record_id) for record_id in values.pop("tools", ())]
    owner = _user_id(values.get("properties")) or next(
        (user for user in (_user_id(message.values.get("metadata")) for message in draft.messages) if user), None
    )
    if owner is not None:
        values["owner_id"] = owner
    like, comment = values.pop("like", None), values.pop("comment", None)
    if like is not None or comment is not None:
        draft.feedback.append(_opinion("like", like, comment=comment, author_id=owner, is_owners=True))
    return draft


def _message(document: Document, position: int) -> MessageDraft:
    reading = MESSAGE.read(document, {"msg_num": position})
    draft = filling.fill_message(MessageDraft(kind="message"), reading, "id", IdType.NUMBER)
    filling.happened(draft)
    likes = draft.values.pop("likes", None)
    if likes is not None:
        draft.feedback.append(_opinion("likes", likes))
    return draft


def _written(draft: MessageDraft, position: int) -> Document:
    rating = next((given.values.get("rating") for given in draft.feedback if given.kind == "likes"), None)
    values = filling.message_columns(draft) | {
        "msg_num": position,
        "likes": None if rating is None else rating == Rating.POSITIVE,
    }
    return MESSAGE.write(values, draft.extra, draft.presence)


def _opinion(kind: str, like: bool | None, **values: Any) -> FeedbackDraft:
    rating = None if like is None else Rating.POSITIVE if like else Rating.NEGATIVE
    values = {"rating": rating, **values}
    return FeedbackDraft(kind=kind, values={name: value for name, value in values.items() if value is not None})


def _report(document: Document) -> DetachedFeedbackDraft:
    draft = filling.fill(FeedbackDraft(kind="report"), REPORT.read(document), "id", IdType.NUMBER)
    chat = draft.values.pop("chat", None)
    if chat is None:
        raise BadRecord("chat: must be the id of the chat that is reported")
    reason = draft.values.pop("reason", None)
    if reason is not None:
        draft.reasons = [{"label": reason}]
    return DetachedFeedbackDraft(message_id="", conversation_id=chat, feedback=draft)


def write_report(detached: DetachedFeedbackDraft) -> Document:
    """The report again."""
    draft = detached.feedback
    values = filling.columns(draft) | {
        "chat": detached.conversation_id,
        "reason": draft.reasons[0]["label"] if draft.reasons else None,
    }
    return REPORT.write(values, draft.extra, draft.presence)


def _assistant(document: Document) -> AssistantDraft:
    draft = filling.fill(AssistantDraft(kind="assistant"), ASSISTANT.read(document), "id", IdType.NUMBER)
    draft.tools = [_tool(record_id) for record_id in draft.values.pop("tools", ())]
    if name := c.KEY.load(draft.values.get("description") or ""):
        # It has no other name than its description.
        draft.values |= {"name": name, "name_made": True}
    return draft


def _maker(raw: Any, record_id: str | None) -> AssistantDraft | None:
    return filling.assistant(record_id, "assistant", IdType.STRING if isinstance(raw, str) else IdType.NUMBER)


def _tool(record_id: str) -> ToolDraft:
    return ToolDraft(record_id=record_id, id_type=IdType.NUMBER, kind="tool", values={"kind": ToolKind.OTHER})


def _user_id(metadata: Any) -> str | None:
    """The user that metadata name: as a value, or from the platform's own pages as a list of one."""
    found = metadata.get("user_id") if isinstance(metadata, dict) else None
    if isinstance(found, list):
        found = found[0] if found else None
    value = c.ID.load(found)
    return value if isinstance(value, str) else None


FORMAT: Final[Format] = CogSol()
