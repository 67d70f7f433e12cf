"""OpenAI: records of chat messages, as in JSONL for fine-tuning, and the items of responses and conversations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from db.interchange.base import BadRecord, ConversationDraft, Drafted, Format, MessageDraft
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
from db.interchange.openai_marks import ITEM_TYPES, fits
from db.interchange.openai_shapes import CHAT, CHAT_MESSAGE, CHAT_RESULT, ITEMS, RECORDS, USAGE
from db.interchange.shape import Columns, Document, Reading
from db.interchange.speakers import speaker
from db.interchange.times import NotATime, parse_time
from db.words import MessageRole, OriginSystem, PartType

_RESULTS: Final = ("tool", "function")
_PARAMETERS: Final = ("tools", "functions", "tool_choice", "function_call", "parallel_tool_calls", "response_format")
"""What a request tells the API besides the conversation: no properties of it."""
_TIMES: Final = ("created_at", "created", "timestamp", "time")
_INPUT: Final = "input"


class OpenAI:
    """Chat messages and items; a single one without a conversation too."""

    name = "openai"
    system = OriginSystem.OPENAI
    title = "OpenAI"
    array_keys: Sequence[str] = ()
    whole_file = False

    def fits(self, record: object) -> bool:
        """Whether it is a list of messages or items, an object that holds one, or a single one of them."""
        return fits(record)

    def read(self, record: object) -> Iterator[Drafted]:
        """One conversation. Raises BadRecord where a message has no role, or content that is neither text nor parts."""
        if isinstance(record, list):
            yield _read_items(Reading({"items": record}, None, {"form": "array"}), "array")
        elif not isinstance(record, dict):
            raise BadRecord(f"must be an object or an array, not {shown(record)}")
        elif isinstance(kind := record.get("object"), str) and kind in RECORDS:
            yield _read_items(RECORDS[kind].read(record), kind, record)
        elif "messages" in record:
            yield _read_chat(record)
        else:
            yield ConversationDraft(kind="loose", loose=True, linear=True, messages=[read_message(record, "")])

    def write(self, draft: ConversationDraft) -> list[Any]:
        """The records of a conversation: itself, or the single messages that it was made for."""
        if draft.loose:
            return [_write_message(message) for message in draft.messages]
        return [_write(draft)]


def _write(draft: ConversationDraft) -> Any:
    values: Columns = conversation_columns(draft)
    if draft.kind == "chat":
        values["messages"] = [_write_message(message) for message in draft.messages]
        return CHAT.write(values, draft.extra, draft.presence)
    presence = draft.presence or {}
    asked = presence.get("asked", 0)
    items = [_write_message(message) for message in draft.messages]
    if draft.kind == "array":
        return items
    values["items"] = items[asked:]
    if "asked" in presence:
        values["input"] = (
            draft.messages[0].values.get("content", "") if presence.get("form") == "text" else items[:asked]
        )
    if "listed" in presence:
        values["items"] = RECORDS["list"].write({"items": items}, *presence["listed"])
    if draft.kind == "response" and draft.messages:
        last = draft.messages[-1]
        note = (last.presence or {}).get("usage")
        if note or not USAGE.is_blank(last.values):
            values["usage"] = USAGE.write(last.values, *(note or ()))
    return RECORDS[draft.kind].write(values, draft.extra, presence)


def _read_chat(record: Document) -> ConversationDraft:
    messages = objects_at(record, "messages")
    values, extra, presence = CHAT.read(record)
    del values["messages"]
    properties = values.get("properties")
    if properties is not None:
        parameters = {name: properties.pop(name) for name in _PARAMETERS if name in properties}
        if parameters:
            extra = {**(extra or {}), **parameters}
            presence = noted(presence, order=list(record))
        if properties:
            _take_time(values, properties)
        else:
            del values["properties"]
    return ConversationDraft(
        kind="chat",
        linear=True,
        record_id=values.pop("record_id", None),
        id_type=id_type_of(record.get("id")),
        values=values,
        extra=extra,
        presence=presence,
        messages=[read_message(message, f"messages[{index}].") for index, message in enumerate(messages)],
    )


def _take_time(values: Columns, properties: Document) -> None:
    """A time among the properties is the conversation's, too."""
    for name in _TIMES:
        try:
            at = parse_time(properties.get(name))
        except NotATime:
            continue
        if at is not None:
            values["created_at"] = at
            return


