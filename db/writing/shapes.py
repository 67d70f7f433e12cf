"""What inputs look like: a check for each field, which notes what is wrong and gives the value as verbs take it.

A field with something wrong in it is left out of what a check gives, so that all that can be checked of the rest is.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from db.record import KEY_LENGTH
from db.words import ProblemCode
from db.writing.limits import Limits
from db.writing.problems import Place, Problems


class _Bad:
    """The type of `BAD`."""

    def __repr__(self) -> str:
        return "BAD"


BAD: Final = _Bad()
"""A value with something wrong in it, which was noted already; such a field is passed over."""

UNFIT: Final = re.compile("[\0\ud800-\udfff]")
"""What no text may hold: NUL, and halves of surrogate pairs."""
_INT_BITS: Final = 2**31


@dataclass(slots=True)
class Look:
    """The inspection of one input."""

    limits: Limits
    problems: Problems = field(default_factory=Problems)

    def wrong(
        self,
        at: Place,
        message: str,
        code: ProblemCode = ProblemCode.INVALID,
        limit: int | None = None,
        actual: int = 0,
    ) -> _Bad:
        """Note a problem; `actual` counts where there is a limit."""
        self.problems.add(code, message, at, limit=limit, actual=None if limit is None else actual)
        return BAD


Check = Callable[[Any, Place, Look], Any]
"""Gives the value as verbs take it, or BAD."""

Measure = Callable[[Limits], int]


def named(at: Place) -> str:
    """The field as a sentence begins with it: The external id."""
    if not at:
        return "The input"
    if at[-1].isdecimal():
        return f"Element {at[-1]} of {at[-2].replace('_', ' ')}" if len(at) > 1 else f"Element {at[-1]}"
    return f"The {at[-1].replace('_', ' ')}"


def fits(value: str, at: Place, look: Look) -> bool:
    """Whether a text can be stored; notes what can't be."""
    if (found := UNFIT.search(value)) is None:
        return True
    what = "a NUL" if found[0] == "\0" else "half of a surrogate pair"
    look.wrong(at, f"{named(at)} can't be stored: character {found.start() + 1:,} is {what}.")
    return False


def items(limits: Limits) -> int:
    """The limit of a list."""
    return limits.items


def text(value: Any, at: Place, look: Look) -> Any:
    """A text of any length up to the limit of contents."""
    if not isinstance(value, str):
        return look.wrong(at, f"{named(at)} must be a text.")
    limit = look.limits.content_bytes
    # At most four bytes a character: most texts need not be encoded to be measured.
    if len(value) * 4 > limit and (size := len(value.encode("utf-8", "surrogatepass"))) > limit:
        message = f"{named(at)} may have at most {limit:,} bytes, not {size:,}."
        return look.wrong(at, message, ProblemCode.TOO_LONG, limit, size)
    return value if fits(value, at, look) else BAD


def short(length: int = KEY_LENGTH, *, blank: bool = False) -> Check:
    """A text of so many characters at most, and something other than blanks unless `blank`."""

    def check(value: Any, at: Place, look: Look) -> Any:
        if not isinstance(value, str):
            return look.wrong(at, f"{named(at)} must be a text.")
        if len(value) > length:
            message = f"{named(at)} may have at most {length:,} characters, not {len(value):,}."
            return look.wrong(at, message, ProblemCode.TOO_LONG, length, len(value))
        if not blank and not value.strip():
            return look.wrong(at, f"{named(at)} must not be blank.")
        return value if fits(value, at, look) else BAD

    return check


def word(enum: type[StrEnum]) -> Check:
    """A word of a closed vocabulary."""

    def check(value: Any, at: Place, look: Look) -> Any:
        try:
            return enum(value)
        except ValueError:
            return look.wrong(at, f"{named(at)} must be one of {', '.join(enum)}.")

    return check


def flag(value: Any, at: Place, look: Look) -> Any:
    """True or false."""
    return value if isinstance(value, bool) else look.wrong(at, f"{named(at)} must be true or false.")


def whole(least: int = -_INT_BITS, most: int = _INT_BITS - 1) -> Check:
    """A whole number."""

    def check(value: Any, at: Place, look: Look) -> Any:
        if isinstance(value, bool) or not isinstance(value, int):
            return look.wrong(at, f"{named(at)} must be a whole number.")
        if not least <= value <= most:
            message = f"{named(at)} must be from {least:,} to {most:,}, not {value:,}."
            return look.wrong(at, message, ProblemCode.OUT_OF_RANGE)
        return int(value)

    return check


