"""Many rows at once: inserts at the speed of the driver, updates and deletes that take one statement for a whole batch.

SQLAlchemy's own insert spends several times what SQLite needs for a row, since it prepares every row's parameters by
itself. Here the rows of a batch are turned into the driver's values column by column, so that a column without values
costs nothing a row, and are handed over as tuples: to executemany on SQLite, on PostgreSQL to COPY, or, one or
two, to executemany as well. Generated columns are never written.
"""

import sqlite3
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from itertools import repeat
from typing import Any, Final
from uuid import UUID

import asyncpg
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from db.bare import driver_of, is_bound
from db.inline import InlineConnection
from db.record import UtcDateTime, scalar_default
from db.viewer import Viewer

Row = Mapping[str, Any]
"""Values of a row by the names of its columns; what is missing has the column's default."""

CHUNK: Final = 10_000
"""Values in one IN (...): SQLite takes 32,766 parameters, PostgreSQL 32,767."""

FEW: Final = 2
"""Rows that PostgreSQL is given by a prepared INSERT. One message took 0.27 ms so, and 0.41 by COPY, which asks for the
columns' types before; five took 0.68 and 0.57."""


class RowsRefused(ValueError):
    """The database does not take these rows; the message is the driver's."""


_REFUSALS: Final = (
    sa.exc.IntegrityError,
    sa.exc.DataError,
    sa.exc.ProgrammingError,  # SQLite: a value of a type that it does not have
    sqlite3.IntegrityError,
    sqlite3.DataError,
    sqlite3.ProgrammingError,
    asyncpg.IntegrityConstraintViolationError,
    asyncpg.DataError,
    TypeError,  # asyncpg: a value of another type than the column's
    ValueError,  # asyncpg: a value that the column's type does not take; a time without an offset
    OverflowError,  # SQLite: an integer beyond 64 bits
)


@dataclass(frozen=True, slots=True)
class _Maker:
    """How the rows of one table become the driver's tuples."""

    table: sa.Table
    columns: tuple[tuple[str, Callable[[Any], Any] | None, Any], ...]
    """Name, what makes the driver's value of a value, and the default as the driver's value."""
    insert: str

    def tuples(self, rows: Sequence[Row], workspace_id: Any) -> list[tuple[Any, ...]]:
        """The rows as the driver takes them."""
        present = set[str]().union(*rows)
        if unknown := present.difference(name for name, _, _ in self.columns):
            raise KeyError(f"{self.table.name} has no column {', '.join(sorted(unknown))}")
        columns: list[Iterable[Any]] = []
        for name, process, default in self.columns:
            if name == "workspace_id":
                columns.append(repeat(workspace_id, len(rows)))
            elif name not in present:
                columns.append(repeat(default, len(rows)))
            elif process is None:
                columns.append([row.get(name, default) for row in rows])
            else:
                columns.append(
                    [
                        default if name not in row else None if (value := row[name]) is None else process(value)
                        for row in rows
                    ]
                )
        return list(zip(*columns, strict=True))


@lru_cache(maxsize=256)
def _maker(table: sa.Table, dialect: sa.Dialect) -> _Maker:
    columns = []
    for column in table.columns:
        if column.computed is not None:
            continue
        process = _process(column, dialect)
        default = scalar_default(column)
        if process is not None and default is not None:
            default = process(default)
        columns.append((column.name, process, default))
    quoted = ", ".join(f'"{name}"' for name, _, _ in columns)
    marks = ", ".join("?" if dialect.name == "sqlite" else f"${place}" for place in range(1, len(columns) + 1))
    return _Maker(table, tuple(columns), f'INSERT INTO "{table.name}" ({quoted}) VALUES ({marks})')


def _process(column: sa.Column[Any], dialect: sa.Dialect) -> Callable[[Any], Any] | None:
    """What makes the driver's value of a value that is not None; None where they are the same."""
    kind = column.type
    if isinstance(kind, sa.Enum) and kind.enum_class is not None:
        # The text itself: asyncpg and sqlite3 would take the word as it is, but slower.
        words: dict[Any, str] = {member: str(member.value) for member in kind.enum_class if isinstance(member, StrEnum)}
        return words.__getitem__
    if isinstance(kind, UtcDateTime) and dialect.name == "postgresql":
        return None
    if isinstance(kind, sa.Uuid):
        return None if dialect.name == "postgresql" else _hex
    if isinstance(kind, sa.Boolean):
        return None
    return kind.dialect_impl(dialect).bind_processor(dialect)


