"""What reads cost: on SQLite, without statistics, verbs that are given ids go by an index to the rows of these."""

import re
from pathlib import Path

from sqlalchemy import event

from db.paging import Page
from db.viewer import DEFAULT_VIEWER as ME
from db.viewer import PROGRAM
from tests.conftest import fresh_database
from tests.db.builders import World
from tests.db.everything import Everything, verbs

WHOLE = re.compile(
    r"SCAN (?!json_each|one|found|ids|up|down|branch|parent|both|anon_\d|CONSTANT|\(subquery)|\(workspace_id=\?\)$"
)
"""A step through all rows of a table, or of a workspace."""

OVER_ALL = {"page", "count", "tag_counts", "property_keys", "property_values"}
"""Verbs that are about everything."""


async def test_a_verb_that_is_given_ids_reads_no_other_rows(tmp_path: Path) -> None:
    everything = Everything()
    async with fresh_database("sqlite", tmp_path) as database:
        async with database.write(viewer=PROGRAM) as connection:
            await everything.build(World(connection))
        asked: list[str] = []
        event.listen(database.reader.sync_engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
        faults = {}
        async with database.read(viewer=PROGRAM) as connection:
            for room, name, verb in verbs():
                if name in OVER_ALL:
                    continue
                key = f"{room.__name__.removeprefix('db.')}.{name}"
                given = everything.keys()[key]
                asked.clear()
                answer = await verb(connection, *given, viewer=ME)
                if isinstance(given[-1], Page):
                    slice = answer if hasattr(answer, "rows") else next(iter(answer.values()))  # noqa: A001 - a Slice
                    after = Page.of(first=1, after=slice.cursor(slice.rows[0]))
                    await verb(connection, *given[:-1], after, viewer=ME)
                statements = asked.copy()
                for statement in statements:
                    plan = await connection.exec_driver_sql(
                        f"EXPLAIN QUERY PLAN {statement}", (None,) * statement.count("?")
                    )
                    if steps := [row.detail for row in plan if WHOLE.search(row.detail)]:
                        faults[key] = steps
    assert faults == {}
