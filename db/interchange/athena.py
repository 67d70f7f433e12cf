"""Athena Copilot, later Isosceles: chats, their interactions, chatbot logs and brains.

A chat comes alone, or as {"chat": {...}, "interactions": [...]}; interactions come alone too, each with the id of its
thread. The pairs of `recent_chat_history` are messages only where there are no interactions; else it is noted that
they are there, or kept in the presence, where they are not what the interactions say.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any, Final

from db.interchange import filling
from db.interchange.apart import Detached
from db.interchange.athena_shapes import BRAIN, INTERACTION, PAIR, RECORD
from db.interchange.base import (
    AssistantDraft,
    BadRecord,
    ConversationDraft,
    DetachedAssistantDraft,
    Drafted,
    Format,
    MessageDraft,
    PassedOver,
)
from db.interchange.shape import Columns, Document, identical
from db.interchange.speakers import speaker
from db.interchange.times import NotATime, parse_time
from db.words import IdType, OriginSystem

_HISTORY: Final = "history"
_DERIVED: Final = "derived"
_CONFIGURATIONS: Final = {
    "Athena chatbots": ("api_key", "urls", "brain_id"),
    "Athena documents": ("document_id", "brain_id", "status"),
    "Athena reviews": ("doc_review_id",),
}


class Athena:
    """The format of Athena Copilot."""

    name = "athena"
    system = OriginSystem.ATHENA
    title = "Athena Copilot"
    array_keys: Sequence[str] = ("chat_messages",)
    whole_file = False

    def fits(self, record: object) -> bool:
        """Whether the record is a chat, an interaction, a brain, or an envelope of them."""
        if not isinstance(record, dict):
            return False
        return (
            _is_chat(record)
            or _is_interaction(record)
            or _is_brain(record)
            or _configuration(record) is not None
            or _is_interaction(filling.first_object(record.get("chat_messages")) or {})
        )

    def read(self, record: object) -> Iterator[Drafted]:
        """The drafts of a record. Raises BadRecord where it is none of Athena's."""
        document = filling.record_object(record)
        if _is_chat(document):
            yield _conversation(document)
        elif _is_interaction(document):
            yield _loose(document)
        elif _is_brain(document):
            yield DetachedAssistantDraft(
                assistant=filling.fill(AssistantDraft(kind="brain"), BRAIN.read(document), "brain_id")
            )
        elif what := _configuration(document):
            yield PassedOver(what=what)
        else:
            raise BadRecord("neither a chat (chat_id) nor an interaction (message, with actor or thread_id)")

    def write(self, draft: ConversationDraft) -> list[Document]:
        """The records of a conversation: the chat, or the single messages that it was made for."""
        thread = filling.id_of(draft)
        messages = [message for message in draft.messages if message.kind == "interaction"]
        documents = [_written(message, thread) for message in messages]
        if draft.loose:
            return documents
        values = filling.columns(draft) | {
            "assistant": filling.id_of(draft.assistant),
            "interactions": documents,
        }
        history = filling.noted(draft, _HISTORY)
        if history is None:
            values[_HISTORY] = _pairs([message for message in draft.messages if message.kind != "interaction"])
        else:
            values[_HISTORY] = _projection(documents) if history == _DERIVED else history
        return [RECORD.write(values, draft.extra, draft.presence)]

    def write_apart(self, drafted: Detached, embedded: Any) -> Document:  # noqa: ARG002 - nothing embeds here
        """The brain of an assistant. Raises LookupError for anything else."""
        if not isinstance(drafted, DetachedAssistantDraft):
            raise LookupError("Athena has records of brains alone")
        brain = drafted.assistant
        return BRAIN.write(filling.columns(brain), brain.extra, brain.presence)


def _is_chat(record: Document) -> bool:
    chat = record.get("chat", record)
    if not isinstance(chat, dict):
        return False
    if chat is not record:
        return "chat_id" in chat and isinstance(record.get("interactions"), (list, type(None)))
    return "chat_id" in chat and not chat.keys().isdisjoint(("brain_id", "user_id", "title", "recent_chat_history"))


def _is_interaction(record: Document) -> bool:
    if not isinstance(record.get("message"), (str, type(None))) or "chat" in record or "messages" in record:
        return False
    if "actor" in record and "message" in record:
        return True
    return "thread_id" in record and not record.keys().isdisjoint(("message", "user_credits", "dw_data", "reference"))


def _is_brain(record: Document) -> bool:
    return "brain_id" in record and not record.keys().isdisjoint(("storage_bytes", "metadata_schema", "org_uuid"))


def _configuration(record: Document) -> str | None:
    return next((what for what, marks in _CONFIGURATIONS.items() if record.keys() >= set(marks)), None)


