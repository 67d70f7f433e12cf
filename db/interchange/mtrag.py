"""MTRAG: conversations over documents, and the ratings of several models' answers.

Two files: lines that are conversations, whose passages the last answer cites (here), and one object of tasks, documents
and evaluations, from which whole conversations are rebuilt (mtrag_evaluations).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from enum import StrEnum
from typing import Any, Final

from db.interchange import converters as c
from db.interchange import mtrag_evaluations as evaluations
from db.interchange import mtrag_file, times
from db.interchange.base import (
    AssistantDraft,
    BadRecord,
    ConversationDraft,
    Drafted,
    Format,
    MessageDraft,
    ReferenceDraft,
    SourceDraft,
)
from db.interchange.drafting import (
    columns_of,
    conversation_columns,
    message_draft,
    noted,
    object_at,
    objects_at,
    shown,
    text_at,
)
from db.interchange.shape import Columns, Document, Items, Key, Nested, Reading, Shape
from db.interchange.speakers import speaker
from db.jsons import clean_text
from db.record import EPOCH, KEY_LENGTH
from db.words import Actor, MessageRole, OriginSystem

SEPARATOR: Final = evaluations.SEPARATOR


class _Author(StrEnum):
    HUMAN = "human"
    MODEL = "model"


_CONTEXT: Final = Shape(
    "context",
    [
        Key("document_id", "external_id", c.ID, always=True),
        Key("text", "excerpt", always=True),
        Key("title"),
    ],
)

MESSAGE: Final = Shape(
    "message",
    [
        Key("speaker", "role_name", c.KEY, always=True),
        Key("text", "content", always=True, default=""),
        Nested(
            "metadata",
            Shape(
                "metadata",
                [
                    Key("author_type", "author_type", c.words({each.value: each for each in _Author}), made=True),
                    Key("author_id", "author_id", c.ID, always=True),
                    Key("created_at", "timestamp", c.time(times.UNIX), always=True),
                ],
            ),
            always=True,
        ),
    ],
)


_KEYS: Final = ("speaker", "text", "metadata")
_METADATA_KEYS: Final = ("author_type", "author_id", "created_at")
_AUTHORS: Final = {each.value: each for each in _Author}
_SPEAKERS: Final = ("user", "agent")
_MILLISECONDS: Final = 10**11
"""From here on a number of a time isn't seconds."""


def read_message(record: Document) -> Reading:
    """Columns, extra and presence of a message; the usual ones at once, in a quarter of the time of the shape."""
    metadata = record.get("metadata")
    if tuple(record) == _KEYS and isinstance(metadata, dict) and tuple(metadata) == _METADATA_KEYS:
        author, own, at = metadata.values()
        word, text = record["speaker"], record["text"]
        usual = type(at) is int and 0 <= at < _MILLISECONDS and isinstance(own, str) and 0 < len(own) <= KEY_LENGTH
        if usual and word in _SPEAKERS and author in tuple(_AUTHORS) and clean_text(text) == text and own.isascii():
            values = {"role_name": word, "content": text, "author_type": _AUTHORS[author], "author_id": own}
            values["timestamp"] = EPOCH + timedelta(seconds=at)
            if "\0" not in own:
                return Reading(values, None, None)
    return MESSAGE.read(record)


def _label(name: str, convert: c.Converter = c.JSON) -> Key:
    return Key(name, f"properties.{name}", convert, aliases=(), always=True)


_CONVERSATION: Final = Shape(
    "conversation",
    [
        Key("conversation_id", "record_id", c.RECORD_ID, aliases=(), made=True),
        Key("task_id", "task_id", given=True),
        _label("task_type"),
        _label("turn"),
        _label("dataset"),
        Items("contexts", "references", _CONTEXT, aliases=(), always=True),
        Key("input", "input", c.JSON, always=True),
        Key("targets", "targets", c.JSON, always=True),
        _label("answerability"),
        _label("Question Type"),
        _label("Multi-Turn"),
        Key("Collection", "collection", c.RECORD_ID, aliases=(), always=True),
    ],
    rest="properties",
)
"""A line; its labels are properties of the conversation."""


