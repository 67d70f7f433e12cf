"""The endpoint over HTTP: what it answers, by which method, and what it does when its surroundings fail."""

import json
from collections.abc import AsyncIterator

import pytest
from graphql import get_introspection_query
from httpx2 import AsyncClient
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.responses import Response as Page
from starlette.websockets import WebSocket

from db.errors import ColloquyError
from graph.negotiation import GRAPHQL_TYPE, JSON_TYPE
from graph.view import ColloquyView
from tests.graph.http import BOTH, BROWSER, client_of, code, get, post
from tests.graph.toy import SECRET, no_context, toy_schema, toy_view


@pytest.fixture
async def client() -> AsyncIterator[AsyncClient]:
    async with client_of(toy_view()) as client:
        yield client


async def test_a_query_runs_by_post_with_variables_and_an_operation_name(client: AsyncClient) -> None:
    document = "query A($n: Int!) { twice(n: $n) } query B { hello }"

    response = await post(client, {"query": document, "variables": {"n": 21}, "operationName": "A", "extensions": None})

    assert (response.status_code, response.json()) == (200, {"data": {"twice": 42}})


async def test_a_query_runs_by_get_with_variables_and_extensions_as_json_text(client: AsyncClient) -> None:
    document = "query A($n: Int!) { twice(n: $n) } query B { hello }"
    parameters = {"query": document, "variables": '{"n": 21}', "operationName": "A", "extensions": "{}"}

    response = await get(client, parameters)

    assert (response.status_code, response.json()) == (200, {"data": {"twice": 42}})


async def test_what_a_get_leaves_empty_is_not_given(client: AsyncClient) -> None:
    response = await get(client, {"query": "{ hello }", "variables": "", "operationName": "", "extensions": ""})

    assert response.json() == {"data": {"hello": "world"}}


async def test_introspection_works(client: AsyncClient) -> None:
    response = await post(client, {"query": get_introspection_query(specified_by_url=True)})

    scalars = {item["name"]: item["specifiedByURL"] for item in response.json()["data"]["__schema"]["types"]}
    assert scalars["DateTime"] == "https://www.rfc-editor.org/rfc/rfc3339"
    assert scalars["JSON"] == "https://www.rfc-editor.org/rfc/rfc8259"
    assert scalars["UUID"] == "https://www.rfc-editor.org/rfc/rfc9562"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"query": "{"}, "GRAPHQL_PARSE_FAILED"),
        ({"query": "{ nothingLikeIt }"}, "GRAPHQL_VALIDATION_FAILED"),
        ({"query": '{ twice(n: "x") }'}, "GRAPHQL_VALIDATION_FAILED"),
        ({"query": '{ at(time: "noon") }'}, "BAD_USER_INPUT"),
        ({"query": "query ($n: Int!) { twice(n: $n) }"}, "BAD_USER_INPUT"),
        ({"query": "query ($n: Int!) { twice(n: $n) }", "variables": {"n": "x"}}, "BAD_USER_INPUT"),
        ({"query": "query ($n: Int!) { twice(n: $n) }", "variables": {"n": 2**70}}, "BAD_USER_INPUT"),
        ({"query": "query A { hello }", "operationName": "B"}, "OPERATION_RESOLUTION_FAILURE"),
        ({"query": "query A { hello }", "operationName": ""}, "OPERATION_RESOLUTION_FAILURE"),
        ({"query": "query A { hello } query B { hello }"}, "OPERATION_RESOLUTION_FAILURE"),
        ({"query": "mutation A { add(n: 1) } query B { hello }"}, "OPERATION_RESOLUTION_FAILURE"),
        ({"query": "fragment F on Query { hello }"}, "OPERATION_RESOLUTION_FAILURE"),
    ],
)
async def test_a_request_error_has_a_code_no_data_and_the_status_of_its_media_type(
    client: AsyncClient, body: object, expected: str
) -> None:
    plain, precise = await post(client, body, JSON_TYPE), await post(client, body, GRAPHQL_TYPE)

    assert (plain.status_code, precise.status_code) == (200, 400)
    assert code(plain) == code(precise) == expected


