"""Rows as drafts again: what is below conversations and messages, and what they share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeVar
from uuid import UUID

from db.interchange.base import (
    AssistantDraft,
    Draft,
    FeedbackDraft,
    ReferenceDraft,
    SourceDraft,
    Stood,
    ToolDraft,
    VerdictDraft,
)
from db.interchange.fitting import ID_KEY
from db.interchange.rebuilding_rows import ORIGIN, Rows, Values
from db.interchange.usual import usual_feedback_kind
from db.interchange.writes import (
    ASSISTANTS,
    CITATIONS,
    CONVERSATIONS,
    FEEDBACK,
    MESSAGES,
    SOURCES,
    TOOLS,
    plain_columns,
)
from db.words import IdType, OriginSystem

AnyDraft = TypeVar("AnyDraft", bound=Draft)

_ROW: Final = frozenset({"id", "workspace_id", "version"})


def _names(table: Any, *others: str) -> tuple[str, ...]:
    return tuple(name for name in plain_columns(table) if name not in _ROW and name not in others)


OF_CONVERSATIONS: Final = _names(
    CONVERSATIONS,
    *("title_made", "preview", "assistant_id", "message_count", "last_message_id", "current_message_id"),
    *("deleted_at", "forked_from_id"),
)
OF_MESSAGES: Final = _names(
    MESSAGES, "conversation_id", "sequence", "parent_id", "branch_position", "has_parts", "stream_sequence"
)
_OF_CITATIONS: Final = _names(CITATIONS, "conversation_id", "message_id", "source_id", "created_at")
_OF_FEEDBACK: Final = _names(
    FEEDBACK,
    *("conversation_id", "message_id", "reference_id", "position"),
    *("seen_message_version", "seen_current_message_id", "seen_assistant_id", "seen_assistant_version"),
)
_OF_SOURCES: Final = _names(SOURCES, "identity", "citation_count")
_OF_ASSISTANTS: Final = _names(ASSISTANTS, "name_made")
_OF_TOOLS: Final = _names(TOOLS, "name_made")
_BELOW: Final = frozenset({"id", "workspace_id", "message_id", "feedback_id", "reference_id", "created_at"})


def reference_of(rows: Rows, values: Values) -> ReferenceDraft:
    """A citation, with the source that it cites."""
    source = rows.sources.get(values["source_id"])
    return ReferenceDraft(
        values=picked(values, _OF_CITATIONS), kind="citation", source=None if source is None else source_of(source)
    )


def feedback_of(rows: Rows, values: Values, places: Mapping[UUID, int], system: OriginSystem | None) -> FeedbackDraft:
    """A piece of feedback; `places` tells of citations where they stand in their lists."""
    row_id: UUID = values["id"]
    kind = usual_feedback_kind(system, on_message=values["message_id"] is not None, is_owners=values["is_owners"])
    draft = recorded(FeedbackDraft(values=picked(values, _OF_FEEDBACK)), values, kind)
    draft.reference = places.get(values["reference_id"])
    draft.reasons = below(rows.reasons, row_id)
    draft.scores = below(rows.scores, row_id)
    draft.verdicts = [
        VerdictDraft(
            values={name: value for name, value in each.items() if name not in _BELOW and value is not None},
            reference=places.get(each["reference_id"]),
        )
        for each in rows.verdicts.get(row_id, ())
    ]
    return draft


def source_of(values: Values) -> SourceDraft:
    """A source; one that was only cited has no id of its own."""
    draft = recorded(SourceDraft(values=picked(values, _OF_SOURCES)), values, "source")
    if draft.stood is None:
        draft.record_id = None
    return draft


def assistant_of(rows: Rows, values: Values) -> AssistantDraft:
    """An assistant, with its tools."""
    draft = recorded(AssistantDraft(values=picked(values, _OF_ASSISTANTS)), values, "assistant")
    if values["name_made"]:
        del draft.values["name"]
    draft.tools = [tool_of(each) for each in rows.assistant_tools.get(values["id"], ())]
    return draft


def tool_of(values: Values) -> ToolDraft:
    """A tool."""
    draft = recorded(ToolDraft(values=picked(values, _OF_TOOLS)), values, "tool")
    if values["name_made"]:
        del draft.values["name"]
    return draft


def recorded(draft: AnyDraft, values: Values, kind: str) -> AnyDraft:
    """The draft with what the origin keeps of its record; `kind` is that of one that has none."""
    if values[f"{ORIGIN}kind"] is None:
        draft.record_id, draft.kind, draft.updated_at = str(values["id"]), kind, values.get("updated_at")
        return draft
    draft.kind, draft.id_type = values[f"{ORIGIN}kind"], values[f"{ORIGIN}id_type"]
    draft.extra, draft.presence = values[f"{ORIGIN}extra"], values[f"{ORIGIN}presence"]
    draft.record_id = own_id(values[f"{ORIGIN}record_id"], draft.id_type, draft.presence)
    draft.updated_at = values[f"{ORIGIN}source_updated_at"]
    draft.stood = Stood(values[f"{ORIGIN}import_id"], values[f"{ORIGIN}position"])
    return draft


def own_id(key: str, id_type: IdType, presence: Mapping[str, Any] | None) -> str:
    """The id that the record had, or the made one where it had none."""
    if id_type is IdType.PLACE or not presence:
        return key
    own: str = presence.get(ID_KEY, key)
    return own


def picked(values: Values, names: Sequence[str]) -> Values:
    """The columns of these names that have a value."""
    return {name: value for name in names if (value := values[name]) is not None}


def below(rows: Mapping[UUID, list[Values]], row_id: UUID, *others: str) -> list[Values]:
    """Rows below a row, each with its place in their list."""
    return [
        {name: value for name, value in each.items() if value is not None and name not in _BELOW and name not in others}
        for each in rows.get(row_id, ())
    ]
