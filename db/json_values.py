"""JSON values as filters see them, read from text the way PostgreSQL's jsonb reads it.

NUL and lone surrogates are U+FFFD, of equal keys the last one counts, numbers are exact, and a text that jsonb cannot
hold (a number beyond `numeric`, NaN) is as good as absent. On SQLite the functions below are called from SQL.
"""

import json
import operator
import re
from collections.abc import Callable, Sequence
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any, Final

from db.jsons import clean_text
from db.texts import fold
from db.tokens import IntToken

ABSENT: Final = object()
"""Nothing is there: not even null."""

INTEGER_DIGITS: Final = 131_072
"""Digits before the decimal point that PostgreSQL's numeric holds."""

FRACTION_DIGITS: Final = 16_383
"""Digits behind the decimal point that PostgreSQL's numeric holds."""

_UNSTORABLE: Final = re.compile(r"\\u(?:0000|d[89a-f])", re.IGNORECASE)
_INDEX: Final = re.compile(r"[0-9]+")


def holdable(number: Decimal) -> bool:
    """Whether PostgreSQL's numeric holds the number with all of its digits."""
    exponent = number.as_tuple().exponent
    if not isinstance(exponent, int) or -exponent > FRACTION_DIGITS or exponent >= 2**30:
        return False
    return number.is_zero() or number.adjusted() < INTEGER_DIGITS


def _integer(token: str) -> int | Decimal:
    if len(token) < 300:
        return int(token)
    # Python's int refuses more than 4,300 digits.
    return _decimal(token)


def _decimal(token: str) -> Decimal:
    number = Decimal(token)
    if not holdable(number):
        raise ValueError("a number that jsonb cannot hold")
    return number


def _constant(token: str) -> Any:
    raise ValueError(f"{token} is not JSON")


_DECODER: Final = json.JSONDecoder(parse_int=_integer, parse_float=_decimal, parse_constant=_constant)


@lru_cache(maxsize=8)
def parse(text: str) -> Any:
    """The value of the text, or ABSENT where jsonb has none for it. Not to be changed: it is remembered."""
    try:
        value = _DECODER.decode(text)
        return _storable(value) if _UNSTORABLE.search(text) else value
    except (ValueError, InvalidOperation, RecursionError):
        return ABSENT


def _storable(value: Any) -> Any:
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, list):
        return [_storable(item) for item in value]
    if isinstance(value, dict):
        return {clean_text(key): _storable(item) for key, item in value.items()}
    return value


def render(value: Any) -> str:
    """The one text of a value: equal values have equal texts; numbers without exponent or idle zeros, keys as in jsonb.

    Raises ValueError for what is no JSON value, and for a number that jsonb cannot hold.
    """
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return json.dumps(clean_text(value), ensure_ascii=False)
    if isinstance(value, (int, float, Decimal)):
        return _number(value)
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(render(item) for item in value) + "]"
    if isinstance(value, dict):
        pairs = {clean_text(str(key)): item for key, item in value.items()}
        keys = sorted(pairs, key=lambda key: (len(key.encode()), key.encode()))
        return "{" + ", ".join(f"{json.dumps(key, ensure_ascii=False)}: {render(pairs[key])}" for key in keys) + "}"
    raise ValueError(f"{type(value).__name__} is no JSON value")


def _number(value: float | Decimal) -> str:
    # The numbers of db.tokens say by their repr how they were written.
    number = Decimal(repr(value)) if isinstance(value, (float, IntToken)) else Decimal(value)
    if not number.is_finite() or not holdable(number):
        raise ValueError("a number that is beyond all bounds")
    if number.is_zero():
        return "0"
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def at(value: Any, path: Sequence[str]) -> Any:
    """What lies at the path, or ABSENT: a step of digits is an index in an array and a key in an object."""
    for step in path:
        if isinstance(value, dict):
            value = value.get(step, ABSENT)
        elif isinstance(value, list) and _INDEX.fullmatch(step):
            digits = step.lstrip("0") or "0"
            value = value[int(digits)] if len(digits) < 10 and int(digits) < len(value) else ABSENT
        else:
            return ABSENT
    return value


def same(one: Any, other: Any) -> bool:
    """Whether two values are equal by JSON type: 1 is 1.0 and not true; the order of keys does not count."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(item, other[key]) for key, item in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, Decimal)) and not isinstance(value, bool)


def _compared(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    def holds(value: Any, operand: Any) -> bool:
        if isinstance(value, str) and isinstance(operand, str):
            return compare(value, operand)
        return _is_number(value) and _is_number(operand) and compare(value, operand)

    return holds


_OPERATORS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "eq": same,
    "ne": lambda value, operand: not same(value, operand),
    "in": lambda value, operands: any(same(value, operand) for operand in operands),
    "not_in": lambda value, operands: not any(same(value, operand) for operand in operands),
    "lt": _compared(operator.lt),
    "lte": _compared(operator.le),
    "gt": _compared(operator.gt),
    "gte": _compared(operator.ge),
    "contains": lambda value, operand: isinstance(value, str) and operand in fold(value),
    "starts_with": lambda value, operand: isinstance(value, str) and fold(value).startswith(operand),
    "has": lambda value, operand: isinstance(value, list) and any(same(item, operand) for item in value),
}


@lru_cache(maxsize=256)
def _specification(text: str) -> tuple[list[str], list[tuple[str, Any]]]:
    operators = parse(text)
    path = operators["path"]
    return path, [(name, operand) for name, operand in operators.items() if name != "path"]


def holds(text: str | None, specification: str) -> int:
    """1 where the value at a path meets all conditions of a specification (an object of path and operators), else 0."""
    path, operators = _specification(specification)
    found = ABSENT if text is None else at(parse(text), path)
    for name, operand in operators:
        if name == "exists":
            met = (found is not ABSENT) is operand
        elif name == "is_null":
            met = (found is ABSENT or found is None) is operand
        else:
            met = found is not ABSENT and found is not None and _OPERATORS[name](found, operand)
        if not met:
            return 0
    return 1


def keys(text: str | None, path: str) -> str:
    """The keys of the object at the path, as the text of a JSON list; an empty one where there is no object."""
    found = ABSENT if text is None else at(parse(text), parse(path))
    return json.dumps(list(found), ensure_ascii=False) if isinstance(found, dict) else "[]"


def members(text: str | None, path: str) -> str:
    """The value at the path, or of a list its distinct members, without null: each as its one text, in a JSON list."""
    found = ABSENT if text is None else at(parse(text), parse(path))
    values = found if isinstance(found, list) else [found]
    try:
        texts = dict.fromkeys(render(value) for value in values if value is not ABSENT and value is not None)
    except RecursionError:
        return "[]"
    return json.dumps(list(texts), ensure_ascii=False)
