"""The endpoint over HTTP: a malformed request is a 4xx that says what is wrong, and never a fault."""

import gzip
import json
from collections.abc import AsyncIterator

import pytest
from httpx2 import AsyncClient

from graph.negotiation import GRAPHQL_TYPE
from tests.graph.http import BOTH, client_of, code, get, post
from tests.graph.toy import toy_view


@pytest.fixture
async def client() -> AsyncIterator[AsyncClient]:
    async with client_of(toy_view()) as client:
        yield client


DEEP = "[" * 201 + "]" * 201
NOT_OBJECTS = ["null", "7", '"text"', "true", "1.5"]
NOT_JSON: dict[str, bytes] = {
    "empty": b"",
    "cut off": b'{"query": "{ hello }"',
    "trailing": b'{"query": "{ hello }"} x',
    "single quotes": b"{'query': '{ hello }'}",
    "a comma too many": b'{"query": "{ hello }",}',
    "a byte order mark": b'\xef\xbb\xbf{"query": "{ hello }"}',
    "not UTF-8": b'{"query": "{ hello \xff }"}',
    "UTF-16": '{"query": "{ hello }"}'.encode("utf-16"),
    "gzip": gzip.compress(b'{"query": "{ hello }"}'),
    "NaN": b'{"query": "{ hello }", "variables": {"n": NaN}}',
    "Infinity": b'{"query": "{ hello }", "variables": {"n": -Infinity}}',
    "a number out of range": b'{"query": "{ hello }", "variables": {"n": 1e999}}',
    "5,000 digits": b'{"query": "{ hello }", "variables": {"n": ' + b"1" * 5_000 + b"}}",
    "nesting of 201": f'{{"query": "{{ hello }}", "variables": {{"v": {DEEP}}}}}'.encode(),
    "nesting of 100,000": b"[" * 100_000,
    "objects of 100,000": b'{"a":' * 100_000,
    "a NUL": b"\x00",
}


@pytest.mark.parametrize("body", NOT_JSON.values(), ids=NOT_JSON.keys())
@BOTH
async def test_a_body_that_is_no_json_is_a_bad_request(client: AsyncClient, body: bytes, accept: str) -> None:
    headers = {"content-type": "application/json", "accept": accept}

    response = await client.post("/graphql", content=body, headers=headers)

    assert response.status_code == 400
    assert response.headers["content-type"] == f"{accept}; charset=utf-8"
    assert code(response) == "BAD_REQUEST"
    assert response.json()["errors"][0]["message"].startswith("The body ")


@pytest.mark.parametrize("body", [*NOT_OBJECTS, "[]", '[{"query": "{ hello }"}]'])
async def test_a_body_that_is_no_object_is_a_bad_request(client: AsyncClient, body: str) -> None:
    response = await client.post("/graphql", content=body, headers={"content-type": "application/json"})

    assert response.status_code == 400
    assert ("Batches" in response.text) is body.startswith("[")
    assert code(response) == "BAD_REQUEST"


WRONG: dict[str, list[object]] = {
    "query": [None, 1, True, [], {}, "", " \n"],
    "variables": [1, False, "{}", [], [{}]],
    "extensions": [1, False, "{}", [], [{}]],
    "operationName": [1, False, [], {}],
}


@pytest.mark.parametrize(
    ("field", "value"),
    [(field, value) for field, values in WRONG.items() for value in values],
)
@BOTH
async def test_a_parameter_of_the_wrong_type_is_named(
    client: AsyncClient, field: str, value: object, accept: str
) -> None:
    response = await post(client, {"query": "{ hello }", field: value}, accept)

    assert response.status_code == 400
    assert code(response) == "BAD_REQUEST"
    assert response.json()["errors"][0]["extensions"]["field"] == field
    assert f"`{field}`" in response.json()["errors"][0]["message"]


@pytest.mark.parametrize("field", ["variables", "extensions"])
@pytest.mark.parametrize("text", ["{", "[]", "1", '"{}"', "n", "1" * 5_000, DEEP])
async def test_a_url_parameter_that_is_no_json_object_is_named(client: AsyncClient, field: str, text: str) -> None:
    response = await get(client, {"query": "{ hello }", field: text})

    assert response.status_code == 400
    assert code(response) == "BAD_REQUEST"
    assert response.json()["errors"][0]["extensions"]["field"] == field


@pytest.mark.parametrize("parameters", [{}, {"query": ""}, {"query": " "}, {"operationName": "A"}])
async def test_a_get_without_a_query_is_a_bad_request(client: AsyncClient, parameters: dict[str, str]) -> None:
    response = await get(client, parameters)

    assert response.status_code == 400
    assert response.json()["errors"][0]["extensions"] == {"code": "BAD_REQUEST", "field": "query"}


@pytest.mark.parametrize(
    "content_type",
    [
        None,
        "",
        "text/plain",
        "application/graphql",
        "application/jsonx",
        "xapplication/json",
        "application/json/json",
        "application/graphql-response+json",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "text/plain; application/json",
        "application/json; charset=utf-16",
        "application/json; charset=latin-1",
    ],
)
async def test_another_content_type_is_unsupported(client: AsyncClient, content_type: str | None) -> None:
    headers = {} if content_type is None else {"content-type": content_type}

    response = await client.post("/graphql", content=b'{"query": "{ hello }"}', headers=headers)

    assert (response.status_code, response.headers["accept-post"]) == (415, "application/json")
    assert code(response) == "UNSUPPORTED_MEDIA_TYPE"


@pytest.mark.parametrize(
    "content_type",
    ["application/json", "application/json;charset=utf-8", 'Application/JSON ; Charset="UTF-8"', "application/json;"],
)
async def test_json_in_utf_8_is_supported_however_it_is_written(client: AsyncClient, content_type: str) -> None:
    headers = {"content-type": content_type}

    response = await client.post("/graphql", content='{"query": "{ hello } # é"}'.encode(), headers=headers)

    assert response.json() == {"data": {"hello": "world"}}


async def test_an_encoded_body_is_refused_by_name(client: AsyncClient) -> None:
    headers = {"content-type": "application/json", "content-encoding": "gzip"}

    response = await client.post("/graphql", content=NOT_JSON["gzip"], headers=headers)

    assert (response.status_code, code(response)) == (415, "UNSUPPORTED_MEDIA_TYPE")
    assert response.headers["accept-encoding"] == "identity"


@pytest.mark.parametrize("depth", [1, 50, 197, 198, 199, 400, 900, 1_100, 5_000])
async def test_a_value_of_any_depth_is_echoed_or_refused(client: AsyncClient, depth: int) -> None:
    body = f'{{"query": "query ($v: JSON!) {{ same(value: $v) }}", "variables": {{"v": {"[" * depth}{"]" * depth}}}}}'

    response = await client.post("/graphql", content=body, headers={"content-type": "application/json"})

    assert response.status_code == (200 if depth <= 198 else 400)  # in two objects, and 200 in all


@pytest.mark.parametrize(
    "document", ["{ hello }" * 3, "{" * 5_000, "{ node " * 199, "\x00", "{ \ud800 }", "#" * 10_000]
)
async def test_an_odd_document_is_a_request_error(client: AsyncClient, document: str) -> None:
    response = await client.post(
        "/graphql",
        content=json.dumps({"query": document}),
        headers={"content-type": "application/json", "accept": GRAPHQL_TYPE},
    )

    assert response.status_code == 400
    assert response.json()["errors"][0]["extensions"]["code"]
