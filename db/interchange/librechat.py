"""LibreChat: one exported conversation, its messages nested under `children` (`recursive`) or in a flat list."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from db.interchange.base import BadRecord, ConversationDraft, Drafted, FeedbackDraft, Format, MessageDraft
from db.interchange.drafting import (
    columns_of,
    conversation_columns,
    leaf_in_play,
    message_draft,
    noted,
    objects_at,
    parents_first,
    shown,
)
from db.interchange.librechat_shapes import CONVERSATION, FEEDBACK, OF_MODELS, OF_USERS, ROOT
from db.interchange.shape import Columns, Document
from db.interchange.speakers import role_of, speaker
from db.jsons import dump
from db.words import MessageRole, MessageStatus, OriginSystem


class LibreChat:
    """Exports of one conversation."""

    name = "librechat"
    system = OriginSystem.LIBRECHAT
    title = "LibreChat"
    array_keys: Sequence[str] = ()
    whole_file = False

    def fits(self, record: object) -> bool:
        """Whether it has a `conversationId` and messages with ids of LibreChat's kind, or says when it was exported."""
        if not isinstance(record, dict) or "conversationId" not in record:
            return False
        messages = record.get("messages")
        if not isinstance(messages, list):
            return False
        if messages:
            return isinstance(messages[0], dict) and {"messageId", "parentMessageId"} <= messages[0].keys()
        return "exportAt" in record

    def read(self, record: object) -> Iterator[Drafted]:
        """One conversation. Raises BadRecord for messages without ids, and for those that are below themselves."""
        if not isinstance(record, dict):
            raise BadRecord(f"must be an object, not {shown(record)}")
        yield _read(record)

    def write(self, draft: ConversationDraft) -> list[Any]:
        """The record of a conversation."""
        return [_write(draft)]


def _read(record: Document) -> ConversationDraft:
    found = list(_flat(objects_at(record, "messages"), None, "messages"))
    values, extra, presence = CONVERSATION.read(record)
    del values["messages"]
    nested = any("children" in message for message, _, _ in found)
    properties = values.get("properties", {})
    draft = ConversationDraft(
        kind="conversation",
        record_id=values.pop("record_id", None),
        values=values,
        extra=extra,
        presence=noted(presence, nested=nested if nested != properties.get("recursive", False) else None),
    )
    ids = {own for message, _, _ in found if isinstance(own := message.get("messageId"), str)}
    parents: dict[str, str | None] = {}
    records: dict[str, tuple[Document, str]] = {}
    for message, above, where in found:
        own = message.get("messageId")
        if not isinstance(own, str):
            raise BadRecord(f"{where}.messageId: must be a text, not {shown(own)}")
        if own in parents:
            raise BadRecord(f"{where}.messageId: {own[:80]} is there twice")
        named = message.get("parentMessageId")
        parents[own] = above if nested else named if isinstance(named, str) and named in ids else None
        records[own] = message, where
    order = parents_first(parents)
    owners = {message.get("user") for message, _ in records.values() if isinstance(message.get("user"), str)}
    if len(owners) == 1:
        values["owner_id"] = owners.pop()
    endpoint = properties.get("endpoint")
    draft.messages = [_read_message(*records[key], parents[key], draft.record_id, endpoint) for key in order]
    times_ = [message.values["timestamp"] for message in draft.messages if "timestamp" in message.values]
    if times_:
        values["created_at"] = min(times_)
    changes = [message.updated_at for message in draft.messages if message.updated_at is not None]
    if changes:
        draft.updated_at = values["updated_at"] = max(changes)
    draft.current = leaf_in_play(draft)
    draft.presence = noted(draft.presence, listed=None if order == list(parents) else list(parents))
    return draft


def _write(draft: ConversationDraft) -> Document:
    presence = draft.presence or {}
    properties = draft.values.get("properties") or {}
    nested = presence.get("nested", properties.get("recursive", False))
    below: dict[str | None, list[Document]] = {}
    written: dict[str, Document] = {}
    for message in reversed(draft.messages):
        key = str(message.record_id)
        children = below.pop(key, [])[::-1] if nested else []
        written[key] = _write_message(message, children, draft.record_id, properties.get("endpoint"))
        below.setdefault(message.parent if nested else None, []).append(written[key])
    roots = below.get(None, [])[::-1]
    if not nested and (listed := presence.get("listed")):
        roots = [written[key] for key in listed if key in written]
    values = conversation_columns(draft) | {"messages": roots}
    return CONVERSATION.write(values, draft.extra, presence)


