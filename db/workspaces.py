"""Workspaces: the tenants of a server. Every other row belongs to one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, cast
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import Field, SQLModel

from db import reads
from db.paging import Row
from db.record import KEY_LENGTH, UtcDateTime, new_id, now, table_of
from db.verbs import Found, One, verb
from db.viewer import Viewer
from db.words import ViewerKind


class Workspace(SQLModel, table=True):
    """A tenant: its rows are not seen from any other."""

    __tablename__ = "workspaces"

    id: UUID = Field(default_factory=new_id, primary_key=True)
    name: str = Field(unique=True, max_length=KEY_LENGTH)
    created_at: datetime = Field(default_factory=now, sa_type=cast("Any", UtcDateTime), nullable=False)


_workspaces = table_of(Workspace)


def sees_all(viewer: Viewer) -> bool:
    """Whether the viewer may enter every workspace: the command line, and whoever asks a server that is open."""
    return viewer.kind is ViewerKind.OPEN


@verb("workspaces")
def by_ids(ids: Sequence[UUID], *, viewer: Viewer) -> One[UUID]:
    """Those of the ids that exist and are the viewer's to see: its own, or all where it may enter every one."""
    return One(_by_ids, (sees_all(viewer),), ids, viewer)


def _by_ids(everywhere: bool) -> Found:
    rows = reads.table("workspaces")
    own = [] if everywhere else [rows.c.id == reads.WORKSPACE]
    frame = sa.select().select_from(rows).where(reads.one_of_named(rows.c.id, "ids"), *own)
    return Found(frame, rows.c.id, reads.columns_of(rows))


def _seen(viewer: Viewer) -> reads.Condition:
    return sa.true() if sees_all(viewer) else _workspaces.c.id == viewer.workspace_id


async def every(connection: AsyncConnection, *, viewer: Viewer) -> list[Row]:
    """All workspaces that are the viewer's to see, by name in the order of code points."""
    found = list(await connection.execute(sa.select(_workspaces).where(_seen(viewer))))
    return sorted(found, key=lambda row: str(row.name))


async def by_name(connection: AsyncConnection, name: str, *, viewer: Viewer) -> Viewer | None:
    """The same person in the workspace of that name; None where the viewer may enter none of it."""
    named = sa.select(_workspaces.c.id).where(_workspaces.c.name == name, _seen(viewer))
    workspace_id = (await connection.execute(named)).scalar()
    return None if workspace_id is None else replace(viewer, workspace_id=workspace_id)


async def names(connection: AsyncConnection, *, viewer: Viewer) -> list[str]:
    """The names of all workspaces that the viewer may enter, in order."""
    return [row.name for row in await every(connection, viewer=viewer)]


# ---------------------------------------------------------------- making and deleting


async def insert(connection: AsyncConnection, name: str, *, at: datetime) -> dict[str, Any]:
    """Make a workspace in a transaction under way; gives its row."""
    row = {"id": new_id(at), "name": name, "created_at": at}
    await connection.execute(sa.insert(_workspaces).values(row))
    return row


async def locked(connection: AsyncConnection, workspace_id: UUID, *, viewer: Viewer) -> Row | None:
    """The workspace, where it is the viewer's to see; until the transaction ends nothing new comes into it."""
    statement = sa.select(_workspaces).where(_workspaces.c.id == workspace_id, _seen(viewer)).with_for_update()
    return (await connection.execute(statement)).one_or_none()


async def delete_rows(connection: AsyncConnection, workspace_id: UUID) -> None:
    """Delete a workspace with all of its rows in every table, in a transaction under way.

    Table by table, from what hangs on others to what others hang on: the database's own way down its keys would go
    message by message, on SQLite no more than 1,000 levels. Audit rows can't be deleted by themselves: they go with the
    workspace's own row.
    """
    messages = reads.table("messages")
    own = messages.c.workspace_id == workspace_id
    await connection.execute(sa.update(messages).where(own, messages.c.parent_id.is_not(None)).values(parent_id=None))
    for rows in reversed(SQLModel.metadata.sorted_tables):
        if "workspace_id" in rows.c and rows.name != "audit_entries":
            await connection.execute(sa.delete(rows).where(rows.c.workspace_id == workspace_id))
    await connection.execute(sa.delete(_workspaces).where(_workspaces.c.id == workspace_id))
