"""Columns as batch reads give them: what kind of value each holds, and how the driver's value becomes Python's."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum, StrEnum
from functools import lru_cache
from typing import Any, Final, Self, cast
from uuid import UUID

import sqlalchemy as sa

from db.jsons import parse
from db.record import EPOCH, JsonCopy, JsonText, UtcDateTime


class Kind(Enum):
    """What a column holds."""

    TEXT = "text"
    INTEGER = "integer"
    FLOAT = "float"
    BOOLEAN = "boolean"
    UUID = "uuid"
    MOMENT = "moment"
    """An instant, with microseconds."""
    WORD = "word"
    """A word of a closed vocabulary."""
    JSON = "json"


@dataclass(frozen=True, slots=True)
class Column:
    """A column that a batch read can give, under the name that its rows have for it."""

    name: str
    kind: Kind
    nullable: bool
    words: type[StrEnum] | None = None
    """The vocabulary, of Kind.WORD."""

    @classmethod
    def of(cls, column: sa.ColumnElement[Any], *, name: str | None = None, nullable: bool | None = None) -> Self:
        """The description of a table's column; of any other expression with the name and whether it may be null."""
        type_ = column.type
        words = cast("type[StrEnum] | None", type_.enum_class) if isinstance(type_, sa.Enum) else None
        given = getattr(column, "nullable", True) if nullable is None else nullable
        return cls(name or str(column.key), _kind(type_), given, words)

    def converter(self, dialect: str) -> Callable[[Any], Any] | None:
        """What makes Python's value, as rows of SQLAlchemy hold it, of the driver's; None where they are the same.

        It is never given None. `dialect` is "sqlite" or "postgresql".
        """
        match self.kind:
            case Kind.JSON:
                return parse
            case Kind.WORD:
                assert self.words is not None, "a word is of a vocabulary"
                return _members(self.words)
            case Kind.MOMENT:
                return _aware if dialect == "postgresql" else _moment
            case Kind.UUID:
                return UUID
            case Kind.BOOLEAN if dialect == "sqlite":
                return bool
        return None


@lru_cache(maxsize=64)
def _members(words: type[StrEnum]) -> Callable[[Any], Any]:
    return {word.value: word for word in words}.__getitem__


def _moment(microseconds: int) -> datetime:
    return EPOCH + timedelta(microseconds=microseconds)


def _aware(moment: datetime) -> datetime:
    """The instant in UTC; asyncpg writes the first and the last as infinities, and reads these without an offset."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


_KINDS: Final = (
    (UtcDateTime, Kind.MOMENT),
    (JsonText, Kind.JSON),
    (sa.Enum, Kind.WORD),  # before String, of which it is one
    (sa.Uuid, Kind.UUID),
    (sa.Boolean, Kind.BOOLEAN),
    (sa.Integer, Kind.INTEGER),
    (sa.Float, Kind.FLOAT),
    (sa.String, Kind.TEXT),
)


def _kind(type_: sa.types.TypeEngine[Any]) -> Kind:
    for known, kind in _KINDS:
        if isinstance(type_, known):
            return kind
    if isinstance(type_, sa.types.TypeDecorator):
        return _kind(type_.impl_instance)
    raise TypeError(f"no batch read gives a column of type {type_!r}")


Columns = Mapping[str, Column]
"""What a batch read can give, by name."""


def columns_of(rows: sa.FromClause) -> list[sa.ColumnElement[Any]]:
    """The columns that verbs select: all but the copies that only filters read."""
    return [column for column in rows.c if not isinstance(column.type, JsonCopy)]


def described(columns: Iterable[sa.ColumnElement[Any]]) -> dict[str, Column]:
    """The descriptions of a table's columns."""
    found = (Column.of(column) for column in columns)
    return {column.name: column for column in found}
