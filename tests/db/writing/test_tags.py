"""Tags are put on many conversations at once and taken off: in order, each once, and no more than may be."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from db.database import Database
from db.record import now
from db.viewer import PROGRAM
from db.words import ErrorPolicy
from db.writing import DEFAULT_LIMITS, tag_conversations, untag_conversations
from db.writing.performing import Verb
from tests.db.builders import World, at
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
)

BOTH = pytest.mark.parametrize("verb", [tag_conversations, untag_conversations], ids=lambda verb: verb.name)


async def tagged(database: Database, *tags: str) -> UUID:
    """A conversation with these tags."""
    talk = await talk_of(database)
    async with database.write(viewer=PROGRAM) as connection:
        await World(connection).tag(talk.id, *tags)
    return talk.id


async def tags(database: Database, conversation: UUID) -> list[str]:
    return [row["tag"] for row in await rows(database, "conversation_tags", conversation_id=conversation)]


async def version(database: Database, conversation: UUID) -> int:
    found: int = (await stored_row(database, "conversations", conversation))["version"]
    return found


async def test_new_tags_come_last_in_their_order_and_each_once(database: Database) -> None:
    one, two = await tagged(database, "a", "b"), await tagged(database)
    given = {"ids": [one, two], "tags": ["c", "a", "c", "d"]}
    outcome = await tag_conversations(database, given, viewer=ME)
    assert await tags(database, one) == ["a", "b", "c", "d"]
    assert await tags(database, two) == ["c", "a", "d"]
    assert outcome.listed_table == "conversations"
    assert [(row.id, row.version) for row in outcome.listed if row] == [(one, 2), (two, 2)]


async def test_tags_are_taken_off_and_the_others_keep_their_order(database: Database) -> None:
    talk = await tagged(database, "a", "b", "c")
    await untag_conversations(database, {"ids": [talk], "tags": ["b", "x"]}, viewer=ME)
    assert await tags(database, talk) == ["a", "c"]
    await tag_conversations(database, {"ids": [talk], "tags": ["b"]}, viewer=ME)
    assert await tags(database, talk) == ["a", "c", "b"]


@BOTH
async def test_the_version_rises_only_where_something_changes(database: Database, verb: Verb) -> None:
    change, same = ("a", "b") if verb is untag_conversations else ("b", "a")
    changed, unchanged = await tagged(database, change), await tagged(database, same)
    before = await stored_row(database, "conversations", unchanged)
    outcome = await verb(database, {"ids": [changed, unchanged], "tags": ["a"]}, viewer=ME)
    assert await version(database, changed) == 2
    assert await stored_row(database, "conversations", unchanged) == before
    assert [row.version for row in outcome.listed if row] == [2, 1]


@BOTH
async def test_the_same_conversation_twice_is_changed_once(database: Database, verb: Verb) -> None:
    talk = await tagged(database, *(["a"] if verb is untag_conversations else []))
    outcome = await verb(database, {"ids": [talk, talk], "tags": ["a"]}, viewer=ME)
    assert [row.version for row in outcome.listed if row] == [2, 2]
    assert await version(database, talk) == 2


@BOTH
async def test_unknown_ids_refuse_all_or_are_refused_alone(database: Database, verb: Verb) -> None:
    await strangers_workspace(database)
    theirs, gone = await talk_of(database, viewer=STRANGER), await talk_of(database, deleted_at=now())
    talk = await tagged(database, *(["a"] if verb is untag_conversations else []))
    before = await tags(database, talk)
    given: dict[str, Any] = {"ids": [unknown(), talk, theirs.id, gone.id], "tags": ["a"]}
    expected = [("NOT_FOUND", ("ids", place)) for place in ("0", "2", "3")]
    assert told(await refusal(verb(database, given, viewer=ME))) == expected
    assert await tags(database, talk) == before
    outcome = await verb(database, {**given, "on_error": ErrorPolicy.REJECT_BAD}, viewer=ME)
    assert told(outcome.problems) == expected
    assert [row and row.id for row in outcome.listed] == [None, talk, None, None]
    assert await tags(database, talk) != before


async def test_a_conversation_that_would_have_too_many_tags_is_refused_alone(database: Database) -> None:
    limits = replace(DEFAULT_LIMITS, tags=3)
    full, free = await tagged(database, "a", "b", "c"), await tagged(database, "a")
    given: dict[str, Any] = {"ids": [free, full], "tags": ["b", "x"]}
    (problem,) = await refusal(tag_conversations(database, given, viewer=ME, limits=limits))
    assert (problem.code, problem.field, problem.limit, problem.actual) == ("TOO_MANY", ("ids", "1"), 3, 4)
    assert await tags(database, free) == ["a"]
    given["on_error"] = ErrorPolicy.REJECT_BAD
    outcome = await tag_conversations(database, given, viewer=ME, limits=limits)
    assert [row and row.id for row in outcome.listed] == [free, None]
    assert await tags(database, free) == ["a", "b", "x"]
    assert await tags(database, full) == ["a", "b", "c"]
    given = {"ids": [full], "tags": ["c", "b"]}
    await tag_conversations(database, given, viewer=ME, limits=limits)


@BOTH
async def test_what_is_wrong_outside_of_the_ids_refuses_all(database: Database, verb: Verb) -> None:
    limits = replace(DEFAULT_LIMITS, conversations=2, tags=1)
    talk = await talk_of(database)
    for given, expected in (
        ({"tags": ["a"]}, [("REQUIRED", ("ids",))]),
        ({"ids": [talk.id]}, [("REQUIRED", ("tags",))]),
        ({"ids": [], "tags": []}, [("REQUIRED", ("ids",)), ("REQUIRED", ("tags",))]),
        ({"ids": [talk.id], "tags": [" "]}, [("INVALID", ("tags", "0"))]),
        ({"ids": [talk.id], "tags": ["a", "b"]}, [("TOO_MANY", ("tags",))]),
        ({"ids": [talk.id] * 3, "tags": ["a"]}, [("TOO_MANY", ("ids",))]),
        (
            {"ids": [talk.id, "x"], "tags": ["a"], "on_error": "MAYBE"},
            [("INVALID", ("ids", "1")), ("INVALID", ("on_error",))],
        ),
    ):
        lenient = {"on_error": ErrorPolicy.REJECT_BAD, **given}
        assert sorted(told(await refusal(verb(database, lenient, viewer=ME, limits=limits)))) == expected
    assert await version(database, talk.id) == 1


@BOTH
async def test_many_conversations_take_as_many_statements_as_one(
    database: Database, statements: list[str], verb: Verb
) -> None:
    async with database.write(viewer=PROGRAM) as connection:
        world = World(connection)
        ids = [await world.conversation(created_at=at(number)) for number in range(300)]
    if verb is untag_conversations:
        await tag_conversations(database, {"ids": ids, "tags": ["a", "b"]}, viewer=ME)
    numbers = []
    for some in (ids[:1], ids[1:]):
        statements.clear()
        await verb(database, {"ids": some, "tags": ["a", "b"]}, viewer=ME)
        numbers.append(len(statements))
    assert 0 < numbers[0] == numbers[1] <= 5
    assert {await version(database, each) for each in (ids[0], ids[-1])} == {2 if verb is tag_conversations else 3}
