"""The floor of writing: the same rows from a handler written by hand for these mutations alone.

A Starlette application with the driver and no more: aiosqlite with one connection for all, asyncpg with its own pool.
A mutation is one transaction with the INSERTs and UPDATEs that the server makes of it, all columns bound as the server
binds them, and without its SELECTs: where a message stands follows within its INSERT. It checks nothing: an input that
is wrong would be written, or answered with a 500.
"""

import argparse
import asyncio
import re
import sys
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any, Final, Protocol
from uuid import UUID

import aiosqlite
import asyncpg
import orjson
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bench.floor_json import EPOCH, MICROSECOND, node_id
from bench.floor_postgres import WORKSPACE
from bench.serving import SETTINGS
from bench.write_rows import Row, conversation_row, message_row, uuid_of
from db.record import new_id, now
from db.tables import metadata

_COMPUTED: Final = ("parent_id", "sequence", "branch_position")
"""Columns of a message that its INSERT works out."""

_PRAGMAS: Final = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "temp_store=MEMORY", "cache_size=-65536")
"""Those of the server's writer."""


def columns_of(table: str) -> list[str]:
    """The columns that are written."""
    return [column.name for column in metadata.tables[table].columns if column.computed is None]


def _insert(table: str) -> str:
    names = columns_of(table)
    quoted, marks = ", ".join(f'"{name}"' for name in names), ", ".join("?" * len(names))
    return f'INSERT INTO "{table}" ({quoted}) VALUES ({marks})'


def _insert_next() -> str:
    """The INSERT of a message behind the last one, below the current one."""
    names = columns_of("messages")
    places = {
        "parent_id": "c.current_message_id",
        "sequence": "coalesce(l.sequence, -1) + 1",
        "branch_position": "coalesce(p.branch_position, -1) + 1",
    }
    values = ", ".join(places.get(name, "?") for name in names)
    quoted = ", ".join(f'"{name}"' for name in names)
    return (
        f"INSERT INTO messages ({quoted}) SELECT {values} FROM conversations c "
        "LEFT JOIN messages l ON l.id = c.last_message_id LEFT JOIN messages p ON p.id = c.current_message_id "
        "WHERE c.id = ? AND c.workspace_id = ?"
    )


INSERT_NEXT: Final = _insert_next()
INSERT_MESSAGE: Final = _insert("messages")
INSERT_CONVERSATION: Final = _insert("conversations")
GO_ON: Final = (
    "UPDATE conversations SET message_count = message_count + 1, last_message_id = ?, current_message_id = ?, "
    "last_activity_at = ?, version = version + 1, updated_at = ? WHERE id = ? AND workspace_id = ?"
)
SETTLE: Final = (
    "UPDATE conversations SET message_count = ?, last_message_id = ?, current_message_id = ?, last_activity_at = ?, "
    "preview = ?, title = ? WHERE id = ? AND workspace_id = ?"
)
CLAIM: Final = "INSERT INTO repeats (workspace_id, owner, key, digest, answer, created_at) VALUES (?, '', ?, ?, ?, ?)"
KEEP: Final = "UPDATE repeats SET answer = ? WHERE workspace_id = ? AND key = ?"

NOTE: Final = (
    "INSERT INTO audit_entries (workspace_id, id, at, action, node_id, type_name, details) VALUES (?, ?, ?, ?, ?, ?, ?)"
)

Statement = tuple[str, Sequence[Any]]
"""SQL and its parameters; a list of tuples for many rows."""


class Store(Protocol):
    """Transactions on one kind of database."""

    async def open(self) -> None:
        """Open the connections."""

    async def transact(self, statements: Sequence[Statement]) -> None:
        """Run statements in one transaction."""

    def value(self, value: Any) -> Any:
        """A value as the driver takes it."""


class Sqlite:
    """SQLite through aiosqlite: one connection, one transaction at a time."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._turn = asyncio.Lock()

    async def open(self) -> None:
        """Open the connection, prepared as the server's writer is."""
        self._connection = await aiosqlite.connect(self._path, isolation_level=None)
        for pragma in _PRAGMAS:
            await self._connection.execute(f"PRAGMA {pragma}")

    async def transact(self, statements: Sequence[Statement]) -> None:
        """Run statements in one transaction."""
        async with self._turn:
            await self._connection.execute("BEGIN IMMEDIATE")
            try:
                for sql, parameters in statements:
                    run = self._connection.executemany if isinstance(parameters, list) else self._connection.execute
                    await run(sql, parameters)
                await self._connection.execute("COMMIT")
            except BaseException:
                await self._connection.rollback()
                raise

    def value(self, value: Any) -> Any:
        """A uuid is 32 digits, a time microseconds."""
        if isinstance(value, UUID):
            return value.hex
        return (value - EPOCH) // MICROSECOND if isinstance(value, datetime) else value


