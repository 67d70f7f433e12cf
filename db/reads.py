"""How rows are read: by id, and as lists of many parents; one statement each, whatever the number of rows.

What belongs to deleted conversations is left out by the verbs that begin at a conversation, a source or a list of
everything. Those that take ids of messages, references or feedback and give what belongs to these don't ask again:
whoever has such an id has had it from the former.

Tables are looked up by name: rooms import this module and the filters, so these cannot import the rooms.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlmodel import SQLModel

from db.paging import Row
from db.record import JsonCopy
from db.viewer import Viewer

Condition = sa.ColumnElement[bool]


def table(name: str) -> sa.Table:
    """The table of that name."""
    return SQLModel.metadata.tables[name]


@lru_cache(maxsize=64)
def alias(name: str, label: str) -> sa.FromClause:
    """The table of that name under another one. Made once, since SQLAlchemy spends a millisecond on a wide table's."""
    return table(name).alias(label)


def columns_of(rows: sa.FromClause) -> list[sa.ColumnElement[Any]]:
    """What verbs select: all columns but the copies that only filters read."""
    return [column for column in rows.c if not isinstance(column.type, JsonCopy)]


class _Ids(sa.types.TypeDecorator[Sequence[UUID]]):
    """Many ids as one parameter, so that the statement's text is the same for any number of them."""

    impl = sa.Text
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        """An array on PostgreSQL, the text of a JSON list on SQLite."""
        postgres = dialect.name == "postgresql"
        return dialect.type_descriptor(postgresql.ARRAY(sa.Uuid()) if postgres else sa.Text())

    def process_bind_param(self, value: Sequence[UUID] | None, dialect: sa.Dialect) -> Any:
        """The ids as the driver takes them."""
        ids = value or ()
        return list(ids) if dialect.name == "postgresql" else "[" + ",".join(f'"{key.hex}"' for key in ids) + "]"


class _OneOf(FunctionElement[bool]):
    """Whether the column is one of the ids."""

    type = sa.Boolean()
    inherit_cache = True

    def self_group(self, against: Any = None) -> Any:  # noqa: ARG002 - SQLAlchemy's signature
        """Itself: SQLAlchemy would write `= 1` behind it on SQLite, which then uses no index."""
        return self


@compiles(_OneOf, "sqlite")
def _one_of_on_sqlite(element: _OneOf, compiler: Any, **options: Any) -> str:
    column, ids = (compiler.process(part, **options) for part in element.clauses)
    return f"({column} IN (SELECT value FROM json_each({ids})))"


@compiles(_OneOf, "postgresql")
def _one_of_on_postgresql(element: _OneOf, compiler: Any, **options: Any) -> str:
    column, ids = (compiler.process(part, **options) for part in element.clauses)
    return f"({column} = ANY ({ids}))"


def one_of(column: sa.ColumnElement[UUID], ids: Iterable[UUID]) -> Condition:
    """Whether the column is one of the ids, as many as there are."""
    return _OneOf(column, sa.bindparam(None, list(dict.fromkeys(ids)), type_=_Ids(), unique=True))


def one_of_named(column: sa.ColumnElement[UUID], parameter: str) -> Condition:
    """The same, where the ids come as a parameter of that name."""
    return _OneOf(column, sa.bindparam(parameter, type_=_Ids()))


class _Plain(FunctionElement[Any]):
    """A column that SQLite's planner is not to look up in an index."""

    inherit_cache = True

    def __init__(self, column: sa.ColumnElement[Any]) -> None:
        super().__init__(column)
        self.type = column.type


@compiles(_Plain, "sqlite")
def _plain_on_sqlite(element: _Plain, compiler: Any, **options: Any) -> str:
    return f"+{compiler.process(element.clauses, **options)}"


@compiles(_Plain, "postgresql")
def _plain_on_postgresql(element: _Plain, compiler: Any, **options: Any) -> str:
    return str(compiler.process(element.clauses, **options))


def in_workspace(rows: sa.FromClause, workspace_id: UUID | sa.ColumnElement[UUID]) -> Condition:
    """The rows are of that workspace, where another condition finds them.

    Without statistics SQLite takes any equality for selective, and would go through all rows of the workspace.
    """
    return _Plain(rows.c.workspace_id) == workspace_id


def living(conversation_id: sa.ColumnElement[UUID], viewer: Viewer) -> Condition:
    """The conversation is not deleted. The deleted ones are few and have an index of their own."""
    deleted = alias("conversations", "deleted")
    ids = sa.select(deleted.c.id).where(
        deleted.c.workspace_id == viewer.workspace_id, deleted.c.deleted_at.is_not(None)
    )
    return conversation_id.not_in(ids)


def fenced(statement: sa.Select[Any], connection: AsyncConnection) -> sa.Select[Any]:
    """The statement as one that, in a FROM, the planner evaluates by itself and does not merge into the outer one."""
    return statement.limit(-1) if connection.dialect.name == "sqlite" else statement.offset(0)


async def by_ids(
    connection: AsyncConnection, rows: sa.Table, ids: Iterable[UUID], *conditions: Condition, viewer: Viewer
) -> dict[UUID, Row]:
    """Those of the ids that exist in the viewer's workspace."""
    statement = sa.select(*columns_of(rows)).where(
        one_of(rows.c.id, ids), in_workspace(rows, viewer.workspace_id), *conditions
    )
    return {row.id: row for row in await connection.execute(statement)}


async def lists_of(
    connection: AsyncConnection,
    rows: sa.Table,
    key: sa.ColumnElement[UUID],
    ids: Sequence[UUID],
    *order: sa.ColumnElement[Any],
    source: sa.FromClause | None = None,
    viewer: Viewer,
) -> dict[UUID, list[Row]]:
    """All rows of each key, in order; for each of the ids a list. `source` is a join that has the key."""
    statement = (
        sa.select(key.label("page_key"), *columns_of(rows))
        .select_from(rows if source is None else source)
        .where(one_of(key, ids), in_workspace(rows, viewer.workspace_id))
        .order_by(*order)
    )
    found: dict[UUID, list[Row]] = {key: [] for key in ids}
    for row in await connection.execute(statement):
        found[row.page_key].append(row)
    return found


async def counts_of(
    connection: AsyncConnection,
    rows: sa.Table,
    key: sa.ColumnElement[UUID],
    ids: Sequence[UUID],
    *conditions: Condition,
    source: sa.FromClause | None = None,
    viewer: Viewer,
) -> dict[UUID, int]:
    """How many rows each key has; for each of the ids a number."""
    statement = (
        sa.select(key.label("page_key"), sa.func.count().label("rows"))
        .select_from(rows if source is None else source)
        .where(one_of(key, ids), in_workspace(rows, viewer.workspace_id), *conditions)
        .group_by(key)
    )
    found = dict.fromkeys(ids, 0)
    found.update({row.page_key: row.rows for row in await connection.execute(statement)})
    return found


async def count(
    connection: AsyncConnection, rows: sa.Table, *conditions: Condition, narrow: bool = False, viewer: Viewer
) -> int:
    """How many rows of the viewer's workspace meet the conditions; `narrow`: an index of theirs finds the few rows."""
    here = in_workspace(rows, viewer.workspace_id) if narrow else rows.c.workspace_id == viewer.workspace_id
    statement = sa.select(sa.func.count()).select_from(rows).where(here, *conditions)
    return int((await connection.execute(statement)).scalar_one())
