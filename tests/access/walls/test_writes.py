"""What an end user may write: their own conversations, in their own name and words, and nothing that they can't see."""

from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from db import conversations, feedback
from db.database import Database
from db.tables import metadata
from db.viewer import DEFAULT_VIEWER, PROGRAM, Viewer
from db.words import FeedbackAuthor, MessageRole, Rating, Role, ViewerKind, Visibility
from db.writing import (
    add_messages,
    archive_conversation,
    claim_conversations,
    create_assistant,
    create_conversation,
    delete_conversation,
    delete_message,
    edit_message,
    fork_conversation,
    give_feedback,
    log_conversation,
    regenerate_message,
    restore_conversation,
    set_current_message,
    tag_conversations,
    unarchive_conversation,
    untag_conversations,
    update_conversation,
    withdraw_feedback,
)
from db.writing.performing import Verb
from tests.access.walls.worlds import HIDDEN, ME
from tests.db.builders import World
from tests.db.writing.scenes import Talk, build_talk, refusal, rows, stored_row, told

YOU = replace(ME, user_id="you")
VISITOR = replace(ME, user_id="visitor", kind=ViewerKind.ANONYMOUS)


async def talk_of(database: Database, owner: str, **values: Any) -> tuple[Talk, Any]:
    """Somebody's conversation: a question, an answer that cites a source, and what its owner and staff say of it."""
    async with database.write(viewer=PROGRAM) as connection:
        world = World(connection)
        talk = await build_talk(world, 2, owner_id=owner, **values)
        source = await world.source(title="t", citation_count=1)
        await world.reference(talk.id, talk.messages[1], 0, source_id=source)
        await world.feedback(talk.id, talk.messages[1], author_id="staff", author_kind=FeedbackAuthor.STAFF)
        own = await world.feedback(talk.id, talk.messages[1], author_id=owner)
    return talk, own


def inputs(talk: Talk, own: Any) -> list[tuple[Verb, dict[str, Any]]]:
    """What each verb takes that an end user may use on a conversation."""
    question, answer = talk.messages
    says = {"role": MessageRole.USER, "content": "and?"}
    return [
        (update_conversation, {"id": talk.id, "title": "x"}),
        (archive_conversation, {"id": talk.id}),
        (unarchive_conversation, {"id": talk.id}),
        (tag_conversations, {"ids": [talk.id], "tags": ["a"]}),
        (untag_conversations, {"ids": [talk.id], "tags": ["a"]}),
        (add_messages, {"conversation_id": talk.id, "messages": [says]}),
        (edit_message, {"id": question, "content": "other"}),
        (regenerate_message, {"id": answer}),
        (set_current_message, {"message_id": answer}),
        (fork_conversation, {"message_id": answer}),
        (give_feedback, {"target": ("messages", answer), "rating": Rating.POSITIVE}),
        (give_feedback, {"target": ("conversations", talk.id), "comment": "well"}),
        (withdraw_feedback, {"id": own}),
        (delete_message, {"id": question}),
        (delete_conversation, {"id": talk.id}),
        (restore_conversation, {"id": talk.id}),
    ]


async def test_an_end_user_does_all_of_it_with_their_own(database: Database) -> None:
    talk, own = await talk_of(database, "me")
    for verb, values in inputs(talk, own):
        await verb(database, values, viewer=ME)
    assert await rows(database, "messages", id=talk.messages[1]) == []
    assert await rows(database, "citations", conversation_id=talk.id) == []
    assert await rows(database, "feedback", author_id="staff") == [], "it went with the message, unseen"


async def test_a_write_tells_an_end_user_nothing_of_how_it_is_made_and_keeps_it(database: Database) -> None:
    made: dict[str, Any] = {"system_prompt": "a secret", "model": "m", "temperature": 0.5, "config": {"k": 1}}
    talk, own = await talk_of(database, "me", **made)
    told_of = set()
    for verb, values in inputs(talk, own):
        outcome = await verb(database, values, viewer=ME)
        for table, row in ((outcome.table, outcome.row), *((outcome.listed_table, row) for row in outcome.listed)):
            if row is not None:
                told_of.add(table)
                assert {name: getattr(row, name) for name in HIDDEN.get(table, ())} == dict.fromkeys(
                    HIDDEN.get(table, ())
                )
    assert told_of >= {"conversations", "messages"}
    for row in await rows(database, "conversations"):  # the fork as well
        assert {name: row[name] for name in made} == made


