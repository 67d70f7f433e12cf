"""Inkeep's analytics API: conversations of three kinds, single messages, feedback.

`messagesOpenAIFormat` says again what `messages` says: it is verified, and kept only where it differs. Feedback that
embeds its conversation and message brings these along; they too are kept in it only where they say something else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from db.interchange import converters as c
from db.interchange import filling
from db.interchange.apart import EMBEDS, Detached
from db.interchange.base import (
    BadRecord,
    ConversationDraft,
    DetachedFeedbackDraft,
    Drafted,
    FeedbackDraft,
    Format,
    MessageDraft,
    PassedOver,
    VerdictDraft,
)
from db.interchange.fitting import OUTER_KEY
from db.interchange.inkeep_shapes import CONVERSATION, FEEDBACK, MESSAGE, TYPES
from db.interchange.shape import Document, identical
from db.jsons import canonical_hash
from db.words import Actor, ConversationType, MessageRole, MessageType, OriginSystem

_STAFF: Final = frozenset(("agent", "support", "support_agent", "human_agent", "staff", "admin"))
_PROJECTED: Final = (("role",), ("name",), ("content",), ("tool_calls", "toolCalls"))
_PASSED_OVER: Final[dict[str, tuple[frozenset[str], ...]]] = {
    "Inkeep events": (
        frozenset(("entityType", "createdAt")),
        frozenset(("eventType",)),
        frozenset(("entity_type", "id")),
    ),
    "Inkeep semantic threads": (
        frozenset(("conversationIds", "question")),
        frozenset(("isOnTopic",)),
        frozenset(("conversation_ids", "question")),
    ),
    "Inkeep query results": (
        frozenset(("userMessageCount",)),
        frozenset(("searchQuery", "count")),
        frozenset(("uniqueUsers", "week")),
    ),
}


class Inkeep:
    """The format of Inkeep."""

    name = "inkeep"
    system = OriginSystem.INKEEP
    title = "Inkeep"
    array_keys: Sequence[str] = (
        "conversations",
        "positiveFeedback",
        "negativeFeedback",
        "positive_feedback",
        "negative_feedback",
        "feedback",
    )
    whole_file = False

    def fits(self, record: object) -> bool:
        """Whether the record is a conversation, a message, feedback, or an answer with a list of them."""
        if not isinstance(record, dict):
            return False
        if _is_conversation(record) or _is_message(record) or _is_feedback(record) or _passed_over(record):
            return True
        firsts = (filling.first_object(record.get(key)) or {} for key in self.array_keys)
        return any(_is_conversation(first) or _is_feedback(first) for first in firsts)

    def read(self, record: object) -> Iterator[Drafted]:
        """The drafts of a record. Raises BadRecord where it is none of Inkeep's."""
        document = filling.record_object(record)
        if _is_conversation(document):
            yield _conversation(document)
        elif _is_message(document):
            yield _loose(document)
        elif _is_feedback(document):
            yield from _feedback(document)
        elif what := _passed_over(document):
            yield PassedOver(what=what)
        else:
            raise BadRecord("neither a conversation (type, messages) nor feedback (type, messageId)")

    def write(self, draft: ConversationDraft) -> list[Document]:
        """The records of a conversation: itself, or the single messages that it was made for."""
        own_id = filling.id_of(draft)
        kind = next((word for word, each in TYPES.items() if each == draft.values.get("type")), "openai")
        if draft.loose:
            outer = ((message.presence or {}).get(OUTER_KEY, {}).get("type") for message in draft.messages)
            own = (next((word for word, each in TYPES.items() if each == type_), kind) for type_ in outer)
            return [_written(message, own_id, word) for message, word in zip(draft.messages, own, strict=True)]
        messages = [_written(message, own_id, kind) for message in draft.messages]
        values = filling.columns(draft) | {
            "type": TYPES[kind],
            "messages": messages,
            "tags": draft.tags,
            "projection": projection(messages),
        }
        return [CONVERSATION.write(values, draft.extra, draft.presence)]

    def write_apart(self, drafted: Detached, embedded: Any) -> Document:
        """The feedback, with the conversation or message that it embeds. Raises LookupError for anything else."""
        if not isinstance(drafted, DetachedFeedbackDraft):
            raise LookupError("Inkeep has records of feedback alone")
        if not isinstance(embedded, dict) or "messages" not in embedded:
            return write_feedback(drafted, None, embedded)
        raw = ((drafted.feedback.presence or {}).get("raw") or {}).get("messageId", drafted.message_id)
        return write_feedback(drafted, embedded, _inside(embedded, raw))


