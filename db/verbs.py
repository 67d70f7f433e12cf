"""Verbs that read for many keys at once, in two forms: rows of SQLAlchemy, or the driver's own with some columns.

A verb is declared as a function of its arguments that says what to read. What that makes of them has to be cheap: the
statement itself is made by another function, once for each shape of the arguments (see `db.statements`).

    @verb("citations")
    def of_messages(ids: Sequence[UUID], *, viewer: Viewer) -> Many:
        return Many(_of_messages, (), ids, viewer)

    rows = await of_messages(connection, ids, viewer=viewer)
    raw = await of_messages(connection, ids, viewer=viewer, columns=("id", "title"))

A raw row is the driver's sequence: the key that it belongs to, then the columns in the order in which they were asked
for, as the driver gives them; `columns` of the verb says what there is and how values become Python's. Keys are the
driver's too; of those without rows none is given.

All kinds of reads stand in this one file, which makes it long: they share how they bind what they are asked.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, update_wrapper
from itertools import groupby
from operator import itemgetter
from typing import Any, Final, Generic, NamedTuple, ParamSpec, Protocol, TypeVar, overload
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from db.bare import Bare
from db.columns import Columns, columns_of, described
from db.errors import ColloquyError
from db.paging import Row
from db.prepared import Connection
from db.reads import Condition, here, of_one, one_of_named, table
from db.statements import IDS, Form, Statement, shaped
from db.viewer import DEFAULT_WORKSPACE_ID, Viewer

P = ParamSpec("P")
A = TypeVar("A")
A_co = TypeVar("A_co", covariant=True)
K = TypeVar("K")

Shape = tuple[Hashable, ...]
"""Those arguments of a verb that its statement depends on, filters among them where its `keep` is false."""


class Bound(NamedTuple):
    """A read of raw rows that is asked again and again with other keys; in two parts, to spare a coroutine."""

    fetch: Callable[[Bare, Sequence[Any], Viewer], Awaitable[Sequence[Any]]]
    """The rows."""
    by_key: Callable[[Sequence[Any]], Mapping[Any, Any]]
    """What the verb gives, of the rows."""


_COMMON: Final = frozenset({IDS, "workspace_id"})
"""The parameters that every read by keys has."""


class _Anyone:
    """A viewer of whom nothing else is known."""

    workspace_id: Final = DEFAULT_WORKSPACE_ID


class Asked(Protocol[A_co]):
    """What a verb is to read."""

    def answer(self, connection: Connection, form: Form) -> Coroutine[Any, Any, A_co]:
        """Read it; in the raw form the answer holds raw rows and keys."""


class Verb(Generic[P, A]):
    """A batch read."""

    def __init__(self, ask: Callable[P, Asked[A]], columns: Callable[[], Columns]) -> None:
        update_wrapper(self, ask)
        self._ask = ask
        self._columns = columns

    @cached_property
    def columns(self) -> Columns:
        """What its rows can hold."""
        return self._columns()

    @overload
    def __call__(self, connection: AsyncConnection, *args: P.args, **kwargs: P.kwargs) -> Coroutine[Any, Any, A]: ...

    @overload
    def __call__(
        self, connection: Connection, *args: Any, columns: Sequence[str], cursors: bool = False, **kwargs: Any
    ) -> Coroutine[Any, Any, Any]: ...

    def __call__(  # type: ignore[misc]  # P has no arguments of these names: see `verb`
        self,
        connection: Connection,
        *args: Any,
        columns: Sequence[str] | None = None,
        cursors: bool = False,
        **kwargs: Any,
    ) -> Coroutine[Any, Any, Any]:
        """Read: all columns as rows of SQLAlchemy, or `columns` as raw rows.

        Raises LookupError for a column that there is not.
        """
        asked = self._ask(*args, **kwargs)
        wanted = None if columns is None else tuple(columns)
        return asked.answer(connection, Form(connection.dialect.name, wanted, cursors))

    def bound(self, dialect: sa.Dialect, columns: Sequence[str], *, single: bool = False) -> Bound | None:
        """The same read of raw rows with these columns, for whoever asks it again and again with other keys.

        `single`: always with one. None where it depends on more than keys and the viewer's workspace.
        """
        ask: Callable[..., object] = self._ask
        try:
            asked = ask([], viewer=_Anyone())
        except (TypeError, AttributeError):  # it takes more arguments, or looks at more of the viewer
            return None
        return asked.bound(dialect, columns, single=single) if isinstance(asked, One | Many) else None


def verb(rows: str | Callable[[], Columns] | None = None) -> Callable[[Callable[P, Asked[A]]], Verb[P, A]]:
    """Make a verb of a function that says what to read; its rows are those of that table, or have those columns.

    The function has no argument named `connection`, `columns` or `cursors`, which are those of all verbs.
    """

    def columns() -> Columns:
        if callable(rows):
            return rows()
        return {} if rows is None else described(columns_of(table(rows)))

    return lambda ask: Verb(ask, columns)


@dataclass(frozen=True, slots=True)
class Found:
    """How rows are found by keys: a SELECT that lacks only its columns, the key's column, and the columns."""

    frame: sa.Select[Any]
    key: sa.ColumnElement[Any]
    columns: Iterable[sa.ColumnElement[Any]]

    @classmethod
    def by(
        cls,
        key: sa.ColumnElement[Any],
        rows: sa.FromClause,
        *conditions: Condition,
        source: sa.FromClause | None = None,
        order: Sequence[sa.ColumnElement[Any]] = (),
    ) -> Found:
        """Those rows of the viewer's workspace whose key is asked for; `source` is a join that has the key."""
        frame = sa.select().select_from(rows if source is None else source)
        frame = frame.where(one_of_named(key, IDS), here(rows), *conditions)
        # By key first, as the index of the keys is.
        return cls(frame.order_by(key, *order) if order else frame, key, columns_of(rows))