async def test_a_fork_keeps_what_it_does_not_show_of_messages(database: Database) -> None:
    talk, _ = await talk_of(database, "me")
    async with database.write(viewer=PROGRAM) as connection:
        await connection.execute(sa.update(metadata.tables["messages"]).values(system_prompt="a secret"))
    await fork_conversation(database, {"message_id": talk.messages[1]}, viewer=ME)
    assert [row["system_prompt"] for row in await rows(database, "messages")] == ["a secret"] * 4


async def test_what_is_anothers_is_as_if_it_were_not_there(database: Database) -> None:
    talk, own = await talk_of(database, "you", visibility=Visibility.PUBLIC)
    reader = replace(ME, sees_public=True)
    before = await everything_in(database)
    nothing, nowhere = Talk(talk.messages[0], [talk.id, talk.id]), talk.id  # ids of other kinds of rows name nothing
    for (verb, values), (_, absent) in zip(inputs(talk, own), inputs(nothing, nowhere), strict=True):
        problems = await refusal(verb(database, values, viewer=reader))
        assert problems == await refusal(verb(database, absent, viewer=reader)), verb.name
        assert {code for code, _ in told(problems)} == {"NOT_FOUND"}, verb.name
    assert await everything_in(database) == before


async def everything_in(database: Database) -> dict[str, Any]:
    return {name: await rows(database, name) for name in ("conversations", "messages", "feedback", "conversation_tags")}


async def test_staff_of_the_workspace_writes_everywhere_in_it(database: Database) -> None:
    talk, own = await talk_of(database, "you")
    for verb, values in inputs(talk, own):
        await verb(database, values, viewer=DEFAULT_VIEWER)


async def test_a_parent_in_anothers_conversation_is_not_there(database: Database) -> None:
    theirs, _ = await talk_of(database, "you")
    mine, _ = await talk_of(database, "me")
    for parent in (theirs.messages[0], theirs.id):
        says = {"role": MessageRole.USER, "content": "x", "parent_id": parent}
        problems = await refusal(add_messages(database, {"conversation_id": mine.id, "messages": [says]}, viewer=ME))
        assert told(problems) == [("NOT_FOUND", ("messages", "0", "parent_id"))]


async def test_a_conversation_that_an_end_user_makes_is_theirs(database: Database) -> None:
    said = [{"role": MessageRole.USER, "content": "hi", "visible": True}]
    made = (await create_conversation(database, {"title": "t", "messages": said}, viewer=ME)).row
    assert made is not None
    assert (await stored_row(database, "conversations", made.id))["owner_id"] == "me"
    same = await create_conversation(database, {"owner_id": "me"}, viewer=ME)
    assert same.row is not None


FORBIDDEN: list[tuple[Verb, dict[str, Any], tuple[str, ...]]] = [
    (create_conversation, {"owner_id": "you"}, ("owner_id",)),
    *((create_conversation, {name: "x"}, (name,)) for name in ("external_id", "system_prompt", "model", "project_id")),
    (update_conversation, {"owner_id": "you"}, ("owner_id",)),
    (update_conversation, {"owner_id": None}, ("owner_id",)),
    (update_conversation, {"external_id": "x"}, ("external_id",)),
    (update_conversation, {"system_prompt": None}, ("system_prompt",)),
    (give_feedback, {"rating": Rating.POSITIVE, "author_id": "you"}, ("author_id",)),
    (give_feedback, {"rating": Rating.POSITIVE, "author_kind": FeedbackAuthor.STAFF}, ("author_kind",)),
    (give_feedback, {"rating": Rating.POSITIVE, "external_id": "x"}, ("external_id",)),
]
OF_MESSAGES: list[tuple[str, Any]] = [
    ("role", MessageRole.ASSISTANT),
    ("role", MessageRole.SYSTEM),
    ("external_id", "x"),
    ("citations", [{"title": "t"}]),
    ("tool_calls", [{"name": "n"}]),
    ("visible", False),
    ("author_id", "you"),
    ("model", "m"),
    ("metadata", {}),
]


