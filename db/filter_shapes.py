"""Filters as statements are kept for: a shape, which decides about the SQL, and the values of its parameters.

In a shape stand fields, operators, booleans (whose SQL differs), the lengths of lists (rounded up) and the kinds of
values, but no value. Only shapes of a size that clients really send are kept, since each takes some memory.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from db.errors import InvalidInput
from db.json_shapes import MAX_VALUES, sought
from db.jsons import clean_text
from db.parameters import Parameter, Parameters
from db.texts import fold

MAX_CONDITIONS: Final = 200
"""Conditions of one filter at most, nested ones among them: SQLite's expressions are at most 1,000 levels deep."""

MAX_LEVELS: Final = 20
"""How deep filters nest at most."""

MAX_KEPT_CONDITIONS: Final = 32
"""Conditions of a filter at most for which a statement is kept."""

MAX_KEPT_VALUES: Final = 160
"""Parameters of a filter at most for which a statement is kept: some lists of up to 64 values."""

Where = Mapping[str, Any]


class Shape(dict[str, Any]):
    """A filter in which a parameter stands for each value. Nobody changes it, so it can be a key."""

    __slots__ = ()

    def __hash__(self) -> int:  # type: ignore[override]  # a dict has none
        return hash(frozenset(self.items()))


class Prefix(NamedTuple):
    """The operand of `starts_with`."""

    text: Parameter
    length: Parameter


class Every(NamedTuple):
    """The operand of `has_all`."""

    values: tuple[Parameter, ...]
    number: Parameter
    """How many distinct ones there are."""


class Lifted(NamedTuple):
    """What a verb is asked, with its filters as shapes."""

    shape: tuple[Any, ...]
    values: Mapping[str, Any]
    keep: bool
    """Whether a statement of this shape may be kept; else the values are still in it."""


def lifted(shape: tuple[Any, ...]) -> Lifted:
    """The arguments of a verb, with a shape for each filter among them.

    Raises InvalidInput for filters that are too large, and for operands on JSON that mean nothing.
    """
    parameters = Parameters(named=True)
    conditions = sum(_checked(part) for part in shape if isinstance(part, Mapping))
    if conditions <= MAX_KEPT_CONDITIONS:
        found = tuple(_where(part, parameters) if isinstance(part, Mapping) else part for part in shape)
        if parameters.all_have_kinds and len(parameters.values) <= MAX_KEPT_VALUES:
            return Lifted(found, parameters.values, keep=True)
    return Lifted(shape, {}, keep=False)


def shape_of(where: Where) -> Shape:
    """The filter as a shape that has the values in it. Raises InvalidInput."""
    if isinstance(where, Shape):
        return where
    _checked(where)
    return _where(where, Parameters(named=False))


def _checked(where: Where) -> int:
    """How many conditions the filter has. Raises InvalidInput where it is too large."""
    conditions = values = 0
    for size, level in _leaves(where, 1):
        conditions += 1
        values += size
        if level > MAX_LEVELS:
            raise InvalidInput(f"the filter is nested more than {MAX_LEVELS} levels deep", field="where")
    if conditions > MAX_CONDITIONS:
        raise InvalidInput(f"the filter has {conditions} conditions: at most {MAX_CONDITIONS}", field="where")
    if values > MAX_VALUES:
        raise InvalidInput(f"the lists of the filter hold {values} values: at most {MAX_VALUES}", field="where")
    return conditions


def _leaves(given: Any, level: int) -> Iterator[tuple[int, int]]:
    """For each operand in a filter the number of values in it, and its level."""
    if level > MAX_LEVELS:
        yield 0, level
    elif isinstance(given, Mapping):
        for name, value in given.items():
            if name in ("eq", "ne", "has", "path"):
                yield 0, level
            elif isinstance(value, (list, tuple)) and name not in ("and", "or") and not _nested(value):
                yield len(value), level
            else:
                yield from _leaves(value, level + 1)
    elif isinstance(given, (list, tuple)):
        for item in given:
            yield from _leaves(item, level)
    else:
        yield 0, level


def _nested(values: Sequence[Any]) -> bool:
    """The list is of filters, and not of operands."""
    return any(isinstance(value, Mapping) and "path" in value for value in values)


def _where(given: Where, parameters: Parameters) -> Shape:
    return Shape((name, _part(name, value, parameters)) for name, value in given.items())


def _part(name: str, value: Any, parameters: Parameters) -> Any:
    """What stands in the shape under that name, which is a field's, an operator's, or one of and, or, not."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, Mapping):
        return _where(value, parameters)
    if isinstance(value, (list, tuple)):
        if name in ("and", "or"):
            return tuple(_part("", each, parameters) for each in value)
        if any(isinstance(each, Mapping) for each in value):
            return tuple(sought(each, name, parameters) for each in value)
        if name == "has_all":
            distinct = list(dict.fromkeys(map(_cleaned, value)))
            return Every(_values(distinct, parameters), parameters.take(len(distinct)))
        return _values(value, parameters)
    text = _cleaned(value)
    if name in ("contains", "starts_with") and isinstance(text, str):
        text = fold(text)
        if name == "starts_with":
            return Prefix(parameters.take(text), parameters.take(len(text)))
    return parameters.take(text)


def _values(values: Sequence[Any], parameters: Parameters) -> tuple[Any, ...]:
    return tuple(None if each is None else parameters.take(_cleaned(each)) for each in parameters.padded(values))


def _cleaned(value: Any) -> Any:
    """The value as columns hold it."""
    return clean_text(value) if type(value) is str else value
