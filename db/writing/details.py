"""What hangs on messages that are there, replaced: citations, follow-up questions, parts, calls and attachments.

A citation of the same document keeps its id, so that what was said about it stays; so do calls and attachments.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from db import bulk, reads
from db.record import new_id
from db.writing.citing import Citing
from db.writing.composing import Values
from db.writing.performing import Work
from db.writing.removal import forget_citations
from db.writing.rows import changed

_SAME: Final[Mapping[str, Sequence[str]]] = {
    "citations": ("source_id", "url", "title", "label"),
    "tool_calls": ("call_id", "name"),
    "attachments": ("external_id", "url", "name"),
}
"""What makes two rows of a message the same one, in the tables whose rows have ids."""

_KEPT: Final = frozenset({"id", "created_at", "workspace_id", "page_key", "result_message_id"})
"""Columns that no input gives: where a row stays, they stay as they are."""


class Details:
    """The lists of many messages. Call `load` for those that may change, `replace` for each list, then `write`."""

    def __init__(self, work: Work, citing: Citing) -> None:
        self._work = work
        self._citing = citing
        self._old: defaultdict[str, dict[UUID, list[Values]]] = defaultdict(dict)
        self._inserts: defaultdict[str, list[Values]] = defaultdict(list)
        self._updates: defaultdict[str, list[Values]] = defaultdict(list)
        self._cleared: defaultdict[str, list[UUID]] = defaultdict(list)
        """By table without ids, the messages whose rows are written anew."""
        self._gone: defaultdict[str, list[UUID]] = defaultdict(list)

    @property
    def new_calls(self) -> Sequence[Values]:
        """The calls that are new on their messages."""
        return self._inserts["tool_calls"]

    async def load(self, table: str, message_ids: Sequence[UUID]) -> None:
        """Read what these messages have in that table."""
        if not message_ids:
            return
        rows, viewer = reads.table(table), self._work.viewer
        found = await reads.lists_of(
            self._work.connection, rows, rows.c.message_id, message_ids, rows.c.position, viewer=viewer
        )
        self._old[table] = {key: [dict(row._mapping) for row in listed] for key, listed in found.items()}
        if table == "citations":
            await self._citing.look_up_own(message_ids)

    def replace(self, table: str, message_id: UUID, rows: Sequence[Mapping[str, Any]]) -> bool:
        """Let a message have these rows; False where it has the same ones already."""
        old = self._old[table].get(message_id, [])
        new = [{**dict.fromkeys(_columns(table)), **row} for row in rows]
        if table in _SAME:
            return self._replace_rows(table, old, new)
        if len(old) == len(new) and not any(_differ(table, *pair) for pair in zip(old, new, strict=True)):
            return False
        self._cleared[table].append(message_id)
        self._inserts[table] += new
        return True

    def _replace_rows(self, table: str, old: Sequence[Values], new: Sequence[Values]) -> bool:
        waiting: defaultdict[tuple[Any, ...], list[Values]] = defaultdict(list)
        for before in reversed(old):
            waiting[_document(table, before)].append(before)
        inserted, updated = [], []
        for row in new:
            if same := waiting[_document(table, row)]:
                before = same.pop()
                if _differ(table, before, row):
                    updated.append({**row, "id": before["id"]})
            else:
                inserted.append({**row, "id": new_id(self._work.at), "created_at": self._work.at})
        gone = [row["id"] for rows in waiting.values() for row in rows]
        self._inserts[table] += inserted
        self._updates[table] += updated
        self._gone[table] += gone
        return bool(inserted or updated or gone)

    async def write(self) -> None:
        """Write it all, and what sources learned."""
        connection, viewer = self._work.connection, self._work.viewer
        cited = (row["source_id"] for listed in self._old["citations"].values() for row in listed)
        await self._citing.write_sources({source_id for source_id in cited if source_id is not None})
        for name, message_ids in self._cleared.items():
            await bulk.delete(connection, reads.table(name).c.message_id, message_ids, viewer=viewer)
        for name, rows in self._inserts.items():
            await bulk.insert(connection, reads.table(name), rows, viewer=viewer)
        for name, rows in self._updates.items():
            await bulk.update(connection, reads.table(name), rows, columns=_columns(name), viewer=viewer)
        self._citing.cite(self._inserts["citations"])
        await self._citing.write_counts()
        # Last: a source that nobody else can cite goes with its last citation, and a new one may cite it.
        for name, ids in self._gone.items():
            gone = reads.one_of(reads.table(name).c.id, ids)
            if name == "citations" and ids:
                await forget_citations(self._work, gone)
            elif ids:
                await bulk.delete(connection, reads.table(name).c.id, ids, viewer=viewer)


def _columns(table: str) -> list[str]:
    """The columns that inputs give."""
    columns = reads.columns_of(reads.table(table))
    return [column.name for column in columns if isinstance(column, sa.Column) and column.name not in _KEPT]


def _differ(table: str, before: Mapping[str, Any], row: Mapping[str, Any]) -> bool:
    return bool(changed(table, before, {name: row[name] for name in _columns(table)}))


def _document(table: str, row: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(row[name] for name in _SAME[table])
