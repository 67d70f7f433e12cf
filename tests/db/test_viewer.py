"""Who asks is in every statement: verbs take the viewer, and give nothing of other workspaces or of the deleted."""

import inspect
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from db import conversations
from db.database import Database
from db.paging import Page, Slice
from db.record import new_id
from db.tables import metadata
from db.viewer import DEFAULT_VIEWER as ME
from db.viewer import PROGRAM, Viewer
from tests.db.builders import START, World
from tests.db.everything import Everything, verbs


@pytest.mark.parametrize("verb", [pytest.param(verb, id=f"{room.__name__}.{name}") for room, name, verb in verbs()])
def test_a_verb_takes_a_viewer_by_name_and_never_without(verb: Callable[..., Any]) -> None:
    viewer = inspect.signature(verb).parameters["viewer"]
    assert viewer.kind is inspect.Parameter.KEYWORD_ONLY
    assert viewer.default is inspect.Parameter.empty
    assert viewer.annotation in (Viewer, "Viewer")


def holds(answer: Any) -> bool:
    """Whether there is anything in a verb's answer."""
    if isinstance(answer, Slice):
        return bool(answer.rows)
    if isinstance(answer, dict):
        return any(map(holds, answer.values()))
    return bool(answer)


async def answers(database: Database, everything: Everything, viewer: Viewer) -> dict[str, bool]:
    """For each verb whether it finds anything."""
    asked = everything.keys()
    async with database.read(viewer=PROGRAM) as connection:
        return {
            key: holds(await verb(connection, *asked[key], viewer=viewer))
            for room, name, verb in verbs()
            for key in [f"{room.__name__.removeprefix('db.')}.{name}"]
        }


async def test_every_verb_finds_what_is_there_and_nothing_from_another_workspace(database: Database) -> None:
    everything, stranger = Everything(), Viewer(new_id())
    async with database.write(viewer=PROGRAM) as connection:
        await everything.build(World(connection))
        values = {"id": stranger.workspace_id, "name": "another", "created_at": START}
        await connection.execute(sa.insert(metadata.tables["workspaces"]).values(values))
    mine, theirs = await answers(database, everything, ME), await answers(database, everything, stranger)
    assert {verb for verb, found in mine.items() if not found} == set()
    assert {verb for verb, found in theirs.items() if found} == set()


async def test_of_a_deleted_conversation_only_itself_is_found_and_what_is_no_part_of_it(database: Database) -> None:
    everything = Everything(deleted_at=START)
    async with database.write(viewer=PROGRAM) as connection:
        await everything.build(World(connection))
    found = {verb for verb, holds in (await answers(database, everything, ME)).items() if holds}
    assert found == {
        *(f"{room}.{verb}" for room in ("assistants", "tools", "sources") for verb in ("by_ids", "page", "count")),
        "assistants.of_tools",
        "tools.of_assistants",
        # Fields of the conversation itself.
        "conversations.by_ids",
        "tags.tags_of",
        "tools.of_conversations",
        "feedback.owners_of",
        "feedback.own_of_conversations",
        "origins.of_entities",
        # What hangs on a message, a reference or feedback, for whoever still holds it.
        *(f"messages.{verb}" for verb in ("parts_of", "follow_ups_of", "tool_calls_of", "attachments_of")),
        *(f"feedback.{verb}" for verb in ("of_messages", "of_references", "reasons_of", "scores_of", "verdicts_of")),
        "feedback.own_of_messages",
        "references.of_messages",
        "siblings.siblings_of",
        "siblings.sibling_messages_of",
        # Of writes, which have looked at the conversation themselves.
        "branches.branch_through",
    }


async def test_the_deleted_conversations_are_a_list_of_their_own(database: Database) -> None:
    async with database.write(viewer=PROGRAM) as connection:
        world = World(connection)
        kept, gone = await world.conversation(), await world.conversation(deleted_at=START)
    async with database.read(viewer=PROGRAM) as connection:
        for deleted, expected in ((False, kept), (True, gone)):
            page = await conversations.page(connection, Page.of(), deleted=deleted, viewer=ME)
            assert [row.id for row in page.rows] == [expected]
            assert await conversations.count(connection, deleted=deleted, viewer=ME) == 1
