"""Databases that are looked over after each test."""

from collections.abc import AsyncIterator

import pytest

from db.database import Database
from tests.interchange import stored


@pytest.fixture(name="database")
async def checked_database(database: Database) -> AsyncIterator[Database]:
    """A fresh database, in which all that must hold of any database holds after the test."""
    yield database
    await stored.check(database)
