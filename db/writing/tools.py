"""Tools are made, changed and deleted."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from db import bulk, reads
from db.record import new_id
from db.words import ProblemCode, ToolKind
from db.writing.assistants import counted, deleted_ones
from db.writing.inputs import TOOL
from db.writing.outcome import Outcome, row_of
from db.writing.performing import Verb, Work
from db.writing.removal import forget_records
from db.writing.rows import external_id_free, id_free, row_for_update, write_row
from db.writing.shapes import Shape, identifier, made_id, whole

_TABLE: Final = "tools"


async def _create(work: Work, given: dict[str, Any]) -> Outcome:
    await id_free(work, _TABLE, given.get("uuid"), ("uuid",))
    await external_id_free(work, _TABLE, given.get("external_id"), None, ("external_id",))
    work.settle()
    row = {"id": given.pop("uuid", None) or new_id(work.at), "created_at": work.at, "updated_at": work.at, **given}
    row["kind"] = given.get("kind") or ToolKind.FUNCTION
    await bulk.insert(work.connection, reads.table(_TABLE), [row], viewer=work.viewer)
    return Outcome(table=_TABLE, row=row_of(_TABLE, {**row, "workspace_id": work.viewer.workspace_id}))


create_tool: Final = Verb("create_tool", replace(TOOL.with_fields(uuid=made_id), required=("name",)), _create)
"""Make a tool: a FUNCTION, unless another kind is given."""


async def _update(work: Work, given: dict[str, Any]) -> Outcome:
    row = await row_for_update(work, _TABLE, given["id"], ("id",)) if "id" in given else None
    if row is not None:
        work.expect(given, row["version"], "tool")
    await external_id_free(work, _TABLE, given.get("external_id"), given.get("id"), ("external_id",))
    work.settle()
    assert row is not None, "an id that is missing or unknown is noted"
    changes = {name: given[name] for name in TOOL.fields if name in given}
    if "name" in changes:
        changes["name_made"] = False
    return Outcome(table=_TABLE, row=await write_row(work, _TABLE, row, changes))


update_tool: Final = Verb(
    "update_tool",
    replace(
        TOOL.with_fields(id=identifier, expected_version=whole()),
        required=("id",),
        never_null=("name", "kind"),
    ),
    _update,
)
"""Change fields of a tool: one left out stays, null clears."""


async def _delete(work: Work, given: dict[str, Any]) -> Outcome:
    row = await row_for_update(work, _TABLE, given["id"], ("id",), whole=True) if "id" in given else None
    if row is not None:
        work.expect(given, row["version"], "tool")
        await _check_use(work, row["id"])
    work.settle()
    assert row is not None, "an id that is missing or unknown is noted"
    await forget_records(work, [row["id"]])
    await bulk.delete(work.connection, reads.table(_TABLE).c.id, [row["id"]], viewer=work.viewer)
    return Outcome(deleted=[row["id"]])


async def _check_use(work: Work, tool_id: UUID) -> None:
    """Note it where assistants, conversations or calls have this tool, deleted conversations among them."""
    assistants, links, calls = (reads.table(name) for name in ("assistant_tools", "conversation_tools", "tool_calls"))
    talks, here = reads.table("conversations"), work.viewer.workspace_id
    used = links.join(talks, talks.c.id == links.c.conversation_id)

    def number(rows: sa.Table, source: sa.FromClause, *columns: sa.ColumnElement[Any]) -> sa.ScalarSelect[int]:
        return (
            sa.select(sa.func.count(*columns))
            .select_from(source)
            .where(rows.c.tool_id == tool_id, reads.in_workspace(rows, here))
            .scalar_subquery()
        )

    statement = sa.select(
        number(assistants, assistants).label("assistants"),
        number(links, used).label("conversations"),
        number(links, used, talks.c.deleted_at).label("deleted"),
        number(calls, calls).label("calls"),
    )
    found = (await work.connection.execute(statement)).one()
    users = [
        text
        for uses, text in (
            (found.assistants, counted(found.assistants, "assistant")),
            (found.conversations, counted(found.conversations, "conversation") + deleted_ones(found.deleted)),
            (found.calls, counted(found.calls, "tool call")),
        )
        if uses
    ]
    if users:
        work.wrong(("id",), f"The tool is in use by {' and '.join(users)}.", ProblemCode.IN_USE)


delete_tool: Final = Verb(
    "delete_tool", Shape({"id": identifier, "expected_version": whole()}, required=("id",)), _delete
)
"""Delete a tool that no assistant may use, no conversation has used and no message has called."""