def number(least: float = -math.inf, most: float = math.inf) -> Check:
    """A number of 64 bits; one that has a highest value has a lowest one, too."""

    def check(value: Any, at: Place, look: Look) -> Any:
        if isinstance(value, bool) or not isinstance(value, int | float):
            return look.wrong(at, f"{named(at)} must be a number.")
        try:
            given = float(value)
        except OverflowError:
            given = math.inf
        if not math.isfinite(given):
            return look.wrong(at, f"{named(at)} must be a number of 64 bits.", ProblemCode.OUT_OF_RANGE)
        if not least <= given <= most:
            bounds = f"{least:g} or more" if math.isinf(most) else f"from {least:g} to {most:g}"
            return look.wrong(at, f"{named(at)} must be {bounds}, not {given:g}.", ProblemCode.OUT_OF_RANGE)
        return given

    return check


def moment(value: Any, at: Place, look: Look) -> Any:
    """A time with an offset."""
    if not isinstance(value, datetime) or value.tzinfo is None:
        return look.wrong(at, f"{named(at)} must be a time with an offset.")
    try:
        return value.astimezone(UTC)
    except OverflowError:
        return look.wrong(at, f"{named(at)} must be of the years 1 to 9999.", ProblemCode.OUT_OF_RANGE)


def identifier(value: Any, at: Place, look: Look) -> Any:
    """The id of something that is here."""
    return value if isinstance(value, UUID) else look.wrong(at, f"{named(at)} must be an id.")


def made_id(value: Any, at: Place, look: Look) -> Any:
    """An id that the client made: a UUID of version 7."""
    if isinstance(value, UUID) and value.version == 7:
        return value
    return look.wrong(at, f"{named(at)} must be a UUID of version 7.")


def listed(element: Check, measure: Measure = items, *, least: int = 0) -> Check:
    """A list; an element with something wrong in it stays as BAD, so that the others keep their places."""

    def check(value: Any, at: Place, look: Look) -> Any:
        if not isinstance(value, list | tuple):
            return look.wrong(at, f"{named(at)} must be a list.")
        limit = measure(look.limits)
        if len(value) > limit:
            message = f"{named(at)} may have at most {limit:,} elements, not {len(value):,}."
            return look.wrong(at, message, ProblemCode.TOO_MANY, limit, len(value))
        if len(value) < least:
            return look.wrong(at, f"{named(at)} must not be empty.", ProblemCode.REQUIRED)
        given = []
        for index, each in enumerate(value):
            place = (*at, str(index))
            if each is None:
                given.append(look.wrong(place, f"{named(place)} must not be null.", ProblemCode.REQUIRED))
            else:
                given.append(element(each, place, look) if each is not BAD else BAD)
        return given

    return check


@dataclass(frozen=True)
class Shape:
    """An input object: a check for each of its fields."""

    fields: Mapping[str, Check]
    required: Collection[str] = ()
    never_null: Collection[str] = ()
    """Fields that may be left out and not be null: null would mean to clear what can't be empty."""
    one_of: bool = False
    """Exactly one field is given."""

    def __call__(self, value: Any, at: Place, look: Look) -> Any:
        """The fields given, without those with something wrong in them."""
        if not isinstance(value, Mapping):
            return look.wrong(at, f"{named(at)} must be an object.")
        given: dict[str, Any] = {}
        for name, each in value.items():
            check, place = self.fields.get(name), (*at, name)
            if check is None:
                look.wrong(place, f"There is no field {name} here.")
            elif each is BAD:
                continue
            elif each is None:
                if name in self.required or name in self.never_null or self.one_of:
                    look.wrong(place, f"{named(place)} must not be null.", ProblemCode.REQUIRED)
                else:
                    given[name] = None
            elif (checked := check(each, place, look)) is not BAD:
                given[name] = checked
        for name in self.required:
            if name not in value:
                place = (*at, name)
                look.wrong(place, f"{named(place)} is missing.", ProblemCode.REQUIRED)
        if self.one_of and len(value) != 1:
            look.wrong(at, f"{named(at)} takes exactly one of {', '.join(self.fields)}.")
            return BAD
        if self.one_of and not given:
            return BAD
        return given

    def with_fields(self, **fields: Check) -> Shape:
        """The shape with these fields, too."""
        return Shape({**self.fields, **fields}, self.required, self.never_null, self.one_of)
