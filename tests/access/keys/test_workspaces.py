"""Workspaces: made where all may be entered, deleted with everything in them and nothing of any other."""

from dataclasses import replace

import pytest
import sqlalchemy as sa

from db import keys, workspaces, writing
from db.database import Database
from db.errors import Forbidden
from db.record import now
from db.tables import metadata
from db.viewer import DEFAULT_VIEWER, DEFAULT_WORKSPACE_ID, PROGRAM, Viewer
from db.words import KeyScope, Role
from db.writing import Rejected
from tests.access.keys.people import ADMIN, EDITOR, OPEN, OTHER_ADMIN, OTHERS, USER, audited, other_workspace
from tests.db.builders import START, World
from tests.db.everything import Everything
from tests.db.writing.scenes import told
from tests.interchange import stored

OWNED = [table for table in metadata.sorted_tables if "workspace_id" in table.c]
OF_NOBODY = {"workspaces", "token_secrets", "rate_points"}
"""Tables whose rows belong to no workspace."""


async def owned_rows(database: Database, viewer: Viewer) -> dict[str, int]:
    async with database.read(viewer=PROGRAM) as connection:
        return {
            table.name: (
                await connection.execute(
                    sa.select(sa.func.count()).select_from(table).where(table.c.workspace_id == viewer.workspace_id)
                )
            ).scalar_one()
            for table in OWNED
        }


async def fill(database: Database, viewer: Viewer) -> None:
    """At least one row in every table that rows of workspaces can be in."""
    async with database.write(viewer=PROGRAM) as connection:
        world = World(connection, viewer)
        await Everything().build(world)
        held = await world.insert("imports", file_name="f", format="f", layout="lines")
        talk = await world.conversation()
        await world.origin(talk, "i", import_id=held)
        await world.insert("record_versions", entity_id=talk, digest="d", seen_at=START)
        await world.thread(await world.conversation(), 1500)
    await keys.create(database, "k", KeyScope.READ, viewer=viewer)
    await writing.create_tool(database, {"name": "x", "idempotency_key": "k"}, viewer=viewer)


def test_every_table_belongs_to_a_workspace_or_is_known_not_to() -> None:
    assert {table.name for table in metadata.sorted_tables} - {table.name for table in OWNED} == OF_NOBODY


async def test_nothing_of_a_deleted_workspace_is_left_and_nothing_of_another_goes(database: Database) -> None:
    await other_workspace(database)
    for viewer in (OTHER_ADMIN, ADMIN):
        await fill(database, viewer)
    assert [name for name, number in (await owned_rows(database, OTHER_ADMIN)).items() if not number] == []
    kept, before = await owned_rows(database, ADMIN), await stored.everything(database)

    outcome = await writing.delete_workspace(database, {"id": OTHERS, "confirm_name": "other"}, viewer=OPEN)

    assert outcome.deleted == [OTHERS]
    assert {name for name, number in (await owned_rows(database, OTHER_ADMIN)).items() if number} == set()
    assert await owned_rows(database, ADMIN) == {**kept, "audit_entries": kept["audit_entries"] + 1}
    own = {name: [row for row in each if row.get("workspace_id") != OTHERS] for name, each in before.items()}
    own["workspaces"] = [row for row in before["workspaces"] if row["id"] != OTHERS]
    assert await stored.everything(database) == own
    last = (await audited(database))[-1]
    assert (last["action"], last["node_id"], last["details"]) == ("deleteWorkspace", OTHERS, {"name": "other"})


async def test_an_admins_key_deletes_its_own_workspace_and_leaves_a_line_in_the_log(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    await other_workspace(database)
    await fill(database, OTHER_ADMIN)
    number = keys.withdrawn()
    values = {"id": OTHERS, "confirm_name": "other", "idempotency_key": "k2"}
    await writing.delete_workspace(database, values, viewer=OTHER_ADMIN)
    assert {name for name, count in (await owned_rows(database, OTHER_ADMIN)).items() if count} == set()
    assert keys.withdrawn() > number
    assert str(OTHERS) in caplog.text
    assert str(OTHER_ADMIN.key_id) in caplog.text


async def test_another_workspace_is_as_if_it_were_not_there(database: Database) -> None:
    await other_workspace(database)
    for name in ("other", "wrong"):
        with pytest.raises(Rejected) as refused:
            await writing.delete_workspace(database, {"id": OTHERS, "confirm_name": name}, viewer=ADMIN)
        assert told(refused.value.problems) == [("NOT_FOUND", ("id",))]
    async with database.read(viewer=ADMIN) as connection:
        assert [row.name for row in await workspaces.every(connection, viewer=ADMIN)] == ["default"]
        assert await workspaces.by_ids(connection, [OTHERS], viewer=ADMIN) == {}
        assert await workspaces.by_name(connection, "other", viewer=ADMIN) is None
        assert [row.name for row in await workspaces.every(connection, viewer=OPEN)] == ["default", "other"]
        assert await workspaces.by_name(connection, "other", viewer=OPEN) == replace(OPEN, workspace_id=OTHERS)


async def test_a_deletion_needs_the_name_letter_for_letter(database: Database) -> None:
    await other_workspace(database)
    with pytest.raises(Rejected) as refused:
        await writing.delete_workspace(database, {"id": OTHERS, "confirm_name": "Other"}, viewer=OPEN)
    assert told(refused.value.problems) == [("INVALID", ("confirm_name",))]


async def test_the_first_workspace_stays(database: Database) -> None:
    values = {"id": DEFAULT_WORKSPACE_ID, "confirm_name": "default"}
    for viewer in (OPEN, ADMIN):
        with pytest.raises(Rejected) as refused:
            await writing.delete_workspace(database, values, viewer=viewer)
        assert told(refused.value.problems) == [("UNSUPPORTED", ("id",))]


async def test_a_workspace_is_made_once_a_name(database: Database) -> None:
    made = (await writing.create_workspace(database, {"name": "docs"}, viewer=OPEN)).row
    assert made is not None
    assert made.created_at <= now()
    with pytest.raises(Rejected) as refused:
        await writing.create_workspace(database, {"name": "docs"}, viewer=OPEN)
    assert told(refused.value.problems) == [("TAKEN", ("name",))]


async def test_who_belongs_to_a_workspace_makes_none(database: Database) -> None:
    for viewer in (ADMIN, EDITOR, USER, replace(DEFAULT_VIEWER, role=Role.VIEWER)):
        with pytest.raises(Forbidden):
            await writing.create_workspace(database, {"name": "docs"}, viewer=viewer)
    for viewer in (EDITOR, USER):
        values = {"id": DEFAULT_WORKSPACE_ID, "confirm_name": "default"}
        with pytest.raises(Forbidden):
            await writing.delete_workspace(database, values, viewer=viewer)
