"""Interfaces and unions, of rows and of plain objects, alone and in lists with nulls."""

from typing import Any

import pytest

from tests.execution.asking import same
from tests.execution.data import changed, world
from tests.execution.reads import Odd
from tests.execution.tables import id_of, number_of

PERSON, PET, HOUSE, NOBODY = id_of("Person", 2), id_of("Pet", 2), id_of("House", 3), id_of("Person", 99)

SELECTED = """
    { __typename id ...N ... on Person { rank home { name } } ... on Pet { name mood } ... on House { name } }
"""
FRAGMENT = "fragment N on Node { i: id ... on House { people { rank } } ... on Favourite { t: __typename } }"


@pytest.mark.parametrize(
    ("id", "expected"),
    [
        (PERSON, {"__typename": "Person", "rank": 2, "home": {"name": "House 3"}}),
        (PET, {"__typename": "Pet", "name": "Rex 2", "mood": "LOUD"}),
        (HOUSE, {"__typename": "House", "name": "House 3", "people": [{"rank": 2}, {"rank": 5}]}),
        (NOBODY, None),
    ],
)
async def test_a_node_is_of_its_type(id: str, expected: Any, dialect: str) -> None:
    text = f"query ($id: ID!) {{ node(id: $id) {SELECTED} }} {FRAGMENT}"
    answer = await same(text, {"id": id}, world=world(dialect))
    if expected is not None:
        expected = {**expected, "id": id, "i": id, "t": expected["__typename"]}
    assert (answer.value, answer.errors) == ({"node": expected}, ())


async def test_a_list_of_nodes_of_all_types_keeps_its_order_its_nulls_and_what_is_asked_twice(dialect: str) -> None:
    ids = [PET, NOBODY, PERSON, HOUSE, PET, id_of("House", 9), PERSON]
    connection = world(dialect)
    answer = await same(
        f"query ($ids: [ID!]!) {{ nodes(ids: $ids) {SELECTED} }} {FRAGMENT}", {"ids": ids}, world=connection
    )
    found = [None if each is None else each["id"] for each in answer.value["nodes"]]
    assert found == [PET, None, PERSON, HOUSE, PET, None, PERSON]
    assert answer.errors == ()


@pytest.mark.parametrize("ids", [[], [NOBODY], [PET, "what"], ["what"], [id_of("Letter", 1)]])
async def test_nodes_of_nothing_and_of_what_are_no_ids(ids: list[str]) -> None:
    answer = await same("query ($ids: [ID!]!) { nodes(ids: $ids) { id } version }", {"ids": ids})
    if ids in ([], [NOBODY]):
        assert (answer.value["nodes"], answer.errors) == ([None] * len(ids), ())
    else:
        assert (answer.value, list(answer.messages)) == (None, ["nodes"])


async def test_nodes_that_must_be_there() -> None:
    text = "query ($ids: [ID!]!) { sureNodes(ids: $ids) { id } }"
    there = await same(text, {"ids": [PET, HOUSE]})
    assert there.value == {"sureNodes": [{"id": PET}, {"id": HOUSE}]}
    missing = await same(text, {"ids": [PET, NOBODY, HOUSE]})
    assert missing.value is None
    assert missing.messages == {"sureNodes.1": "Cannot return null for non-nullable field Query.sureNodes."}


async def test_nothing_is_read_of_types_that_were_not_found(dialect: str) -> None:
    connection = world(dialect)
    await same("query ($ids: [ID!]!) { nodes(ids: $ids) { id } }", {"ids": [PET]}, world=connection)
    assert set(connection.calls) == {"pets"}


@pytest.mark.parametrize(("kin", "expected"), [("PERSON", {"rank": 3}), ("PET", {"name": "Rex 3"}), ("HOUSE", {})])
async def test_a_union_at_the_root(kin: str, expected: Any) -> None:
    text = "query ($kin: Kin!) { beast(kin: $kin, n: 3) { ... on Person { rank } ... on Pet { name } } }"
    answer = await same(text, {"kin": kin})
    assert (answer.value, answer.errors) == ({"beast": expected}, ())


