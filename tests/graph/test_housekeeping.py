"""What a server does by the clock."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest

from db import conversations
from db.database import Database
from db.record import new_id
from db.viewer import DEFAULT_VIEWER as ME
from db.viewer import PROGRAM
from db.writing import Limits, create_conversation, delete_conversation
from graph.housekeeping import housekeeping


async def there(database: Database, row_id: UUID) -> bool:
    async with database.read(viewer=PROGRAM) as connection:
        return bool(await conversations.by_ids(connection, [row_id], viewer=ME))


async def test_what_can_no_longer_be_restored_is_gone_after_the_next_round(database: Database) -> None:
    row_id = new_id()
    await create_conversation(database, {"uuid": row_id, "title": "t"}, viewer=ME)
    await delete_conversation(database, {"id": row_id}, viewer=ME)
    async with housekeeping(database, Limits(), period=0.01):
        await asyncio.sleep(0.1)
    assert await there(database, row_id)
    async with housekeeping(database, Limits(undo=timedelta(0)), period=0.01), asyncio.timeout(10):
        while await there(database, row_id):  # noqa: ASYNC110 - what is waited for is another task's commit
            await asyncio.sleep(0.01)


async def test_a_round_that_fails_is_logged_and_the_next_one_comes(
    database: Database, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    rounds = asyncio.Semaphore(0)

    async def purge(*_arguments: object, **_options: object) -> None:
        rounds.release()
        raise OSError("the database is away")

    monkeypatch.setattr("graph.housekeeping.purge", purge)
    async with housekeeping(database, Limits(), period=0.001), asyncio.timeout(10):
        for _ in range(3):
            await rounds.acquire()
    assert "Housekeeping failed" in caplog.text
