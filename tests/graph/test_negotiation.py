"""The media types of answers and bodies: which one is given, which ones are taken."""

from collections.abc import AsyncIterator

import pytest
from httpx2 import AsyncClient
from hypothesis import given
from hypothesis import strategies as st

from graph.negotiation import GRAPHQL_TYPE, HTML_TYPE, JSON_TYPE, is_json_body, preferred
from tests.graph.http import BROWSER, client_of, code
from tests.graph.toy import toy_view

URQL = "application/graphql-response+json, application/graphql+json, application/json, text/event-stream"


@pytest.fixture
async def client() -> AsyncIterator[AsyncClient]:
    async with client_of(toy_view()) as client:
        yield client


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        (None, JSON_TYPE),
        ("", JSON_TYPE),
        ("*/*", JSON_TYPE),
        ("application/*", JSON_TYPE),
        ("application/json", JSON_TYPE),
        ("application/graphql-response+json", GRAPHQL_TYPE),
        ("application/graphql-response+json, application/json", GRAPHQL_TYPE),
        ("application/json, application/graphql-response+json", GRAPHQL_TYPE),
        ("application/graphql-response+json; q=0.5, application/json", JSON_TYPE),
        ("application/graphql-response+json;q=0.9, application/json;q=0.8, */*;q=0.1", GRAPHQL_TYPE),
        ("application/json, */*", JSON_TYPE),
        ("application/graphql-response+json, */*", GRAPHQL_TYPE),
        ("*/*, application/json;q=0", GRAPHQL_TYPE),
        ("application/json;q=0, application/graphql-response+json;q=0", None),
        ("*/*;q=0", None),
        ("text/plain", None),
        ("text/html", None),
        ("text/event-stream", None),
        ("application/json; charset=utf-8", JSON_TYPE),
        ('APPLICATION/JSON; Charset="UTF-8"', JSON_TYPE),
        ("application/json; charset=utf-16", None),
        ("application/json; q=nonsense", None),
        ("application/json; q=7", None),
        ("application/jsonx", None),
        (",,", None),
        (BROWSER, JSON_TYPE),
        (URQL, GRAPHQL_TYPE),
    ],
)
async def test_the_answer_has_the_type_that_the_client_wants_most(
    client: AsyncClient, accept: str | None, chosen: str | None
) -> None:
    headers = {} if accept is None else {"accept": accept}
    if accept is None:
        del client.headers["accept"]

    response = await client.post("/graphql", json={"query": "{ hello }"}, headers=headers)

    if chosen is None:
        assert response.status_code == 406
        assert response.headers["content-type"] == "application/json; charset=utf-8"
        assert code(response) == "NOT_ACCEPTABLE"
    else:
        assert response.status_code == 200
        assert response.headers["content-type"] == f"{chosen}; charset=utf-8"
        assert response.headers["vary"] == "accept"
        assert response.json() == {"data": {"hello": "world"}}


@pytest.mark.parametrize(
    ("accept", "wins"),
    [(BROWSER, True), ("text/html", True), ("text/*", True), ("*/*", False), ("application/json, text/html", False)],
)
def test_html_wins_only_where_it_is_wanted_more_than_json(accept: str, wins: bool) -> None:
    assert (preferred(accept, (JSON_TYPE, GRAPHQL_TYPE, HTML_TYPE)) == HTML_TYPE) is wins


@given(st.text())
def test_no_header_text_breaks_the_negotiation(text: str) -> None:
    assert preferred(text) in (None, JSON_TYPE, GRAPHQL_TYPE)
    assert is_json_body(text) in (True, False)