def _statement(make: Callable[..., Found], form: Form, *shape: Any) -> Statement:
    found = make(*shape)
    columns = {str(column.key): column for column in found.columns}
    wanted = [columns[name] for name in form.names(columns)]
    if form.columns is None and found.key in set(wanted):
        return Statement(found.frame.add_columns(*wanted), key=wanted.index(found.key))
    frame = of_one(found.frame, IDS) if form.single else found.frame
    return Statement(frame.add_columns(found.key.label("page_key"), *wanted))


class _ByKeys:
    """A read of what belongs to keys."""

    __slots__ = ("_get", "_make", "_shape", "_values", "ids")

    def __init__(
        self,
        make: Callable[..., Any],
        shape: Shape,
        ids: Iterable[Any],
        viewer: Viewer,
        keep: bool = True,
        **values: Any,
    ) -> None:
        self.ids = ids if isinstance(ids, list) else list(ids)
        self._make = make
        self._shape, found, self._get = shaped(shape, keep=keep)
        self._values = {IDS: self.ids, "workspace_id": viewer.workspace_id, **values, **found}

    def _statement(self, form: Form) -> Statement:
        return self._get(_statement, self._make, form, *self._shape)

    def bound(self, dialect: sa.Dialect, columns: Sequence[str], *, single: bool) -> Bound | None:
        """See `Verb.bound`."""
        if self._shape or self._values.keys() - _COMMON:
            return None
        statement = self._statement(Form(dialect.name, tuple(columns), single=single))
        fetch, by_key, place = statement.bound(dialect), self._by_key, statement.key

        def read(connection: Bare, keys: Sequence[Any], viewer: Viewer) -> Awaitable[Sequence[Any]]:
            return fetch(connection, {IDS: keys[0] if single else keys, "workspace_id": viewer.workspace_id})

        return Bound(read, lambda rows: by_key(rows, place))

    @staticmethod
    def _by_key(rows: Sequence[Any], place: int) -> Mapping[Any, Any]:
        return grouped(rows, place, ())


