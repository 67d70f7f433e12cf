"""Filters mean the same on both databases and in a plain model of their definition."""

import os
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from db import assistants, conversations, sources, tools
from db.database import Database
from db.errors import InvalidInput
from db.filters import conversation_where, feedback_where, message_where
from db.jsons import parse
from db.paging import Page
from db.record import new_id
from db.tables import metadata
from db.viewer import DEFAULT_VIEWER as ME
from db.viewer import PROGRAM
from db.words import OriginSystem
from tests.db.builders import World
from tests.db.filter_model import conversation_holds, feedback_holds, message_holds
from tests.db.generated import booleans, conditions, feedback, messages, talks
from tests.db.nasty import PATHS, TEXTS, Records, build

EXAMPLES = int(os.environ.get("COLLOQUY_TEST_EXAMPLES", "50"))
"""Filters that each test makes up; more are a matter of patience."""

IN_ONE_DATABASE = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture
async def records(database: Database) -> Records:
    """The nasty records, in the database and as the model has them."""
    async with database.write(viewer=PROGRAM) as connection:
        return await build(World(connection))


@IN_ONE_DATABASE
@given(talks)
async def test_a_filter_of_conversations_finds_what_the_model_finds(
    database: Database, records: Records, where: dict[str, Any]
) -> None:
    expected = {record["id"] for record in records.conversations if conversation_holds(record, where)}
    async with database.read(viewer=PROGRAM) as connection:
        page = await conversations.page(connection, Page.of(first=100), where=where, viewer=ME)
        assert {row.id for row in page.rows} == expected
        assert await conversations.count(connection, where=where, viewer=ME) == len(expected)


@IN_ONE_DATABASE
@given(st.sampled_from(PATHS), conditions, booleans)
async def test_a_condition_on_json_finds_what_the_model_finds(
    database: Database, records: Records, path: list[str], condition: dict[str, Any], negated: bool
) -> None:
    where: dict[str, Any] = {"properties": [{"path": path, **condition}]}
    if negated:
        where = {"not": where}
    expected = {record["id"] for record in records.conversations if conversation_holds(record, where)}
    assert await found(database, "conversations", conversation_where(where)) == expected


@IN_ONE_DATABASE
@given(messages)
async def test_a_filter_of_messages_finds_what_the_model_finds(
    database: Database, records: Records, where: dict[str, Any]
) -> None:
    expected = {record["id"] for record in records.messages if message_holds(record, where)}
    assert await found(database, "messages", message_where(where)) == expected


@IN_ONE_DATABASE
@given(feedback)
async def test_a_filter_of_feedback_finds_what_the_model_finds(
    database: Database, records: Records, where: dict[str, Any]
) -> None:
    expected = {record["id"] for record in records.feedback if feedback_holds(record, where)}
    assert await found(database, "feedback", feedback_where(where)) == expected


async def found(database: Database, table: str, condition: sa.ColumnElement[bool]) -> set[UUID]:
    rows = metadata.tables[table]
    async with database.read(viewer=PROGRAM) as connection:
        return set((await connection.execute(sa.select(rows.c.id).where(condition))).scalars())


async def test_no_field_of_the_records_is_left_to_chance(database: Database, records: Records) -> None:
    cases: list[dict[str, Any]] = [{"title": {"contains": text}} for text in TEXTS]
    cases += [{"title": {"starts_with": text}} for text in TEXTS]
    cases += [{"tags": {"has": text}} for text in TEXTS]
    cases += [
        {"assistant_id": {"eq": record["assistant_id"]}}
        for record in records.conversations[:5]
        if record["assistant_id"]
    ]
    cases += [{"references": {"message_id": {"eq": record["id"]}}} for record in records.messages[:5]]
    cases += [{"feedback": {"message_id": {"in": [record["id"] for record in records.messages]}}}]
    cases += [{}, {"and": []}, {"or": []}, {"not": {}}, {"not": {"or": []}}, {"title": {"in": []}}]
    cases += [{"owner_id": {"not_in": []}}, {"tags": {"has_any": []}}, {"tags": {"has_all": []}}]
    async with database.read(viewer=PROGRAM) as connection:
        for where in cases:
            for case in (where, {"not": where}):
                expected = {record["id"] for record in records.conversations if conversation_holds(record, case)}
                page = await conversations.page(connection, Page.of(first=100), where=case, viewer=ME)
                assert {row.id for row in page.rows} == expected, case


