"""Pages come in their order whatever plan the wall round them leads to."""

import random
from pathlib import Path
from typing import Any

from db import bulk, references
from db.database import Database
from db.paging import Page
from db.record import new_id
from db.tables import metadata
from db.viewer import DEFAULT_VIEWER, PROGRAM
from tests.access.walls.test_plans_inside import walled
from tests.access.walls.worlds import ME
from tests.conftest import fresh_database
from tests.db.builders import at


async def test_pages_keep_their_order_where_the_parents_are_joined_to_what_the_viewer_sees(
    tmp_path: Path,
) -> None:
    rng = random.Random(1)
    async with fresh_database("postgresql", tmp_path) as database:
        cited = await fill(database, rng)
        # Few of many: it is these whose pages a plan would put into a hash.
        ids = dict(sorted(cited.items(), key=lambda item: -len(item[1]))[:2])
        async with database.read(viewer=ME) as connection:
            for way in ("hashjoin", "mergejoin", "nestloop"):
                for other in ("hashjoin", "mergejoin", "nestloop"):
                    state = "on" if way == other else "off"
                    await connection.exec_driver_sql(f"SELECT set_config('enable_{other}', '{state}', false)")
                for size in (1, 3, 10):
                    for wanted in (Page.of(first=size), Page.of(last=size)):
                        found = await references.of_sources(connection, list(ids), wanted, viewer=ME)
                        for source, all_of_it in ids.items():
                            newest = sorted(all_of_it, reverse=True)
                            expected = newest[-size:] if wanted.backward else newest[:size]
                            assert [row.id for row in found[source].rows] == expected, (way, wanted)


async def test_nothing_but_the_parents_is_joined_to_their_pages(tmp_path: Path) -> None:
    """A join of the pages to what a wall looks at can be a hash join, of which the rows come in another order."""
    async with fresh_database("postgresql", tmp_path) as database:
        await fill(database, random.Random(1))
        with walled() as texts:
            async with database.read(viewer=ME) as connection:
                await references.of_sources(connection, [new_id()], Page.of(first=1), viewer=ME)
    ((text, _),) = texts
    parents, _, pages = " ".join(text.split()).partition(" JOIN LATERAL ")
    assert parents.endswith("OFFSET 0) AS parent")
    assert pages.endswith(") AS page ON true")


async def fill(database: Database, rng: random.Random) -> dict[Any, list[Any]]:
    """Sources that conversations of mine and of others cite; of each those of mine."""
    made: dict[str, list[dict[str, Any]]] = {"conversations": [], "sources": [], "citations": []}
    mine: dict[Any, list[Any]] = {}
    sources = [new_id() for _ in range(400)]
    for number in range(40):
        owner = "me" if number % 10 == 0 else "you"
        talk = new_id()
        made["conversations"].append(
            {
                "id": talk,
                "title": "t",
                "owner_id": owner,
                "last_activity_at": at(number),
                "created_at": at(0),
                "updated_at": at(0),
            }
        )
        for position in range(5):
            cited = {
                "id": new_id(),
                "conversation_id": talk,
                "source_id": rng.choice(sources[:3] if owner == "me" else sources),
                "position": position,
                "number": 1,
            }
            made["citations"].append({**cited, "created_at": at(0)})
            if owner == "me":
                mine.setdefault(cited["source_id"], []).append(cited["id"])
    made["sources"] = [{"id": each, "created_at": at(0), "updated_at": at(0)} for each in sources]
    async with database.write(viewer=PROGRAM) as connection:
        for table, rows in made.items():
            await bulk.insert(connection, metadata.tables[table], rows, viewer=DEFAULT_VIEWER)
    return mine
