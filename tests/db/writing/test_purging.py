"""What is deleted and past its time goes for good, with all that hangs on it and with nothing of anyone else's."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from db.database import Database
from db.record import now
from db.viewer import PROGRAM
from db.words import Entity, PartType
from db.writing import (
    DEFAULT_LIMITS,
    Limits,
    create_tool,
    delete_conversation,
    purge,
    purging,
    restore_conversation,
    update_conversation,
)
from db.writing.performing import Work
from db.writing.removal import forget_messages
from db.writing.shapes import Look
from tests.db.builders import START, World, at
from tests.db.writing.scenes import (
    ME,
    STRANGER,
    Talk,
    add_branch,
    build_talk,
    refusal,
    rows,
    stored_row,
    strangers_workspace,
    talk_of,
    told,
)
from tests.interchange.stored import counts

LONG_AGO = now() - timedelta(days=31)


async def full_talk(world: World, *sources: UUID, **values: Any) -> Talk:
    """A conversation with a row of each kind, its answer citing these sources, each row with an origin."""
    tool = await world.tool()
    talk = await build_talk(world, 3, **values)
    asking, result = talk.messages[1], talk.messages[2]
    message = {"message_id": asking, "position": 0}
    await world.insert("content_parts", type=PartType.TEXT, text="t", **message)
    await world.insert("follow_up_questions", question="?", **message)
    await world.insert("attachments", **message)
    await world.insert("tool_calls", name="n", result_message_id=result, **message)
    await world.tag(talk.id, "a")
    await world.insert("conversation_tools", conversation_id=talk.id, tool_id=tool, position=0)
    cited = [await world.reference(talk.id, asking, place, source_id=each) for place, each in enumerate(sources)]
    opinions = [
        await world.feedback(talk.id),
        await world.feedback(talk.id, asking),
        await world.feedback(talk.id, asking, reference_id=cited[0]),
    ]
    for opinion in opinions:
        place = {"feedback_id": opinion, "position": 0}
        await world.insert("feedback_reasons", label="l", **place)
        await world.insert("feedback_scores", name="n", value=1.0, **place)
        await world.insert("citation_verdicts", reference_id=cited[0], **place)
    for entity, ids in (
        (Entity.CONVERSATION, [talk.id]),
        (Entity.MESSAGE, talk.messages),
        (Entity.FEEDBACK, opinions),
    ):
        for each in ids:
            await with_origin(world, each, entity)
    return talk


async def with_origin(world: World, row_id: UUID, entity: Entity) -> None:
    await world.origin(row_id, row_id.hex, entity=entity, kind=entity.lower())
    await world.insert("record_versions", entity_id=row_id, digest="d", seen_at=START)


async def test_all_of_a_conversation_goes_and_all_of_the_others_stays(database: Database) -> None:
    async with database.write(viewer=PROGRAM) as connection:
        world = World(connection)
        known = await world.source(identity="k", citation_count=2)
        shared = await world.source(title="shared", citation_count=2)
        alone = await world.source(title="alone", citation_count=1)
        for each in (known, shared, alone):
            await with_origin(world, each, Entity.SOURCE)
        await full_talk(world, known, shared)
    kept = await counts(database)
    async with database.write(viewer=PROGRAM) as connection:
        world = World(connection)
        gone = await full_talk(world, known, shared, alone, deleted_at=LONG_AGO)
    purged = await purge(database)
    assert purged.conversations == 1
    left = await counts(database)
    # The tool stays; the source that only the conversation cited goes with its origin.
    assert left == {
        **kept,
        "tools": kept["tools"] + 1,
        "sources": 2,
        "origins": kept["origins"] - 1,
        "record_versions": kept["record_versions"] - 1,
    }
    assert [(await stored_row(database, "sources", each))["citation_count"] for each in (known, shared)] == [1, 1]
    assert await rows(database, "conversations", id=gone.id) == []


async def test_what_can_still_be_restored_stays(database: Database) -> None:
    early = await talk_of(database, 1, deleted_at=now() - timedelta(days=29))
    alive = await talk_of(database, 1)
    late = await talk_of(database, 1, deleted_at=LONG_AGO)
    assert (await purge(database)).conversations == 1
    assert {row["id"] for row in await rows(database, "conversations")} == {early.id, alive.id} - {late.id}
    assert (await purge(database, limits=Limits(undo=timedelta(days=28)))).conversations == 1
    await delete_conversation(database, {"id": alive.id}, viewer=ME)
    assert (await purge(database)).conversations == 0
    assert (await purge(database, at=now() + timedelta(days=31))).conversations == 1


async def test_all_workspaces_are_purged_or_only_the_viewers(database: Database) -> None:
    await strangers_workspace(database)
    for viewer in (ME, STRANGER):
        await talk_of(database, 2, viewer=viewer, deleted_at=LONG_AGO)
    assert (await purge(database, viewer=STRANGER)).conversations == 1
    assert len(await rows(database, "conversations", workspace_id=ME.workspace_id)) == 1
    await talk_of(database, 2, viewer=STRANGER, deleted_at=LONG_AGO)
    assert (await purge(database)).conversations == 2


async def test_a_transaction_takes_a_bounded_number_of_conversations_and_messages(
    database: Database, statements: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(purging, "CONVERSATIONS", 3)
    monkeypatch.setattr(purging, "MESSAGES", 4)
    for length in (1, 1, 1, 1, 3, 9, 1):
        await talk_of(database, length, deleted_at=LONG_AGO)
    statements.clear()
    assert (await purge(database)).conversations == 7
    removals = [text for text in statements if text.startswith("DELETE FROM conversations")]
    # 1 1 1, 1 3, 9 by itself, 1
    assert len(removals) == 4


async def test_a_thread_deeper_than_the_database_would_go_down_is_removed(database: Database) -> None:
    talk = await talk_of(database, 1, deleted_at=LONG_AGO)
    async with database.write(viewer=PROGRAM) as connection:
        world = World(connection)
        for sequence in range(1, 1500):
            talk.messages.append(await world.message(talk.id, sequence, parent_id=talk.messages[-1]))
        last = talk.messages[-1]
        await world.update("conversations", talk.id, message_count=1500, last_message_id=last, current_message_id=last)
    assert (await purge(database)).conversations == 1
    assert await rows(database, "messages") == []


async def test_answers_that_have_expired_are_forgotten_in_bounded_steps(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(purging, "REPEATS", 2)
    for key in "abcde":
        await create_tool(database, {"name": "n", "idempotency_key": key}, viewer=ME)
    assert (await purge(database)).repeats == 0
    assert (await purge(database, at=now() + timedelta(hours=25))).repeats == 5
    assert await rows(database, "repeats") == []


# Messages, which deleteMessage removes in the same way.


async def forget(database: Database, *ids: UUID) -> None:
    async with database.write(viewer=PROGRAM) as connection:
        await forget_messages(Work(connection, ME, Look(DEFAULT_LIMITS), now()), ids)


async def test_messages_go_with_all_that_hangs_on_them(database: Database) -> None:
    async with database.write(viewer=PROGRAM) as connection:
        world = World(connection)
        known = await world.source(identity="k", citation_count=1)
        alone = await world.source(title="alone", citation_count=1)
        talk = await full_talk(world, known, alone)
        await world.update(
            "conversations",
            talk.id,
            message_count=1,
            last_message_id=talk.messages[0],
            current_message_id=talk.messages[0],
        )
    await forget(database, *talk.messages[1:])
    left = await counts(database)
    assert {name: number for name, number in left.items() if number} == {
        "workspaces": 1,
        "tools": 1,
        "sources": 1,
        "conversations": 1,
        "conversation_tags": 1,
        "conversation_tools": 1,
        "messages": 1,
        # What was said of the conversation itself; its verdict no longer names a citation.
        "feedback": 1,
        "feedback_reasons": 1,
        "feedback_scores": 1,
        "citation_verdicts": 1,
        "origins": 3,
        "record_versions": 3,
    }
    assert (await stored_row(database, "sources", known))["citation_count"] == 0
    (verdict,) = await rows(database, "citation_verdicts")
    assert verdict["reference_id"] is None


async def test_a_call_whose_result_goes_has_none(database: Database) -> None:
    async with database.write(viewer=PROGRAM) as connection:
        world = World(connection)
        talk = await build_talk(world, 2)
        result = await add_branch(world, talk, talk.messages[1], 2)
        await world.insert("tool_calls", message_id=talk.messages[1], position=0, name="n", result_message_id=result)
        await world.update("conversations", talk.id, message_count=2, last_message_id=talk.messages[1])
    await forget(database, result)
    (call,) = await rows(database, "tool_calls")
    assert call["result_message_id"] is None


async def test_nothing_to_forget_is_no_statement(database: Database, statements: list[str]) -> None:
    await forget(database)
    assert statements == []


async def test_a_purged_conversation_cannot_be_restored_and_its_external_id_is_free(database: Database) -> None:
    gone = await talk_of(database, deleted_at=LONG_AGO, external_id="e")
    talk = await talk_of(database, created_at=at(1))
    await purge(database)
    assert told(await refusal(restore_conversation(database, {"id": gone.id}, viewer=ME))) == [("NOT_FOUND", ("id",))]
    await update_conversation(database, {"id": talk.id, "external_id": "e"}, viewer=ME)
