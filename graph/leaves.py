"""Leaf values: how the driver's value of a column becomes the value in the answer, as code and step by step.

The code knows the pairs of column and GraphQL type that need little or nothing; any other value goes through Python's
value and the type's own `coerce_output_value`, as in graphql-core. What it meets and does not know it calls `bad`.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, NoReturn

from graphql import GraphQLEnumType, GraphQLLeafType, Undefined
from graphql.pyutils import inspect

from db.columns import Column, Kind

INT_MIN, INT_MAX = -(2**31), 2**31 - 1

Process = Callable[[Any], Any]
Name = Callable[[Any], str]
"""Gives an object of Python a name in generated code."""

SHORTCUTS: Final[dict[tuple[str, Kind], Mapping[str, Process]]] = {}
"""For a scalar's name and a kind of column, by dialect: what writes the driver's value at once as the scalar would."""

WIRED: Final[dict[tuple[str, Kind], Mapping[str, tuple[str, Mapping[str, Any]]]]] = {}
"""The same for data that goes to `wire.encode` alone, as code of `{raw}`, and what its other names stand for."""

BOOLEANS: Final = {False: False, True: True}
"""Also of SQLite's 0 and 1, which are equal to them."""


class Unusual(Exception):
    """Something that the generated code does not know: the answer is completed step by step."""


def bad(*_: object) -> NoReturn:
    """What generated code does with what it does not know."""
    raise Unusual


def hyphened(digits: str) -> str:
    """The text of a UUID that SQLite stores as 32 digits."""
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def text_of(column: Column, dialect: str) -> Process | None:
    """What makes a UUID's text of the driver's value, and of any other column Python's value."""
    if column.kind is Kind.UUID:
        return hyphened if dialect == "sqlite" else None
    return column.converter(dialect)


def coerced(leaf: GraphQLLeafType, value: Any) -> Any:
    """A value as the leaf type gives it out. Raises what the type raises, and TypeError where it gives nothing."""
    if isinstance(value, Exception):
        raise value
    found = leaf.coerce_output_value(value)
    if found is None or found is Undefined:
        raise TypeError(
            f"Expected `{inspect(leaf)}.coerce_output_value({inspect(value)})` to return non-nullable value, returned:"
            f" {inspect(found)}"
        )
    return found


def leaf_code(
    of: Name, leaf: GraphQLLeafType, column: Column, dialect: str, raw: str, *, wired: bool
) -> tuple[str, bool]:
    """An expression for a column's value that is not null, and whether it can be given null as well."""
    if wired and (found := WIRED.get((leaf.name, column.kind), {}).get(dialect)) is not None:
        code, objects = found
        return code.format(raw=raw, **{name: of(value) for name, value in objects.items()}), False
    if (shortcut := SHORTCUTS.get((leaf.name, column.kind), {}).get(dialect)) is not None:
        return f"{of(shortcut)}({raw})", False
    match leaf.name, column.kind:
        case (("String" | "ID"), Kind.TEXT):
            return raw, True
        case "ID", Kind.UUID:
            return (f"{of(hyphened)}({raw})", False) if dialect == "sqlite" else (raw, True)
        case "Int", Kind.INTEGER:
            return f"({raw} if {raw}.__class__ is int and {INT_MIN} <= {raw} <= {INT_MAX} else bad())", False
        case "Boolean", Kind.BOOLEAN:
            return f"{of(BOOLEANS)}[{raw}]", False
        case _, Kind.WORD if isinstance(leaf, GraphQLEnumType) and column.words is not None:
            return f"{of(_words(leaf, column))}[{raw}]", False
    convert = column.converter(dialect)
    value = raw if convert is None else f"{of(convert)}({raw})"
    return f"{of(_strict(leaf))}({value})", False


def made_code(of: Name, leaf: GraphQLLeafType, value: str, *, required: bool) -> str:
    """An expression for a leaf made of the value of another expression, which may be null where that is allowed."""
    otherwise = f"{of(_strict(leaf))}(v)" if required else f"None if v is None else {of(_strict(leaf))}(v)"
    if leaf.name in ("String", "ID"):
        return f"(v if (v := {value}).__class__ is str else {otherwise})"
    return (
        f"{of(_strict(leaf))}({value})" if required else f"(None if (v := {value}) is None else {of(_strict(leaf))}(v))"
    )


def _strict(leaf: GraphQLLeafType) -> Process:
    return lambda value: bad() if value is None else coerced(leaf, value)


def _words(leaf: GraphQLEnumType, column: Column) -> dict[str, Any]:
    """The name of an enum's value for each word of the column."""
    return {word.value: coerced(leaf, word) for word in column.words or ()}
