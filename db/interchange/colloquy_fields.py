"""The fields of the native format: which JSON value stands for which column, told from the tables themselves.

A column that a table gets is a field at once, under its name in camelCase: what is stored cannot be forgotten.
"""

import math
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlmodel.sql.sqltypes import AutoString

from db.interchange.base import BadRecord
from db.jsons import clean_text
from db.record import JsonText, UtcDateTime, scalar_default

_SHOWN: Final = 60
"""Characters of a wrong value in a message."""

_uuid: Final = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}", re.ASCII).fullmatch
_time: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?(?:[Zz]|[+-][0-9]{2}:[0-9]{2})"
).fullmatch


class Required:
    """The default of a column that has none and cannot be null."""


REQUIRED: Final = Required()


@dataclass(frozen=True, slots=True)
class Codec:
    """How values go into JSON and come out of it."""

    take: Callable[[Any], Any]
    """The column's value of a JSON value that is not null. Raises BadRecord with what would be right."""
    show: Callable[[Any], Any] | None = None
    """The JSON value of a column's value; None where they are the same."""


@dataclass(frozen=True, slots=True)
class Field:
    """A column as it stands in a record."""

    column: str
    key: str
    codec: Codec
    nullable: bool
    default: Any
    """What its absence means, unless the kind implies something else; REQUIRED where it cannot be absent."""
    group: str | None = None
    """The key of the object that holds it; None: the record itself."""

    @property
    def path(self) -> str:
        """Its key, with that of its group."""
        return self.key if self.group is None else f"{self.group}.{self.key}"


def fields_of(
    table: sa.Table,
    *,
    without: Collection[str] = (),
    grouped: Mapping[str, Collection[str]] | None = None,
    named: Mapping[str, str] | None = None,
    codecs: Mapping[str, Codec] | None = None,
) -> tuple[Field, ...]:
    """The fields of a table, in the order of its columns, the workspace and generated columns never among them.

    `without`: columns that follow from something else; `grouped`: those that stand in an object, by its key; `named`
    and `codecs`: where a column has another key than its name, or is of a narrower kind than its type.
    """
    groups = {column: group for group, columns in (grouped or {}).items() for column in columns}
    found = []
    for column in table.columns:
        if column.computed is not None or column.name == "workspace_id" or column.name in without:
            continue
        default: Any = REQUIRED
        if column.default is not None and column.default.is_scalar:
            default = scalar_default(column)
        elif column.nullable:
            default = None
        found.append(
            Field(
                column.name,
                (named or {}).get(column.name) or camel(column.name),
                (codecs or {}).get(column.name) or _codec(column.type),
                bool(column.nullable),
                default,
                groups.get(column.name),
            )
        )
    return tuple(found)


def camel(name: str) -> str:
    """A column's name in the API's spelling: created_at is createdAt."""
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def shown(value: object) -> str:
    """The value as a message shows it: short, in one line, in JSON's words."""
    if isinstance(value, (dict, list)):
        return "an object" if isinstance(value, dict) else "an array"
    text = "null" if value is None else repr(value).lower() if isinstance(value, bool) else clean_text(repr(value))
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}..."


def _codec(kind: sa.types.TypeEngine[Any]) -> Codec:
    if isinstance(kind, sa.Enum):
        assert kind.enum_class is not None
        return _word(kind.enum_class)
    if isinstance(kind, JsonText):
        return Codec(_as_it_is)
    if isinstance(kind, UtcDateTime):
        return TIME
    if isinstance(kind, (sa.String, AutoString)):
        return text(kind.length)
    if isinstance(kind, sa.Integer):
        return _integer(64 if isinstance(kind, sa.BigInteger) else 32)
    if isinstance(kind, sa.Float):
        return Codec(_take_number, _show_number)
    if isinstance(kind, sa.Boolean):
        return Codec(_take_boolean)
    assert isinstance(kind, sa.Uuid), kind
    return ID


def _as_it_is(value: Any) -> Any:
    return value


def _take_uuid(value: Any) -> UUID:
    if not isinstance(value, str) or not _uuid(value):
        raise BadRecord(f"must be a UUID such as 01890a5d-ac96-774b-bcce-b302099a8057, not {shown(value)}")
    return UUID(value)


def show_time(value: datetime) -> str:
    """A moment as RFC 3339 has it, with six digits and Z."""
    return f"{value.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='microseconds')}Z"


def _take_time(value: Any) -> datetime:
    if isinstance(value, str) and _time(value):
        try:
            return datetime.fromisoformat(value.upper()).astimezone(UTC)
        except (ValueError, OverflowError):
            pass
    raise BadRecord(f"must be a time such as 2024-05-20T06:46:09.010233Z, with an offset, not {shown(value)}")


def text(length: int | None = None) -> Codec:
    """Text of at most that many characters."""

    def take(value: Any) -> str:
        if not isinstance(value, str):
            raise BadRecord(f"must be a text, not {shown(value)}")
        if clean_text(value) != value:
            raise BadRecord("must be a text without NUL and lone surrogates, which no column holds")
        if length is not None and len(value) > length:
            raise BadRecord(f"must be a text of at most {length:,} characters, not {len(value):,}")
        return value

    return Codec(take)


def _integer(bits: int) -> Codec:
    limit = 2 ** (bits - 1)

    def take(value: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not -limit <= value < limit:
            raise BadRecord(f"must be a whole number of {bits} bits, not {shown(value)}")
        return int(value)

    return Codec(take)


def _show_number(value: float) -> float:
    return value + 0.0  # SQLite keeps no sign of zero


def _take_number(value: Any) -> float:
    number = math.nan
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        try:
            number = float(value) + 0.0
        except OverflowError:
            number = math.inf
    if not math.isfinite(number):
        raise BadRecord(f"must be a number of 64 bits, not {shown(value)}")
    return number


def _take_boolean(value: Any) -> bool:
    if not isinstance(value, bool):
        raise BadRecord(f"must be true or false, not {shown(value)}")
    return value


def _word(words: type[Any]) -> Codec:
    by_value: dict[Any, StrEnum] = {word.value: word for word in words}

    def take(value: Any) -> StrEnum:
        word = by_value.get(value) if isinstance(value, str) else None
        if word is None:
            raise BadRecord(f"must be one of {', '.join(by_value)}, not {shown(value)}")
        return word

    return Codec(take, lambda word: str(word.value))


def array_of(right: str, fits: Callable[[Any], bool]) -> Codec:
    """JSON that is an array of what `fits`; `right` says what that is."""

    def take(value: Any) -> Any:
        if not isinstance(value, list):
            raise BadRecord(f"must be an array of {right}, not {shown(value)}")
        for index, item in enumerate(value):
            if not fits(item):
                raise BadRecord(f"must be an array of {right}, but [{index}] is {shown(item)}")
        return value

    return Codec(take)


ID: Final = Codec(_take_uuid, str)
TIME: Final = Codec(_take_time, show_time)
