"""Conditions on values inside JSON columns as shapes: what a client asks for, checked, its values as parameters."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from db.errors import InvalidInput
from db.json_values import FRACTION_DIGITS, INTEGER_DIGITS, render
from db.jsons import clean_text
from db.parameters import Parameter, Parameters
from db.texts import fold

MAX_STEPS: Final = 32
"""Steps of a path at most."""

MAX_DEPTH: Final = 64
"""Levels of nesting of an operand at most."""

MAX_VALUES: Final = 1_000
"""Values of `in` and `notIn` at most."""

OPERATORS: Final = frozenset(
    ["eq", "ne", "in", "not_in", "lt", "lte", "gt", "gte", "contains", "starts_with", "has", "exists", "is_null"]
)

_DIGITS: Final = re.compile(r"[0-9]+")
_SIGNED: Final = re.compile(r"[ \t\n\v\f\r]*[+-]?[0-9]+")
_PLAIN: Final = re.compile(r"[A-Za-z0-9_ .:-]*[A-Za-z_ .:-][A-Za-z0-9_ .:-]*")


class Path(NamedTuple):
    """The steps of a path: as a whole where `#>` takes each of them for what it is, else one by one."""

    whole: Parameter | None
    steps: tuple[tuple[Parameter, bool], ...] = ()
    """Each with whether it may be an index."""


class Operand(NamedTuple):
    """What a value in JSON is compared with, on PostgreSQL."""

    value: Parameter
    text: bool = False
    """Whether it is compared as a text."""
    nested: bool = False
    """Whether it is an object or an array."""
    within: Parameter | None = None
    """What a document that has it at the path contains, and the GIN index finds."""


class Sought(NamedTuple):
    """A PropertyFilter as a shape: all that its SQL depends on."""

    path: Path
    whole: Parameter
    """The path and the operators as the function on SQLite takes them."""
    quoted: tuple[Parameter, ...]
    """What a document that meets it has in its text."""
    operators: tuple[tuple[str, Any], ...]
    """On PostgreSQL: each with a boolean, an `Operand` or a tuple of such."""


def sought(given: Mapping[str, Any], field: str, parameters: Parameters) -> Sought:
    """The shape of one PropertyFilter. Raises InvalidInput for a path or an operand that means nothing."""
    operators = {name: operand for name, operand in given.items() if name != "path"}
    if unknown := sorted(operators.keys() - OPERATORS):
        raise InvalidInput(f"{field} has no operator {unknown[0]}", field=field)
    path = path_of(given.get("path"), field)
    operators = {name: _operand(name, operand, field) for name, operand in operators.items()}
    quoted: list[str] = []
    if any(
        operand is not (name == "is_null") for name, operand in operators.items() if name in ("exists", "is_null")
    ) or (operators.keys() - {"exists", "is_null"}):
        # Where a key or a text is not even spelled, nothing need be parsed.
        quoted = [f'"{step}"' for step in path if _PLAIN.fullmatch(step)]
        quoted += [f'"{text}"' for name, text in operators.items() if name in ("eq", "has") and _is_plain(text)]
    return Sought(
        path_shape(path, parameters),
        parameters.take_as({"path": path, **operators}),
        tuple(parameters.take_as(text) for text in quoted),
        tuple((name, _shape(path, name, operand, parameters)) for name, operand in operators.items()),
    )


def _is_plain(text: Any) -> bool:
    """The text has one spelling in JSON."""
    return isinstance(text, str) and text.isascii() and text.isprintable() and not {'"', "\\"} & set(text)


def path_shape(path: Sequence[str], parameters: Parameters) -> Path:
    """The shape of a path, as PostgreSQL needs it."""
    if not any(_SIGNED.fullmatch(step) and not _DIGITS.fullmatch(step) for step in path):
        return Path(parameters.take_as(list(path)))
    # PostgreSQL takes "-1", "+1" and " 1" for places in an array, too; with -> a text is a key and nothing else.
    indexes = [_DIGITS.fullmatch(step) is not None for step in path]
    return Path(
        None,
        tuple(
            (parameters.take_as([step] if index else step), index) for step, index in zip(path, indexes, strict=True)
        ),
    )


def _shape(path: Sequence[str], name: str, operand: Any, parameters: Parameters) -> Any:
    """What the SQL of an operator on PostgreSQL depends on."""
    match name:
        case "exists" | "is_null":
            return operand
        case "in":
            return tuple(_shape(path, "eq", each, parameters) for each in parameters.padded(operand))
        case "not_in":
            return tuple(Operand(parameters.take_as(each)) for each in parameters.padded(operand))
        case "eq":
            return Operand(parameters.take_as(operand), within=_within(path, operand, parameters))
        case "has":
            nested = isinstance(operand, (list, tuple, dict))
            value = parameters.take_as(operand if nested else [operand])
            return Operand(value, nested=nested, within=_within(path, [operand], parameters))
        case "lt" | "lte" | "gt" | "gte" if isinstance(operand, str):
            return Operand(parameters.take_as(clean_text(operand)), text=True)
        case _:
            return Operand(parameters.take_as(operand))


def _within(path: Sequence[str], operand: Any, parameters: Parameters) -> Parameter | None:
    """What follows from equality and the GIN index can answer; nothing where a step may be an index or a key."""
    if not path or any(_DIGITS.fullmatch(step) for step in path):
        return None
    for step in reversed(path):
        operand = {step: operand}
    return parameters.take_as(operand)


def path_of(path: Any, field: str) -> list[str]:
    """The steps of a path. Raises InvalidInput where it is none, or too long."""
    if not isinstance(path, (list, tuple)) or not all(isinstance(step, str) for step in path):
        raise InvalidInput(f"{field} needs a path, a list of keys and indexes", field=field)
    if len(path) > MAX_STEPS:
        raise InvalidInput(f"the path has {len(path)} steps: at most {MAX_STEPS} are taken", field=field)
    return [clean_text(step) for step in path]


def _operand(name: str, operand: Any, field: str) -> Any:
    if operand is None:
        raise InvalidInput(f"{name} of {field} is null: ask with isNull", field=field)
    if name in ("exists", "is_null"):
        if not isinstance(operand, bool):
            raise InvalidInput(f"{name} of {field} is true or false", field=field)
    elif name in ("contains", "starts_with"):
        if not isinstance(operand, str):
            raise InvalidInput(f"{name} of {field} takes a text", field=field)
        return fold(clean_text(operand))
    elif name in ("in", "not_in"):
        if not isinstance(operand, (list, tuple)):
            raise InvalidInput(f"{name} of {field} takes a list", field=field)
        if len(operand) > MAX_VALUES:
            raise InvalidInput(f"{name} of {field} has {len(operand)} values: at most {MAX_VALUES}", field=field)
        if any(item is None for item in operand):
            raise InvalidInput(f"{name} of {field} holds null: ask with isNull", field=field)
    elif name in ("lt", "lte", "gt", "gte") and isinstance(operand, (bool, list, tuple, dict)):
        raise InvalidInput(f"{name} of {field} takes a number or a text", field=field)
    _check_depth(operand, field)
    try:
        render(operand)
    except ValueError as error:
        raise InvalidInput(
            f"{name} of {field} holds what JSON does not, or a number of more than {INTEGER_DIGITS:,} digits before "
            f"or {FRACTION_DIGITS:,} behind the point",
            field=field,
        ) from error
    return operand


def _check_depth(operand: Any, field: str) -> None:
    level = [operand]
    for _ in range(MAX_DEPTH):
        level = [
            item
            for value in level
            if isinstance(value, (list, tuple, dict))
            for item in (value.values() if isinstance(value, dict) else value)
        ]
        if not level:
            return
    raise InvalidInput(f"{field} is nested more than {MAX_DEPTH} levels deep", field=field)
