"""Numbers that remember how they were written, and the standard library's decoder and encoder set up for them."""

import json
import sys
from typing import Final, NoReturn, Self

MAX_INT_DIGITS: Final = min(4_300, sys.get_int_max_str_digits() or 4_300)
"""Digits up to which an integer is an exact int; converting longer ones takes quadratic time."""

_LONGEST_INT: Final = 10**MAX_INT_DIGITS - 1


class FloatToken(float):
    """A float written otherwise than Python would: the number rounded as any float is, and `token`, its exact text.

    A number too large for a float is infinite, as everywhere in Python; its token still holds it.
    """

    __slots__ = ("token",)
    token: str

    def __new__(cls, token: str) -> Self:
        """Make the number that `token` writes."""
        self = super().__new__(cls, token)
        self.token = token
        return self

    def __getnewargs__(self) -> tuple[str]:  # type: ignore[override]  # copies are made from the text, not the number
        return (self.token,)

    def __repr__(self) -> str:
        return self.token


class IntToken(int):
    """An integer written otherwise than Python would: ``-0``, or one of more than `MAX_INT_DIGITS` digits.

    The value of an over-long one is the largest (or smallest) of `MAX_INT_DIGITS` digits; its exact text is `token`.
    """

    token: str

    def __new__(cls, token: str) -> Self:
        """Make the number that `token` writes."""
        if len(token.removeprefix("-")) > MAX_INT_DIGITS:
            self = super().__new__(cls, -_LONGEST_INT if token.startswith("-") else _LONGEST_INT)
        else:
            self = super().__new__(cls, token)
        self.token = token
        return self

    def __getnewargs__(self) -> tuple[str]:  # type: ignore[override]  # copies are made from the text, not the number
        return (self.token,)

    def __repr__(self) -> str:
        return self.token


class NotANumber(ValueError):
    """NaN or Infinity, which Python's decoder knows and JSON does not."""


def _float(token: str) -> float:
    number = float(token)
    return number if float.__repr__(number) == token else FloatToken(token)


def _int(token: str) -> int:
    if token == "-0" or (len(token) > MAX_INT_DIGITS and len(token.removeprefix("-")) > MAX_INT_DIGITS):
        return IntToken(token)
    return int(token)


def _constant(name: str) -> NoReturn:
    raise NotANumber(f"Not a JSON number: {name}")


decoder: Final = json.JSONDecoder(parse_float=_float, parse_int=_int, parse_constant=_constant)
encoder: Final = json.JSONEncoder(separators=(",", ":"), allow_nan=False, check_circular=False)
sorting_encoder: Final = json.JSONEncoder(separators=(",", ":"), allow_nan=False, check_circular=False, sort_keys=True)
