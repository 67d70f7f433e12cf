"""Assistants are made, changed and deleted, and those that are in use stay."""

from typing import Any
from uuid import UUID

from db.database import Database
from db.record import new_id, now
from db.viewer import PROGRAM
from db.words import Entity
from db.writing import create_assistant, delete_assistant, update_assistant
from tests.db.builders import START, World
from tests.db.writing.scenes import (
    ME,
    STRANGER,
    refusal,
    rows,
    stored_row,
    strangers_workspace,
    talk_of,
    told,
    unknown,
    written,
)

ALL = {
    "name": "Guide",
    "description": "Knows the docs",
    "system_prompt": "Be kind.",
    "initial_message": "Hello",
    "model": "m",
    "temperature": 0.5,
    "config": {"top_p": 1},
    "external_id": "guide",
}


async def tools_of(database: Database, assistant: UUID) -> list[UUID]:
    return [row["tool_id"] for row in await rows(database, "assistant_tools", assistant_id=assistant)]


async def two_tools(database: Database) -> tuple[UUID, UUID]:
    async with database.write(viewer=PROGRAM) as connection:
        world = World(connection)
        return await world.tool(), await world.tool()


async def test_an_assistant_is_made_with_all_that_is_given(database: Database) -> None:
    one, two = await two_tools(database)
    made = new_id()
    row = await written(create_assistant(database, {**ALL, "uuid": made, "tool_ids": [two, one, two]}, viewer=ME))
    stored = await stored_row(database, "assistants", made)
    assert vars(row) == stored
    assert {name: stored[name] for name in ALL} == ALL
    assert (stored["version"], stored["name_made"]) == (1, False)
    assert await tools_of(database, made) == [two, one]


async def test_all_that_is_wrong_with_a_new_assistant_is_told_at_once(database: Database) -> None:
    await strangers_workspace(database)
    async with database.write(viewer=PROGRAM) as connection:
        taken = await World(connection).assistant(external_id="guide")
        theirs = await World(connection, STRANGER).tool()
        known = await World(connection).tool()
    given: dict[str, Any] = {"uuid": taken, "external_id": "guide", "tool_ids": [known, "x", theirs, unknown()]}
    assert sorted(told(await refusal(create_assistant(database, given, viewer=ME)))) == [
        ("INVALID", ("tool_ids", "1")),
        ("NOT_FOUND", ("tool_ids", "2")),
        ("NOT_FOUND", ("tool_ids", "3")),
        ("REQUIRED", ("name",)),
        ("TAKEN", ("external_id",)),
        ("TAKEN", ("uuid",)),
    ]
    assert len(await rows(database, "assistants")) == 1


async def test_an_id_that_another_workspace_has_is_taken_and_its_external_id_is_free(database: Database) -> None:
    await strangers_workspace(database)
    async with database.write(viewer=PROGRAM) as connection:
        theirs = await World(connection, STRANGER).assistant(external_id="guide")
    given = {"name": "n", "uuid": theirs, "external_id": "guide"}
    assert told(await refusal(create_assistant(database, given, viewer=ME))) == [("TAKEN", ("uuid",))]


async def test_an_update_changes_what_is_given_and_null_clears(database: Database) -> None:
    async with database.write(viewer=PROGRAM) as connection:
        assistant = await World(connection).assistant(name="made", name_made=True, model="m", description="d")
    one, two = await two_tools(database)
    given = {"id": assistant, "name": "Given", "model": None, "tool_ids": [one, two], "expected_version": 1}
    row = await written(update_assistant(database, given, viewer=ME))
    assert (row.name, row.name_made, row.model, row.description, row.version) == ("Given", False, None, "d", 2)
    assert vars(row) == await stored_row(database, "assistants", assistant)
    assert await tools_of(database, assistant) == [one, two]
    row = await written(update_assistant(database, {"id": assistant, "tool_ids": [two, one]}, viewer=ME))
    assert (row.version, await tools_of(database, assistant)) == (3, [two, one])
    row = await written(update_assistant(database, {"id": assistant, "tool_ids": [two, one, two]}, viewer=ME))
    assert row.version == 3
    row = await written(update_assistant(database, {"id": assistant, "tool_ids": None}, viewer=ME))
    assert (row.version, await tools_of(database, assistant)) == (4, [])


async def test_all_that_is_wrong_with_an_update_is_told_at_once(database: Database) -> None:
    async with database.write(viewer=PROGRAM) as connection:
        world = World(connection)
        assistant = await world.assistant(version=3)
        await world.assistant(external_id="taken")
    before = await stored_row(database, "assistants", assistant)
    given = {
        "id": assistant,
        "expected_version": 2,
        "name": None,
        "external_id": "taken",
        "tool_ids": [unknown()],
    }
    problems = await refusal(update_assistant(database, given, viewer=ME))
    assert sorted(told(problems)) == [
        ("NOT_FOUND", ("tool_ids", "0")),
        ("REQUIRED", ("name",)),
        ("STALE_VERSION", ("expected_version",)),
        ("TAKEN", ("external_id",)),
    ]
    assert [problem.current_version for problem in problems if problem.code == "STALE_VERSION"] == [3]
    assert await stored_row(database, "assistants", assistant) == before


async def test_an_assistant_that_is_not_there_is_neither_changed_nor_deleted(database: Database) -> None:
    await strangers_workspace(database)
    async with database.write(viewer=PROGRAM) as connection:
        theirs = await World(connection, STRANGER).assistant()
    for verb in (update_assistant, delete_assistant):
        for row_id in (unknown(), theirs):
            assert told(await refusal(verb(database, {"id": row_id}, viewer=ME))) == [("NOT_FOUND", ("id",))]
        assert told(await refusal(verb(database, {}, viewer=ME))) == [("REQUIRED", ("id",))]


async def test_an_assistant_of_conversations_is_in_use_and_told_by_how_many(database: Database) -> None:
    async with database.write(viewer=PROGRAM) as connection:
        assistant = await World(connection).assistant()
    given = {"id": assistant}
    await talk_of(database, assistant_id=assistant)
    (problem,) = await refusal(delete_assistant(database, given, viewer=ME))
    assert (problem.code, problem.field) == ("IN_USE", ("id",))
    assert problem.message == "The assistant is in use by 1 conversation."
    await talk_of(database, assistant_id=assistant, deleted_at=now())
    (problem,) = await refusal(delete_assistant(database, given, viewer=ME))
    assert problem.message == ("The assistant is in use by 2 conversations (1 of them deleted, and still restorable).")
    assert await rows(database, "assistants", id=assistant)


async def test_an_assistant_that_nobody_uses_goes_with_its_origin_and_its_tools_stay(database: Database) -> None:
    async with database.write(viewer=PROGRAM) as connection:
        world = World(connection)
        assistant, tool = await world.assistant(), await world.tool()
        await world.insert("assistant_tools", assistant_id=assistant, tool_id=tool, position=0)
        await world.origin(assistant, "r", entity=Entity.ASSISTANT)
        await world.insert("record_versions", entity_id=assistant, digest="d", seen_at=START)
    stale = {"id": assistant, "expected_version": 9}
    assert told(await refusal(delete_assistant(database, stale, viewer=ME))) == [
        ("STALE_VERSION", ("expected_version",))
    ]
    outcome = await delete_assistant(database, {"id": assistant, "expected_version": 1}, viewer=ME)
    assert outcome.deleted == [assistant]
    for table in ("assistants", "assistant_tools", "origins", "record_versions"):
        assert await rows(database, table) == []
    assert len(await rows(database, "tools")) == 1