def projection(messages: Sequence[Document]) -> list[Document]:
    """What messagesOpenAIFormat says of messages: the keys that a chat completion has, as far as they are there."""
    return [{name: message[name] for names in _PROJECTED for name in names if name in message} for message in messages]


def _is_conversation(record: Document) -> bool:
    return _kind(record) in TYPES and isinstance(record.get("messages"), list)


def _is_message(record: Document) -> bool:
    named = "conversationId" in record or "conversation_id" in record
    return _kind(record) in TYPES and "role" in record and named and "messages" not in record


def _is_feedback(record: Document) -> bool:
    return _kind(record) in ("positive", "negative") and ("messageId" in record or "message_id" in record)


def _kind(record: Document) -> str:
    kind = record.get("type")
    return kind if isinstance(kind, str) else ""


def _passed_over(record: Document) -> str | None:
    names = record.keys()
    if record.get("status") == "ok" and isinstance(data := record.get("data"), dict) and "result" in data:
        return "Inkeep query results"
    return next((what for what, marks in _PASSED_OVER.items() if any(names >= each for each in marks)), None)


def _conversation(document: Document) -> ConversationDraft:
    messages = filling.objects(document, "messages")
    expected = projection(messages)
    reading = CONVERSATION.read(document, {"projection": expected})
    draft = filling.fill(ConversationDraft(kind="conversation", linear=True), reading, "id")
    values = draft.values
    values.pop("messages", None)
    if "messagesOpenAIFormat" in (filling.noted(draft, "refused") or ()):
        draft.notes.append("messagesOpenAIFormat differs from messages: it is kept as it is")
    draft.tags = values.pop("tags", [])
    draft.assistant = filling.assistant(values.get("integration_id"), "integration")
    if owner := _user(values.get("user_properties")):
        values["owner_id"] = owner
    draft.messages = [_message(message, draft.record_id, _kind(document)) for message in messages]
    return draft


def _loose(document: Document, thread: object = None) -> ConversationDraft:
    """The conversation of a message by itself: that of `thread`, or where that is no id, of the message's own."""
    if not (isinstance(thread, str) and thread):
        thread = document.get("conversationId", document.get("conversation_id"))
    thread = thread if isinstance(thread, str) and thread else None
    draft = filling.loose(_message(document, thread, _kind(document)), thread=thread, kind="conversation")
    draft.values["type"] = TYPES.get(_kind(document), ConversationType.OPENAI)
    return draft


def _message(document: Document, conversation_id: str | None, kind: str) -> MessageDraft:
    reading = MESSAGE.read(document, {"conversationId": conversation_id, "type": kind})
    draft = filling.fill_message(MessageDraft(kind="message"), reading, "id")
    filling.happened(draft)
    values = draft.values
    draft.parts = values.pop("parts", None)
    if kind != "openai" and values["role_name"].lower() in _STAFF:
        values |= {"role": MessageRole.ASSISTANT, "message_type": MessageType.OTHER, "actor": Actor.STAFF}
    if values["role"] is MessageRole.SYSTEM:
        values["visible"] = False
    if author := _user(values.get("user_properties")):
        values["author_id"] = author
    for reference in draft.references:
        row = reference.values
        reference.source = filling.source(url=row.get("url"), title=row.get("title"), kind=row.get("kind"))
    return draft


