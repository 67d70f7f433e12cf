"""What an operation may cost: the number of nodes that it could return, known from its document and its page sizes.

The rule is GitHub's. A connection stands for as many nodes as its page has at most, each of which stands for what is
asked below it; a list without pages counts as 10; `nodes(ids:)` for as many as there are ids; an object that is a part
of its parent's row, a page's frame (`edges`, `pageInfo`) and a leaf are no nodes. Of fragments on different types of
one place, of which a node can only be one, the dearest counts.

Page sizes may be variables, so a cost is a function of these: a sum of constants and of `Step`s, each of which is made
once, however often the fragment that it stands in is spread. Sums of products written out would double with each spread
of a spread; steps don't, and neither does the work to evaluate them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from graphql import (
    FieldNode,
    GraphQLField,
    IntValueNode,
    ListValueNode,
    NullValueNode,
    OperationDefinitionNode,
    Undefined,
    ValueNode,
    VariableNode,
    get_nullable_type,
    is_list_type,
)

from db.paging import DEFAULT_SIZE, MAX_SIZE

LISTED: Final = 10
"""What a list without pages counts as."""

MOST: Final = 2**31 - 1
"""Costs beyond this are told as this: what GraphQL's Int holds."""

WHOLE_BRANCH: Final = 500
"""What a field counts as that gives a conversation as a whole, whose length nobody knows before."""

WEIGHTS: Final[Mapping[tuple[str, str], int]] = {
    ("Conversation", "export"): WHOLE_BRANCH,
    ("Conversation", "messagesOpenaiFormat"): WHOLE_BRANCH,
}
"""Fields that read far more than they seem to."""


@dataclass(frozen=True, slots=True)
class Size:
    """How many there are of a field: the first of its sources that has a value, else the size without any."""

    sources: tuple[int | str, ...]
    """Numbers, and names of variables that hold one."""
    otherwise: int
    counted: bool = False
    """Whether the sources are lists that are counted, and not sizes of pages."""

    def constant(self) -> int | None:
        """The size where no variable decides it."""
        if not self.sources:
            return self.otherwise
        first = self.sources[0]
        return self._within(first) if isinstance(first, int) else None

    def of(self, variables: Mapping[str, Any]) -> int:
        """The size with these variables: never less than that of the page that will be read."""
        for source in self.sources:
            value = variables.get(source) if isinstance(source, str) else source
            if value is None:
                continue
            if self.counted:
                return len(value) if isinstance(value, list) else 1
            return self._within(value)
        return self.otherwise

    def _within(self, value: Any) -> int:
        if self.counted or (type(value) is int and 0 <= value <= MAX_SIZE):
            return int(value)
        return MAX_SIZE  # what is wrong is refused when it is coerced; until then it counts as the largest page


def size_of(field: GraphQLField, node: FieldNode) -> Size | None:
    """The size that a field's arguments give it; None where they have nothing to do with one."""
    given = {each.name.value: each.value for each in node.arguments or ()}
    if "first" in field.args or "last" in field.args:
        otherwise, sources = DEFAULT_SIZE, list[int | str]()
        for name in ("first", "last"):
            if (argument := field.args.get(name)) is None:
                continue
            default = argument.default_value
            if argument.default is not None:
                default = argument.default.value
            if default is not Undefined and isinstance(default, int):
                otherwise = default
            sources += _number(given.get(name))
        return Size(tuple(sources), otherwise)
    if "ids" in field.args and is_list_type(get_nullable_type(field.args["ids"].type)):
        return Size(tuple(_length(given.get("ids"))), LISTED, counted=True)
    return None


def _number(value: ValueNode | None) -> Iterable[int | str]:
    if isinstance(value, VariableNode):
        yield value.name.value
    elif isinstance(value, IntValueNode):
        yield int(value.value) if len(value.value) <= len(str(MOST)) else MOST
    elif value is not None and not isinstance(value, NullValueNode):
        yield MOST


def _length(value: ValueNode | None) -> Iterable[int | str]:
    if isinstance(value, VariableNode):
        yield value.name.value
    elif isinstance(value, ListValueNode):
        yield len(value.values)
    elif value is not None:
        yield 1


