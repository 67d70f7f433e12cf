"""More requests than the database answers: a foreseen failure, told as such."""

import logging
from pathlib import Path

import pytest

from db.database import Database, DatabaseSettings
from db.viewer import PROGRAM
from tests.conftest import fresh_database
from tests.graph.asking import Client


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_a_request_for_which_no_connection_comes_free_is_told_so_and_the_next_one_is_answered(
    kind: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with fresh_database(kind, tmp_path) as made:
        await made.close()
        database = Database.open(made.url, DatabaseSettings(readers=1, pool_size=1, pool_timeout=0.05))
        try:
            client = Client(database)
            with caplog.at_level(logging.ERROR, logger="colloquy"):
                async with database.read(viewer=PROGRAM):
                    refusal = await client.refusal("{ messages { totalCount } }")
                    assert not await database.answers(within=5)
            assert refusal == {
                "code": "TIMEOUT",
                "message": "The server is busy with other requests; try again in a moment.",
            }
            assert caplog.records == []
            assert await client.ask("{ messages { totalCount } }") == {"messages": {"totalCount": 0}}
        finally:
            await database.close()
