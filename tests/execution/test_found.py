"""Every difference between the engine and graphql-core that was ever found, as small as it could be made."""

from typing import Any

import pytest
from graphql import DocumentNode, FieldNode, NameNode, Visitor, parse, visit

from tests.execution.asking import asking, same
from tests.execution.data import changed, sampled, world
from tests.execution.reads import Connection
from tests.execution.tables import id_of

PET, NOBODY = id_of("Pet", 2), id_of("Person", 99)


@pytest.mark.parametrize(
    ("text", "connection"),
    [
        pytest.param(
            f'{{ sureNodes(ids: ["{PET}", "{NOBODY}"]) {{ id }} }}',
            world(),
            id="a null in a list of what is never null",
        ),
        pytest.param("{ sample { texts } }", sampled("generator"), id="a generator is no list"),
        pytest.param("{ sample { numbers } }", sampled("keys"), id="the keys of a dict"),
        pytest.param("{ sample { texts } }", sampled("text"), id="the letters of a text are no list"),
        pytest.param(
            "{ sureSample { sureNumbersAllSure } }", sampled("empty text"), id="nor are those of an empty one"
        ),
        pytest.param("{ sample { listsOfSure } }", sampled("empty text"), id="nor in a list of lists"),
        pytest.param("{ sample { numbers } }", sampled("bytes"), id="bytes are no list"),
        pytest.param("{ sample { id } }", sampled("given error"), id="an exception that is given as an ID"),
        pytest.param("{ sample { texts } }", sampled("error in list"), id="an exception in a list of texts"),
        pytest.param("{ people { pageInfo { endCursor @skip(if: true) } } }", world(), id="nothing of pageInfo"),
        pytest.param("{ people { edges { cursor @skip(if: true) } } }", world(), id="nothing of an edge"),
        pytest.param("{ people { edges { node @skip(if: true) { id } } } }", world("postgresql"), id="no node either"),
        pytest.param(
            '{ nth { maybeLetters(oneByOne: true, last: 1, before: "at1") { pageInfo { __typename } } } }',
            world(),
            id="a page of which only the name of pageInfo's type is wanted",
        ),
        pytest.param(
            '{ nth { maybeLetters(oneByOne: true, after: "at1") { pageInfo { endCursor @skip(if: true) } } } }',
            world(),
            id="or nothing at all",
        ),
        pytest.param(
            '{ nth { maybeLetters(oneByOne: true, last: 1, before: "at1") { edges { cursor @skip(if: true) } } } }',
            world(),
            id="or nothing of its edges",
        ),
        pytest.param(
            "{ people { nodes { both { id } } } }", changed({"pet_id": None}), id="a list by the columns of the parent"
        ),
    ],
)
async def test_a_difference_that_was_found(text: str, connection: Connection) -> None:
    await same(text, world=connection)


@pytest.mark.parametrize(
    "text",
    [
        f'{{ nodes(ids: ["{PET}"]) {{ id }} }}',
        f'{{ node(id: "{PET}") {{ id }} }}',
        "{ maybePeople(first: 0) { nodes { rank } } }",
        "{ nth(n: -1) { rank } maybePeople(first: 0) { totalCount } }",
        "{ maybePeople { totalCount } }",
        "{ maybePeople { __typename } }",
    ],
)
async def test_a_difference_that_was_found_without_a_connection(text: str) -> None:
    await same(text, free=0)


async def test_a_difference_that_was_found_with_one_connection_of_two() -> None:
    await same("{ nth { rank } maybePeople { nodes { rank } } }", world=world("postgresql"), spare=True, free=1)


async def test_a_document_with_other_fragments_and_the_same_operation_has_a_plan_of_its_own() -> None:
    """graphql-core's `visit` keeps the nodes that it does not change: extensions rewrite documents with it."""

    class Renaming(Visitor):
        def enter_field(self, node: FieldNode, *_: Any) -> FieldNode:
            return (
                FieldNode(name=NameNode(value="name"), arguments=(), directives=()) if not node.selection_set else node
            )

    before = parse("query { nth { ...F } } fragment F on Person { rank }")
    operation, fragment = before.definitions
    after = DocumentNode(definitions=(operation, visit(fragment, Renaming())))
    for document, expected in ((before, {"rank": 1}), (after, {"name": "Ada 1"}), (before, {"rank": 1})):
        assert (await asking(document).answer()).value == {"nth": expected}