async def test_what_an_end_user_may_not_give_is_refused_by_its_field(database: Database) -> None:
    talk, _ = await talk_of(database, "me")
    for verb, values, field in FORBIDDEN:
        own: dict[str, dict[str, Any]] = {
            update_conversation.name: {"id": talk.id},
            give_feedback.name: {"target": ("conversations", talk.id)},
        }
        problems = await refusal(verb(database, own.get(verb.name, {}) | values, viewer=ME))
        assert ("FORBIDDEN", field) in told(problems), (verb.name, values)
    for name, value in OF_MESSAGES:
        message = {"role": MessageRole.USER, "content": "x", name: value}
        for verb, given, at in (
            (add_messages, {"conversation_id": talk.id, "messages": [message]}, ("messages", "0")),
            (create_conversation, {"messages": [message]}, ("messages", "0")),
            (regenerate_message, {"id": talk.messages[1], "message": message}, ("message",)),
        ):
            problems = await refusal(verb(database, given, viewer=ME))
            assert ("FORBIDDEN", (*at, name)) in told(problems), (verb.name, name)
    problems = await refusal(edit_message(database, {"id": talk.messages[1], "content": "mine"}, viewer=ME))
    assert told(problems) == [("FORBIDDEN", ("id",))]


@pytest.mark.parametrize("verb", [log_conversation, create_assistant], ids=lambda verb: verb.name)
async def test_other_writes_are_not_for_end_users(database: Database, verb: Verb) -> None:
    assert ("FORBIDDEN", ()) in told(await refusal(verb(database, {"name": "n"}, viewer=ME)))


async def test_a_repeated_write_is_ones_own(database: Database) -> None:
    values = {"title": "t", "idempotency_key": "k"}
    someone = Viewer(ME.workspace_id, "me", Role.EDITOR)
    made = [await create_conversation(database, values, viewer=each) for each in (ME, YOU, ME, DEFAULT_VIEWER, YOU)]
    ids = [outcome.row.id for outcome in made if outcome.row is not None]
    assert ids[0] == ids[2] != ids[1] == ids[4] != ids[3]
    (one, two, three) = {ids[0], ids[1], ids[3]}
    assert len({one, two, three}) == 3
    assert someone.owns is None


async def test_a_visitors_conversations_are_claimed_once_by_who_has_signed_in(database: Database) -> None:
    talk, own = await talk_of(database, "visitor")
    theirs, _ = await talk_of(database, "you")
    for expected in (1, 0):
        counts = (await claim_conversations(database, {"anonymous_user_id": "visitor"}, viewer=ME)).counts
        assert counts is not None
        assert counts.updated == expected
    assert (await stored_row(database, "conversations", talk.id))["owner_id"] == "me"
    assert (await stored_row(database, "conversations", theirs.id))["owner_id"] == "you"
    read = await database.ask(
        lambda connection: conversations.by_ids(connection, [talk.id, theirs.id], viewer=ME), viewer=ME
    )
    assert set(read) == {talk.id}
    said = await database.ask(lambda connection: feedback.by_ids(connection, [own], viewer=ME), viewer=ME)
    assert set(said) == {own}


@pytest.mark.parametrize("viewer", [VISITOR, DEFAULT_VIEWER], ids=["a visitor", "staff"])
async def test_nobody_else_claims(database: Database, viewer: Viewer) -> None:
    await talk_of(database, "other visitor")
    claim = claim_conversations(database, {"anonymous_user_id": "other visitor"}, viewer=viewer)
    assert told(await refusal(claim)) == [("FORBIDDEN", ())]
    talks = metadata.tables["conversations"]
    async with database.read(viewer=PROGRAM) as connection:
        owners = (await connection.execute(sa.select(talks.c.owner_id))).scalars().all()
    assert owners == ["other visitor"]
