"""The places of the schema, and how each of them is come to: for what chance has missed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLSchema, OperationType, get_named_type, is_abstract_type

Place = tuple[str, ...]
"""A type and a field of it, and maybe an argument; or an input type and a field."""

_KINDS = (OperationType.QUERY, OperationType.MUTATION, OperationType.SUBSCRIPTION)


@dataclass(frozen=True)
class Route:
    """What an operation has to use to come to a place."""

    kind: OperationType
    root: str
    fields: frozenset[tuple[str, str]]
    """Types and fields to select."""
    arguments: frozenset[Place]
    """Arguments to give."""
    inputs: frozenset[tuple[str, str]]
    """Input types and fields to give."""


class Routes:
    """For each place of a schema a route."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self._schema = schema
        self._ways: dict[str, tuple[OperationType, tuple[tuple[str, str], ...]]] = {}
        self._inputs: dict[str, tuple[Place, tuple[tuple[str, str], ...]]] = {}
        for kind in _KINDS:
            if (root := schema.get_root_type(kind)) is not None:
                self._ways.setdefault(root.name, (kind, ()))
                self._walk(root.name)

    def _walk(self, start: str) -> None:
        waiting = [start]
        while waiting:
            name = waiting.pop(0)
            kind, way = self._ways[name]
            for field_name, field in self._fields(name).items():
                below = get_named_type(field.type)
                found = self._schema.get_possible_types(below) if is_abstract_type(below) else [below]
                for each in found:
                    if hasattr(each, "fields") and each.name not in self._ways:
                        self._ways[each.name] = (kind, (*way, (name, field_name)))
                        waiting.append(each.name)
                for key, argument in field.args.items():
                    self._walk_inputs((name, field_name, key), get_named_type(argument.type), ())

    def _walk_inputs(self, place: Place, type_: Any, way: tuple[tuple[str, str], ...]) -> None:
        if not hasattr(type_, "fields") or type_.name in self._inputs:
            return
        self._inputs[type_.name] = (place, way)
        for name, field in type_.fields.items():
            self._walk_inputs(place, get_named_type(field.type), (*way, (type_.name, name)))

    def _fields(self, name: str) -> Any:
        return getattr(self._schema.type_map[name], "fields", {})

    def places(self) -> Iterator[Place]:
        """All fields that operations can reach, their arguments, and the fields of their inputs."""
        for name in self._ways:
            for field_name, field in self._fields(name).items():
                yield name, field_name
                for key in field.args:
                    yield name, field_name, key
        for name in self._inputs:
            for field_name in self._fields(name):
                yield name, field_name

    def to(self, place: Place) -> Route:
        """How to come there."""
        if place[0] in self._ways:
            kind, way = self._ways[place[0]]
            fields = (*way, (place[0], place[1]))
            return Route(
                kind, fields[0][1], frozenset(fields), frozenset({place} if len(place) > 2 else ()), frozenset()
            )
        argument, inputs = self._inputs[place[0]]
        kind, way = self._ways[argument[0]]
        fields = (*way, (argument[0], argument[1]))
        given = frozenset({*inputs, (place[0], place[1])})
        return Route(kind, fields[0][1], frozenset(fields), frozenset({argument}), given)
