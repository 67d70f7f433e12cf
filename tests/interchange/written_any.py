"""Any conversations that may have been written here, for tests of exports."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from hypothesis import strategies as st

from db.assistants import Assistant
from db.conversations import Conversation
from db.feedback import CitationVerdict, Feedback, FeedbackReason, FeedbackScore
from db.interchange.base import (
    AssistantDraft,
    ConversationDraft,
    FeedbackDraft,
    MessageDraft,
    ReferenceDraft,
    SourceDraft,
    ToolDraft,
    VerdictDraft,
)
from db.messages import Attachment, ContentPart, FollowUpQuestion, Message, ToolCall
from db.record import EPOCH, JsonText, UtcDateTime, table_of
from db.references import Reference
from db.sources import Source
from db.words import (
    PartType,
)

texts = st.text(max_size=8) | st.sampled_from(["\ufffd", "id", "messages", "```", "=1+1", "{}", "https://a.example"])
jsons = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
)
_KEYS = st.sampled_from(
    ["messages", "conversations", "history", "mapping", "id", "title", "name", "model", "metadata", "projectId", "turn"]
)
objects = st.dictionaries(_KEYS | texts, jsons, max_size=3)
_OBJECTS = ("properties", "user_properties", "config", "metadata")


def _clean(text: str) -> str:
    return text.encode("utf-8", "replace").decode().replace("\0", "\ufffd")


def _values(column: sa.Column[Any]) -> st.SearchStrategy[Any]:
    kind = column.type
    if isinstance(kind, JsonText):
        return (objects | jsons) if column.name in _OBJECTS else jsons
    if isinstance(kind, sa.Enum):
        assert kind.enum_class is not None
        return st.sampled_from(list(kind.enum_class))
    if isinstance(kind, UtcDateTime):
        return st.integers(-62_135_500_000, 253_402_200_000).map(lambda second: EPOCH + timedelta(seconds=second))
    if isinstance(kind, sa.BigInteger):
        return st.integers(0, 2**40)
    if isinstance(kind, sa.Integer):
        return st.integers(0, 2**31 - 1)
    if isinstance(kind, sa.Float):
        return st.floats(allow_nan=False, allow_infinity=False)
    if isinstance(kind, sa.Boolean):
        return st.booleans()
    return texts.map(_clean)


def rows(model: Any, *required: str) -> st.SearchStrategy[dict[str, Any]]:
    """Rows of a table, each column set or not."""
    table = table_of(model)
    columns = {
        column.name: _values(column)
        for column in table.columns
        if column.computed is None and not isinstance(column.type, sa.Uuid)
    }
    needed = {name: columns.pop(name) for name in required}
    return st.fixed_dictionaries(needed, optional=columns)


def _lists(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    return st.lists(inner, max_size=2)


_KEYED = st.none() | texts.map(_clean).filter(bool)
_SOURCES = st.none() | st.builds(lambda values: SourceDraft(kind="source", values=values), rows(Source))
_REFERENCES = st.builds(
    lambda values, source: ReferenceDraft(values=values, source=source), rows(Reference, "number"), _SOURCES
)
_VERDICTS = st.builds(
    lambda values, reference: VerdictDraft(values=values, reference=reference),
    rows(CitationVerdict),
    st.none() | st.integers(0, 2),
)
_FEEDBACK = st.builds(
    lambda key, values, reference, reasons, scores, verdicts: FeedbackDraft(
        record_id=key, values=values, reference=reference, reasons=reasons, scores=scores, verdicts=verdicts
    ),
    _KEYED,
    rows(Feedback),
    st.none() | st.integers(0, 1),
    _lists(rows(FeedbackReason, "label")),
    _lists(rows(FeedbackScore, "name", "value")),
    _lists(_VERDICTS),
)


@st.composite
def _any_message(draw: st.DrawFn, number: int, above: list[str]) -> MessageDraft:
    message = MessageDraft(
        record_id=f"{draw(texts.map(_clean))}{number}",
        values=draw(rows(Message, "role", "role_name", "message_type", "actor")),
        references=draw(_lists(_REFERENCES)),
        tool_calls=draw(_lists(rows(ToolCall, "name"))),
        attachments=draw(_lists(rows(Attachment))),
        follow_ups=draw(_lists(rows(FollowUpQuestion, "question"))),
        feedback=draw(_lists(_FEEDBACK)),
        parent=draw(st.sampled_from([None, *above, *above[-1:], *above[-1:]])),
    )
    if draw(st.booleans()):
        message.parts = draw(_lists(rows(ContentPart, "type")))
        said = (part.get("text", "") for part in message.parts if part["type"] is PartType.TEXT)
        message.values["content"] = "\n".join(said)
    return message


@st.composite
def drafts(draw: st.DrawFn) -> ConversationDraft:
    """Any conversations that were written here."""
    messages: list[MessageDraft] = []
    for number in range(draw(st.integers(0, 4))):
        messages.append(draw(_any_message(number, [str(each.record_id) for each in messages])))
    return ConversationDraft(
        kind="conversation",
        record_id=str(UUID(int=draw(st.integers(0, 2**128 - 1)))),
        values=draw(rows(Conversation)),
        messages=messages,
        current=draw(st.sampled_from([None, *(message.record_id for message in messages)])),
        references=draw(_lists(_REFERENCES)),
        feedback=draw(_lists(_FEEDBACK)),
        assistant=draw(
            st.none()
            | st.builds(lambda key, values: AssistantDraft(record_id=key, values=values), _KEYED, rows(Assistant))
        ),
        tools=[ToolDraft(record_id=key) for key in draw(_lists(_KEYED))],
        tags=draw(_lists(texts.map(_clean))),
    )
