"""Who asks: the people and keys of both workspaces, and what each of them may see, by a plain model of the rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from db.viewer import Viewer
from db.words import FeedbackAuthor, KeyScope, Role, ViewerKind, Visibility
from tests.access.crossing.marks import marks_in_rows, marks_of, told
from tests.access.crossing.world import Row, Rows, World, uuid

_HIDDEN_FROM_USERS: Final = ("origins", "imports", "record_versions", "repeats", "api_keys", "audit_entries")
_ADMINS: Final = ("api_keys", "audit_entries")
_HOW_IT_IS_MADE: Final = ("system_prompt", "model", "temperature", "config")
MASKED: Final = {
    "assistants": _HOW_IT_IS_MADE,
    "conversations": _HOW_IT_IS_MADE,
    "messages": ("system_prompt",),
}
"""Of tables the columns that end users don't see."""

LINKS: Final = {
    "forked_from_id": "messages",
    "last_message_id": "messages",
    "current_message_id": "messages",
    "seen_current_message_id": "messages",
    "seen_assistant_id": "assistants",
    "result_message_id": "messages",
    "parent_id": "messages",
    "key_id": "api_keys",
}
"""Columns with keys that may name rows which are not seen."""


@dataclass(frozen=True)
class Person:
    """Somebody who asks."""

    name: str
    at: int
    """The workspace's number."""
    viewer: Viewer

    @property
    def ends(self) -> bool:
        """It is an end user, or a visitor."""
        return self.viewer.role is Role.END_USER

    @property
    def sees_all(self) -> bool:
        """It may read all of the workspace."""
        return self.viewer.role in (Role.VIEWER, Role.EDITOR, Role.ADMIN)


def people(world: World) -> list[Person]:
    """All of them."""
    found: list[Person] = []
    for at, workspace in enumerate(world.workspaces[:2]):
        keys = [row["id"] for row in world.rows["api_keys"] if row["workspace_id"] == workspace]
        for number, user in enumerate(world.users[at]):
            viewer = Viewer(workspace, user, role=Role.END_USER, kind=ViewerKind.END_USER)
            found.append(Person(f"user {number} of {at}", at, viewer))
        viewer = Viewer(workspace, world.users[at][0], role=Role.END_USER, kind=ViewerKind.END_USER, sees_public=True)
        found.append(Person(f"user 0 of {at}, and what is public", at, viewer))
        viewer = Viewer(workspace, world.visitors[at], role=Role.END_USER, kind=ViewerKind.ANONYMOUS)
        found.append(Person(f"visitor of {at}", at, viewer))
        for role, scope in (
            (Role.INGEST, KeyScope.INGEST),
            (Role.VIEWER, KeyScope.READ),
            (Role.EDITOR, KeyScope.WRITE),
            (Role.ADMIN, KeyScope.ADMIN),
        ):
            viewer = Viewer(workspace, role=role, kind=ViewerKind.KEY, key_id=keys[0], scope=scope)
            found.append(Person(f"{role.value.lower()} of {at}", at, viewer))
    return found


class Sight:
    """What somebody may see of the world."""

    def __init__(self, world: World, person: Person) -> None:
        self.person = person
        self.rows: Rows = (
            _seen_by_user(world.rows, person.viewer) if person.ends else _seen_by_staff(world.rows, person)
        )
        self.ids = {row["id"] for rows in self.rows.values() for row in rows if "id" in row}
        viewer = person.viewer
        own: set[str] = marks_of(told([str(viewer.workspace_id), viewer.user_id, str(viewer.key_id)]))
        if viewer.role is Role.INGEST:
            # It reads nothing; what it has written to is told by its id.
            self.marks = own | {str(key) for key in self.ids} | marks_in_rows(self.rows["workspaces"])
        else:
            self.marks = own | marks_in_rows(
                row for rows in self.rows.values() for row in without_loose_ends(rows, self.ids)
            )


def without_loose_ends(rows: list[Row], ids: set[UUID]) -> list[Row]:
    """The rows without the keys of what is not there."""
    return [
        {name: None if name in LINKS and value not in ids else value for name, value in row.items()} for row in rows
    ]