async def test_assistants_tools_and_sources_are_filtered_too(database: Database) -> None:
    async with database.write(viewer=PROGRAM) as connection:
        world = World(connection)
        assistant = await world.assistant(name="Ärzte", external_id="x")
        await world.assistant(name="b")
        tool = await world.tool(name="Ärzte")
        await world.origin(assistant, "r", system=OriginSystem.COGSOL, entity="ASSISTANT")
        await world.origin(tool, "t", system=OriginSystem.COGSOL, entity="TOOL")
        source = await world.source(title="Ärzte", url="https://a", citation_count=2)
        await world.source(citation_count=1)
    name = {"starts_with": "är"}
    async with database.read(viewer=PROGRAM) as connection:

        async def page(room: Any, where: dict[str, Any]) -> list[UUID]:
            return [row.id for row in (await room.page(connection, Page.of(), where=where, viewer=ME)).rows]

        assert await page(assistants, {"name": name, "external_id": {"eq": "x"}}) == [assistant]
        assert await page(assistants, {"origin": {"eq": OriginSystem.COGSOL}, "record_id": {"contains": "R"}}) == [
            assistant
        ]
        assert await page(tools, {"name": name, "record_id": {"eq": "t"}}) == [tool]
        assert await page(sources, {"title": name, "citation_count": {"gt": 1}}) == [source]
        assert await page(sources, {"url": {"is_null": False}}) == [source]


@pytest.mark.parametrize(
    ("where", "field"),
    [
        ({"titel": {"eq": "a"}}, "titel"),
        ({"title": {"eq": None}}, "title"),
        ({"title": None}, "title"),
        ({"title": {"like": "a"}}, "title"),
        ({"owner_id": {"in": ["a", None]}}, "owner_id"),
        ({"tags": {"has": None}}, "tags"),
        ({"tags": {"is": "a"}}, "tags"),
        ({"like": {"eq": "yes"}}, "like"),
        ({"like": {"ne": True}}, "like"),
        ({"feedback": {"score": {"lt": 1.0}}}, "score"),
        ({"properties": [{"path": ["a"], "eq": None}]}, "properties"),
        ({"properties": [{"path": ["a"], "in": [None]}]}, "properties"),
        ({"properties": [{"path": ["a"], "in": 1}]}, "properties"),
        ({"properties": [{"path": ["a"], "lt": True}]}, "properties"),
        ({"properties": [{"path": ["a"], "gte": [1]}]}, "properties"),
        ({"properties": [{"path": ["a"], "contains": 1}]}, "properties"),
        ({"properties": [{"path": ["a"], "exists": "no"}]}, "properties"),
        ({"properties": [{"path": ["a"], "matches": "x"}]}, "properties"),
        ({"properties": [{"eq": 1}]}, "properties"),
        ({"properties": [{"path": ["a"] * 33, "eq": 1}]}, "properties"),
        ({"properties": [{"path": ["a"], "eq": float("nan")}]}, "properties"),
        ({"properties": [{"path": ["a"], "eq": parse("1e999999")}]}, "properties"),
        ({"user_properties": [{"path": ["a"], "eq": {"a": object()}}]}, "user_properties"),
        ({"references": {"and": []}}, "and"),
        ({"or": [{"title": {"eq": "a"}}] * 201}, "where"),
        ({"id": {"in": [new_id()] * 1001}}, "where"),
        ({"not": {"or": [{"not": {"or": []}}]}}, None),
    ],
)
def test_a_filter_that_means_nothing_is_refused_by_the_name_of_its_field(
    where: dict[str, Any], field: str | None
) -> None:
    if field is None:
        conversation_where(where)
        return
    with pytest.raises(InvalidInput) as raised:
        conversation_where(where)
    assert raised.value.field == field


def test_what_is_nested_too_deep_is_refused() -> None:
    where: dict[str, Any] = {"title": {"eq": "a"}}
    operand: Any = 1
    for _ in range(100):
        where, operand = {"not": where}, [operand]
    for case in (where, {"properties": [{"path": [], "eq": operand}]}):
        with pytest.raises(InvalidInput):
            conversation_where(case)


async def test_the_largest_filters_that_are_taken_can_be_run(database: Database, records: Records) -> None:
    many = [f"x{number}" for number in range(999)]
    nested: dict[str, Any] = {"title": {"ne": "nobody's"}}
    for _ in range(8):
        nested = {"not": {"and": [nested]}}
    largest: list[dict[str, Any]] = [
        {"or": [{"title": {"contains": f"x{number}"}} for number in range(100)]},
        {"and": [{"not": {"messages": {"content": {"eq": f"x{number}"}}}} for number in range(100)]},
        {"tags": {"has_any": many}},
        {"not": {"tags": {"has_all": many}}},
        {"owner_id": {"not_in": many}},
        {"properties": [{"path": ["a"], "in": many}]},
        {"properties": [{"path": ["-1", "0"] * 16, "not_in": many}]},
        nested,
    ]
    async with database.read(viewer=PROGRAM) as connection:
        for where in largest:
            expected = [record for record in records.conversations if conversation_holds(record, where)]
            assert await conversations.count(connection, where=where, viewer=ME) == len(expected)
