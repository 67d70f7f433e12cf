"""ShareGPT: conversations as lists of {"from": "human", "value": "..."}, the layout of many training sets."""

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
    noted,
    objects_at,
    shown,
    text_at,
)
from db.interchange.shape import Document, Key, Shape
from db.interchange.speakers import speaker
from db.words import OriginSystem

_LISTS: Final = ("conversations", "conversation", "items", "messages")
_SPEAKERS: Final = ("from", "role")
_TEXTS: Final = ("value", "content", "text")

_TURN: Final = Shape(
    "turn",
    [
        Key("from", "role_name", c.KEY, aliases=_SPEAKERS[1:], always=True),
        Content("value", Parts({}), aliases=_TEXTS[1:]),
    ],
)

_RECORD: Final = Shape(
    "conversation",
    [
        Key("id", "record_id", c.RECORD_ID, made=True),
        Key("title", "title", c.TITLE, made=True, always=False),
        Key("system", "system_prompt", aliases=("system_prompt",)),
        Key("model", "model", c.KEY),
        Key("conversations", "turns", c.JSON, aliases=_LISTS[1:], always=True),
    ],
    rest="properties",
)
_PARAMETERS: Final = ("tools", "functions")


class ShareGPT:
    """Conversations with turns of a speaker and a text."""

    name = "sharegpt"
    system = OriginSystem.SHAREGPT
    title = "ShareGPT"
    array_keys: Sequence[str] = ()
    whole_file = False

    def fits(self, record: object) -> bool:
        """Whether it has a list of turns, each `from` someone with a `value`; in `conversations` a role will do."""
        if not isinstance(record, dict):
            return False
        name = next((name for name in _LISTS if name in record), "")
        turns = record.get(name)
        if not isinstance(turns, list) or not turns or "mapping" in record:
            return False
        return all(_is_turn(turn, by_role=name in ("conversations", "conversation")) for turn in turns[:8])

    def read(self, record: object) -> Iterator[Drafted]:
        """One conversation. Raises BadRecord where a turn has no speaker or no text."""
        if not isinstance(record, dict):
            raise BadRecord(f"must be an object, not {shown(record)}")
        name = next((name for name in record if name in _LISTS), _LISTS[0])
        turns = objects_at(record, name)
        values, extra, presence = _RECORD.read(record)
        del values["turns"]
        properties = values.get("properties", {})
        if parameters := {name: properties.pop(name) for name in _PARAMETERS if name in properties}:
            extra = {**(extra or {}), **parameters}
            presence = noted(presence, order=list(record))
            if not properties:
                del values["properties"]
        yield ConversationDraft(
            kind="conversation",
            linear=True,
            record_id=values.pop("record_id", None),
            id_type=id_type_of(record.get("id")),
            values=values,
            extra=extra,
            presence=presence,
            messages=[_read_turn(turn, f"{name}[{index}].") for index, turn in enumerate(turns)],
        )

    def write(self, draft: ConversationDraft) -> list[Any]:
        """The record of a conversation."""
        return [_write(draft)]


def _write(draft: ConversationDraft) -> Document:
    turns = [_TURN.write(columns_of(message), message.extra, message.presence) for message in draft.messages]
    values = conversation_columns(draft) | {"turns": turns}
    return _RECORD.write(values, draft.extra, draft.presence)


def _is_turn(turn: object, *, by_role: bool) -> bool:
    if not isinstance(turn, dict):
        return False
    if isinstance(turn.get("from"), str):
        return any(name in turn for name in _TEXTS)
    return by_role and isinstance(turn.get("role"), str) and any(name in turn for name in _TEXTS)


def _read_turn(turn: Document, where: str) -> MessageDraft:
    name = next((name for name in turn if name in _SPEAKERS), _SPEAKERS[0])
    word = text_at(turn, name, where)
    reading = _TURN.read(turn)
    if reading.presence is not None and "value" in reading.presence.get("refused", ()):
        text = next(name for name in turn if name in _TEXTS)
        raise BadRecord(f"{where}{text}: must be a text, not {shown(turn[text])}")
    reading.values.update(speaker(word))
    return message_draft(reading, kind="turn")


FORMAT: Final[Format] = ShareGPT()
