"""Tools are made, changed and deleted, and those that are in use stay."""

from typing import Any

from db.database import Database
from db.record import new_id, now
from db.viewer import PROGRAM
from db.words import Entity, ToolKind
from db.writing import create_tool, delete_tool, update_tool
from tests.db.builders import START, World
from tests.db.writing.scenes import (
    ME,
    STRANGER,
    build_talk,
    refusal,
    rows,
    stored_row,
    strangers_workspace,
    told,
    unknown,
    written,
)

ALL = {
    "name": "search",
    "kind": ToolKind.RETRIEVAL,
    "description": "Searches the docs",
    "parameters": {"type": "object", "properties": {"n": {"maximum": 1.0}}},
    "external_id": "search",
}


async def test_a_tool_is_made_with_all_that_is_given(database: Database) -> None:
    made = new_id()
    row = await written(create_tool(database, {**ALL, "uuid": made}, viewer=ME))
    stored = await stored_row(database, "tools", made)
    assert vars(row) == stored
    assert {name: stored[name] for name in ALL} == ALL


async def test_a_tool_is_a_function_unless_told_otherwise(database: Database) -> None:
    for given in ({"name": "n"}, {"name": "n", "kind": None}):
        assert (await written(create_tool(database, given, viewer=ME))).kind is ToolKind.FUNCTION


async def test_all_that_is_wrong_with_a_new_tool_is_told_at_once(database: Database) -> None:
    async with database.write(viewer=PROGRAM) as connection:
        taken = await World(connection).tool(external_id="search")
    given: dict[str, Any] = {"uuid": taken, "kind": "HAMMER", "external_id": "search", "parameters": []}
    assert sorted(told(await refusal(create_tool(database, given, viewer=ME)))) == [
        ("INVALID", ("kind",)),
        ("INVALID", ("parameters",)),
        ("REQUIRED", ("name",)),
        ("TAKEN", ("external_id",)),
        ("TAKEN", ("uuid",)),
    ]


async def test_an_update_changes_what_is_given_and_null_clears(database: Database) -> None:
    async with database.write(viewer=PROGRAM) as connection:
        tool = await World(connection).tool(name="made", name_made=True, description="d", parameters={"a": 1})
    row = await written(update_tool(database, {"id": tool, "name": "Given", "parameters": None}, viewer=ME))
    assert (row.name, row.name_made, row.parameters, row.description, row.version) == ("Given", False, None, "d", 2)
    assert vars(row) == await stored_row(database, "tools", tool)
    assert (await written(update_tool(database, {"id": tool, "name": "Given"}, viewer=ME))).version == 2


async def test_all_that_is_wrong_with_an_update_is_told_at_once(database: Database) -> None:
    async with database.write(viewer=PROGRAM) as connection:
        world = World(connection)
        tool = await world.tool(version=3)
        await world.tool(external_id="taken")
    given = {"id": tool, "expected_version": 2, "name": None, "kind": None, "external_id": "taken"}
    assert sorted(told(await refusal(update_tool(database, given, viewer=ME)))) == [
        ("REQUIRED", ("kind",)),
        ("REQUIRED", ("name",)),
        ("STALE_VERSION", ("expected_version",)),
        ("TAKEN", ("external_id",)),
    ]


async def test_a_tool_that_is_not_there_is_neither_changed_nor_deleted(database: Database) -> None:
    await strangers_workspace(database)
    async with database.write(viewer=PROGRAM) as connection:
        theirs = await World(connection, STRANGER).tool()
    for verb in (update_tool, delete_tool):
        for row_id in (unknown(), theirs):
            assert told(await refusal(verb(database, {"id": row_id}, viewer=ME))) == [("NOT_FOUND", ("id",))]
        assert told(await refusal(verb(database, {}, viewer=ME))) == [("REQUIRED", ("id",))]


async def test_a_tool_in_use_stays_and_its_users_are_told(database: Database) -> None:
    async with database.write(viewer=PROGRAM) as connection:
        world = World(connection)
        tool, assistant = await world.tool(), await world.assistant()
        await world.insert("assistant_tools", assistant_id=assistant, tool_id=tool, position=0)
        for deleted in (None, now()):
            talk = await build_talk(world, 1, deleted_at=deleted)
            await world.insert("conversation_tools", conversation_id=talk.id, tool_id=tool, position=0)
            await world.insert("tool_calls", message_id=talk.messages[0], name="n", position=0, tool_id=tool)
    (problem,) = await refusal(delete_tool(database, {"id": tool}, viewer=ME))
    assert (problem.code, problem.field) == ("IN_USE", ("id",))
    assert problem.message == (
        "The tool is in use by 1 assistant and 2 conversations (1 of them deleted, and still restorable) "
        "and 2 tool calls."
    )
    assert await rows(database, "tools", id=tool)
    assert len(await rows(database, "tool_calls", tool_id=tool)) == 2


async def test_a_tool_that_nobody_uses_goes_with_its_origin(database: Database) -> None:
    async with database.write(viewer=PROGRAM) as connection:
        world = World(connection)
        tool = await world.tool()
        await world.origin(tool, "r", entity=Entity.TOOL)
        await world.insert("record_versions", entity_id=tool, digest="d", seen_at=START)
    stale = await refusal(delete_tool(database, {"id": tool, "expected_version": 9}, viewer=ME))
    assert told(stale) == [("STALE_VERSION", ("expected_version",))]
    assert (await delete_tool(database, {"id": tool}, viewer=ME)).deleted == [tool]
    for table in ("tools", "origins", "record_versions"):
        assert await rows(database, table) == []