def grouped(rows: Iterable[Any], place: int, keys: Iterable[Any]) -> dict[Any, list[Any]]:
    """The rows by the key that stands at that place; for each of `keys` a list, be it empty."""
    found: dict[Any, list[Any]] = {key: [] for key in keys}
    # Rows of a key mostly stand together, and to compare two keys is less than to look one up.
    for key, together in groupby(rows, itemgetter(place)):
        if key in found:
            found[key] += together
        else:
            found[key] = list(together)
    return found


class One(_ByKeys, Generic[K]):
    """At most one row of each key; of several the last."""

    __slots__ = ()

    async def answer(self, connection: Connection, form: Form) -> dict[K, Row]:
        """The rows of those keys that have one."""
        statement = self._statement(form)
        return self._by_key(await statement.fetch(connection, form, self._values), statement.key)

    @staticmethod
    def _by_key(rows: Sequence[Any], place: int) -> dict[Any, Any]:
        return {row[place]: row for row in rows}


class Many(_ByKeys):
    """All rows of each key."""

    __slots__ = ()

    async def answer(self, connection: Connection, form: Form) -> dict[UUID, list[Row]]:
        """For each of the keys a list."""
        statement = self._statement(form)
        rows = await statement.fetch(connection, form, self._values)
        return grouped(rows, statement.key, () if form.columns is not None else self.ids)


@dataclass(frozen=True, slots=True)
class Numbers:
    """Which rows are counted: by key, or without one all of them."""

    frame: sa.Select[Any]
    key: sa.ColumnElement[Any] | None = None
    there: Condition | None = None
    """Of a list that there may not be at all: it says so."""

    @classmethod
    def by(
        cls,
        key: sa.ColumnElement[Any],
        rows: sa.FromClause,
        *conditions: Condition,
        source: sa.FromClause | None = None,
    ) -> Numbers:
        """Those rows of the viewer's workspace whose key is asked for; `source` is a join that has the key."""
        return cls(Found.by(key, rows, *conditions, source=source).frame, key)

    @classmethod
    def of(cls, rows: sa.FromClause, *conditions: Condition, narrow: bool = False) -> Numbers:
        """The rows of the viewer's workspace that meet the conditions; `narrow`: an index of theirs finds the few."""
        return cls(sa.select().select_from(rows).where(here(rows, narrow=narrow), *conditions))


def _count(make: Callable[..., Numbers], *shape: Any) -> Statement:
    numbers = make(*shape)
    if numbers.key is None:
        number = numbers.frame.add_columns(sa.func.count()).scalar_subquery()
        return Statement(sa.select(number, sa.true() if numbers.there is None else numbers.there))
    return Statement(numbers.frame.add_columns(numbers.key, sa.func.count()).group_by(numbers.key))


class Counts(_ByKeys):
    """How many rows each key has."""

    __slots__ = ()

    async def answer(self, connection: Connection, form: Form) -> dict[UUID, int]:
        """For each of the keys, as they were given, a number; the form is all the same."""
        form.names({})
        statement = self._get(_count, self._make, *self._shape)
        rows = await statement.fetch(connection, form._replace(columns=()), self._values)
        told = UUID if any(isinstance(key, UUID) for key in self.ids) else _itself
        return dict.fromkeys(self.ids, 0) | {told(key): number for key, number in rows}


def _itself(key: Any) -> Any:
    return key


class Count:
    """How many rows there are. `absent` is raised where there is no such list."""

    __slots__ = ("_absent", "_get", "_make", "_shape", "_values")

    def __init__(
        self,
        make: Callable[..., Numbers],
        shape: Shape,
        viewer: Viewer,
        *,
        keep: bool = True,
        absent: ColloquyError | None = None,
        **values: Any,
    ) -> None:
        self._make = make
        self._shape, found, self._get = shaped(shape, keep=keep)
        self._absent = absent
        self._values: Mapping[str, Any] = {"workspace_id": viewer.workspace_id, **values, **found}

    async def answer(self, connection: Connection, form: Form) -> int:
        """The number."""
        form.names({})
        statement = self._get(_count, self._make, *self._shape)
        ((number, there),) = await statement.fetch(connection, form._replace(columns=()), self._values)
        if self._absent is not None and not there:
            raise self._absent
        return int(number)