@BOTH
async def test_an_error_of_a_field_leaves_the_rest_and_the_status_alone(client: AsyncClient, accept: str) -> None:
    response = await post(client, {"query": "{ hello foreseen }"}, accept)

    assert response.status_code == 200
    assert response.json()["data"] == {"hello": "world", "foreseen": None}


@BOTH
async def test_data_that_an_error_made_null_is_still_said_to_be_null(client: AsyncClient, accept: str) -> None:
    response = await post(client, {"query": "{ nothing }"}, accept)

    assert response.status_code == 200
    assert response.json()["data"] is None
    assert response.json()["errors"][0]["path"] == ["nothing"]


async def test_the_operations_to_choose_from_are_named(client: AsyncClient) -> None:
    document = " ".join(f"query Q{n} {{ hello }}" for n in range(7))

    response = await post(client, {"query": document})

    (error,) = response.json()["errors"]
    assert error["message"] == (
        "The document has 7 operations: say in `operationName` which one to run (Q0, Q1, Q2, Q3, Q4, …)."
    )
    assert error["extensions"]["field"] == "operationName"


async def test_integers_beyond_64_bits_and_lone_surrogates_are_written_whole(client: AsyncClient) -> None:
    response = await post(client, {"query": "{ numbers }"})

    assert json.loads(response.content) == {
        "data": {"numbers": {"big": 2**70, "nan": None, "lone": "\ud800", "letter": "é"}}
    }
    response.content.decode()  # it is UTF-8


async def test_integers_beyond_64_bits_are_read_whole(client: AsyncClient) -> None:
    response = await post(client, {"query": "query ($v: JSON!) { same(value: $v) }", "variables": {"v": 2**64 + 1}})

    assert json.loads(response.content) == {"data": {"same": 2**64 + 1}}


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "TRACE", "PROPFIND"])
async def test_other_methods_are_told_which_ones_are_allowed(client: AsyncClient, method: str) -> None:
    response = await client.request(method, "/graphql", headers={"accept": JSON_TYPE})

    assert (response.status_code, response.headers["allow"]) == (405, "GET, HEAD, POST, OPTIONS")
    assert code(response) == "METHOD_NOT_ALLOWED"


@BOTH
async def test_a_mutation_by_get_is_refused_and_told_to_post(client: AsyncClient, accept: str) -> None:
    response = await get(client, {"query": "mutation { add(n: 1) }"}, accept)

    assert (response.status_code, response.headers["allow"]) == (405, "POST")
    assert code(response) == "METHOD_NOT_ALLOWED"


async def test_no_operation_name_gets_a_mutation_run_by_get(client: AsyncClient) -> None:
    document = "query Q { hello } mutation M { add(n: 1) }"

    assert (await get(client, {"query": document, "operationName": "M"})).status_code == 405
    assert code(await get(client, {"query": document})) == "OPERATION_RESOLUTION_FAILURE"
    assert (await get(client, {"query": document, "operationName": "Q"})).json() == {"data": {"hello": "world"}}


async def test_a_mutation_runs_by_post(client: AsyncClient) -> None:
    assert (await post(client, {"query": "mutation { add(n: 1) }"})).json() == {"data": {"add": 2}}


@BOTH
async def test_a_subscription_without_a_stream_is_refused_by_name(client: AsyncClient, accept: str) -> None:
    by_post = await post(client, {"query": "subscription { ticks(until: 1) }"}, accept)
    by_get = await get(client, {"query": "subscription { ticks(until: 1) }"}, accept)

    for response in (by_post, by_get):
        assert response.status_code == 400
        assert "stream" in response.json()["errors"][0]["message"]
        assert code(response) == "BAD_REQUEST"


@BOTH
async def test_where_queries_take_post_one_by_get_is_refused_and_told_to_post(accept: str) -> None:
    view = ColloquyView(toy_schema(), context=no_context, queries_by_get=False)
    parameters: list[dict[str, str]] = [
        {"query": "{ hello }"},
        {"query": "mutation { add(n: 1) }"},
        {"query": "{"},
        {"documentId": "x"},
        {},
    ]
    async with client_of(view) as client:
        for given in parameters:
            refused = await get(client, given, accept)
            head = await client.head("/graphql", params=given, headers={"accept": accept})
            assert (refused.status_code, refused.headers["allow"]) == (405, "POST, OPTIONS")
            assert refused.headers["content-type"] == f"{accept}; charset=utf-8"
            assert code(refused) == "METHOD_NOT_ALLOWED"
            assert (head.status_code, head.content) == (405, b"")
        other = await client.put("/graphql")
        asked = await client.options("/graphql")
        posted = await post(client, {"query": "{ hello }"}, accept)

    assert (other.status_code, other.headers["allow"]) == (405, "POST, OPTIONS")
    assert "GET" not in other.json()["errors"][0]["message"]
    assert (asked.status_code, asked.headers["allow"]) == (204, "POST, OPTIONS")
    assert (posted.status_code, posted.json()) == (200, {"data": {"hello": "world"}})


