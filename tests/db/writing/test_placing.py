"""New messages find their places in the tree, whichever way they name their parents, and circles are refused."""

from typing import Any
from uuid import UUID

from hypothesis import given as generated
from hypothesis import strategies as st

from db.database import Database
from db.record import new_id, now
from db.viewer import PROGRAM
from db.words import ErrorPolicy
from db.writing import add_messages, create_conversation
from db.writing.parents import parents_of
from tests.db.builders import World
from tests.db.writing.scenes import (
    ME,
    STRANGER,
    add_branch,
    build_talk,
    refusal,
    stored_row,
    strangers_workspace,
    talk_of,
    told,
    unknown,
)
from tests.db.writing.talking import add, created, given, in_play, messages_of, refused, says, tree


def below(content: str, parent: str, **values: Any) -> dict[str, Any]:
    """A message that has its content as external id, below one that is named so."""
    return says(content, external_id=content, parent_external_id=parent, **values)


def named(content: str, **values: Any) -> dict[str, Any]:
    return says(content, external_id=content, **values)


async def lenient(database: Database, conversation: UUID, *messages: dict[str, Any]) -> Any:
    """Add what can be added; gives the contents that were, and what is wrong with the others."""
    values = given(conversation, *messages, on_error=ErrorPolicy.REJECT_BAD)
    outcome = await add_messages(database, values, viewer=ME)
    return [row and row.content for row in outcome.listed], told(outcome.problems)


async def test_without_parents_each_goes_below_the_one_before_it(database: Database) -> None:
    conversation = await created(database, "a")
    await add(database, conversation, says("b"), says("c"))
    assert await tree(database, conversation) == [("a", None), ("b", "a"), ("c", "b")]


async def test_a_parent_is_one_that_is_there_or_another_new_one_by_either_id(database: Database) -> None:
    talk = await talk_of(database, 2)
    one = new_id()
    await add(
        database,
        talk.id,
        says("by id", parent_id=talk.messages[0], uuid=one, external_id="x"),
        says("below the one before"),
        says("by the id of a new one", parent_id=one),
        says("by the external id of a new one", parent_external_id="x", external_id="y"),
    )
    await add(database, talk.id, says("by the external id of one that is there", parent_external_id="y"))
    assert await tree(database, talk.id) == [
        ("message 0", None),
        ("message 1", "message 0"),
        ("by id", "message 0"),
        ("below the one before", "by id"),
        ("by the id of a new one", "by id"),
        ("by the external id of a new one", "by id"),
        ("by the external id of one that is there", "by the external id of a new one"),
    ]
    assert (await in_play(database, talk.id))[1:] == [
        "by id",
        "by the external id of a new one",
        "by the external id of one that is there",
    ]


async def test_parents_may_come_behind_their_children_and_are_written_first(database: Database) -> None:
    talk = await talk_of(database, 1)
    top = named("a", parent_id=talk.messages[0])
    made = await add(database, talk.id, below("c", "b"), below("b", "a"), top, says("d"))
    assert await tree(database, talk.id) == [
        ("message 0", None),
        ("a", "message 0"),
        ("b", "a"),
        ("c", "b"),
        ("d", "a"),
    ]
    assert [row.content for row in made] == ["c", "b", "a", "d"], "listed in the order of the input"
    assert await in_play(database, talk.id) == ["message 0", "a", "d"]
    for row in made:
        assert vars(row) == await stored_row(database, "messages", row.id)


async def test_a_message_goes_below_the_end_of_the_branch_in_play_not_below_the_newest(database: Database) -> None:
    async with database.write(viewer=PROGRAM) as connection:
        world = World(connection)
        talk = await build_talk(world, 2)
        await add_branch(world, talk, talk.messages[0], 2)
    await add(database, talk.id, says("new"))
    assert await in_play(database, talk.id) == ["message 0", "message 1", "new"]
    assert [row["sequence"] for row in await messages_of(database, talk.id)] == [0, 1, 2, 3]


async def test_a_parent_elsewhere_or_nowhere_is_told(database: Database) -> None:
    await strangers_workspace(database)
    theirs = await talk_of(database, 1, viewer=STRANGER)
    talk, other = await talk_of(database, 1), await talk_of(database, 1)
    await add(database, other.id, named("x"))
    problems = await refused(
        database,
        talk.id,
        says("a", parent_id=other.messages[0]),
        says("b", parent_id=theirs.messages[0]),
        says("c", parent_id=unknown()),
        says("d", parent_external_id="x"),
        says("e", parent_id=talk.messages[0], parent_external_id="x"),
    )
    assert sorted(told(problems)) == [
        ("INVALID", ("messages", "4", "parent_external_id")),
        ("NOT_FOUND", ("messages", "1", "parent_id")),
        ("NOT_FOUND", ("messages", "2", "parent_id")),
        ("NOT_FOUND", ("messages", "3", "parent_external_id")),
        ("WRONG_CONVERSATION", ("messages", "0", "parent_id")),
    ]
    write = create_conversation(database, {"messages": [says("x", parent_id=talk.messages[0])]}, viewer=ME)
    assert told(await refusal(write)) == [("WRONG_CONVERSATION", ("messages", "0", "parent_id"))]


async def test_a_message_is_not_below_itself(database: Database) -> None:
    talk = await talk_of(database, 1)
    own = new_id()
    problems = await refused(database, talk.id, says("a", uuid=own, parent_id=own), below("b", "b"))
    assert told(problems) == [
        ("CYCLE", ("messages", "0", "parent_id")),
        ("CYCLE", ("messages", "1", "parent_external_id")),
    ]
    assert problems[0].message == "The message would be below itself: the parents go round in a circle."


