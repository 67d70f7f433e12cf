"""Reads that fail: where it is told, what goes on, and what else fails with them."""

from functools import partial
from typing import Any

import pytest

from db.errors import InvalidInput
from tests.execution.asking import same
from tests.execution.data import changed, world
from tests.execution.reads import Connection, Fault
from tests.execution.tables import FAILING, id_of, number_of


def failing(*names: str, keys: list[int] | None = None, dialect: str = "sqlite") -> Connection:
    """A world in which these reads fail, always or for these people."""
    connection = world(dialect)
    numbers = None if keys is None else frozenset(number_of("Person", n) for n in keys)
    connection.faults.update({name: Fault(partial(InvalidInput, f"{name} failed"), numbers) for name in names})
    return connection


EVERYTHING = """
    { nth(n: 2) { homeOrNone { name people { name } } bestFriend { pets { name } } maybePets { name } homeName
        maybeLetters { totalCount nodes { text } } maybeFavourite { __typename } body { companion { name } }
        each: maybeLetters(oneByOne: true) { totalCount nodes { text } } }
      maybePeople(first: 2) { totalCount nodes { petNames gifts { __typename } friendAge } } sample { number } version }
"""


@pytest.mark.parametrize("name", FAILING)
async def test_each_read_failing_alone(name: str, dialect: str) -> None:
    answer = await same(EVERYTHING, world=failing(name, dialect=dialect))
    assert answer.value["version"] == "1"
    assert set(answer.messages.values()) == {f"{name} failed"}


async def test_all_reads_failing() -> None:
    answer = await same(EVERYTHING, world=failing(*FAILING))
    assert answer.value == {"nth": None, "maybePeople": None, "sample": None, "version": "1"}
    assert answer.messages == {
        "nth": "people failed",
        "maybePeople": "all_people failed",
        "sample": "samples failed",
    }


async def test_a_failed_read_is_told_at_each_parent_and_ends_where_null_may_be() -> None:
    answer = await same("{ people { nodes { rank homeOrNone { name } } } }", world=failing("houses"))
    nodes = answer.value["people"]["nodes"]
    assert nodes == [{"rank": n, "homeOrNone": None} for n in range(1, 7)]
    assert answer.messages == {f"people.nodes.{n}.homeOrNone": "houses failed" for n in range(6)}


async def test_a_failed_read_of_a_field_that_is_never_null_goes_outwards() -> None:
    answer = await same(
        "{ people { nodes { rank bestFriend { rank home { name } } } } a: nth { rank } }", world=failing("houses")
    )
    nodes = answer.value["people"]["nodes"]
    assert nodes == [{"rank": n, "bestFriend": None} for n in range(1, 7)]
    assert answer.messages == {f"people.nodes.{n}.bestFriend.home": "houses failed" for n in range(5)}


async def test_where_nothing_is_asked_of_a_read_its_failure_is_not_seen() -> None:
    answer = await same(
        "{ nth(n: 99) { home { name } } b: nth(n: 6) { bestFriend { pets { name } } pets { owner { rank } } } }",
        world=failing("houses", "pets", "all_people"),
    )
    assert (answer.value, answer.errors) == ({"nth": None, "b": {"bestFriend": None, "pets": []}}, ())


async def test_only_the_parent_whose_own_read_failed_is_told() -> None:
    text = "{ people { nodes { maybeLetters(oneByOne: true) { nodes { number } } } } }"
    answer = await same(text, world=failing("each_letters_of", keys=[2, 4]))
    found = [each["maybeLetters"] is None for each in answer.value["people"]["nodes"]]
    assert found == [False, True, False, True, False, False]
    assert set(answer.messages) == {"people.nodes.1.maybeLetters", "people.nodes.3.maybeLetters"}


@pytest.mark.parametrize("one_by_one", ["true", "false"])
@pytest.mark.parametrize(
    "selected", ["totalCount", "nodes { text } totalCount", "t: totalCount pageInfo { endCursor }"]
)
async def test_a_failed_count_spoils_its_connection(one_by_one: str, selected: str) -> None:
    text = f"{{ people {{ nodes {{ rank maybeLetters(oneByOne: {one_by_one}) {{ {selected} }} }} }} }}"
    answer = await same(text, world=failing("letters_count", "each_letters_count"))
    assert answer.value["people"]["nodes"] == [{"rank": n, "maybeLetters": None} for n in range(1, 7)]
    key = "t" if "t:" in selected else "totalCount"
    assert set(answer.messages) == {f"people.nodes.{n}.maybeLetters.{key}" for n in range(6)}


