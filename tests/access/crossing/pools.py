"""What of somebody's arguments can name: ids, ids of their own, cursors, and words that stand in their rows."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any, Final

from db.words import MessageRole
from graph import ids
from graph.access.limits import UNBOUNDED
from graph.context import Context
from graph.schema import schema
from tests.acceptance.engine_values import TABLES
from tests.access.crossing.people import Person, Sight, belongs_to
from tests.access.crossing.stage import Stage

_EDGES: Final = "{ edges { cursor } }"
_LISTS: Final = {
    "Query.conversations": ("conversations(first: 100 %s) %s", ("CREATED_AT", "TITLE", "MESSAGE_COUNT")),
    "Query.messages": ("messages(first: 100 %s) %s", ("TIMESTAMP",)),
    "Query.feedback": ("feedback(first: 100 %s) %s", ("UPDATED_AT",)),
    "Query.sources": ("sources(first: 100 %s) %s", ("TITLE", "CREATED_AT")),
    "Query.assistants": ("assistants(first: 100 %s) %s", ()),
    "Query.tools": ("tools(first: 100 %s) %s", ()),
    "Query.auditLog": ("auditLog(first: 100 %s) %s", ()),
    "Conversation.messages": ("conversations(first: 30) { nodes { on: messages(allBranches: true %s) %s } }", ()),
    "Conversation.references": ("conversations(first: 30) { nodes { on: references(first: 4 %s) %s } }", ()),
    "Conversation.feedback": ("conversations(first: 30) { nodes { on: feedback(first: 4 %s) %s } }", ()),
    "Assistant.conversations": ("assistants { nodes { on: conversations(first: 4 %s) %s } }", ()),
    "Tool.conversations": ("tools { nodes { on: conversations(first: 4 %s) %s } }", ()),
    "Source.references": ("sources { nodes { on: references(first: 6 %s) %s } }", ()),
}
"""For each list of pages how its cursors are asked for, and by which orders besides its own."""

_SNAKE: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")


@dataclass
class Pool:
    """What is somebody's."""

    person: Person
    ids: dict[str, list[str]] = field(default_factory=dict)
    """By type."""
    living: dict[str, list[str]] = field(default_factory=dict)
    """By type, without what is of deleted conversations."""
    uuids: list[str] = field(default_factory=list)
    questions: list[str] = field(default_factory=list)
    """Messages of users, in living conversations."""
    answers: list[str] = field(default_factory=list)
    """The same of assistants."""
    external_ids: list[str] = field(default_factory=list)
    """Of living conversations."""
    texts: dict[str, list[str]] = field(default_factory=dict)
    """By the name of the column."""
    words: list[str] = field(default_factory=list)
    cursors: dict[str, list[str]] = field(default_factory=dict)
    keys: list[str] = field(default_factory=list)
    """Keys of properties."""
    token: str = ""
    """Of the workspace's visitor."""

    def named(self, name: str) -> list[str]:
        """Texts for a field of that name."""
        return self.texts.get(_SNAKE.sub("_", name).lower()) or self.words


async def pool_of(person: Person, sight: Sight, stage: Stage) -> Pool:
    """What is in what somebody sees; cursors as the lists give them to this one."""
    texts: dict[str, set[str]] = defaultdict(set)
    rows = sight.rows
    for each in rows.values():
        for row in each:
            for name, value in row.items():
                if type(value) is str:
                    texts[name].add(value)
    texts["tags"] = texts.pop("tag", set())
    documents = [row["properties"] for row in rows["conversations"] if row["properties"]]
    dead = {row["id"] for row in rows["conversations"] if row["deleted_at"] is not None}
    talks = belongs_to(rows)
    living = {
        name: [
            ids.encode(name, row["id"])
            for row in rows.get(table, ())
            if row.get("deleted_at") is None and talks.get((table, (row["id"],))) not in dead
        ]
        for name, table in TABLES.items()
    }
    said = {ids.encode("Message", row["id"]): row["role"] for row in rows["messages"]}
    found = Pool(
        person,
        ids={name: [ids.encode(name, row["id"]) for row in rows.get(table, ())] for name, table in TABLES.items()},
        living=living,
        uuids=sorted(str(key) for key in sight.ids),
        questions=[key for key in living["Message"] if said[key] is MessageRole.USER],
        answers=[key for key in living["Message"] if said[key] is MessageRole.ASSISTANT],
        external_ids=[
            row["external_id"] for row in rows["conversations"] if row["external_id"] and row["id"] not in dead
        ],
        texts={name: sorted(values) for name, values in texts.items()},
        words=sorted(texts["title"] | texts["content"] | texts["external_id"]),
        keys=sorted({key for document in documents for key in document}),
    )
    for place, (text, orders) in _LISTS.items():
        found.cursors[place] = await _cursors(stage, person, text, "")
        for order in orders:
            found.cursors[place + order] = await _cursors(stage, person, text, f", orderBy: [{{field: {order}}}]")
    return found


async def _cursors(stage: Stage, person: Person, text: str, order: str) -> list[str]:
    context = Context(stage.database, person.viewer, bounds=UNBOUNDED)
    answer = await schema.execute(f"{{ list: {text % (order, _EDGES)} }}", context_value=context)
    return _found(answer.data)


def _found(data: Any) -> list[str]:
    if isinstance(data, dict):
        return [data["cursor"]] if "cursor" in data else [one for each in data.values() for one in _found(each)]
    return [one for each in data for one in _found(each)] if isinstance(data, list) else []
