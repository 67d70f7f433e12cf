"""The floor: the same answers from a handler written by hand for these operations alone.

A bare ASGI function, the driver without SQLAlchemy, orjson, and uvicorn with the settings of `colloquy serve`. It sends
the statements that the operation's shape asks for, one for each list: conversations, their tags, their assistants, the
messages, the citations. It neither parses nor validates a document and does not know about errors, so no GraphQL server
can be much faster; how near one comes is what the benchmark measures.
"""

import argparse
import asyncio
import sqlite3
import threading
from binascii import a2b_base64
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, Protocol
from urllib.parse import quote
from uuid import UUID

import asyncpg
import orjson
import uvicorn

from bench.floor_json import Rows, from_micros, hyphened, node_id, rendered, same

WORKSPACE: Final = UUID("00000000-0000-7000-8000-000000000001")
READERS: Final = 1
"""Threads that read SQLite: the interpreter's lock lets more of them gain nothing."""

Message = MutableMapping[str, Any]


class Store(Protocol):
    """The two operations on one kind of database, answered as JSON."""

    async def open(self) -> None:
        """Open the connections."""

    async def inbox(self, first: int, messages: int) -> bytes:
        """The newest conversations."""

    async def small(self, id: str) -> bytes:
        """One conversation."""


class Postgres:
    """PostgreSQL through asyncpg's own pool, without the query that resets a connection on release."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._pool: Any = None

    async def open(self) -> None:
        """Open the pool."""
        self._pool = await asyncpg.create_pool(self._url, min_size=1, max_size=10, reset=_leave)

    async def inbox(self, first: int, messages: int) -> bytes:
        """The newest conversations."""
        async with self._pool.acquire() as connection:
            conversations = await connection.fetch(
                "SELECT id, title, preview, last_activity_at, message_count, assistant_id FROM conversations "
                "WHERE workspace_id = $1 AND deleted_at IS NULL ORDER BY last_activity_at DESC, id DESC LIMIT $2",
                WORKSPACE,
                first + 1,
            )
            ids = [row[0] for row in conversations[:first]]
            tags = await connection.fetch(
                "SELECT conversation_id, tag FROM conversation_tags "
                "WHERE workspace_id = $1 AND conversation_id = ANY($2) ORDER BY conversation_id, position",
                WORKSPACE,
                ids,
            )
            assistants = await connection.fetch(
                "SELECT id, name FROM assistants WHERE workspace_id = $1 AND id = ANY($2)",
                WORKSPACE,
                list({row[5] for row in conversations}),
            )
            found = await connection.fetch(
                "SELECT m.* FROM unnest($2::uuid[]) AS k CROSS JOIN LATERAL ("
                "SELECT id, conversation_id, role, content, confidence, created_at FROM messages "
                "WHERE workspace_id = $1 AND conversation_id = k AND branch_position IS NOT NULL "
                "ORDER BY branch_position LIMIT $3) AS m",
                WORKSPACE,
                ids,
                messages + 1,
            )
            citations = await connection.fetch(
                "SELECT message_id, id, number, title, url, excerpt FROM citations "
                "WHERE workspace_id = $1 AND message_id = ANY($2) ORDER BY message_id, position",
                WORKSPACE,
                [row[0] for row in found],
            )
        return rendered(Rows(conversations, tags, assistants, found, citations), first, messages, str, same)

    async def small(self, id: str) -> bytes:
        """One conversation."""
        async with self._pool.acquire() as connection:
            row = await connection.fetchrow(
                "SELECT id, title FROM conversations WHERE workspace_id = $1 AND id = $2", WORKSPACE, UUID(id)
            )
        return orjson.dumps({"data": {"conversation": {"id": node_id("Conversation", str(row[0])), "title": row[1]}}})


class Sqlite:
    """SQLite through the standard library, an operation whole in one thread."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._threads = ThreadPoolExecutor(READERS)
        self._local = threading.local()

    async def open(self) -> None:
        """Nothing: each thread opens its own connection when it needs one."""

    async def inbox(self, first: int, messages: int) -> bytes:
        """The newest conversations."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._inbox, first, messages)

    async def small(self, id: str) -> bytes:
        """One conversation."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._small, id)

    def _inbox(self, first: int, messages: int) -> bytes:
        read = self._connection().execute
        workspace = WORKSPACE.hex
        conversations = read(
            "SELECT id, title, preview, last_activity_at, message_count, assistant_id FROM conversations "
            "WHERE workspace_id = ? AND deleted_at IS NULL ORDER BY last_activity_at DESC, id DESC LIMIT ?",
            (workspace, first + 1),
        ).fetchall()
        ids = [row[0] for row in conversations[:first]]
        tags = read(
            "SELECT conversation_id, tag FROM conversation_tags "
            f"WHERE +workspace_id = ? AND conversation_id IN ({_marks(ids)}) ORDER BY conversation_id, position",
            (workspace, *ids),
        ).fetchall()
        wanted = list({row[5] for row in conversations})
        assistants = read(
            f"SELECT id, name FROM assistants WHERE workspace_id = ? AND id IN ({_marks(wanted)})",
            (workspace, *wanted),
        ).fetchall()
        found = read(
            "SELECT id, conversation_id, role, content, confidence, created_at FROM messages "
            f"WHERE +workspace_id = ? AND conversation_id IN ({_marks(ids)}) AND branch_position <= ? "
            "ORDER BY conversation_id, branch_position",
            (workspace, *ids, messages),
        ).fetchall()
        of = [row[0] for row in found]
        citations = read(
            "SELECT message_id, id, number, title, url, excerpt FROM citations "
            f"WHERE +workspace_id = ? AND message_id IN ({_marks(of)}) ORDER BY message_id, position",
            (workspace, *of),
        ).fetchall()
        return rendered(Rows(conversations, tags, assistants, found, citations), first, messages, hyphened, from_micros)

    def _small(self, id: str) -> bytes:
        row = (
            self._connection()
            .execute(
                "SELECT id, title FROM conversations WHERE workspace_id = ? AND id = ?",
                (WORKSPACE.hex, id.replace("-", "")),
            )
            .fetchone()
        )
        return orjson.dumps(
            {"data": {"conversation": {"id": node_id("Conversation", hyphened(row[0])), "title": row[1]}}}
        )

    def _connection(self) -> sqlite3.Connection:
        opened: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if opened is None:
            opened = sqlite3.connect(f"file:{quote(self._path)}?mode=ro", uri=True, isolation_level=None)
            opened.execute("PRAGMA query_only=ON")
            opened.execute("PRAGMA cache_size=-16384")
            self._local.connection = opened
        return opened


