"""Fragments, merged selections, aliases, directives and __typename: what is selected, and in which order."""

from typing import Any

import pytest

from graph.execution import metrics
from tests.execution.asking import same
from tests.execution.data import world
from tests.execution.tables import id_of

PERSON, PET, HOUSE, NOBODY = id_of("Person", 2), id_of("Pet", 2), id_of("House", 3), id_of("Person", 99)


async def planned(text: str, **variables: Any) -> Any:
    """The data of an operation that the engine must not leave to graphql-core, and that has no errors."""
    before = metrics["planned"]
    answer = await same(text, variables)
    assert metrics["planned"] > before
    assert answer.errors == ()
    return answer.value


@pytest.mark.parametrize(
    ("selections", "expected"),
    [
        ("...F", {"name": "Ada 1", "rank": 1}),
        ("...F ...F", {"name": "Ada 1", "rank": 1}),
        ("rank ...F", {"rank": 1, "name": "Ada 1"}),
        ("... on Person { age ...F }", {"age": 21, "name": "Ada 1", "rank": 1}),
        ("... { age }", {"age": 21}),
        ("... { ... { ... on Node { __typename } } }", {"__typename": "Person"}),
        ("... on Node { id } age", {"id": id_of("Person", 1), "age": 21}),
        ("... on Favourite { ... on Person { age } ... on House { name } }", {"age": 21}),
        ("... on Favourite { __typename }", {"__typename": "Person"}),
        ("... on Node { ... on Pet { name } ... on Person { name } }", {"name": "Ada 1"}),
    ],
)
async def test_fragments_on_objects_interfaces_and_unions(selections: str, expected: Any) -> None:
    text = f"{{ nth {{ {selections} }} }}"
    if "...F" in text:
        text += " fragment F on Person { name ...G } fragment G on Person { rank }"
    answer = await planned(text)
    assert answer == {"nth": expected}
    assert list(answer["nth"]) == list(expected)


async def test_merged_selections_of_one_field_are_one() -> None:
    answer = await planned(
        """
        { nth { home { name } ...F home { people { name } } } nth { home { people { rank name } } } }
        fragment F on Person { home { owner { name } people { age } } }
        """
    )
    assert answer == {
        "nth": {
            "home": {
                "name": "House 2",
                "owner": {"name": "Ada 2"},
                "people": [{"age": 21, "name": "Ada 1", "rank": 1}, {"age": 24, "name": "Ada 4", "rank": 4}],
            }
        }
    }
    assert list(answer["nth"]["home"]) == ["name", "owner", "people"]
    assert list(answer["nth"]["home"]["people"][0]) == ["age", "name", "rank"]


async def test_merged_connections_are_one_page() -> None:
    answer = await planned(
        """
        { nth { letters(first: 2) { totalCount nodes { text } } ...F letters(first: 2) { nodes { number } } } }
        fragment F on Person { letters(first: 2) { pageInfo { endCursor } pageInfo { hasNextPage } } }
        """
    )
    assert answer["nth"]["letters"] == {
        "totalCount": 4,
        "nodes": [{"text": "letter 5", "number": 5}, {"text": "letter 10", "number": 10}],
        "pageInfo": {"endCursor": "at10", "hasNextPage": True},
    }


async def test_the_same_field_with_other_arguments_stands_under_aliases() -> None:
    answer = await planned(
        """
        { a: nth(n: 1) { rank one: letters(first: 1) { nodes { number } } two: letters(last: 2) { nodes { number } } }
          b: nth(n: 2) { rank } nth { rank } }
        """
    )
    assert answer == {
        "a": {"rank": 1, "one": {"nodes": [{"number": 5}]}, "two": {"nodes": [{"number": 15}, {"number": 20}]}},
        "b": {"rank": 2},
        "nth": {"rank": 1},
    }


async def test_aliases_may_be_the_names_of_other_fields() -> None:
    answer = await planned("{ people: nth { name: age age: name id: __typename } nth: __typename }")
    assert answer == {"people": {"name": 21, "age": "Ada 1", "id": "Person"}, "nth": "Query"}


async def test_keys_stand_in_the_order_of_the_document() -> None:
    answer = await planned(
        """
        { b: __typename nth { z: rank pets { id } a: name ...F home { name } } a: nth { rank } }
        fragment F on Person { body { height } home { id } z: rank }
        """
    )
    assert list(answer) == ["b", "nth", "a"]
    assert list(answer["nth"]) == ["z", "pets", "a", "body", "home"]
    assert list(answer["nth"]["home"]) == ["id", "name"]


async def test_ordinary_fields_of_the_root_keep_their_turn() -> None:
    answer = await planned('{ version a: nth { rank } echo(text: "y") b: nth { rank } ...{ version v: version } }')
    assert list(answer) == ["version", "a", "echo", "b", "v"]


@pytest.mark.parametrize("holds", [True, False])
@pytest.mark.parametrize("condition", ["literal", "variable", "default", "default that is overruled"])
async def test_skip_and_include(holds: bool, condition: str) -> None:
    word = str(holds).lower()
    other = str(not holds).lower()
    given: dict[str, Any] = {}
    if condition == "literal":
        head, term = "", word
    else:
        head = {"variable": "($c: Boolean!)", "default": f"($c: Boolean = {word})"}.get(
            condition, f"($c: Boolean! = {other})"
        )
        term = "$c"
        if condition != "default":
            given["c"] = holds
    text = f"""
        query {head} {{
          nth {{
            rank
            name @include(if: {term})
            age @skip(if: {term})
            ... on Person @include(if: {term}) {{ a: age home {{ name }} }}
            ...F @skip(if: {term})
            ... @include(if: {term}) {{ body {{ height }} }}
            both: active @include(if: {term}) @skip(if: {term})
            pets {{ id @skip(if: true) name @include(if: {term}) }}
          }}
          other: nth @include(if: {term}) {{ rank }}
        }}
        fragment F on Person {{ f: rank mood }}
        """
    answer = await planned(text, **given)
    keys = ["rank", "name", "a", "home", "body", "pets"] if holds else ["rank", "age", "f", "mood", "pets"]
    assert list(answer["nth"]) == keys
    assert answer["nth"]["pets"] == ([{"name": "Rex 4"}] if holds else [{}])
    assert ("other" in answer) is holds


