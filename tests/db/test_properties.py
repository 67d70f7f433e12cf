"""What the free JSON holds: keys and values for filters to offer, counted alike on both databases."""

from typing import Any

import pytest

from db import conversations, properties
from db.database import Database
from db.errors import InvalidInput
from db.jsons import dump, parse
from db.viewer import DEFAULT_VIEWER as ME
from db.viewer import PROGRAM
from tests.db.builders import START, World

DOCUMENTS: list[Any] = [
    {"page": {"path": ["docs", "setup"], "Lang": "de"}, "plan": "pro", "n": 1},
    {"page": {"path": ["docs", "docs"], "lang": "en"}, "plan": "Pro", "n": parse("1.0")},
    {"page": {"path": "docs"}, "plan": None, "n": parse("1e0"), "é": 0.5},
    {"page": None, "plan": "pro", "n": 12345678901234567890, "É": True, "o": {"b": 1, "a": [None]}},
    {"o": {"a": [None], "b": parse("1.00")}, "n": parse("1e400"), "é": parse("-0.0")},
    ["no object"],
    "text",
    None,
]


async def fill(database: Database) -> None:
    async with database.write(viewer=PROGRAM) as connection:
        world = World(connection)
        for document in DOCUMENTS:
            await world.conversation(properties=document)
        await world.conversation(properties={"plan": "gone"}, deleted_at=START)


async def test_keys_are_counted_at_any_depth_the_most_used_first(database: Database) -> None:
    await fill(database)
    async with database.read(viewer=PROGRAM) as connection:

        async def keys(path: list[str], prefix: str | None = None, first: int = 100) -> list[tuple[str, int]]:
            return await properties.property_keys(
                connection, "properties", "conversation", path, prefix, first, viewer=ME
            )

        assert await keys([]) == [("n", 5), ("page", 4), ("plan", 4), ("o", 2), ("é", 2), ("É", 1)]
        assert await keys([], None, 2) == [("n", 5), ("page", 4)]
        assert await keys([], "É") == [("é", 2), ("É", 1)]
        assert await keys(["page"], "l") == [("Lang", 1), ("lang", 1)]
        assert await keys(["page", "path"]) == []
        assert await keys(["nothing"]) == []


async def test_values_are_counted_and_of_a_list_its_members(database: Database) -> None:
    await fill(database)
    async with database.read(viewer=PROGRAM) as connection:

        async def values(path: list[str], prefix: str | None = None, first: int = 100) -> list[tuple[Any, int]]:
            return await properties.property_values(
                connection, "properties", "conversation", path, prefix, first, viewer=ME
            )

        assert await values(["plan"]) == [("pro", 2), ("Pro", 1)]
        assert await values(["plan"], "P", 1) == [("pro", 2)]
        assert await values(["page", "path"]) == [("docs", 3), ("setup", 1)]
        assert await values(["page", "path", "0"]) == [("docs", 2)]
        assert await values(["page", "path"], "SET") == [("setup", 1)]
        assert await values(["n"], "1") == []
        numbers = await values(["n"])
        assert [(dump(value), count) for value, count in numbers] == [
            ("1", 3),
            ("1" + "0" * 400, 1),
            ("12345678901234567890", 1),
        ]
        assert await values(["é"]) == [(0, 1), (0.5, 1)]
        assert await values(["É"]) == [(True, 1)]
        assert [count for _, count in await values(["o"])] == [2]


async def test_a_value_is_counted_as_often_as_its_filter_finds_it(database: Database) -> None:
    await fill(database)
    async with database.read(viewer=PROGRAM) as connection:
        for path in (["plan"], ["page", "path"], ["n"], ["é"], ["o"], ["o", "a"], ["page", "path", "1"]):
            for value, count in await properties.property_values(
                connection, "properties", "conversation", path, viewer=ME
            ):
                where = {"or": [{"properties": [{"path": path, operator: value}]} for operator in ("eq", "has")]}
                assert await conversations.count(connection, where=where, viewer=ME) == count


async def test_messages_have_metadata_and_conversations_do_not(database: Database) -> None:
    async with database.write(viewer=PROGRAM) as connection:
        world = World(connection)
        talk = await world.conversation()
        message = await world.message(talk, 0, metadata={"a": 1})
        await world.feedback(talk, message, user_properties={"b": 2})
    async with database.read(viewer=PROGRAM) as connection:
        keys = await properties.property_keys(connection, "metadata", "message", [], viewer=ME)
        assert keys == [("a", 1)]
        keys = await properties.property_keys(connection, "user_properties", "feedback", [], viewer=ME)
        assert keys == [("b", 1)]
        with pytest.raises(InvalidInput) as raised:
            await properties.property_keys(connection, "metadata", "conversation", [], viewer=ME)
        assert raised.value.field == "field"
        with pytest.raises(InvalidInput):
            await properties.property_values(connection, "metadata", "message", ["a"] * 33, viewer=ME)


async def test_discovery_is_one_statement(database: Database, statements: list[str]) -> None:
    await fill(database)
    statements.clear()
    async with database.read(viewer=PROGRAM) as connection:
        await properties.property_keys(connection, "properties", "conversation", [], viewer=ME)
        await properties.property_values(connection, "properties", "conversation", ["n"], viewer=ME)
    assert len(statements) == 2
