"""How a file holds its records, told from its beginning: one a line, in one array, or in one object."""

import re
from typing import Final, Literal

from db import jsons
from db.interchange.source import Source

Layout = Literal["lines", "array", "object", "empty", "not-json"]

WINDOW: Final = 1024 * 1024
"""Bytes at the beginning of a file that are looked at."""

_SAMPLE: Final = 20  # lines that decide
_BLANKS: Final = b" \t\r\n"
_OBJECT: Final = re.compile(rb'\{\s*(?:["}]|\Z)')
_ARRAY: Final = re.compile(rb'\[\s*(?:[]\[{",]|-?[0-9]|true\b|false\b|null\b|\Z)')


def layout_of(source: Source) -> Layout:
    """Tell the layout from the first MiB.

    `lines`: every line is a value; broken lines among the first ones do not hide it. `array` and `object`: one value,
    or, after a first object, several one after the other. `not-json`: anything else, such as prose and pictures.
    """
    head = source.sniff(WINDOW)
    text = head.lstrip(_BLANKS)
    if not text:
        return "empty" if len(head) < WINDOW else "not-json"
    lines = text.split(b"\n", _SAMPLE)
    cut_off = b""
    if len(lines) > _SAMPLE:
        lines.pop()
    elif len(head) == WINDOW:
        cut_off = lines.pop()
    lines = [line for line in lines if line.strip(_BLANKS)]
    seen = len(lines) + bool(cut_off)
    if seen == 1 and (_OBJECT.match(text) or _ARRAY.match(text)):
        return "object" if text.startswith(b"{") else "array"  # and a line that may be long is not parsed
    rated = [_value(line) for line in lines]
    # All that can be told of a line that the window cuts is how it begins.
    boxes = sum(isinstance(value, (dict, list)) for value in rated) + (cut_off[:1] == text[:1])
    if _OBJECT.match(text):
        return "lines" if isinstance(rated[0], dict) or 2 * boxes >= seen else "object"
    if _ARRAY.match(text):
        return "lines" if 2 * boxes > seen else "array"
    scalars_only = not cut_off and not any(isinstance(value, jsons.Malformed) for value in rated)
    return "lines" if 2 * boxes > seen or scalars_only else "not-json"


def _value(line: bytes) -> object:
    try:
        return jsons.parse(line)
    except jsons.Malformed as error:
        return error
