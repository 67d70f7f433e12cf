"""JSON on the wire: requests are read strictly, answers are written fast.

Requests are read by orjson where it gives what the standard parser gives; that one keeps integers of any size, where
orjson rounds those above 64 bits, and takes lone surrogates.
Answers are written by orjson, and by the standard encoder where orjson refuses a value.
"""

import json
import math
import re
from datetime import datetime
from typing import Any, Final, NoReturn

import orjson

from db.jsons import dump
from graph.scalars import print_time

MAX_JSON_DEPTH = 200
"""How many lists and objects may lie in each other in a request; the parser of GraphQL documents stops there, too."""


class NotJSON(json.JSONDecodeError):
    """The text is no JSON that this server takes; `reason` completes a sentence that begins with its name."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason, "", 0)
        self.reason = reason


def decode(data: str | bytes, max_depth: int = MAX_JSON_DEPTH) -> Any:
    """The value of a JSON text (RFC 8259: UTF-8, no NaN, no Infinity).

    Raises:
        NotJSON: it isn't JSON, is nested deeper than `max_depth`, or holds a number of more than 4,300 digits or beyond
            what a double can hold.
    """
    if isinstance(data, bytes) and data.count(b"{") + data.count(b"[") <= max_depth and not _LONG_NUMBER(data):
        try:
            return orjson.loads(data)
        except orjson.JSONDecodeError:  # it is told below what is wrong, if anything is
            pass
    try:
        text = data.decode() if isinstance(data, bytes) else data
        value = _DECODER.decode(text)
    except NotJSON:
        raise
    except UnicodeDecodeError:
        raise NotJSON("is not valid UTF-8") from None
    except json.JSONDecodeError as error:
        raise NotJSON(f"is not valid JSON (line {error.lineno}, column {error.colno})") from None
    except RecursionError:
        raise NotJSON(f"is nested more than {max_depth} deep") from None
    except ValueError:
        raise NotJSON("holds a number with too many digits") from None
    if text.count("[") + text.count("{") > max_depth and _is_deeper(value, max_depth):
        raise NotJSON(f"is nested more than {max_depth} deep")
    return value


def decode_flat(data: bytes) -> dict[str, Any] | None:
    """The same of an object that holds texts, truth values and nulls, and objects of nothing else; None for all others.

    Nothing in it can be nested too deep, or be a number that is read in another way.
    """
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError:
        return None
    if type(value) is not dict:
        return None
    for item in value.values():
        kind = type(item)
        if kind is dict:
            for each in item.values():
                if type(each) not in _FLAT:
                    return None
        elif kind not in _FLAT:
            return None
    return value


_FLAT: Final = frozenset({str, bool, int, type(None)})
"""Integers too: what orjson gives as one is exact, and longer ones it gives as floats."""


class Portion:
    """The JSON of a part of an answer, in the place of its value."""

    __slots__ = ("text",)

    def __init__(self, text: bytes) -> None:
        self.text = text


def portion(value: object) -> Portion:
    """The JSON of a part of an answer. Raises orjson.JSONEncodeError where `encode` would write it the long way."""
    return Portion(orjson.dumps(value, option=orjson.OPT_UTC_Z))


def pieces(value: object) -> list[bytes]:
    """The JSON text of an answer that may have portions, in pieces."""
    try:
        return [orjson.dumps(value, option=orjson.OPT_UTC_Z)]
    except orjson.JSONEncodeError:  # it has portions, or what orjson refuses
        found: list[bytes] = []

    def hole(part: object) -> orjson.Fragment:
        if not isinstance(part, Portion):
            raise TypeError(f"{type(part).__name__} is no value of an answer")
        found.append(part.text)
        return _HOLE

    try:
        round_them = orjson.dumps(value, hole, orjson.OPT_UTC_Z)
    except orjson.JSONEncodeError:
        return [encode(_without_portions(value))]
    if not found:
        return [round_them]
    parts = iter(round_them.split(b"\0"))
    written = [next(parts)]
    for part, behind in zip(found, parts, strict=True):
        written += (part, behind)
    return written


_HOLE: Final = orjson.Fragment(b"\0")
"""Where a portion stands: no JSON text has this byte."""


def _without_portions(value: object) -> object:
    if isinstance(value, Portion):
        return orjson.loads(value.text)
    if isinstance(value, dict):
        return {key: _without_portions(item) for key, item in value.items()}
    return [_without_portions(item) for item in value] if isinstance(value, list | tuple) else value


def encode(value: object) -> bytes:
    """The JSON text of an answer, in UTF-8.

    What orjson refuses (integers above 64 bits, lone surrogates, stored numbers that keep their token, deep nesting) is
    written by our own JSON, in full and with lone surrogates as escapes; numbers that JSON doesn't know are null.
    """
    try:
        return orjson.dumps(value, option=orjson.OPT_UTC_Z)
    except orjson.JSONEncodeError:
        value = _without_times(value)
    try:
        return dump(value).encode()
    except ValueError:
        return dump(_without_nan(value)).encode()


def _without_times(value: object, level: int = 0) -> object:
    """The answer with its times as text. What lies deeper than selections do is a JSON value, and has none."""
    if level > _LEVELS_OF_SELECTIONS:
        return value
    if isinstance(value, dict):
        return {key: _without_times(item, level + 1) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_without_times(item, level + 1) for item in value]
    return print_time(value) if isinstance(value, datetime) else value


_LEVELS_OF_SELECTIONS = 400
"""More levels of an answer than a document's selections have, whose parser stops at 200 with a list in each."""


def _refuse_constant(name: str) -> NoReturn:
    raise NotJSON(f"holds {name}, which JSON doesn't know")


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise NotJSON("holds a number that is out of range")
    return number


_LONG_NUMBER: Final = re.compile(rb"[0-9]{19}").search
"""Finds what may be an integer of more than 64 bits."""

_DECODER: Final = json.JSONDecoder(parse_constant=_refuse_constant, parse_float=_finite)


def _is_deeper(value: object, limit: int) -> bool:
    level: list[Any] = [value]
    for _ in range(limit + 1):
        containers = [item for item in level if isinstance(item, list | dict)]
        if not containers:
            return False
        level = [item for parent in containers for item in (parent.values() if isinstance(parent, dict) else parent)]
    return True


def _without_nan(value: object) -> object:
    if isinstance(value, dict):
        return {key: _without_nan(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_without_nan(item) for item in value]
    if type(value) is float and not math.isfinite(value):
        return None
    return value