class Linear:
    """A constant and so many of each of some steps; a value that is not changed once it is given out."""

    __slots__ = ("constant", "terms")

    def __init__(self, constant: int = 0, terms: Mapping[int, int] | None = None) -> None:
        self.constant = min(constant, MOST)
        self.terms: Mapping[int, int] = terms or {}

    def plus(self, other: Linear) -> Linear:
        """The sum."""
        if not other.terms:
            return Linear(self.constant + other.constant, self.terms)
        terms = dict(self.terms)
        for step, factor in other.terms.items():
            terms[step] = min(terms.get(step, 0) + factor, MOST)
        return Linear(self.constant + other.constant, terms)

    def times(self, factor: int) -> Linear:
        """So many of it."""
        terms = {step: min(each * factor, MOST) for step, each in self.terms.items()} if factor else None
        return Linear(self.constant * factor, terms)

    def value(self, steps: Mapping[int, int] | Sequence[int]) -> int:
        """The number, given those of the steps."""
        total = self.constant
        for step, factor in self.terms.items():
            total += factor * steps[step]
        return min(total, MOST)


ZERO: Final = Linear()

Step = Callable[[Mapping[str, Any], Mapping[int, int]], int]
"""What is no sum: its number from the variables and the numbers of the steps before it."""


class Steps:
    """The steps of one document, in an order in which each needs only those before it."""

    __slots__ = ("_needs", "_steps")

    def __init__(self) -> None:
        self._steps: list[Step] = []
        self._needs: list[frozenset[int]] = []

    def sized(self, size: Size, one: Linear) -> Linear:
        """As many of `one` as the size says."""
        if (constant := size.constant()) is not None:
            return one.times(constant)
        if not one.constant and not one.terms:
            return ZERO
        return self._made(lambda variables, steps: size.of(variables) * one.value(steps), [one])

    def dearest(self, several: Sequence[Linear]) -> Linear:
        """The dearest of several, of which only one can be."""
        if len(several) < 2:
            return several[0] if several else ZERO
        if not any(each.terms for each in several):
            return Linear(max(each.constant for each in several))
        return self._made(lambda _variables, steps: max(each.value(steps) for each in several), several)

    def _made(self, step: Step, needs: Iterable[Linear]) -> Linear:
        self._steps.append(step)
        self._needs.append(frozenset().union(*[each.terms for each in needs]))
        return Linear(0, {len(self._steps) - 1: 1})

    def compiled(self, total: Linear, defaults: Mapping[str, Any]) -> Cost:
        """The function of the variables, or the number where none is a size."""
        needed = set(total.terms)
        for step in range(len(self._steps) - 1, -1, -1):
            if step in needed:
                needed |= self._needs[step]
        return Cost(total, [(step, self._steps[step]) for step in sorted(needed)], defaults)


class Cost:
    """What one operation costs."""

    __slots__ = ("_defaults", "_steps", "_total", "constant")

    def __init__(self, total: Linear, steps: Sequence[tuple[int, Step]], defaults: Mapping[str, Any]) -> None:
        self.constant = None if steps else total.constant
        """The cost where no variable is a size."""
        self._total = total
        self._steps = steps
        self._defaults = defaults

    def of(self, variables: Mapping[str, Any]) -> int:
        """The number of nodes that the operation could return with these variables."""
        if self.constant is not None:
            return self.constant
        if self._defaults:
            variables = {**self._defaults, **variables}
        found: dict[int, int] = {}
        for index, step in self._steps:
            found[index] = min(step(variables, found), MOST)
        return self._total.value(found)


def defaults_of(operation: OperationDefinitionNode) -> dict[str, Any]:
    """The defaults of an operation's variables, as far as they can be sizes."""
    found: dict[str, Any] = {}
    for definition in operation.variable_definitions or ():
        default = definition.default_value
        if isinstance(default, IntValueNode):
            found[definition.variable.name.value] = next(iter(_number(default)))
        elif isinstance(default, ListValueNode):
            found[definition.variable.name.value] = [None] * len(default.values)
    return found
