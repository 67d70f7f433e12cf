"""Operations drawn from a schema by walking its types, with fragments, aliases, arguments, variables and directives.

Most of what is drawn is valid. Where two fields of one response key do not agree it is not, and whoever asks draws
again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from random import Random
from typing import Any, Final, TypeGuard

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    Undefined,
    get_named_type,
    is_abstract_type,
    is_composite_type,
    is_leaf_type,
    is_required_argument,
    is_required_input_field,
)

Composite = GraphQLObjectType | GraphQLInterfaceType | GraphQLUnionType

MAX_FIELDS: Final = 60
"""Fields of an operation, more or less."""


class Word(str):
    """A word of an enum: bare in a document, a text in the variables."""


@dataclass(frozen=True)
class Spot:
    """An argument where it stands."""

    parent: str
    field: str
    argument: str


Values = Callable[[Random, Spot, GraphQLInputType], Any]
"""What makes the value of an argument; NotImplemented leaves it to the type."""


def by_type(random: Random, _spot: Spot, _type: GraphQLInputType) -> Any:
    """Leave all values to their types."""
    return NotImplemented


def operation(
    schema: GraphQLSchema,
    random: Random,
    values: Values = by_type,
    *,
    wrong: float = 0.05,
    weight: Callable[[str, str], float] = lambda _type, _field: 1.0,
) -> tuple[str, dict[str, Any]]:
    """A query and its variables.

    Args:
        schema: what is asked.
        random: decides everything.
        values: makes the values of arguments.
        wrong: the share of variables whose value is not of their type, or missing.
        weight: how often a field is selected, by the names of its type and its own.
    """
    assert schema.query_type is not None, "every schema has queries"
    drawn = _Drawing(schema, random, values, wrong, weight)
    body = drawn.selections(schema.query_type, random.randint(1, 6))
    head = ", ".join(drawn.declared)
    text = f"query Asked{f'({head})' if head else ''} {body}" + "".join(f"\n{each}" for each in drawn.fragments)
    return text, drawn.variables


class _Drawing:
    """One operation while it is drawn."""

    def __init__(
        self, schema: GraphQLSchema, random: Random, values: Values, wrong: float, weight: Callable[[str, str], float]
    ) -> None:
        self._schema, self._random, self._values, self._wrong, self._weight = schema, random, values, wrong, weight
        self._left = MAX_FIELDS
        self._names = 0
        self._known: list[tuple[str, Composite]] = []
        """The fragments that have a name, with the types that they are on."""
        self._is_abstract = False
        self.fragments: list[str] = []
        self.declared: list[str] = []
        self.variables: dict[str, Any] = {}

    def selections(self, type_: Composite, depth: int) -> str:
        """A selection set of a type."""
        found: list[str] = []
        heads: list[tuple[str, Composite]] = []
        for _ in range(self._random.choice((1, 2, 2, 3, 4))):
            if self._left <= 0:
                break
            found.append(self._selection(type_, depth, heads))
        return "{ " + (" ".join(found) or "__typename") + " }"

    def _selection(self, type_: Composite, depth: int, heads: list[tuple[str, Composite]]) -> str:
        self._left -= 1
        chance = self._random.random()
        if chance < 0.08 or (isinstance(type_, GraphQLUnionType) and depth <= 0):
            return self._aliased("__typename", 0.4) + self._directives()
        if isinstance(type_, GraphQLUnionType) or (depth > 0 and chance < (0.55 if is_abstract_type(type_) else 0.2)):
            return self._fragment(type_, depth)
        if heads and chance > 0.93:  # the same field again, with other selections
            head, below = self._random.choice(heads)
            return f"{head}{self._directives()} {self.selections(below, depth - 1)}"
        return self._field(type_, depth, heads)

    def _field(
        self, type_: GraphQLObjectType | GraphQLInterfaceType, depth: int, heads: list[tuple[str, Composite]]
    ) -> str:
        names = [name for name, field in type_.fields.items() if depth > 0 or is_leaf_type(get_named_type(field.type))]
        if not names:
            return "__typename"
        (name,) = self._random.choices(names, [self._weight(type_.name, name) for name in names])
        field: GraphQLField = type_.fields[name]
        arguments = self._arguments(type_.name, name, field)
        head = self._aliased(name, 1.0 if arguments else 0.9 if self._is_abstract else 0.2) + arguments
        below = get_named_type(field.type)
        if not _is_composite(below):
            return head + self._directives()
        heads.append((head, below))
        with self._within(is_abstract=is_abstract_type(below)):
            return f"{head}{self._directives()} {self.selections(below, depth - 1)}"

    def _fragment(self, type_: Composite, depth: int) -> str:
        fitting = [(name, on) for name, on in self._known if self._fits(on, type_)]
        if fitting and self._random.random() < 0.15:
            return f"...{self._random.choice(fitting)[0]}{self._directives()}"
        on = self._random.choice([each for each in self._schema.type_map.values() if self._fits(each, type_)])
        assert _is_composite(on), "only such fit"
        with self._within(is_abstract=self._is_abstract or is_abstract_type(on)):
            body = self.selections(on, depth - 1)
        chance = self._random.random()
        if chance < 0.5:
            return f"... on {on.name}{self._directives()} {body}"
        if chance < 0.6 and on is type_:
            return f"...{self._directives()} {body}"
        name = self._name("F")
        self.fragments.append(f"fragment {name} on {on.name} {body}")
        self._known.append((name, on))
        return f"...{name}{self._directives()}"

    def _fits(self, on: Any, type_: Composite) -> bool:
        """Whether a fragment on a type can stand in selections of another one."""
        if not _is_composite(on) or on.name.startswith("__"):
            return False
        return not self._possible(on).isdisjoint(self._possible(type_))

    def _possible(self, type_: Composite) -> set[str]:
        if isinstance(type_, GraphQLObjectType):
            return {type_.name}
        return {each.name for each in self._schema.get_possible_types(type_)}

    @contextmanager
    def _within(self, *, is_abstract: bool) -> Iterator[None]:
        """Below a field or fragment: where several types meet, most fields get an alias, or they would not agree."""
        before, self._is_abstract = self._is_abstract, is_abstract
        yield
        self._is_abstract = before

    def _aliased(self, name: str, share: float) -> str:
        return f"{self._name('a')}: {name}" if self._random.random() < share else name

    def _name(self, letter: str) -> str:
        self._names += 1
        return f"{letter}{self._names}"

    def _directives(self) -> str:
        if self._random.random() > 0.1:
            return ""
        name, holds = self._random.choice(("skip", "include")), self._random.random() < 0.5
        chance = self._random.random()
        if chance < 0.5:
            return f" @{name}(if: {json.dumps(holds)})"
        variable = self._name("s")
        if chance < 0.7:
            self.declared.append(f"${variable}: Boolean = {json.dumps(holds)}")
            if self._random.random() < 0.5:
                self.variables[variable] = not holds
        else:
            self.declared.append(f"${variable}: Boolean!")
            self.variables[variable] = holds
        return f" @{name}(if: ${variable})"

    def _arguments(self, parent: str, name: str, field: GraphQLField) -> str:
        written = []
        for key, argument in field.args.items():
            if is_required_argument(argument) or self._random.random() < 0.3:
                value = self._value(Spot(parent, name, key), argument.type)
                written.append(f"{key}: {self._given(argument, value)}")
        return f"({', '.join(written)})" if written else ""

    def _given(self, argument: GraphQLArgument, value: Any) -> str:
        """The value as a literal, or as a variable."""
        if self._random.random() < 0.6:
            return literal(value)
        variable, type_ = self._name("v"), argument.type
        nullable = type_.of_type if isinstance(type_, GraphQLNonNull) else type_
        has_default = argument.default_value is not Undefined or (value is not None and self._random.random() < 0.2)
        default = ""
        if isinstance(type_, GraphQLNonNull) and not has_default:
            self.declared.append(f"${variable}: {type_}")
        else:
            default = f" = {literal(value)}" if value is not None and self._random.random() < 0.5 else ""
            if isinstance(type_, GraphQLNonNull) and not default and argument.default_value is Undefined:
                default = f" = {literal(value)}"
            self.declared.append(f"${variable}: {nullable}{default}")
        chance = self._random.random()
        if chance < self._wrong:
            self.variables[variable] = self._random.choice(("wrong", -1, 2**40, None, {}, [], True))
        elif chance < (0.5 if default else self._wrong * 1.5):
            pass  # left out
        elif chance < 0.55 and default:
            self.variables[variable] = None
        else:
            self.variables[variable] = value
        return f"${variable}"

    def _value(self, spot: Spot, type_: GraphQLInputType) -> Any:
        made = self._values(self._random, spot, type_)
        return self._of_type(spot, type_) if made is NotImplemented else made

    def _of_type(self, spot: Spot, type_: GraphQLInputType) -> Any:
        if isinstance(type_, GraphQLNonNull):
            return self._of_type(spot, type_.of_type)
        if self._random.random() < 0.1 and not self._is_needed(spot):
            return None
        if isinstance(type_, GraphQLList):
            return [self._of_type(spot, type_.of_type) for _ in range(self._random.randint(0, 2))]
        if isinstance(type_, GraphQLInputObjectType):
            fields: dict[str, GraphQLInputField] = type_.fields
            return {
                name: self._of_type(spot, field.type)
                for name, field in fields.items()
                if is_required_input_field(field) or self._random.random() < 0.5
            }
        if isinstance(type_, GraphQLEnumType):
            return Word(self._random.choice(list(type_.values)))
        return {
            "Int": self._random.choice((0, 1, 2, 3, 5, 20, -1)),
            "Float": self._random.choice((0.5, 1, -2)),
            "Boolean": self._random.random() < 0.5,
        }.get(type_.name, self._random.choice(("", "x", "é")))

    def _is_needed(self, spot: Spot) -> bool:
        parent = self._schema.type_map[spot.parent]
        argument = getattr(parent, "fields", {})[spot.field].args[spot.argument]
        return isinstance(argument.type, GraphQLNonNull)


def literal(value: Any) -> str:
    """A value as a document has it."""
    if isinstance(value, Word):
        return str(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {literal(each)}" for key, each in value.items()) + "}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "[" + ", ".join(map(literal, value)) + "]"
    return json.dumps(value)


def _is_composite(type_: Any) -> TypeGuard[Composite]:
    return is_composite_type(type_)
