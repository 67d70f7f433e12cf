"""The server's log never has what somebody said, what they showed to be let in, or what they asked."""

import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from db.database import Database
from db.faults import discreet
from db.viewer import PROGRAM
from graph import errors
from tests.access.roles.world import HERE, World

SAID = "something that was said in confidence"


@pytest.fixture
async def world(database: Database, tmp_path: Path) -> AsyncIterator[World]:
    async with World.of(database, tmp_path) as world:
        yield world


async def test_a_fault_is_logged_without_what_was_said(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """The database's own words for what it refuses hold the row, and those of a driver its parameters."""
    area = await world.area(HERE, "ann")
    async with world.database.write(viewer=PROGRAM) as connection:
        await connection.execute(sa.text("ALTER TABLE messages RENAME TO elsewhere"))
    said = {"conversationId": area["conversation"], "messages": [{"role": "USER", "content": SAID}]}
    with caplog.at_level(logging.DEBUG):
        written = await world.change(world.admins[HERE], "addMessages", said, "userErrors { code }")
        made = await world.change(
            world.admins[HERE],
            "createConversation",
            {"title": SAID, "messages": said["messages"]},
            "userErrors { code }",
        )
        sought = await world.ask(
            world.admins[HERE],
            "query ($text: String!) { messages(where: { content: { contains: $text } }) { nodes { id } } }",
            {"text": SAID},
        )

    for answer in (written, made, sought):
        assert answer.codes == ["INTERNAL_SERVER_ERROR"], answer
        assert SAID not in repr(answer)
        assert "elsewhere" not in repr(answer)
        assert answer.body["errors"][0]["extensions"]["id"] in caplog.text
    assert SAID not in caplog.text
    assert world.admins[HERE] not in caplog.text


async def test_what_a_table_refuses_is_logged_without_the_row(world: World, caplog: pytest.LogCaptureFixture) -> None:
    area = await world.area(HERE, "ann")
    async with world.database.write(viewer=PROGRAM) as connection:
        for table, column in (("messages", "content"), ("conversations", "title"), ("feedback", "comment")):
            for statement in _refusing(world.database.dialect, table, column):
                await connection.execute(sa.text(statement))
    changes: dict[str, dict[str, Any]] = {
        "editMessage": {"id": area["question"], "content": SAID},
        "updateConversation": {"id": area["conversation"], "title": SAID},
        "addMessages": {
            "conversationId": area["conversation"],
            "messages": [{"role": "USER", "content": SAID}],
        },
        "giveFeedback": {"targetId": area["answer"], "rating": "POSITIVE", "comment": SAID},
        "forkConversation": {"messageId": area["answer"], "title": SAID},
    }
    for mutation, given in changes.items():
        with caplog.at_level(logging.DEBUG):
            answer = await world.change(world.admins[HERE], mutation, given, "userErrors { code }")
        assert answer.codes == ["INTERNAL_SERVER_ERROR"], (mutation, answer)
        assert SAID not in repr(answer)
        assert SAID not in caplog.text, mutation


def _refusing(dialect: str, table: str, column: str) -> list[str]:
    """What lets a table refuse what was said."""
    if dialect == "postgresql":
        return [f"ALTER TABLE {table} ADD CONSTRAINT discreet CHECK ({column} NOT LIKE '%confidence%') NOT VALID"]
    return [
        f"CREATE TRIGGER discreet_{table}_{change} BEFORE {change} ON {table} WHEN NEW.{column} LIKE '%confidence%'"
        " BEGIN SELECT RAISE(ABORT, 'refused'); END"
        for change in ("INSERT", "UPDATE")
    ]


async def test_what_is_refused_is_not_logged(world: World, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        for document in ("{", f'{{ conversation(id: "{SAID}") {{ id }} }}', f"{{ {'x' * 3000} }}", "{ nothing }"):
            assert (await world.ask(world.admins[HERE], document)).codes

    assert [record.message for record in caplog.records if record.name.startswith("colloquy")] == []
    assert SAID not in caplog.text


def test_tracebacks_of_the_server_go_through_the_filter() -> None:
    assert discreet in errors.logger.filters
