"""A client that is gone in the middle of a read: the read is broken off, the log is silent, the next one is fine."""

import asyncio
import json
import logging
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import httpx2
import pytest
import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from db import functions
from db.database import Database
from graph.app import create_app
from graph.settings import Settings
from tests.graph import world

SECONDS = 20
"""How long anything may take before the test is told that it hangs."""

QUERY = {"query": '{ conversations(where: { title: { contains: "a" } }, first: 3) { nodes { title } } }'}


class Heard:
    """The application, and whether it has been told that a client is gone."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.departure = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def noted() -> Message:
            message = await receive()
            if message["type"] == "http.disconnect":
                self.departure.set()
            return message

        await self.app(scope, noted, send)


@asynccontextmanager
async def served(app: ASGIApp) -> AsyncIterator[int]:
    """The port of a server that runs in this loop, which the database belongs to."""
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="warning", access_log=False))
    task = asyncio.create_task(server.serve())
    async with asyncio.timeout(SECONDS):
        while not server.started:  # noqa: ASYNC110 - there is no event to wait for
            await asyncio.sleep(0.01)
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        await task


async def leave(port: int, heard: Heard, begun: Callable[[], Awaitable[object]]) -> None:
    """Ask, wait until it is being read, be gone, and wait until the server knows."""
    heard.departure.clear()
    body = json.dumps(QUERY).encode()
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(
        b"POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
        b"content-length: %d\r\n\r\n%s" % (len(body), body)
    )
    await begun()
    writer.close()
    async with asyncio.timeout(SECONDS):
        await heard.departure.wait()


async def ask(port: int) -> Any:
    async with httpx2.AsyncClient(timeout=SECONDS) as client:
        response = await client.post(f"http://127.0.0.1:{port}/graphql", json=QUERY)
    answer = response.json()
    assert "errors" not in answer, answer
    return answer["data"]


def complaints(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_on_sqlite_no_further_row_is_looked_at(
    database: Database, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The filter's function for letters waits at each row until it is let go."""
    await world.build(database)
    begun, go, rows, fold = threading.Event(), threading.Event(), [""], functions.fold

    def slow(text: str) -> str:
        rows.append(text)
        begun.set()
        assert go.wait(SECONDS)
        return fold(text)

    monkeypatch.setattr(functions, "fold", slow)
    heard = Heard(create_app(Settings(explorer=False), database=database))
    async with served(heard) as port:
        go.set()
        expected = await ask(port)
        all_rows = len(rows)
        for _ in range(3):
            rows.clear()
            begun.clear()
            go.clear()
            await leave(port, heard, lambda: asyncio.to_thread(begun.wait, SECONDS))
            for _ in range(20):  # turns of the loop, in which the request is ended
                await asyncio.sleep(0)
            go.set()
            answered = await ask(port)
            assert len(rows) <= all_rows + 2  # of this one, and of the one that was broken off
            assert answered == expected
    assert complaints(caplog) == []


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
async def test_on_postgresql_the_server_reads_no_longer(database: Database, caplog: pytest.LogCaptureFixture) -> None:
    """The table is locked, and the statement waits for it."""
    await world.build(database)
    other = await asyncpg.connect(database.url.set(drivername="postgresql").render_as_string(hide_password=False))

    async def until(waiting: int) -> None:
        async with asyncio.timeout(SECONDS):
            while waiting != await other.fetchval(
                "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
            ):
                await other.execute("SELECT pg_stat_clear_snapshot()")
                await asyncio.sleep(0.01)

    heard = Heard(create_app(Settings(explorer=False), database=database))
    try:
        async with served(heard) as port:
            expected = await ask(port)
            for _ in range(3):
                async with other.transaction():
                    await other.execute("LOCK TABLE conversations IN ACCESS EXCLUSIVE MODE")
                    await leave(port, heard, lambda: until(1))
                    await until(0)
                assert await ask(port) == expected
    finally:
        await other.close()
    assert complaints(caplog) == []
