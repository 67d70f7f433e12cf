"""Where nothing can be written, writes fail with an error that tells nothing of the inside, and reads go on."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import httpx2
import pytest

from db import writing
from db.database import Database
from db.record import new_id
from db.viewer import DEFAULT_VIEWER, PROGRAM
from db.words import MessageRole
from graph.app import create_app
from graph.settings import Settings
from tests import postgres
from tests.faults import wire
from tests.faults.deeds import Deed
from tests.faults.model import world_of
from tests.interchange import stored

COUNT = "{ messages { totalCount } }"

LARGE = 400_000
"""Characters of a message that has no room."""

Remedy = Callable[[], Awaitable[None]]


@asynccontextmanager
async def asking(database: Database) -> AsyncIterator[Callable[[bytes], Awaitable[Any]]]:
    """A client of the application on that database."""
    app = create_app(Settings(explorer=False), database=database)
    app.state.database = database  # as the lifespan does, which this client does not run

    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://localhost") as http:

        async def ask(body: bytes) -> Any:
            response = await http.post("/graphql", content=body, headers={"content-type": "application/json"})
            assert response.status_code == 200
            return response.json()

        yield ask


async def a_talk(database: Database) -> Deed:
    """A conversation, and a large message for it that is yet to be added."""
    talk_id = new_id()
    await writing.create_conversation(
        database,
        {"uuid": talk_id, "messages": [{"role": MessageRole.USER, "content": "Is there room?"}]},
        viewer=DEFAULT_VIEWER,
    )
    message = {"role": MessageRole.ASSISTANT, "content": "x" * LARGE}
    values = {"conversation_id": talk_id, "messages": [message], "idempotency_key": "large"}
    return Deed("add_messages", values, lambda _: None)


async def refused_then_taken(database: Database, remedy: Remedy, caplog: pytest.LogCaptureFixture, deed: Deed) -> None:
    before = await world_of(database)
    count = f'{{"query": "{COUNT}"}}'.encode()
    async with asking(database) as ask:
        for _ in range(3):
            answer = await ask(wire.body(deed))
            (error,) = answer["errors"]
            assert answer["data"] is None
            assert error["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
            for inside in ("sql", "insert", "disk", "readonly", "pragma", str(database.url.database)):
                assert inside not in error["message"].lower()
            assert (await ask(count))["data"] == {"messages": {"totalCount": 1}}
        assert await world_of(database) == before
        assert "Traceback" in caplog.text, "who runs the server is told"

        await remedy()
        answer = await ask(wire.body(deed))

        assert answer["data"]["addMessages"]["userErrors"] == []
        assert (await ask(count))["data"] == {"messages": {"totalCount": 2}}
    await stored.check(database)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_a_full_disk_refuses_writes_and_leaves_reads_alone(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    deed = await a_talk(database)

    async def pages(number: int) -> None:
        async with database.write(viewer=PROGRAM) as connection:
            await connection.exec_driver_sql(f"PRAGMA max_page_count={number}")

    async with database.write(viewer=PROGRAM) as connection:
        there: int = (await connection.exec_driver_sql("PRAGMA page_count")).scalar_one()
    await pages(there + 4)

    await refused_then_taken(database, lambda: pages(2**30), caplog, deed)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_a_file_that_cannot_be_written_refuses_writes_and_leaves_reads_alone(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    deed = await a_talk(database)

    async def only_reads(value: str) -> None:
        async with database.writer.connect() as connection:
            # Beside SQLAlchemy, which would begin a transaction: that is a write already.
            own = (await connection.get_raw_connection()).driver_connection
            assert own is not None
            await own.execute(f"PRAGMA query_only={value}")

    await only_reads("ON")

    await refused_then_taken(database, lambda: only_reads("OFF"), caplog, deed)


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
async def test_a_server_that_only_reads_refuses_writes_and_leaves_reads_alone(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    deed = await a_talk(database)

    async def only_reads(value: str) -> None:
        """As on a standby: of all sessions that begin from now on."""
        connection = await asyncpg.connect(postgres.url().replace("postgresql+asyncpg", "postgresql"))
        await connection.execute(f"ALTER DATABASE {database.url.database} SET default_transaction_read_only = {value}")
        await connection.close()
        await database.writer.dispose()

    await only_reads("on")

    await refused_then_taken(database, lambda: only_reads("off"), caplog, deed)
