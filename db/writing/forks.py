"""Conversations are forked: the branch down to a message becomes a conversation of its own.

The database copies the rows by itself, given the new ids: what messages say doesn't pass through the program, and a
branch of 10,000 messages takes as many statements as one of ten.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from db import bulk, reads
from db.branches import branch_through
from db.record import new_id
from db.walls import lifted
from db.words import ExecutionStatus, MessageStatus
from db.writing.inputs import TITLE
from db.writing.openings import opening
from db.writing.outcome import Outcome, row_of
from db.writing.performing import Verb, Work
from db.writing.rows import NOUNS, Values, conversations_for_update, id_free, lock_sources, opening_of
from db.writing.shapes import Shape, identifier, made_id


class _Copy(NamedTuple):
    """A row that is copied: its id, the copy's, and what the copy points at."""

    old: UUID
    new: UUID
    above: UUID | None = None
    """The copy's parent, or the message that it hangs on."""
    result: UUID | None = None
    """The copy of the message that has the result of a tool call."""


def _listed(work: Work, copies: Sequence[_Copy]) -> sa.FromClause:
    """The copies as a table that a statement can join; `place` is the place in the list, from 0."""
    names = _Copy._fields
    if work.connection.dialect.name == "postgresql":
        kind = postgresql.ARRAY(sa.Uuid())
        arrays = [sa.bindparam(None, list(column), type_=kind, unique=True) for column in zip(*copies, strict=True)]
        rows = (
            sa.func.unnest(*arrays)
            .table_valued(*(sa.column(name, sa.Uuid()) for name in names), with_ordinality="number")
            .render_derived(name="listed")
        )
        return sa.select(*rows.c[names], (rows.c.number - 1).label("place")).subquery("copies")
    written = ("[" + ",".join("null" if each is None else f'"{each.hex}"' for each in copy) + "]" for copy in copies)
    texts = sa.func.json_each(f"[{','.join(written)}]").table_valued("key", "value", name="listed")
    columns = [
        sa.func.json_extract(texts.c.value, f"$[{index}]", type_=sa.Uuid()).label(name)
        for index, name in enumerate(names)
    ]
    return sa.select(*columns, texts.c.key.label("place")).subquery("copies")


async def _insert_again(
    work: Work, rows: sa.Table, source: sa.FromClause, values: Mapping[str, Any], *conditions: reads.Condition
) -> None:
    """Insert rows of a table again, with these values in place of their own."""
    columns = [column for column in rows.columns if column.computed is None]
    chosen = (
        sa.literal(each, rows.c[name].type) if not isinstance(each, sa.ColumnElement) else each
        for name, each in ((column.name, values.get(column.name, column)) for column in columns)
    )
    copied = (
        sa.select(*chosen).select_from(source).where(reads.in_workspace(rows, work.viewer.workspace_id), *conditions)
    )
    # What is copied was found inside of the viewer's wall; a copy is whole, with what the wall masks.
    async with lifted(work.connection):
        await work.connection.execute(sa.insert(rows).from_select(columns, copied, include_defaults=False))


async def _copy(
    work: Work, table: str, copies: Sequence[_Copy], pointers: Mapping[str, str], *, by: str = "id", **values: Any
) -> None:
    """Copy the rows whose column `by` is in the list; `pointers` says which of its columns stand in for which."""
    if copies:
        rows, listed = reads.table(table), _listed(work, copies)
        pointing = {name: listed.c[column] for name, column in pointers.items()}
        source = listed.join(rows, rows.c[by] == listed.c.old)
        await _insert_again(work, rows, source, {**values, **pointing})


async def _copy_links(work: Work, table: str, old: UUID, new: UUID) -> None:
    """Copy what a conversation has of a table without ids."""
    rows = reads.table(table)
    await _insert_again(
        work, rows, rows, {"conversation_id": sa.literal(new, sa.Uuid())}, rows.c.conversation_id == old
    )


async def _below(work: Work, table: str, condition: reads.Condition, *names: str) -> Sequence[Any]:
    """Ids of rows that hang on messages, and what else is needed of them."""
    rows = reads.table(table)
    wanted = (rows.c[name] for name in ("id", "message_id", "created_at", *names))
    statement = sa.select(*wanted).where(condition, reads.in_workspace(rows, work.viewer.workspace_id))
    return (await work.connection.execute(statement)).all()


async def _branch(work: Work, conversation_id: UUID, message_id: UUID) -> list[_Copy]:
    """The messages down to this one, each with the new id of its copy and that of the copy above it."""
    rows = reads.table("messages")
    through = await branch_through(work.connection, conversation_id, message_id, viewer=work.viewer)
    ids = [row.id for row in through]
    ids = ids[: ids.index(message_id) + 1]
    statement = sa.select(rows.c.id, rows.c.created_at).where(
        reads.one_of(rows.c.id, ids), reads.in_workspace(rows, work.viewer.workspace_id)
    )
    made = {row.id: row.created_at for row in await work.connection.execute(statement)}
    new = [new_id(made[each]) for each in ids]
    return [_Copy(old, copy, above) for old, copy, above in zip(ids, new, [None, *new[:-1]], strict=True)]


