"""The server with nothing that says no: the view alone, without gate, limits, turns, rates, audit and headers.

What `colloquy serve` costs beside it is what these cost. How a connection reads and writes is the same.
"""

import argparse
import math
from typing import Any

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from bench.serving import SETTINGS
from db.database import Database
from db.urls import database_url
from db.viewer import DEFAULT_VIEWER
from graph.access.bodies import BodyLimits
from graph.access.capacity import ConnectionLimits
from graph.access.frames import protocols
from graph.access.limits import UNBOUNDED
from graph.access.turnstile import OperationLimits, Turnstile
from graph.collector import settle_collector
from graph.context import Context
from graph.lean import PLACE_TEXT
from graph.schema import schema
from graph.view import ColloquyView

_ENDLESS = 2**62


def application(database: Database) -> ASGIApp:
    """The view as an application."""

    def made(_of: Any) -> Context:
        return Context(database, DEFAULT_VIEWER, bounds=UNBOUNDED)

    async def context(of: Any) -> Context:
        return made(of)

    turnstile = Turnstile(OperationLimits(at_once=_ENDLESS, per_key=_ENDLESS, waiting=_ENDLESS, seconds=math.inf))
    bodies = BodyLimits(_ENDLESS, _ENDLESS, math.inf)
    view = ColloquyView(schema, context=context, at_once=made, bodies=bodies, turnstile=turnstile)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
            return
        scope[PLACE_TEXT] = b""
        await view.exchange(scope, receive, send)

    return app


async def _lifespan(receive: Receive, send: Send) -> None:
    while (await receive())["type"] != "lifespan.shutdown":
        settle_collector()
        await send({"type": "lifespan.startup.complete"})
    await send({"type": "lifespan.shutdown.complete"})


def main() -> None:
    """Serve as the arguments say."""
    parser = argparse.ArgumentParser(prog="python -m bench.peers.unlimited", description=__doc__.splitlines()[0])
    parser.add_argument("database")
    parser.add_argument("--port", type=int, required=True)
    given = parser.parse_args()
    database = Database.open(database_url(given.database), reads_only=not given.database.startswith("postgresql"))
    http, _ = protocols(ConnectionLimits(most=_ENDLESS, head_bytes=_ENDLESS))
    settings = {name: value for name, value in SETTINGS.items() if name != "timeout_keep_alive"}
    uvicorn.run(
        application(database),
        port=given.port,
        loop="uvloop",
        http=http,
        interface="asgi3",
        proxy_headers=False,
        **settings,
    )


if __name__ == "__main__":
    main()
