"""What the tests of the endpoint share: a client without a network, and the code of an answer that is only an error."""

from collections.abc import Mapping

import pytest
from httpx2 import ASGITransport, AsyncClient, Response

from graph.negotiation import GRAPHQL_TYPE, JSON_TYPE
from graph.view import ColloquyView

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"
BOTH = pytest.mark.parametrize("accept", [JSON_TYPE, GRAPHQL_TYPE])


def client_of(view: ColloquyView) -> AsyncClient:
    return AsyncClient(transport=ASGITransport(view), base_url="http://colloquy.test")


async def post(client: AsyncClient, body: object, accept: str = GRAPHQL_TYPE) -> Response:
    return await client.post("/graphql", json=body, headers={"accept": accept})


async def get(client: AsyncClient, parameters: Mapping[str, str], accept: str = GRAPHQL_TYPE) -> Response:
    return await client.get("/graphql", params=dict(parameters), headers={"accept": accept})


def code(response: Response) -> str:
    """The code of the one error of a response that has nothing else."""
    body = response.json()
    assert list(body) == ["errors"], body
    assert len(body["errors"]) == 1, body
    assert body["errors"][0]["message"]
    found: str = body["errors"][0]["extensions"]["code"]
    return found
