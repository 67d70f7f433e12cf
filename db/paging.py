"""Keyset paging: what page was asked for, what was given, and the cursors between the two.

A cursor holds the values by which the list is ordered, so that a page begins behind them whatever was inserted or
deleted meanwhile, and is bound to the list's kind, its fields and their directions. In each list null is last in both
directions and the id breaks every tie.
"""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Self
from uuid import UUID

import orjson
import sqlalchemy as sa

from db.errors import InvalidCursor, InvalidInput
from db.jsons import clean_text
from db.record import EPOCH, MICROSECOND, UtcDateTime

DEFAULT_SIZE: Final = 20
"""Rows of a page for which no size is given."""

MAX_SIZE: Final = 100
"""Rows of a page at most."""

Row = sa.Row[Any]


@dataclass(frozen=True, slots=True)
class Page:
    """The page that is asked for: `first` rows behind the cursor `after`, or `last` rows in front of `before`.

    With both cursors it is the first, or the last, of the rows between them.
    """

    first: int | None = None
    after: str | None = None
    last: int | None = None
    before: str | None = None

    @classmethod
    def of(
        cls,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> Self:
        """The page of what a client gave; without a size the first 20 rows.

        Raises InvalidInput where a size is not from 1 to 100, where both are given, or a cursor of the other direction.
        """
        if first is not None and last is not None:
            raise InvalidInput("give first or last, not both", field="last")
        if first is None and last is None:
            first = DEFAULT_SIZE
        for name, size in (("first", first), ("last", last)):
            if size is not None and not 1 <= size <= MAX_SIZE:
                raise InvalidInput(f"{name} is {size}: it must be from 1 to {MAX_SIZE}", field=name)
        if last is not None and after is not None and before is None:
            raise InvalidInput("after goes with first: give first, or before with last", field="after")
        if first is not None and before is not None and after is None:
            raise InvalidInput("before goes with last: give last, or after with first", field="before")
        return cls(first, after, last, before)

    @property
    def backward(self) -> bool:
        """The page is taken from the end of the list."""
        return self.first is None

    @property
    def size(self) -> int:
        """Rows of the page at most."""
        return (self.last if self.first is None else self.first) or DEFAULT_SIZE


@dataclass(frozen=True, slots=True)
class Order:
    """A field that lists can be ordered by, and the column behind it."""

    field: str
    column: str
    descending: bool = False
    nullable: bool = False

    def directed(self, *, descending: bool) -> Order:
        """The same field in that direction."""
        return replace(self, descending=descending)


@dataclass(frozen=True, slots=True)
class Slice:
    """A page as it was found: its rows in the list's order, and whether there is more on either side.

    Its rows may be the driver's own (see `db.verbs`), and then `cursor` is for such.
    """

    rows: list[Row]
    has_next: bool
    has_previous: bool
    cursor: Callable[[Row], str]


@dataclass(frozen=True, slots=True)
class Term:
    """A part of a list's order: `name` is what rows call its value, `field` what the API calls it."""

    name: str
    type: sa.types.TypeEngine[Any]
    descending: bool = False
    nullable: bool = False
    field: str = ""


@dataclass(frozen=True, slots=True)
class Keyset:
    """The whole order of a list: what its cursors hold, and what they are bound to."""

    kind: str
    terms: tuple[Term, ...]
    signature: str = field(init=False)

    def __post_init__(self) -> None:
        names = ",".join(f"{term.field or term.name}{'-' if term.descending else '+'}" for term in self.terms)
        object.__setattr__(self, "signature", f"{self.kind}:{names}")

    @classmethod
    def of(cls, kind: str, table: sa.Table, orders: Sequence[Order]) -> Self:
        """The order of a table's rows by these columns; the id breaks ties, in the direction of the last of them."""
        distinct: dict[str, Order] = {}
        for order in orders:
            distinct.setdefault(order.field, order)
        terms = [
            Term(order.column, table.c[order.column].type, order.descending, order.nullable, order.field)
            for order in distinct.values()
        ]
        return cls(kind, (*terms, Term("id", table.c.id.type, terms[-1].descending if terms else False)))

    def cursor(self, row: Row) -> str:
        """The row's place in the list, as opaque text."""
        return self._cursor([row._mapping[term.name] for term in self.terms])

    def place(self, row: Sequence[Any], at: int) -> str:
        """The same of a row as the driver gives it, which holds the terms' values from that index on."""
        values = list(row[at:])
        for place, term in enumerate(self.terms):
            if isinstance(term.type, sa.Uuid) and isinstance(values[place], str):
                values[place] = values[place].replace("-", "")
        return self._cursor(values)

    def _cursor(self, values: Sequence[Any]) -> str:
        text = orjson.dumps([self.signature, [_written(value) for value in values]])
        return _encoded(zlib.crc32(text).to_bytes(4, "big") + text)

    def values(self, cursor: str, field: str) -> tuple[Any, ...]:
        """The values of a cursor that this list gave.

        Raises InvalidCursor, naming `field`, for any other text.
        """
        try:
            raw = base64.b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
            if zlib.crc32(raw[4:]).to_bytes(4, "big") != raw[:4] or _encoded(raw) != cursor:
                raise ValueError("not a cursor")
            signature, values = json.loads(raw[4:])
            if signature != self.signature:
                raise InvalidCursor(
                    f"{field} is a cursor of another list, or of another order of this one", field=field
                )
            return tuple(_read(value, term) for value, term in zip(values, self.terms, strict=True))
        except (ValueError, TypeError, OverflowError, RecursionError, binascii.Error) as error:
            raise InvalidCursor(f"{field} is not a cursor of this list", field=field) from error


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _written(value: Any) -> Any:
    """The value as cursors hold it, which is how SQLite's driver gives it."""
    if isinstance(value, datetime):
        # asyncpg reads the first and the last moment without an offset.
        return ((value if value.tzinfo is not None else value.replace(tzinfo=UTC)) - EPOCH) // MICROSECOND
    return value.hex if isinstance(value, UUID) else value


def _read(value: Any, term: Term) -> Any:
    """The value of a cursor as the column takes it. Raises ValueError where it cannot be one."""
    if value is None and term.nullable:
        return None
    if isinstance(term.type, sa.Integer) and type(value) is int and -(2**31) <= value < 2**31:
        return value
    if isinstance(term.type, UtcDateTime) and type(value) is int:
        return EPOCH + timedelta(microseconds=value)
    if isinstance(value, str):
        if isinstance(term.type, sa.Uuid):
            return UUID(value)
        if isinstance(term.type, sa.String) and clean_text(value) == value:
            return value
    raise ValueError(f"no value of {term.name}")
