"""Operations that go straight to a field or an argument of the schema, for what the drawn ones have not reached."""

from __future__ import annotations

from random import Random
from typing import Any, Final

from graphql import (
    GraphQLField,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_abstract_type,
    is_leaf_type,
    is_object_type,
    is_required_argument,
)

from tests.acceptance.engine_coverage import Place
from tests.acceptance.engine_values import TABLES, Arguments
from tests.execution.operations import Spot, literal

Route = tuple[tuple[str, str], ...]
"""Types with the field that leads on; the first is the query type or one with ids."""

SHOWN: Final = 30
"""Objects that an operation begins with."""


class Directed:
    """Finds a way to each type: from the objects with ids, else from the query type."""

    def __init__(self, schema: GraphQLSchema, values: Arguments, ids: dict[str, list[str]]) -> None:
        self._schema, self._values, self._ids = schema, values, ids
        self._routes: dict[str, Route] = dict.fromkeys(TABLES, ())
        self._search(list(TABLES))
        self._routes["Query"] = ()
        self._search(["Query"])

    def _search(self, waiting: list[str]) -> None:
        while waiting:
            name = waiting.pop(0)
            for field_name, field in self._type(name).fields.items():
                for below in self._objects(field):
                    if below not in self._routes:
                        self._routes[below] = (*self._routes[name], (name, field_name))
                        waiting.append(below)

    def _type(self, name: str) -> GraphQLObjectType:
        found = self._schema.type_map[name]
        assert isinstance(found, GraphQLObjectType), "routes lead over objects"
        return found

    def _objects(self, field: GraphQLField) -> list[str]:
        named = get_named_type(field.type)
        if is_abstract_type(named):
            return [each.name for each in self._schema.get_possible_types(named)]
        return [named.name] if is_object_type(named) else []

    def operation(self, random: Random, place: Place) -> str:
        """An operation for a field, or for an argument of one."""
        type_name, name, *argument = place
        if type_name == "Node":
            return f"query Asked {{ nodes(ids: {literal(self._ids['Message'][:2])}) {{ id }} }}"
        route = self._routes[type_name]
        body = f"... on {type_name} {{ {self._selected(random, type_name, name, argument)} }}"
        for on, field in reversed(route):
            body = f"... on {on} {{ {field}{self._arguments(random, on, field, [])} {{ {body} }} }}"
        start = route[0][0] if route else type_name
        if start == "Query":
            return f"query Asked {{ {body} }}"
        ids = random.sample(self._ids[start], min(SHOWN, len(self._ids[start])))
        return f"query Asked {{ nodes(ids: {literal(ids)}) {{ {body} }} }}"

    def _selected(self, random: Random, type_name: str, name: str, wanted: list[str]) -> str:
        field = self._type(type_name).fields[name]
        below = "" if is_leaf_type(get_named_type(field.type)) else " { __typename }"
        return f"{name}{self._arguments(random, type_name, name, wanted)}{below}"

    def _arguments(self, random: Random, type_name: str, name: str, wanted: list[str]) -> str:
        arguments: dict[str, Any] = self._type(type_name).fields[name].args
        given = {
            key: self._values(random, Spot(type_name, name, key), argument.type)
            for key, argument in arguments.items()
            if key in wanted or is_required_argument(argument) or (key == "last" and "before" in wanted)
        }
        for key, value in given.items():
            if value is NotImplemented:  # it is an enum's, or a number's
                values = getattr(get_named_type(arguments[key].type), "values", None)
                given[key] = random.choice(list(values)) if values else 3
        bare = {key for key in given if hasattr(get_named_type(arguments[key].type), "values")}
        written = [f"{key}: {value if key in bare else literal(value)}" for key, value in given.items()]
        return f"({', '.join(written)})" if written else ""
