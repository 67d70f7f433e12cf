"""Marks: what of a text tells from which row it comes.

Each value that a row can give away has one of its own: a word in each text, a number, a moment, and the row's uuid. So
an answer is searched for marks, without knowing what was asked, and each of them leads to a row and a column.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import orjson

START: Final = datetime(2026, 3, 1, tzinfo=UTC)
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
FIRST_NUMBER: Final = 7_000_000

_MARK: Final = re.compile(
    rb"zq[0-9a-z]{4}qz"
    rb"|[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"
    rb"|(?<![0-9a-fA-F])[0-9a-fA-F]{32}(?![0-9a-fA-F])"
    rb"|(?<!\d)7\d{6}(?!\d)"  # a number
    rb"|(?<!\d)0\.4\d{5}(?!\d)"  # a fraction
    rb"|2026-03-\d\d[T ]\d\d:\d\d:\d\d\.\d{6}"  # a moment
    rb"|(?<!\d)177[0-9]{13}(?!\d)"  # a moment as cursors have it
    rb"|[A-Za-z0-9_+/-]{27,}"  # perhaps base64: the id of a node, or a cursor
)

_DIGITS: Final = "0123456789abcdefghijklmnopqrstuvwxyz"


def word(number: int) -> str:
    """The mark of that number, for texts."""
    letters = ""
    for _ in range(4):
        number, digit = divmod(number, 36)
        letters = _DIGITS[digit] + letters
    return f"zq{letters}qz"


def moment(number: int) -> datetime:
    """The moment of that number; they rise with it."""
    return START + timedelta(minutes=number, microseconds=number + 1)


def fraction(number: int) -> float:
    """The fraction of that number."""
    return (400_000 + number * 10 % 100_000 + 7) / 1_000_000


def marks_of(text: bytes, *, deep: bool = True) -> set[str]:
    """All marks in a text, also those in ids and cursors within it."""
    found: set[str] = set()
    for match in _MARK.finditer(text):
        piece = match.group()
        length = len(piece)
        if length in (32, 36) and (key := _uuid(piece)) is not None:
            found.add(key)
        elif length == 16 and piece.isdigit():
            found.add((EPOCH + timedelta(microseconds=int(piece))).strftime("%Y-%m-%d %H:%M:%S.%f"))
        elif length == 26 and piece.startswith(b"2026-"):
            found.add(piece.decode().replace("T", " "))
        elif length >= 27:
            if deep:
                found |= marks_of(_decoded(piece), deep=False)
            found |= {each.decode() for each in _WITHIN.findall(piece)}
        else:
            found.add(piece.decode())
    return found


_WITHIN: Final = re.compile(rb"zq[0-9a-z]{4}qz|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
"""Marks that a run of letters holds which looks like base64, such as a slug."""


def _uuid(piece: bytes) -> str | None:
    try:
        return str(UUID(piece.decode()))
    except ValueError:
        return None


def _decoded(piece: bytes) -> bytes:
    bare = piece.replace(b"+", b"-").replace(b"/", b"_")
    try:
        return urlsafe_b64decode(bare + b"=" * (-len(bare) % 4))
    except ValueError:
        return b""


def told(value: Any) -> bytes:
    """A value of an answer, or a row, as text in which marks can be found."""
    return orjson.dumps(value, default=_plain, option=orjson.OPT_NON_STR_KEYS)


def _plain(value: Any) -> Any:
    if isinstance(value, int):  # beyond 64 bits
        return str(value)
    return repr(value)


def marks_in_rows(rows: Iterable[Mapping[str, Any]]) -> set[str]:
    """All marks of rows."""
    return marks_of(told(list(rows)))
