"""Filters: what a client asks for, as conditions in SQL with one meaning on both databases.

A condition is true or false, never unknown. SQL's unknown counts as false wherever a filter stands by itself or below
`and` and `or`, so that an index can be used; `not` makes it false first, and so is the exact complement. Text is
compared by code point, `contains` and `starts_with` without regard to case (db.texts.fold).

`Where` is the API's input with its names in snake_case; ids are UUID, times aware datetimes, words members of db.words.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import sqlalchemy as sa

from db.errors import InvalidInput
from db.filter_fields import (
    Filter,
    Where,
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
from db.json_filters import MAX_VALUES
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

MAX_CONDITIONS: Final = 200
"""Conditions of one filter at most, nested ones among them: SQLite's expressions are at most 1,000 levels deep."""

MAX_LEVELS: Final = 20
"""How deep filters nest at most."""


def of_workspace(rows: sa.FromClause, where: Where | None, viewer: Viewer) -> Condition:
    """The rows are of the viewer's workspace: found by the filter where it is narrow, else by the list's own index."""
    if is_narrow(where):
        return in_workspace(rows, viewer.workspace_id)
    return rows.c.workspace_id == viewer.workspace_id


def conversation_where(where: Where | None, rows: sa.FromClause | None = None) -> Condition:
    """The condition of a ConversationWhere. Raises InvalidInput where it is too large or means nothing."""
    return _checked(_CONVERSATION, where, table("conversations") if rows is None else rows)


def message_where(where: Where | None, rows: sa.FromClause | None = None) -> Condition:
    """The condition of a MessageWhere. Raises InvalidInput."""
    return _checked(_MESSAGE, where, table("messages") if rows is None else rows)


def reference_where(where: Where | None, rows: sa.FromClause | None = None) -> Condition:
    """The condition of a ReferenceWhere. Raises InvalidInput."""
    return _checked(_REFERENCE, where, table("citations") if rows is None else rows)


def feedback_where(where: Where | None, rows: sa.FromClause | None = None) -> Condition:
    """The condition of a FeedbackWhere. Raises InvalidInput."""
    return _checked(_FEEDBACK, where, table("feedback") if rows is None else rows)


def assistant_where(where: Where | None, rows: sa.FromClause | None = None) -> Condition:
    """The condition of an AssistantWhere. Raises InvalidInput."""
    return _checked(_ASSISTANT, where, table("assistants") if rows is None else rows)


def tool_where(where: Where | None, rows: sa.FromClause | None = None) -> Condition:
    """The condition of a ToolWhere. Raises InvalidInput."""
    return _checked(_TOOL, where, table("tools") if rows is None else rows)


def source_where(where: Where | None, rows: sa.FromClause | None = None) -> Condition:
    """The condition of a SourceWhere. Raises InvalidInput."""
    return _checked(_SOURCE, where, table("sources") if rows is None else rows)


def _checked(kind: Filter, where: Where | None, rows: sa.FromClause) -> Condition:
    if not where:
        return sa.true()
    conditions = values = 0
    for size, level in _leaves(where, 1):
        conditions += 1
        values += size
        if level > MAX_LEVELS:
            raise InvalidInput(f"the filter is nested more than {MAX_LEVELS} levels deep", field="where")
    if conditions > MAX_CONDITIONS:
        raise InvalidInput(f"the filter has {conditions} conditions: at most {MAX_CONDITIONS}", field="where")
    if values > MAX_VALUES:
        raise InvalidInput(f"the lists of the filter hold {values} values: at most {MAX_VALUES}", field="where")
    return all_of(kind, where, rows)


def _leaves(given: Any, level: int) -> Iterator[tuple[int, int]]:
    """For each operand in a filter the number of values in it, and its level."""
    if level > MAX_LEVELS:
        yield 0, level
    elif isinstance(given, Mapping):
        for name, value in given.items():
            if name in ("eq", "ne", "has", "path"):
                yield 0, level
            elif isinstance(value, (list, tuple)) and name not in ("and", "or") and not _nested(value):
                yield len(value), level
            else:
                yield from _leaves(value, level + 1)
    elif isinstance(given, (list, tuple)):
        for item in given:
            yield from _leaves(item, level)
    else:
        yield 0, level


def _nested(values: list[Any] | tuple[Any, ...]) -> bool:
    """The list is of filters, and not of operands."""
    return any(isinstance(value, Mapping) and "path" in value for value in values)


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
        "properties": properties("properties_copy", "properties"),
        "user_properties": properties("user_properties_copy", "user_properties"),
        "has_feedback": existing("feedback", "conversation_id"),
        "has_citations": existing("citations", "conversation_id"),
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
        "properties": properties("properties_copy", "properties"),
        "user_properties": properties("user_properties_copy", "user_properties"),
        "metadata": properties("metadata_copy", "metadata"),
        "has_feedback": existing("feedback", "message_id", on_the_message),
        "has_citations": existing("citations", "message_id"),
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
        "properties": properties("properties_copy", "properties"),
        "user_properties": properties("user_properties_copy", "user_properties"),
    }
)

_ASSISTANT: Final = Filter({**columns("id", "name", "external_id"), **_ORIGIN}, nests=False)

_TOOL: Final = Filter({**columns("id", "name", "kind", "external_id"), **_ORIGIN}, nests=False)

_SOURCE: Final = Filter(
    columns("id", "title", "url", "kind", "connector", "external_id", "citation_count"), nests=False
)
