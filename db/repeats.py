"""Repeats: the answers of writes that may be repeated, kept by the key that the client gave with them.

A key is one for each who gives it: another end user's, or another API key's, is another one.

The row is written in the transaction of the write itself: where the write is not there, neither is its answer.
"""

from datetime import datetime
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import Field, SQLModel

from db.prepared import Prepared
from db.record import json_field, moment_field, table_of
from db.viewer import Viewer
from db.walls import lifted

REPEAT_KEY_LENGTH = 255
"""Characters of a client's key."""


class Repeat(SQLModel, table=True):
    """A write that was given a key, and its answer."""

    __tablename__ = "repeats"
    __table_args__ = (sa.Index("ix_repeats_created_at", "created_at"),)

    workspace_id: UUID = Field(foreign_key="workspaces.id", ondelete="CASCADE", primary_key=True)
    owner: str = Field(max_length=64, primary_key=True)
    """Whose key it is: a hash, since what end users are called can be longer than a key column takes; "" of nobody in
    particular."""
    key: str = Field(max_length=REPEAT_KEY_LENGTH, primary_key=True)
    digest: str = Field(max_length=64)
    """The hash of the verb and its input: the same key with another input is a mistake."""
    answer: Any = json_field()
    created_at: datetime = moment_field(nullable=False)


_repeats = table_of(Repeat)


def _parameter(name: str, column: str | None = None) -> Any:
    return sa.bindparam(name, type_=_repeats.c[column or name].type)


def _take(insert: Any) -> Prepared:
    names = ("workspace_id", "owner", "key", "digest", "created_at")
    taken = insert(_repeats).values({name: _parameter(name) for name in names})
    changed = {"digest": taken.excluded.digest, "answer": None, "created_at": taken.excluded.created_at}
    return Prepared(
        taken.on_conflict_do_update(
            index_elements=["workspace_id", "owner", "key"],
            set_=changed,
            where=_repeats.c.created_at < _parameter("after", "created_at"),
        ).returning(_repeats.c.key)
    )


_own = tuple(_repeats.c[name] == _parameter(name) for name in ("workspace_id", "owner", "key"))
_TAKE: Final = {"sqlite": _take(sqlite.insert), "postgresql": _take(postgresql.insert)}
_READ: Final = Prepared(sa.select(_repeats.c.digest, _repeats.c.answer).where(*_own))
_KEEP: Final = Prepared(sa.update(_repeats).where(*_own).values(answer=_parameter("answer")))


async def claim(
    connection: AsyncConnection, key: str, digest: str, *, at: datetime, after: datetime, viewer: Viewer
) -> tuple[str, Any] | None:
    """Take the key for the write that is about to be done; None, or the digest and the answer of whoever had it first.

    A row of before `after` has expired, and is taken over. Where another transaction holds the key at this moment, this
    waits for its end.
    """
    own, take = _key(key, viewer), _TAKE[connection.dialect.name]
    async with lifted(connection):  # whose it is, is in the statements
        if await take.rows(connection, **own, digest=digest, created_at=at, after=after):
            return None
        ((known, answer),) = [tuple(row.values()) for row in await _READ.rows(connection, **own)]
    return known, answer


async def keep(connection: AsyncConnection, key: str, answer: Any, *, viewer: Viewer) -> None:
    """Keep the answer of the write that claimed the key."""
    async with lifted(connection):
        await _KEEP.execute(connection, **_key(key, viewer), answer=answer)


def _key(key: str, viewer: Viewer) -> dict[str, Any]:
    told = f"user:{viewer.user_id}" if viewer.user_id is not None else f"key:{viewer.key_id}" if viewer.key_id else ""
    owner = sha256(told.encode()).hexdigest() if told else ""
    return {"workspace_id": viewer.workspace_id, "owner": owner, "key": key}


async def forget(connection: AsyncConnection, *, before: datetime) -> int:
    """Forget the answers of before that time, in all workspaces; gives how many these were."""
    return (await connection.execute(sa.delete(_repeats).where(_repeats.c.created_at < before))).rowcount
