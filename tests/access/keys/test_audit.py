"""The audit log: every change is in it, reads of staff and keys are, and nobody edits it."""

import asyncio
import logging
from dataclasses import replace
from datetime import timedelta
from typing import Any

import asyncpg
import pytest
import sqlalchemy as sa

from db import audit, writing
from db.database import Database
from db.errors import Forbidden
from db.journal import Journal
from db.paging import Page
from db.record import new_id, now
from db.viewer import PROGRAM
from db.words import ErrorPolicy, MessageRole, Rating
from db.writing import Rejected
from tests.access.keys.people import ADMIN, EDITOR, OPEN, OTHER_ADMIN, OTHERS, USER, audited, other_workspace
from tests.db.writing.scenes import talk_of

REFUSED = (sa.exc.DBAPIError, asyncpg.PostgresError)


def short(row: dict[str, Any]) -> tuple[str, str | None, Any]:
    return row["action"], row["type_name"], row["node_id"]


# ---------------------------------------------------------------- changes


async def test_each_change_is_one_row_that_says_who_what_and_with_which_key(database: Database) -> None:
    tool = (await writing.create_tool(database, {"name": "t"}, viewer=EDITOR)).row
    talk = await talk_of(database, 2)
    opinion = await writing.give_feedback(
        database, {"target": ("messages", talk.messages[1]), "rating": Rating.POSITIVE}, viewer=EDITOR
    )
    assert tool is not None
    assert opinion.row is not None
    await writing.update_tool(database, {"id": tool.id, "name": "u"}, viewer=EDITOR)
    await writing.withdraw_feedback(database, {"id": opinion.row.id}, viewer=EDITOR)
    await writing.delete_message(database, {"id": talk.messages[0]}, viewer=EDITOR)
    await writing.delete_conversation(database, {"id": talk.id}, viewer=EDITOR)
    await writing.delete_tool(database, {"id": tool.id}, viewer=EDITOR)

    log = await audited(database)
    assert [short(row) for row in log] == [
        ("createTool", "Tool", tool.id),
        ("giveFeedback", "Feedback", opinion.row.id),
        ("updateTool", "Tool", tool.id),
        ("withdrawFeedback", "Feedback", opinion.row.id),
        ("deleteMessage", "Conversation", talk.id),
        ("deleteConversation", "Conversation", talk.id),
        ("deleteTool", "Tool", tool.id),
    ]
    assert {(row["key_id"], row["user_id"], row["workspace_id"]) for row in log} == {
        (EDITOR.key_id, None, EDITOR.workspace_id)
    }
    assert log[4]["details"] == {"messages": sorted(str(each) for each in talk.messages)}


async def test_what_an_end_user_changes_is_noted_with_their_name(database: Database) -> None:
    made = await writing.create_conversation(database, {}, viewer=USER)
    assert made.row is not None
    (row,) = await audited(database)
    assert (row["user_id"], row["key_id"], short(row)) == (
        "ann",
        None,
        ("createConversation", "Conversation", made.row.id),
    )


async def test_a_change_of_many_names_them_all(database: Database) -> None:
    talks = [(await talk_of(database)).id for _ in range(3)]
    await writing.tag_conversations(database, {"ids": talks, "tags": ["a"]}, viewer=EDITOR)
    (row,) = await audited(database)
    assert (short(row), row["details"]) == (
        ("tagConversations", None, None),
        {"conversations": [str(each) for each in talks]},
    )


async def test_what_is_refused_repeated_or_rolled_back_is_not_noted(database: Database) -> None:
    with pytest.raises(Rejected):
        await writing.create_tool(database, {"name": " "}, viewer=EDITOR)
    for _ in range(3):
        await writing.create_tool(database, {"name": "t", "idempotency_key": "k"}, viewer=EDITOR)
    values = {"ids": [new_id()], "tags": ["a"], "on_error": ErrorPolicy.ALL_OR_NOTHING}
    with pytest.raises(Rejected):
        await writing.tag_conversations(database, values, viewer=EDITOR)
    assert [row["action"] for row in await audited(database)] == ["createTool"]


async def test_no_content_is_in_it(database: Database) -> None:
    talk = (await writing.create_conversation(database, {"title": "secret plan"}, viewer=EDITOR)).row
    assert talk is not None
    messages = [{"role": MessageRole.USER, "content": "secret plan"} for _ in range(2)]
    await writing.add_messages(database, {"conversation_id": talk.id, "messages": messages}, viewer=EDITOR)
    await writing.update_conversation(database, {"id": talk.id, "properties": {"p": "secret plan"}}, viewer=EDITOR)
    assert len(await audited(database)) == 3
    assert "secret plan" not in repr(await audited(database))