def _marks(values: Sequence[object]) -> str:
    return ",".join("?" * len(values))


async def _leave(_connection: Any) -> None:
    """Nothing: a connection that only read is as it was."""


def application(store: Store) -> Callable[..., Awaitable[None]]:
    """The ASGI application: any POST, answered by its `operationName`."""

    async def answer(scope: Message, receive: Callable[[], Awaitable[Message]], send: Callable[..., Any]) -> None:
        if scope["type"] == "lifespan":
            await receive()
            await store.open()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
            return
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        asked = orjson.loads(body)
        variables = asked["variables"]
        if asked["operationName"] == "Inbox":
            content = await store.inbox(variables["first"], variables["messages"])
        else:
            node = variables["id"]
            content = await store.small(a2b_base64(node + "=" * (-len(node) % 4)).decode("ascii").partition(":")[2])
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(content))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": content})

    return answer


def main() -> None:
    """Serve as the arguments say."""
    parser = argparse.ArgumentParser(prog="python -m bench.floor", description=__doc__.splitlines()[0])
    parser.add_argument("database", help="a file's path or a postgresql:// URL")
    parser.add_argument("--port", type=int, required=True)
    given = parser.parse_args()
    store: Store = Postgres(given.database) if "://" in given.database else Sqlite(given.database)
    uvicorn.run(
        application(store),
        host="127.0.0.1",
        port=given.port,
        loop="uvloop",
        lifespan="on",
        log_level="warning",
        access_log=False,
        timeout_keep_alive=15,
        limit_concurrency=2000,
        server_header=False,
    )


if __name__ == "__main__":
    main()