def _written(draft: MessageDraft, conversation_id: str | None, kind: str) -> Document:
    values = filling.message_columns(draft) | {
        "parts": draft.parts,
        "conversationId": conversation_id,
        "type": kind,
    }
    return MESSAGE.write(values, draft.extra, draft.presence)


def _user(properties: Any) -> str | None:
    """The id of the user whom userProperties describe."""
    if not isinstance(properties, dict):
        return None
    for name in ("userId", "id"):
        value = c.ID.load(properties.get(name))
        if isinstance(value, str):
            return value
    return None


def _feedback(document: Document) -> Iterator[Drafted]:
    """What the feedback embeds, and the feedback itself."""
    conversation = document.get("conversation")
    message = document.get("message")
    embedded: ConversationDraft | None = None
    given: dict[str, Any] = {}
    message_id = document.get("messageId", document.get("message_id"))
    if isinstance(conversation, dict) and _is_conversation(conversation):
        embedded = _conversation(conversation)
        embedded.digest = canonical_hash(conversation)
        given["conversation"] = conversation
        given["message"] = inside = _inside(conversation, message_id)
        if isinstance(message, dict) and inside is not None and not identical(message, inside):
            embedded.notes.append(
                f"message {message_id} differs from the one that its feedback embeds: that is kept there"
            )
    elif isinstance(message, dict) and "role" in message:
        embedded = _loose(message, conversation.get("id") if isinstance(conversation, dict) else None)
        embedded.digest = canonical_hash(message)
        given["message"] = message
    if embedded is not None:
        yield embedded
    draft = filling.fill(FeedbackDraft(kind="feedback"), FEEDBACK.read(document, given), "id")
    if embedded is not None:
        filling.note(draft, EMBEDS, ["conversation" if "conversation" in given else "message", embedded.digest])
    values = draft.values
    filling.take_for_granted(draft, "updatedAt")
    draft.reasons = values.pop("reasons", [])
    links = _links(embedded, message_id)
    draft.verdicts = [
        VerdictDraft(values=row, reference=links.get(row.get("url"))) for row in values.pop("verdicts", ())
    ]
    if draft.record_id is not None:
        values["external_id"] = draft.record_id[:512]
    if author := _user(values.get("user_properties")):
        values["author_id"] = author
    target = values.pop("message_id", None)
    if target is None:
        raise BadRecord("messageId: must be the id of the message that the feedback is on")
    thread = None if embedded is None else filling.id_of(embedded)
    yield DetachedFeedbackDraft(message_id=target, conversation_id=thread, feedback=draft)


def _inside(conversation: Document, message_id: Any) -> Document | None:
    """The message of that id within a conversation."""
    return next((item for item in conversation["messages"] if item.get("id") == message_id), None)


def _links(embedded: ConversationDraft | None, message_id: Any) -> Mapping[Any, int]:
    """The places of a message's links by their addresses."""
    messages = [] if embedded is None else embedded.messages
    message = next((each for each in messages if each.record_id == message_id), None)
    rows = [] if message is None else [reference.values for reference in message.references]
    return {row["url"]: index for index, row in reversed(list(enumerate(rows))) if "url" in row}


def write_feedback(
    detached: DetachedFeedbackDraft, conversation: Document | None, message: Document | None
) -> Document:
    """The feedback again; `conversation` and `message` are what it may embed."""
    draft = detached.feedback
    values = filling.columns(draft) | {
        "message_id": detached.message_id,
        "reasons": draft.reasons,
        "verdicts": [verdict.values for verdict in draft.verdicts],
        "conversation": conversation,
        "message": message,
    }
    return FEEDBACK.write(values, draft.extra, filling.granted(draft, "updatedAt"))


FORMAT: Final[Format] = Inkeep()
