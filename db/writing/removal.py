"""Removing for good: rows with all that hangs on them, their origins, and what was only there for them.

The keys of the database take along what is below a row. What they don't know is done here: origins and the versions of
records, which point at rows of many tables, the counters of sources, and sources that nobody else can cite.

All of it goes, also what the viewer doesn't see of it, such as what others say of a message: the wall around an end
user is lifted here (`db.walls`). The verbs found what is to be removed inside of it.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from db import bulk, reads
from db.walls import lifted
from db.writing.performing import Work
from db.writing.rows import lock_sources

_OF_RECORDS: Final = ("origins", "record_versions")
"""The tables that point at rows of many tables, by `entity_id`."""


async def forget_records(work: Work, ids: Collection[UUID]) -> None:
    """Remove the origins of these rows, whatever their tables, and the versions of their records."""
    async with lifted(work.connection):
        for name in _OF_RECORDS if ids else ():
            await _delete(work, name, reads.one_of(reads.table(name).c.entity_id, ids))


async def forget_feedback(work: Work, ids: Collection[UUID]) -> None:
    """Remove feedback with its reasons, scores and verdicts, and its origins."""
    async with lifted(work.connection):
        if ids:
            await forget_records(work, ids)
            await _delete(work, "feedback", reads.one_of(reads.table("feedback").c.id, ids))


async def forget_citations(work: Work, cited: reads.Condition) -> None:
    """Remove the citations that meet the condition, with the feedback on each alone.

    The counters of their sources fall; a source that nothing identifies and nobody cites any more goes with them.
    """
    async with lifted(work.connection):
        citations, feedback = reads.table("citations"), reads.table("feedback")
        await _forget_all(work, "feedback", feedback.c.reference_id.in_(_ids_of(work, citations, cited)))
        await _forget_records_of(work, citations, cited)
        statement = (
            sa.select(citations.c.source_id, sa.func.count().label("uses"))
            .where(cited, reads.in_workspace(citations, work.viewer.workspace_id), citations.c.source_id.is_not(None))
            .group_by(citations.c.source_id)
        )
        uses = {row.source_id: -row.uses for row in await work.connection.execute(statement)}
        await lock_sources(work, uses)
        await _delete(work, "citations", cited)
        await bulk.add(work.connection, reads.table("sources").c.citation_count, uses, viewer=work.viewer)
        if unidentified := await _unidentified(work, uses):
            sources = reads.table("sources")
            uncited = sa.and_(reads.one_of(sources.c.id, unidentified), sources.c.citation_count == 0)
            await _forget_all(work, "sources", uncited)


async def forget_messages(work: Work, ids: Collection[UUID]) -> None:
    """Remove messages with all that hangs on them: parts, citations, calls, attachments, questions, feedback, origins.

    `ids` has the messages below each of them, too. The conversation's own columns (its counter, last and current
    message) and the positions of the branch in play are the caller's.
    """
    if not ids:
        return
    async with lifted(work.connection):
        messages, calls = reads.table("messages"), reads.table("tool_calls")
        chosen = reads.one_of(messages.c.id, ids)
        talks = sa.select(messages.c.conversation_id).where(chosen)
        # Calls of messages that stay, whose results go. No key says it, since results are written later.
        await work.connection.execute(
            sa.update(calls)
            .where(
                calls.c.message_id.in_(_ids_of(work, messages, messages.c.conversation_id.in_(talks))),
                reads.one_of(calls.c.result_message_id, ids),
            )
            .values(result_message_id=None)
        )
        await _forget_all(work, "feedback", reads.one_of(reads.table("feedback").c.message_id, ids))
        await forget_citations(work, reads.one_of(reads.table("citations").c.message_id, ids))
        await _forget_all(work, "messages", chosen)


async def forget_conversations(work: Work, ids: Collection[UUID]) -> None:
    """Remove conversations with all that is in them."""
    if not ids:
        return
    async with lifted(work.connection):
        await _forget_all(work, "feedback", reads.one_of(reads.table("feedback").c.conversation_id, ids))
        await forget_citations(work, reads.one_of(reads.table("citations").c.conversation_id, ids))
        await _forget_all(work, "messages", reads.one_of(reads.table("messages").c.conversation_id, ids))
        await _forget_all(work, "conversations", reads.one_of(reads.table("conversations").c.id, ids))


async def _unidentified(work: Work, ids: Collection[UUID]) -> list[UUID]:
    """Those of the sources that nothing identifies."""
    sources = reads.table("sources")
    here = (reads.one_of(sources.c.id, ids), reads.in_workspace(sources, work.viewer.workspace_id))
    statement = sa.select(sources.c.id).where(*here, sources.c.identity.is_(None))
    return list((await work.connection.execute(statement)).scalars()) if ids else []


async def _forget_all(work: Work, table: str, condition: reads.Condition) -> None:
    """Remove the rows of a table that meet the condition, and their origins."""
    rows = reads.table(table)
    await _forget_records_of(work, rows, condition)
    if table == "messages" and work.connection.dialect.name == "sqlite":
        # SQLite goes down the tree row by row as it deletes, and no further than 1,000 levels.
        await work.connection.execute(
            sa.update(rows)
            .where(condition, reads.in_workspace(rows, work.viewer.workspace_id), rows.c.parent_id.is_not(None))
            .values(parent_id=None)
        )
    await _delete(work, table, condition)


async def _forget_records_of(work: Work, rows: sa.Table, condition: reads.Condition) -> None:
    for name in _OF_RECORDS:
        await _delete(work, name, reads.table(name).c.entity_id.in_(_ids_of(work, rows, condition)))


def _ids_of(work: Work, rows: sa.Table, condition: reads.Condition) -> sa.Select[Any]:
    return sa.select(rows.c.id).where(condition, reads.in_workspace(rows, work.viewer.workspace_id))


async def _delete(work: Work, table: str, condition: reads.Condition) -> None:
    rows = reads.table(table)
    await work.connection.execute(sa.delete(rows).where(condition, reads.in_workspace(rows, work.viewer.workspace_id)))
