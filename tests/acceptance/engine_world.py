"""A database with something of everything, to compare executions on.

Rows are drawn column by column, so that what may be null is null somewhere, and has a value elsewhere.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from db.database import Database
from db.jsons import parse
from db.record import JsonText, UtcDateTime
from db.tables import metadata
from db.viewer import DEFAULT_WORKSPACE_ID, PROGRAM
from tests.graph import world

SIZES: Final = {
    "assistants": 4,
    "tools": 4,
    "sources": 6,
    "conversations": 12,
    "assistant_tools": 6,
    "conversation_tags": 20,
    "conversation_tools": 10,
    "messages": 60,
    "attachments": 10,
    "citations": 36,
    "content_parts": 40,
    "follow_up_questions": 14,
    "tool_calls": 20,
    "feedback": 36,
    "citation_verdicts": 20,
    "feedback_reasons": 16,
    "feedback_scores": 16,
    "origins": 40,
    "workspaces": 3,
    "api_keys": 8,
    "audit_entries": 24,
}
"""How many rows of each table are drawn; some are refused for their keys."""

TEXTS: Final = (
    "",
    " ",
    "a",
    "Refunds",
    "é漢🙂",
    "ΣΑΣ",
    "line\nfeed",
    'quote " and \\',
    "1",
    "null",
    "\ufffd",
    "\u2028",
)

DOCUMENTS: Final = (
    *(parse(text) for text in ("0", "-0.0", "1.0", "1e400", "9007199254740993", "123456789012345678901234567890")),
    *(True, "", "text", "\ud800", "a\0", [], {}, [1, [None]], {"plan": "pro"}, {"plan": None, "n": parse("1.50")}),
    *({"page": {"path": ["docs", "é"]}}, {"a": [1, 2.5, "x"], "": {"b": False}}, {"\ud83d\ude42": "\udfff"}),
)

LISTS: Final[dict[str, tuple[Any, ...]]] = {
    "shared_with": ([], [{"userId": "ben", "access": "READ"}, {"userId": "é", "access": "WRITE"}]),
    "breadcrumbs": ([], ["Help", "Money"], [""]),
    "pages": ([], [1, 2], [0, -(2**31), 2**31 - 1]),
}
"""Columns whose JSON has a shape."""

LINKS: Final = {
    "forked_from_id": "messages",
    "last_message_id": "messages",
    "current_message_id": "messages",
    "seen_current_message_id": "messages",
    "seen_assistant_id": "assistants",
    "result_message_id": "messages",
    "key_id": "api_keys",
}
"""Columns that hold keys and have no foreign key."""

OF_ENTITIES: Final = {
    "CONVERSATION": "conversations",
    "MESSAGE": "messages",
    "REFERENCE": "citations",
    "SOURCE": "sources",
    "ASSISTANT": "assistants",
    "TOOL": "tools",
    "FEEDBACK": "feedback",
}

ACTIONS: Final = {
    "read": None,
    "export": "Conversation",
    "createTool": "Tool",
    "deleteMessage": "Message",
    "revokeApiKey": "ApiKey",
}
"""What the audit log tells of, and the types of what it was done to."""

OF_TYPES: Final = {
    "Conversation": "conversations",
    "Message": "messages",
    "Tool": "tools",
    "ApiKey": "api_keys",
}


FIRST: Final = datetime.min.replace(tzinfo=UTC)
LAST: Final = datetime.max.replace(tzinfo=UTC)


async def fill(database: Database, seed: int = 7) -> None:
    """The small world of the tests of queries, and drawn rows beside it and hung into it."""
    await world.build(database, plain=5)
    async with database.write(viewer=PROGRAM) as connection:
        filling = _Filling(connection, Random(seed))
        for name, size in SIZES.items():
            await filling.fill(metadata.tables[name], size)
        await filling.link()


class _Filling:
    """Drawn rows, each in a savepoint of its own: one whose key is taken is left out."""

    def __init__(self, connection: AsyncConnection, random: Random) -> None:
        self._connection, self._random = connection, random
        self._rows: dict[str, list[dict[str, Any]]] = {}

    async def fill(self, table: sa.Table, size: int) -> None:
        """Draw rows of a table."""
        found = await self._connection.execute(sa.select(table))
        rows = self._rows[table.name] = [dict(row._mapping) for row in found]
        for number in range(size):
            row = self._row(table, number)
            with suppress(IntegrityError):
                async with self._connection.begin_nested():
                    await self._connection.execute(table.insert().values(**row))
                rows.append(row)

    async def link(self) -> None:
        """Give conversations the messages that they name, which were drawn later."""
        table = metadata.tables["conversations"]
        for row in self._rows["conversations"][3:]:
            values = {
                name: self._key("messages") if self._random.random() < 0.7 else None
                for name in ("forked_from_id", "last_message_id", "current_message_id")
            }
            await self._connection.execute(table.update().where(table.c.id == row["id"]).values(**values))

    def _row(self, table: sa.Table, number: int) -> dict[str, Any]:
        row = {
            column.name: self._value(column)
            for column in table.columns
            if column.computed is None and column.name not in ("identity", "presence", "import_id")
        }
        self._fit(table.name, number, row)
        return row

    def _fit(self, table: str, number: int, row: dict[str, Any]) -> None:
        """What belongs together stands together."""
        if row.get("external_id") is not None:
            row["external_id"] = f"{table}-{number}"
        if "position" in row:
            row["position"] = number % 4
        if table == "conversations" and self._random.random() < 0.7:
            row["deleted_at"] = None
        if table == "messages":
            within = [each for each in self._rows[table] if each["conversation_id"] == row["conversation_id"]]
            row["sequence"] = max((each["sequence"] for each in within), default=0) + 1
            row["parent_id"] = self._random.choice(within)["id"] if within and self._random.random() < 0.8 else None
            row["branch_position"] = row["sequence"] if self._random.random() < 0.7 else None
        if table == "citations" and row["message_id"] is not None:
            row["conversation_id"] = self._of("messages", row["message_id"])["conversation_id"]
        if table == "feedback":
            if row["reference_id"] is not None:
                row["message_id"] = self._of("citations", row["reference_id"])["message_id"]
            if row["message_id"] is not None:
                row["conversation_id"] = self._of("messages", row["message_id"])["conversation_id"]
        if table == "origins":
            row["entity_id"], row["record_id"] = self._key(OF_ENTITIES[row["entity"]]), f"record-{number}"
        if table == "api_keys":
            row["digest"] = f"digest-{number}"
        if table == "audit_entries":
            row["action"], name = self._random.choice(list(ACTIONS.items()))
            row["type_name"], row["node_id"] = name, self._key(OF_TYPES[name]) if name else None

    def _of(self, table: str, key: UUID) -> dict[str, Any]:
        return next(row for row in self._rows[table] if row["id"] == key)

    def _key(self, table: str) -> Any:
        return self._random.choice(self._rows[table])["id"] if self._rows.get(table) else None

    def _value(self, column: sa.Column[Any]) -> Any:
        random, kind = self._random, column.type
        if column.name == "workspace_id":
            return DEFAULT_WORKSPACE_ID
        if column.nullable and random.random() < 0.35:
            return None
        for key in column.foreign_keys:
            return self._key(key.column.table.name)
        if isinstance(kind, sa.Uuid):
            return self._key(LINKS[column.name]) if column.name in LINKS else UUID(int=random.getrandbits(128))
        if isinstance(kind, sa.Enum):
            assert kind.enum_class is not None, "words are enums of Python"
            return random.choice(list(kind.enum_class))
        if isinstance(kind, UtcDateTime):
            return _moment(random)
        if isinstance(kind, JsonText):
            return random.choice(LISTS.get(column.name, DOCUMENTS))
        return _plain(random, kind, column.name)


def _moment(random: Random) -> datetime:
    return random.choice(
        (
            world.at(random.randint(0, 9)),
            world.at(random.random()),
            FIRST + timedelta(days=1),
            LAST - timedelta(days=1),
            datetime(1969, 12, 31, tzinfo=UTC) + timedelta(microseconds=random.randint(0, 10)),
        )
    )


def _plain(random: Random, kind: Any, name: str) -> Any:
    if isinstance(kind, sa.Boolean):
        return random.random() < 0.5
    if isinstance(kind, sa.BigInteger):
        return random.choice((0, 2**31 - 1, 2**31, 2**40))
    if isinstance(kind, sa.Integer):
        return random.choice((0, 1, 2, 7, 2**31 - 1) if name in ("number", "version") else (0, 3, -1, -(2**31)))
    if isinstance(kind, sa.Float):
        return random.choice((0.0, -0.0, 0.5, 1.0, 1e300, 5e-324, -2.25))
    length = getattr(kind, "length", None) or 99
    return random.choice(TEXTS)[:length]
