"""Values for the arguments of generated operations: ids, cursors and conditions that find something, as a rule."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from random import Random
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    get_named_type,
)

from db.database import Database
from db.viewer import PROGRAM
from graph import ids
from tests.execution.operations import Spot, Word
from tests.graph import world
from tests.graph.asking import Client

TABLES: Final = {
    "Conversation": "conversations",
    "Message": "messages",
    "ToolCall": "tool_calls",
    "Attachment": "attachments",
    "Reference": "citations",
    "Source": "sources",
    "Assistant": "assistants",
    "Tool": "tools",
    "Feedback": "feedback",
    "Workspace": "workspaces",
    "ApiKey": "api_keys",
    "AuditEntry": "audit_entries",
}
"""The types with ids."""

OF_FIELDS: Final = {
    "conversationId": "Conversation",
    "messageId": "Message",
    "sourceId": "Source",
    "assistantId": "Assistant",
    "through": "Message",
    "around": "Message",
}
"""The types whose ids input fields and arguments take, where their names say it."""

LISTS: Final = {
    "Query.conversations": "conversations(first: 100 %s)",
    "Query.messages": "messages(first: 100 %s)",
    "Query.feedback": "feedback(first: 100 %s)",
    "Query.assistants": "assistants(first: 100)",
    "Query.tools": "tools(first: 100)",
    "Query.sources": "sources(first: 100 %s)",
    "Query.auditLog": "auditLog(first: 100)",
    "Conversation.messages": "conversations(first: 30) { nodes { on: messages(first: 4, allBranches: true) %s } }",
    "Conversation.references": "conversations(first: 30) { nodes { on: references(first: 4) %s } }",
    "Conversation.feedback": "conversations(first: 30) { nodes { on: feedback(first: 4) %s } }",
    "Assistant.conversations": "assistants { nodes { on: conversations(first: 4) %s } }",
    "Tool.conversations": "tools { nodes { on: conversations(first: 4) %s } }",
    "Source.references": "sources { nodes { on: references(first: 6) %s } }",
}
"""For each list of pages how its cursors are asked for."""

ORDERS: Final = {
    "Query.conversations": ("CREATED_AT", "TITLE", "MESSAGE_COUNT"),
    "Query.messages": ("TIMESTAMP",),
    "Query.feedback": ("UPDATED_AT",),
    "Query.sources": ("TITLE", "CREATED_AT"),
}

FAVOURITES: Final = {
    "Conversation": ("parcel",),
    "Message": ("ask", "calls", "result", "done", "other", "again"),
}
"""The conversation with everything, and its messages: what belongs together shall meet."""

PAGE: Final = ("first", "after", "last", "before")
"""The arguments of pages in their order."""

EDGES: Final = "{ edges { cursor } }"

WORDS: Final = (
    *("", "a", "Refunds", "Plain", "urgent", "billing", "ada", "High", "pro", "é", "small-1", "chat-1", "T-7"),
    "read",
)
PATHS: Final[tuple[list[str], ...]] = (["plan"], ["n"], ["page", "path"], ["page", "path", "0"], ["a"], [], ["trace"])
SIZES: Final = (1, 2, 3, 5, 20, 100)
MOMENTS: Final = (
    "2026-03-01T09:30:00Z",
    "2026-03-01T09:35:00+00:00",
    "2026-03-01T12:00:00.5+02:00",
    "0001-01-01T00:00:00Z",
)


@dataclass(frozen=True)
class Pool:
    """What a database holds that arguments can name."""

    ids: Mapping[str, list[str]]
    """By type."""
    cursors: Mapping[str, list[str]]
    """By type and field, with the order where it is another than the list's own."""
    names: list[str]
    """Ids in the application's own system."""

    @classmethod
    async def of(cls, database: Database) -> Pool:
        """What is in this database."""
        async with database.read(viewer=PROGRAM) as connection:
            found: dict[str, list[str]] = {}
            for type_name, table in TABLES.items():
                rows = await connection.execute(
                    sa.select(sa.column("id", sa.Uuid())).select_from(sa.table(table)).order_by(sa.column("id"))
                )
                found[type_name] = [ids.encode(type_name, row.id) for row in rows]
            rows = await connection.exec_driver_sql(
                "SELECT external_id FROM conversations WHERE external_id IS NOT NULL"
            )
            names = sorted(row.external_id for row in rows)
        client = Client(database)
        cursors: dict[str, list[str]] = {}
        for place, text in LISTS.items():
            if not place.startswith("Query."):
                cursors[place] = _cursors(await client.ask(f"{{ list: {text % EDGES} }}"))
                continue
            for name in ("", *ORDERS.get(place, ())):
                order = f", orderBy: [{{field: {name}}}]" if name else ""
                asked = text % order if "%s" in text else text
                cursors[place + name] = _cursors(await client.ask(f"{{ list: {asked} {EDGES} }}"))
        return cls(found, cursors, names)

    def told(self) -> dict[str, Any]:
        """The same in terms of JSON."""
        return asdict(self)


def _cursors(found: Any) -> list[str]:
    """All cursors in an answer."""
    if isinstance(found, dict):
        return [found["cursor"]] if "cursor" in found else [one for each in found.values() for one in _cursors(each)]
    return [one for each in found for one in _cursors(each)] if isinstance(found, list) else []


