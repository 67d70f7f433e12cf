"""What the tests of formats share: drafts as the database gives them back, and the samples of other systems."""

import copy
import gzip
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from db import jsons
from db.assistants import Assistant
from db.conversations import Conversation
from db.feedback import Feedback, FeedbackReason, FeedbackScore
from db.interchange.base import AssistantDraft, ConversationDraft, FeedbackDraft, Format, MessageDraft, ReferenceDraft
from db.interchange.fitting import fit
from db.interchange.records import ENVELOPE, open_source, records
from db.messages import Attachment, ContentPart, FollowUpQuestion, Message, ToolCall
from db.record import JsonText, table_of
from db.references import Reference
from db.sources import Source

SHARED = Path(__file__).parents[3] / "shared"
"""Samples of real exports, which are no part of the project."""


def conversation_of(format: Format, record: Any) -> ConversationDraft:
    """The one conversation of a record."""
    (draft,) = format.read(copy.deepcopy(record))
    assert isinstance(draft, ConversationDraft)
    return draft


def assert_comes_back(format: Format, record: Any) -> ConversationDraft:
    """The record is written as it was read, also from what the database gives back; the draft is returned."""
    draft = conversation_of(format, record)
    assert_same(format.write(draft), [record])
    assert_same(format.write(as_stored(draft)), [record])
    return draft


def assert_same(written: Any, record: Any) -> None:
    """Two JSON values are the same, order of keys and tokens of numbers included."""
    assert jsons.dump(written) == jsons.dump(record)


def as_stored(draft: ConversationDraft) -> ConversationDraft:
    """The draft after a stay in the database: texts cleaned, JSON read again, defaults in place of what is missing."""
    stored = copy.deepcopy(draft)
    _store(stored.values, Conversation, made={"title": "A made title", "title_made": "title" not in draft.values})
    for message in stored.messages:
        _store_message(message)
    for reference in stored.references:
        _store_reference(reference, 0)
    for feedback in stored.feedback:
        _store_feedback(feedback)
    if isinstance(stored.assistant, AssistantDraft):
        _store(stored.assistant.values, Assistant, made={"name": "A made name"})
    for each in (stored, *stored.messages, *(item for message in stored.messages for item in message.feedback)):
        each.extra = _through_json(each.extra)
        each.presence = _through_json(each.presence)
    return stored


def _store_message(message: MessageDraft) -> None:
    _store(message.values, Message)
    for rows, model in (
        (message.parts or [], ContentPart),
        (message.tool_calls, ToolCall),
        (message.attachments, Attachment),
        (message.follow_ups, FollowUpQuestion),
    ):
        for position, row in enumerate(rows):
            _store(row, model)
            row["position"] = position
    for position, reference in enumerate(message.references):
        _store_reference(reference, position)
    for feedback in message.feedback:
        _store_feedback(feedback)


def _store_reference(reference: ReferenceDraft, position: int) -> None:
    reference.values = {"number": position + 1, **reference.values}
    _store(reference.values, Reference)
    reference.values["position"] = position
    if reference.source is not None:
        _store(reference.source.values, Source)


def _store_feedback(feedback: FeedbackDraft) -> None:
    _store(feedback.values, Feedback)
    for rows, model in ((feedback.reasons, FeedbackReason), (feedback.scores, FeedbackScore)):
        for position, row in enumerate(rows):
            _store(row, model)
            row["position"] = position


def _store(values: dict[str, Any], model: Any, made: dict[str, Any] | None = None) -> None:
    table = table_of(model)
    fit(values, table)
    for name, value in (made or {}).items():
        values.setdefault(name, value)
    for column in table.columns:
        if isinstance(column.type, JsonText) and column.name in values:
            values[column.name] = _through_json(values[column.name])
        if column.name not in values and column.computed is None and not isinstance(column.type, sa.Uuid):
            default: Any = column.default.arg if column.default is not None and column.default.is_scalar else None  # type: ignore[attr-defined]  # scalar defaults have it
            values[column.name] = default


def _through_json(value: Any) -> Any:
    return None if value is None else jsons.parse(jsons.dump(value))


def samples(folder: str, pattern: str = "*.json*") -> list[Path]:
    """The files of a folder of samples; none where there are no samples."""
    return sorted((SHARED / folder).glob(pattern))


def sample_records(path: Path, array_keys: Sequence[str] = ()) -> Iterator[Any]:
    """The records of a file."""
    with open_source(path) as source:
        for cut in records(source, array_keys=array_keys):
            if cut.path != ENVELOPE:
                yield cut.parse()


def whole(path: Path) -> Any:
    """The one value that a file holds."""
    data = path.read_bytes()
    return jsons.parse(gzip.decompress(data) if path.suffix == ".gz" else data)


needs_samples = pytest.mark.skipif(not SHARED.exists(), reason="the samples of other systems are not here")