def _flat(messages: list[Document], above: str | None, where: str) -> Iterator[tuple[Document, str | None, str]]:
    """All messages with the ids of those that they are nested in, each before what is below it."""
    stack = [(message, above, f"{where}[{index}]") for index, message in enumerate(messages)][::-1]
    while stack:
        message, above, place = stack.pop()
        yield message, above, place
        if "children" in message:
            below = objects_at(message, "children", f"{place}.")
            own = message.get("messageId")
            here = own if isinstance(own, str) else None
            stack += [(child, here, f"{place}.children[{index}]") for index, child in enumerate(below)][::-1]


def _read_message(
    record: Document, where: str, parent: str | None, conversation: str | None, endpoint: str | None
) -> MessageDraft:
    by_user = record.get("isCreatedByUser")
    if not isinstance(by_user, bool):
        by_user = role_of(str(record.get("sender", ""))) is MessageRole.USER
    said = record.get("content")
    rich = isinstance(said, list)
    status = _status(record)
    given: Columns = {
        "conversation": conversation,
        "endpoint": endpoint,
        "by_user": by_user,
        "above": parent or ROOT,
        "error": status is MessageStatus.FAILED,
        "unfinished": status is MessageStatus.STOPPED,
        "text": "",
    }
    if "text" in record and not isinstance(record["text"], str) and record["text"] is not None:
        raise BadRecord(f"{where}.text: must be a text, not {shown(record['text'])}")
    below = record.get("children")
    reading = (OF_USERS if by_user else OF_MODELS)[rich].read(record, given)
    values = reading.values
    word = "user" if by_user else "assistant"
    values.update(speaker(word))
    values["role_name"] = word
    if status is not MessageStatus.COMPLETE:
        values["status"] = status
    values.pop("below", None)
    opinion = values.pop("feedback", None)
    draft = message_draft(reading, parent=parent)
    draft.updated_at = values.get("updated_at")
    if below is not None:
        draft.presence = noted(draft.presence, leaf=True if not below else None)
    if opinion is not None:
        draft.feedback = [_read_feedback(opinion)]
    if isinstance(said, list):
        draft.tool_calls = [call for part in said if (call := _call(part)) is not None]
    return draft


def _status(record: Document) -> MessageStatus:
    if record.get("error") is True:
        return MessageStatus.FAILED
    return MessageStatus.STOPPED if record.get("unfinished") is True else MessageStatus.COMPLETE


def _call(part: object) -> Columns | None:
    call = part.get("tool_call") if isinstance(part, dict) and part.get("type") == "tool_call" else None
    if not isinstance(call, dict) or not isinstance(call.get("name"), str):
        return None
    arguments, own = call.get("args"), call.get("id")
    return {
        "call_id": own if isinstance(own, str) else None,
        "name": call["name"],
        "arguments_text": arguments if isinstance(arguments, str) else dump(arguments),
    }


def _read_feedback(record: Document) -> FeedbackDraft:
    values, extra, presence = FEEDBACK.read(record)
    tag = values.pop("tag", None)
    reasons = [] if tag is None else [{"label": tag}]
    return FeedbackDraft(kind="feedback", values=values, reasons=reasons, extra=extra, presence=presence)


def _write_message(
    draft: MessageDraft, children: list[Document], conversation: str | None, endpoint: str | None
) -> Document:
    presence = draft.presence or {}
    values = columns_of(draft)
    status = draft.values.get("status")
    by_user = draft.values["role"] == MessageRole.USER
    values |= {
        "conversation": conversation,
        "endpoint": endpoint,
        "by_user": by_user,
        "above": draft.parent or ROOT,
        "error": status == MessageStatus.FAILED,
        "unfinished": status == MessageStatus.STOPPED,
        "text": "",
    }
    if draft.feedback:
        opinion = draft.feedback[0]
        tag = opinion.reasons[0]["label"] if opinion.reasons else None
        values["feedback"] = FEEDBACK.write({**opinion.values, "tag": tag}, opinion.extra, opinion.presence)
    if marks := [name for name in ("error", "unfinished") if values[name]]:
        # Without the mark the message would have come to its end.
        presence = {**presence, "present": [*presence.get("present", ()), *marks]}
    values["below"] = children if children or presence.get("leaf") else None
    return (OF_USERS if by_user else OF_MODELS)[bool(draft.parts)].write(values, draft.extra, presence)


FORMAT: Final[Format] = LibreChat()
