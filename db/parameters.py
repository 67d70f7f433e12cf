"""Values of filters as parameters: a condition is made for all values of one kind, and these are given when it is run.

A kind is all that the SQL of a comparison depends on: a number that is compared with a column of floats is cast to the
number's own type, and integers beyond 32 bits to another one than those within.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.sql import operators

from db.record import EPOCH


class _Wide(int):
    """The kind of integers of more than 32 bits."""


_SAMPLES: Final[dict[type, Any]] = {
    str: "",
    int: 0,
    _Wide: 1 << 40,
    float: 0.0,
    UUID: UUID(int=0),
    datetime: EPOCH,
}
"""A value of each kind, by which SQLAlchemy says the type of what such a value is compared with."""


def _kind(value: Any) -> type | None:
    """The kind of a value; None where it has none of those that statements are kept for."""
    kind = type(value)
    if kind is int and value.bit_length() >= 32:
        return _Wide
    return kind if kind in _SAMPLES or issubclass(kind, StrEnum) else None


class Parameter(NamedTuple):
    """A value of a filter: known by its name and kind, or (without a name) the value itself."""

    name: str | None
    kind: type | None
    value: Any = None

    def against(self, column: sa.ColumnElement[Any], compare: Callable[[Any, Any], Any]) -> Any:
        """What the column is compared with by that operator."""
        if self.name is None:
            return self.value
        return sa.bindparam(self.name, type_=column.type.coerce_compared_value(compare, self._sample))  # type: ignore[arg-type]  # any operator will do

    def of(self, type_: sa.types.TypeEngine[Any]) -> sa.BindParameter[Any]:
        """The parameter as one of that type."""
        if self.name is None:
            return sa.bindparam(None, self.value, type_=type_, unique=True)
        return sa.bindparam(self.name, type_=type_)

    @property
    def is_text(self) -> bool:
        """Whether the value is a text."""
        return issubclass(self.kind or type(self.value), str)

    @property
    def _sample(self) -> Any:
        assert self.kind is not None, "values without a kind have no name"
        return next(iter(self.kind)) if issubclass(self.kind, StrEnum) else _SAMPLES[self.kind]


def one_of(column: sa.ColumnElement[Any], values: Sequence[Parameter]) -> sa.ColumnElement[bool]:
    """Whether the column is one of the values; all are of the type that the first one has."""
    if not values or values[0].name is None:
        return column.in_([value.value for value in values])
    type_ = values[0].against(column, operators.in_op).type
    return column.in_([value.of(type_) for value in values])


class Parameters:
    """The parameters of a filter, in the order in which they are taken."""

    def __init__(self, *, named: bool) -> None:
        self._named = named
        self.values: dict[str, Any] = {}
        """The values of those that have names."""
        self.all_have_kinds = True
        """Whether a statement can be kept for other values than these."""

    def take(self, value: Any) -> Parameter:
        """The parameter for a value that is compared with columns."""
        if not self._named:
            return Parameter(None, None, value)
        kind = _kind(value)
        if kind is None:
            self.all_have_kinds = False
        return self._added(value, kind)

    def take_as(self, value: Any) -> Parameter:
        """The parameter for a value whose type is told where it is used (`Parameter.of`)."""
        return self._added(value, None) if self._named else Parameter(None, None, value)

    def _added(self, value: Any, kind: type | None) -> Parameter:
        name = f"where_{len(self.values)}"
        self.values[name] = value
        return Parameter(name, kind)

    def padded(self, values: Sequence[Any]) -> Sequence[Any]:
        """A list, whose last value is repeated so that lists of many lengths share a statement.

        It is for where a value that stands there twice means what it means once.
        """
        length = len(values)
        if not self._named or length < 3:
            return values
        return [*values, *[values[-1]] * ((1 << (length - 1).bit_length()) - length)]