def _conversation(document: Document) -> ConversationDraft:
    interactions = filling.objects(document, "interactions")
    draft = filling.fill(ConversationDraft(kind="chat", linear=True), RECORD.read(document), "chat_id")
    values = draft.values
    values.pop("interactions", None)
    pairs = values.pop(_HISTORY, [])
    draft.assistant = filling.assistant(values.pop("assistant", None), "brain")
    thread = draft.record_id
    draft.messages = [_message(item, thread) for item in interactions]
    # A chat alone, as lists have it, does not say that it has no interactions; its history is of recent ones.
    draft.whole = isinstance(document.get("interactions"), list)
    if pairs and interactions:
        expected = _projection(interactions)
        filling.note(draft, _HISTORY, _DERIVED if identical(pairs, expected) else pairs)
        if _texts(pairs) != _texts(expected):
            draft.notes.append("recent_chat_history differs from the interactions: it is kept, but makes no messages")
    elif pairs:
        draft.messages = _of_pairs(pairs)
        if not identical(_pairs(draft.messages), pairs):
            filling.note(draft, _HISTORY, pairs)
    return draft


def _loose(document: Document) -> ConversationDraft:
    thread = document.get("thread_id")
    thread = thread if isinstance(thread, str) and thread else None
    return filling.loose(_message(document, thread), thread=thread, kind="chat")


def _message(document: Document, thread: str | None) -> MessageDraft:
    reading = INTERACTION.read(document, {"thread_id": thread})
    draft = filling.fill_message(MessageDraft(kind="interaction"), reading, "id", IdType.NUMBER)
    for reference in draft.references:
        row = reference.values
        reference.source = filling.source(
            external_id=row.get("external_id"), url=row.get("url"), title=row.get("title"), kind=row.get("kind")
        )
    return draft


def _written(draft: MessageDraft, thread: str | None) -> Document:
    return INTERACTION.write(filling.message_columns(draft) | {"thread_id": thread}, draft.extra, draft.presence)


def _of_pairs(pairs: list[Document]) -> list[MessageDraft]:
    """A question and an answer for each pair; what has no column stands with the first of them."""
    messages: list[MessageDraft] = []
    for pair in pairs:
        values, extra, presence = PAIR.read(pair)
        for key, actor, content, time in (
            ("user_input", "USER", "question", "asked_at"),
            ("model_response", "AI", "answer", "answered_at"),
        ):
            if not isinstance(pair.get(key), dict):
                continue
            said: Columns = {"role_name": actor, **speaker(actor), "content": values.get(content, "")}
            if time in values:
                said["timestamp"] = values[time]
            draft = MessageDraft(kind=key, values=said, extra=extra, presence=presence)
            if "pair_id" in values:
                draft.record_id = f"{values['pair_id']}#{key}"
            messages.append(draft)
            extra = presence = None
    return messages


def _pairs(messages: Sequence[MessageDraft]) -> list[Document]:
    """The inverse of `_of_pairs`; a question that was written here makes a pair, which the next answer joins."""
    pairs: list[tuple[Columns, MessageDraft]] = []
    for message in messages:
        record_id = filling.id_of(message)
        pair_id, mark, own = (record_id or "").rpartition("#")
        asks = message.kind == "user_input"
        if asks or not pairs or not _joins(pairs[-1][0], record_id, pair_id if mark else None):
            pairs.append(({"pair_id": pair_id if mark else own or None}, message))
        said, at = ("question", "asked_at") if asks else ("answer", "answered_at")
        pairs[-1][0].update({said: message.values.get("content"), at: message.values.get("timestamp")})
    return [PAIR.write(values, first.extra, first.presence or _one_sided(values)) for values, first in pairs]


def _joins(pair: Columns, record_id: str | None, pair_id: str | None) -> bool:
    """Whether an answer belongs to the pair: its id tells, unless it was written here."""
    written_here = record_id is not None and pair_id is None
    return "answer" not in pair and (written_here or pair["pair_id"] == pair_id)


def _one_sided(values: Columns) -> Document | None:
    sides = (("user_input", "question"), ("model_response", "answer"))
    missing = [key for key, column in sides if column not in values]
    return {"absent": missing} if missing else None


def _projection(interactions: Sequence[Document]) -> list[Document]:
    """The pairs that say what these interactions say, each with the id of its question."""
    pairs: list[Document] = []
    for question, answer in pairwise(interactions):
        if question.get("actor") == "USER" and answer.get("actor") == "AI":
            pairs.append({"id": question.get("id"), "user_input": _said(question), "model_response": _said(answer)})
    return pairs


def _said(interaction: Document) -> Document:
    at: Any = None
    try:
        moment = parse_time(interaction.get("timestamp") or interaction.get("created_at"))
        at = None if moment is None else int(moment.timestamp())
    except NotATime:
        pass
    return {"content": interaction.get("message"), "timestamp": at}


def _texts(pairs: Sequence[Document]) -> list[Any]:
    turns = [pair.get(key) for pair in pairs for key in ("user_input", "model_response")]
    return [turn.get("content") if isinstance(turn, dict) else None for turn in turns]


FORMAT: Final[Format] = Athena()
