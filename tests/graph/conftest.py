"""What the tests of queries share: a world of rows on each database, and someone who asks."""

from collections.abc import Iterator

import pytest

from db.database import Database
from tests.conftest import recorded
from tests.graph import world
from tests.graph.asking import Client


@pytest.fixture
async def client(database: Database) -> Client:
    """Asks about the small world of `tests.graph.world`."""
    await world.build(database)
    return Client(database)


@pytest.fixture
def statements(client: Client) -> Iterator[list[str]]:
    """The statements since the world was built, or since the list was last cleared."""
    with recorded(client.database) as texts:
        yield texts
