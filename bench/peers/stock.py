"""A server as Strawberry's documentation teaches it: its types, relay, DataLoaders, its view and its caches, ORM rows.

Nothing in it is clever, and nothing is slow on purpose: each list is one statement for all of its parents. Node ids are
written as Colloquy writes them, so that answers can be compared; cursors are its own.
"""

import argparse
from base64 import urlsafe_b64decode
from datetime import datetime
from typing import Any
from uuid import UUID

import strawberry
import uvicorn
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.extensions import ParserCache, ValidationCache
from strawberry.schema.config import StrawberryConfig

from bench.peers.stock_loaders import Loaders
from bench.peers.stock_relay import Connection
from bench.peers.stock_types import Conversation, Info
from bench.serving import SETTINGS
from db.database import database_url


@strawberry.type
class Query:
    """What can be asked."""

    @strawberry.field
    async def conversation(self, info: Info, id: strawberry.ID) -> Conversation | None:
        """One conversation."""
        key = UUID(urlsafe_b64decode(id + "=" * (-len(id) % 4)).decode().partition(":")[2])
        row = await info.context["loaders"].conversation.load(key)
        return None if row is None else Conversation.of(row)

    @strawberry.field
    async def conversations(self, info: Info, first: int = 20) -> Connection[Conversation]:
        """The newest conversations."""
        rows = await info.context["loaders"].conversations(first)
        return Connection[Conversation].of(rows, first, Conversation.of)


def print_time(moment: datetime) -> str:
    """A time with six digits and Z, as Colloquy prints it."""
    return moment.isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"


schema = strawberry.Schema(
    Query,
    extensions=[ParserCache, ValidationCache],
    config=StrawberryConfig(
        scalar_map={
            datetime: strawberry.scalar(name="DateTime", serialize=print_time, parse_value=datetime.fromisoformat)
        }
    ),
)


class View(GraphQL[dict[str, Any], None]):
    """Strawberry's view, with loaders for each request."""

    def __init__(self, sessions: async_sessionmaker[AsyncSession]) -> None:
        super().__init__(schema)
        self._sessions = sessions

    async def get_context(self, request: Request | WebSocket, response: Response | WebSocket) -> dict[str, Any]:
        """What the resolvers are given."""
        return {"request": request, "response": response, "loaders": Loaders(self._sessions)}


def main() -> None:
    """Serve as the arguments say."""
    parser = argparse.ArgumentParser(prog="python -m bench.peers.stock", description=__doc__.splitlines()[0])
    parser.add_argument("database", help="a file's path or a postgresql:// URL")
    parser.add_argument("--port", type=int, required=True)
    given = parser.parse_args()
    url = database_url(given.database)
    engine = create_async_engine(url, **({"pool_size": 10} if url.drivername.startswith("postgresql") else {}))
    app = Starlette()
    view = View(async_sessionmaker(engine, expire_on_commit=False))
    app.add_route("/graphql", view)  # type: ignore[arg-type]  # it takes any ASGI application, but does not say so
    uvicorn.run(app, port=given.port, loop="uvloop", **SETTINGS)


if __name__ == "__main__":
    main()
