"""What a text could get around the wall with: each way is refused, or finds nothing either."""

import contextlib
import re
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest
import sqlalchemy as sa

from db.bare import Bare
from db.database import Database
from db.statement_texts import Unwalled
from db.tables import metadata
from db.viewer import PROGRAM
from db.wall_rules import EVERYTHING, RULES
from db.walls import Wall
from tests.access.walls.worlds import ME, answered, columns_of
from tests.conftest import recorded
from tests.db.builders import World
from tests.db.everything import Everything, verbs

PLAIN = [
    "SELECT title FROM conversations",
    "SELECT c.title FROM conversations c",
    "SELECT c.title FROM conversations AS c WHERE c.id = c.id",
    'SELECT "c".title FROM "conversations" AS "c"',
    'SELECT "conversations".title FROM "conversations"',
    "select TITLE from CONVERSATIONS",
    "SELECT\n\ttitle\nFROM\nconversations",
    "SELECT (SELECT max(title) FROM conversations)",
    "SELECT x.title FROM (SELECT * FROM conversations) AS x",
    "SELECT title FROM conversations UNION ALL SELECT title FROM conversations",
    "SELECT a.title FROM conversations AS a JOIN conversations AS b ON a.id = b.id",
]
BOTH = [
    *PLAIN,
    "SELECT title FROM(conversations)",
    "SELECT m.content FROM messages AS m",
    "SELECT m.content FROM messages AS m WHERE m.conversation_id IN (SELECT id FROM conversations)",
    "WITH x AS (SELECT title FROM conversations) SELECT title FROM x",
    "WITH RECURSIVE x(t, n) AS (SELECT title, 1 FROM conversations UNION ALL SELECT t, n + 1 FROM x WHERE n < 2)"
    " SELECT t FROM x",
    "WITH conversations AS (SELECT title FROM conversations) SELECT title FROM conversations",
    "SELECT * FROM (WITH conversations AS (SELECT title FROM conversations) SELECT title FROM conversations) AS x",
    "SELECT 'x' FROM conversations WHERE 'a''b' <> 'conversations'",
    "SELECT title FROM conversations -- conversations",
    "SELECT title /* FROM conversations */ FROM conversations",
    "SELECT title FROM conversations; SELECT title FROM conversations",
    "SELECT count(*) FROM conversations HAVING count(*) > 0",
    "VALUES ((SELECT max(title) FROM conversations))",
    "DELETE FROM conversations RETURNING title",
    "DELETE FROM conversations WHERE 1 = 1 OR 1 = 1 RETURNING title",
    "UPDATE conversations SET title = 'x' RETURNING title",
    "UPDATE conversations SET title = (SELECT max(title) FROM conversations) WHERE 1 = 1 OR 1 = 1 RETURNING title",
    "DELETE FROM conversations AS c RETURNING c.title",
    "UPDATE conversations AS c SET title = 'x' RETURNING title",
    "EXPLAIN SELECT title FROM conversations",
]
ON_SQLITE = [
    "SELECT title FROM main.conversations",
    'SELECT title FROM main."conversations"',
    "SELECT title FROM main . conversations",
    "SELECT title FROM 'conversations'",
    "SELECT title FROM [conversations]",
    "SELECT title FROM `conversations`",
    'SELECT title FROM "CONVERSATIONS"',
    "SELECT title FROM conversations WHERE id = ?1 OR 1",
    "SELECT title FROM conversations WHERE id = :id OR 1",
    "INSERT OR REPLACE INTO conversations SELECT * FROM conversations RETURNING title",
    "REPLACE INTO conversations SELECT * FROM conversations RETURNING title",
    "PRAGMA table_info(conversations)",
    "ATTACH 'x' AS y",
    "SELECT title FROM conversations NOT INDEXED",
]
ON_POSTGRESQL = [
    "SELECT title FROM public.conversations",
    'SELECT title FROM "public"."conversations"',
    "SELECT title FROM public . conversations",
    "SELECT title FROM ONLY conversations",
    "TABLE conversations",
    "SELECT (SELECT c FROM conversations AS c LIMIT 1)",
    r'SELECT title FROM U&"\0063onversations"',
    r"SELECT E'\'' || title FROM conversations WHERE E'\'' <> ''",
    "SELECT $$ $$ || title FROM conversations",
    "SELECT title FROM conversations FOR UPDATE",
    "SELECT title FROM conversations FOR NO KEY UPDATE",
    "SELECT title FROM conversations FOR SHARE",
    "WITH x AS (DELETE FROM conversations RETURNING title) SELECT title FROM x",
    "WITH x AS (SELECT 1) DELETE FROM conversations RETURNING title",
    "WITH x AS (SELECT 1) UPDATE conversations SET title = 'x' FROM x RETURNING title",
    "DELETE FROM conversations USING messages RETURNING title",
    "SELECT title INTO other FROM conversations",
    "COPY conversations TO STDOUT",
    "CREATE TABLE other AS SELECT * FROM conversations",
    "DO 'BEGIN END'",
    "PREPARE x AS SELECT title FROM conversations",
    "DECLARE x CURSOR FOR SELECT title FROM conversations",
    "LISTEN conversations",
    "MERGE INTO conversations USING messages ON true WHEN MATCHED THEN DELETE",
    "SELECT title FROM conversations, LATERAL (SELECT title FROM conversations) AS x",
]
REFUSED = (Unwalled, sqlite3.Error, asyncpg.PostgresError, sa.exc.SQLAlchemyError)


