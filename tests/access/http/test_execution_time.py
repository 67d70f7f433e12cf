"""Operations that take too long: given up, their statements broken off in the database, and the client told."""

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from typing import Any

import asyncpg
import httpx2
import pytest
from starlette.types import ASGIApp

from db import functions
from db.database import Database
from graph.app import create_app
from graph.settings import Settings
from tests.e2e.test_client_gone import complaints, served
from tests.graph import world

SECONDS = 20

"""How long anything may take before the test is told that it hangs."""

QUERY = '{ conversations(where: { title: { contains: "a" } }, first: 3) { nodes { title } } }'
WAYS = pytest.mark.parametrize(
    "headers",
    [{"accept": "application/json"}, {"accept": "application/graphql-response+json", "content-encoding": "identity"}],
    ids=["the lean way", "by strawberry's view"],
)


def app(database: Database, **settings: Any) -> ASGIApp:
    return create_app(Settings(explorer=False, execution_timeout=0.3, **settings), database=database)


async def ask(port: int, query: str, headers: dict[str, str] | None = None) -> httpx2.Response:
    async with httpx2.AsyncClient(timeout=SECONDS) as client:
        return await client.post(f"http://127.0.0.1:{port}/graphql", json={"query": query}, headers=headers)


def is_out_of_time(response: httpx2.Response) -> bool:
    (error,) = response.json()["errors"]
    return (response.status_code, error["extensions"]["code"]) == (504, "TIMEOUT") and "0.3 s" in error["message"]


@asynccontextmanager
async def locked(database: Database, table: str) -> AsyncIterator[Callable[[int], Awaitable[None]]]:
    """A table that statements have to wait for; gives what waits until so many of them do."""
    other = await asyncpg.connect(database.url.set(drivername="postgresql").render_as_string(hide_password=False))

    async def until(waiting: int) -> None:
        async with asyncio.timeout(SECONDS):
            while waiting != await other.fetchval(
                "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
            ):
                await other.execute("SELECT pg_stat_clear_snapshot()")
                await asyncio.sleep(0.01)

    try:
        async with other.transaction():
            await other.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
            yield until
    finally:
        await other.close()


@WAYS
@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
async def test_a_query_on_postgresql_is_broken_off_in_the_database(
    database: Database, headers: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    await world.build(database)
    async with served(app(database)) as port:
        expected = (await ask(port, QUERY, headers)).json()
        assert "errors" not in expected
        async with locked(database, "conversations") as until:
            asked = asyncio.create_task(ask(port, QUERY, headers))
            await until(1)
            assert is_out_of_time(await asked)
            await until(0)
        assert (await ask(port, QUERY, headers)).json() == expected
    assert complaints(caplog) == []


@WAYS
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_a_query_on_sqlite_looks_at_no_further_row(
    database: Database, headers: dict[str, str], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    await world.build(database)
    rows, fold, pause = [""], functions.fold, [0.0]

    def slow(text: str) -> str:
        rows.append(text)
        time.sleep(pause[0])
        return fold(text)

    monkeypatch.setattr(functions, "fold", slow)
    async with served(app(database)) as port:
        for _ in range(2):
            rows.clear()
            expected = (await ask(port, QUERY, headers)).json()
            assert "errors" not in expected
        all_rows = len(rows)
        rows.clear()
        pause[0] = 0.2
        assert is_out_of_time(await ask(port, QUERY, headers))
        assert len(rows) < all_rows
        pause[0] = 0.0
        assert (await ask(port, QUERY, headers)).json() == expected
    assert complaints(caplog) == []


CREATE = 'mutation { createConversation(input: { title: "Late" }) { conversation { id } userErrors { message } } }'
COUNT = '{ conversations(where: { title: { eq: "Late" } }) { totalCount } }'


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
async def test_a_change_on_postgresql_is_rolled_back_and_the_client_told_that_it_may_not_know(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    async with served(app(database)) as port:
        async with locked(database, "conversations") as until:
            asked = asyncio.create_task(ask(port, CREATE))
            await until(1)
            answer = await asked
            assert is_out_of_time(answer)
            assert "idempotencyKey" in answer.json()["errors"][0]["message"]
            await until(0)
        assert (await ask(port, COUNT)).json()["data"]["conversations"]["totalCount"] == 0
        assert (await ask(port, CREATE)).json()["data"]["createConversation"]["userErrors"] == []
        assert (await ask(port, COUNT)).json()["data"]["conversations"]["totalCount"] == 1
    assert complaints(caplog) == []


@contextmanager
def held(database: Database) -> Iterator[None]:
    """A SQLite file that another program writes to, so that our writer waits."""
    assert database.path is not None
    with closing(sqlite3.connect(database.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_a_change_on_sqlite_that_has_begun_goes_on_to_its_end_and_who_repeats_it_makes_it_once(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    create = CREATE.replace('"Late"', '"Late", idempotencyKey: "once"')
    async with served(app(database)) as port:
        with held(database):
            answer = await ask(port, create)
            assert is_out_of_time(answer)
            assert "idempotencyKey" in answer.json()["errors"][0]["message"]
        assert (await ask(port, create)).json()["data"]["createConversation"]["userErrors"] == []
        assert (await ask(port, COUNT)).json()["data"]["conversations"]["totalCount"] == 1
    assert complaints(caplog) == []


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_operations_that_find_no_place_are_sent_away_with_a_time_to_come_back(database: Database) -> None:
    settings = {"operations_at_once": 1, "operations_waiting": 0}
    async with served(app(database, **settings)) as port:
        with held(database):
            first = asyncio.create_task(ask(port, CREATE))
            statuses = []
            while not first.done():
                response = await ask(port, "{ __typename }", {"content-encoding": "identity"})
                statuses.append(response.status_code)
                if response.status_code == 503:
                    assert response.headers["retry-after"] == "1"
                    assert response.json()["errors"][0]["extensions"]["code"] == "RATE_LIMITED"
            assert 503 in statuses
            assert is_out_of_time(await first)
        assert (await ask(port, "{ __typename }")).status_code == 200