async def test_a_union_by_columns_of_the_parent(dialect: str) -> None:
    answer = await same(
        """{ people { nodes { rank favourite { __typename ... on Pet { name } ... on Person { age }
             ... on House { title: name people { favourite { ... on Node { id } } } } }
             maybeFavourite { __typename } } } }""",
        world=world(dialect),
    )
    assert answer.errors == ()
    types = [(each["favourite"], each["maybeFavourite"]["__typename"]) for each in answer.value["people"]["nodes"]]
    assert types == [
        ({"__typename": "Person", "age": 22}, "Person"),
        ({"__typename": "Pet", "name": "Rex 2"}, "Pet"),
        ({"__typename": "Person", "age": 24}, "Person"),
        ({"__typename": "Pet", "name": "Rex 4"}, "Pet"),
        ({"__typename": "Person", "age": 26}, "Person"),
        ({"__typename": "Pet", "name": "Rex 6"}, "Pet"),
    ]


async def test_a_list_of_an_interface_by_columns_of_the_parent(dialect: str) -> None:
    connection = world(dialect)
    connection.tables["people"][0]["home_id"] = number_of("House", 99)
    answer = await same(
        "{ people(first: 2) { nodes { both { __typename id ... on Pet { name } } } } }", world=connection
    )
    house = {"__typename": "House", "id": HOUSE}
    assert answer.errors == ()
    assert [each["both"] for each in answer.value["people"]["nodes"]] == [
        [None, None],
        [house, {"__typename": "Pet", "id": PET, "name": "Rex 2"}, house],
    ]


@pytest.mark.parametrize("friend_id", [None, number_of("Person", 99)])
async def test_a_union_whose_row_is_not_there(friend_id: Any, dialect: str) -> None:
    """A key that dangles, and no key at all."""
    connection = changed({"friend_id": friend_id, "home_id": number_of("House", 99)}, dialect)
    may = await same("{ nth { rank maybeFavourite { __typename } } }", world=connection)
    assert (may.value, may.errors) == ({"nth": {"rank": 1, "maybeFavourite": None}}, ())
    must = await same("{ nth { rank favourite { __typename } } }", world=connection)
    assert (must.value, list(must.messages)) == ({"nth": None}, ["nth.favourite"])


async def test_an_error_in_one_branch_of_a_union_ends_there() -> None:
    connection = changed({"name": None}, table="pets", n=2)
    answer = await same(
        "{ people(first: 3) { nodes { maybeFavourite { ... on Pet { name } ... on Person { rank } } } } }",
        world=connection,
    )
    assert [each["maybeFavourite"] for each in answer.value["people"]["nodes"]] == [{"rank": 2}, None, {"rank": 4}]
    assert list(answer.messages) == ["people.nodes.1.maybeFavourite.name"]


async def test_an_interface_of_plain_objects() -> None:
    answer = await same(
        """{ nth(n: 2) { home { figures { name ... on Square { side tags } ...C ... on Figure { n: name } } } } }
           fragment C on Circle { __typename centre { x y } radius }"""
    )
    assert answer.errors == ()
    assert answer.value["nth"]["home"]["figures"] == [
        {"name": "square", "side": 3, "tags": None, "n": "square"},
        {"name": "circle", "__typename": "Circle", "centre": {"x": 3, "y": None}, "radius": 1.5, "n": "circle"},
        {"name": "square", "side": 1, "tags": ["x"], "n": "square"},
    ]


