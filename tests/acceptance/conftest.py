"""What the acceptance tests share: the worlds, and a client of each."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from db.database import Database
from db.tables import metadata
from db.viewer import PROGRAM
from graph.demo_world import fill_with_demo
from tests.acceptance.worlds import KINDS, SHARED, World, imported, world
from tests.graph.asking import Client

VENDOR = Path(__file__).parent / "vendor"


@pytest.fixture(scope="session", params=KINDS)
def samples(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> World:
    """All samples of the folder beside this repository, imported twice."""
    return world("samples", _samples, request, tmp_path_factory)


@pytest.fixture(scope="session", params=KINDS)
def demo(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> World:
    """The demo world, as `colloquy serve --demo` makes it."""
    return world("demo", _demo, request, tmp_path_factory)


@pytest.fixture(scope="session", params=KINDS)
def vendors(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> World:
    """A rich document of each of the four systems, and what belongs to it."""
    return world("vendors", _vendors, request, tmp_path_factory)


@pytest.fixture
async def samples_client(samples: World) -> AsyncIterator[Client]:
    """Asks about the samples."""
    async with samples.opened() as database:
        yield Client(database)


@pytest.fixture
async def demo_client(demo: World) -> AsyncIterator[Client]:
    """Asks about the demo world."""
    async with demo.opened() as database:
        yield Client(database)


@pytest.fixture
async def vendor_client(vendors: World) -> AsyncIterator[Client]:
    """Asks about the rich documents."""
    async with vendors.opened() as database:
        yield Client(database)


async def _samples(database: Database) -> dict[str, Any]:
    runs = []
    for _ in range(2):
        code, said = await imported(database, [SHARED / "data", SHARED / "formats"])
        runs.append({"code": code, "said": said, "rows": await _rows(database)})
    return {"first": runs[0], "second": runs[1]}


async def _rows(database: Database) -> dict[str, int]:
    """The number of rows of each table."""
    async with database.read(viewer=PROGRAM) as connection:
        return {
            table.name: (await connection.execute(sa.select(sa.func.count()).select_from(table))).scalar_one()
            for table in metadata.tables.values()
            if table.name != "audit_entries"  # each run is noted there
        }


async def _demo(database: Database) -> list[str]:
    said: list[str] = []
    await fill_with_demo(database, said.append)
    return said


async def _vendors(database: Database) -> dict[str, Any]:
    code, said = await imported(database, [VENDOR])
    return {"code": code, "said": said}
