"""What is in a database after an import, in the words of the records, for comparisons."""

import shutil
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import sqlalchemy as sa

from db import migrations
from db.database import Database, database_url
from db.tables import metadata
from db.viewer import PROGRAM

T = metadata.tables


@asynccontextmanager
async def copied_database(folder: Path) -> AsyncIterator[Database]:
    """A fresh SQLite database: a copy of one that was migrated once, for tests that need a great many."""
    template = folder / "template.db"
    if not template.exists():
        made = Database.open(database_url(str(template)))
        await migrations.upgrade(made)
        await made.close()
    path = folder / f"{uuid4().hex}.db"
    shutil.copyfile(template, path)
    database = Database.open(database_url(str(path)))
    try:
        yield database
    finally:
        await database.close()


Row = dict[str, Any]


async def rows(database: Database, table: str, *order: str) -> list[Row]:
    """All rows of a table."""
    columns = [column for column in T[table].columns if column.computed is None]
    async with database.read(viewer=PROGRAM) as connection:
        statement = sa.select(*columns).order_by(*(T[table].c[name] for name in order))
        return [dict(row) for row in (await connection.execute(statement)).mappings()]


async def one(database: Database, table: str) -> Row:
    """The only row of a table."""
    (row,) = await rows(database, table)
    return row


async def count(database: Database, table: str) -> int:
    """How many rows a table has."""
    async with database.read(viewer=PROGRAM) as connection:
        found: int = (await connection.execute(sa.select(sa.func.count()).select_from(T[table]))).scalar_one()
        return found


async def counts(database: Database) -> dict[str, int]:
    """How many rows each table has; without what was noted of the calls themselves."""
    return {name: await count(database, name) for name in T if name not in ("alembic_version", "audit_entries")}


async def everything(database: Database) -> dict[str, list[Row]]:
    """All rows of all tables, in an order of their own; without what was noted of the calls themselves."""
    return {
        name: sorted((row for row in await rows(database, name)), key=repr)
        for name in T
        if name not in ("alembic_version", "audit_entries")
    }


async def texts(database: Database, record_id: str = "c") -> list[str]:
    """The contents of a conversation's messages, in their order."""
    async with database.read(viewer=PROGRAM) as connection:
        statement = (
            sa.select(T["messages"].c.content)
            .join_from(T["messages"], T["origins"], T["origins"].c.entity_id == T["messages"].c.conversation_id)
            .where(T["origins"].c.record_id == record_id)
            .order_by(T["messages"].c.sequence)
        )
        return list((await connection.execute(statement)).scalars())


async def branch(database: Database) -> list[str]:
    """The contents of the messages on the branch in play, of the only conversation."""
    on_it = [row for row in await rows(database, "messages") if row["branch_position"] is not None]
    return [row["content"] for row in sorted(on_it, key=lambda row: row["branch_position"])]


async def story(database: Database) -> Any:
    """What all conversations say, without ids, versions and times that were made here; uncited sources left out."""
    origins = {row["entity_id"]: row["record_id"] for row in await rows(database, "origins")}
    messages = await rows(database, "messages", "conversation_id", "sequence")
    by_id = {row["id"]: row for row in messages}
    sources = {row["id"]: (row["url"], row["title"], row["citation_count"]) for row in await rows(database, "sources")}
    citations = await rows(database, "citations", "position")
    feedback = await rows(database, "feedback", "position")

    def told(row: Row) -> Any:
        above = by_id.get(row["parent_id"])
        return (
            origins.get(row["id"]),
            row["content"],
            row["timestamp"],
            row["sequence"],
            row["branch_position"],
            origins.get(above["id"]) if above else None,
            [(each["url"], sources.get(each["source_id"])) for each in citations if each["message_id"] == row["id"]],
            sorted((origins.get(each["id"]), each["comment"]) for each in feedback if each["message_id"] == row["id"]),
        )

    return sorted(
        (
            origins[row["id"]],
            row["title"],
            row["preview"],
            row["message_count"],
            row["last_activity_at"],
            origins.get(row["current_message_id"]),
            origins.get(row["last_message_id"]),
            [told(message) for message in messages if message["conversation_id"] == row["id"]],
        )
        for row in await rows(database, "conversations")
    )


CHECKED: Final = {
    "conversations": ("id", "message_count", "last_message_id", "current_message_id"),
    "messages": ("id", "conversation_id", "sequence", "branch_position", "parent_id"),
    "citations": ("source_id",),
    "sources": ("id", "citation_count"),
    "tool_calls": ("message_id", "result_message_id"),
    "assistants": ("id",),
    "tools": ("id",),
    "feedback": ("id",),
    "origins": ("entity_id",),
    "record_versions": ("entity_id",),
}
"""What `check` looks at and no more: it does so after very many tests, whose databases are all new to SQLAlchemy."""


async def check(database: Database) -> None:
    """Assert all that must hold of any database: counters, order, the branch in play, one origin a record."""
    found: dict[str, list[Row]] = {}
    async with database.read(viewer=PROGRAM) as connection:
        for name, columns in CHECKED.items():
            statement = sa.select(*(T[name].c[column] for column in columns))
            found[name] = [dict(row) for row in (await connection.execute(statement)).mappings()]
    conversations = found["conversations"]
    messages = sorted(found["messages"], key=lambda row: (row["conversation_id"], row["sequence"]))
    by_id = {row["id"]: row for row in messages}
    by_conversation: dict[Any, list[Row]] = {row["id"]: [] for row in conversations}
    for row in messages:
        by_conversation[row["conversation_id"]].append(row)
    cited = Counter(row["source_id"] for row in found["citations"])
    for source in found["sources"]:
        assert source["citation_count"] == cited[source["id"]], source
    for conversation in conversations:
        own = by_conversation[conversation["id"]]
        assert conversation["message_count"] == len(own)
        assert conversation["last_message_id"] == (own[-1]["id"] if own else None)
        sequences = [row["sequence"] for row in own]
        assert sequences == sorted(set(sequences)), "unique and rising; a deletion leaves a gap"
        assert all(sequence >= 0 for sequence in sequences)
        path, at = [], by_id.get(conversation["current_message_id"])
        assert (at is None) == (not own)
        while at is not None:
            path.append(at["id"])
            at = by_id.get(at["parent_id"])
        placed = sorted((row["branch_position"], row["id"]) for row in own if row["branch_position"] is not None)
        assert placed == list(enumerate(reversed(path)))
        parents = {row["parent_id"] for row in own}
        assert conversation["current_message_id"] not in parents, "the branch in play ends at a leaf"
        for row in own:
            if row["parent_id"] is not None:
                above = by_id[row["parent_id"]]
                assert above["conversation_id"] == row["conversation_id"]
                assert above["sequence"] < row["sequence"], "parents come first"
    for call in found["tool_calls"]:
        if call["result_message_id"] is not None:
            result, asking = by_id[call["result_message_id"]], by_id[call["message_id"]]
            assert result["conversation_id"] == asking["conversation_id"]
    named = ("conversations", "messages", "sources", "assistants", "tools", "feedback")
    entities = {row["id"] for name in named for row in found[name]}
    assert {row["entity_id"] for row in found["origins"]} <= entities
    assert {row["entity_id"] for row in found["record_versions"]} <= entities
