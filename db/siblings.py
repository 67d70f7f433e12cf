"""Siblings: the versions of a turn of a conversation, which edits and regenerated answers make."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

from db import reads
from db.columns import Column, Columns
from db.listings import Listing, Run
from db.pages import Firsts, Pages
from db.paging import Keyset, Page, Term
from db.verbs import Found, One, verb
from db.viewer import Viewer

MAX_SIBLINGS: Final = 100
"""Siblings of a message that are given with it."""

_VERSIONS: Final = Keyset("message.siblings", (Term("sequence", sa.Integer()),))


def _groups(some: sa.FromClause, message: sa.FromClause) -> tuple[reads.Condition, reads.Condition]:
    """The siblings of a reply, and those of a root: two cases apart, each with an index of its own."""
    of_root = sa.and_(message.c.parent_id.is_(None), some.c.parent_id.is_(None))
    return (
        some.c.parent_id == message.c.parent_id,
        sa.and_(of_root, some.c.conversation_id == message.c.conversation_id),
    )


def _columns() -> Columns:
    columns = {str(column.key): column for column in _sibling_columns()}
    return {name: Column.of(column, nullable=name.endswith("_id")) for name, column in columns.items()}


@verb(_columns)
def siblings_of(ids: Sequence[UUID], *, viewer: Viewer) -> One[UUID]:
    """Where each message stands among the versions of its turn: those with the same parent, or the roots.

    A row has `id`, the message's own; `index`, its place among them from 0, in the order of their making; `count`, how
    many there are, it included; and `previous_id` and `next_id`, the versions before and behind it, null at the ends.
    """
    return One(_siblings_of, (), ids, viewer)


def _siblings_of() -> Found:
    message = reads.alias("messages", "message")
    return replace(Found.by(message.c.id, message), columns=_sibling_columns())


def _sibling_columns() -> list[sa.ColumnElement[Any]]:
    message, some = reads.alias("messages", "message"), reads.alias("messages", "sibling")
    earlier, later = some.c.sequence < message.c.sequence, some.c.sequence > message.c.sequence

    def each(*columns: sa.ColumnElement[Any]) -> list[sa.Select[Any]]:
        frame = sa.select(*columns).select_from(some).correlate(message)
        return [frame.where(group) for group in _groups(some, message)]

    def number(*conditions: reads.Condition) -> sa.ColumnElement[int]:
        reply, root = (group.where(*conditions).scalar_subquery() for group in each(sa.func.count()))
        return reply + root

    def neighbour(condition: reads.Condition, order: sa.ColumnElement[Any]) -> sa.ColumnElement[UUID]:
        near = (group.where(condition).order_by(order).limit(1).scalar_subquery() for group in each(some.c.id))
        return sa.func.coalesce(*near, type_=sa.Uuid())

    return [
        message.c.id,
        number(earlier).label("index"),
        number().label("count"),
        neighbour(earlier, some.c.sequence.desc()).label("previous_id"),
        neighbour(later, some.c.sequence.asc()).label("next_id"),
    ]


@verb("messages")
def sibling_messages_of(ids: Sequence[UUID], *, viewer: Viewer) -> Firsts:
    """The versions of each message's turn, itself among them, in the order of their making: the first 100."""
    return Firsts(Pages(_sibling_messages_of, (), "messages", ids, Page(first=MAX_SIBLINGS), viewer))


def _sibling_messages_of(message: sa.FromClause) -> Listing:
    rows = reads.table("messages")
    runs = (Run(rows, (group,), (rows.c.sequence,)) for group in _groups(rows, message))
    return Listing(rows, _VERSIONS, tuple(runs))
