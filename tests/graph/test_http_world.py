"""The server, lean and by plans, against strawberry's view and graphql-core: the same status, headers and bytes."""

import pytest

from db.database import Database
from db.viewer import DEFAULT_VIEWER
from graph.context import Context
from graph.execution import switched
from graph.schema import schema
from graph.view import ColloquyView
from tests.graph import world
from tests.graph.asking import OPERATIONS
from tests.graph.test_view_differential import Answer, Asked, answer, body
from tests.graph.world import node

PARCEL = node("Conversation", "parcel")
CONVERSATION = "query ($id: ID!) { conversation(id: $id) { id title createdAt messageCount } }"
MESSAGES = """
query ($id: ID!, $first: Int, $after: String) {
  conversation(id: $id) { messages(first: $first, after: $after) { totalCount nodes { role citations { title } } } }
}
"""

REQUESTS = {
    "typename": body("{ __typename }"),
    "an object": body(CONVERSATION, variables={"id": PARCEL}),
    "an object that is not there": body(CONVERSATION, variables={"id": node("Conversation", "nobody")}),
    "an id of another type": body(CONVERSATION, variables={"id": node("Message", "done")}),
    "an id that is none": body(CONVERSATION, variables={"id": "x"}),
    "no id": body(CONVERSATION, variables={}),
    "an id that is a list": body(CONVERSATION, variables={"id": [1]}),
    "lists in lists": body(MESSAGES, variables={"id": PARCEL, "first": 3}),
    "too many of a list": body(MESSAGES, variables={"id": PARCEL, "first": 101}),
    "a cursor that is none": body(MESSAGES, variables={"id": PARCEL, "after": "é"}),
    "a list by a filter": body('{ conversations(where: { title: { contains: "ARC" } }) { totalCount nodes { id } } }'),
    "by its type": body("query ($id: ID!) { node(id: $id) { __typename id } }", variables={"id": PARCEL}),
    "two roots": body("{ conversations(first: 2) { nodes { id } } messages(first: 2) { nodes { content } } }"),
    "a field without a plan": body("{ tags { tag count } __typename }"),
    "introspection": body("{ __schema { queryType { name } } }"),
    "one of two operations": body("query A { __typename } query B { tools { totalCount } }", operationName="B"),
    "not said which of two": body("query A { __typename } query B { tools { totalCount } }"),
    "an unknown field": body("{ nothing }"),
}
LEAN = "typename", "an object", "an id that is none", "no id", "lists in lists", "two roots", "one of two operations"


def view(database: Database, *, lean: bool) -> ColloquyView:
    async def context(_request: object) -> Context:
        return Context(database, DEFAULT_VIEWER)

    return ColloquyView(schema, context=context, lean=lean)


async def both(database: Database, asked: Asked) -> tuple[list[Answer], list[Answer]]:
    """What comes of it twice: lean, and by graphql-core."""
    lean = [await answer(view(database, lean=True), asked) for _ in range(2)]
    with switched("off"):
        return lean, [await answer(view(database, lean=False), asked) for _ in range(2)]


async def test_the_answers_are_the_same_byte_for_byte(database: Database) -> None:
    await world.build(database)
    for name, text in REQUESTS.items():
        lean, old = await both(database, Asked(text))
        assert lean == old, name


@pytest.mark.parametrize("operation", sorted(path.stem for path in OPERATIONS.glob("*.graphql")))
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_so_are_those_to_what_clients_send_even_without_variables(database: Database, operation: str) -> None:
    await world.build(database)
    lean, old = await both(database, Asked(body((OPERATIONS / f"{operation}.graphql").read_text())))
    assert lean == old


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_plain_queries_are_answered_past_strawberrys_view(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.build(database)
    for name in LEAN:
        await answer(view(database, lean=True), Asked(REQUESTS[name]))

    async def passed(*_: object) -> None:
        raise AssertionError("it was to be answered the lean way")

    monkeypatch.setattr(ColloquyView, "_answer", passed)
    for name in LEAN:
        assert (await answer(view(database, lean=True), Asked(REQUESTS[name])))[0] == 200
