"""How conversations of other origins are brought into the forms of chat clients, of OpenAI and of data sets."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby
from typing import Any, Final

from db import jsons
from db.interchange.base import ConversationDraft, FeedbackDraft, MessageDraft
from db.interchange.keys import Columns, Document
from db.interchange.neutral import Target, chain, rated
from db.interchange.times import ISO_MICROSECONDS, render_time
from db.words import Actor, MessageRole, MessageStatus, PartType

_PLAIN: Final = {
    MessageRole.USER: "user",
    MessageRole.ASSISTANT: "assistant",
    MessageRole.SYSTEM: "system",
    MessageRole.TOOL: "tool",
}
_CITED: Final = ("url_citation", "file_citation", "container_file_citation")


def _happened(draft: ConversationDraft) -> None:
    """The only time that a message has is when it happened, if not when it was written here."""
    for message in draft.messages:
        if (at := message.values.get("created_at")) is not None:
            message.values.setdefault("timestamp", at)


def _openai(draft: ConversationDraft) -> None:
    values = draft.values
    draft.presence = {"present": ["id", "title"]}
    if (at := values.get("created_at")) is not None:
        values["properties"] = {"created_at": render_time(at, ISO_MICROSECONDS)} | values.get("properties", {})
    for message in draft.messages:
        said = message.values
        if said["role"] == MessageRole.OTHER:
            by = {Actor.USER: "user", Actor.SYSTEM: "system"}
            said["role_name"] = by.get(said.get("actor", Actor.AI), "assistant")
        presence: Document = {}
        if message.references:
            presence["within"] = {"annotations": _annotations(message)}
        if message.tool_calls and not said["content"] and message.parts is None:
            presence["raw"] = {"content": None}
        message.presence = presence or None


def _annotations(message: MessageDraft) -> Document:
    """The citations as kinds of annotations; each stands in an object named for its kind."""
    forms: Document = {}
    for index, reference in enumerate(message.references):
        row = reference.values
        if row.get("kind") not in _CITED:
            row["kind"] = "file_citation" if "external_id" in row and "url" not in row else "url_citation"
        forms[str(index)] = {"form": row["kind"]}
    return forms


def _chatgpt(draft: ConversationDraft) -> None:
    _happened(draft)
    for message in draft.messages:
        _chatgpt_content(message)
        values = message.values
        if values["role"] not in (MessageRole.SYSTEM, MessageRole.TOOL) and values.get("visible") is False:
            values["metadata"] = {
                **values.get("metadata", {}),
                "is_visually_hidden_from_conversation": True,
            }
        for reference in message.references:
            row = reference.values
            if not (row.get("url") or row.get("title")) and (name := row.get("label") or row.get("external_id")):
                row["title"] = name
        # What names no page cites nothing there.
        message.references = [each for each in message.references if each.values.get("url") or each.values.get("title")]


def _chatgpt_content(message: MessageDraft) -> None:
    """Contents are of one type: texts with pictures, thoughts, or what a tool is called with."""
    parts = message.parts
    if parts is not None and all(part["type"] is PartType.REASONING for part in parts):
        message.presence = {"content": {"type": "thoughts"}}
    elif parts is not None:
        parts = [part for part in parts if part["type"] is not PartType.REASONING]
        message.parts = parts if any(part["type"] is PartType.IMAGE for part in parts) or len(parts) > 1 else None
        message.presence = {"content": {"type": "multimodal_text"}} if message.parts else None
    calls = [call for call in message.tool_calls if call.get("name", "") not in ("", "all")]
    said = message.values["content"] or message.parts or message.values["role"] != MessageRole.ASSISTANT
    message.tool_calls = [] if said else calls[:1]


def _claude(draft: ConversationDraft) -> None:
    _happened(draft)
    if chain(draft):
        draft.current = None
    else:
        draft.presence = {"tree": True}
    for message in draft.messages:
        for call in message.tool_calls:
            own = {} if "call_id" not in call else {"id": call["call_id"]}
            block = {"type": "tool_use", **own, "name": call.get("name", ""), "input": _arguments(call)}
            _add_block(message, "tool_use", block)
        texts = message.parts is None or any(part["type"] is PartType.TEXT for part in message.parts)
        if message.references and message.parts is not None and not texts:
            message.parts = [*message.parts, {"type": PartType.TEXT, "text": ""}]


def _librechat(draft: ConversationDraft) -> None:
    _happened(draft)
    owner = draft.values.get("owner_id")
    if not draft.messages:
        draft.presence = {"raw": {"exportAt": None}}
    for message in draft.messages:
        values = message.values
        if values["role"] not in (MessageRole.USER, MessageRole.ASSISTANT):
            values.setdefault("author_name", values["role_name"])
        if values["role"] == MessageRole.OTHER and values.get("actor") == Actor.USER:
            values["role"] = MessageRole.USER
        message.presence = {"present": ["updatedAt"]}
        message.extra = None if owner is None else {"user": owner}
        message.feedback = [] if (opinion := rated(message)) is None else [opinion]
        for call in message.tool_calls:
            own = {} if "call_id" not in call else {"id": call["call_id"]}
            inner = {**own, "name": call.get("name", ""), "args": call.get("arguments_text", "")}
            _add_block(message, "tool_call", {"type": "tool_call", "tool_call": inner})


def _arguments(call: Columns) -> Any:
    """What a tool is called with: the JSON value, or the text where it is none."""
    text = call.get("arguments_text", "")
    try:
        return jsons.parse(text)
    except jsons.Malformed:
        return text


def _add_block(message: MessageDraft, kind: str, payload: Document) -> None:
    """Add a part of the format's own kind."""
    if message.parts is None:
        text = message.values["content"]
        message.parts = [{"type": PartType.TEXT, "text": text}] if text else []
    message.parts.append({"type": PartType.OTHER, "other_type": kind, "payload": payload})


