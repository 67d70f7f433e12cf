"""Converters between a JSON value and a column's value, for the keys of shapes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Any, Final, NamedTuple

from db.conversations import TITLE_LENGTH
from db.interchange.times import ISO_MILLISECONDS, NotATime, parse_time, render_time, shape_of
from db.jsons import clean_text
from db.record import KEY_LENGTH
from db.words import Rating, Verdict

Load = Callable[[Any], Any]


class Refused:
    """The type of `REFUSED`."""


REFUSED: Final = Refused()
"""What `load` gives for a value that the column cannot hold; the value then stays in `extra`."""

_SECOND: Final = timedelta(seconds=1)
_ISO_LENGTH: Final = len("2026-02-02T02:39:53.000Z")

INT32: Final = 2**31 - 1
"""The largest number of an integer column."""


class Converter(NamedTuple):
    """The way from a JSON value that is not null to a column's value, and back in canonical form.

    `like`, where given, renders a changed value in the manner of the raw value that it replaces.
    """

    load: Load
    dump: Callable[[Any], Any]
    like: Callable[[Any, Any], Any] | None = None


def as_is(value: Any) -> Any:
    """The value itself."""
    return value


def _load_text(raw: Any) -> Any:
    return clean_text(raw) if isinstance(raw, str) else REFUSED


def text(length: int) -> Converter:
    """Text of at most so many characters: a longer one is cut."""

    def load(raw: Any) -> Any:
        if not isinstance(raw, str):
            return REFUSED
        value = clean_text(raw)
        return value if len(value) <= length else value[:length]

    return Converter(load, as_is)


TEXT: Final = Converter(_load_text, as_is)
"""Text of any length."""
KEY: Final = text(KEY_LENGTH)
"""Text in a column with an index."""


def or_none(convert: Converter) -> Converter:
    """The same, but an empty text counts as none."""
    return Converter(lambda raw: convert.load(raw) if raw != "" else None, convert.dump)


TITLE: Final = or_none(text(TITLE_LENGTH))
"""A conversation's title."""

JSON: Final = Converter(as_is, as_is)
"""Any JSON, in a JSON column."""
OBJECT: Final = Converter(lambda raw: raw if isinstance(raw, dict) else REFUSED, as_is)
"""An object, in a JSON column."""
BOOL: Final = Converter(lambda raw: raw if isinstance(raw, bool) else REFUSED, as_is)
DOCUMENTS: Final = Converter(
    lambda raw: raw if isinstance(raw, list) and all(isinstance(item, dict) for item in raw) else REFUSED, as_is
)
"""A list of objects that the format reads and writes by itself."""


def _load_integer(raw: Any) -> Any:
    if type(raw) is int:
        return raw if -INT32 <= raw <= INT32 else REFUSED
    if isinstance(raw, bool) or not isinstance(raw, (int, float)):
        return REFUSED
    return int(raw) if abs(raw) <= INT32 and raw == int(raw) else REFUSED


def _load_number(raw: Any) -> Any:
    if isinstance(raw, bool) or not isinstance(raw, (int, float)):
        return REFUSED
    try:
        value = float(raw)
    except OverflowError:
        return REFUSED
    return value if value - value == 0 else REFUSED


def _dump_number(value: float) -> int | float:
    # As JavaScript and most databases write it: 4, not 4.0.
    return int(value) if value == int(value) and abs(value) < 2**53 else value


INTEGER: Final = Converter(_load_integer, as_is)
"""A whole number of 32 bits."""
NUMBER: Final = Converter(_load_number, _dump_number)
"""A number, whole ones written without a point."""


def _load_record_id(raw: Any) -> Any:
    if isinstance(raw, str):
        return raw or REFUSED
    if isinstance(raw, int) and not isinstance(raw, bool) and abs(raw) < 10**KEY_LENGTH:
        return str(int(raw))
    return REFUSED


def _load_id(raw: Any) -> Any:
    value = _load_record_id(raw)
    return clean_text(value)[:KEY_LENGTH] if isinstance(value, str) else value


def _dump_number_id(value: str) -> int | str:
    digits = value.removeprefix("-")
    if digits.isascii() and digits.isdigit() and str(int(value)) == value:
        return int(value)
    return value


RECORD_ID: Final = Converter(_load_record_id, as_is)
"""The id of a record, of any length, canonically text; a number is taken too."""
RECORD_NUMBER: Final = Converter(_load_record_id, _dump_number_id)
"""The id of a record, canonically a number; text is taken too."""
ID: Final = Converter(_load_id, as_is)
"""An id in a column, canonically text; a number is taken too."""


def _load_time(raw: Any) -> Any:
    if isinstance(raw, str):
        return _load_time_text(raw)
    try:
        return parse_time(raw)
    except NotATime:
        return REFUSED