async def test_parents_do_not_go_round_in_a_circle(database: Database) -> None:
    talk = await talk_of(database, 1)
    problems = await refused(database, talk.id, below("a", "c"), below("b", "a"), below("c", "b"), below("d", "c"))
    assert told(problems) == [("CYCLE", ("messages", place, "parent_external_id")) for place in "012"]


async def test_a_circle_that_closes_by_the_message_before_is_one_too(database: Database) -> None:
    talk = await talk_of(database, 1)
    problems = await refused(database, talk.id, below("a", "c"), says("b"), named("c"))
    assert told(problems) == [("CYCLE", ("messages", "0", "parent_external_id"))]
    assert await lenient(database, talk.id, below("a", "c"), says("b"), named("c")) == (
        [None, "b", "c"],
        [("CYCLE", ("messages", "0", "parent_external_id"))],
    )
    assert await in_play(database, talk.id) == ["message 0", "b", "c"]


async def test_a_circle_that_closes_once_another_message_is_refused_is_found(database: Database) -> None:
    talk = await talk_of(database, 1)
    messages = [below("w", "y"), says("x\0"), named("y"), says("z")]
    listed, problems = await lenient(database, talk.id, *messages)
    assert listed == [None, None, "y", "z"]
    assert sorted(problems) == [
        ("CYCLE", ("messages", "0", "parent_external_id")),
        ("INVALID", ("messages", "1", "content")),
    ]
    assert await in_play(database, talk.id) == ["message 0", "y", "z"]


async def test_what_names_a_refused_parent_is_refused_and_the_chain_goes_on_from_the_last_that_is_taken(
    database: Database,
) -> None:
    talk = await talk_of(database, 1)
    messages = [
        named("a"),
        named("b", actor="?"),
        below("c", "b"),
        below("d", "c"),
        says("e"),
        below("f", "a"),
        says("g"),
    ]
    listed, problems = await lenient(database, talk.id, *messages)
    assert listed == ["a", None, None, None, "e", "f", "g"]
    assert problems == [
        ("INVALID", ("messages", "1", "actor")),
        ("NOT_FOUND", ("messages", "2", "parent_external_id")),
        ("NOT_FOUND", ("messages", "3", "parent_external_id")),
    ]
    assert await tree(database, talk.id) == [
        ("message 0", None),
        ("a", "message 0"),
        ("e", "a"),
        ("f", "a"),
        ("g", "f"),
    ]


async def test_where_all_is_refused_what_is_below_a_bad_one_is_no_mistake(database: Database) -> None:
    talk = await talk_of(database, 1)
    problems = await refused(database, talk.id, named("a", actor="?"), below("b", "a"), below("c", "b"))
    assert told(problems) == [("INVALID", ("messages", "0", "actor"))]


async def test_ten_thousand_messages_below_each_other_are_placed_or_refused(database: Database) -> None:
    talk = await talk_of(database, 1)
    chain = [below(f"{place}", f"{place + 1}") for place in range(9_999)]
    last = named("9999", parent_id=talk.messages[0])
    listed, problems = await lenient(database, talk.id, *chain, {**last, "actor": "?"})
    assert set(listed) == {None}
    assert len(problems) == 10_000
    made = await add(database, talk.id, *chain, last)
    assert [row.sequence for row in made] == list(range(10_000, 0, -1))
    row = await stored_row(database, "conversations", talk.id)
    assert (row["message_count"], row["current_message_id"]) == (10_001, made[0].id)


async def test_a_deleted_conversation_has_no_messages_to_be_below(database: Database) -> None:
    talk, gone = await talk_of(database, 1), await talk_of(database, 1, deleted_at=now())
    problems = await refused(database, talk.id, says("a", parent_id=gone.messages[0]))
    assert problems[0].field == ("messages", "0", "parent_id")


PLACES = st.integers(min_value=0, max_value=12)


@generated(
    count=st.integers(min_value=0, max_value=13),
    names=st.dictionaries(PLACES, st.one_of(PLACES, st.none()), max_size=13),
    bad=st.sets(PLACES, max_size=4),
    lenient=st.booleans(),
)
def test_parents_make_a_tree_of_all_that_is_not_refused(
    count: int, names: dict[int, int | None], bad: set[int], lenient: bool
) -> None:
    there = UUID(int=7)
    names = {place: above for place, above in names.items() if place < count and (above is None or above < count)}
    found = parents_of(
        count,
        {place: there if above is None else above for place, above in names.items()},
        settled={},
        refused=bad if lenient else (),
        lenient=lenient,
    )
    bad = {place for place in bad if place < count} if lenient else set()
    gone = bad.union(found.circling, found.orphans)
    assert len(found.circling) + len(found.orphans) == len({*found.circling, *found.orphans} - bad)
    assert found.above.keys() == set(range(count)) - gone
    assert names.keys() >= {*found.circling, *found.orphans}
    for place, above in found.above.items():
        if place in names and names[place] not in gone:
            assert above == (there if names[place] is None else names[place])
        elif place in names:
            assert not lenient
        else:
            assert above == max((each for each in range(place) if each not in gone), default=None)
        steps, at = 0, above
        while isinstance(at, int):
            at, steps = found.above[at], steps + 1
            assert steps <= count, "round in a circle"
    for place in found.orphans:
        assert names[place] in gone
    if all(above is None or above < place for place, above in names.items()):
        assert not found.circling
