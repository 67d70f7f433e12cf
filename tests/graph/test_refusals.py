"""What is refused, by which code and which argument, and what is not."""

from typing import Any

from tests.graph.asking import Client
from tests.graph.world import node

PARCEL = node("Conversation", "parcel")

NAMED = {
    "<parcel>": PARCEL,
    "<done>": node("Message", "done"),
    "<ticket message>": node("Message", "ticket-1"),
    "<unknown message>": node("Message", "nobody"),
    "<page>": node("PageInfo", "done"),
}
"""Ids by the words that stand for them in the queries below."""

REFUSED = {
    "{ conversations(first: 0) { nodes { id } } }": "first",
    "{ conversations(first: -1) { totalCount } }": "first",
    "{ conversations(first: 101) { nodes { id } } }": "first",
    "{ conversations(last: 0) { nodes { id } } }": "last",
    "{ conversations(first: 1, last: 1) { nodes { id } } }": "last",
    '{ conversations(after: "mangled") { nodes { id } } }': "after",
    '{ conversations(last: 1, before: "bWFuZ2xlZA") { nodes { id } } }': "before",
    '{ conversation(id: "<parcel>") { messages(first: 0) { nodes { id } } } }': "first",
    '{ conversation(id: "<parcel>") { messages(first: 1, last: 1) { totalCount } } }': "last",
    '{ conversation(id: "<parcel>") { messages(after: "é") { nodes { id } } } }': "after",
    '{ conversation(id: "<parcel>") { messages(around: "812") { nodes { id } } } }': "around",
    '{ conversation(id: "<parcel>") { messages(through: "<parcel>") { nodes { id } } } }': "through",
    '{ conversation(id: "<parcel>") { messages(through: "<ticket message>") { nodes { id } } } }': "through",
    '{ conversation(id: "<parcel>") { messages(around: "<unknown message>") { nodes { id } } } }': "around",
    '{ conversation(id: "<parcel>") { messages(through: "<done>", allBranches: true) { totalCount } } }': "through",
    '{ conversation(id: "<parcel>") { messages(around: "<done>", after: "x") { nodes { id } } } }': "around",
    '{ conversation(id: "812") { id } }': "id",
    '{ conversation(id: "<done>") { id } }': "id",
    '{ message(id: "<parcel>") { id } }': "id",
    '{ node(id: "nonsense") { id } }': "id",
    '{ node(id: "<page>") { id } }': "id",
    '{ nodes(ids: ["<parcel>", "nonsense"]) { id } }': "ids.1",
    '{ conversations(where: {id: {eq: "nonsense"}}) { totalCount } }': "where.id.eq",
    '{ conversations(where: {assistantId: {in: ["<parcel>"]}}) { totalCount } }': "where.assistantId.in.0",
    "{ conversations(where: {title: {eq: null}}) { totalCount } }": "where.title.eq",
    "{ conversations(where: {or: [{}, {not: {archived: null}}]}) { totalCount } }": "where.or.1.not.archived",
    '{ conversations(where: {properties: [{path: ["a"], eq: null}]}) { totalCount } }': "where.properties.0.eq",
    "{ messages(where: {references: null}) { totalCount } }": "where.references",
    "{ conversations(orderBy: [{field: TITLE}, {field: TITLE}]) { nodes { id } } }": "orderBy",
    "{ tags(first: 0) { tag } }": "first",
    "{ tags(first: 101) { tag } }": "first",
    "{ propertyKeys(field: PROPERTIES, first: -5) { key } }": "first",
    '{ propertyValues(field: PROPERTIES, path: ["a"], first: 1000) { value } }': "first",
    "{ propertyKeys(field: METADATA) { key } }": "on",
    '{ propertyValues(field: METADATA, on: FEEDBACK, path: ["a"]) { value } }': "on",
}


async def test_bad_input_is_refused_by_the_argument_at_fault(client: Client) -> None:
    found = {}
    for query in REFUSED:
        document = query
        for word, named in NAMED.items():
            document = document.replace(word, named)
        refusal = await client.refusal(document)
        assert refusal["code"] == "BAD_USER_INPUT", (query, refusal)
        assert refusal["field"] in refusal["message"], (query, refusal)
        found[query] = refusal["field"]
    assert found == REFUSED


async def test_more_than_a_hundred_nodes_are_refused(client: Client, statements: list[str]) -> None:
    query = "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }"
    assert (await client.refusal(query, ids=[PARCEL] * 101))["limit"] == "ids"
    assert statements == []
    assert len((await client.ask(query, ids=[PARCEL] * 100))["nodes"]) == 100
    assert len(statements) == 1


async def test_a_cursor_of_another_order_or_list_is_refused(client: Client) -> None:
    by_title = (
        "query ($after: String) "
        "{ conversations(first: 1, after: $after, orderBy: [{field: TITLE}]) { pageInfo { endCursor } } }"
    )
    cursor = (await client.ask(by_title))["conversations"]["pageInfo"]["endCursor"]
    await client.ask(by_title, after=cursor)
    for other in (
        by_title.replace("TITLE", "CREATED_AT"),
        by_title.replace("{field: TITLE}", "{field: TITLE, direction: ASC}"),
        "query ($after: String) { assistants(first: 1, after: $after) { nodes { id } } }",
        "query ($after: String) { conversations(first: 1) { nodes { messages(after: $after) { nodes { id } } } } }",
    ):
        refusal = await client.refusal(other, after=cursor)
        assert (refusal["code"], refusal["field"]) == ("BAD_USER_INPUT", "after")


async def test_a_null_argument_is_one_that_is_left_out(client: Client) -> None:
    data = await client.ask(
        """
        { conversations(first: null, after: null, last: null, before: null, where: null, orderBy: null, deleted: null) {
            totalCount nodes { id } }
          tags(prefix: null, first: null) { tag }
          ordered: conversations(first: 1, orderBy: [{field: TITLE, direction: null}]) { nodes { title } }
          keys: propertyKeys(field: PROPERTIES, on: null, path: null) { key } }
        """
    )
    assert len(data["conversations"]["nodes"]) == 20
    assert data["ordered"]["nodes"] == [{"title": "Ticket 7"}]
    assert len(data["keys"]) == 4


async def test_a_filter_that_is_too_large_is_refused_and_not_run(client: Client, statements: list[str]) -> None:
    many = {"or": [{"title": {"eq": str(n)}} for n in range(300)]}
    deep: dict[str, Any] = {"archived": True}
    for _ in range(60):
        deep = {"not": deep}
    for where in (many, deep, {"title": {"in": ["x"] * 2000}}):
        refusal = await client.refusal(
            "query ($w: ConversationWhere) { conversations(where: $w) { totalCount } }", w=where
        )
        assert refusal["code"] == "BAD_USER_INPUT"
    assert statements == []


async def test_text_that_no_column_can_hold_is_looked_for_and_not_found(client: Client) -> None:
    data = await client.ask(
        """
        query ($text: String!, $json: JSON!) {
          conversations(where: {title: {eq: $text}, properties: [{path: [$text], eq: $json}]}) { totalCount }
          conversationByExternalId(externalId: $text) { id }
          tags(prefix: $text) { tag }
          propertyValues(field: PROPERTIES, path: [$text], prefix: $text) { count }
        }
        """,
        text="\0\ud800",
        json={"\0": ["\ud800"]},
    )
    assert data == {
        "conversations": {"totalCount": 0},
        "conversationByExternalId": None,
        "tags": [],
        "propertyValues": [],
    }
