"""Statements of the hot path: their text is made once, and values go to the driver with nothing in between.

SQLAlchemy builds a statement, finds its cache key and sets up its result each time: half a millisecond for a wide
table, where SQLite needs thirty microseconds. What it knows is kept here for each dialect: the text, what makes the
driver's values of parameters, and what makes Python's of a row's.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.compiler import SQLCompiler

from db.bare import Bare
from db.inline import InlineConnection
from db.walls import wall_of

Process = Callable[[Any], Any] | None

RawRow = Sequence[Any]
"""A row as the driver gives it: a tuple on SQLite, asyncpg's record on PostgreSQL."""

Connection = AsyncConnection | Bare
"""What driver's rows are fetched on."""


class _Text(NamedTuple):
    """A statement for one dialect."""

    text: str
    parameters: tuple[tuple[str, Any, Process], ...]
    """In the order of the text: the name, the value where the statement itself has it, and what the driver needs."""
    columns: tuple[tuple[str, Process], ...]


class Prepared:
    """A statement with named parameters (`sa.bindparam`), which is executed again and again."""

    def __init__(self, statement: sa.Select[Any] | sa.UpdateBase) -> None:
        self._statement = statement
        self._texts: dict[str, _Text] = {}

    def raw(self, connection: Connection, values: Mapping[str, Any]) -> Awaitable[Sequence[RawRow]]:
        """Execute it, and give the rows as the driver gives them."""
        text = self._text(connection.dialect)
        return _fetch(connection, text.text, _parameters(text, values))

    def bound(self, dialect: sa.Dialect) -> Callable[[Bare, Mapping[str, Any]], Awaitable[Sequence[RawRow]]]:
        """What does the same on bare connections of that dialect."""
        text = self._text(dialect)
        return lambda connection, values: connection.fetch(text.text, _parameters(text, values))

    async def rows(self, connection: AsyncConnection, **values: Any) -> list[dict[str, Any]]:
        """Execute it, and give the rows by the names of their columns."""
        text = self._text(connection.dialect)
        found = await _fetch(connection, text.text, _parameters(text, values))
        columns = text.columns
        return [
            {
                name: value if process is None or value is None else process(value)
                for (name, process), value in zip(columns, row, strict=True)
            }
            for row in found
        ]

    async def execute(self, connection: AsyncConnection, **values: Any) -> None:
        """Execute it for what it does."""
        text = self._text(connection.dialect)
        await _fetch(connection, text.text, _parameters(text, values))

    def _text(self, dialect: sa.Dialect) -> _Text:
        # By name: SQLite has two dialects here, one for each way to a connection, which write the same text.
        known = self._texts.get(dialect.name)
        if known is None:
            known = self._texts[dialect.name] = _compiled(self._statement, dialect)
        return known


def _fetch(connection: Connection, text: str, parameters: tuple[Any, ...]) -> Awaitable[Sequence[RawRow]]:
    """The rows as the driver gives them."""
    if isinstance(connection, Bare):
        return connection.fetch(text, parameters)
    return _fetch_past(connection, text, parameters)


async def _fetch_past(connection: AsyncConnection, text: str, parameters: tuple[Any, ...]) -> Sequence[RawRow]:
    """The same past SQLAlchemy, as far as that goes."""
    if isinstance(connection, InlineConnection):
        if connection.wall is not None:
            text, parameters = connection.wall.around(text, parameters)
        return connection.raw.execute(text, parameters).fetchall()
    if connection.dialect.name == "postgresql":
        raw = (await connection.get_raw_connection()).driver_connection
        assert raw is not None, "a connection in use has its driver's"
        # A transaction is begun by SQLAlchemy, with the first statement that goes through it.
        if raw.is_in_transaction() or _commits_itself(connection):
            if (wall := wall_of(connection)) is not None:
                text, parameters = wall.around(text, parameters)
            found: Sequence[RawRow] = await raw.fetch(text, *parameters)
            return found
    result = await connection.exec_driver_sql(text, parameters)
    return result.all() if result.returns_rows else ()


def _commits_itself(connection: AsyncConnection) -> bool:
    """Each statement is a transaction of its own, and there is none to begin."""
    return bool(connection.sync_connection.get_execution_options().get("isolation_level") == "AUTOCOMMIT")  # type: ignore[union-attr]  # it has one from its first use on


def _parameters(text: _Text, values: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(
        [
            value if (value := values.get(name, own)) is None or process is None else process(value)
            for name, own, process in text.parameters
        ]
    )


def _compiled(statement: sa.Select[Any] | sa.UpdateBase, dialect: sa.Dialect) -> _Text:
    compiled = statement.compile(dialect=dialect)
    assert isinstance(compiled, SQLCompiler), "it is a statement and no DDL"
    # Lists of IN become a parameter for each value. What is given later has no value yet.
    expanded = compiled.construct_expanded_state({key: None for key, bind in compiled.binds.items() if bind.required})
    parameters: list[tuple[str, Any, Process]] = []
    for name in expanded.positiontup or ():
        if name not in compiled.binds:
            parameters.append((name, expanded.parameters[name], expanded.processors.get(name)))
            continue
        bind = compiled.binds[name]
        process = bind.type.dialect_impl(dialect).bind_processor(dialect)
        parameters.append((bind.key, bind.effective_value if not bind.required else None, process))
    returned = statement.selected_columns if isinstance(statement, sa.Select) else statement.exported_columns
    columns = [(str(column.key), _result(column.type, dialect)) for column in returned]
    return _Text(expanded.statement, tuple(parameters), tuple(columns))


def _result(kind: sa.types.TypeEngine[Any], dialect: sa.Dialect) -> Process:
    """What makes Python's value of the driver's."""
    if isinstance(kind, sa.Float) and dialect.name == "postgresql":
        return None  # asyncpg gives floats, and SQLAlchemy asks for the type's number there
    return kind.dialect_impl(dialect).result_processor(dialect, None)
