"""What an operation costs: the nodes that it could return, and never fewer than it does."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from db.database import Database
from db.paging import MAX_SIZE
from db.viewer import DEFAULT_VIEWER
from graph import ids
from graph.access.cost import WHOLE_BRANCH
from graph.access.limits import UNBOUNDED
from graph.context import Context
from tests.access.limits.asking import cost, executed, facts, nodes_of, survey
from tests.graph import world
from tests.graph.asking import OPERATIONS

CASES = {
    "{ __typename }": 0,
    "{ conversations { totalCount } }": 0,
    "{ conversations { pageInfo { hasNextPage } } }": 0,
    "{ conversations { nodes { id } } }": 20,
    "{ conversations { edges { cursor node { id } } } }": 20,
    "{ conversations(first: 7) { nodes { id } } }": 7,
    "{ conversations(last: 7) { nodes { id } } }": 7,
    "{ conversations(first: 101) { nodes { id } } }": MAX_SIZE,
    "{ conversations(first: -1) { nodes { id } } }": MAX_SIZE,
    "{ conversations(first: 99999999999999999999) { nodes { id } } }": MAX_SIZE,
    "{ conversations(first: null) { nodes { id } } }": 20,
    "{ conversations(first: 2) { nodes { messages(first: 3) { nodes { id } } } } }": 2 + 2 * 3,
    "{ conversations(first: 2) { nodes { assistant { id } } } }": 2 + 2,
    "{ conversations(first: 2) { nodes { tools { name } } } }": 2 + 2 * 10,
    "{ conversations(first: 2) { nodes { a: id b: title tags } } }": 2,
    "{ tags(first: 30) { tag } }": 30,
    "{ tags { tag } }": 100,
    '{ nodes(ids: ["a", "b", "c"]) { id } }': 3,
    '{ nodes(ids: "a") { id } }': 1,
    '{ node(id: "a") { ... on Conversation { messages(first: 5) { nodes { id } } } ... on Message { id } } }': 1 + 5,
    '{ node(id: "a") { ... on Conversation { tools { name } } ... on Message { siblings { nodes { id } } } } }': 1 + 11,
    '{ node(id: "a") { ...A ...A } } fragment A on Conversation { messages(first: 5) { nodes { id } } }': 1 + 5 + 5,
    '{ conversation(id: "a") { export(format: COLLOQUY) { content } } }': 1 + WHOLE_BRANCH,
    "{ __schema { types { fields { name } } } }": 0,
}  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), CASES.items())
def test_an_operation_costs_what_it_could_return(text: str, expected: int) -> None:
    assert cost(text) == expected


NESTED = """query ($a: Int, $b: Int = 30, $c: Int!) {
  conversations(first: $a) { nodes { ...F } } again: conversations(last: $b) { nodes { ...F ...G } }
}
fragment F on Conversation { messages(first: $c) { nodes { citations { source { id } } } } ...G }
fragment G on Conversation { feedback(first: $b, last: $a) { nodes { id } } }"""


def _by_hand(a: int, b: int, c: int, first: int) -> int:
    g = first
    f = c * (1 + 10 * (1 + 1)) + g
    return a * (1 + f) + b * (1 + f + g)


SIZE = st.integers(1, MAX_SIZE)


@given(a=st.none() | SIZE, b=st.none() | SIZE, c=SIZE, has_b=st.booleans())
def test_page_sizes_may_be_variables(a: int | None, b: int | None, c: int, has_b: bool) -> None:
    variables: dict[str, Any] = {"a": a, "c": c, **({"b": b} if has_b else {})}
    second = b if has_b else 30
    sizes = (20 if a is None else a, 20 if second is None else second, c)
    page = second if second is not None else a if a is not None else 20
    assert facts(NESTED).cost.of(variables) == _by_hand(*sizes, page)


@given(value=st.one_of(st.text(), st.floats(), st.booleans(), st.lists(st.integers()), st.integers()))
def test_what_is_no_size_counts_as_the_largest(value: Any) -> None:
    found = cost("query ($n: Int) { conversations(first: $n) { nodes { id } } }", n=value)
    fits = type(value) is int and 0 <= value <= MAX_SIZE
    assert found == (value if fits else MAX_SIZE)


@given(size=st.integers(0, 200))
def test_lists_of_ids_cost_their_length(size: int) -> None:
    assert cost("query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", ids=["x"] * size) == size


def test_a_variable_that_is_no_size_makes_no_function() -> None:
    assert facts("query ($t: String) { conversations(where: {title: {eq: $t}}) { nodes { id } } }").cost.constant == 20
    assert facts("query ($n: Int) { conversations(first: $n) { nodes { id } } }").cost.constant is None


def spread(levels: int, each: str) -> str:
    """Fragments, each of which spreads the next one twice, with something of its own."""
    definitions = (
        f"fragment F{n} on Conversation {{ {each.format(n=n)} ...F{n + 1} ...F{n + 1} }}" for n in range(levels)
    )
    last = f"fragment F{levels} on Conversation {{ id }}"
    return " ".join(["query ($n: Int) { conversations { nodes { ...F0 } } }", *definitions, last])


@pytest.mark.parametrize("levels", [1, 10, 60])
def test_a_fragment_is_looked_at_once_however_often_it_is_spread(levels: int) -> None:
    text = spread(levels, "f{n}: messages(first: $n) {{ nodes {{ id }} }}")
    found = survey(text)
    assert found.visits <= nodes_of(text)
    operation = found.operation(None)
    assert operation is not None
    assert operation.cost.of({"n": 1}) == min(20 + 20 * (2**levels - 1), 2**31 - 1)
    assert operation.aliases == min(2**levels - 1, 2**31 - 1)


async def test_no_answer_has_more_nodes_than_its_operation_costs(database: Database) -> None:
    await world.build(database)
    asked = 0
    for path in sorted(OPERATIONS.glob("*.graphql")):
        text = path.read_text()
        context = Context(database, DEFAULT_VIEWER, bounds=UNBOUNDED)
        answer = await executed(text, context, {"id": world_id(), "first": 5})
        if answer.get("data"):
            asked += 1
            assert _nodes(answer["data"]) <= context.cost, path.name
    assert asked


def world_id() -> str:
    return ids.encode("Conversation", world.key("parcel"))


def _nodes(value: Any) -> int:
    """The objects with an id of their own."""
    if isinstance(value, dict):
        return ("id" in value) + sum(_nodes(each) for each in value.values())
    return sum(map(_nodes, value)) if isinstance(value, list) else 0


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_who_asks_for_it_is_told_the_cost_and_where_it_comes_from(database: Database) -> None:
    text = (
        "query ($n: Int) { talks: conversations(first: 10) { nodes { ...T assistant { id } } } tags(first: 5) { tag } }"
        " fragment T on Conversation { messages(first: $n) { nodes { id } } }"
    )
    context = Context(database, DEFAULT_VIEWER, tells_cost=True)
    answer = await executed(text, context, {"n": 3})
    told = answer["extensions"]["cost"]
    assert told == {
        "requested": 10 + 10 * 3 + 10 + 5,
        "maximum": 100_000,
        "dearest": [
            {"path": ["talks", "nodes", "messages", "nodes"], "cost": 30},
            {"path": ["talks", "nodes", "assistant"], "cost": 10},
            {"path": ["talks", "nodes"], "cost": 10},
        ],
    }
    assert json.dumps(told)
    assert context.cost == told["requested"]
    assert "extensions" not in await executed(text, Context(database, DEFAULT_VIEWER), {"n": 3})


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_a_refusal_tells_it_as_well(database: Database) -> None:
    text = (
        "{ conversations(first: 100) { nodes { messages(first: 100) { nodes { id conversation {"
        " messages(first: 100) { nodes { id } } } } } } } }"
    )
    answer = await executed(text, Context(database, DEFAULT_VIEWER, tells_cost=True))
    (error,) = answer["errors"]
    assert error["extensions"]["actual"] == answer["extensions"]["cost"]["requested"] > 100_000
    assert answer["extensions"]["cost"]["dearest"][0]["cost"] == 1_000_000


@settings(max_examples=50)
@given(number=st.integers(1, 5))
def test_the_parts_of_a_cost_add_up(number: int) -> None:
    one = "conversations(first: 3) { nodes { messages(first: 4) { nodes { id } } } }"
    assert cost("{ " + " ".join(f"a{n}: {one}" for n in range(number)) + " }") == number * (3 + 12)
