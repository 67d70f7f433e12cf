"""Workspaces: the tenants of a server. Every other row belongs to one."""

from datetime import datetime
from typing import Any, cast
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import Field, SQLModel

from db.record import KEY_LENGTH, UtcDateTime, new_id, now, table_of
from db.viewer import Viewer


class Workspace(SQLModel, table=True):
    """A tenant: its rows are not seen from any other."""

    __tablename__ = "workspaces"

    id: UUID = Field(default_factory=new_id, primary_key=True)
    name: str = Field(unique=True, max_length=KEY_LENGTH)
    created_at: datetime = Field(default_factory=now, sa_type=cast("Any", UtcDateTime), nullable=False)


_workspaces = table_of(Workspace)


async def by_name(connection: AsyncConnection, name: str, *, viewer: Viewer) -> Viewer | None:
    """The same person in the workspace of that name; None where there is none."""
    del viewer  # who may enter which workspace is not told apart: all rights are one viewer's
    workspace_id = (await connection.execute(sa.select(_workspaces.c.id).where(_workspaces.c.name == name))).scalar()
    return None if workspace_id is None else Viewer(workspace_id)


async def names(connection: AsyncConnection, *, viewer: Viewer) -> list[str]:
    """The names of all workspaces that the viewer may enter, in order."""
    del viewer  # likewise
    return list((await connection.execute(sa.select(_workspaces.c.name).order_by(_workspaces.c.name))).scalars())
