"""What an operation makes anew each time, such as ids, keys and the time of a write, told alike.

Of moments only those since the run began are: all that is in the world is older, and stays as it was told.
"""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

from tests.access.crossing.marks import _decoded, marks_of

_BEGAN: Final = time.time()

_ISO: Final = rb"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)?"
_HTTP: Final = rb"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT"
_EPOCH: Final = rb"(?<![\d.])[1-9]\d{9}(?:\d{3}){0,3}(?!\d)(?:\.\d+)?"
"""Seconds, or the thousandth, millionth or billionth parts of them: the first ten digits tell the second."""

_MOMENT: Final = re.compile(rb"%b|%b|%b" % (_ISO, _HTTP, _EPOCH))
_MADE: Final = re.compile(
    rb"clq_[A-Za-z0-9_]+|eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+"
    rb"|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
    rb"|%b|%b"
    rb"|anonymous-[0-9a-f]{32}|[0-9a-f]{32}"
    rb"|[A-Za-z0-9_+/-]{27,}"
    rb"|%b" % (_ISO, _HTTP, _EPOCH)
)
_TO_THE_MINUTE: Final = re.compile(rb"[\d-]{10}[T ]\d\d:\d\d(?!:)")
_ALIKE: Final = b"(made)"


def alike(text: bytes, known: set[str]) -> bytes:
    """The text with what was made just now under one name; `known`: the marks of what was there before."""
    return _MADE.sub(lambda found: _renamed(found.group(), known), text)


def _renamed(piece: bytes, known: set[str]) -> bytes:
    if piece.startswith((b"clq_", b"eyJ", b"anonymous-")):
        return _ALIKE
    decoded = _decoded(piece)
    marks = marks_of(piece) | marks_of(decoded)
    if _MOMENT.fullmatch(piece):
        return _ALIKE if not marks & known and _is_new(piece) else piece
    if marks and not marks & known:
        return _ALIKE
    # A cursor, which begins with a sum of four bytes, may hold the time of a write beside the id of what was there.
    if any(_is_new(found) for found in _MOMENT.findall(decoded)):
        return _MOMENT.sub(lambda found: _ALIKE if _is_new(found.group()) else found.group(), decoded[4:])
    return piece


def _is_new(moment: bytes) -> bool:
    """Whether it may lie after the beginning, as exactly as it is told."""
    if moment[:10].isdigit():
        return int(moment[:10]) >= int(_BEGAN)
    text = moment.decode()
    try:
        told = parsedate_to_datetime(text) if text.endswith("GMT") else datetime.fromisoformat(text)
    except ValueError:
        return False
    zoned = told if told.tzinfo else told.replace(tzinfo=UTC)
    exact = timedelta(minutes=1) if _TO_THE_MINUTE.match(moment) else timedelta(seconds=1)
    return (zoned + exact).timestamp() > _BEGAN
