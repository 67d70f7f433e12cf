"""The floor: the same answers from a handler written by hand for these operations alone.

A bare ASGI function, the driver without SQLAlchemy, orjson, and uvicorn with the settings of `colloquy serve`, its way
with the garbage collector included. It neither parses nor validates a document and knows no errors, so no GraphQL
server can be much faster; how near one comes is what the benchmark measures.
"""

import argparse
from binascii import a2b_base64
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final

import orjson
import uvicorn

from bench import floor_postgres, floor_sqlite
from bench.serving import SETTINGS
from graph.collector import settle_collector

Message = MutableMapping[str, Any]
Operation = Callable[[dict[str, Any]], Awaitable[bytes]]

_HEADERS: Final = (b"content-type", b"application/json")


def application(store: floor_postgres.Postgres | floor_sqlite.Sqlite) -> Callable[..., Awaitable[None]]:
    """The ASGI application: any POST, answered by its `operationName`."""

    async def typename(_variables: dict[str, Any]) -> bytes:
        return orjson.dumps({"data": {"__typename": "Query"}})

    operations: dict[str, Operation] = {
        "Inbox": lambda given: store.inbox(given["first"], given["messages"]),
        "Small": lambda given: store.small(key_of(given["id"])),
        "Deep": lambda given: store.deep(key_of(given["id"]), given["messages"], given["references"]),
        "Wide": lambda given: store.wide(given["first"], given["messages"]),
        "Typename": typename,
    }

    async def answer(scope: Message, receive: Callable[[], Awaitable[Message]], send: Callable[..., Any]) -> None:
        if scope["type"] == "lifespan":
            await _live(store, receive, send)
            return
        message = await receive()
        body = message["body"]
        while message.get("more_body"):
            message = await receive()
            body += message["body"]
        asked = orjson.loads(body)
        content = await operations[asked["operationName"]](asked["variables"])
        headers = [_HEADERS, (b"content-length", b"%d" % len(content))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": content})

    return answer


async def _live(
    store: floor_postgres.Postgres | floor_sqlite.Sqlite,
    receive: Callable[[], Awaitable[Message]],
    send: Callable[..., Any],
) -> None:
    await receive()
    await store.open()
    settle_collector()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await send({"type": "lifespan.shutdown.complete"})


def key_of(id: str) -> str:
    """The uuid that a node id names, as text."""
    return a2b_base64(id + "=" * (-len(id) % 4)).decode("ascii").partition(":")[2]


def main() -> None:
    """Serve as the arguments say."""
    parser = argparse.ArgumentParser(prog="python -m bench.floor", description=__doc__.splitlines()[0])
    parser.add_argument("database", help="a file's path or a postgresql:// URL")
    parser.add_argument("--port", type=int, required=True)
    given = parser.parse_args()
    is_postgres = "://" in given.database
    store = floor_postgres.Postgres(given.database) if is_postgres else floor_sqlite.Sqlite(given.database)
    uvicorn.run(application(store), port=given.port, loop="uvloop", lifespan="on", **SETTINGS)


if __name__ == "__main__":
    main()
