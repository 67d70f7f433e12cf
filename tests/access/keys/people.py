"""Workspaces and viewers of tests of access, and what the audit log has."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from db.database import Database
from db.record import new_id
from db.tables import metadata
from db.viewer import DEFAULT_VIEWER, DEFAULT_WORKSPACE_ID, PROGRAM, Viewer
from db.words import KeyScope, Role, ViewerKind
from tests.db.builders import START

OPEN = DEFAULT_VIEWER
ADMIN = Viewer(DEFAULT_WORKSPACE_ID, role=Role.ADMIN, kind=ViewerKind.KEY, key_id=new_id(), scope=KeyScope.ADMIN)
EDITOR = replace(ADMIN, role=Role.EDITOR, scope=KeyScope.WRITE)
USER = Viewer(DEFAULT_WORKSPACE_ID, "ann", role=Role.END_USER, kind=ViewerKind.END_USER)
OTHERS = UUID("00000000-0000-7000-8000-00000000000b")
OTHER_ADMIN = replace(ADMIN, workspace_id=OTHERS, key_id=new_id())


async def other_workspace(database: Database, name: str = "other") -> None:
    async with database.write(viewer=PROGRAM) as connection:
        values = {"id": OTHERS, "name": name, "created_at": START}
        await connection.execute(sa.insert(metadata.tables["workspaces"]).values(values))


async def rows(database: Database, table: str, *conditions: sa.ColumnElement[bool]) -> list[dict[str, Any]]:
    t = metadata.tables[table]
    columns = [column for column in t.columns if column.computed is None]
    async with database.read(viewer=PROGRAM) as connection:
        found = await connection.execute(sa.select(*columns).where(*conditions))
        return [dict(row) for row in found.mappings()]


async def audited(database: Database) -> list[dict[str, Any]]:
    """The audit log, the oldest first."""
    return sorted(await rows(database, "audit_entries"), key=lambda row: (row["at"], row["id"]))
