"""Chatbot UI: its exports, versions 1 to 4.

Version 1 is a list of conversations; the later ones are objects whose `history` holds them, beside `folders` and
`prompts`, which are no conversations and stay with the file.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from db.interchange import converters as c
from db.interchange.base import BadRecord, ConversationDraft, Drafted, Format, MessageDraft
from db.interchange.content import Content, Parts
from db.interchange.drafting import (
    columns_of,
    conversation_columns,
    id_type_of,
    message_draft,
    objects_at,
    shown,
    text_at,
)
from db.interchange.shape import Document, Key, Nested, Shape
from db.interchange.speakers import speaker
from db.words import OriginSystem

_HISTORY: Final = "history"
_KEYS: Final = frozenset({"id", "name", "messages", "model", "prompt", "temperature", "folderId"})

_MESSAGE: Final = Shape(
    "message",
    [
        Key("role", "role_name", c.KEY, always=True),
        Key("type", fixed="text", always=False),
        Content("content", Parts({})),
    ],
)

_CONVERSATION: Final = Shape(
    "conversation",
    [
        Key("id", "record_id", c.RECORD_ID, made=True),
        Key("name", "title", c.TITLE, made=True),
        Key("messages", "messages", c.JSON, always=True),
        Nested(
            "model",
            Shape(
                "model",
                [
                    Key("id", "model", c.KEY, always=True),
                    Key("name", "config.modelName"),
                    Key("maxLength", "config.maxLength", c.INTEGER),
                    Key("tokenLimit", "config.tokenLimit", c.INTEGER),
                ],
            ),
        ),
        Key("prompt", "system_prompt"),
        Key("temperature", "temperature", c.NUMBER),
        Key("folderId", "properties.folderId", c.ID),
    ],
)


class ChatbotUI:
    """Conversations of a `history`, each with its model, prompt and temperature."""

    name = "chatbotui"
    system = OriginSystem.CHATBOT_UI
    title = "Chatbot UI"
    array_keys: Sequence[str] = (_HISTORY,)
    whole_file = False

    def fits(self, record: object) -> bool:
        """Whether it is an export with a `history`, or one of its conversations."""
        if not isinstance(record, dict):
            return False
        history = record.get(_HISTORY)
        if isinstance(history, list):
            known = record.keys() & {"version", "folders", "prompts"}
            return bool(known) and all(isinstance(each, dict) and "messages" in each for each in history[:8])
        messages = record.get("messages")
        if not isinstance(messages, list) or not {"id", "name"} <= record.keys():
            return False
        if not all(isinstance(each, dict) and "role" in each and "content" in each for each in messages[:8]):
            return False
        return "folderId" in record or record.keys() <= _KEYS

    def read(self, record: object) -> Iterator[Drafted]:
        """One conversation. Raises BadRecord where a message lacks role or text, and for an export within a list."""
        if not isinstance(record, dict):
            raise BadRecord(f"must be an object, not {shown(record)}")
        if _HISTORY in record and "messages" not in record:
            raise BadRecord("history: an export must be a file by itself, not one record of several")
        messages = objects_at(record, "messages")
        values, extra, presence = _CONVERSATION.read(record)
        del values["messages"]
        yield ConversationDraft(
            kind="conversation",
            linear=True,
            record_id=values.pop("record_id", None),
            id_type=id_type_of(record.get("id")),
            values=values,
            extra=extra,
            presence=presence,
            messages=[_read_message(message, f"messages[{index}].") for index, message in enumerate(messages)],
        )

    def write(self, draft: ConversationDraft) -> list[Any]:
        """The record of a conversation."""
        return [_write(draft)]


def _write(draft: ConversationDraft) -> Document:
    messages = [_MESSAGE.write(columns_of(message), message.extra, message.presence) for message in draft.messages]
    values = conversation_columns(draft) | {"messages": messages}
    return _CONVERSATION.write(values, draft.extra, draft.presence)


def _read_message(record: Document, where: str) -> MessageDraft:
    word = text_at(record, "role", where)
    reading = _MESSAGE.read(record)
    if reading.presence is not None and "content" in reading.presence.get("refused", ()):
        raise BadRecord(f"{where}content: must be a text, not {shown(record['content'])}")
    reading.values.update(speaker(word))
    return message_draft(reading)


FORMAT: Final[Format] = ChatbotUI()