@lru_cache(maxsize=1024)
def _load_time_text(raw: str) -> Any:
    # A record often has the same time several times; and the most common way of writing it is read at the speed of C.
    if len(raw) == _ISO_LENGTH and raw[-1] == "Z" and raw[10] == "T" and raw[19] == "." and raw[0] != "0":
        try:
            return datetime.fromisoformat(raw)
        except ValueError:
            pass
    try:
        return parse_time(raw)
    except NotATime:
        return REFUSED


def time(shape: str) -> Converter:
    """An instant; `shape` is how it is canonically written."""
    load = _load_time

    @lru_cache(maxsize=1024)
    def dump(value: datetime) -> Any:
        if shape == ISO_MILLISECONDS and value.tzinfo is UTC:
            return f"{value.isoformat(timespec='milliseconds')[:-6]}Z"
        written = render_time(value, shape)
        if shape.startswith("unix"):
            # The unit of a number is told by its size: one that would be misread is no way to write this moment.
            read = load(written)
            if read is REFUSED or abs(read - value) >= _SECOND:
                return render_time(value, ISO_MILLISECONDS)
        return written

    def like(value: datetime, raw: Any) -> Any:
        try:
            return render_time(value, shape_of(raw))
        except OverflowError:  # the first and the last hours of all years, in another zone
            return dump(value)

    return Converter(load, dump, like)


def words(table: Mapping[str, StrEnum], other: StrEnum | None = None) -> Converter:
    """A word of a closed vocabulary, in any case; of several that mean the same the first is the canonical one.

    A word that is not in the table becomes `other`, and is refused where there is no such.
    """
    back: dict[Any, str] = {}
    for name, value in table.items():
        back.setdefault(value, name)
    small = {name.lower(): value for name, value in table.items()}
    unknown: Any = REFUSED if other is None else other

    def load(raw: Any) -> Any:
        return small.get(raw.lower(), unknown) if isinstance(raw, str) else REFUSED

    def dump(value: Any) -> Any:
        return back.get(value, value if value is None else str(value))

    return Converter(load, dump)


def lower_words(upper: Sequence[str]) -> Converter:
    """A word that is written in small letters outside, if not in other ones, and in capitals here."""
    table = {word.lower(): word for word in upper}
    return Converter(lambda raw: table.get(raw.lower(), REFUSED) if isinstance(raw, str) else REFUSED, str.lower)


def _boolean_words(yes: StrEnum, no: StrEnum) -> Converter:
    def load(raw: Any) -> Any:
        return REFUSED if not isinstance(raw, bool) else yes if raw else no

    return Converter(load, lambda value: value == yes)


RATING: Final = _boolean_words(Rating.POSITIVE, Rating.NEGATIVE)
"""Helpful or not."""
VERDICT: Final = _boolean_words(Verdict.POSITIVE, Verdict.NEGATIVE)
"""Relevant or not."""


def _load_strings(raw: Any) -> Any:
    return raw if isinstance(raw, list) and all(isinstance(item, str) for item in raw) else REFUSED


STRINGS: Final = Converter(_load_strings, as_is)
"""A list of texts, in a JSON column."""


def _load_tags(raw: Any) -> Any:
    if _load_strings(raw) is REFUSED:
        return REFUSED
    return list(dict.fromkeys(clean_text(item)[:KEY_LENGTH] for item in raw))


TAGS: Final = Converter(_load_tags, as_is)
"""A list of tags, each once."""


def _load_ids(raw: Any) -> Any:
    if not isinstance(raw, list):
        return REFUSED
    ids = [_load_id(item) for item in raw]
    return REFUSED if REFUSED in ids else list(dict.fromkeys(ids))


NUMBER_IDS: Final = Converter(_load_ids, lambda value: [_dump_number_id(item) for item in value])
"""A list of ids, canonically numbers, each once."""
IDS: Final = Converter(_load_ids, as_is)
"""A list of ids, canonically texts, each once."""


def _load_labels(raw: Any) -> Any:
    return REFUSED if _load_strings(raw) is REFUSED else [{"label": clean_text(item)[:KEY_LENGTH]} for item in raw]


LABELS: Final = Converter(_load_labels, lambda value: [row["label"] for row in value])
"""A list of words, each a reason."""


def _load_scores(raw: Any) -> Any:
    if not isinstance(raw, dict):
        return REFUSED
    scores = ((clean_text(name)[:KEY_LENGTH], _load_number(value)) for name, value in raw.items())
    return [{"name": name, "value": value} for name, value in scores if value is not REFUSED]


SCORES: Final = Converter(_load_scores, lambda value: {row["name"]: _dump_number(row["value"]) for row in value})
"""An object of numbers, each a score; what is no number in it is left out."""


def _load_pages(raw: Any) -> Any:
    fine = isinstance(raw, list) and all(type(item) is int and abs(item) <= INT32 for item in raw)
    return raw if fine else REFUSED


PAGES: Final = Converter(_load_pages, as_is)
"""A list of whole numbers, in a JSON column."""
