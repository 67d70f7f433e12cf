"""Many rows at once: they are what SQLAlchemy's own insert makes of them, in the same transaction, in one workspace."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from db import bulk
from db.bulk import RowsRefused
from db.database import Database
from db.record import new_id, now
from db.tables import metadata
from db.viewer import DEFAULT_VIEWER as ME
from db.viewer import PROGRAM, Viewer
from db.words import ToolKind

TOOLS = metadata.tables["tools"]
SOURCES = metadata.tables["sources"]
CONVERSATIONS = metadata.tables["conversations"]


def tool(**values: Any) -> dict[str, Any]:
    return {"id": new_id(), "name": "search", "created_at": now(), "updated_at": now(), **values}


async def stored(database: Database, table: sa.Table) -> Sequence[sa.RowMapping]:
    async with database.read(viewer=PROGRAM) as connection:
        return (await connection.execute(sa.select(table).order_by(table.c.id))).mappings().all()


async def test_rows_read_back_as_they_were_given_with_defaults_for_what_is_missing(database: Database) -> None:
    rows = [
        tool(parameters={"b": [1.0, None, "é\0"], "a": True}, kind=ToolKind.SCRIPT),
        tool(name="naïve", description="", name_made=True),
        tool(description="x" * 100_000, created_at=now() - timedelta(days=9000)),
    ]
    async with database.write(viewer=PROGRAM) as connection:
        await bulk.insert(connection, TOOLS, rows, viewer=ME)
    defaults = {"name_made": False, "kind": "FUNCTION", "version": 1, "workspace_id": ME.workspace_id}
    nulls = dict.fromkeys(("description", "parameters", "external_id"))
    by_id = {row["id"]: dict(row) for row in await stored(database, TOOLS)}
    assert by_id == {row["id"]: {**nulls, **defaults, **row} for row in rows}


async def test_generated_columns_are_not_written_and_there_all_the_same(database: Database) -> None:
    row = {
        "id": new_id(),
        "title": "t",
        "properties": {"k": "v"},
        **dict.fromkeys(("created_at", "updated_at", "last_activity_at"), now()),
    }
    async with database.write(viewer=PROGRAM) as connection:
        await bulk.insert(connection, CONVERSATIONS, [row], viewer=ME)
        found = await connection.execute(sa.select(sa.cast(CONVERSATIONS.c.properties_copy, sa.Text)))
        assert found.scalar_one().replace(" ", "") == '{"k":"v"}'


async def test_an_insert_is_part_of_the_transaction_even_as_its_first_statement(database: Database) -> None:
    async with database.writer.connect() as connection:
        await connection.begin()
        await bulk.insert(connection, TOOLS, [tool()], viewer=ME)
        await connection.rollback()
    assert not await stored(database, TOOLS)


@pytest.mark.parametrize(
    "values",
    [{"name": None}, {"id": UUID(int=1)}, {"version": 2**70}, {"name": {"no": "text"}}],
    ids=["null", "doubled id", "too large", "wrong type"],
)
async def test_rows_that_break_a_rule_are_refused_with_the_drivers_words(
    database: Database, values: dict[str, Any]
) -> None:
    with pytest.raises(RowsRefused, match=r"\w"):
        async with database.write(viewer=PROGRAM) as connection:
            await bulk.insert(connection, TOOLS, [tool(id=UUID(int=1)), tool(**values)], viewer=ME)
    assert not await stored(database, TOOLS)


async def test_a_column_that_is_not_there_is_a_programming_error(database: Database) -> None:
    async with database.write(viewer=PROGRAM) as connection:
        with pytest.raises(KeyError, match="tools has no column colour, size"):
            await bulk.insert(connection, TOOLS, [tool(colour=1), tool(size=2)], viewer=ME)


async def test_many_rows_are_one_statement(database: Database, statements: list[str]) -> None:
    async with database.write(viewer=PROGRAM) as connection:
        await connection.execute(sa.select(1))
        statements.clear()
        await bulk.insert(connection, TOOLS, [tool() for _ in range(500)], viewer=ME)
        assert len(statements) <= 1
        statements.clear()
        rows = [dict(row) for row in (await connection.execute(sa.select(TOOLS))).mappings()]
        await bulk.update(connection, TOOLS, [{**row, "name": "x"} for row in rows], columns=["name"], viewer=ME)
        assert len(statements) == 2
    assert {row["name"] for row in await stored(database, TOOLS)} == {"x"}


async def test_updates_counters_and_deletes_touch_no_other_workspace(database: Database) -> None:
    other = Viewer(new_id())
    row: dict[str, Any] = {"id": new_id(), "created_at": now(), "updated_at": now()}
    async with database.write(viewer=PROGRAM) as connection:
        workspace = {"id": other.workspace_id, "name": "other", "created_at": now()}
        await connection.execute(metadata.tables["workspaces"].insert(), workspace)
        await bulk.insert(connection, SOURCES, [row], viewer=ME)
        for viewer, title, count in ((other, "theirs", 5), (ME, "mine", 2)):
            await bulk.update(connection, SOURCES, [{**row, "title": title}], columns=["title"], viewer=viewer)
            await bulk.add(connection, SOURCES.c.citation_count, {row["id"]: count}, viewer=viewer)
        await bulk.delete(connection, SOURCES.c.id, [row["id"]], viewer=other)
    (kept,) = await stored(database, SOURCES)
    assert (kept["title"], kept["citation_count"]) == ("mine", 2)
    async with database.write(viewer=PROGRAM) as connection:
        await bulk.delete(connection, SOURCES.c.id, [row["id"]], viewer=ME)
    assert not await stored(database, SOURCES)


def test_long_lists_come_in_parts_that_one_statement_takes() -> None:
    assert [len(part) for part in bulk.chunks(range(25), 10)] == [10, 10, 5]
    assert not list(bulk.chunks([]))