async def test_the_purge_is_noted_where_it_removed_something(database: Database) -> None:
    talk = await talk_of(database, 1, deleted_at=now() - timedelta(days=40))
    await writing.purge(database)
    await writing.purge(database)
    assert [short(row) for row in await audited(database)] == [("purge", "Conversation", talk.id)]


# ---------------------------------------------------------------- nobody edits it

EDITS = {
    "an update": "UPDATE audit_entries SET action = 'nothing'",
    "an update of nothing": "UPDATE audit_entries SET action = action",
    "a deletion": "DELETE FROM audit_entries",
    "an upsert": (
        "INSERT INTO audit_entries (id, workspace_id, at, action) SELECT id, workspace_id, at, 'nothing' "
        "FROM audit_entries WHERE true ON CONFLICT (id) DO UPDATE SET action = 'nothing'"
    ),
}
OF_SQLITE = {
    "a replacement": (
        "INSERT OR REPLACE INTO audit_entries (id, workspace_id, at, action) "
        "SELECT id, workspace_id, at, 'nothing' FROM audit_entries"
    ),
    "a replacement by place": (
        "REPLACE INTO audit_entries (rowid, id, workspace_id, at, action) "
        "SELECT rowid, '0', workspace_id, at, 'nothing' FROM audit_entries"
    ),
    "an update that replaces": "UPDATE OR REPLACE audit_entries SET id = '0'",
    "a deletion that looks for another table": (
        "CREATE TEMP TABLE workspaces (id); DELETE FROM main.audit_entries"  # the trigger looks in its own schema
    ),
}
OF_POSTGRESQL = {
    "a truncation": "TRUNCATE audit_entries",
    "a truncation from above": "TRUNCATE workspaces CASCADE",
    "a deletion that looks for another table": "CREATE TEMP TABLE workspaces (id uuid); DELETE FROM audit_entries",
    "a deletion in another order": "SET LOCAL search_path = pg_temp, public; DELETE FROM public.audit_entries",
}


async def run(database: Database, statements: str) -> None:
    async with database.write(viewer=PROGRAM) as connection:
        for statement in statements.split("; "):
            await connection.exec_driver_sql(statement)


@pytest.mark.parametrize(
    ("database", "edit"),
    [
        *(("sqlite", edit) for edit in (EDITS | OF_SQLITE).values()),
        *(("postgresql", edit) for edit in (EDITS | OF_POSTGRESQL).values()),
    ],
    ids=[
        *(f"sqlite: {name}" for name in EDITS | OF_SQLITE),
        *(f"postgresql: {name}" for name in EDITS | OF_POSTGRESQL),
    ],
    indirect=["database"],
)
async def test_raw_sql_cannot_edit_it(database: Database, edit: str) -> None:
    await writing.create_tool(database, {"name": "t"}, viewer=EDITOR)
    before = await audited(database)
    with pytest.raises(REFUSED, match="never"):
        await run(database, edit)
    assert len(before) == 1
    assert await audited(database) == before


async def test_the_deletion_of_a_workspace_alone_takes_its_rows_along(database: Database) -> None:
    await other_workspace(database)
    await writing.create_tool(database, {"name": "t"}, viewer=OTHER_ADMIN)
    await writing.create_tool(database, {"name": "t"}, viewer=ADMIN)
    await writing.delete_workspace(database, {"id": OTHERS, "confirm_name": "other"}, viewer=OPEN)
    assert [short(row) for row in await audited(database)][1:] == [("deleteWorkspace", "Workspace", OTHERS)]
    assert len(await audited(database)) == 2


# ---------------------------------------------------------------- reads


async def test_reads_of_staff_and_keys_are_noted_once_an_operation(database: Database) -> None:
    await other_workspace(database)
    journal = Journal(database)
    journal.note_read(EDITOR, "Inbox", ["conversations", "tags"])
    journal.note_read(OTHER_ADMIN, None, ["node"])
    journal.note_read(replace(ADMIN, user_id="staff"), "Thread", ("conversation",))
    assert await audited(database) == [], "nothing waits for it"
    await journal.flush()
    log = await audited(database)
    assert [(row["action"], row["user_id"], row["key_id"], row["details"]) for row in log] == [
        ("read", None, EDITOR.key_id, {"fields": ["conversations", "tags"], "operation": "Inbox"}),
        ("read", None, OTHER_ADMIN.key_id, {"fields": ["node"]}),
        ("read", "staff", ADMIN.key_id, {"fields": ["conversation"], "operation": "Thread"}),
    ]
    assert [row["workspace_id"] for row in log] == [EDITOR.workspace_id, OTHERS, ADMIN.workspace_id]
    await journal.flush()
    assert await audited(database) == log