async def _copy_messages(work: Work, conversation_id: UUID, new_conversation_id: UUID, branch: Sequence[_Copy]) -> None:
    copies = {copy.old: copy.new for copy in branch}
    status = reads.table("messages").c.status
    await _copy(
        work,
        "messages",
        branch,
        {"id": "new", "parent_id": "above", "sequence": "place", "branch_position": "place"},
        conversation_id=new_conversation_id,
        # Nobody writes on at the copy.
        status=sa.case(
            (status == MessageStatus.STREAMING, sa.literal(MessageStatus.STOPPED, status.type)), else_=status
        ),
        updated_at=work.at,
        version=1,
    )
    for table in ("content_parts", "follow_up_questions"):
        await _copy(work, table, branch, {"message_id": "new"}, by="message_id")
    for table in ("attachments", "tool_calls"):
        names = ("result_message_id",) if table == "tool_calls" else ()
        rows = await _below(work, table, reads.one_of(reads.table(table).c.message_id, copies), *names)
        results = {row.id: copies.get(row.result_message_id) for row in rows} if names else {}
        below = [_Copy(row.id, new_id(row.created_at), copies[row.message_id], results.get(row.id)) for row in rows]
        pointers = {"id": "new", "message_id": "above"} | dict.fromkeys(names, "result")
        await _copy(work, table, below, pointers)
    citations = reads.table("citations")
    listed = sa.and_(citations.c.conversation_id == conversation_id, citations.c.message_id.is_(None))
    cited = await _below(work, "citations", sa.or_(listed, reads.one_of(citations.c.message_id, copies)), "source_id")
    uses = Counter(row.source_id for row in cited if row.source_id is not None)
    await lock_sources(work, uses)
    again = [_Copy(row.id, new_id(row.created_at), copies.get(row.message_id)) for row in cited]
    pointers = {"id": "new", "message_id": "above"}
    await _copy(work, "citations", again, pointers, conversation_id=new_conversation_id)
    await bulk.add(work.connection, reads.table("sources").c.citation_count, uses, viewer=work.viewer)


async def _found(work: Work, message_id: UUID) -> Values | None:
    """The conversation of the message, locked; None, and noted, where there is no such message."""
    rows = reads.table("messages")
    statement = sa.select(rows.c.conversation_id).where(
        rows.c.id == message_id, rows.c.workspace_id == work.viewer.workspace_id
    )
    talk = (await work.connection.execute(statement)).scalar_one_or_none()
    row = None if talk is None else (await conversations_for_update(work, [talk])).get(talk)
    # Asked again, since it may have gone before the conversation was locked.
    if row is None or (await work.connection.execute(statement)).first() is None:
        work.not_found(("message_id",), NOUNS["messages"])
        return None
    return row


async def _fork(work: Work, given: dict[str, Any]) -> Outcome:
    message_id = given.get("message_id")
    row = await _found(work, message_id) if message_id is not None else None
    await id_free(work, "conversations", given.get("uuid"), ("uuid",))
    work.settle()
    assert row is not None, "an id that is missing or unknown is noted"
    assert message_id is not None, "likewise"
    branch = await _branch(work, row["id"], message_id)
    messages = reads.table("messages")
    said = await opening_of(work, row["id"], reads.one_of(messages.c.id, (copy.old for copy in branch)))
    title = given.get("title")
    fork: Values = {
        **row,
        **opening(said, title_made=row["title_made"]),
        "id": given.get("uuid") or new_id(work.at),
        "created_at": work.at,
        "updated_at": work.at,
        "last_activity_at": work.at,
        "version": 1,
        "execution_status": ExecutionStatus.AVAILABLE,
        "forked_from_id": message_id,
        "message_count": len(branch),
        "last_message_id": branch[-1].new,
        "current_message_id": branch[-1].new,
    }
    fork |= dict.fromkeys(("fail_reason", "external_id", "share_url", "shared_with", "archived_at"))
    if title is not None:
        fork |= {"title": title, "title_made": False}
    await bulk.insert(work.connection, reads.table("conversations"), [fork], viewer=work.viewer)
    await _copy_messages(work, row["id"], fork["id"], branch)
    for table in ("conversation_tags", "conversation_tools"):
        await _copy_links(work, table, row["id"], fork["id"])
    return Outcome(table="conversations", row=row_of("conversations", fork))


fork_conversation: Final = Verb(
    "fork_conversation",
    Shape({"message_id": identifier, "uuid": made_id, "title": TITLE}, required=("message_id",)),
    _fork,
)
"""Copy the branch down to a message into a new conversation, with its citations, tool calls, attachments and questions.

What was said of the original stays there: feedback, its origin, its external id, with whom it was shared. The copies
keep the times of their messages; a message that was STREAMING is STOPPED in the copy.
"""
