"""Which database a person means: a file's path or a URL."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy.engine.url import URL, make_url
from sqlalchemy.exc import ArgumentError

from db.errors import InvalidInput


def database_url(text: str) -> URL:
    """The SQLAlchemy URL of what a person wrote: a file's path, sqlite:///path, or postgresql://user@host/name.

    Raises InvalidInput where it is none of these.
    """
    if "://" not in text:
        if not text.strip():
            raise InvalidInput("the database is empty: give a file's path or a postgresql:// URL", field="database")
        return URL.create("sqlite+aiosqlite", database=str(Path(text).expanduser()))
    try:
        url = make_url(text)
    except (ArgumentError, ValueError) as error:  # ValueError: of what stands where a port would
        raise InvalidInput("the database URL cannot be read: postgresql://user@host/name", field="database") from error
    driver = url.drivername.partition("+")[0]
    if driver in ("postgresql", "postgres"):
        return url.set(drivername="postgresql+asyncpg")
    if driver == "sqlite":
        if not url.database or url.database == ":memory:":
            raise InvalidInput("SQLite needs a file: sqlite:///path", field="database")
        return url.set(drivername="sqlite+aiosqlite")
    raise InvalidInput(f"the database is {driver!r}: it must be SQLite or PostgreSQL", field="database")
