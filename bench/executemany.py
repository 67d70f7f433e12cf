"""The floor of an import: its rows, written once more by the driver's own executemany.

Reads every table of an imported database into memory, and only then starts the clock: the rows go into fresh tables
with the same indexes and constraints, table by table in the order in which they were first written, 1,000 rows a
transaction, under the pragmas of the server's own writer. Generated columns are left to the database, as in an import.
Prints the seconds and the rows as JSON.
"""

import argparse
import asyncio
import gc
import json
import sqlite3
import sys
import time
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

import asyncpg

from db.database import Database, database_url
from db.tables import metadata
from db.viewer import PROGRAM

TRANSACTION: Final = 1000
"""Rows in one transaction."""

PRAGMAS: Final = ("journal_mode", "synchronous", "foreign_keys", "temp_store", "cache_size", "wal_autocheckpoint")


@dataclass(frozen=True, slots=True)
class Content:
    """The rows of one table, as the driver takes them."""

    table: str
    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]

    def insert(self, marks: str) -> str:
        """The statement for one row."""
        names = ", ".join(f'"{name}"' for name in self.columns)
        return f'INSERT INTO "{self.table}" ({names}) VALUES ({marks})'


def _selects(place: str) -> list[tuple[str, tuple[str, ...], str]]:
    """Table, columns and statement for each table, what is pointed at first."""
    selects = []
    for table in metadata.sorted_tables:
        columns = tuple(column.name for column in table.columns if column.computed is None)
        names = ", ".join(f'"{name}"' for name in columns)
        selects.append((table.name, columns, f'SELECT {names} FROM "{table.name}" ORDER BY {place}'))
    return selects


async def _pragmas(path: str) -> dict[str, int | str]:
    """What the server's writer has set."""
    database = Database.open(database_url(path), purpose="bench executemany")
    try:
        async with database.write(viewer=PROGRAM) as connection:
            return {name: (await connection.exec_driver_sql(f"PRAGMA {name}")).scalar_one() for name in PRAGMAS}
    finally:
        await database.close()


def sqlite(source: str, target: str) -> dict[str, float]:
    """Write the rows of one file into the empty tables of another."""
    with sqlite3.connect(source) as reader:
        contents = [Content(name, columns, reader.execute(sql).fetchall()) for name, columns, sql in _selects("rowid")]
    reader.close()
    writer = sqlite3.connect(target, isolation_level=None)
    for name, value in asyncio.run(_pragmas(target)).items():
        writer.execute(f"PRAGMA {name}={value}")
    # The default workspace is there already.
    writer.execute("DELETE FROM workspaces")
    _quiet()
    begun = time.perf_counter()
    for content in contents:
        statement = content.insert(", ".join("?" * len(content.columns)))
        for some in _batches(content.rows):
            writer.execute("BEGIN IMMEDIATE")
            writer.executemany(statement, some)
            writer.execute("COMMIT")
    writer.close()
    return {"seconds": time.perf_counter() - begun, "rows": sum(len(content.rows) for content in contents)}


async def postgresql(source: str, target: str) -> dict[str, float]:
    """Write the rows of one database into the empty tables of another."""
    reader = await asyncpg.connect(source)
    contents = [
        Content(name, columns, [tuple(row) for row in await reader.fetch(sql)])
        for name, columns, sql in _selects("ctid")
    ]
    await reader.close()
    writer = await asyncpg.connect(target)
    await writer.execute("DELETE FROM workspaces")
    contents = [_parents_first(content) if content.table == "messages" else content for content in contents]
    _quiet()
    begun = time.perf_counter()
    for content in contents:
        statement = content.insert(", ".join(f"${number + 1}" for number in range(len(content.columns))))
        for some in _batches(content.rows):
            async with writer.transaction():
                await writer.executemany(statement, some)
    await writer.close()
    return {"seconds": time.perf_counter() - begun, "rows": sum(len(content.rows) for content in contents)}


def _parents_first(content: Content) -> Content:
    """The rows in an order in which each message comes after its parent.

    An update leaves a row at another place of PostgreSQL's file, and an answer may lie before its question then.
    """
    key, parent = content.columns.index("id"), content.columns.index("parent_id")
    rows = {row[key]: row for row in content.rows}
    ordered: dict[Any, tuple[Any, ...]] = {}
    for row in content.rows:
        above, at = [], row
        while at[key] not in ordered:
            above.append(at)
            if at[parent] is None:
                break
            at = rows[at[parent]]
        ordered.update((one[key], one) for one in reversed(above))
    return Content(content.table, content.columns, list(ordered.values()))


def _batches(rows: list[tuple[Any, ...]]) -> Any:
    remaining = iter(rows)
    while some := list(islice(remaining, TRANSACTION)):
        yield some


def _quiet() -> None:
    """Keep the collector from walking the rows, which are only held to be written."""
    gc.collect()
    gc.freeze()


def main() -> None:
    """Write as the arguments say."""
    parser = argparse.ArgumentParser(prog="python -m bench.executemany", description=__doc__.splitlines()[0])
    parser.add_argument("source", help="an imported database: a file's path or a postgresql:// URL")
    parser.add_argument("target", help="another of the same kind, with its tables and nothing in them")
    given = parser.parse_args()
    if "://" in given.source:
        figures = asyncio.run(postgresql(given.source, given.target))
    else:
        figures = sqlite(given.source, given.target)
    json.dump(figures, sys.stdout)


if __name__ == "__main__":
    main()
