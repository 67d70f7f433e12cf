"""Each limit: what is just under it runs, what is just over it is refused by name before anything is read."""

from dataclasses import replace
from typing import Any

import pytest

from db.database import Database
from db.words import Role
from graph.access.limits import DEFAULT_BOUNDS
from tests.access.limits.asking import refusal, viewer_of


def aliases(number: int) -> str:
    return "{ conversations { nodes { " + " ".join(f"a{n}: id" for n in range(number)) + " } } }"


def deep(levels: int) -> str:
    """A query so many fields deep: conversations, nodes, and so on."""
    names = ["conversations", "nodes"]
    while len(names) < levels - 1:
        names += ["messages", "nodes", "conversation"]
    del names[levels - 1 :]
    leaf = "totalCount" if names[-1] in ("conversations", "messages") else "id"
    arguments = {"conversations": "(first: 1)", "messages": "(first: 1)"}
    return "{ " + " { ".join(name + arguments.get(name, "") for name in names) + f" {{ {leaf} " + "}" * levels


def roots(number: int) -> str:
    names = ["conversations", "messages", "feedback", "assistants", "tools", "sources"]
    return "{ " + " ".join(f"r{n}: {names[n % 6]} {{ totalCount }}" for n in range(number)) + " }"


def mutations(number: int) -> str:
    one = 'withdrawFeedback(input: {id: "x"}) { userErrors { message } }'
    return "mutation { " + " ".join(f"m{n}: {one}" for n in range(number)) + " }"


def directives(number: int) -> str:
    return "{ conversations { nodes { " + " ".join(["id @include(if: true)"] * number) + " } } }"


def fields(number: int) -> str:
    """Of 101 fields each is spread, and the two above them."""
    spreads, rest = divmod(number - 2, 100)
    fragment = f" fragment F on Conversation {{ {ids_in_portions(100)} }}" if spreads else ""
    return "{ conversations { nodes { " + "...F " * spreads + ids_in_portions(rest) + " } } }" + fragment