async def test_a_count_that_fails_for_one_parent() -> None:
    text = "{ people { nodes { maybeLetters(oneByOne: true) { totalCount nodes { number } } } } }"
    answer = await same(text, world=failing("each_letters_count", keys=[3]))
    found = [each["maybeLetters"] is None for each in answer.value["people"]["nodes"]]
    assert found == [False, False, True, False, False, False]


async def test_a_count_alone_reads_no_page(dialect: str) -> None:
    """So that a page which cannot be read is not seen."""
    connection = failing("letters_of", "each_letters_of", "all_people", dialect=dialect)
    answer = await same(
        "{ people { totalCount } nth { letters { totalCount __typename } l: letters(oneByOne: true) { totalCount } } }",
        world=connection,
    )
    assert answer.errors == ()
    assert answer.value["nth"] == {
        "letters": {"totalCount": 4, "__typename": "LetterConnection"},
        "l": {"totalCount": 4},
    }


@pytest.mark.parametrize("spare", [False, True])
async def test_failures_on_two_connections(spare: bool, dialect: str) -> None:
    text = "{ a: nth { home { name } } maybePeople { nodes { name } } b: nth { rank } sample { number } }"
    answer = await same(text, world=failing("houses", "all_people", dialect=dialect), spare=spare)
    assert answer.value == {"a": None, "maybePeople": None, "b": {"rank": 1}, "sample": {"number": 1}}
    assert answer.messages == {"a.home": "houses failed", "maybePeople": "all_people failed"}


@pytest.mark.parametrize(
    "text",
    [
        "{ nth { rank } }",
        "{ version nth { rank } sample { number } }",
        "{ maybePeople { nodes { rank } } }",
        "{ people { nodes { rank } } }",
        "query ($id: ID!) { node(id: $id) { id } }",
        "query ($id: ID!) { nodes(ids: [$id]) { id } }",
        "query ($id: ID!) { person(id: $id) { id } }",
        "{ nth(n: -1) { rank } maybePeople(first: 0) { nodes { rank } } }",
        "{ maybePeople { pageInfo { endCursor } totalCount } }",
    ],
)
@pytest.mark.parametrize("spare", [False, True])
async def test_where_no_connection_is_free_it_is_told_at_each_field(text: str, spare: bool, dialect: str) -> None:
    variables: dict[str, Any] = {"id": id_of("Person", 2)} if "$id" in text else {}
    answer = await same(text, variables, world=world(dialect), free=0, spare=spare)
    expected = {"All connections are in use."} if "-1" not in text else set(answer.messages.values())
    assert set(answer.messages.values()) == expected


async def test_a_dangling_key_is_null_or_the_error_of_what_is_never_null(dialect: str) -> None:
    connection = changed({"home_id": number_of("House", 99), "friend_id": number_of("Person", 99)}, dialect)
    may = await same("{ nth { homeOrNone { name } bestFriend { name } homeName } }", world=connection)
    assert (may.value, may.errors) == ({"nth": {"homeOrNone": None, "bestFriend": None, "homeName": None}}, ())
    for field in ("home", "sureFriend"):
        must = await same(f"{{ nth {{ rank {field} {{ name }} }} }}", world=connection)
        assert (must.value, list(must.messages)) == ({"nth": None}, [f"nth.{field}"])


async def test_a_null_key_is_not_read(dialect: str) -> None:
    connection = changed({"friend_id": None, "pet_id": None}, dialect)
    answer = await same(
        "{ nth { bestFriend { pets { name } } maybeFavourite { ... on Pet { name } } rank } }", world=connection
    )
    assert answer.value == {"nth": {"bestFriend": None, "maybeFavourite": None, "rank": 1}}
    assert "pets" not in connection.calls


async def test_a_function_over_a_read_that_fails_for_one_parent() -> None:
    answer = await same("{ nth(n: 5) { bestFriend { friendAge } rank } a: nth { friendAge } }")
    assert answer.value == {"nth": {"bestFriend": None, "rank": 5}, "a": {"friendAge": 22}}
    assert list(answer.messages) == ["nth.bestFriend.friendAge"]


async def test_nothing_is_read_where_the_parent_says_that_there_is_nothing(dialect: str) -> None:
    connection = world(dialect)
    answer = await same("{ nth(n: 3) { gifts { __typename } } }", world=connection)
    assert answer.value == {"nth": {"gifts": []}}
    assert "gifts_of" not in connection.calls
