"""Repeats: the answers of writes that may be repeated, kept by the key that the client gave with them.

The row is written in the transaction of the write itself: where the write is not there, neither is its answer.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import Field, SQLModel

from db.record import json_field, moment_field, table_of
from db.viewer import Viewer

REPEAT_KEY_LENGTH = 255
"""Characters of a client's key."""


class Repeat(SQLModel, table=True):
    """A write that was given a key, and its answer."""

    __tablename__ = "repeats"
    __table_args__ = (sa.Index("ix_repeats_created_at", "created_at"),)

    workspace_id: UUID = Field(foreign_key="workspaces.id", ondelete="CASCADE", primary_key=True)
    key: str = Field(max_length=REPEAT_KEY_LENGTH, primary_key=True)
    digest: str = Field(max_length=64)
    """The hash of the verb and its input: the same key with another input is a mistake."""
    answer: Any = json_field()
    created_at: datetime = moment_field(nullable=False)


_repeats = table_of(Repeat)


async def claim(
    connection: AsyncConnection, key: str, digest: str, *, at: datetime, after: datetime, viewer: Viewer
) -> tuple[str, Any] | None:
    """Take the key for the write that is about to be done; None, or the digest and the answer of whoever had it first.

    A row of before `after` has expired, and is taken over. Where another transaction holds the key at this moment, this
    waits for its end.
    """
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    values = {"workspace_id": viewer.workspace_id, "key": key, "digest": digest, "answer": None, "created_at": at}
    taken = insert(_repeats).values(values)
    taken = taken.on_conflict_do_update(
        index_elements=["workspace_id", "key"],
        set_={"digest": digest, "answer": None, "created_at": at},
        where=_repeats.c.created_at < after,
    )
    if (await connection.execute(taken.returning(_repeats.c.key))).first() is not None:
        return None
    row = (await connection.execute(sa.select(_repeats.c.digest, _repeats.c.answer).where(*_of(key, viewer)))).one()
    return row.digest, row.answer


async def keep(connection: AsyncConnection, key: str, answer: Any, *, viewer: Viewer) -> None:
    """Keep the answer of the write that claimed the key."""
    await connection.execute(sa.update(_repeats).where(*_of(key, viewer)).values(answer=answer))


async def forget(connection: AsyncConnection, *, before: datetime) -> int:
    """Forget the answers of before that time, in all workspaces; gives how many these were."""
    return (await connection.execute(sa.delete(_repeats).where(_repeats.c.created_at < before))).rowcount


def _of(key: str, viewer: Viewer) -> tuple[sa.ColumnElement[bool], ...]:
    return _repeats.c.workspace_id == viewer.workspace_id, _repeats.c.key == key
