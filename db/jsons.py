"""JSON that loses nothing: every number keeps the text it was written with, and depth is no danger.

The standard library does the work at C speed, since orjson rounds integers beyond 64 bits. Two things that it does not
do are added. A number whose text is not the one Python would write (1.00, 1e2, -0) becomes a token, a number that
remembers its text. And what is nested too deep for its recursion is read and written by loops.

Not kept are white space, how a character was escaped, and all but the last of several members of an object that have
the same name (noticing them would cost a fifth of the speed; the name keeps its first place).
"""

import hashlib
import re
from json import JSONDecodeError
from typing import Final

from db import deep
from db.tokens import FloatToken, IntToken, NotANumber, decoder, encoder, sorting_encoder

__all__ = [
    "MAX_DEPTH",
    "FloatToken",
    "IntToken",
    "Malformed",
    "canonical_hash",
    "clean_text",
    "dump",
    "parse",
    "parse_start",
    "same",
]

MAX_DEPTH: Final = 1_000
"""Levels of nesting that `parse` accepts unless told otherwise."""

_MAX_DUMP_DEPTH: Final = 100_000
_BOM: Final = "\ufeff"
_TOKENS: Final = frozenset({FloatToken, IntToken})
_UNFIT: Final = re.compile("[\0\ud800-\udfff]")


class Malformed(ValueError):
    """Text that is not JSON or is beyond a limit; the message says what is wrong and where."""


def parse(text: bytes | str, *, max_depth: int = MAX_DEPTH, line: int = 1) -> object:
    """Read one JSON value, UTF-8 with or without a byte order mark; `line` is the number of the text's first line.

    Raises `Malformed` for anything else, NaN, Infinity and nesting deeper than `max_depth` included.
    """
    text = _decoded(text, line)
    value: object
    try:
        try:
            value = decoder.decode(text)
        except (RecursionError, NotANumber):
            return deep.Reader(text, max_depth).whole()
        # A value can be no deeper than it has brackets, and counting these costs next to nothing.
        if text.count("[") + text.count("{") > max_depth and deep.survey(value, max_depth)[0] > max_depth:
            return deep.Reader(text, max_depth).whole()
    except JSONDecodeError as error:
        raise _malformed(error, line) from None
    return value


def parse_start(text: bytes | str, *, max_depth: int = MAX_DEPTH) -> object:
    """Read the beginning of a JSON value: all that stands before the place where the text breaks off or goes wrong.

    A scalar at the very end is left out, since more of it may follow. Raises `Malformed` where no object and no array
    has even begun.
    """
    if isinstance(text, bytes):
        text = text.decode("utf-8", "replace")
    try:
        return deep.Reader(text.removeprefix(_BOM), max_depth).start()
    except JSONDecodeError as error:
        raise _malformed(error, 1) from None


def dump(value: object, *, sort_keys: bool = False) -> str:
    """Write a JSON value as ASCII without blanks: numbers by their tokens, members in their order unless sorted.

    Raises ValueError for NaN, infinity and more than 100,000 levels, TypeError for what JSON does not have.
    """
    depth, kinds = deep.survey(value, _MAX_DUMP_DEPTH)
    if depth > _MAX_DUMP_DEPTH:
        raise ValueError(f"the value is nested deeper than {_MAX_DUMP_DEPTH:,} levels")
    if kinds.isdisjoint(_TOKENS):
        try:
            return (sorting_encoder if sort_keys else encoder).encode(value)
        except RecursionError:
            pass
    return "".join(deep.pieces(value, sort_keys=sort_keys))


def same(a: object, b: object, *, order: bool = True) -> bool:
    """Tell whether two values are the same JSON: 1, 1.0, 1.00 and true are four things.

    Objects whose members stand in different orders are the same only without `order`.
    """
    return dump(a, sort_keys=not order) == dump(b, sort_keys=not order)


def canonical_hash(value: object) -> str:
    """The SHA-256, in hexadecimal, of the value as `dump` writes it.

    White space and escapes do not count, then, while the text of numbers and the order of members do: two records with
    the same hash are written again as the same text.
    """
    return hashlib.sha256(dump(value).encode("ascii")).hexdigest()


def clean_text(text: str) -> str:
    """The text with U+FFFD in place of NUL and of lone surrogates, which text columns cannot hold."""
    if "\0" not in text:
        if text.isascii():
            return text
        try:
            text.encode()
        except UnicodeEncodeError:
            pass
        else:
            return text
    return _UNFIT.sub("\ufffd", text)


def _decoded(text: bytes | str, line: int) -> str:
    if isinstance(text, str):
        return text.removeprefix(_BOM)
    try:
        return text.decode("utf-8").removeprefix(_BOM)
    except UnicodeDecodeError as error:
        before = text[: error.start].decode("utf-8")
        place = _place(line + before.count("\n"), len(before) - before.rfind("\n"))
        raise Malformed(f"invalid UTF-8 (byte 0x{text[error.start]:02x}) at {place}") from None


def _malformed(error: JSONDecodeError, line: int) -> Malformed:
    reason = f"{error.msg[0].lower()}{error.msg[1:].removesuffix(' at')}"
    breaks_off = error.pos >= len(error.doc.rstrip()) or reason.startswith("unterminated string")
    place = _place(error.lineno + line - 1, error.colno)
    return Malformed(f"{'the JSON breaks off, ' if breaks_off else ''}{reason} at {place}")


def _place(line: int, column: int) -> str:
    return f"line {line:,}, column {column:,}"
