"""Edits and new answers are siblings, a switch brings their branch into play, and a deletion takes a whole branch."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from db.database import Database
from db.record import new_id, now
from db.viewer import PROGRAM
from db.words import Entity, MessageStatus, PartType, Rating
from db.writing import (
    DEFAULT_LIMITS,
    delete_message,
    edit_message,
    give_feedback,
    regenerate_message,
    set_current_message,
)
from db.writing.performing import Verb
from tests.db.builders import World, at
from tests.db.writing.scenes import (
    ME,
    STRANGER,
    build_talk,
    refusal,
    rows,
    stored_row,
    strangers_workspace,
    talk_of,
    told,
    unknown,
    written,
)
from tests.db.writing.talking import ASSISTANT, TOOL, USER, add, created, in_play, messages_of, says, tree
from tests.interchange import stored

ALL = [
    pytest.param(edit_message, "id", {"content": "x"}, id="edit"),
    pytest.param(regenerate_message, "id", {"message": says("x", ASSISTANT)}, id="regenerate"),
    pytest.param(set_current_message, "message_id", {}, id="switch"),
    pytest.param(delete_message, "id", {}, id="delete"),
]


async def edit(database: Database, message: UUID, content: str | None = None, **values: Any) -> Any:
    words = {} if content is None else {"content": content}
    return await written(edit_message(database, {"id": message, **words, **values}, viewer=ME))


async def regenerate(database: Database, message: UUID, content: str) -> Any:
    values = {"id": message, "message": says(content, ASSISTANT)}
    return await written(regenerate_message(database, values, viewer=ME))


async def switch(database: Database, message: UUID) -> Any:
    return await written(set_current_message(database, {"message_id": message}, viewer=ME))


async def delete(database: Database, message: UUID) -> Any:
    """Delete a branch; gives the conversation and the ids of the messages."""
    outcome = await delete_message(database, {"id": message}, viewer=ME)
    return outcome.row, set(outcome.deleted)


async def ids_of(database: Database, conversation: UUID) -> dict[str, UUID]:
    """The messages by what they say."""
    return {row["content"]: row["id"] for row in await messages_of(database, conversation)}


@pytest.mark.parametrize(("verb", "name", "extra"), ALL)
async def test_an_unknown_message_one_of_another_workspace_and_one_that_is_deleted_are_not_found(
    database: Database, verb: Verb, name: str, extra: dict[str, Any]
) -> None:
    await strangers_workspace(database)
    theirs, gone = await talk_of(database, 1, viewer=STRANGER), await talk_of(database, 1, deleted_at=now())
    for row_id in (unknown(), theirs.messages[0], gone.messages[0]):
        problems = await refusal(verb(database, {name: row_id, **extra}, viewer=ME))
        assert told(problems) == [("NOT_FOUND", (name,))]
        assert problems[0].message == "There is no message with this id."
    assert told(await refusal(verb(database, extra, viewer=ME))) == [("REQUIRED", (name,))]


async def test_a_stale_write_is_refused_and_told_the_version(database: Database) -> None:
    async with database.write(viewer=PROGRAM) as connection:
        world = World(connection)
        talk = await build_talk(world, 2, version=5)
        await world.update("messages", talk.messages[0], version=3)
    before = await stored.everything(database)
    for verb, values, version in (
        (edit_message, {"id": talk.messages[0], "content": "x"}, 3),
        (delete_message, {"id": talk.messages[0]}, 3),
        (set_current_message, {"message_id": talk.messages[0]}, 5),
    ):
        (problem,) = await refusal(verb(database, {**values, "expected_version": 4}, viewer=ME))
        assert (problem.code, problem.field, problem.current_version) == (
            "STALE_VERSION",
            ("expected_version",),
            version,
        )
        assert await stored.everything(database) == before
    await edit_message(database, {"id": talk.messages[0], "content": "x", "expected_version": 3}, viewer=ME)


# edits


async def test_an_edit_is_a_sibling_and_comes_into_play_and_what_was_there_stays(database: Database) -> None:
    talk = await talk_of(database, 3, title_made=False)
    before = await stored_row(database, "messages", talk.messages[0])
    made = await edit(database, talk.messages[0], "edited", uuid=(uuid := new_id()))
    assert (made.id, made.parent_id, made.sequence, made.branch_position) == (uuid, None, 3, 0)
    assert vars(made) == await stored_row(database, "messages", uuid)
    assert await in_play(database, talk.id) == ["edited"]
    assert await stored_row(database, "messages", talk.messages[0]) == {**before, "branch_position": None}
    row = await stored_row(database, "conversations", talk.id)
    assert (row["message_count"], row["last_message_id"], row["current_message_id"]) == (4, uuid, uuid)
    assert row["version"] == 2


async def test_an_edit_in_the_middle_of_a_branch_keeps_what_is_above_it(database: Database) -> None:
    talk = await talk_of(database, 4)
    await edit(database, talk.messages[2], "edited")
    assert await in_play(database, talk.id) == ["message 0", "message 1", "edited"]
    assert (await tree(database, talk.id))[-1] == ("edited", "message 1")


async def test_an_edit_has_from_the_first_version_what_it_does_not_say(database: Database) -> None:
    conversation = await created(database)
    values: dict[str, Any] = {
        "role_name": "customer",
        "author_id": "a",
        "author_name": "Ada",
        "visible": False,
        "properties": {"page": 1},
        "external_id": "e",
        "attachments": [{"name": "f.txt", "size": 3}],
    }
    (first,) = await add(database, conversation, says("one", **values))
    made = await edit(database, first.id, "two")
    kept = ("role", "role_name", "author_id", "author_name", "visible", "properties", "message_type", "actor")
    assert [getattr(made, name) for name in kept] == [getattr(first, name) for name in kept]
    assert made.external_id is None, "unique in the conversation"
    (attachment,) = await rows(database, "attachments", message_id=made.id)
    assert (attachment["name"], attachment["size"]) == ("f.txt", 3)
    assert len(await rows(database, "attachments", message_id=first.id)) == 1
    bare = await edit(database, made.id, "three", attachments=[])
    assert await rows(database, "attachments", message_id=bare.id) == []


async def test_an_edit_of_the_attachments_keeps_words_and_parts(database: Database) -> None:
    conversation = await created(database)
    parts = [{"text": "see"}, {"image": {"url": "u"}}]
    (first,) = await add(database, conversation, {"role": USER, "content_parts": parts})
    made = await edit(database, first.id, attachments=[{"name": "n"}])
    assert (made.content, made.has_parts) == ("see", True)
    assert [row["type"] for row in await rows(database, "content_parts", message_id=made.id)] == [
        PartType.TEXT,
        PartType.IMAGE,
    ]
    plain = await edit(database, made.id, content_parts=[{"text": "a"}, {"text": "b"}])
    assert (plain.content, plain.has_parts) == ("a\nb", True)


async def test_what_is_wrong_with_an_edit_is_told(database: Database) -> None:
    talk, other = await talk_of(database, 1), await talk_of(database, 1)
    before = await stored.everything(database)
    cases: list[tuple[dict[str, Any], list[tuple[str, tuple[str, ...]]]]] = [
        ({}, [("REQUIRED", ("content",))]),
        ({"content": None}, [("REQUIRED", ("content",))]),
        ({"content": "a\0"}, [("INVALID", ("content",))]),
        ({"content": "a", "content_parts": [{"text": "b"}]}, [("INVALID", ("content_parts",))]),
        ({"content": "a", "uuid": other.messages[0]}, [("TAKEN", ("uuid",))]),
        ({"content": "a", "uuid": talk.messages[0]}, [("TAKEN", ("uuid",))]),
        ({"content": "x" * 20}, [("TOO_LONG", ("content",))]),
        ({"attachments": [{"size": -1}]}, [("OUT_OF_RANGE", ("attachments", "0", "size"))]),
        ({"role": "USER", "content": "a"}, [("INVALID", ("role",))]),
    ]
    limits = replace(DEFAULT_LIMITS, content_bytes=10)
    for values, expected in cases:
        write = edit_message(database, {"id": talk.messages[0], **values}, viewer=ME, limits=limits)
        assert told(await refusal(write)) == expected
    assert await stored.everything(database) == before


async def test_a_message_that_is_being_written_is_not_edited(database: Database) -> None:
    async with database.write(viewer=PROGRAM) as connection:
        world = World(connection)
        talk = await build_talk(world, 2)
        await world.update("messages", talk.messages[1], status=MessageStatus.STREAMING)
    problems = await refusal(edit_message(database, {"id": talk.messages[1], "content": "x"}, viewer=ME))
    assert told(problems) == [("UNSUPPORTED", ("id",))]


# new answers


async def test_a_new_answer_is_a_sibling_with_all_that_a_message_holds(database: Database) -> None:
    talk = await talk_of(database, 4)
    answer = says("new", ASSISTANT, citations=[{"url": "https://c.example"}], external_id="e", uuid=(uuid := new_id()))
    made = await written(regenerate_message(database, {"id": talk.messages[1], "message": answer}, viewer=ME))
    assert (made.id, made.parent_id, made.external_id) == (uuid, talk.messages[0], "e")
    assert await in_play(database, talk.id) == ["message 0", "new"]
    assert len(await rows(database, "citations", message_id=uuid)) == 1
    row = await stored_row(database, "conversations", talk.id)
    assert (row["message_count"], row["version"]) == (5, 2)


async def test_a_new_answer_may_be_begun_empty(database: Database) -> None:
    talk = await talk_of(database, 2)
    values = {"id": talk.messages[1], "uuid": (uuid := new_id())}
    made = await written(regenerate_message(database, values, viewer=ME))
    assert (made.id, made.content, made.status, made.stream_sequence) == (uuid, "", MessageStatus.STREAMING, 0)
    assert (made.role, made.role_name, made.parent_id) == (ASSISTANT, "assistant", talk.messages[0])
    assert (await stored_row(database, "conversations", talk.id))["current_message_id"] == uuid


async def test_what_is_wrong_with_a_new_answer_is_told(database: Database) -> None:
    talk = await talk_of(database, 2)
    before = await stored.everything(database)
    question, answer = talk.messages
    one, two = new_id(), new_id()
    cases: list[tuple[dict[str, Any], list[tuple[str, tuple[str, ...]]]]] = [
        ({"id": question}, [("UNSUPPORTED", ("id",))]),
        ({"id": answer, "message": {"role": ASSISTANT}}, [("REQUIRED", ("message", "content"))]),
        ({"id": answer, "message": says("\0", ASSISTANT)}, [("INVALID", ("message", "content"))]),
        ({"id": question, "message": "x"}, [("INVALID", ("message",))]),
        ({"id": answer, "message": says("x", parent_id=question)}, [("INVALID", ("message", "parent_id"))]),
        ({"id": answer, "message": says("x", uuid=one), "uuid": two}, [("INVALID", ("uuid",))]),
        ({"id": answer, "message": says("x", uuid=answer)}, [("TAKEN", ("message", "uuid"))]),
        ({"id": answer, "uuid": answer}, [("TAKEN", ("uuid",))]),
        ({"id": answer, "uuid": answer, "message": says("x", ASSISTANT)}, [("TAKEN", ("uuid",))]),
        (
            {"id": answer, "message": says("x", citations=[{"source_id": one}])},
            [("NOT_FOUND", ("message", "citations", "0", "source_id"))],
        ),
    ]
    for values, expected in cases:
        assert told(await refusal(regenerate_message(database, values, viewer=ME))) == expected
    assert await stored.everything(database) == before
    await regenerate_message(database, {"id": answer, "message": says("x", uuid=one), "uuid": one}, viewer=ME)


# the branch in play


async def test_a_switch_brings_the_branch_through_a_message_into_play_down_to_its_newest_leaf(
    database: Database,
) -> None:
    conversation = await created(database, "q1", "a1", "q2", "a2")
    ids = await ids_of(database, conversation)
    await edit(database, ids["q2"], "q3")
    await add(database, conversation, says("a3", ASSISTANT))
    third = await regenerate(database, (await ids_of(database, conversation))["a3"], "a4")
    assert await in_play(database, conversation) == ["q1", "a1", "q3", "a4"]
    row = await switch(database, ids["q2"])
    assert await in_play(database, conversation) == ["q1", "a1", "q2", "a2"]
    assert (row.current_message_id, row.last_message_id) == (ids["a2"], third.id)
    assert vars(row) == await stored_row(database, "conversations", conversation)
    await switch(database, (await ids_of(database, conversation))["q3"])
    assert await in_play(database, conversation) == ["q1", "a1", "q3", "a4"], "the newest of its answers"


async def test_a_switch_to_the_branch_in_play_changes_nothing(database: Database) -> None:
    talk = await talk_of(database, 3)
    before = await stored.everything(database)
    for message in talk.messages:
        await switch(database, message)
    assert await stored.everything(database) == before


async def test_a_switch_does_not_touch_messages_and_raises_the_version_once(database: Database) -> None:
    conversation = await created(database, "q1", "a1")
    ids = await ids_of(database, conversation)
    await edit(database, ids["q1"], "q2")
    before = {row["id"]: (row["version"], row["updated_at"]) for row in await messages_of(database, conversation)}
    row = await switch(database, ids["q1"])
    assert row.version == 3
    assert {
        row["id"]: (row["version"], row["updated_at"]) for row in await messages_of(database, conversation)
    } == before


# deletions


async def test_deleting_the_end_of_the_branch_in_play_leaves_the_rest_of_it(database: Database) -> None:
    talk = await talk_of(database, 4)
    row, gone = await delete(database, talk.messages[2])
    assert gone == {*talk.messages[2:]}
    assert await in_play(database, talk.id) == ["message 0", "message 1"]
    last = talk.messages[1]
    assert (row.message_count, row.current_message_id, row.last_message_id, row.version) == (2, last, last, 2)
    assert vars(row) == await stored_row(database, "conversations", talk.id)
    (made,) = await add(database, talk.id, says("on"))
    assert (made.parent_id, made.sequence) == (last, 2)


async def test_deleting_a_branch_brings_its_newest_sibling_into_play(database: Database) -> None:
    conversation = await created(database, "q1", "a1", "q2", "a2")
    ids = await ids_of(database, conversation)
    for other in ("q3", "q4"):
        await edit(database, ids["q2"], other)
        await add(database, conversation, says(f"a of {other}", ASSISTANT))
    ids = await ids_of(database, conversation)
    await delete(database, ids["q4"])
    assert await in_play(database, conversation) == ["q1", "a1", "q3", "a of q3"]


async def test_deleting_another_branch_leaves_the_one_in_play(database: Database) -> None:
    conversation = await created(database, "q1", "a1", "q2", "a2")
    ids = await ids_of(database, conversation)
    await edit(database, ids["q2"], "q3")
    row, gone = await delete(database, ids["q2"])
    assert gone == {ids["q2"], ids["a2"]}
    assert await in_play(database, conversation) == ["q1", "a1", "q3"]
    assert row.message_count == 3
    assert [each["sequence"] for each in await messages_of(database, conversation)] == [0, 1, 4]


async def test_deleting_the_only_root_empties_the_conversation_and_the_title_is_made_anew(database: Database) -> None:
    conversation = await created(database, "Question", "answer")
    ids = await ids_of(database, conversation)
    row, _ = await delete(database, ids["Question"])
    assert (row.message_count, row.current_message_id, row.last_message_id) == (0, None, None)
    assert (row.title, row.preview) == ("Untitled conversation", None)
    await add(database, conversation, says("Another"))
    row = await stored_row(database, "conversations", conversation)
    assert (row["title"], row["preview"], row["message_count"]) == ("Another", "Another", 1)


async def test_deleting_one_of_two_roots_keeps_the_other_and_the_opening_follows(database: Database) -> None:
    conversation = await created(database, "First", "answer")
    ids = await ids_of(database, conversation)
    await edit(database, ids["First"], "Second")
    assert (await stored_row(database, "conversations", conversation))["title"] == "First"
    row, _ = await delete(database, ids["First"])
    assert await in_play(database, conversation) == ["Second"]
    assert (row.title, row.preview) == ("Second", "Second")
    titled = await created(database, "First", title="Mine")
    row, _ = await delete(database, (await ids_of(database, titled))["First"])
    assert (row.title, row.preview) == ("Mine", None)


async def test_what_was_said_about_deleted_messages_goes_with_them_and_its_origins(database: Database) -> None:
    async with database.write(viewer=PROGRAM) as connection:
        world = World(connection)
        talk = await build_talk(world, 4)
        source, shared = await world.source(citation_count=1), await world.source(identity="i", citation_count=2)
        for message, cited in ((talk.messages[2], source), (talk.messages[2], shared), (talk.messages[1], shared)):
            reference = await world.reference(talk.id, message, 0, source_id=cited)
            opinion = await world.feedback(talk.id, message, reference_id=reference)
            await world.origin(opinion, f"on {reference}", entity=Entity.FEEDBACK)
        for message in talk.messages:
            await world.origin(message, f"{message}", entity=Entity.MESSAGE)
            await world.feedback(talk.id, message, author_id="b")
        kept = await world.feedback(talk.id, rating=Rating.POSITIVE)
        await world.insert(
            "tool_calls",
            message_id=talk.messages[0],
            position=0,
            name="f",
            call_id="c",
            result_message_id=talk.messages[3],
            created_at=at(0),
        )
    await delete(database, talk.messages[2])
    left = {*talk.messages[:2]}
    assert {row["id"] for row in await messages_of(database, talk.id)} == left
    opinions = await rows(database, "feedback")
    assert {row["message_id"] for row in opinions} == {*left, None}
    assert kept in {row["id"] for row in opinions}
    assert {row["message_id"] for row in await rows(database, "citations")} == {talk.messages[1]}
    entities = {row["entity_id"] for row in await rows(database, "origins")}
    assert entities <= {*left, *(row["id"] for row in opinions)}
    assert len(entities) == 3
    assert [row["id"] for row in await rows(database, "sources")] == [shared], "nobody else can cite the other"
    (call,) = await rows(database, "tool_calls")
    assert call["result_message_id"] is None


async def test_a_branch_of_thousands_is_deleted_switched_and_goes_on(database: Database) -> None:
    conversation = await created(database, "top")
    top = (await ids_of(database, conversation))["top"]
    await add(database, conversation, *(says(f"{place}") for place in range(3_000)))
    ids = await ids_of(database, conversation)
    await edit(database, ids["0"], "other")
    assert await in_play(database, conversation) == ["top", "other"]
    row = await switch(database, ids["1500"])
    assert row.current_message_id == ids["2999"]
    row, gone = await delete(database, ids["0"])
    assert len(gone) == 3_000
    assert (row.message_count, row.current_message_id) == (2, (await ids_of(database, conversation))["other"])
    row, gone = await delete(database, top)
    assert (row.message_count, len(gone)) == (0, 2)


async def test_a_result_goes_and_its_call_waits_again(database: Database) -> None:
    conversation = await created(database)
    call = {"role": ASSISTANT, "tool_calls": [{"call_id": "c", "name": "f"}]}
    asked, answered = await add(database, conversation, call, says("r", TOOL, tool_call_id="c"))
    await delete(database, answered.id)
    (again,) = await add(database, conversation, says("r2", TOOL, tool_call_id="c"))
    (row,) = await rows(database, "tool_calls", message_id=asked.id)
    assert row["result_message_id"] == again.id


async def test_feedback_stays_on_the_version_that_it_was_given_on(database: Database) -> None:
    talk = await talk_of(database, 2)
    await give_feedback(database, {"target": ("messages", talk.messages[1]), "rating": Rating.NEGATIVE}, viewer=ME)
    await regenerate(database, talk.messages[1], "better")
    assert [row["message_id"] for row in await rows(database, "feedback")] == [talk.messages[1]]
