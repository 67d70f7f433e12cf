"""The operators that filters offer for each kind of value.

An operator that is left out is no condition; several in one filter all hold. On an absent value everything but `isNull`
and `exists` is false, negations included.
"""

from datetime import datetime
from typing import Any, Generic, TypeVar

import strawberry
from strawberry import UNSET
from strawberry.scalars import JSON

T = TypeVar("T")


def operand(description: str, name: str | None = None) -> Any:
    """An input field that may be left out and, unlike what GraphQL's type says, must not be null."""
    return strawberry.field(default=UNSET, name=name, description=description)


EQ = "Is exactly this."
NE = "Has a value, and it is not this."
IN = "Is one of these; an empty list holds for nothing."
NOT_IN = "Has a value, and it is none of these."
LT, LTE = "Is less than this.", "Is this or less."
GT, GTE = "Is greater than this.", "Is this or greater."
BEFORE, UNTIL = "Is before this moment.", "Is this moment or before it."
AFTER, SINCE = "Is after this moment.", "Is this moment or after it."
CONTAINS = "Contains this text; upper and lower case are the same, in all scripts."
STARTS_WITH = "Begins with this text; upper and lower case are the same, in all scripts."
IS_NULL = "true: there is no value. false: there is one."


@strawberry.input(description="Conditions on an id.")
class IDFilter:
    """Operators on node ids of the type that the field is about."""

    eq: strawberry.ID | None = operand(EQ)
    ne: strawberry.ID | None = operand(NE)
    in_: list[strawberry.ID] | None = operand(IN, "in")
    not_in: list[strawberry.ID] | None = operand(NOT_IN)
    is_null: bool | None = operand(IS_NULL)


@strawberry.input(description="Conditions on a text. `contains` and `startsWith` ignore case, all else is exact.")
class StringFilter:
    """Operators on text."""

    eq: str | None = operand(EQ)
    ne: str | None = operand(NE)
    in_: list[str] | None = operand(IN, "in")
    not_in: list[str] | None = operand(NOT_IN)
    contains: str | None = operand(CONTAINS)
    starts_with: str | None = operand(STARTS_WITH)
    is_null: bool | None = operand(IS_NULL)


@strawberry.input(description="Conditions on a list of texts, such as tags. All comparisons are exact.")
class StringListFilter:
    """Operators on lists of text."""

    has: str | None = operand("This text is in the list.")
    has_any: list[str] | None = operand("At least one of these is in the list; an empty list holds for nothing.")
    has_all: list[str] | None = operand("All of these are in the list; an empty list holds for everything.")
    is_empty: bool | None = operand("true: the list is empty. false: it is not.")


@strawberry.input(description="Conditions on a boolean that may be absent.")
class BooleanFilter:
    """Operators on booleans."""

    eq: bool | None = operand(EQ)
    is_null: bool | None = operand(IS_NULL)


@strawberry.input(description="Conditions on a whole number.")
class IntFilter:
    """Operators on integers."""

    eq: int | None = operand(EQ)
    ne: int | None = operand(NE)
    in_: list[int] | None = operand(IN, "in")
    not_in: list[int] | None = operand(NOT_IN)
    lt: int | None = operand(LT)
    lte: int | None = operand(LTE)
    gt: int | None = operand(GT)
    gte: int | None = operand(GTE)


@strawberry.input(description="Conditions on a number.")
class FloatFilter:
    """Operators on floats; without eq, which rounding makes a trap."""

    lt: float | None = operand(LT)
    lte: float | None = operand(LTE)
    gt: float | None = operand(GT)
    gte: float | None = operand(GTE)
    is_null: bool | None = operand(IS_NULL)


@strawberry.input(description="Conditions on a moment. A period is {gte: begin, lt: end}.")
class DateTimeFilter:
    """Operators on moments."""

    lt: datetime | None = operand(BEFORE)
    lte: datetime | None = operand(UNTIL)
    gt: datetime | None = operand(AFTER)
    gte: datetime | None = operand(SINCE)
    is_null: bool | None = operand(IS_NULL)


@strawberry.input(description="A score on a named scale for which all the given bounds hold; without bounds, any.")
class ScoreFilter:
    """Operators on the scores of feedback."""

    name: str = strawberry.field(description="The scale, exactly.")
    lt: float | None = operand(LT)
    lte: float | None = operand(LTE)
    gt: float | None = operand(GT)
    gte: float | None = operand(GTE)


@strawberry.input(name="Filter", description="Conditions on a word of this enum.")
class WordFilter(Generic[T]):
    """Operators on an enum: the schema has one type of them for each, such as MessageRoleFilter."""

    eq: T | None = operand(EQ)
    ne: T | None = operand(NE)
    in_: list[T] | None = operand(IN, "in")
    not_in: list[T] | None = operand(NOT_IN)


@strawberry.input(name="Filter", description="Conditions on a word of this enum, which may be absent.")
class OptionalWordFilter(Generic[T]):
    """Operators on an enum that not every record has a word of."""

    eq: T | None = operand(EQ)
    ne: T | None = operand(NE)
    in_: list[T] | None = operand(IN, "in")
    not_in: list[T] | None = operand(NOT_IN)
    is_null: bool | None = operand(IS_NULL)


@strawberry.input(
    description=(
        "Conditions on the value at a path in a record's free JSON, such as "
        '{path: ["page", "path", "0"], eq: "docs"}. Values are compared within their JSON type: numbers with numbers, '
        "texts with texts, booleans with booleans; a value of another type fails every comparison."
    )
)
class PropertyFilter:
    """Operators on JSON."""

    path: list[str] = strawberry.field(
        description=(
            "The keys from the outside in, at most 32; an empty list is the JSON as a whole. Digits are the place in a "
            "list, from 0, and a key in an object."
        )
    )
    eq: JSON | None = operand("Is this value; objects and lists are compared whole.")
    ne: JSON | None = operand("Is there, is not null and is not this value.")
    in_: list[JSON] | None = operand(IN, "in")
    not_in: list[JSON] | None = operand("Is there, is not null and is none of these.")
    lt: JSON | None = operand("Is a smaller number, or a text that comes before this one by code point.")
    lte: JSON | None = operand("Is this or a smaller number, or this text or one before it by code point.")
    gt: JSON | None = operand("Is a greater number, or a text that comes after this one by code point.")
    gte: JSON | None = operand("Is this or a greater number, or this text or one after it by code point.")
    contains: str | None = operand("Is a text that contains this one, whatever the case.")
    starts_with: str | None = operand("Is a text that begins with this one, whatever the case.")
    has: JSON | None = operand("Is a list in which this value is.")
    exists: bool | None = operand("true: something is at the path, if only null. false: nothing is there.")
    is_null: bool | None = operand("true: nothing is at the path, or null is. false: a value other than null is.")
