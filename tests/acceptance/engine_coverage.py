"""Which fields and arguments of the schema a run of operations has reached: selected, of an object that was there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    get_named_type,
    is_abstract_type,
)

Place = tuple[str, ...]
"""A type, a field, and maybe an argument."""


def reachable(schema: GraphQLSchema) -> set[Place]:
    """Every field that a query can reach, and every argument of these."""
    found: set[Place] = set()
    assert schema.query_type is not None, "every schema has queries"
    waiting: list[Any] = [schema.query_type]
    seen = set()
    while waiting:
        type_ = waiting.pop()
        if type_.name in seen:
            continue
        seen.add(type_.name)
        if is_abstract_type(type_):
            waiting += schema.get_possible_types(type_)
        for name, field in getattr(type_, "fields", {}).items():
            found.add((type_.name, name))
            found |= {(type_.name, name, argument) for argument in field.args}
            below = get_named_type(field.type)
            if hasattr(below, "fields") or is_abstract_type(below):
                waiting.append(below)
    return found


class Coverage:
    """What has been reached so far, and how often."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self._schema = schema
        self.reached: Counter[Place] = Counter()
        self._weights: dict[tuple[str, str], float] = {}

    def weight(self, type_name: str, field: str) -> float:
        """More for what was not reached yet: for the drawing of operations."""
        if (found := self._weights.get((type_name, field))) is None:
            found = self._weights[type_name, field] = self._weight(type_name, field)
        return found

    def _weight(self, type_name: str, field: str) -> float:
        known = self._schema.type_map[type_name]
        arguments = known.fields[field].args if isinstance(known, GraphQLObjectType | GraphQLInterfaceType) else ()
        missing = sum(not self.reached[type_name, field, name] for name in arguments)
        if not self.reached[type_name, field]:
            return 8 + 2 * missing
        below = get_named_type(known.fields[field].type) if hasattr(known, "fields") else None
        return 1 + 2 * missing + self._below(below, 3)

    def _below(self, type_: Any, depth: int) -> float:
        """How much was not reached yet of a type and of those below it, which count for less."""
        if depth == 0:
            return 0
        if is_abstract_type(type_):
            return sum(self._below(each, depth - 1) for each in self._schema.get_possible_types(type_)) / 2
        if not hasattr(type_, "fields"):
            return 0
        own = sum(not self.reached[type_.name, name] for name in type_.fields)
        return own + sum(self._below(get_named_type(each.type), depth - 1) for each in type_.fields.values()) / 3

    def missing(self) -> list[Place]:
        """What was not reached."""
        return sorted(reachable(self._schema) - set(self.reached))

    def note(self, document: DocumentNode, data: Any) -> None:
        """Count what an operation has reached, by its answer's data."""
        self._weights.clear()
        keys = set(_keys(data, ()))
        fragments = {each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)}
        (operation,) = [each for each in document.definitions if isinstance(each, OperationDefinitionNode)]
        assert self._schema.query_type is not None, "every schema has queries"
        self._within(operation.selection_set, self._schema.query_type, (), keys, fragments)

    def _within(
        self,
        selections: SelectionSetNode,
        type_: Any,
        path: Place,
        keys: set[Place],
        fragments: dict[str, FragmentDefinitionNode],
    ) -> None:
        for node in selections.selections:
            if isinstance(node, FieldNode):
                self._field(node, type_, path, keys, fragments)
            elif isinstance(node, FragmentSpreadNode):
                fragment = fragments[node.name.value]
                on = self._schema.type_map[fragment.type_condition.name.value]
                self._within(fragment.selection_set, on, path, keys, fragments)
            elif isinstance(node, InlineFragmentNode):
                name = node.type_condition.name.value if node.type_condition is not None else type_.name
                self._within(node.selection_set, self._schema.type_map[name], path, keys, fragments)

    def _field(
        self, node: FieldNode, type_: Any, path: Place, keys: set[Place], fragments: dict[str, FragmentDefinitionNode]
    ) -> None:
        name = node.name.value
        below = (*path, node.alias.value if node.alias is not None else name)
        if name == "__typename" or below not in keys:
            return
        self.reached[type_.name, name] += 1
        for argument in node.arguments or ():
            self.reached[type_.name, name, argument.name.value] += 1
        if node.selection_set is not None:
            self._within(node.selection_set, get_named_type(type_.fields[name].type), below, keys, fragments)


def _keys(value: Any, path: Place) -> Iterator[Place]:
    """The paths of all that is in an answer, without the indexes of lists."""
    if isinstance(value, dict):
        for key, each in value.items():
            yield (*path, key)
            yield from _keys(each, (*path, key))
    elif isinstance(value, list):
        for each in value:
            yield from _keys(each, path)
