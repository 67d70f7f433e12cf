"""Assistants are made, changed and deleted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from db import bulk, reads
from db.record import new_id
from db.words import ProblemCode
from db.writing.inputs import ASSISTANT
from db.writing.outcome import Outcome, row_of
from db.writing.performing import Verb, Work
from db.writing.removal import forget_records
from db.writing.rows import external_id_free, id_free, row_for_update, tools_are_here, write_row
from db.writing.shapes import Shape, identifier, made_id, whole

_TABLE: Final = "assistants"


async def _create(work: Work, given: dict[str, Any]) -> Outcome:
    tool_ids = given.pop("tool_ids", None) or []
    await id_free(work, _TABLE, given.get("uuid"), ("uuid",))
    await external_id_free(work, _TABLE, given.get("external_id"), None, ("external_id",))
    await tools_are_here(work, tool_ids, ("tool_ids",))
    work.settle()
    row = {"id": given.pop("uuid", None) or new_id(work.at), "created_at": work.at, "updated_at": work.at, **given}
    await bulk.insert(work.connection, reads.table(_TABLE), [row], viewer=work.viewer)
    await _give_tools(work, row["id"], tool_ids)
    return Outcome(table=_TABLE, row=row_of(_TABLE, {**row, "workspace_id": work.viewer.workspace_id}))


create_assistant: Final = Verb(
    "create_assistant", replace(ASSISTANT.with_fields(uuid=made_id), required=("name",)), _create
)
"""Make an assistant."""


async def _update(work: Work, given: dict[str, Any]) -> Outcome:
    row = await row_for_update(work, _TABLE, given["id"], ("id",)) if "id" in given else None
    if row is not None:
        work.expect(given, row["version"], "assistant")
    await external_id_free(work, _TABLE, given.get("external_id"), given.get("id"), ("external_id",))
    await tools_are_here(work, given.get("tool_ids") or [], ("tool_ids",))
    work.settle()
    assert row is not None, "an id that is missing or unknown is noted"
    changes = {name: given[name] for name in ASSISTANT.fields if name in given and name != "tool_ids"}
    if "name" in changes:
        changes["name_made"] = False
    equipped = "tool_ids" in given and await _change_tools(work, row["id"], given["tool_ids"] or [])
    return Outcome(table=_TABLE, row=await write_row(work, _TABLE, row, changes, touched=equipped))


update_assistant: Final = Verb(
    "update_assistant",
    replace(
        ASSISTANT.with_fields(id=identifier, expected_version=whole()),
        required=("id",),
        never_null=("name",),
    ),
    _update,
)
"""Change fields of an assistant: one left out stays, null clears; a list of tools takes the place of the one before."""


async def _change_tools(work: Work, assistant_id: UUID, tool_ids: list[UUID]) -> bool:
    links = reads.table("assistant_tools")
    statement = (
        sa.select(links.c.tool_id)
        .where(links.c.assistant_id == assistant_id, links.c.workspace_id == work.viewer.workspace_id)
        .order_by(links.c.position)
    )
    if list((await work.connection.execute(statement)).scalars()) == list(dict.fromkeys(tool_ids)):
        return False
    await bulk.delete(work.connection, links.c.assistant_id, [assistant_id], viewer=work.viewer)
    await _give_tools(work, assistant_id, tool_ids)
    return True


async def _give_tools(work: Work, assistant_id: UUID, tool_ids: Iterable[UUID]) -> None:
    links = [
        {"assistant_id": assistant_id, "tool_id": tool_id, "position": position}
        for position, tool_id in enumerate(dict.fromkeys(tool_ids))
    ]
    await bulk.insert(work.connection, reads.table("assistant_tools"), links, viewer=work.viewer)


async def _delete(work: Work, given: dict[str, Any]) -> Outcome:
    row = await row_for_update(work, _TABLE, given["id"], ("id",), whole=True) if "id" in given else None
    if row is not None:
        work.expect(given, row["version"], "assistant")
        await _check_use(work, row["id"])
    work.settle()
    assert row is not None, "an id that is missing or unknown is noted"
    await forget_records(work, [row["id"]])
    await bulk.delete(work.connection, reads.table(_TABLE).c.id, [row["id"]], viewer=work.viewer)
    return Outcome(deleted=[row["id"]])


async def _check_use(work: Work, assistant_id: UUID) -> None:
    """Note it where conversations have this assistant, the deleted ones that can come back among them."""
    talks = reads.table("conversations")
    statement = sa.select(sa.func.count().label("uses"), sa.func.count(talks.c.deleted_at).label("deleted")).where(
        talks.c.assistant_id == assistant_id, reads.in_workspace(talks, work.viewer.workspace_id)
    )
    found = (await work.connection.execute(statement)).one()
    if found.uses:
        work.wrong(
            ("id",),
            f"The assistant is in use by {counted(found.uses, 'conversation')}{deleted_ones(found.deleted)}.",
            ProblemCode.IN_USE,
        )


def counted(number: int, what: str) -> str:
    """How many there are of something: 1 conversation, 2 conversations."""
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


def deleted_ones(number: int) -> str:
    """What of these is deleted, in brackets; nothing where nothing is."""
    return f" ({number:,} of them deleted, and still restorable)" if number else ""


delete_assistant: Final = Verb(
    "delete_assistant", Shape({"id": identifier, "expected_version": whole()}, required=("id",)), _delete
)
"""Delete an assistant that no conversation has."""