class MTRAG:
    """Lines that are conversations, or one object of tasks and evaluations."""

    name = "mtrag"
    system = OriginSystem.MTRAG
    title = "MTRAG"
    array_keys: Sequence[str] = ()
    whole_file = True

    def fits(self, record: object) -> bool:
        """Whether it has an `input` and `targets` of speakers, or tasks, documents and evaluations."""
        if not isinstance(record, dict):
            return False
        if evaluations.fits(record):
            return True
        said = record.get("input")
        if not isinstance(said, list) or not isinstance(record.get("targets"), list) or "task_id" not in record:
            return False
        return all(isinstance(each, dict) and {"speaker", "text"} <= each.keys() for each in said[:4])

    def read(self, record: object) -> Iterator[Drafted]:
        """One conversation of a line, all of an object of evaluations. Raises BadRecord where a speaker is missing."""
        if not isinstance(record, dict):
            raise BadRecord(f"must be an object, not {shown(record)}")
        if evaluations.fits(record):
            yield from evaluations.read(record)
        else:
            yield _read(record)

    def write(self, draft: ConversationDraft) -> list[Any]:
        """The record of a conversation: its line, or an object of evaluations that holds it alone."""
        if any(message.kind == "task" for message in draft.messages):
            return [mtrag_file.write([draft])]
        return [_write(draft)]

    def write_together(self, drafts: Sequence[ConversationDraft]) -> Document:
        """The object of evaluations of these conversations."""
        return mtrag_file.write(drafts)


def _write(draft: ConversationDraft) -> Document:
    values = conversation_columns(draft)
    properties = values.get("properties") or {}
    presence = draft.presence or {}
    targets = presence.get("targets", 1)
    split = len(draft.messages) - targets
    values |= {
        "task_id": f"{values['record_id']}{SEPARATOR}{properties.get('turn')}",
        "input": [_write_message(message) for message in draft.messages[:split]],
        "targets": [_write_message(message) for message in draft.messages[split:]],
        "references": [reference.values for message in draft.messages for reference in message.references],
        "collection": draft.assistant.record_id if draft.assistant is not None else None,
    }
    return _CONVERSATION.write(values, draft.extra, presence)


def _read(record: Document) -> ConversationDraft:
    asked, targets = objects_at(record, "input"), objects_at(record, "targets")
    contexts = objects_at(record, "contexts")
    task_id = f"{record.get('conversation_id')}{SEPARATOR}{record.get('turn')}"
    values, extra, presence = _CONVERSATION.read(record, {"task_id": task_id})
    del values["input"], values["targets"]
    references: list[Columns] = values.pop("references", [])
    collection = values.pop("collection", None)
    draft = ConversationDraft(
        kind="conversation",
        linear=True,
        record_id=values.pop("record_id", None),
        values=values,
        extra=extra,
        presence=presence,
    )
    draft.messages = [_read_message(message, f"input[{index}].") for index, message in enumerate(asked)]
    draft.messages += [_read_message(message, f"targets[{index}].") for index, message in enumerate(targets)]
    if len(targets) != 1:
        draft.presence = noted(draft.presence, targets=len(targets))
    if contexts:
        if not targets:
            raise BadRecord("targets: must hold the answer that the contexts belong to, but is empty")
        draft.messages[-1].references = [ReferenceDraft(values=row, source=source_of(row)) for row in references]
    if collection is not None:
        draft.assistant = AssistantDraft(record_id=collection, kind="collection", values={"name": collection})
    if draft.messages and (at := draft.messages[0].values.get("timestamp")) is not None:
        values["created_at"] = at
    return draft


def source_of(row: Columns) -> SourceDraft | None:
    """The document of a passage; the same in both files."""
    own = row.get("external_id")
    if own is None:
        return None
    return evaluations.source_draft(own, row.get("title"), row.get("excerpt"))


def _read_message(record: Document, where: str) -> MessageDraft:
    word = text_at(record, "speaker", where)
    text_at(record, "text", where)
    if "metadata" in record:
        object_at(record, "metadata", where)
    reading = read_message(record)
    values = reading.values
    values.update(speaker(word))
    author = values.pop("author_type", None)
    if author is _Author.MODEL:
        values["actor"] = Actor.AI
        if "author_id" in values:
            values["model"] = values.pop("author_id")
    elif author is _Author.HUMAN:
        # A person in the agent's part is an annotator.
        values["actor"] = Actor.USER if values["role"] is MessageRole.USER else Actor.STAFF
    return message_draft(reading)


def _write_message(draft: MessageDraft) -> Document:
    values = columns_of(draft)
    by_model = draft.values.get("actor") == Actor.AI
    values["author_type"] = _Author.MODEL if by_model else _Author.HUMAN
    if draft.values.get("model") is not None:
        values["author_id"] = draft.values["model"]
    return MESSAGE.write(values, draft.extra, draft.presence)


FORMAT: Final[Format] = MTRAG()