def ids_in_portions(number: int) -> str:
    """The field so many times, in no place more than 20 times."""
    portions = [20] * (number // 20) + [number % 20] * (number % 20 > 0)
    return " ".join("... { " + "id " * portion + "}" for portion in portions)


def repeats(number: int) -> str:
    """A field under one key, beside others; with all that is below it."""
    return "{ conversations { nodes { id title " + "k: tags " * number + "} " + "totalCount " * number + "} }"


def tokens(number: int) -> str:
    if number < 20:
        return "{ __typename " + "__typename " * (number - 3) + "}"
    roots = []
    for name, items in (("a", 900), ("b", 900), ("c", number - 62 - 1_800)):
        roots.append(f"{name}: tools(where: {{name: {{in: [" + '"x" ' * items + "]}}) { totalCount }")
    return "{ " + " ".join(roots) + " }"


def comments(number: int) -> str:
    return "#\n" * number + "{ __typename }"


def source(number: int) -> str:
    return "{ __typename }".ljust(number)


def ids(number: int) -> str:
    return "{ nodes(ids: [" + '"x" ' * number + "]) { id } }"


def introspected(number: int) -> str:
    return "{ " + " ".join(f"s{n}: __schema {{ types {{ name }} }}" for n in range(number)) + " }"


CASES = [
    ("source", "source", source, 100_000),
    ("tokens", "tokens", tokens, 2_500),
    ("comments", "comments", comments, 500),
    ("depth", "depth", deep, 15),
    ("aliases", "aliases", aliases, 30),
    ("rootFields", "root_fields", roots, 20),
    ("mutations", "mutations", mutations, 5),
    ("directives", "directives", directives, 20),
    ("repeats", "repeats", repeats, 20),
    ("fields", "fields", fields, 10_000),
]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize(("limit", "name", "document", "maximum"), CASES)
async def test_a_document_at_a_limit_runs_and_the_next_one_is_refused(
    database: Database, limit: str, name: str, document: Any, maximum: int
) -> None:
    assert getattr(DEFAULT_BOUNDS, name) == maximum
    assert await refusal(database, document(maximum)) is None
    found = await refusal(database, document(maximum + 1))

    assert found is not None
    assert (found["code"], found["limit"]) == ("LIMIT_EXCEEDED", limit)
    assert (found["maximum"], found["actual"]) == (maximum, maximum + 1)
    assert f"{maximum:,}" in found["message"]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize(("limit", "name", "document", "maximum"), CASES)
async def test_each_limit_is_a_setting(database: Database, limit: str, name: str, document: Any, maximum: int) -> None:
    least = {"source": 20, "tokens": 4}.get(name, 3)
    bounds: Any = replace(DEFAULT_BOUNDS, **{name: least})  # type: ignore[arg-type]  # a number for each of these
    assert await refusal(database, document(least), bounds=bounds) is None
    found = await refusal(database, document(least + 1), bounds=bounds)
    assert found is not None
    assert (found["limit"], found["maximum"], found["actual"]) == (limit, least, least + 1)


CROWDED = [
    "{{ __typename {} }}",
    "{{ conversations {{ nodes {{ id {} }} }} }}",
    "{{ ... {} {{ __typename }} }}",
    "{{ ...F {} }} fragment F on Query {{ __typename }}",
    "{{ ...F }} fragment F on Query {} {{ __typename }}",
    "query {} {{ __typename }}",
    "query ($a: Int {}) {{ conversations(first: $a) {{ totalCount }} }}",
]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("document", CROWDED)
async def test_a_crowd_of_directives_is_refused_as_one_thing_wherever_it_is(database: Database, document: str) -> None:
    """Each that is wrong would have an error of its own."""
    few = await refusal(database, document.format("@x"), bounds=FEW)
    many = await refusal(database, document.format("@x @x"), bounds=FEW)
    assert few is not None
    assert few["code"] == "GRAPHQL_VALIDATION_FAILED"
    assert many is not None
    assert (many["limit"], many["maximum"], many["actual"]) == ("directivesInPlace", 1, 2)

    found = await refusal(database, document.format("@x " * 6))
    assert found is not None
    assert (found["limit"], found["maximum"], found["actual"]) == ("directivesInPlace", 5, 6)


FEW = replace(DEFAULT_BOUNDS, directives_in_place=1)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_the_directives_that_there_are_can_stand_in_one_place(database: Database) -> None:
    assert await refusal(database, "{ __typename @skip(if: false) @include(if: true) }") is None


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_a_field_may_be_asked_for_in_many_places(database: Database) -> None:
    """As components do that bring a fragment each."""
    names = [f"F{number}" for number in range(50)]
    fragments = " ".join(f"fragment {name} on Conversation {{ id title }}" for name in names)
    spreads = " ".join(f"...{name}" for name in names)
    assert await refusal(database, f"{{ conversations {{ nodes {{ {spreads} }} }} }} {fragments}") is None


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_lists_of_ids_are_bounded_written_out_and_as_variables(database: Database) -> None:
    query = "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }"
    for text, variables in ((ids(101), {}), (query, {"ids": ["x"] * 101})):
        found = await refusal(database, text, variables)
        assert found is not None
        assert (found["limit"], found["maximum"], found["actual"]) == ("ids", 100, 101)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_introspection_has_a_bound_of_its_own(database: Database) -> None:
    bounds = replace(DEFAULT_BOUNDS, introspected=1_000)
    found = None
    for number in range(1, 10):
        found = await refusal(database, introspected(number), bounds=bounds)
        if found is not None:
            break
    assert found is not None
    assert found["limit"] == "introspection"
    assert found["actual"] > 1_000
    assert number > 1, "one is fine"


def nested(levels: int) -> dict[str, Any]:
    """Variables so many levels deep, themselves the first one."""
    value: Any = "x"
    for _ in range(levels - 1):
        value = [value]
    return {"value": value}


WITH_JSON = 'query ($value: JSON) { conversations(where: {properties: [{path: ["a"], eq: $value}]}) { totalCount } }'


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_variables_are_so_deep_and_no_deeper(database: Database) -> None:
    reader, writer = viewer_of(Role.VIEWER), viewer_of(Role.EDITOR)
    assert await refusal(database, WITH_JSON, nested(20), viewer=reader) is None
    found = await refusal(database, WITH_JSON, nested(21), viewer=reader)
    assert found is not None
    assert (found["limit"], found["maximum"], found["actual"]) == ("variablesDepth", 20, 21)

    assert await refusal(database, WITH_JSON, nested(21), viewer=writer) is None
    found = await refusal(database, WITH_JSON, nested(121), viewer=writer)
    assert found is not None
    assert found["maximum"] == 120, "what staff may write is 100 levels deep"


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_variables_are_so_large_and_no_larger(database: Database) -> None:
    query = "query ($a: String, $b: [String!]) { conversations(where: {title: {eq: $a, in: $b}}) { totalCount } }"
    mebibyte, reader = 1024 * 1024, viewer_of(Role.END_USER)
    names = len("a") + 1
    for large in (
        {"a": "x" * (mebibyte - names + 1)},
        {"b": ["x"] * (mebibyte // 2)},
        {"unknown": "x" * mebibyte},
        {"x" * mebibyte: 1},
        {"b": [1] * (10 * mebibyte)},
    ):
        found = await refusal(database, query, large, viewer=reader)
        assert found is not None
        assert (found["limit"], found["maximum"]) == ("variablesSize", mebibyte)
    assert await refusal(database, "{ __typename }", {"a": "x" * (mebibyte - names)}, viewer=reader) is None
    assert await refusal(database, "{ __typename }", {"a": "x" * mebibyte}, viewer=viewer_of(Role.EDITOR)) is None


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_a_costly_page_is_refused_with_its_cost(database: Database) -> None:
    query = (
        "query ($n: Int) { conversations(first: 100) { nodes { messages(first: 100) { nodes {"
        " conversation { messages(first: $n) { nodes { id } } } } } } } }"
    )
    base = 100 + 100 * 100 + 100 * 100
    assert base + 100 * 100 * 7 <= DEFAULT_BOUNDS.cost < base + 100 * 100 * 8
    assert await refusal(database, query, {"n": 7}) is None
    found = await refusal(database, query, {"n": 8})
    assert found is not None
    assert (found["limit"], found["maximum"], found["actual"]) == ("cost", 100_000, base + 80_000)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_what_is_wrong_with_the_variables_is_told_after_the_limits(database: Database) -> None:
    query = "query ($n: Int) { conversations(first: $n) { nodes { id } } }"
    found = await refusal(database, query, {"n": "many"})
    assert found is not None
    assert found["code"] == "BAD_USER_INPUT"
    found = await refusal(database, query, {"n": "many"}, bounds=replace(DEFAULT_BOUNDS, cost=99))
    assert found is not None
    assert found["code"] == "LIMIT_EXCEEDED", "what cannot be a size counts as the largest"
