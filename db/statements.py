"""Statements of batch reads: made once for all viewers, keys and pages, and kept.

To make one costs SQLAlchemy a millisecond or two, several times of what the database needs. What a statement is made of
is the key that it is kept under, so nothing can get into it that another request would not want: all that differs from
request to request (the viewer's workspace, the keys, the size of a page, the values of a cursor or of a filter) are
named parameters. Statements with filters, of which clients may think up any number, are kept apart, so that they don't
drive out the others; one with a very large filter, whose values are part of it, is made anew.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final, NamedTuple, Protocol, TypeVar, cast

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from db.bare import Bare
from db.filter_shapes import lifted
from db.prepared import Connection, Prepared

T = TypeVar("T")

MAX_KEPT: Final = 512
"""Statements that are kept at most: some fifty verbs, in the few forms that a server's clients ask for."""

MAX_KEPT_WITH_FILTERS: Final = 256
"""The same of statements with filters and the lists that they are made of: 5 KB each, the largest 140 KB."""

IDS: Final = "ids"
"""The parameter that is the keys."""


class Form(NamedTuple):
    """The form in which rows are wanted."""

    dialect: str
    columns: tuple[str, ...] | None = None
    """The columns of raw rows; None: rows of SQLAlchemy with all of them."""
    cursors: bool = False
    """Whether what cursors are made of follows the columns; it always does in rows of SQLAlchemy."""
    single: bool = False
    """Whether there is always one key, which is given by itself: it is found a little faster than a list of one."""

    def names(self, known: Mapping[str, Any]) -> tuple[str, ...]:
        """The columns that are wanted, of those that there are. Raises LookupError for any other."""
        if self.columns is None:
            return tuple(known)
        if unknown := [name for name in self.columns if name not in known]:
            raise LookupError(f"there is no column {', '.join(unknown)} here: there are {', '.join(known)}")
        return self.columns


class Statement:
    """A statement, and where in its rows stands what is no column of theirs."""

    __slots__ = ("_prepared", "_texts", "flags", "key", "select", "there")

    def __init__(
        self, select: sa.Select[Any], *, key: int = 0, there: int = 0, flags: Mapping[str, int] | None = None
    ) -> None:
        self.select = select
        self.key = key
        self.there = there
        """The place of what is null where the statement gives flags and no row with them."""
        self.flags = flags or {}
        """The places, from the end, of values that are about the whole list."""
        self._prepared = Prepared(select)
        self._texts: Prepared | None = None

    def fetch(self, connection: Connection, form: Form, values: Mapping[str, Any]) -> Awaitable[Sequence[Any]]:
        """The rows in that form."""
        # No coroutine of its own, nor has what it calls: each that a small read waits in costs it a hundredth.
        if form.columns is None:
            return self._rows(cast("AsyncConnection", connection), values)
        return self._raw(form.dialect).raw(connection, values)

    def bound(self, dialect: sa.Dialect) -> Callable[[Bare, Mapping[str, Any]], Awaitable[Sequence[Any]]]:
        """What gives its raw rows for values of its parameters."""
        return self._raw(dialect.name).bound(dialect)

    def _raw(self, dialect: str) -> Prepared:
        if dialect == "sqlite":
            return self._prepared
        if self._texts is None:
            self._texts = Prepared(_with_texts(self.select))
        return self._texts

    async def _rows(self, connection: AsyncConnection, values: Mapping[str, Any]) -> Sequence[Any]:
        return list((await connection.execute(self.select, dict(values))).all())

    def cut(self, row: Sequence[Any]) -> Any:
        """A raw row without the flags."""
        return row[: -len(self.flags)]


def _with_texts(select: sa.Select[Any]) -> sa.Select[Any]:
    """The same with UUIDs as text, for PostgreSQL: asyncpg makes an object of each, whose hash and text take long."""
    columns = [sa.cast(each, sa.Text) if isinstance(each.type, sa.Uuid) else each for each in select.selected_columns]
    return select.with_only_columns(*columns)


class Get(Protocol):
    """How what `make` makes of the arguments is had: made anew, or from before where it is kept."""

    def __call__(self, make: Callable[..., T], *arguments: Any) -> T:
        """It, of arguments which are all that it may depend on."""
        ...


def anew(make: Callable[..., T], *arguments: Any) -> T:
    """What `make` makes of the arguments."""
    return make(*arguments)


_kept = cast("Get", lru_cache(maxsize=MAX_KEPT)(anew))
_kept_with_filters = cast("Get", lru_cache(maxsize=MAX_KEPT_WITH_FILTERS)(anew))


def kept(make: Callable[..., T], *arguments: Any, keep: bool = True) -> T:
    """What `make` makes of the arguments, which are all that it may depend on; from before where it is kept."""
    return (_kept if keep else anew)(make, *arguments)


class Shaped(NamedTuple):
    """The arguments of a verb as its statement depends on them."""

    shape: tuple[Any, ...]
    values: Mapping[str, Any]
    """Values of parameters that were in the arguments."""
    get: Get


def shaped(arguments: tuple[Any, ...], *, keep: bool) -> Shaped:
    """The arguments of a verb, among them filters where `keep` is false. Raises InvalidInput."""
    if keep:
        return Shaped(arguments, {}, _kept)
    shape, values, keep = lifted(arguments)
    return Shaped(shape, values, _kept_with_filters if keep else anew)


def how_many() -> int:
    """How many statements without filters, and what they are made of, are kept at the moment."""
    return _size(_kept)


def how_many_with_filters() -> int:
    """How many statements with filters, and what they are made of, are kept at the moment."""
    return _size(_kept_with_filters)


def _size(get: Any) -> int:
    return int(get.cache_info().currsize)
