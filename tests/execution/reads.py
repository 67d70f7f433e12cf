"""Batch reads over Python values: they keep the contract of those of `db`, on both kinds of driver, and fail when told.

What they read, and how they fail, belongs to the connection that they are given.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from db.columns import Column, Kind
from db.errors import InvalidCursor
from db.jsons import dump
from db.paging import Page, Slice
from db.record import EPOCH, MICROSECOND
from db.viewer import DEFAULT_VIEWER, Viewer

Record = dict[str, Any]
"""A row as the world has it: Python's values."""


@dataclass(frozen=True)
class Odd:
    """A value that stands in the driver's row as it is, whatever its column holds."""

    raw: Any


@dataclass(frozen=True)
class Fault:
    """What a read fails with: always, or where one of the keys is asked for."""

    error: Callable[[], Exception]
    keys: frozenset[Any] | None = None


@dataclass
class Connection:
    """A connection, and the data behind it."""

    dialect: str
    tables: Mapping[str, list[Record]]
    faults: dict[str, Fault] = field(default_factory=dict)
    pause: Callable[[], Awaitable[None]] | None = None
    """What each read waits for; of PostgreSQL only, since SQLite's never wait."""
    calls: list[str] = field(default_factory=list)
    """The names of the reads that were made."""

    async def begin(self, name: str, viewer: Viewer, keys: Iterable[Any] = ()) -> None:
        """A read begins. Raises what it was told to fail with."""
        assert viewer is DEFAULT_VIEWER, "each read is told who asks"
        self.calls.append(name)
        if self.pause is not None:
            await self.pause()
        fault = self.faults.get(name)
        if fault is not None and (fault.keys is None or not fault.keys.isdisjoint(map(plain, keys))):
            raise fault.error()


def plain(key: Any) -> Any:
    """A key as Python has it, also of the text that raw rows hold: on SQLite without hyphens, on PostgreSQL with."""
    return UUID(key) if isinstance(key, str) and len(key) in (32, 36) else key


def driven(column: Column, value: Any, dialect: str) -> Any:
    """A Python value as the driver gives it."""
    if value is None:
        return None
    if isinstance(value, Odd):
        return value.raw
    match column.kind:
        case Kind.UUID:
            return value.hex if dialect == "sqlite" else str(value)
        case Kind.MOMENT if dialect == "sqlite" and isinstance(value, datetime):
            return (value - EPOCH) // MICROSECOND
        case Kind.BOOLEAN if dialect == "sqlite":
            return int(value)
        case Kind.JSON:
            return dump(value)
        case Kind.WORD:
            return str(value)
    return value


class Row:
    """A row with all columns as attributes; a value that cannot be converted is told when it is asked for."""

    def __init__(self, table: Table, record: Record, dialect: str) -> None:
        self._table, self._record, self._dialect = table, record, dialect

    def __getattr__(self, name: str) -> Any:
        if name not in self._table.columns:
            raise AttributeError(f"'Row' object has no attribute '{name}'")
        column = self._table.columns[name]
        raw = driven(column, self._record[name], self._dialect)
        convert = column.converter(self._dialect)
        return raw if raw is None or convert is None else convert(raw)


class Table:
    """A table's name and the columns that its reads can give."""

    def __init__(self, name: str, columns: Mapping[str, Column]) -> None:
        self.name = name
        self.columns = columns

    def rows(
        self, connection: Connection, records: Iterable[Record], by: str, columns: Sequence[str] | None, more: str = ""
    ) -> list[Any]:
        """These records as rows: raw ones begin with the column `by` and end, where it is given, with `more`."""
        if columns is None:
            return [Row(self, record, connection.dialect) for record in records]
        names = [by, *columns, *([more] if more else [])]
        form: Callable[[Iterable[Any]], Any] = tuple if connection.dialect == "sqlite" else list
        return [
            form(driven(self.columns[name], record[name], connection.dialect) for name in names) for record in records
        ]

    def key(self, connection: Connection, by: str, key: Any, columns: Sequence[str] | None) -> Any:
        """A key as the rows have it."""
        return plain(key) if columns is None else driven(self.columns[by], plain(key), connection.dialect)


class ByKey:
    """The rows with the keys."""

    def __init__(self, table: Table, name: str, by: str = "id") -> None:
        self.table, self.name, self.by = table, name, by
        self.columns = table.columns

    async def __call__(
        self, connection: Connection, keys: Sequence[Any], *, viewer: Viewer, columns: Sequence[str] | None = None
    ) -> dict[Any, Any]:
        await connection.begin(self.name, viewer, keys)
        known = {record[self.by]: record for record in connection.tables[self.table.name]}
        wanted = [known[plain(key)] for key in keys if key is not None and plain(key) in known]
        rows = self.table.rows(connection, wanted, self.by, columns)
        return {
            self.table.key(connection, self.by, record[self.by], columns): row
            for record, row in zip(wanted, rows, strict=True)
        }