def _hex(value: UUID) -> str:
    return value.hex


async def insert(connection: AsyncConnection, table: sa.Table, rows: Sequence[Row], *, viewer: Viewer) -> None:
    """Insert rows into the viewer's workspace, in their order.

    Raises RowsRefused for what breaks a constraint or a type; the transaction is then to be rolled back.
    """
    if not rows:
        return
    dialect = connection.dialect
    maker = _maker(table, dialect)
    try:
        if dialect.name == "postgresql":
            await _send(connection, maker, maker.tuples(rows, viewer.workspace_id))
        elif isinstance(connection, InlineConnection):
            connection.raw.executemany(maker.insert, maker.tuples(rows, viewer.workspace_id.hex))
        else:
            await connection.exec_driver_sql(maker.insert, maker.tuples(rows, viewer.workspace_id.hex))
    except _REFUSALS as error:
        raise RowsRefused(_words(error)) from error


async def _send(connection: AsyncConnection, maker: _Maker, records: list[tuple[Any, ...]]) -> None:
    """Give PostgreSQL the rows."""
    raw, bound = driver_of(connection), is_bound(connection)
    if not raw.is_in_transaction():
        # A connection whose transactions are SQLAlchemy's: they begin with the first statement that goes through it.
        await connection.execute(sa.select(1))
    if bound or len(records) <= FEW:  # COPY goes past the policies of row-level security, and so is refused there
        await raw.executemany(maker.insert, records)
    else:
        names = [name for name, _, _ in maker.columns]
        await raw.copy_records_to_table(maker.table.name, records=records, columns=names)


async def update(
    connection: AsyncConnection, table: sa.Table, rows: Sequence[Row], *, columns: Collection[str], viewer: Viewer
) -> None:
    """Set these columns of rows of the viewer's workspace, each row found by its id; a missing value is null.

    Raises RowsRefused as `insert` does.
    """
    if not rows or not columns:
        return
    statement = (
        table.update()
        .where(table.c.id == sa.bindparam("_id"), table.c.workspace_id == viewer.workspace_id)
        .values({name: sa.bindparam(f"_{name}", type_=table.c[name].type) for name in columns})
    )
    parameters = [{"_id": row["id"], **{f"_{name}": row.get(name) for name in columns}} for row in rows]
    try:
        await connection.execute(statement, parameters)
    except _REFUSALS as error:
        raise RowsRefused(_words(error)) from error


async def add(
    connection: AsyncConnection, column: sa.Column[int], amounts: Mapping[UUID, int], *, viewer: Viewer
) -> None:
    """Add to a counter of rows of the viewer's workspace, by their ids.

    They are taken in the order of the ids, so that two who add don't lock each other out.
    """
    if changes := [{"_id": row_id, "_amount": amount} for row_id, amount in sorted(amounts.items()) if amount]:
        table = column.table
        statement = (
            sa.update(table)
            .where(table.c.id == sa.bindparam("_id"), table.c.workspace_id == viewer.workspace_id)
            .values({column.name: column + sa.bindparam("_amount", type_=sa.Integer)})
        )
        await connection.execute(statement, changes)


async def delete(
    connection: AsyncConnection, column: sa.Column[Any], values: Collection[Any], *, viewer: Viewer
) -> None:
    """Delete the rows of the viewer's workspace whose column has one of the values."""
    for some in chunks(values):
        await connection.execute(
            sa.delete(column.table).where(column.in_(some), column.table.c.workspace_id == viewer.workspace_id)
        )


def chunks(values: Collection[Any], size: int = CHUNK) -> Iterable[list[Any]]:
    """The values in lists that one statement takes."""
    listed = list(values)
    for start in range(0, len(listed), size):
        yield listed[start : start + size]


def _words(error: BaseException) -> str:
    """The driver's own words, without the statement and its parameters."""
    text = str(getattr(error, "orig", None) or error)
    return text.splitlines()[0] if text else type(error).__name__