async def test_reads_of_end_users_and_of_an_open_server_are_not_noted(database: Database) -> None:
    journal = Journal(database)
    journal.note_read(USER, None, ["conversations"])
    journal.note_read(OPEN, None, ["conversations"])
    await journal.flush()
    assert await audited(database) == []


async def test_the_log_says_how_many_reads_it_lacks(database: Database) -> None:
    journal = Journal(database, capacity=3)
    for _ in range(8):
        journal.note_read(ADMIN, None, ["conversations"])
    assert journal.dropped == 5
    await journal.flush()
    await journal.flush()
    log = await audited(database)
    assert sorted(row["action"] for row in log) == ["read"] * 3 + ["readsNotNoted"]
    assert [row["details"] for row in log if row["action"] == "readsNotNoted"] == [{"count": 5}]


async def test_reads_of_a_workspace_that_is_gone_are_dropped_and_the_others_written(database: Database) -> None:
    journal = Journal(database)
    journal.note_read(OTHER_ADMIN, None, ["node"])
    journal.note_read(ADMIN, None, ["node"])
    await journal.flush()
    assert [row["workspace_id"] for row in await audited(database)] == [ADMIN.workspace_id]


async def test_reads_that_cannot_be_written_now_are_written_later(
    database: Database, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal, tries, enough = Journal(database), 0, asyncio.Event()
    transact = Database.transact

    async def failing(self: Database, work: Any, **options: Any) -> Any:
        nonlocal tries
        tries += 1
        if tries == 3:
            enough.set()
        if tries <= 3:
            raise OSError("the database is away")
        return await transact(self, work, **options)

    monkeypatch.setattr(Database, "transact", failing)
    async with journal.kept(period=0.001):
        journal.note_read(ADMIN, "First", ["node"])
        await enough.wait()
        journal.note_read(ADMIN, "Second", ["node"])
    log = await audited(database)
    assert [row["details"]["operation"] for row in log] == ["First", "Second"]
    assert [record.levelno for record in caplog.records] == [logging.ERROR], "said once"


async def test_what_waits_at_the_end_is_written(database: Database) -> None:
    journal = Journal(database)
    async with journal.kept(period=3600):
        journal.note_read(ADMIN, None, ["node"])
    assert len(await audited(database)) == 1


# ---------------------------------------------------------------- asked


async def test_the_log_is_paged_from_the_latest_and_filtered(database: Database) -> None:
    tools = [(await writing.create_tool(database, {"name": str(n)}, viewer=EDITOR)).row for n in range(3)]
    await writing.create_conversation(database, {}, viewer=USER)
    async with database.read(viewer=ADMIN) as connection:
        first = await audit.page(connection, Page.of(first=3), viewer=ADMIN)
        rest = await audit.page(connection, Page.of(first=3, after=first.cursor(first.rows[-1])), viewer=ADMIN)
        assert [row.action for row in first.rows] == ["createConversation", "createTool", "createTool"]
        assert (first.has_next, [row.node_id for row in rest.rows]) == (True, [tools[0] and tools[0].id])
        for where, number in (
            ({"action": {"starts_with": "createt"}}, 3),
            ({"user_id": {"eq": "ann"}}, 1),
            ({"user_id": {"is_null": True}}, 3),
            ({"node_id": {"in": [tools[1] and tools[1].id]}}, 1),
            ({"at": {"gt": now()}}, 0),
        ):
            assert await audit.count(connection, where=where, viewer=ADMIN) == number, where
        assert await audit.count(connection, viewer=ADMIN) == 4


async def test_only_admins_see_the_log_and_only_their_own(database: Database) -> None:
    await other_workspace(database)
    await writing.create_tool(database, {"name": "t"}, viewer=ADMIN)
    (row,) = await audited(database)
    async with database.read(viewer=ADMIN) as connection:
        assert await audit.count(connection, viewer=OTHER_ADMIN) == 0
        assert await audit.by_ids(connection, [row["id"]], viewer=OTHER_ADMIN) == {}
        assert list(await audit.by_ids(connection, [row["id"]], viewer=ADMIN)) == [row["id"]]
        for viewer in (EDITOR, USER):
            assert await audit.by_ids(connection, [row["id"]], viewer=viewer) == {}
            with pytest.raises(Forbidden):
                await audit.page(connection, Page.of(), viewer=viewer)
            with pytest.raises(Forbidden):
                await audit.count(connection, viewer=viewer)