async def test_where_queries_take_post_the_explorer_is_shown_as_ever() -> None:
    view = ColloquyView(toy_schema(), context=no_context, explorer=page, queries_by_get=False)
    async with client_of(view) as client:
        visit = await client.get("/graphql", headers={"accept": BROWSER})
        question = await client.get("/graphql", params={"query": "{ hello }"}, headers={"accept": BROWSER})
        asked = await client.options("/graphql")

    assert visit.text == "<p>GET</p>"
    assert (question.status_code, question.headers["allow"]) == (405, "POST, OPTIONS")
    assert asked.headers["allow"] == "GET, HEAD, POST, OPTIONS"


async def test_options_says_what_is_allowed(client: AsyncClient) -> None:
    response = await client.options("/graphql")

    assert (response.status_code, response.headers["allow"]) == (204, "GET, HEAD, POST, OPTIONS")


async def test_head_answers_as_get_does(client: AsyncClient) -> None:
    answered = await client.get("/graphql", params={"query": "{ hello }"})
    head = await client.head("/graphql", params={"query": "{ hello }"})

    assert (head.status_code, head.content) == (200, b"")
    assert head.headers == answered.headers


def page(request: Request) -> Page:
    return HTMLResponse(f"<p>{request.method}</p>")


async def test_a_browser_that_asks_nothing_gets_the_explorer() -> None:
    async with client_of(toy_view(page)) as client:
        visit = await client.get("/graphql", headers={"accept": BROWSER})
        look = await client.head("/graphql", headers={"accept": BROWSER})
        question = await client.get("/graphql", params={"query": "{ hello }"}, headers={"accept": BROWSER})
        program = await client.get("/graphql", headers={"accept": "*/*"})

    assert (visit.text, visit.headers["vary"]) == ("<p>GET</p>", "accept")
    assert (look.status_code, look.headers["content-type"]) == (200, visit.headers["content-type"])
    assert question.json() == {"data": {"hello": "world"}}
    assert (program.status_code, code(program)) == (400, "BAD_REQUEST")


async def test_without_an_explorer_a_browser_gets_json(client: AsyncClient) -> None:
    response = await client.get("/graphql", headers={"accept": BROWSER})

    assert (response.status_code, code(response)) == (400, "BAD_REQUEST")


class SignInNeeded(ColloquyError):
    code = "UNAUTHENTICATED"


@BOTH
async def test_what_the_context_refuses_is_answered_with_its_code(accept: str) -> None:
    async def context(request: Request | WebSocket) -> object:
        raise SignInNeeded("Sign in first.")

    async with client_of(ColloquyView(toy_schema(), context=context)) as client:
        response = await post(client, {"query": "{ hello }"}, accept)

    assert response.status_code == 401
    assert response.json() == {"errors": [{"message": "Sign in first.", "extensions": {"code": "UNAUTHENTICATED"}}]}


@BOTH
async def test_a_context_that_fails_is_masked_and_logged(accept: str, caplog: pytest.LogCaptureFixture) -> None:
    async def context(request: Request | WebSocket) -> object:
        raise RuntimeError(SECRET)

    async with client_of(ColloquyView(toy_schema(), context=context)) as client:
        response = await post(client, {"query": "{ hello }"}, accept)

    assert response.status_code == 500
    assert response.headers["content-type"] == f"{accept}; charset=utf-8"
    assert code(response) == "INTERNAL_SERVER_ERROR"
    assert SECRET not in response.text
    assert response.json()["errors"][0]["extensions"]["id"] in caplog.records[0].getMessage()
    assert SECRET in caplog.text
