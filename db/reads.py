"""How rows are read: by id, and as lists of many parents; one statement each, whatever the number of rows.

What belongs to deleted conversations is left out by the verbs that begin at a conversation, a source or a list of
everything. Those that take ids of messages, references or feedback and give what belongs to these don't ask again:
whoever has such an id has had it from the former.

Tables are looked up by name: rooms import this module and the filters, so these cannot import the rooms.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, Final, cast
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql import visitors
from sqlalchemy.sql.functions import FunctionElement
from sqlmodel import SQLModel

from db.columns import columns_of as columns_of
from db.paging import Row
from db.viewer import Viewer

Condition = sa.ColumnElement[bool]


def table(name: str) -> sa.Table:
    """The table of that name."""
    return SQLModel.metadata.tables[name]


@lru_cache(maxsize=64)
def alias(name: str, label: str) -> sa.FromClause:
    """The table of that name under another one. Made once, since SQLAlchemy spends a millisecond on a wide table's."""
    return table(name).alias(label)


WORKSPACE: Final = sa.bindparam("workspace_id", type_=sa.Uuid())
"""The viewer's workspace, in statements that are made once for all viewers."""


class _Ids(sa.types.TypeDecorator[Sequence[UUID | str]]):
    """Many ids as one parameter, so that the statement's text is the same for any number of them.

    On SQLite they may also be the hexadecimal text that its columns hold.
    """

    impl = sa.Text
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        """An array on PostgreSQL, the text of a JSON list on SQLite."""
        postgres = dialect.name == "postgresql"
        return dialect.type_descriptor(postgresql.ARRAY(sa.Uuid()) if postgres else sa.Text())

    def bind_processor(self, dialect: sa.Dialect) -> Any:
        """What makes of the ids what the driver takes."""
        return list if dialect.name == "postgresql" else _json_of_ids


def _json_of_ids(ids: Iterable[UUID | str]) -> str:
    texts = ids if isinstance(ids, list) and set(map(type, ids)) == {str} else [_hexadecimal(key) for key in ids]
    return '["' + '","'.join(texts) + '"]' if texts else "[]"


def _hexadecimal(key: UUID | str) -> str:
    return key if isinstance(key, str) else key.hex


class _Id(sa.types.TypeDecorator["UUID | str"]):
    """One id, which may be a text as well."""

    impl = sa.Text
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        """A uuid on PostgreSQL, its hexadecimal text on SQLite."""
        return dialect.type_descriptor(sa.Uuid() if dialect.name == "postgresql" else sa.Text())

    def bind_processor(self, dialect: sa.Dialect) -> Any:
        """What makes of the id what the driver takes."""
        return None if dialect.name == "postgresql" else _hexadecimal


class _Texts(sa.types.TypeDecorator[Sequence[str]]):
    """Many texts as one parameter."""

    impl = sa.Text
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        """An array on PostgreSQL, the text of a JSON list on SQLite."""
        postgres = dialect.name == "postgresql"
        return dialect.type_descriptor(postgresql.ARRAY(sa.Text()) if postgres else sa.Text())

    def bind_processor(self, dialect: sa.Dialect) -> Any:
        """What makes of the texts what the driver takes."""
        return list if dialect.name == "postgresql" else json.dumps


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


def of_one(frame: sa.Select[Any], parameter: str) -> sa.Select[Any]:
    """The same statement, where exactly one id or text comes as that parameter and not a list of them."""

    def replaced(element: Any, **_: Any) -> Any:
        if not isinstance(element, _OneOf):
            return None
        column, ids = element.clauses
        if not isinstance(ids, sa.BindParameter) or ids.key != parameter:
            return None
        return column == sa.bindparam(parameter, type_=_Id() if isinstance(ids.type, _Ids) else sa.Text())

    return cast("sa.Select[Any]", visitors.replacement_traverse(frame, {}, replaced))


def one_of_texts(column: sa.ColumnElement[Any], parameter: str) -> Condition:
    """Whether the column is one of the texts that come as a parameter of that name."""
    return _OneOf(column, sa.bindparam(parameter, type_=_Texts()))


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


def here(rows: sa.FromClause, *, narrow: bool = True) -> Condition:
    """The rows are of the viewer's workspace, in a statement for all viewers.

    `narrow`: another condition finds the few rows; else they are found by an index that begins with the workspace.
    """
    return in_workspace(rows, WORKSPACE) if narrow else rows.c.workspace_id == WORKSPACE


def living(conversation_id: sa.ColumnElement[UUID], viewer: Viewer) -> Condition:
    """The conversation is not deleted. The deleted ones are few and have an index of their own."""
    return _living(conversation_id, viewer.workspace_id)


def alive(conversation_id: sa.ColumnElement[UUID]) -> Condition:
    """The same, in a statement for all viewers."""
    return _living(conversation_id, WORKSPACE)


def _living(conversation_id: sa.ColumnElement[UUID], workspace_id: UUID | sa.ColumnElement[UUID]) -> Condition:
    deleted = alias("conversations", "deleted")
    ids = sa.select(deleted.c.id).where(deleted.c.workspace_id == workspace_id, deleted.c.deleted_at.is_not(None))
    return conversation_id.not_in(ids)


def fenced(statement: sa.Select[Any], dialect: str) -> sa.Select[Any]:
    """The statement as one that, in a FROM, the planner evaluates by itself and does not merge into the outer one."""
    # As literals: of a parameter the planner doesn't know that it leaves all rows.
    return statement.limit(sa.literal_column("-1")) if dialect == "sqlite" else statement.offset(sa.literal_column("0"))


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
    viewer: Viewer,
) -> dict[UUID, list[Row]]:
    """All rows of each key, in order; for each of the ids a list."""
    statement = (
        sa.select(key.label("page_key"), *columns_of(rows))
        .where(one_of(key, ids), in_workspace(rows, viewer.workspace_id))
        .order_by(*order)
    )
    found: dict[UUID, list[Row]] = {key: [] for key in ids}
    for row in await connection.execute(statement):
        found[row.page_key].append(row)
    return found
