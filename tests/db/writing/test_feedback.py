"""Feedback is given once per author and target, keeps what its author saw, and is withdrawn without a trace."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from db.database import Database
from db.record import new_id, now
from db.viewer import PROGRAM, Viewer
from db.words import Entity, FeedbackAuthor, Rating, Verdict
from db.writing import DEFAULT_LIMITS, give_feedback, update_conversation, withdraw_feedback
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
    unknown,
    written,
)

ANN = Viewer(ME.workspace_id, "ann")
LIKED = {"rating": Rating.POSITIVE}


async def cited_talk(database: Database, **values: Any) -> tuple[Talk, UUID, UUID]:
    """A conversation, a citation of its answer, and one that it lists itself."""
    async with database.write(viewer=PROGRAM) as connection:
        world = World(connection)
        talk = await build_talk(world, 4, **values)
        cited = await world.reference(talk.id, talk.messages[1], 0)
        return talk, cited, await world.reference(talk.id, None, 0)


async def test_feedback_says_all_that_is_given_on_each_kind_of_target(database: Database) -> None:
    talk, cited, listed = await cited_talk(database)
    given = {
        "rating": Rating.NEGATIVE,
        "comment": "c",
        "positive_comment": "p",
        "negative_comment": "n",
        "suggestion": "s",
        "follow_up_questions_helpful": False,
        "properties": {"severity": 1.0},
        "user_properties": {"plan": "pro"},
        "external_id": "e",
        "created_at": at(5),
        "author_id": "ann",
        "author_kind": FeedbackAuthor.STAFF,
    }
    below: dict[str, Any] = {
        "reasons": [{"label": "wrong", "details": None}, {"label": "old", "details": "2019"}],
        "scores": [{"name": "clarity", "value": 4.5, "label": "good"}],
    }
    for target, place in (
        (("conversations", talk.id), (None, None)),
        (("messages", talk.messages[1]), (talk.messages[1], None)),
        (("citations", cited), (talk.messages[1], cited)),
        (("citations", listed), (None, listed)),
    ):
        row = await written(give_feedback(database, {"target": target, **given, **below}, viewer=ME))
        stored = await stored_row(database, "feedback", row.id)
        assert vars(row) == stored
        assert {name: stored[name] for name in given} == given
        assert (stored["message_id"], stored["reference_id"]) == place
        assert (stored["conversation_id"], stored["version"], stored["is_owners"]) == (talk.id, 1, False)
        reasons = await rows(database, "feedback_reasons", feedback_id=row.id)
        assert [(each["label"], each["details"]) for each in reasons] == [("wrong", None), ("old", "2019")]
        (score,) = await rows(database, "feedback_scores", feedback_id=row.id)
        assert (score["name"], score["value"], score["label"], score["count"]) == ("clarity", 4.5, "good", None)


async def test_the_next_feedback_of_an_author_replaces_the_one_before_as_a_whole(database: Database) -> None:
    talk, cited, _ = await cited_talk(database)
    target = ("messages", talk.messages[1])
    first = await written(
        give_feedback(
            database,
            {
                "target": target,
                "comment": "c",
                "properties": {"a": 1},
                "external_id": "e",
                "created_at": at(3),
                "reasons": [{"label": "wrong"}],
                "scores": [{"name": "n", "value": 1}],
                "citation_verdicts": [{"reference_id": cited, "verdict": Verdict.NEGATIVE}],
            },
            viewer=ANN,
        )
    )
    second = await written(
        give_feedback(database, {"target": target, **LIKED, "scores": [{"name": "m", "value": 2}]}, viewer=ANN)
    )
    assert (second.id, second.version, second.created_at) == (first.id, 2, at(3))
    assert (second.rating, second.comment, second.properties, second.external_id) == (Rating.POSITIVE, None, None, None)
    assert second.updated_at > first.updated_at
    assert [row["name"] for row in await rows(database, "feedback_scores")] == ["m"]
    assert await rows(database, "feedback_reasons") == await rows(database, "citation_verdicts") == []
    third = await written(give_feedback(database, {"target": target, **LIKED, "created_at": at(9)}, viewer=ANN))
    assert (third.id, third.created_at) == (first.id, at(9))


async def test_authors_kinds_and_targets_each_have_their_own(database: Database) -> None:
    talk, cited, _ = await cited_talk(database)
    ids = []
    for _ in range(2):
        for target in (("conversations", talk.id), ("messages", talk.messages[1]), ("citations", cited)):
            for author, kind in (
                ("ann", FeedbackAuthor.END_USER),
                ("ann", FeedbackAuthor.STAFF),
                ("ben", FeedbackAuthor.END_USER),
                (None, FeedbackAuthor.END_USER),
            ):
                given = {"target": target, **LIKED, "author_id": author, "author_kind": kind}
                ids.append((await written(give_feedback(database, given, viewer=ME))).id)
    assert len(set(ids)) == len(ids) // 2 == len(await rows(database, "feedback"))
    assert ids[:12] == ids[12:]


async def test_the_author_is_the_viewer_where_none_is_named(database: Database) -> None:
    talk = await talk_of(database, 1)
    for viewer, author in ((ANN, "ann"), (ME, None)):
        row = await written(give_feedback(database, {"target": ("messages", talk.messages[0]), **LIKED}, viewer=viewer))
        assert (row.author_id, row.author_kind) == (author, FeedbackAuthor.END_USER)


async def test_of_people_without_a_name_only_the_newest_written_here_is_replaced(database: Database) -> None:
    talk = await talk_of(database, 1)
    message = talk.messages[0]
    async with database.write(viewer=PROGRAM) as connection:
        world = World(connection)
        older = await world.feedback(talk.id, message, created_at=at(1), position=0)
        newer = await world.feedback(talk.id, message, created_at=at(2), position=1)
        imported = await world.feedback(talk.id, message, created_at=at(3), position=2)
        await world.origin(imported, "r", entity=Entity.FEEDBACK)
    before = [await stored_row(database, "feedback", each) for each in (older, imported)]
    row = await written(give_feedback(database, {"target": ("messages", message), **LIKED}, viewer=ME))
    assert row.id == newer
    assert [await stored_row(database, "feedback", each) for each in (older, imported)] == before


async def test_new_feedback_stands_behind_the_others_on_its_message(database: Database) -> None:
    talk = await talk_of(database, 2)
    async with database.write(viewer=PROGRAM) as connection:
        await World(connection).feedback(talk.id, talk.messages[0], author_id="old", position=4)
    positions = []
    for message in (*talk.messages, None):
        target = ("conversations", talk.id) if message is None else ("messages", message)
        for author in ("ann", "ben"):
            given = {"target": target, **LIKED, "author_id": author}
            positions.append((await written(give_feedback(database, given, viewer=ME))).position)
    assert positions == [5, 6, 0, 1, 0, 1]


# The owner's feedback is the like and the comment.


@pytest.mark.parametrize("owner", ["ann", None])
async def test_what_the_owner_says_of_the_conversation_is_its_like(database: Database, owner: str | None) -> None:
    talk = await talk_of(database, owner_id=owner)
    target = ("conversations", talk.id)
    await update_conversation(database, {"id": talk.id, "like": False}, viewer=ME)
    (liked,) = await rows(database, "feedback")
    row = await written(give_feedback(database, {"target": target, "comment": "c", "author_id": owner}, viewer=ME))
    assert (row.id, row.is_owners, row.rating, row.comment) == (liked["id"], True, None, "c")
    staff = {"target": target, **LIKED, "author_id": owner, "author_kind": FeedbackAuthor.STAFF}
    assert (await written(give_feedback(database, staff, viewer=ME))).is_owners is False
    other = {"target": target, **LIKED, "author_id": "ben"}
    assert (await written(give_feedback(database, other, viewer=ME))).is_owners is False
    assert len(await rows(database, "feedback", is_owners=True)) == 1


async def test_an_imported_like_without_an_author_is_replaced_by_the_owners_next_feedback(database: Database) -> None:
    talk = await talk_of(database)
    async with database.write(viewer=PROGRAM) as connection:
        world = World(connection)
        liked = await world.feedback(talk.id, is_owners=True, rating=Rating.POSITIVE)
        await world.origin(liked, "r", entity=Entity.FEEDBACK)
    given = {"target": ("conversations", talk.id), "rating": Rating.NEGATIVE}
    row = await written(give_feedback(database, given, viewer=ME))
    assert (row.id, row.is_owners, row.rating) == (liked, True, Rating.NEGATIVE)
    assert len(await rows(database, "origins")) == 1


async def test_the_owners_feedback_on_a_message_is_no_like(database: Database) -> None:
    talk = await talk_of(database, 1, owner_id="ann")
    row = await written(give_feedback(database, {"target": ("messages", talk.messages[0]), **LIKED}, viewer=ANN))
    assert row.is_owners is False


# What the author had before the eyes.


async def test_feedback_keeps_what_is_there_now_where_nothing_is_said_of_it(database: Database) -> None:
    async with database.write(viewer=PROGRAM) as connection:
        assistant = await World(connection).assistant(version=4)
    talk, cited, _ = await cited_talk(database, assistant_id=assistant)
    async with database.write(viewer=PROGRAM) as connection:
        await World(connection).update("messages", talk.messages[1], version=3)
    for target, version in (
        (("conversations", talk.id), None),
        (("messages", talk.messages[1]), 3),
        (("citations", cited), 3),
    ):
        row = await written(give_feedback(database, {"target": target, **LIKED}, viewer=ANN))
        assert row.seen_message_version == version
        assert row.seen_current_message_id == talk.messages[-1]
        assert (row.seen_assistant_id, row.seen_assistant_version) == (assistant, 4)


async def test_feedback_keeps_what_was_on_the_screen(database: Database) -> None:
    async with database.write(viewer=PROGRAM) as connection:
        world = World(connection)
        assistant = await world.assistant(version=4)
        talk = await build_talk(world, 2, assistant_id=assistant)
        other = await add_branch(world, talk, talk.messages[0], 2)
    seen = {"message_version": 2, "current_message_id": other, "assistant_version": 3}
    given = {"target": ("messages", talk.messages[1]), **LIKED, "seen": seen}
    row = await written(give_feedback(database, given, viewer=ANN))
    assert (row.seen_message_version, row.seen_current_message_id) == (2, other)
    assert (row.seen_assistant_id, row.seen_assistant_version) == (assistant, 3)
    row = await written(give_feedback(database, {**given, "seen": {"message_version": None}}, viewer=ANN))
    assert (row.seen_message_version, row.seen_current_message_id) == (1, talk.messages[1])


async def test_a_message_of_another_conversation_cannot_have_been_current(database: Database) -> None:
    talk, other = await talk_of(database, 1), await talk_of(database, 1)
    for message, code in ((other.messages[0], "WRONG_CONVERSATION"), (unknown(), "NOT_FOUND")):
        given = {"target": ("conversations", talk.id), **LIKED, "seen": {"current_message_id": message}}
        problems = await refusal(give_feedback(database, given, viewer=ME))
        assert told(problems) == [(code, ("seen", "current_message_id"))]


# Verdicts on citations.


async def test_verdicts_are_about_citations_of_the_target_and_ones_that_are_missing(database: Database) -> None:
    talk, cited, listed = await cited_talk(database)
    verdicts = [
        {"verdict": Verdict.NEGATIVE, "score": 0.5, "comment": "old", "reference_id": cited},
        {"verdict": Verdict.MISSING, "title": "Guide", "url": "https://example.org"},
    ]
    given = {"target": ("messages", talk.messages[1]), "citation_verdicts": verdicts}
    row = await written(give_feedback(database, given, viewer=ME))
    stored = await rows(database, "citation_verdicts", feedback_id=row.id)
    assert [(each["verdict"], each["reference_id"], each["title"], each["score"]) for each in stored] == [
        (Verdict.NEGATIVE, cited, None, 0.5),
        (Verdict.MISSING, None, "Guide", None),
    ]
    both = [{"reference_id": cited, "score": 1}, {"reference_id": listed, "score": 2}]
    given = {"target": ("conversations", talk.id), "citation_verdicts": both}
    row = await written(give_feedback(database, given, viewer=ME))
    assert len(await rows(database, "citation_verdicts", feedback_id=row.id)) == 2


async def test_verdicts_on_other_citations_are_refused_at_their_places(database: Database) -> None:
    talk, cited, listed = await cited_talk(database)
    _, elsewhere, _ = await cited_talk(database)
    wanted = [{"reference_id": each} for each in (cited, listed, elsewhere, unknown())]
    given = {"target": ("messages", talk.messages[1]), "citation_verdicts": wanted}
    problems = await refusal(give_feedback(database, given, viewer=ME))
    assert told(problems) == [
        ("WRONG_CONVERSATION", ("citation_verdicts", "1", "reference_id")),
        ("WRONG_CONVERSATION", ("citation_verdicts", "2", "reference_id")),
        ("NOT_FOUND", ("citation_verdicts", "3", "reference_id")),
    ]
    assert await rows(database, "feedback") == []


# What is wrong.


async def test_feedback_that_says_nothing_is_refused(database: Database) -> None:
    talk = await talk_of(database)
    target = ("conversations", talk.id)
    nothing: dict[str, Any] = {
        "comment": "",
        "rating": None,
        "reasons": [],
        "user_properties": {"a": 1},
        "external_id": "e",
    }
    for given in ({}, nothing):
        problems = await refusal(give_feedback(database, {"target": target, **given}, viewer=ME))
        assert told(problems) == [("REQUIRED", ())]
    for something in (
        {"follow_up_questions_helpful": False},
        {"properties": {"a": 1}},
        {"suggestion": "s"},
        {"reasons": [{"label": "l"}]},
    ):
        await give_feedback(database, {"target": target, **something}, viewer=ME)


async def test_a_target_is_required_is_of_a_kind_that_has_feedback_and_is_there(database: Database) -> None:
    await strangers_workspace(database)
    talk, gone = await talk_of(database, 1), await talk_of(database, 1, deleted_at=now())
    theirs = await talk_of(database, 1, viewer=STRANGER)
    for target, code in (
        (("tools", talk.id), "INVALID"),
        (("messages", str(talk.messages[0])), "INVALID"),
        ("x", "INVALID"),
        (("messages", talk.id), "NOT_FOUND"),
        (("citations", talk.messages[0]), "NOT_FOUND"),
        (("conversations", gone.id), "NOT_FOUND"),
        (("messages", gone.messages[0]), "NOT_FOUND"),
        (("conversations", theirs.id), "NOT_FOUND"),
        (("messages", theirs.messages[0]), "NOT_FOUND"),
    ):
        problems = await refusal(give_feedback(database, {"target": target, **LIKED}, viewer=ME))
        assert told(problems) == [(code, ("target",))]
    assert told(await refusal(give_feedback(database, LIKED, viewer=ME))) == [("REQUIRED", ("target",))]


async def test_all_that_is_wrong_is_told_at_once_and_nothing_is_written(database: Database) -> None:
    talk = await talk_of(database, 1)
    limits = replace(DEFAULT_LIMITS, items=1, content_bytes=10, properties_bytes=10)
    given = {
        "target": ("messages", talk.messages[0]),
        "rating": "MAYBE",
        "comment": "x" * 11,
        "properties": {"a": "x" * 10},
        "reasons": [{"label": "a"}, {"label": "b"}],
        "scores": [{"name": "n"}],
        "seen": {"message_version": 0},
        "created_at": START.replace(tzinfo=None),
        "author_kind": "GHOST",
    }
    problems = await refusal(give_feedback(database, given, viewer=ME, limits=limits))
    assert sorted(told(problems)) == [
        ("INVALID", ("author_kind",)),
        ("INVALID", ("created_at",)),
        ("INVALID", ("rating",)),
        ("OUT_OF_RANGE", ("seen", "message_version")),
        ("REQUIRED", ("scores", "0", "value")),
        ("TOO_LONG", ("comment",)),
        ("TOO_LONG", ("properties",)),
        ("TOO_MANY", ("reasons",)),
    ]
    assert await rows(database, "feedback") == []


# Withdrawn.


async def test_withdrawn_feedback_leaves_no_trace_and_its_target_is_told(database: Database) -> None:
    talk, cited, _ = await cited_talk(database)
    for target in (("conversations", talk.id), ("messages", talk.messages[1]), ("citations", cited)):
        given = {"target": target, **LIKED, "reasons": [{"label": "l"}], "scores": [{"name": "n", "value": 1}]}
        row = await written(give_feedback(database, given, viewer=ANN))
        async with database.write(viewer=PROGRAM) as connection:
            world = World(connection)
            await world.origin(row.id, "r", entity=Entity.FEEDBACK)
            await world.insert("record_versions", entity_id=row.id, digest="d", seen_at=START)
        outcome = await withdraw_feedback(database, {"id": row.id}, viewer=ANN)
        assert (outcome.deleted, outcome.target) == ([row.id], target)
        for table in ("feedback", "feedback_reasons", "feedback_scores", "origins", "record_versions"):
            assert await rows(database, table) == []


async def test_feedback_that_is_not_there_cannot_be_withdrawn(database: Database) -> None:
    await strangers_workspace(database)
    async with database.write(viewer=PROGRAM) as connection:
        gone = await World(connection).feedback(await World(connection).conversation(deleted_at=now()))
        theirs = World(connection, STRANGER)
        foreign = await theirs.feedback(await theirs.conversation())
    for row_id in (unknown(), gone, foreign, new_id()):
        assert told(await refusal(withdraw_feedback(database, {"id": row_id}, viewer=ME))) == [("NOT_FOUND", ("id",))]
    assert told(await refusal(withdraw_feedback(database, {}, viewer=ME))) == [("REQUIRED", ("id",))]
    assert len(await rows(database, "feedback")) == 2