async def found(database: Database, text: str, *, viewer: Any) -> list[Any]:
    """What a text finds, in both ways to the driver; a refusal is nothing."""

    async def bare(connection: Bare) -> list[Any]:
        return [tuple(row) for row in await connection.fetch(text, ())]

    async def plain(connection: Any) -> list[Any]:
        result = await connection.exec_driver_sql(text)
        return [tuple(row) for row in result] if result.returns_rows else []

    rows: list[Any] = []
    ways: list[tuple[Any, Any]] = [(database.look, bare), (database.ask, plain), (database.transact, plain)]
    for way, work in ways:
        with contextlib.suppress(*REFUSED):
            rows += await way(work, viewer=viewer)
    return rows


async def test_a_hostile_text_finds_nothing_of_another_owner(database: Database) -> None:
    async with database.write(viewer=PROGRAM) as connection:
        world = World(connection)
        theirs = await world.conversation(owner_id="you", title="secret")
        await world.message(theirs, 0, content="secret")
        await world.conversation(owner_id="me", title="mine")
    for text in [*BOTH, *(ON_SQLITE if database.dialect == "sqlite" else ON_POSTGRESQL)]:
        rows = await found(database, text, viewer=ME)
        assert "secret" not in repr(rows), text
    async with database.read(viewer=PROGRAM) as connection:
        kept = await connection.execute(sa.select(metadata.tables["conversations"].c.title).order_by("title"))
        assert "secret" in kept.scalars().all(), "it was neither changed nor deleted"


async def test_the_texts_that_need_no_refusal_find_what_is_ones_own(database: Database) -> None:
    async with database.write(viewer=PROGRAM) as connection:
        await World(connection).conversation(owner_id="me", title="mine")
    for text in PLAIN:
        assert "mine" in repr(await found(database, text, viewer=ME)), text


def test_every_table_has_a_rule_and_no_rule_shows_everything() -> None:
    assert set(RULES) == set(metadata.tables)
    assert EVERYTHING not in RULES.values()


async def test_no_statement_of_a_verb_reaches_the_driver_without_the_wall(database: Database) -> None:
    everything = Everything(owner_id="me")
    async with database.write(viewer=PROGRAM) as connection:
        await everything.build(World(connection))
    sent: list[str] = []
    async with reaching_the_driver(database, sent):
        for room, name, verb in verbs():
            given = everything.keys()[f"{room.__name__.removeprefix('db.')}.{name}"]
            await answered(database, verb, *given, viewer=ME)
            if columns_of(verb):
                await answered(database, verb, *given, viewer=ME, bare=True)
    assert len(sent) > 60
    for text in sent:
        assert names_only_walls(text), text


def names_only_walls(text: str) -> bool:
    """Whether each table that the text reads is defined in front of it."""
    named = {table for table in metadata.tables if re.search(rf'(FROM|JOIN|,) "?{table}"?\b', text)}
    defined = set(re.findall(r"(\w+) AS NOT MATERIALIZED", text))
    return text.startswith("WITH ") and named <= defined


@asynccontextmanager
async def reaching_the_driver(database: Database, sent: list[str]) -> AsyncIterator[None]:
    """Note what SQLite itself, or asyncpg's connection, is given."""

    async def trace(connection: Any) -> None:
        # The connection that was used last is the next to be lent.
        connection.raw.set_trace_callback(sent.append)

    if database.dialect == "sqlite":
        await database.look(trace, viewer=PROGRAM)
        yield
        return
    with pytest.MonkeyPatch.context() as patch:
        for name in ("fetch", "prepare"):
            original = getattr(asyncpg.Connection, name)

            async def noted(own: Any, text: str, *args: Any, original: Any = original, **options: Any) -> Any:
                sent.append(text)
                return await original(own, text, *args, **options)

            patch.setattr(asyncpg.Connection, name, noted)
        yield


def test_a_wall_is_built_once_for_a_text() -> None:
    with_me = Wall("postgresql", "w", "me", False)
    with_you = with_me._replace(user="you")
    text = "SELECT title FROM conversations WHERE id = $1"
    (ours, mine), (theirs, yours) = with_me.around(text, ("x",)), with_you.around(text, ("x",))
    assert ours is theirs
    assert (mine, yours) == (("x", "w", "me"), ("x", "w", "you"))


async def test_who_sees_all_pays_nothing(database: Database) -> None:
    with recorded(database) as statements:
        await found(database, "SELECT title FROM conversations", viewer=PROGRAM)
    assert {text for text in statements if text.startswith("WITH")} == set()
