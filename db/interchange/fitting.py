"""Makes drafts fit their tables: texts that columns can hold, numbers within their range, keys for records.

What a column cannot hold exactly is never lost: texts are cleaned (NUL and lone surrogates become U+FFFD) and those of
columns with a length are clipped, while the exact text stays in the origin's presence; a number out of range is no
conversion that anyone wants, so that record is refused.
"""

import math
from collections.abc import Callable
from datetime import datetime
from functools import cache
from hashlib import sha256
from typing import Any, Final

import sqlalchemy as sa
from sqlmodel.sql.sqltypes import AutoString

from db.interchange.base import BadRecord, Draft
from db.jsons import clean_text
from db.record import KEY_LENGTH, JsonText, UtcDateTime
from db.words import IdType

ID_KEY: Final = "$id"
"""The key of an origin's presence that holds the original id where `record_id` is a made one."""

ORDER_KEY: Final = "$order"
"""The key of a conversation's presence that holds the ids of a page's messages in its order, where ours is another."""

PARENT_KEY: Final = "$parent"
"""The key of a message's presence that holds the id of the message above it, where that is not there."""

OUTER_KEY: Final = "$conversation"
"""The key of a loose message's presence that holds what its record says of the conversation, where that says another.
"""

WITHIN_KEY: Final = "$within"
"""The key of the presence of a message that came by itself, and before that within a conversation of this import."""

Fitter = Callable[[Any], Any]
"""Gives the value as the column takes it; raises BadRecord with what would be right."""


@cache
def _fitters(table: sa.Table) -> dict[str, Fitter | None]:
    return {column.name: _fitter(column.type) for column in table.columns if column.computed is None}


@cache
def _defaulted(table: sa.Table) -> frozenset[str]:
    """Columns that are never null and have a default, which stands for a null of the source."""
    return frozenset(column.name for column in table.columns if not column.nullable and column.default is not None)


def fit(values: dict[str, Any], table: sa.Table, where: str = "") -> None:
    """Make the values of a row fit its columns, in place. Raises BadRecord, naming `where` and the column."""
    fitters = _fitters(table)
    empty: list[str] | None = None
    for name, value in values.items():
        if value is None:
            if name in _defaulted(table):
                empty = [*(empty or []), name]
            continue
        try:
            fitter = fitters[name]
            if fitter is not None:
                values[name] = fitter(value)
        except BadRecord as error:
            raise BadRecord(f"{where}{name}: {error}") from None
    for name in empty or ():
        del values[name]


def fit_row(values: dict[str, Any], table: sa.Table, where: str = "") -> None:
    """The same for a row below a record; a text that it must have, and the source doesn't say, is empty."""
    fit(values, table, where)
    for name in _required_texts(table):
        if values.get(name) is None:
            values[name] = ""


@cache
def _required_texts(table: sa.Table) -> tuple[str, ...]:
    return tuple(
        column.name
        for column in table.columns
        if isinstance(column.type, (sa.String, AutoString))
        and not isinstance(column.type, (sa.Enum, JsonText))
        and not column.nullable
        and column.default is None
    )


def _fitter(kind: sa.types.TypeEngine[Any]) -> Fitter | None:
    if isinstance(kind, sa.Enum):
        return _word(frozenset(kind.enums))
    if isinstance(kind, (sa.String, AutoString)):
        return _text if kind.length is None else _key_text(kind.length)
    if isinstance(kind, sa.BigInteger):
        return _integer(64)
    if isinstance(kind, sa.Integer):
        return _integer(32)
    if isinstance(kind, sa.Float):
        return _number
    if isinstance(kind, sa.Boolean):
        return _boolean
    if isinstance(kind, UtcDateTime):
        return _time
    assert isinstance(kind, (JsonText, sa.Uuid)), kind
    return None


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise BadRecord(f"must be a text, not {_shown(value)}")
    return clean_text(value)


def _key_text(length: int) -> Fitter:
    def fitter(value: Any) -> str:
        text = _text(value)
        return text if len(text) <= length else text[:length]

    return fitter


def _integer(bits: int) -> Fitter:
    limit = 2 ** (bits - 1)

    def fitter(value: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool):
            raise BadRecord(f"must be a whole number, not {_shown(value)}")
        if not -limit <= value < limit:
            raise BadRecord(f"must be a whole number of {bits} bits, not {_shown(value)}")
        return int(value)

    return fitter


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise BadRecord(f"must be a number, not {_shown(value)}")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise BadRecord(f"must be a number of 64 bits, not {_shown(value)}")
    return number


def _boolean(value: Any) -> bool:
    if not isinstance(value, bool):
        raise BadRecord(f"must be true or false, not {_shown(value)}")
    return value


def _word(words: frozenset[str]) -> Fitter:
    def fitter(value: Any) -> Any:
        if value not in words:
            raise BadRecord(f"must be one of {', '.join(sorted(words))}, not {_shown(value)}")
        return value

    return fitter


def _time(value: Any) -> datetime:
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise BadRecord(f"must be a time with an offset, not {_shown(value)}")
    return value


def _shown(value: object) -> str:
    """The value as a message shows it: short, in one line."""
    text = clean_text(repr(value))
    return text if len(text) <= 60 else f"{text[:57]}..."


def record_key(record_id: str) -> str:
    """The text under which a record's id is found: the id itself, or its hash where a key column cannot hold it."""
    if len(record_id) <= KEY_LENGTH and clean_text(record_id) == record_id:
        return record_id
    return f"sha256:{sha256(record_id.encode('utf-8', 'surrogatepass')).hexdigest()}"


def settle_key(draft: Draft, place: str) -> str:
    """Give the draft its key: made of its own id, else of its place."""
    if draft.record_id is None:
        draft.id_type = IdType.PLACE
        draft.record_id = record_key(place)
    elif (key := record_key(draft.record_id)) != draft.record_id:
        rename(draft, key)
    return draft.record_id


def rename(draft: Draft, key: str) -> None:
    """Give a draft another key than its id, which stays in its presence."""
    if draft.id_type is not IdType.PLACE:
        draft.presence = {**(draft.presence or {}), ID_KEY: (draft.presence or {}).get(ID_KEY, draft.record_id)}
    draft.record_id = record_key(key)