class Arguments:
    """Makes the values of arguments (`tests.execution.operations.Values`)."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._page: list[str] = []
        """What the arguments of the page that is being drawn have been given already."""

    def __call__(self, random: Random, spot: Spot, type_: GraphQLInputType) -> Any:
        """A value for the argument."""
        match spot.argument:
            case "id":
                own = spot.field[0].upper() + spot.field[1:]
                return self._id(random, own if own in TABLES else None)
            case "ids":
                return [self._id(random, None) for _ in range(random.choice((0, 1, 3, 6)))]
            case "through" | "around":
                return self._id(random, "Message")
            case "first" | "after" | "last" | "before":
                return self._of_page(random, spot)
            case "externalId":
                return random.choice(self._pool.names) if random.random() < 0.8 else "nothing"
            case "prefix":
                return random.choice(("", "b", "B", "p", "é", None))
            case "path":
                return random.choice(PATHS)
            case "deleted" | "allBranches":
                return random.random() < 0.6
            case "orderBy" | "where":
                return self._input(random, type_, spot.argument, "", 0)
        return NotImplemented

    def _of_page(self, random: Random, spot: Spot) -> Any:
        """A part of a page; mostly they go together."""
        if PAGE.index(spot.argument) <= max((PAGE.index(name) for name in self._page), default=-1):
            self._page = []
        refused = "last" if "first" in self._page or "after" in self._page else ""
        refused = "before" if "last" not in self._page and spot.argument == "before" else refused
        if spot.argument == refused and random.random() < 0.95:
            return None
        self._page.append(spot.argument)
        if spot.argument in ("after", "before"):
            return self._cursor(random, f"{spot.parent}.{spot.field}")
        return random.choice(SIZES) if random.random() < 0.97 else random.choice((0, -1, 101))

    def _id(self, random: Random, type_name: str | None) -> str:
        chance = random.random()
        if chance < 0.03:
            return random.choice(("", "nothing", ids.encode("Import", UUID(int=1)), "Q29udmVyc2F0aW9uOg"))
        known = type_name or random.choice(list(TABLES))
        if chance < 0.07:
            return ids.encode(known, UUID(int=random.getrandbits(128)))
        if chance < 0.09:
            known = random.choice(list(TABLES))  # of any type
        if known in FAVOURITES and random.random() < 0.5:
            return world.node(known, random.choice(FAVOURITES[known]))
        return random.choice(self._pool.ids[known])

    def _cursor(self, random: Random, place: str) -> str | None:
        chance = random.random()
        if chance < 0.04:
            return random.choice(("", "nothing", None))
        if chance < 0.08:
            place = random.choice(list(self._pool.cursors))
        return random.choice(self._pool.cursors[place] or [""])

    def _input(self, random: Random, type_: GraphQLInputType, name: str, within: str, depth: int) -> Any:
        """A value of an input type, for a field of that name within an object of that type."""
        if isinstance(type_, GraphQLNonNull):
            return self._input(random, type_.of_type, name, within, depth)
        if isinstance(type_, GraphQLList):
            size = random.choice((0, 1, 1, 2) if name != "orderBy" else (0, 1, 1, 1, 1, 1, 2))
            if name == "path":
                return random.choice(PATHS)
            return [self._input(random, type_.of_type, name, within, depth) for _ in range(size)]
        if isinstance(type_, GraphQLInputObjectType):
            return self._object(random, type_, within or type_.name, depth)
        if isinstance(type_, GraphQLEnumType):
            return Word(random.choice(list(type_.values)))
        match type_.name:
            case "ID":
                own = "Conversation" if within.startswith("Conversation") else within.removesuffix("Where")
                return self._id(random, own if own in TABLES else None)
            case "Boolean":
                return random.random() < 0.5
            case "Int":
                return random.choice((0, 1, 2, 6))
            case "Float":
                return random.choice((0, 0.5, -2.25))
            case "DateTime":
                return random.choice(MOMENTS) if random.random() < 0.97 else "noon"
            case "JSON":
                return random.choice(("pro", "free", 1, 0, 1.5, True, "docs"))
        return random.choice((*WORDS, *self._pool.names[:3]))

    def _object(self, random: Random, type_: GraphQLInputObjectType, within: str, depth: int) -> dict[str, Any]:
        fields = {
            name: field
            for name, field in type_.fields.items()
            if depth < 3 or not get_named_type(field.type).name.endswith("Where")
        }
        required = [name for name, field in fields.items() if isinstance(field.type, GraphQLNonNull)]
        some = random.sample(list(fields), min(len(fields), random.choice((0, 1, 1, 1, 2))))
        if type_.name.endswith("Filter") and not some:
            some = [random.choice(list(fields))]
        found: dict[str, Any] = {}
        for name in dict.fromkeys([*required, *some]):
            below = get_named_type(fields[name].type).name
            inner = OF_FIELDS.get(name, within) + "Where" if name in OF_FIELDS else within
            inner = below if below.endswith("Where") else inner
            if random.random() < 0.02 and name not in required:
                found[name] = None
            else:
                found[name] = self._input(random, fields[name].type, name, inner, depth + 1)
        return found
