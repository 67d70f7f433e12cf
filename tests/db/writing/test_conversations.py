"""Conversations are changed, put away, deleted and brought back; what is wrong is told, and then nothing is written."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from db.database import Database
from db.record import now
from db.viewer import PROGRAM
from db.words import Entity, ExecutionStatus, MessageRole, Rating, Visibility
from db.writing import (
    DEFAULT_LIMITS,
    Limits,
    archive_conversation,
    delete_conversation,
    restore_conversation,
    set_execution_status,
    unarchive_conversation,
    update_conversation,
)
from db.writing.performing import Verb
from tests.db.builders import START, World, at
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

BY_ID = [
    pytest.param(verb, extra, id=verb.name)
    for verb, extra in (
        (update_conversation, {"title": "t"}),
        (set_execution_status, {"status": ExecutionStatus.PENDING}),
        (archive_conversation, {}),
        (unarchive_conversation, {}),
        (delete_conversation, {}),
    )
]


@pytest.mark.parametrize(("verb", "extra"), BY_ID)
async def test_an_unknown_id_one_of_another_workspace_and_a_deleted_one_are_not_found(
    database: Database, verb: Verb, extra: dict[str, Any]
) -> None:
    await strangers_workspace(database)
    theirs, gone = await talk_of(database, viewer=STRANGER), await talk_of(database, deleted_at=now())
    for row_id in (unknown(), theirs.id, gone.id):
        problems = await refusal(verb(database, {"id": row_id, **extra}, viewer=ME))
        assert told(problems) == [("NOT_FOUND", ("id",))]
        assert problems[0].message == "There is no conversation with this id."


@pytest.mark.parametrize(("verb", "extra"), BY_ID)
async def test_a_stale_write_is_refused_and_told_the_version(
    database: Database, verb: Verb, extra: dict[str, Any]
) -> None:
    talk = await talk_of(database, version=7)
    before = await stored_row(database, "conversations", talk.id)
    (problem,) = await refusal(verb(database, {"id": talk.id, "expected_version": 6, **extra}, viewer=ME))
    assert (problem.code, problem.field, problem.current_version) == ("STALE_VERSION", ("expected_version",), 7)
    assert await stored_row(database, "conversations", talk.id) == before
    await verb(database, {"id": talk.id, "expected_version": 7, **extra}, viewer=ME)


@pytest.mark.parametrize(("verb", "extra"), [*BY_ID, pytest.param(restore_conversation, {}, id="restore_conversation")])
async def test_an_id_is_required(database: Database, verb: Verb, extra: dict[str, Any]) -> None:
    assert told(await refusal(verb(database, extra, viewer=ME))) == [("REQUIRED", ("id",))]


async def test_an_update_changes_what_is_given_and_keeps_the_rest(database: Database) -> None:
    talk = await talk_of(database, model="m", system_prompt="s", owner_id="o", temperature=0.5)
    before = await stored_row(database, "conversations", talk.id)
    changes = {
        "title": "A title",
        "visibility": Visibility.PUBLIC,
        "matrix_mode": True,
        "model": None,
        "config": {"top_p": 1},
        "external_id": "e",
        "external_url": "https://example.org",
        "support_ticket_conversation_id": "ticket",
        "project_id": "p",
        "integration_id": "i",
        "user_properties": {"plan": "pro"},
    }
    after_it = await written(update_conversation(database, {"id": talk.id, **changes}, viewer=ME))
    after = await stored_row(database, "conversations", talk.id)
    assert after == {**before, **changes, "version": 2, "updated_at": after["updated_at"]}
    assert after["updated_at"] > before["updated_at"]
    assert vars(after_it) == after


async def test_an_update_that_changes_nothing_leaves_the_version(database: Database) -> None:
    talk = await talk_of(database, title="t", properties={"a": 1})
    await update_conversation(database, {"id": talk.id, "tags": ["x"], "like": True}, viewer=ME)
    before = await stored_row(database, "conversations", talk.id)
    same = {"title": "t", "properties": {"a": 1}, "tags": ["x", "x"], "like": True, "comment": None, "model": None}
    after_it = await written(update_conversation(database, {"id": talk.id, **same}, viewer=ME))
    assert after_it.version == before["version"] == 2
    assert await stored_row(database, "conversations", talk.id) == before


async def test_of_json_numbers_and_booleans_a_change_of_type_is_a_change(database: Database) -> None:
    talk = await talk_of(database, config={"n": 1})
    for version, value in enumerate((1.0, True), 2):
        after_it = await written(update_conversation(database, {"id": talk.id, "config": {"n": value}}, viewer=ME))
        assert (after_it.version, repr(after_it.config)) == (version, repr({"n": value}))


async def test_properties_are_merged_removed_and_cleared(database: Database) -> None:
    talk = await talk_of(database, properties={"a": 1, "b": {"c": 2, "d": 3}}, user_properties={"u": 1})
    given: dict[str, Any] = {"properties": {"b": {"c": None, "e": 4}, "a": 9}, "user_properties": None}
    await update_conversation(database, {"id": talk.id, **given}, viewer=ME)
    after = await stored_row(database, "conversations", talk.id)
    assert after["properties"] == {"a": 9, "b": {"d": 3, "e": 4}}
    assert after["user_properties"] is None


async def test_the_limit_of_properties_holds_for_what_the_merge_makes(database: Database) -> None:
    talk = await talk_of(database, properties={"a": "x" * 60})
    limits = replace(DEFAULT_LIMITS, properties_bytes=100)
    given = {"id": talk.id, "properties": {"b": "y" * 60}}
    (problem,) = await refusal(update_conversation(database, given, viewer=ME, limits=limits))
    assert (problem.code, problem.field, problem.limit) == ("TOO_LONG", ("properties",), 100)
    assert problem.actual == len('{"a":"","b":""}') + 120


async def test_a_title_of_null_is_made_again_from_the_first_user_message(database: Database) -> None:
    async with database.write(viewer=PROGRAM) as connection:
        world = World(connection)
        talk = await world.conversation(title="Given", message_count=3)
        ids = [
            await world.message(talk, 0, role=MessageRole.SYSTEM, content="You are kind."),
            await world.message(talk, 1, content=""),
            await world.message(talk, 2, content="How do I\n export?"),
        ]
        await world.update("messages", ids[1], parent_id=ids[0])
        await world.update("messages", ids[2], parent_id=ids[1])
        await world.update("conversations", talk, last_message_id=ids[2], current_message_id=ids[2])
    after_it = await written(update_conversation(database, {"id": talk, "title": None}, viewer=ME))
    assert (after_it.title, after_it.title_made) == ("How do I export?", True)
    after_it = await written(update_conversation(database, {"id": talk, "title": "Mine"}, viewer=ME))
    assert (after_it.title, after_it.title_made) == ("Mine", False)


async def test_tags_are_replaced_in_their_order_and_null_removes_them(database: Database) -> None:
    talk = await talk_of(database)
    for given, expected in ((["b", "a", "b"], ["b", "a"]), (["a", "b"], ["a", "b"]), (None, [])):
        await update_conversation(database, {"id": talk.id, "tags": given}, viewer=ME)
        found = await rows(database, "conversation_tags", conversation_id=talk.id)
        assert [row["tag"] for row in found] == expected
    assert (await stored_row(database, "conversations", talk.id))["version"] == 4


async def test_what_cannot_be_empty_cannot_be_cleared(database: Database) -> None:
    talk = await talk_of(database)
    given = {"id": talk.id, "visibility": None, "matrix_mode": None}
    assert told(await refusal(update_conversation(database, given, viewer=ME))) == [
        ("REQUIRED", ("visibility",)),
        ("REQUIRED", ("matrix_mode",)),
    ]


async def test_all_that_is_wrong_with_an_update_is_told_at_once_and_nothing_is_written(database: Database) -> None:
    other = await talk_of(database, external_id="taken")
    talk = await talk_of(database)
    before = await stored_row(database, "conversations", talk.id)
    limits = replace(DEFAULT_LIMITS, tags=1)
    given = {
        "id": talk.id,
        "expected_version": 5,
        "title": " ",
        "assistant_id": unknown(),
        "external_id": "taken",
        "tags": ["a", "b"],
        "owner_id": "x" * 513,
        "temperature": float("inf"),
        "colour": "red",
        "model": "a\0b",
        "like": True,
    }
    problems = await refusal(update_conversation(database, given, viewer=ME, limits=limits))
    assert sorted(told(problems)) == [
        ("INVALID", ("colour",)),
        ("INVALID", ("model",)),
        ("INVALID", ("title",)),
        ("NOT_FOUND", ("assistant_id",)),
        ("OUT_OF_RANGE", ("temperature",)),
        ("STALE_VERSION", ("expected_version",)),
        ("TAKEN", ("external_id",)),
        ("TOO_LONG", ("owner_id",)),
        ("TOO_MANY", ("tags",)),
    ]
    assert await stored_row(database, "conversations", talk.id) == before
    assert await rows(database, "feedback") == []
    assert (await stored_row(database, "conversations", other.id))["external_id"] == "taken"


async def test_an_external_id_is_taken_by_another_conversation_and_by_a_deleted_one(database: Database) -> None:
    talk = await talk_of(database, external_id="mine")
    await talk_of(database, external_id="other")
    await talk_of(database, external_id="gone", deleted_at=now())
    for external_id, message in (
        ("other", "The external id is another conversation's."),
        ("gone", "The external id is that of a deleted conversation, which can still be restored."),
    ):
        given = {"id": talk.id, "external_id": external_id}
        (problem,) = await refusal(update_conversation(database, given, viewer=ME))
        assert (problem.code, problem.field, problem.message) == ("TAKEN", ("external_id",), message)
    await update_conversation(database, {"id": talk.id, "external_id": "mine"}, viewer=ME)


async def test_an_external_id_of_another_workspace_is_free(database: Database) -> None:
    await strangers_workspace(database)
    await talk_of(database, external_id="e", viewer=STRANGER)
    talk = await talk_of(database)
    await update_conversation(database, {"id": talk.id, "external_id": "e"}, viewer=ME)


async def test_an_assistant_of_another_workspace_is_not_found(database: Database) -> None:
    await strangers_workspace(database)
    async with database.write(viewer=PROGRAM) as connection:
        theirs, mine = await World(connection, STRANGER).assistant(), await World(connection).assistant()
    talk = await talk_of(database)
    problems = await refusal(update_conversation(database, {"id": talk.id, "assistant_id": theirs}, viewer=ME))
    assert told(problems) == [("NOT_FOUND", ("assistant_id",))]
    after_it = await written(update_conversation(database, {"id": talk.id, "assistant_id": mine}, viewer=ME))
    assert after_it.assistant_id == mine


# The like and the comment: the owner's feedback.


async def test_like_and_comment_are_made_changed_and_removed_as_the_owners_feedback(database: Database) -> None:
    async with database.write(viewer=PROGRAM) as connection:
        assistant = await World(connection).assistant(version=4)
    talk = await talk_of(database, 2, owner_id="ann", assistant_id=assistant)

    async def update(**given: Any) -> list[dict[str, Any]]:
        await update_conversation(database, {"id": talk.id, **given}, viewer=ME)
        return await rows(database, "feedback", conversation_id=talk.id)

    (made,) = await update(like=True)
    assert (made["rating"], made["comment"], made["author_id"], made["is_owners"]) == (
        Rating.POSITIVE,
        None,
        "ann",
        True,
    )
    assert made["seen_current_message_id"] == talk.messages[-1]
    assert (made["seen_assistant_id"], made["seen_assistant_version"]) == (assistant, 4)
    (changed,) = await update(like=False, comment="No.")
    assert (changed["id"], changed["version"]) == (made["id"], 2)
    assert (changed["rating"], changed["comment"]) == (Rating.NEGATIVE, "No.")
    (commented,) = await update(like=None)
    assert (commented["rating"], commented["comment"]) == (None, "No.")
    assert await update(comment=None) == []
    assert await update(comment="") == []
    assert (await stored_row(database, "conversations", talk.id))["version"] == 5


async def test_a_like_that_goes_takes_its_origin_along(database: Database) -> None:
    talk = await talk_of(database)
    async with database.write(viewer=PROGRAM) as connection:
        world = World(connection)
        liked = await world.feedback(talk.id, is_owners=True, rating=Rating.POSITIVE)
        await world.origin(liked, "r", entity=Entity.FEEDBACK)
        await world.insert("record_versions", entity_id=liked, digest="d", seen_at=START)
    await update_conversation(database, {"id": talk.id, "like": None}, viewer=ME)
    for table in ("feedback", "origins", "record_versions"):
        assert await rows(database, table) == []


async def test_the_owners_feedback_stays_where_it_says_more_than_like_and_comment(database: Database) -> None:
    talk = await talk_of(database)
    async with database.write(viewer=PROGRAM) as connection:
        world = World(connection)
        liked = await world.feedback(talk.id, is_owners=True, rating=Rating.POSITIVE)
        await world.insert("feedback_scores", feedback_id=liked, position=0, name="clarity", value=1.0)
    await update_conversation(database, {"id": talk.id, "like": None}, viewer=ME)
    assert (await stored_row(database, "feedback", liked))["rating"] is None


async def test_the_owners_feedback_follows_the_owner(database: Database) -> None:
    talk = await talk_of(database, owner_id="ann")
    await update_conversation(database, {"id": talk.id, "like": True}, viewer=ME)
    await update_conversation(database, {"id": talk.id, "owner_id": "ben"}, viewer=ME)
    (row,) = await rows(database, "feedback")
    assert (row["author_id"], row["rating"], row["version"]) == ("ben", Rating.POSITIVE, 2)
    await update_conversation(database, {"id": talk.id, "owner_id": None}, viewer=ME)
    (row,) = await rows(database, "feedback")
    assert (row["author_id"], row["is_owners"]) == (None, True)


async def test_a_new_owners_own_vote_becomes_the_like_when_it_is_changed(database: Database) -> None:
    talk = await talk_of(database)
    async with database.write(viewer=PROGRAM) as connection:
        vote = await World(connection).feedback(talk.id, author_id="ann", rating=Rating.POSITIVE)
    await update_conversation(database, {"id": talk.id, "owner_id": "ann", "comment": "Good"}, viewer=ME)
    (row,) = await rows(database, "feedback")
    assert (row["id"], row["is_owners"], row["rating"], row["comment"]) == (vote, True, Rating.POSITIVE, "Good")


async def test_what_others_say_of_the_conversation_is_no_like(database: Database) -> None:
    talk = await talk_of(database)
    async with database.write(viewer=PROGRAM) as connection:
        world = World(connection)
        imported = await world.feedback(talk.id, rating=Rating.NEGATIVE)
        await world.origin(imported, "r", entity=Entity.FEEDBACK)
        await world.feedback(talk.id, author_id="ann", rating=Rating.NEGATIVE)
    await update_conversation(database, {"id": talk.id, "like": None, "comment": None}, viewer=ME)
    assert len(await rows(database, "feedback")) == 2
    await update_conversation(database, {"id": talk.id, "like": True}, viewer=ME)
    (liked,) = await rows(database, "feedback", is_owners=True)
    assert (liked["rating"], liked["position"]) == (Rating.POSITIVE, 1)


# The execution status.

ALLOWED = {
    (ExecutionStatus.AVAILABLE, ExecutionStatus.PENDING),
    (ExecutionStatus.PENDING, ExecutionStatus.PROCESSING),
    (ExecutionStatus.PROCESSING, ExecutionStatus.AVAILABLE),
    (ExecutionStatus.PROCESSING, ExecutionStatus.ENDED),
    (ExecutionStatus.ERROR, ExecutionStatus.PENDING),
    (ExecutionStatus.ERROR, ExecutionStatus.AVAILABLE),
    *((status, ExecutionStatus.ERROR) for status in ExecutionStatus),
}


async def test_of_all_pairs_of_words_the_allowed_transitions_are_made_and_no_others(database: Database) -> None:
    for before in ExecutionStatus:
        for after in ExecutionStatus:
            talk = await talk_of(database, execution_status=before)
            write = set_execution_status(database, {"id": talk.id, "status": after}, viewer=ME)
            if (before, after) in ALLOWED:
                assert (await written(write)).execution_status is after
                continue
            (problem,) = await refusal(write)
            assert (problem.code, problem.field) == ("INVALID_TRANSITION", ("status",))
            start, _, allowed = problem.message.partition("after that comes")
            assert before in start
            assert after in start
            assert {word for one, word in ALLOWED if one is before} == {
                word for word in ExecutionStatus if word in allowed.replace(".", " ").split()
            }
            assert (await stored_row(database, "conversations", talk.id))["execution_status"] is before


async def test_the_reason_of_a_failure_is_kept_until_the_next_word(database: Database) -> None:
    talk = await talk_of(database)

    async def set_to(status: ExecutionStatus, reason: str | None = None) -> str | None:
        given = {"id": talk.id, "status": status, "fail_reason": reason}
        kept: str | None = (await written(set_execution_status(database, given, viewer=ME))).fail_reason
        return kept

    assert await set_to(ExecutionStatus.ERROR, "Out of tokens") == "Out of tokens"
    assert await set_to(ExecutionStatus.ERROR, "Out of time") == "Out of time"
    assert await set_to(ExecutionStatus.PENDING) is None


async def test_a_reason_belongs_to_an_error_only(database: Database) -> None:
    talk = await talk_of(database)
    given = {"id": talk.id, "status": ExecutionStatus.PENDING, "fail_reason": "why"}
    assert told(await refusal(set_execution_status(database, given, viewer=ME))) == [("INVALID", ("fail_reason",))]


async def test_a_status_is_required_and_one_of_the_words(database: Database) -> None:
    talk = await talk_of(database)
    problems = await refusal(set_execution_status(database, {"id": talk.id}, viewer=ME))
    assert told(problems) == [("REQUIRED", ("status",))]
    problems = await refusal(set_execution_status(database, {"id": talk.id, "status": "BUSY"}, viewer=ME))
    assert told(problems) == [("INVALID", ("status",))]


# Away, deleted, back.


async def test_archiving_twice_and_unarchiving_twice_is_no_error_and_changes_nothing_more(database: Database) -> None:
    talk = await talk_of(database)
    first = await written(archive_conversation(database, {"id": talk.id}, viewer=ME))
    second = await written(archive_conversation(database, {"id": talk.id}, viewer=ME))
    assert first.archived_at is not None
    assert first == second
    for _ in range(2):
        back = await written(unarchive_conversation(database, {"id": talk.id}, viewer=ME))
        assert (back.archived_at, back.version) == (None, 3)


async def test_a_deleted_conversation_is_restored_within_its_time_as_it_was(database: Database) -> None:
    talk = await talk_of(database, 3)
    before = await stored_row(database, "conversations", talk.id)
    outcome = await delete_conversation(database, {"id": talk.id}, viewer=ME)
    gone = await stored_row(database, "conversations", talk.id)
    assert outcome.deleted == [talk.id]
    assert outcome.until == gone["deleted_at"] + timedelta(days=30)
    assert told(await refusal(delete_conversation(database, {"id": talk.id}, viewer=ME))) == [("NOT_FOUND", ("id",))]
    back = await written(restore_conversation(database, {"id": talk.id}, viewer=ME))
    after = await stored_row(database, "conversations", talk.id)
    assert after == {**before, "version": 3, "updated_at": back.updated_at}


async def test_restoring_what_is_not_deleted_changes_nothing(database: Database) -> None:
    talk = await talk_of(database)
    before = await stored_row(database, "conversations", talk.id)
    assert (await written(restore_conversation(database, {"id": talk.id}, viewer=ME))).version == 1
    assert await stored_row(database, "conversations", talk.id) == before


async def test_after_its_time_a_conversation_cannot_be_restored(database: Database) -> None:
    limits = Limits(undo=timedelta(hours=1))
    late, early = [await talk_of(database, deleted_at=now() - timedelta(minutes=minutes)) for minutes in (61, 59)]
    (problem,) = await refusal(restore_conversation(database, {"id": late.id}, viewer=ME, limits=limits))
    assert (problem.code, problem.field) == ("UNDO_EXPIRED", ("id",))
    assert (
        await written(restore_conversation(database, {"id": early.id}, viewer=ME, limits=limits))
    ).deleted_at is None


async def test_an_unknown_conversation_cannot_be_restored(database: Database) -> None:
    await strangers_workspace(database)
    theirs = await talk_of(database, viewer=STRANGER, deleted_at=at(0))
    for row_id in (unknown(), theirs.id):
        assert told(await refusal(restore_conversation(database, {"id": row_id}, viewer=ME))) == [
            ("NOT_FOUND", ("id",))
        ]