def _openwebui(draft: ConversationDraft) -> None:
    _happened(draft)
    draft.presence = {"chat": {}}
    for message in draft.messages:
        message.feedback = [] if (opinion := rated(message)) is None else [opinion]
        values = message.values
        if values.get("status") == MessageStatus.FAILED:
            values.setdefault("fail_reason", "")
        else:
            # An error there means that the answer failed.
            values.pop("fail_reason", None)
        if entries := _entries(message):
            message.presence = {"within": {"sources": entries}}


def _entries(message: MessageDraft) -> Document:
    """Number the citations by what they cite; in the entries of numbers without scores there are no distances."""
    names = ("number", "external_id", "title", "url", "kind")
    entries: Document = {}
    groups = groupby(message.references, lambda reference: [reference.values.get(name) for name in names])
    for index, (_, group) in enumerate(groups):
        rows = [reference.values for reference in group]
        for row in rows:
            row["number"] = index + 1
        scores = [row.get("relevance_score") for row in rows]
        if not all(type(score) is float and 0 <= score <= 1 for score in scores):
            entries[str(index)] = {"keys": ["source", "document", "metadata"]}
    return entries


def _sharegpt(draft: ConversationDraft) -> None:
    draft.presence = {"present": ["title"]}


def _openassistant(draft: ConversationDraft) -> None:
    _happened(draft)
    for message in draft.messages:
        values = message.values
        if values["role"] == MessageRole.ASSISTANT and values.get("actor") == Actor.AI:
            values["properties"] = {**values.get("properties", {}), "synthetic": True}
        if values.get("visible") is False and values["role"] in (MessageRole.USER, MessageRole.ASSISTANT):
            values["properties"] = {**values.get("properties", {}), "deleted": True}
        votes = next((each for each in message.feedback if each.scores and each.reference is None), None)
        message.feedback = [] if votes is None else [_votes(votes)]


def _votes(feedback: FeedbackDraft) -> FeedbackDraft:
    """Scores as labels, each of one vote unless it says of how many."""
    scores = {
        row["name"]: {**row, "value": float(row["value"]), "count": row.get("count", 1)} for row in feedback.scores
    }
    labels = [row for name, row in scores.items() if name and row["count"] >= 0]
    return FeedbackDraft(kind="votes", values={}, scores=labels, presence={"labels": True})


def _mtrag(draft: ConversationDraft) -> None:
    _happened(draft)
    asked = sum(message.values["role"] == MessageRole.USER for message in draft.messages)
    draft.values["properties"] = {"turn": str(asked)} | draft.values.get("properties", {})
    for message in draft.messages:
        values = message.values
        # One key tells the model or the person.
        values.pop("author_id" if values.get("actor") == Actor.AI else "model", None)
    for message in draft.messages[:-1]:
        # The passages of a line are those of its last answer.
        message.references = []


OTHER_TARGETS: Final[Mapping[str, Target]] = {
    "openai": Target(
        kind="chat",
        words=_PLAIN,
        parts=frozenset((PartType.TEXT, PartType.IMAGE, PartType.FILE)),
        empty=False,
        open=True,
        adapt=_openai,
    ),
    "chatgpt": Target(
        kind="conversation",
        message="node",
        words=_PLAIN,
        tree=True,
        parts=frozenset((PartType.TEXT, PartType.IMAGE, PartType.REASONING)),
        adapt=_chatgpt,
    ),
    "claude": Target(
        kind="conversation",
        words={**_PLAIN, MessageRole.USER: "human"},
        tree=True,
        parts=frozenset((PartType.TEXT, PartType.REASONING)),
        adapt=_claude,
    ),
    "librechat": Target(
        kind="conversation",
        words=_PLAIN,
        tree=True,
        parts=frozenset((PartType.TEXT, PartType.REASONING)),
        adapt=_librechat,
    ),
    "openwebui": Target(
        kind="chat",
        words=_PLAIN,
        tree=True,
        parts=frozenset((PartType.TEXT, PartType.IMAGE)),
        adapt=_openwebui,
    ),
    "sharegpt": Target(
        kind="conversation",
        message="turn",
        words={**_PLAIN, MessageRole.USER: "human", MessageRole.ASSISTANT: "gpt"},
        empty=False,
        open=True,
        adapt=_sharegpt,
    ),
    "chatbotui": Target(kind="conversation", words=_PLAIN),
    "openassistant": Target(
        kind="tree",
        words={**_PLAIN, MessageRole.USER: "prompter"},
        tree=True,
        one_root=True,
        empty=False,
        adapt=_openassistant,
    ),
    "mtrag": Target(
        kind="conversation",
        words={**_PLAIN, MessageRole.ASSISTANT: "agent"},
        open=True,
        adapt=_mtrag,
    ),
}
"""The other nine formats, by their names."""
