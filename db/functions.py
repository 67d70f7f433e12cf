"""What SQLite lacks and PostgreSQL has: functions that both databases answer alike.

`colloquy_fold` is the lower case of a text, letter by letter, for all scripts; SQLite's own knows ASCII only.
`colloquy_json` and its kin read JSON as PostgreSQL's jsonb does; SQLite's own rounds numbers and leaves keys escaped.
"""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from db import json_values
from db.errors import DatabaseUnfit
from db.texts import fold

__all__ = ["check_locale", "fold", "register"]


async def check_locale(connection: AsyncConnection) -> None:
    """Raise DatabaseUnfit where the database cannot put letters of all scripts into lower case, as filters need it."""
    if connection.dialect.name == "sqlite":
        return
    letters = sa.func.lower(sa.collate(sa.literal("ÉЖI"), "default"))
    if await connection.scalar(sa.select(letters)) != "éжi":
        raise DatabaseUnfit(
            "The database's locale cannot put letters into lower case, which filters need: make the database with "
            "ENCODING 'UTF8' and a UTF-8 locale, such as LC_CTYPE 'C.UTF-8' or 'en_US.UTF-8' with TEMPLATE template0.",
            field="database",
        )


def _fold(text: str | None) -> str | None:
    return None if text is None else fold(text)


def register(connection: Any) -> None:
    """Give a SQLite connection (SQLAlchemy's adapter of aiosqlite) the functions."""
    connection.create_function("colloquy_fold", 1, _fold, deterministic=True)
    connection.create_function("colloquy_json", 2, json_values.holds, deterministic=True)
    connection.create_function("colloquy_json_keys", 2, json_values.keys, deterministic=True)
    connection.create_function("colloquy_json_members", 2, json_values.members, deterministic=True)