class Of:
    """All rows that belong to the keys by a column; keys without rows are absent."""

    def __init__(self, table: Table, name: str, by: str) -> None:
        self.table, self.name, self.by = table, name, by
        self.columns = table.columns

    async def __call__(
        self, connection: Connection, keys: Sequence[Any], *, viewer: Viewer, columns: Sequence[str] | None = None
    ) -> dict[Any, list[Any]]:
        await connection.begin(self.name, viewer, keys)
        found: dict[Any, list[Any]] = {}
        for key in map(plain, keys):
            if records := belonging(connection, self.table, self.by, key):
                rows = self.table.rows(connection, records, self.by, columns)
                found[self.table.key(connection, self.by, key, columns)] = rows
        return found


class PageOf:
    """A page of the rows that belong to each key, to one key (`each`), or of all rows (`by` None).

    They stand in the order of the column `position`, which is also what cursors are made of; with `backwards` the order
    is turned round.
    """

    def __init__(self, table: Table, name: str, by: str | None, *, each: bool = False) -> None:
        self.table, self.name, self.by, self.each = table, name, by, each
        self.columns = table.columns

    async def __call__(
        self,
        connection: Connection,
        *arguments: Any,
        viewer: Viewer,
        columns: Sequence[str] | None = None,
        cursors: bool = False,
        **options: Any,
    ) -> Any:
        *given, page = arguments
        if self.by is None:
            await connection.begin(self.name, viewer)
            return self._slice(connection, None, page, columns, cursors, **options)
        keys = given if self.each else given[0]
        await connection.begin(self.name, viewer, keys)
        pages = {
            self.table.key(connection, self.by, key, columns): self._slice(
                connection, plain(key), page, columns, cursors, **options
            )
            for key in keys
        }
        return next(iter(pages.values())) if self.each else pages

    def _slice(
        self,
        connection: Connection,
        key: Any,
        page: Page,
        columns: Sequence[str] | None,
        cursors: bool,
        mood: str | None = None,
        backwards: bool = False,
    ) -> Slice:
        records = belonging(connection, self.table, self.by, key, mood)
        if backwards:
            records.reverse()
        at = {f"at{record['position']}": index for index, record in enumerate(records)}
        for name, cursor in (("after", page.after), ("before", page.before)):
            if cursor is not None and cursor not in at:
                raise InvalidCursor(f"{name} is not a cursor of this list", field=name)
        begin = 0 if page.after is None else at[page.after] + 1
        end = len(records) if page.before is None else at[page.before]
        begin, end = (max(begin, end - page.size), end) if page.backward else (begin, min(end, begin + page.size))
        end = max(begin, end)
        rows = self.table.rows(connection, records[begin:end], self.by or "id", columns, "position" if cursors else "")

        def cursor_of(row: Any) -> str:
            return f"at{row.position if columns is None else row[1 + len(columns)]}"

        return Slice(rows, end < len(records), begin > 0, cursor_of)


class CountOf:
    """The number of rows that belong to each key, to one key (`each`), or of all (`by` None)."""

    def __init__(self, table: Table, name: str, by: str | None, *, each: bool = False) -> None:
        self.table, self.name, self.by, self.each = table, name, by, each

    async def __call__(self, connection: Connection, *given: Any, viewer: Viewer, mood: str | None = None) -> Any:
        if self.by is None or self.each:
            await connection.begin(self.name, viewer, given)
            return len(belonging(connection, self.table, self.by, plain(given[0]) if given else None, mood))
        (keys,) = given
        await connection.begin(self.name, viewer, keys)
        return {key: len(belonging(connection, self.table, self.by, plain(key), mood)) for key in keys}


def belonging(connection: Connection, table: Table, by: str | None, key: Any, mood: str | None = None) -> list[Record]:
    """The records that belong to a key, in their order."""
    return [
        record
        for record in connection.tables[table.name]
        if (by is None or record[by] == key) and (mood is None or record["mood"] == mood)
    ]


def columns(**kinds: Any) -> Mapping[str, Column]:
    """Columns by name: a kind, a vocabulary, or either in a list of one for a column that may be null."""
    found = {}
    for name, given in kinds.items():
        bare = given[0] if isinstance(given, list) else given
        kind, words = (bare, None) if isinstance(bare, Kind) else (Kind.WORD, bare)
        found[name] = Column(name, kind, isinstance(given, list), cast("Any", words))
    return found