@pytest.mark.parametrize(
    ("figures", "path"),
    [
        ('[{"side": 1}, null]', "figures.1"),
        ('[{"side": null}]', "figures.0.side"),
        ('[{"side": 1.5}]', "figures.0.side"),
        ('[{"side": 1, "tags": ["x", null]}]', "figures.0.tags.1"),
        ('[{"centre": [null, 1], "radius": 1}]', "figures.0.centre.x"),
        ('[{"centre": [1, 1], "radius": "wide"}]', "figures.0.radius"),
        ("[{}]", "figures"),
        ("7", "figures"),
    ],
)
async def test_a_flaw_of_a_plain_object_is_told_with_its_path(figures: str, path: str) -> None:
    connection = changed({"figures": Odd(figures)}, table="houses", n=2)
    answer = await same(
        """{ nth { homeOrNone { figures { ... on Square { side tags } ... on Circle { centre { x } radius } } } } }""",
        world=connection,
    )
    ends = path.endswith(("tags.1", "centre.x"))  # what may be null in between
    assert (answer.value["nth"]["homeOrNone"] is None) is not ends
    assert list(answer.messages) == [f"nth.homeOrNone.{path}"]


async def test_a_union_of_plain_objects(dialect: str) -> None:
    text = """{ nth(n: 3) { letters { nodes { number gift { __typename ... on Book { title pages } ...T } } }
                gifts { __typename } } nth2: nth(n: 2) { gifts { ... on Book { title } ...T } } }
              fragment T on Toy { label detail }"""
    answer = await same(text, world=world(dialect))
    assert answer.errors == ()
    assert [each["gift"] for each in answer.value["nth"]["letters"]["nodes"]] == [
        {"__typename": "Toy", "label": "toy 2", "detail": {"n": 2}},
        {"__typename": "Toy", "label": "toy 7", "detail": {"n": 7}},
        {"__typename": "Toy", "label": "toy 12", "detail": {"n": 12}},
        {"__typename": "Toy", "label": "toy 17", "detail": {"n": 17}},
        {"__typename": "Toy", "label": "toy 22", "detail": {"n": 22}},
    ]
    assert answer.value["nth"]["gifts"] == []
    assert answer.value["nth2"]["gifts"][0] == {"title": "Ada 2: letter 1"}


async def test_a_null_in_a_member_of_a_union_of_plain_objects() -> None:
    connection = changed({"gift": {"label": None}}, table="letters", n=2)
    answer = await same(
        "{ nth(n: 3) { letters(first: 2) { nodes { gift { ... on Toy { label } } } } } }", world=connection
    )
    assert answer.value["nth"]["letters"]["nodes"] == [{"gift": None}, {"gift": {"label": "toy 7"}}]
    assert list(answer.messages) == ["nth.letters.nodes.0.gift.label"]


async def test_an_object_over_the_parents_row() -> None:
    text = "{ people { nodes { rank body { height weight tall companion { name } } } } }"
    answer = await same(text)
    bodies = [each["body"] for each in answer.value["people"]["nodes"]]
    assert bodies[0] is None
    assert bodies[1] == {"height": 1.8, "weight": None, "tall": False, "companion": {"name": "Rex 2"}}
    sure = await same("{ sample { number } people { nodes { sureBody { height } } } }")
    assert (sure.value, sure.messages["people.nodes.0.sureBody"]) == (
        None,
        "Cannot return null for non-nullable field Person.sureBody.",
    )


async def test_nested_plain_objects_and_their_lists() -> None:
    address = {"street": "S", "number": 1, "lines": ["a"], "at": [1, 2], "points": [[1, None], None, [3, 4]]}
    text = "{ nth { address { street number lines at { x y } points { x y } p: points { __typename } } } }"
    answer = await same(text, world=changed({"address": address}))
    assert answer.errors == ()
    assert answer.value["nth"]["address"] == {
        "street": "S",
        "number": 1,
        "lines": ["a"],
        "at": {"x": 1, "y": 2},
        "points": [{"x": 1, "y": None}, None, {"x": 3, "y": 4}],
        "p": [{"__typename": "Point"}, None, {"__typename": "Point"}],
    }
    flawed = await same(text, world=changed({"address": {**address, "lines": ["a", None], "at": [None, 1]}}))
    assert flawed.value["nth"]["address"] is None
    assert set(flawed.messages) <= {"nth.address.lines.1", "nth.address.at.x"}