class Postgres:
    """PostgreSQL through asyncpg's own pool."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._texts: dict[str, str] = {}

    async def open(self) -> None:
        """Open the pool."""
        self._pool: Any = await asyncpg.create_pool(self._url, min_size=1, max_size=10)

    async def transact(self, statements: Sequence[Statement]) -> None:
        """Run statements in one transaction."""
        async with self._pool.acquire() as connection, connection.transaction():
            for sql, parameters in statements:
                text = self._texts.get(sql) or self._numbered(sql)
                if isinstance(parameters, list):
                    await connection.executemany(text, parameters)
                else:
                    await connection.execute(text, *parameters)

    def _numbered(self, sql: str) -> str:
        """The statement with PostgreSQL's marks; the row that says where a message stands is locked."""
        numbers = iter(range(1, 1000))
        text = re.sub(r"\?", lambda _: f"${next(numbers)}", sql)
        if sql is INSERT_NEXT:
            text += " FOR UPDATE OF c"
        self._texts[sql] = text
        return text

    def value(self, value: Any) -> Any:
        """As it is."""
        return value


def application(store: Store) -> Starlette:
    """The application: any POST is a mutation, told apart by its `operationName`."""
    value = store.value
    workspace = value(WORKSPACE)
    all_columns = columns_of("messages")
    own_columns = [name for name in all_columns if name not in _COMPUTED]
    talk_columns = columns_of("conversations")

    def bound(row: Row, names: Sequence[str]) -> tuple[Any, ...]:
        return tuple([value(row[name]) for name in names])

    def noted(action: str, node: Any, type_name: str, at: datetime) -> tuple[Any, ...]:
        return workspace, value(new_id(at)), value(at), action, node, type_name, None

    async def add(asked: dict[str, Any]) -> Any:
        at = now()
        talk, row = uuid_of(asked["conversationId"]), message_row(asked["messages"][0], at)
        new, moment, key = value(row["id"]), value(at), value(talk)
        answer = {"messages": [{"id": node_id("Message", str(row["id"]))}], "userErrors": []}
        statements: list[Statement] = [
            (INSERT_NEXT, (*bound({**row, "conversation_id": talk}, own_columns), key, workspace)),
            (GO_ON, (new, new, moment, moment, key, workspace)),
            (NOTE, noted("addMessages", new, "Message", at)),
        ]
        if (repeat := asked.get("idempotencyKey")) is not None:
            statements.insert(0, (CLAIM, (workspace, repeat, repeat, None, moment)))
            statements.append((KEEP, (orjson.dumps(answer).decode(), workspace, repeat)))
        await store.transact(statements)
        return {"addMessages": answer}

    async def log(asked: dict[str, Any]) -> Any:
        at = now()
        talk_id, rows, above = new_id(at), [], None
        for place, given in enumerate(asked["messages"]):
            row = message_row(given, at)
            row |= {"conversation_id": talk_id, "parent_id": above, "sequence": place, "branch_position": place}
            rows.append(row)
            above = row["id"]
        talk = conversation_row(talk_id, rows, at)
        last = value(above)
        settled = (len(rows), last, last, value(at), talk["preview"], talk["title"], value(talk_id), workspace)
        await store.transact(
            [
                (INSERT_CONVERSATION, bound(talk, talk_columns)),
                (INSERT_MESSAGE, [bound(row, all_columns) for row in rows]),
                (SETTLE, settled),
                (NOTE, noted("logConversation", value(talk_id), "Conversation", at)),
            ]
        )
        counts = {"inserted": len(rows)}
        return {
            "logConversation": {
                "conversation": {"id": node_id("Conversation", str(talk_id))},
                "counts": counts,
                "userErrors": [],
            }
        }

    doers: dict[str, Callable[[dict[str, Any]], Awaitable[Any]]] = {"Add": add, "Send": add, "Log": log}

    async def answer(request: Request) -> Response:
        asked = orjson.loads(await request.body())
        data = await doers[asked["operationName"]](asked["variables"]["input"])
        return Response(orjson.dumps({"data": data}), media_type="application/json")

    return Starlette(routes=[Route("/graphql", answer, methods=["POST"])])


async def _serve(url: str, port: int) -> None:
    store: Store = Postgres(url) if "://" in url else Sqlite(url)
    await store.open()
    config = uvicorn.Config(application(store), port=port, **SETTINGS)
    await uvicorn.Server(config).serve()


def main() -> None:
    """Serve as the arguments say."""
    parser = argparse.ArgumentParser(prog="python -m bench.write_floor", description=__doc__.splitlines()[0])
    parser.add_argument("database", help="a file's path or a postgresql:// URL")
    parser.add_argument("--port", type=int, required=True)
    given = parser.parse_args()
    if sys.platform == "win32":
        asyncio.run(_serve(given.database, given.port))
        return
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(given.database, given.port))


if __name__ == "__main__":
    main()
