"""A process that writes into a SQLite database and says on its standard output what is done, a number a line.

    python -m tests.faults.acknowledging PATH SEED COUNT SYNCHRONOUS

SYNCHRONOUS is FULL, the writer's own, or NORMAL, which is not safe against power cuts.
"""

import asyncio
import os
import sys
from typing import Any

from sqlalchemy import event

from db import writing
from db.database import Database, database_url
from db.viewer import DEFAULT_VIEWER
from tests.faults.deeds import Client


async def acknowledge(path: str, seed: int, count: int, synchronous: str) -> None:
    """Do so many writes, one after the other."""
    database = Database.open(database_url(path), purpose="acknowledging")

    if synchronous != "FULL":

        @event.listens_for(database.writer.sync_engine, "connect")
        def connected(connection: Any, _record: Any) -> None:
            cursor = connection.cursor()
            cursor.execute(f"PRAGMA synchronous={synchronous}")
            cursor.close()

    client = Client(seed)
    for number in range(1, count + 1):
        deed = client.next()
        await getattr(writing, deed.verb)(database, deed.values, viewer=DEFAULT_VIEWER)
        client.done(deed)
        os.write(1, b"%d\n" % number)
    # No orderly end, which would copy the log into the database: power cuts don't wait for it.
    os._exit(0)


if __name__ == "__main__":
    asyncio.run(acknowledge(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]))
