"""Starlette alone: a route that reads the JSON of a request and answers a constant, by orjson."""

import argparse
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import orjson
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bench.serving import SETTINGS
from graph.collector import settle_collector


async def answer(request: Request) -> Response:
    """What `{ __typename }` is answered."""
    orjson.loads(await request.body())
    return Response(orjson.dumps({"data": {"__typename": "Query"}}), media_type="application/json")


@asynccontextmanager
async def _frozen(_app: Starlette) -> AsyncIterator[None]:
    settle_collector()
    yield


app = Starlette(routes=[Route("/graphql", answer, methods=["POST"])], lifespan=_frozen)


def main() -> None:
    """Serve as the arguments say."""
    parser = argparse.ArgumentParser(prog="python -m bench.peers.bare", description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, required=True)
    given = parser.parse_args()
    uvicorn.run(app, port=given.port, loop="uvloop", **SETTINGS)


if __name__ == "__main__":
    main()
