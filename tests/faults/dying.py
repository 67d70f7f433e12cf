"""Processes that do one write and kill themselves in the middle of it.

`python -m tests.faults.dying` reads a write a line, and forks a process for each that opens the database, does it, and
dies when it comes to its n-th statement that changes something (the COMMIT is one). `Mortals` is the side of the tests.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import os
import pickle
import signal
import subprocess
import sys
from typing import Any, Self

import asyncpg
import sqlalchemy as sa
from sqlalchemy import event

from db.viewer import DEFAULT_VIEWER, Viewer
from tests.e2e.command import environment
from tests.faults.nursery import ROOT

CHANGING = ("INSERT", "UPDATE", "DELETE", "COPY", "COMMIT")
"""How statements begin that change something."""


class Mortals:
    """Where such processes are started; with the block they end."""

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.dying"],
            cwd=ROOT,
            env=environment({}),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate(timeout=60)

    def write(
        self, url: str, verb: str, values: dict[str, Any], *, die_at: int = 0, viewer: Viewer = DEFAULT_VIEWER
    ) -> int:
        """Let a process do a write; 0 if it died, else how many statements changed something."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(base64.b64encode(pickle.dumps((url, verb, values, die_at, viewer))) + b"\n")
        self._process.stdin.flush()
        word, _, number = self._process.stdout.readline().strip().partition(b" ")
        assert word in (b"died", b"done"), "a process of a write failed"
        return int(number or 0)


class _Statements:
    """Counts what changes something, and kills this process at the n-th."""

    def __init__(self, die_at: int) -> None:
        self._die_at = die_at
        self.count = 0

    def seen(self, statement: str) -> None:
        if statement.lstrip().upper().startswith(CHANGING):
            self.count += 1
            if self.count == self._die_at:
                os.kill(os.getpid(), signal.SIGKILL)

    def watch_sqlite(self, connection: Any) -> None:
        """SQLite tells of a statement before it runs."""
        connection.run_async(lambda raw: raw.set_trace_callback(self.seen))

    def watch_postgresql(self, engine: sa.Engine) -> None:
        """SQLAlchemy tells of its statements before they run; what goes to the driver directly is caught there.

        Transactions are among the latter.
        """
        event.listen(engine, "before_cursor_execute", lambda _connection, _cursor, text, *_: self.seen(text))
        driver, seen = asyncpg.Connection, self.seen
        fetch, execute, many, copy = driver.fetch, driver.execute, driver.executemany, driver.copy_records_to_table

        async def watched_fetch(connection: Any, query: str, *args: Any, **options: Any) -> Any:
            seen(query)
            return await fetch(connection, query, *args, **options)

        async def watched_execute(connection: Any, query: str, *args: Any, **options: Any) -> Any:
            seen(query)
            return await execute(connection, query, *args, **options)

        async def watched_many(connection: Any, command: str, *args: Any, **options: Any) -> Any:
            seen(command)
            return await many(connection, command, *args, **options)

        async def watched_copy(connection: Any, table: str, **options: Any) -> Any:
            seen("COPY")
            return await copy(connection, table, **options)

        driver.fetch, driver.execute = watched_fetch, watched_execute
        driver.executemany, driver.copy_records_to_table = watched_many, watched_copy


def _do(url: str, verb: str, values: dict[str, Any], die_at: int, viewer: Viewer) -> int:
    from db import writing
    from db.database import Database, database_url

    statements = _Statements(die_at)

    async def write() -> None:
        database = Database.open(database_url(url), purpose="dying")
        engine = database.writer.sync_engine
        if database.dialect == "sqlite":
            event.listen(engine, "connect", lambda connection, _record: statements.watch_sqlite(connection))
        else:
            statements.watch_postgresql(engine)
        await getattr(writing, verb)(database, values, viewer=viewer)
        await database.close()

    asyncio.run(write())
    return statements.count


def main() -> None:
    """Do what the lines of the standard input say."""
    from db import writing  # noqa: F401 - imported before anything is forked

    for line in sys.stdin.buffer:
        told = pickle.loads(base64.b64decode(line))
        process = os.fork()
        if process == 0:
            with contextlib.suppress(BrokenPipeError):
                try:
                    os.write(1, b"done %d\n" % _do(*told))
                except BaseException as error:  # whatever it is, this process must not go on as the one that forks
                    os.write(2, f"{told[1]}: {type(error).__name__}: {error}\n".encode())
                    os.write(1, b"failed\n")
            os._exit(0)
        _, status = os.waitpid(process, 0)
        if os.WIFSIGNALED(status):
            os.write(1, b"died\n")


if __name__ == "__main__":
    main()
