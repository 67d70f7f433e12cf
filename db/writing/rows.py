"""Rows that are about to change: found, locked, checked, and written as they then are.

On PostgreSQL a row is locked when it is looked up, so that two who change it are one after the other and the second
sees what the first one wrote. On SQLite there is one writer anyway.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from db import jsons, reads
from db.prepared import Prepared
from db.record import JsonText
from db.titles import OPENING_LENGTH
from db.walls import lifted
from db.words import MessageRole, ProblemCode
from db.writing.json_shapes import json_object
from db.writing.outcome import Row, row_of
from db.writing.performing import Work
from db.writing.problems import Place
from db.writing.shapes import BAD, named

Values = dict[str, Any]
"""A row by the names of its columns."""

NOUNS: Final = {
    "conversations": "conversation",
    "messages": "message",
    "citations": "citation",
    "sources": "source",
    "feedback": "feedback",
    "assistants": "assistant",
    "tools": "tool",
}
"""What a row of each table is called in sentences."""


@lru_cache(maxsize=32)
def _locking(table: str, living: bool, whole: bool, owned: bool) -> Prepared:
    rows = reads.table(table)
    conditions = [
        reads.one_of_named(rows.c.id, "ids"),
        reads.in_workspace(rows, sa.bindparam("workspace_id", type_=sa.Uuid())),
    ]
    if living:
        conditions.append(rows.c.deleted_at.is_(None))
    if owned:
        conditions.append(rows.c.owner_id == sa.bindparam("owner", type_=sa.Text()))
    return Prepared(
        sa.select(*reads.columns_of(rows)).where(*conditions).order_by(rows.c.id).with_for_update(key_share=not whole)
    )


async def rows_for_update(
    work: Work, table: str, ids: Iterable[UUID], *, living: bool = False, whole: bool = False
) -> dict[UUID, Values]:
    """Those of the ids that are there, locked.

    They are locked in the order of the ids, so that two who lock many don't block each other. `living`: only those that
    are not deleted. `whole`: also against new rows that point at them, as before a deletion.
    """
    asked, owner = list(dict.fromkeys(ids)), work.viewer.owns
    owned = owner is not None and table == "conversations"
    if owner is not None and not owned:
        there = await here(work, table, asked)
        asked = [row_id for row_id in asked if row_id in there]
    # Rows cannot be locked inside of a wall: of conversations the owner is in the statement itself, which looks again
    # when it has waited for the lock; the others were found inside.
    async with lifted(work.connection):
        rows = await _locking(table, living, whole, owned).rows(
            work.connection, ids=asked, workspace_id=work.viewer.workspace_id, **({"owner": owner} if owned else {})
        )
    return {row["id"]: row for row in rows}


async def row_for_update(work: Work, table: str, row_id: UUID, at: Place, *, whole: bool = False) -> Values | None:
    """The row with that id, locked; None, and noted, where there is none. See `rows_for_update`."""
    row = (await rows_for_update(work, table, [row_id], whole=whole)).get(row_id)
    if row is None:
        work.not_found(at, NOUNS[table])
    return row


async def conversations_for_update(work: Work, ids: Iterable[UUID], *, deleted: bool = False) -> dict[UUID, Values]:
    """Those of the conversations that are there, locked; with `deleted` those that were deleted, too."""
    return await rows_for_update(work, "conversations", ids, living=not deleted)


async def conversation_for_update(work: Work, row_id: UUID, at: Place, *, deleted: bool = False) -> Values | None:
    """The conversation, locked; None, and noted, where there is none. With `deleted` also one that was deleted."""
    row = (await conversations_for_update(work, [row_id], deleted=deleted)).get(row_id)
    if row is None:
        work.not_found(at, NOUNS["conversations"])
    return row


async def lock_sources(work: Work, ids: Iterable[UUID]) -> None:
    """Lock sources whose counters or words are about to change, in the order of their ids.

    Whoever cites or stops citing asks for all of them here, before it writes any of them or a citation: two who write
    about the same documents then wait for each other in turn, and never each for the other.
    """
    asked = list(ids)
    if asked and work.connection.dialect.name == "postgresql":
        rows = reads.table("sources")
        statement = (
            sa.select(rows.c.id)
            .where(reads.one_of(rows.c.id, asked), reads.in_workspace(rows, work.viewer.workspace_id))
            .order_by(rows.c.id)
            .with_for_update(key_share=True)
        )
        async with lifted(work.connection):
            await work.connection.execute(statement)


def changed(table: str, row: Mapping[str, Any], changes: Mapping[str, Any]) -> Values:
    """Those of the changes that make a difference; of JSON 1, 1.0 and true are three things."""
    columns = reads.table(table).columns
    return {name: value for name, value in changes.items() if not _same(columns[name].type, row[name], value)}


def _same(kind: sa.types.TypeEngine[Any], before: Any, after: Any) -> bool:
    if isinstance(kind, JsonText) and before is not None and after is not None:
        return jsons.same(before, after)
    return bool(before == after)


@lru_cache(maxsize=256)
def _setting(table: str, names: tuple[str, ...]) -> Prepared:
    rows = reads.table(table)
    return Prepared(
        sa.update(rows)
        .where(
            rows.c.id == sa.bindparam("row_id", type_=sa.Uuid()),
            rows.c.workspace_id == sa.bindparam("workspace_id", type_=sa.Uuid()),
        )
        .values({rows.c[name]: sa.bindparam(f"new_{name}", type_=rows.c[name].type) for name in names})
    )


async def write_row(
    work: Work, table: str, row: Mapping[str, Any], changes: Mapping[str, Any], *, touched: bool = False
) -> Row:
    """Write what changes of a row, with the next version, and give the row as it then is.

    Where nothing changes nothing is written; `touched`: something that belongs to it and has rows of its own did.
    """
    written = changed(table, row, changes)
    if written or touched:
        written.update(version=row["version"] + 1, updated_at=work.at)
        update = _setting(table, tuple(sorted(written)))
        values = {f"new_{name}": value for name, value in written.items()}
        await update.execute(work.connection, row_id=row["id"], workspace_id=work.viewer.workspace_id, **values)
    return row_of(table, {**row, **written})


async def write_conversation(
    work: Work, row: Mapping[str, Any], changes: Mapping[str, Any], *, touched: bool = False
) -> Row:
    """Write what changes of a conversation; see `write_row`."""
    return await write_row(work, "conversations", row, changes, touched=touched)


async def external_id_free(work: Work, table: str, external_id: str | None, row_id: UUID | None, at: Place) -> None:
    """Note it where the external id is that of another row of the workspace than this one."""
    if external_id is None:
        return
    rows = reads.table(table)
    deleted: sa.ColumnElement[Any] = rows.c.deleted_at if table == "conversations" else sa.null().label("deleted_at")
    statement = sa.select(rows.c.id, deleted).where(
        rows.c.workspace_id == work.viewer.workspace_id, rows.c.external_id == external_id
    )
    holder = (await work.connection.execute(statement)).first()
    if holder is None or holder.id == row_id:
        return
    message = (
        f"{named(at)} is another {NOUNS[table]}'s."
        if holder.deleted_at is None
        else f"{named(at)} is that of a deleted {NOUNS[table]}, which can still be restored."
    )
    work.wrong(at, message, ProblemCode.TAKEN)


async def id_free(work: Work, table: str, row_id: UUID | None, at: Place) -> None:
    """Note it where an id that the client made is taken."""
    if row_id is None:
        return
    rows = reads.table(table)
    # In any workspace: the key is one for all of them, and the insert would be refused.
    async with lifted(work.connection):
        taken = (await work.connection.execute(sa.select(rows.c.id).where(rows.c.id == row_id))).first() is not None
    if taken:
        work.wrong(at, f"{named(at)} is the id of another {NOUNS[table]}.", ProblemCode.TAKEN)


async def here(work: Work, table: str, ids: Iterable[UUID]) -> set[UUID]:
    """Those of the ids that are there."""
    rows = reads.table(table)
    statement = sa.select(rows.c.id).where(
        reads.one_of(rows.c.id, ids), reads.in_workspace(rows, work.viewer.workspace_id)
    )
    return set((await work.connection.execute(statement)).scalars())


async def assistant_is_here(work: Work, assistant_id: UUID | None, at: Place) -> None:
    """Note it where there is no assistant with that id."""
    if assistant_id is not None and not await here(work, "assistants", [assistant_id]):
        work.not_found(at, NOUNS["assistants"])


async def tools_are_here(work: Work, ids: Sequence[UUID | object], at: Place) -> None:
    """Note each of the ids that is no tool's, at its place in the list; a `BAD` one was noted before."""
    known = await here(work, "tools", [each for each in ids if isinstance(each, UUID)]) if ids else set()
    for index, each in enumerate(ids):
        if each is not BAD and each not in known:
            work.not_found((*at, str(index)), NOUNS["tools"])


def measured(work: Work, value: Any, at: Place) -> Any:
    """Properties that a merge made, or BAD, and noted, where these are larger than is taken."""
    return None if value is None else json_object()(value, at, work.look)


async def opening_of(work: Work, conversation_id: UUID, *conditions: reads.Condition) -> str | None:
    """How the first message begins in which a user says something: what a title and a preview are made of."""
    rows = reads.table("messages")
    statement = (
        sa.select(sa.func.substr(rows.c.content, 1, OPENING_LENGTH))
        .where(
            rows.c.conversation_id == conversation_id,
            reads.in_workspace(rows, work.viewer.workspace_id),
            rows.c.role == MessageRole.USER,
            rows.c.content != "",
            *conditions,
        )
        .order_by(rows.c.sequence)
        .limit(1)
    )
    return (await work.connection.execute(statement)).scalar_one_or_none()