async def test_one_document_with_other_values_of_its_conditions_is_another_plan() -> None:
    text = "query ($a: Boolean!, $b: Boolean!) { nth { name @skip(if: $a) age @include(if: $b) } }"
    for a in (True, False):
        for b in (True, False):
            answer = await planned(text, a=a, b=b)
            assert list(answer["nth"]) == [*([] if a else ["name"]), *(["age"] if b else [])]


@pytest.mark.parametrize("root", ["nth { rank }", "people { totalCount }", 'node(id: "x") { id }', "version"])
async def test_a_root_that_is_skipped_as_a_whole_is_empty(root: str) -> None:
    answer = await same("query ($s: Boolean!) { ... @skip(if: $s) { " + root + " } }", {"s": True})
    assert (answer.data, answer.errors) == (b"{}", ())


@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        ("nth { home @skip(if: true) { name } }", {"nth": {}}),
        ("nth { home { name @skip(if: true) } }", {"nth": {"home": {}}}),
        ("nth { pets { name @skip(if: true) } }", {"nth": {"pets": [{}]}}),
        ("nth { body { height @skip(if: true) } }", {"nth": {"body": None}}),
        ("nth { sureAddress { street @skip(if: true) } }", {"nth": {"sureAddress": {}}}),
        ("nth { favourite { ... on Pet { name } } }", {"nth": {"favourite": {}}}),
        ("nth { letters { nodes @skip(if: true) { text } } }", {"nth": {"letters": {}}}),
        ("nth { letters(first: 1) { nodes { text @skip(if: true) } } }", {"nth": {"letters": {"nodes": [{}]}}}),
        ("nth { letters(first: 1) { edges { cursor @skip(if: true) } } }", {"nth": {"letters": {"edges": [{}]}}}),
        (
            "nth { letters(first: 1) { edges { node { text @skip(if: true) } } } }",
            {"nth": {"letters": {"edges": [{"node": {}}]}}},
        ),
        ("nth { letters { pageInfo { endCursor @skip(if: true) } } }", {"nth": {"letters": {"pageInfo": {}}}}),
        ("nth { letters { totalCount @skip(if: true) } }", {"nth": {"letters": {}}}),
        ("people(first: 2) { edges { node @skip(if: true) { name } } }", {"people": {"edges": [{}, {}]}}),
        ("people(first: 2) { pageInfo { endCursor @skip(if: true) } }", {"people": {"pageInfo": {}}}),
        (f'node(id: "{PET}") {{ ... on House {{ name }} }}', {"node": {}}),
        (f'node(id: "{NOBODY}") {{ ... on House {{ name }} }}', {"node": None}),
    ],
)
async def test_where_nothing_is_left_of_a_selection_there_is_an_empty_object(selection: str, expected: Any) -> None:
    assert await planned(f"{{ {selection} }}") == expected


async def test_typename_stands_everywhere() -> None:
    answer = await planned(
        f"""
        {{ __typename q: __typename
          nth {{ __typename home {{ t: __typename }} pets {{ __typename }} favourite {{ __typename }}
            sureAddress {{ __typename at {{ __typename }} points {{ __typename }} }}
            letters(first: 1) {{ __typename pageInfo {{ __typename }} edges {{ __typename node {{ __typename }} }}
              nodes {{ __typename gift {{ __typename }} }} }} gifts {{ __typename }} home {{ figures {{ __typename }} }}
          }}
          two: nth(n: 2) {{ body {{ __typename }} }}
          node(id: "{PERSON}") {{ __typename }} nodes(ids: ["{PET}", "{HOUSE}"]) {{ __typename }}
          beast(kin: PET) {{ __typename }} people {{ __typename pageInfo {{ __typename }} }} }}
        """
    )
    assert answer == {
        "__typename": "Query",
        "q": "Query",
        "nth": {
            "__typename": "Person",
            "home": {
                "t": "House",
                "figures": [{"__typename": "Square"}, {"__typename": "Circle"}, {"__typename": "Square"}],
            },
            "pets": [{"__typename": "Pet"}],
            "favourite": {"__typename": "Person"},
            "sureAddress": {
                "__typename": "Address",
                "at": None,
                "points": [{"__typename": "Point"}, None],
            },
            "letters": {
                "__typename": "LetterConnection",
                "pageInfo": {"__typename": "PageInfo"},
                "edges": [{"__typename": "LetterEdge", "node": {"__typename": "Letter"}}],
                "nodes": [{"__typename": "Letter", "gift": None}],
            },
            "gifts": [],
        },
        "two": {"body": {"__typename": "Body"}},
        "node": {"__typename": "Person"},
        "nodes": [{"__typename": "Pet"}, {"__typename": "House"}],
        "beast": {"__typename": "Pet"},
        "people": {"__typename": "PersonConnection", "pageInfo": {"__typename": "PageInfo"}},
    }


async def test_an_operation_without_any_read(dialect: str) -> None:
    connection = world(dialect)
    answer = await same("{ __typename }", world=connection)
    assert (answer.data, connection.calls) == (b'{"__typename":"Query"}', [])
