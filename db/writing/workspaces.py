"""Workspaces are made, and deleted with everything in them."""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa

from db import reads, workspaces
from db.errors import Forbidden
from db.viewer import DEFAULT_WORKSPACE_ID
from db.words import ProblemCode
from db.writing.keys import OfAccess, for_admins
from db.writing.outcome import Outcome, row_of
from db.writing.performing import Verb, Work
from db.writing.shapes import Shape, identifier, short, text

_TABLE: Final = "workspaces"


async def _create(work: Work, given: dict[str, Any]) -> Outcome:
    for_admins(work)
    if not workspaces.sees_all(work.viewer):
        raise Forbidden(
            "createWorkspace is for the command line (colloquy workspace create NAME), and for a server that is open: "
            "a key belongs to one workspace."
        )
    if "name" in given:
        rows = reads.table(_TABLE)
        taken = sa.select(rows.c.id).where(rows.c.name == given["name"])
        if (await work.connection.execute(taken)).first() is not None:
            work.wrong(("name",), "There is a workspace of this name already.", ProblemCode.TAKEN)
    work.settle()
    row = await workspaces.insert(work.connection, given["name"], at=work.at)
    return Outcome(_TABLE, row_of(_TABLE, row))


create_workspace: Final = Verb("create_workspace", Shape({"name": short()}, required=("name",)), _create, across=True)
"""Make a workspace. Raises Forbidden for whoever belongs to one."""


async def _delete(work: Work, given: dict[str, Any]) -> Outcome:
    for_admins(work)
    row = None
    if "id" in given:
        row = await workspaces.locked(work.connection, given["id"], viewer=work.viewer)
        if row is None:
            work.not_found(("id",), "workspace")
    if row is not None and "confirm_name" in given and given["confirm_name"] != row.name:
        work.wrong(("confirm_name",), "The confirm name must be the name of the workspace, letter for letter.")
    if row is not None and row.id == DEFAULT_WORKSPACE_ID:
        message = "The first workspace of a database can't be deleted: it is the one of a server without keys."
        work.wrong(("id",), message, ProblemCode.UNSUPPORTED)
    work.settle()
    assert row is not None, "an id that is missing or unknown is noted"
    await workspaces.delete_rows(work.connection, row.id)
    return Outcome(deleted=[row.id], noted={"name": row.name})


delete_workspace: Final = OfAccess(
    "delete_workspace",
    Shape({"id": identifier, "confirm_name": text}, required=("id", "confirm_name")),
    _delete,
    across=True,
)
"""Delete a workspace with all that is in it, for good: conversations, keys, imports, its audit log. All or nothing."""
