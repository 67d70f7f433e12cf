"""Claude: conversations of a data export, each with its `chat_messages`.

Newer exports say of each message which one it answers (`parent_message_uuid`): then the conversation is a tree.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from db.interchange import converters as c
from db.interchange import times
from db.interchange.base import BadRecord, ConversationDraft, Drafted, Format, MessageDraft
from db.interchange.content import Content, Parts, Some
from db.interchange.drafting import (
    columns_of,
    conversation_columns,
    message_draft,
    named_current,
    noted,
    objects_at,
    put_in_play,
    shown,
    text_at,
)
from db.interchange.shape import Columns, Document, Forms, Items, Key, Nested, Shape
from db.interchange.speakers import speaker
from db.jsons import dump
from db.words import OriginSystem, PartType

_TIME: Final = c.time(times.ISO_MICROSECONDS)
ROOT: Final = "00000000-0000-4000-8000-000000000000"
"""What the first messages of a tree name as the message above them."""


def _cited(*more: Key) -> list[Key]:
    return [
        Key("uuid", "external_id", c.ID),
        Key("start_index", "start_index", c.INTEGER),
        Key("end_index", "end_index", c.INTEGER),
        Key("cited_text", "excerpt"),
        *more,
    ]


def _page() -> list[Key]:
    return [Key("type", "kind", c.KEY), Key("title"), Key("url")]


_CITATION: Final = Forms(
    Shape("citation", _cited(*_page())),
    {"details": Shape("citation with details", _cited(Nested("details", Shape("details", _page()))))},
    form_of=lambda document: "details" if isinstance(document.get("details"), dict) else "",
)

_PARTS: Final = Parts(
    {
        "text": (
            PartType.TEXT,
            Shape(
                "text",
                [
                    Key("type", fixed="text"),
                    Key("text", "text", always=True),
                    Some("citations", "references", _CITATION, takes=lambda _: True, always=True),
                ],
            ),
        ),
        "thinking": (
            PartType.REASONING,
            Shape("thinking", [Key("type", fixed="thinking"), Key("thinking", "text", always=True)]),
        ),
    }
)

_ATTACHMENT: Final = Shape(
    "attachment",
    [
        Key("file_name", "name", always=True),
        Key("file_size", "size", c.INTEGER),
        Key("file_type", "media_type"),
        Key("extracted_content", "text"),
    ],
)
_FILE: Final = Shape("file", [Key("file_name", "name", always=True), Key("file_uuid", "external_id", c.ID)])


def _message(*more: Key, old: bool = False) -> Shape:
    said: list[Key] = [Key("text", "text", given=True), Content("content", _PARTS, listed=True, cited=True)]
    return Shape(
        "message",
        [
            Key("uuid", "record_id", c.RECORD_ID, made=True),
            *([Key("text", "content", always=True, default="")] if old else said),
            Key("sender", "role_name", c.KEY, always=True),
            Key("created_at", "timestamp", _TIME, always=True),
            Key("updated_at", "updated_at", _TIME, made=True),
            Items("attachments", "attachments", _ATTACHMENT, always=True),
            Items("files", "files", _FILE, always=True),
            *more,
        ],
    )


def _above() -> Key:
    return Key("parent_message_uuid", "above", given=True)


_SHAPES: Final = {
    (tree, old): _message(*([_above()] if tree else []), old=old) for tree in (False, True) for old in (False, True)
}
"""The shapes of messages, in a tree or not, without parts in the oldest exports."""

_CONVERSATION: Final = Shape(
    "conversation",
    [
        Key("uuid", "record_id", c.RECORD_ID, made=True),
        Key("name", "title", c.TITLE, made=True),
        Key("created_at", "created_at", _TIME, made=True),
        Key("updated_at", "updated_at", _TIME, made=True),
        Nested("account", Shape("account", [Key("uuid", "owner_id", c.ID, always=True)])),
        Key("model", "model", c.KEY),
        Key("project_uuid", "project_id", c.ID),
        Key("current_leaf_message_uuid", "current"),
        Key("chat_messages", "messages", c.JSON, always=True),
    ],
)


class Claude:
    """Conversations with `chat_messages`."""

    name = "claude"
    system = OriginSystem.CLAUDE
    title = "Claude"
    array_keys: Sequence[str] = ()
    whole_file = False

    def fits(self, record: object) -> bool:
        """Whether it has an id and `chat_messages`."""
        return isinstance(record, dict) and "uuid" in record and isinstance(record.get("chat_messages"), list)

    def read(self, record: object) -> Iterator[Drafted]:
        """One conversation. Raises BadRecord where a message has no sender, or content that is no list of parts."""
        if not isinstance(record, dict):
            raise BadRecord(f"must be an object, not {shown(record)}")
        messages = objects_at(record, "chat_messages")
        values, extra, presence = _CONVERSATION.read(record)
        del values["messages"]
        if values.get("title") == "":
            # Not yet named.
            del values["title"]
            presence = noted(presence, unnamed=True)
        current = values.pop("current", None)
        tree = any("parent_message_uuid" in message for message in messages)
        ids = {message.get("uuid") for message in messages if isinstance(message.get("uuid"), str)}
        draft = ConversationDraft(
            kind="conversation",
            linear=not tree,
            record_id=values.pop("record_id", None),
            values=values,
            extra=extra,
            presence=presence,
            updated_at=values.get("updated_at"),
        )
        for index, message in enumerate(messages):
            parent = message.get("parent_message_uuid") if tree else None
            known = isinstance(parent, str) and parent in ids
            draft.messages.append(_read_message(message, parent if known else None, tree, f"chat_messages[{index}]."))
        if tree:
            draft.presence = noted(draft.presence, tree=True)
            put_in_play(draft, current)
        elif current is not None:
            draft.presence = noted(draft.presence, current=[None, current])
        yield draft

    def write(self, draft: ConversationDraft) -> list[Any]:
        """The record of a conversation."""
        return [_write(draft)]


def _write(draft: ConversationDraft) -> Document:
    values = conversation_columns(draft)
    tree = (draft.presence or {}).get("tree") or _branches(draft)
    values["messages"] = [_write_message(message, tree) for message in draft.messages]
    # A list names no message in play, or one that says nothing.
    values["current"] = named_current(draft) if tree else (draft.presence or {}).get("current", (None, None))[1]
    if (draft.presence or {}).get("unnamed") and "title" not in values:
        values["title"] = ""
    return _CONVERSATION.write(values, draft.extra, draft.presence)


def _read_message(record: Document, parent: str | None, tree: bool, where: str) -> MessageDraft:
    word = text_at(record, "sender", where)
    said = record.get("content")
    if said is not None and not isinstance(said, list):
        raise BadRecord(f"{where}content: must be a list of parts, not {shown(said)}")
    given: Columns = {"text": _text_of(said), "above": parent or ROOT}
    reading = _SHAPES[tree, said is None].read(record, given)
    values = reading.values
    values.update(speaker(word))
    draft = message_draft(reading, parent=parent)
    if said is None:
        draft.presence = noted(draft.presence, old=True)
    files = values.pop("files", [])
    if files:
        draft.presence = noted(draft.presence, files=len(draft.attachments))
        draft.attachments = [*draft.attachments, *files]
    draft.updated_at = values.get("updated_at")
    draft.tool_calls = [
        {"call_id": _text_or_none(part.get("id")), "name": part["name"], "arguments_text": dump(part.get("input"))}
        for part in (said or ())
        if isinstance(part, dict) and part.get("type") == "tool_use" and isinstance(part.get("name"), str)
    ]
    return draft


def _write_message(draft: MessageDraft, tree: bool) -> Document:
    values = columns_of(draft)
    presence = draft.presence or {}
    start = presence.get("files")
    if start is not None:
        rows = [{"position": index, **row} for index, row in enumerate(draft.attachments)]
        values["attachments"] = [row for row in rows if row["position"] < start]
        values["files"] = [{**row, "position": row["position"] - start} for row in rows if row["position"] >= start]
    values["above"] = draft.parent or ROOT
    shape = _SHAPES[tree, bool(presence.get("old")) and not draft.parts]
    document = shape.write({**values, "text": None}, draft.extra, presence)
    # Only what is written has the exact text of the parts.
    return shape.write({**values, "text": _text_of(document.get("content"))}, draft.extra, presence)


def _branches(draft: ConversationDraft) -> bool:
    """Whether some message doesn't answer the one before it."""
    before: str | None = None
    for message in draft.messages:
        if message.parent not in (None, before):
            return True
        before = message.record_id
    return False


def _text_of(said: Any) -> str | None:
    """The text that a message repeats of its parts."""
    if not isinstance(said, list):
        return None
    texts = [part.get("text") for part in said if isinstance(part, dict) and part.get("type") == "text"]
    return "\n\n".join(text for text in texts if isinstance(text, str))


def _text_or_none(value: object) -> str | None:
    return value if isinstance(value, str) else None


FORMAT: Final[Format] = Claude()
