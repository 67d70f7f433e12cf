"""Filters: what a client asks for, as conditions in SQL with one meaning on both databases.

A condition is true or false, never unknown. SQL's unknown counts as false wherever a filter stands by itself or below
`and` and `or`, so that an index can be used; `not` makes it false first, and so is the exact complement. Text is
compared by code point, `contains` and `starts_with` without regard to case (db.texts.fold).

`Where` is the API's input with its names in snake_case; ids are UUID, times aware datetimes, words members of db.words.
"""

from typing import Final

import sqlalchemy as sa

from db.filter_fields import (
    Filter,
    all_of,
    columns,
    existing,
    flag,
    given,
    is_narrow,
    like,
    on_the_message,
    properties,
    related,
    score,
    single,
    tags,
)
from db.filter_shapes import Where, shape_of
from db.reads import Condition, in_workspace, table
from db.viewer import Viewer

__all__ = [
    "Where",
    "assistant_where",
    "conversation_where",
    "feedback_where",
    "is_narrow",
    "message_where",
    "of_workspace",
    "reference_where",
    "source_where",
    "tool_where",
]


def of_workspace(rows: sa.FromClause, where: Where | None, viewer: Viewer) -> Condition:
    """The rows are of the viewer's workspace: found by the filter where it is narrow, else by the list's own index."""
    if is_narrow(where):
        return in_workspace(rows, viewer.workspace_id)
    return rows.c.workspace_id == viewer.workspace_id


def conversation_where(where: Where | None, rows: sa.FromClause | None = None) -> Condition:
    """The condition of a ConversationWhere. Raises InvalidInput where it is too large or means nothing."""
    return _condition(_CONVERSATION, where, table("conversations") if rows is None else rows)


def message_where(where: Where | None, rows: sa.FromClause | None = None) -> Condition:
    """The condition of a MessageWhere. Raises InvalidInput."""
    return _condition(_MESSAGE, where, table("messages") if rows is None else rows)


def reference_where(where: Where | None, rows: sa.FromClause | None = None) -> Condition:
    """The condition of a ReferenceWhere. Raises InvalidInput."""
    return _condition(_REFERENCE, where, table("citations") if rows is None else rows)


def feedback_where(where: Where | None, rows: sa.FromClause | None = None) -> Condition:
    """The condition of a FeedbackWhere. Raises InvalidInput."""
    return _condition(_FEEDBACK, where, table("feedback") if rows is None else rows)


def assistant_where(where: Where | None, rows: sa.FromClause | None = None) -> Condition:
    """The condition of an AssistantWhere. Raises InvalidInput."""
    return _condition(_ASSISTANT, where, table("assistants") if rows is None else rows)


def tool_where(where: Where | None, rows: sa.FromClause | None = None) -> Condition:
    """The condition of a ToolWhere. Raises InvalidInput."""
    return _condition(_TOOL, where, table("tools") if rows is None else rows)


def source_where(where: Where | None, rows: sa.FromClause | None = None) -> Condition:
    """The condition of a SourceWhere. Raises InvalidInput."""
    return _condition(_SOURCE, where, table("sources") if rows is None else rows)


def _condition(kind: Filter, where: Where | None, rows: sa.FromClause) -> Condition:
    return all_of(kind, shape_of(where), rows) if where else sa.true()


_ORIGIN: Final = {
    "origin": single("origins", "entity_id", "system", "origin"),
    "record_id": single("origins", "entity_id", "record_id", "record_id"),
}

_CONVERSATION: Final[Filter] = Filter(
    {
        **columns("id", "type", "title", "assistant_id", "owner_id", "execution_status", "visibility", "model"),
        **columns("external_id", "project_id", "integration_id", "support_ticket_conversation_id"),
        **columns("created_at", "updated_at", "last_activity_at", "message_count"),
        **_ORIGIN,
        "like": like,
        "tags": tags,
        "archived": given("archived_at"),
        "properties": properties("properties_copy"),
        "user_properties": properties("user_properties_copy"),
        "has_feedback": existing("has_feedback", "feedback", "conversation_id"),
        "has_citations": existing("has_citations", "citations", "conversation_id"),
        "messages": related("messages", "conversation_id", lambda: _MESSAGE),
        "references": related("citations", "conversation_id", lambda: _REFERENCE),
        "feedback": related("feedback", "conversation_id", lambda: _FEEDBACK),
    }
)

_MESSAGE: Final[Filter] = Filter(
    {
        **columns("id", "conversation_id", "role", "message_type", "actor", "status", "content", "model", "confidence"),
        **columns("tool_name", "author_id", "external_id", "timestamp", "created_at"),
        "record_id": _ORIGIN["record_id"],
        "visible": flag("visible"),
        "properties": properties("properties_copy"),
        "user_properties": properties("user_properties_copy"),
        "metadata": properties("metadata_copy"),
        "has_feedback": existing("has_feedback", "feedback", "message_id", on_the_message),
        "has_citations": existing("has_citations", "citations", "message_id"),
        "references": related("citations", "message_id", lambda: _REFERENCE),
        "feedback": related("feedback", "message_id", lambda: _FEEDBACK, on_the_message),
    }
)

_REFERENCE: Final[Filter] = Filter(
    columns("message_id", "source_id", "title", "url", "kind", "relevance_score"), nests=False
)

_FEEDBACK: Final[Filter] = Filter(
    {
        **columns(
            "id", "conversation_id", "message_id", "rating", "author_kind", "author_id", "comment", "external_id"
        ),
        **columns("created_at", "updated_at"),
        "assistant_id": single("conversations", "id", "assistant_id", "assistant_id", of="conversation_id"),
        "reason": single("feedback_reasons", "feedback_id", "label", "reason"),
        "score": score,
        "properties": properties("properties_copy"),
        "user_properties": properties("user_properties_copy"),
    }
)

_ASSISTANT: Final = Filter({**columns("id", "name", "external_id"), **_ORIGIN}, nests=False)

_TOOL: Final = Filter({**columns("id", "name", "kind", "external_id"), **_ORIGIN}, nests=False)

_SOURCE: Final = Filter(
    columns("id", "title", "url", "kind", "connector", "external_id", "citation_count"), nests=False
)
