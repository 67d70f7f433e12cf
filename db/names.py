"""Conversations by names that are not their ids: external ids, and what support tickets are called."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from db import reads
from db.jsons import clean_text
from db.paging import Row
from db.statements import IDS
from db.verbs import Found, One, verb
from db.viewer import Viewer
from db.words import Entity, OriginSystem


@verb("conversations")
def by_external_ids(texts: Iterable[str], *, viewer: Viewer) -> One[str]:
    """The conversations with these external ids, by external id; the deleted ones are left out."""
    return One(_by_external_ids, (), map(clean_text, texts), viewer)


def _by_external_ids() -> Found:
    rows = reads.table("conversations")
    named = reads.one_of_texts(rows.c.external_id, IDS)
    return Found(sa.select().select_from(rows).where(*_seen(rows), named), rows.c.external_id, reads.columns_of(rows))


async def by_external_id(connection: AsyncConnection, external_id: str, *, viewer: Viewer) -> Row | None:
    """The conversation with that external id, unless it is deleted."""
    found = await by_external_ids(connection, [external_id], viewer=viewer)
    return found.get(clean_text(external_id))


@verb("conversations")
def by_ticket_record_ids(texts: Iterable[str], *, viewer: Viewer) -> One[str]:
    """The support tickets that other conversations name: by Inkeep's own id, else by external id."""
    return One(_by_ticket_record_ids, (), map(clean_text, texts), viewer)


def _by_ticket_record_ids() -> Found:
    rows, origins = reads.table("conversations"), reads.table("origins")
    imported = (
        sa.select(rows.c.id, origins.c.record_id.label("text"), sa.literal_column("0").label("rank"))
        .select_from(origins.join(rows, rows.c.id == origins.c.entity_id))
        .where(
            *_seen(rows),
            origins.c.workspace_id == reads.WORKSPACE,
            origins.c.entity == Entity.CONVERSATION,
            origins.c.system == OriginSystem.INKEEP,
            reads.one_of_texts(origins.c.record_id, IDS),
        )
    )
    named = sa.select(rows.c.id, rows.c.external_id.label("text"), sa.literal_column("1").label("rank")).where(
        *_seen(rows), reads.one_of_texts(rows.c.external_id, IDS)
    )
    both, page = sa.union_all(imported, named).subquery("both"), reads.alias("conversations", "page")
    # The last one read counts: the imported one, and of two accounts' the older.
    frame = sa.select().select_from(both.join(page, page.c.id == both.c.id))
    return Found(frame.order_by(both.c.rank.desc(), both.c.id.desc()), both.c.text, reads.columns_of(page))


def _seen(rows: sa.FromClause) -> tuple[reads.Condition, ...]:
    return reads.here(rows, narrow=False), rows.c.deleted_at.is_(None)
