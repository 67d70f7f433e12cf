"""What reads cost inside of the wall: an end user's list is found by its owner, not by going through the workspace."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa

from db import bulk, conversations, messages
from db.database import Database
from db.paging import Page
from db.record import new_id
from db.tables import metadata
from db.viewer import DEFAULT_VIEWER, PROGRAM
from db.walls import Wall
from tests.access.walls.worlds import ME, answered
from tests.db.builders import World, at


async def fill(database: Database) -> Any:
    """Two thousand conversations, twenty of them mine."""
    rng = random.Random(1)
    rows: list[dict[str, Any]] = [
        {
            "id": new_id(),
            "title": "t",
            "owner_id": "me" if number % 100 == 0 else f"u{number % 50}",
            "last_activity_at": at(rng.randint(0, 10_000)),
            "created_at": at(0),
            "updated_at": at(0),
        }
        for number in range(2_000)
    ]
    async with database.write(viewer=PROGRAM) as connection:
        await bulk.insert(connection, metadata.tables["conversations"], rows, viewer=DEFAULT_VIEWER)
        await World(connection).thread(rows[0]["id"], 3)
    if database.dialect == "postgresql":
        async with database.write(viewer=PROGRAM) as connection:
            await connection.exec_driver_sql("ANALYZE conversations, messages")
    return rows[0]["id"]


@contextmanager
def walled() -> Iterator[list[tuple[str, Any]]]:
    """The statements with their walls, and their parameters."""
    found: list[tuple[str, Any]] = []
    around = Wall.around

    def noted(own: Wall, text: str, parameters: Any) -> Any:
        found.append(around(own, text, parameters))
        return found[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Wall, "around", noted)
        yield found


async def plan(database: Database, text: str, parameters: Any) -> str:
    """What the planner makes of a statement."""

    async def work(connection: Any) -> Any:
        explain = "EXPLAIN QUERY PLAN" if database.dialect == "sqlite" else "EXPLAIN"
        return await connection.fetch(f"{explain} {text}", parameters)

    return "\n".join(str(row[-1]) for row in await database.look(work, viewer=PROGRAM))


async def test_the_page_of_ones_own_conversations_is_found_by_the_index_of_owners(database: Database) -> None:
    await fill(database)
    with walled() as statements:
        await answered(database, conversations.count, viewer=ME)
        for bare in (False, True):
            await answered(database, conversations.page, Page.of(), viewer=ME, bare=bare)
    assert statements
    for text, parameters in statements:
        assert "ix_conversations_owner_id" in await plan(database, text, parameters), text


async def test_a_message_is_found_by_its_id_and_its_conversation_by_its_own(database: Database) -> None:
    talk = await fill(database)
    ids = sa.select(metadata.tables["messages"].c.id).where(metadata.tables["messages"].c.conversation_id == talk)
    async with database.read(viewer=PROGRAM) as connection:
        said = list((await connection.execute(ids)).scalars())
    with walled() as statements:
        assert len(await answered(database, messages.by_ids, said, viewer=ME)) == 3
    for text, parameters in statements:
        found = await plan(database, text, parameters)
        if database.dialect == "sqlite":
            assert "SCAN own" not in found, found
            assert "(workspace_id=?)" not in found.replace("deleted", ""), found