def _seen_by_staff(rows: Rows, person: Person) -> dict[str, list[Row]]:
    here = person.viewer.workspace_id
    found = {
        name: [row for row in each if row.get("workspace_id", row.get("id")) == here] for name, each in rows.items()
    }
    if person.viewer.role is not Role.ADMIN:
        found |= {name: [] for name in _ADMINS}
    return found


def _seen_by_user(rows: Rows, viewer: Viewer) -> dict[str, list[Row]]:
    here, user = viewer.workspace_id, viewer.user_id
    found: dict[str, list[Row]] = {name: [] for name in rows}

    def keep(name: str, holds: Callable[[Row], bool]) -> set[UUID]:
        found[name] = [row for row in rows[name] if row.get("workspace_id", row.get("id")) == here and holds(row)]
        return {row["id"] for row in found[name] if "id" in row}

    keep("workspaces", lambda _: True)
    talks = keep("conversations", lambda row: _talk_is_seen(row, viewer))
    own = {row["id"] for row in found["conversations"] if row["owner_id"] == user}
    for name in ("conversation_tags", "conversation_tools"):
        keep(name, lambda row: row["conversation_id"] in talks)
    messages = keep("messages", lambda row: row["conversation_id"] in talks)
    for name in ("content_parts", "follow_up_questions", "attachments", "tool_calls"):
        keep(name, lambda row: row["message_id"] in messages)
    keep("citations", lambda row: row["conversation_id"] in talks)
    opinions = keep("feedback", lambda row: row["conversation_id"] in talks and _opinion_is_seen(row, user, own))
    for name in ("feedback_reasons", "feedback_scores", "citation_verdicts"):
        keep(name, lambda row: row["feedback_id"] in opinions)
    uses = Counter(row["source_id"] for row in found["citations"])
    keep("sources", lambda row: uses[row["id"]] > 0)
    found["sources"] = [{**row, "citation_count": uses[row["id"]]} for row in found["sources"]]
    for name in ("assistants", "tools", "assistant_tools"):
        keep(name, lambda _: True)
    for name, columns in MASKED.items():
        found[name] = [{**row, **dict.fromkeys(columns)} for row in found[name]]
    assert not any(found[name] for name in _HIDDEN_FROM_USERS), "end users see none of these"
    return found


def _talk_is_seen(row: Row, viewer: Viewer) -> bool:
    return row["owner_id"] == viewer.user_id or (viewer.sees_public and row["visibility"] is Visibility.PUBLIC)


def _opinion_is_seen(row: Row, user: str | None, own: set[UUID]) -> bool:
    theirs = row["author_kind"] is FeedbackAuthor.END_USER and row["author_id"] == user
    return theirs or (row["is_owners"] and row["conversation_id"] in own)


def belongs_to(rows: Rows) -> Mapping[tuple[str, tuple[Any, ...]], UUID]:
    """For each row, by its table and key, the conversation that it is of, if it is of one."""
    talk_of = {row["id"]: row["conversation_id"] for name in ("messages", "feedback") for row in rows[name]}
    of_entities: dict[UUID, UUID] = dict(talk_of)
    of_entities |= {row["id"]: row["id"] for row in rows["conversations"]}
    of_entities |= {row["id"]: row["conversation_id"] for row in rows["citations"]}
    found: dict[tuple[str, tuple[Any, ...]], UUID] = {}
    for name, each in rows.items():
        for row in each:
            talk = row["id"] if name == "conversations" else row.get("conversation_id")
            talk = talk or talk_of.get(row.get("message_id") or row.get("feedback_id"))
            talk = talk or of_entities.get(row.get("entity_id") or uuid(0))
            if talk is not None:
                found[name, key_of(name, row)] = talk
    return found


def key_of(name: str, row: Mapping[str, Any]) -> tuple[Any, ...]:
    """The primary key of a row."""
    from db.tables import metadata

    return tuple(row[column.name] for column in metadata.tables[name].primary_key)
