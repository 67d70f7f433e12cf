"""Conversations as rows of a table, one for each message, for spreadsheets; they are not imported again."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from io import StringIO
from typing import Any, Final

from db import jsons
from db.interchange.base import ConversationDraft, FeedbackDraft, MessageDraft
from db.interchange.neutral import rated
from db.interchange.places import places
from db.interchange.told import own_id, times_of
from db.words import ContentFormat, MessageStatus

HEADER: Final = (
    *("conversation_id", "conversation_external_id", "title", "tags", "owner", "assistant", "conversation_model"),
    *("message_id", "parent_id", "message_external_id", "sequence", "on_branch"),
    *("role", "role_name", "message_type", "actor", "author_id", "author_name", "visible", "status"),
    *("content", "content_format", "model", "timestamp", "citation_count", "cited", "attachment_count"),
    *("tool_calls", "tool_name", "rating", "comment", "feedback_count", "input_tokens", "output_tokens"),
    *("properties", "conversation_properties"),
)
"""The names of the columns."""

LEFT_OUT: Final = (
    *("conversations without messages", "systemPrompt", "config", "userProperties", "origin.extra", "feedback"),
    *("tools", "references", "messages.contentParts", "messages.citations.excerpt", "messages.citations.source"),
    *("messages.attachments", "messages.followUpQuestions", "messages.feedback.reasons", "messages.feedback.scores"),
    *("messages.metadata", "messages.userProperties", "messages.dwData", "messages.origin.extra"),
)
"""What the rows don't say, by the names of the API."""

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
"""How cells begin that spreadsheets take for formulas."""


def rows(draft: ConversationDraft) -> Iterator[list[str]]:
    """The rows of a conversation's messages, of all branches, in their order; cells as HEADER names them.

    A cell that a spreadsheet might take for a formula begins with an apostrophe.
    """
    there = places(draft)
    on_branch = set(there.branch)
    values = draft.values
    assistant = None if draft.assistant is None else draft.assistant.values.get("name") or draft.assistant.record_id
    conversation = [
        *(own_id(draft), values.get("external_id"), values.get("title"), ", ".join(draft.tags)),
        *(values.get("owner_id"), assistant, values.get("model")),
    ]
    for sequence, ((key, parent), message) in enumerate(zip(there.parents.items(), draft.messages, strict=True)):
        placed = [key, parent, message.values.get("external_id"), sequence, key in on_branch]
        cells = [*conversation, *placed, *_message(message, draft), values.get("properties")]
        yield [_cell(value) for value in cells]


def text(cells: Iterable[Sequence[str]]) -> str:
    """Rows as RFC 4180 has them: quoted where needed, each ended by CR and LF."""
    out = StringIO(newline="")
    csv.writer(out, lineterminator="\r\n").writerows(cells)
    return out.getvalue()


def _message(message: MessageDraft, draft: ConversationDraft) -> list[Any]:
    values = message.values
    times = times_of(message, draft)
    opinion = rated(message) or FeedbackDraft()
    cited = [row.get("title") or row.get("url") or row.get("label") for row in map(_cited, message.references)]
    return [
        *(values["role"], values.get("role_name"), values.get("message_type"), values.get("actor")),
        *(values.get("author_id"), values.get("author_name"), values.get("visible", True)),
        values.get("status", MessageStatus.COMPLETE),
        *(values.get("content"), values.get("content_format", ContentFormat.MARKDOWN), values.get("model")),
        times.get("timestamp") or times.get("created_at"),
        *(len(message.references), "; ".join(name for name in cited if name), len(message.attachments)),
        "; ".join(call.get("name") or "" for call in message.tool_calls),
        *(values.get("tool_name"), opinion.values.get("rating"), opinion.values.get("comment")),
        *(len(message.feedback), values.get("input_tokens"), values.get("output_tokens"), values.get("properties")),
    ]


def _cited(reference: Any) -> dict[str, Any]:
    source = {} if reference.source is None else reference.source.values
    return {**source, **{name: value for name, value in reference.values.items() if value is not None}}


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='microseconds')}Z"
    if isinstance(value, (dict, list)):
        return jsons.dump(value)
    cell = str(value)
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