def _read_items(reading: Reading, kind: str, record: Document | None = None) -> ConversationDraft:
    values, extra, presence = reading
    holder: Mapping[str, Any] = record if record is not None else {"items": values["items"]}
    key = {"list": "data", "response": "output"}.get(kind, "items")
    items = values.pop("items", None)
    if isinstance(items, dict):
        inner = RECORDS["list"].read(items)
        presence = noted(presence, listed=[inner.extra, inner.presence])
        holder, key, items = items, "data", inner.values.get("items")
    objects_at(holder, key)
    asked = values.pop("input", None)
    messages: list[MessageDraft] = []
    if isinstance(asked, str):
        said: Columns = {"role_name": "user", **speaker("user"), "content": asked}
        messages.append(MessageDraft(kind=_INPUT, values=said))
        presence = noted(presence, asked=1, form="text")
    elif asked is not None:
        messages += [_read_item(item, f"input[{i}].") for i, item in enumerate(objects_at(holder, "input"))]
        presence = noted(presence, asked=len(messages))
    messages += [_read_item(item, f"{key}[{index}].") for index, item in enumerate(items or ())]
    model = values.get("model")
    for message in messages if model is not None else ():
        if message.values["role"] is MessageRole.ASSISTANT:
            message.values["model"] = model
    usage = values.pop("usage", None)
    if isinstance(usage, dict) and messages:
        tokens, more, note = USAGE.read(usage)
        messages[-1].values.update(tokens)
        messages[-1].presence = noted(messages[-1].presence, usage=[more, note])
    elif usage is not None:
        extra = {**(extra or {}), "usage": usage}
        presence = noted(presence, order=list(holder))
    record_id = values.pop("record_id", None)
    return ConversationDraft(
        kind=kind,
        linear=True,
        record_id=record_id,
        values=values,
        extra=extra,
        presence=presence,
        messages=messages,
    )


def read_message(record: Document, where: str) -> MessageDraft:
    """A chat message, or an item that stands among them."""
    if "role" not in record and isinstance(record.get("type"), str):
        return _read_item(record, where)
    word = text_at(record, "role", where)
    reading = (CHAT_RESULT if word in _RESULTS else CHAT_MESSAGE).read(record)
    if reading.presence is not None and "content" in reading.presence.get("refused", ()):
        raise BadRecord(f"{where}content: must be a text, a list of parts or null, not {shown(record['content'])}")
    reading.values.update(speaker(word))
    return message_draft(reading)


def _read_item(record: Document, where: str) -> MessageDraft:
    kind = record.get("type", "message")
    if not isinstance(kind, str):
        raise BadRecord(f"{where}type: must be a text, not {shown(kind)}")
    shape = ITEMS.get(kind)
    if shape is None or (kind == "message" and "role" not in record):
        return _whole_item(record, kind)
    reading = shape.read(record)
    values = reading.values
    if kind == "message":
        word = text_at(record, "role", where)
        values.update(speaker(word))
    else:
        values["role_name"] = kind
        values.update(speaker("tool" if kind.endswith("_output") else "assistant"))
    if kind == "function_call":
        call = {name: values.pop(name) for name in ("call_id", "name", "arguments_text") if name in values}
        values["tool_calls"] = [{"name": "", **call}]
    draft = message_draft(reading, kind="item" if kind == "message" else kind)
    draft.id_type = id_type_of(record.get("id"))
    return draft


def _whole_item(record: Document, kind: str) -> MessageDraft:
    role = "tool" if kind.endswith("_output") else "assistant" if kind.endswith("_call") else kind
    part = {"type": PartType.OTHER, "other_type": kind, "payload": record}
    values: Columns = {"role_name": kind, **speaker(role), "visible": False, "content": ""}
    own = record.get("id")
    id_ = own if isinstance(own, str) and own else None
    known = kind if kind in ITEM_TYPES else "item"
    return MessageDraft(kind=known, record_id=id_, values=values, parts=[part], presence={"whole": True})


def _write_message(draft: MessageDraft) -> Any:
    values = columns_of(draft)
    kind = draft.kind
    if kind == "message":
        shape = CHAT_RESULT if draft.values["role_name"] in _RESULTS else CHAT_MESSAGE
        return shape.write(values, draft.extra, draft.presence)
    if kind == _INPUT:
        return {"role": "user", "content": draft.values.get("content", "")}
    if (draft.presence or {}).get("whole"):
        return draft.parts[0]["payload"] if draft.parts else {}
    if kind == "function_call" and draft.tool_calls:
        values |= draft.tool_calls[0]
    return ITEMS["message" if kind == "item" else kind].write(values, draft.extra, draft.presence)


FORMAT: Final[Format] = OpenAI()
