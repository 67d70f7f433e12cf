"""Operations drawn from the whole schema, of whatever kinds it has: fields, arguments, aliases, fragments, variables.

Drawn with what is somebody's: an operation has a target, whose ids, cursors and words stand in it.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, Final

from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    OperationType,
    get_named_type,
    is_abstract_type,
    is_composite_type,
    is_leaf_type,
    is_required_argument,
)

from graph.access.roles import roles_of, standing
from tests.access.crossing.pools import Pool
from tests.access.crossing.routes import Place, Route
from tests.access.crossing.values import Values
from tests.execution.operations import Word, literal

Composite = GraphQLObjectType | GraphQLInterfaceType | GraphQLUnionType

TOLD: Final = {"Conversation": "title", "Message": "content", "Feedback": "comment"}
"""What is told of the object that a mutation has changed: a field with words."""

WORDLESS: Final = frozenset({"rateLimit", "__typename"})
"""Fields of the root that tell nothing of anybody, and are not asked alone."""

FIELDS: Final = 14
"""Fields of an operation, more or less."""

KINDS: Final = (OperationType.QUERY, OperationType.MUTATION, OperationType.SUBSCRIPTION)


@dataclass(frozen=True)
class Operation:
    """An operation with its variables, and whose things stand in it."""

    kind: OperationType
    text: str
    variables: dict[str, Any]
    target: Pool
    roots: tuple[str, ...]
    places: tuple[Place, ...]
    """The fields and arguments that it uses."""

    @property
    def writes(self) -> bool:
        """It is a mutation."""
        return self.kind is OperationType.MUTATION


class Drawn:
    """Draws operations, what was drawn least the most."""

    def __init__(self, schema: GraphQLSchema, random: Random, pools: Sequence[Pool]) -> None:
        self.schema, self.random, self.pools = schema, random, pools
        self.used: Counter[Place] = Counter()

    def operation(self, *, target: Pool | None = None, route: Route | None = None) -> Operation:
        """One; of that target, and on that route, where they are given."""
        if target is None:
            target = self.random.choice(self.pools if route is None else self.able(route))
        found = _Drawing(self, target, route.kind if route else self._kind(), route).drawn()
        self.used.update(found.places)
        return found

    def able(self, route: Route) -> Sequence[Pool]:
        """Those who may go that way."""
        type_ = self.schema.get_root_type(route.kind)
        assert type_ is not None, "the route begins there"
        roles = roles_of(route.root, type_.fields[route.root])
        return [pool for pool in self.pools if standing(pool.person.viewer) in roles]

    def _kind(self) -> OperationType:
        kinds = [kind for kind in KINDS if self.schema.get_root_type(kind) is not None]
        return self.random.choices(kinds, [{OperationType.QUERY: 7}.get(kind, 3) for kind in kinds])[0]

    def weight(self, type_name: str, name: str, field: GraphQLField) -> float:
        """How often a field is drawn, by how often it was."""
        missing = sum(not self.used[type_name, name, argument] for argument in field.args)
        return 0.3 + 6 / (1 + self.used[type_name, name] / 4) + 3 * missing


class _Drawing:
    def __init__(self, drawn: Drawn, target: Pool, kind: OperationType, route: Route | None) -> None:
        self._route = route
        self._drawn, self._random, self._target, self._kind = drawn, drawn.random, target, kind
        writes = kind is OperationType.MUTATION
        self._values = Values(self._random, target, drawn.pools, writes=writes, ends=target.person.ends)
        self._values.musts = set(route.inputs) if route else set()
        self._left, self._names = FIELDS, 0
        self._declared: list[str] = []
        self._variables: dict[str, Any] = {}
        self._fragments: list[str] = []
        self._places: list[Place] = []

    def drawn(self) -> Operation:
        """The operation; those of its root's fields which the target may use."""
        type_ = self._drawn.schema.get_root_type(self._kind)
        assert type_ is not None, "the schema has such operations"
        mine = {
            name: field
            for name, field in type_.fields.items()
            if standing(self._target.person.viewer) in roles_of(name, field)
        }
        if self._route is not None:
            names = [self._route.root]
        else:
            size = 1 if self._kind is not OperationType.QUERY else self._random.choice((1, 1, 2, 3))
            weights = [self._drawn.weight(type_.name, name, field) for name, field in mine.items()]
            names = self._random.choices(list(mine), weights, k=size)
            if WORDLESS.issuperset(names):
                names.append(self._random.choice([name for name in mine if name not in WORDLESS]))
        depth = self._random.choice((2, 3, 4, 5)) if self._route is None else len(self._route.fields) + 1
        written = [
            self._field(type_.name, name, type_.fields[name], depth, alias=bool(at)) for at, name in enumerate(names)
        ]
        head = f"({', '.join(self._declared)})" if self._declared else ""
        text = f"{self._kind.value} Asked{head} {{ {' '.join(written)} }}" + "".join(self._fragments)
        return Operation(self._kind, text, self._variables, self._target, tuple(names), tuple(self._places))

    def _selections(self, type_: Composite, depth: int, *, aliased: bool = False) -> str:
        found: list[str] = []
        fields = {} if isinstance(type_, GraphQLUnionType) else type_.fields
        if "id" in fields and self._random.random() < 0.75:
            found.append("id")
            self._places.append((type_.name, "id"))
        if is_abstract_type(type_):
            possible = self._drawn.schema.get_possible_types(type_)
            must = [each for each in possible if self._musts(each.name)]
            found += [self._fragment(on, depth) for on in must or self._random.sample(possible, 2)]
            found.append("__typename")
        elif self._random.random() < 0.08:
            found.append(self._fragment(type_, depth))
        names = [name for name, field in fields.items() if depth > 0 or is_leaf_type(get_named_type(field.type))]
        # What holds the objects themselves, where there is a choice.
        core = [name for name in ("nodes", "edges", "node") if name in names and depth > 0]
        if type_.name.endswith("Payload"):
            core = [name for name in names if name not in ("userErrors", "counts", "claimedCount")]
        size = self._random.choice((1, 2, 3)) + (type_.name.endswith("Payload"))
        chosen = [self._random.choice(core)] if core and self._random.random() < 0.8 else []
        if names and not is_abstract_type(type_):
            weights = [self._drawn.weight(type_.name, name, fields[name]) for name in names]
            chosen += self._random.choices(names, weights, k=size)
        if self._kind is OperationType.MUTATION and type_.name in TOLD and self._random.random() < 0.6:
            chosen.append(TOLD[type_.name])
        musts = self._musts(type_.name) if depth > 0 or not found else []
        for name in dict.fromkeys([*musts, *chosen]):
            if self._left > 0 or not found or name in musts:
                found.append(self._field(type_.name, name, fields[name], depth, alias=aliased))
        return "{ " + (" ".join(found) or "__typename") + " }"

    def _musts(self, type_name: str) -> list[str]:
        """The fields of a type that the route leads over."""
        return [] if self._route is None else [field for name, field in self._route.fields if name == type_name]

    def _fragment(self, on: Any, depth: int) -> str:
        body = self._selections(on, depth - 1, aliased=True)
        if self._random.random() < 0.3:
            name = self._name("F")
            self._fragments.append(f" fragment {name} on {on.name} {body}")
            return f"...{name}"
        return f"... on {on.name} {body}"

    def _field(self, parent: str, name: str, field: GraphQLField, depth: int, *, alias: bool) -> str:
        self._left -= 1
        self._places.append((parent, name))
        arguments = self._arguments(parent, name, field)
        head = f"{self._name('a')}: {name}" if alias or self._random.random() < 0.1 else name
        below = get_named_type(field.type)
        body = f" {self._selections(below, depth - 1)}" if is_composite_type(below) else ""
        return f"{head}{arguments}{body}"

    def _name(self, letter: str) -> str:
        self._names += 1
        return f"{letter}{self._names}"

    def _arguments(self, parent: str, name: str, field: GraphQLField) -> str:
        values: dict[str, Any] = {}
        for key, argument in field.args.items():
            share = 0.6 if not self._drawn.used[parent, name, key] else 0.22
            must = self._route is not None and (parent, name, key) in self._route.arguments
            if must or is_required_argument(argument) or self._random.random() < share:
                values[key] = self._values.argument(parent, name, key, argument.type)
        self._fit_page(parent, name, field, values)
        if values.get("field") == "METADATA":
            values["on"] = Word("MESSAGE")
        written = []
        for key, value in values.items():
            self._places.append((parent, name, key))
            self._note_inputs(field.args[key].type, value)
            if self._random.random() < 0.4:
                variable = self._name("v")
                self._declared.append(f"${variable}: {field.args[key].type}")
                self._variables[variable] = value
                written.append(f"{key}: ${variable}")
            else:
                written.append(f"{key}: {literal(value)}")
        return f"({', '.join(written)})" if written else ""

    def _fit_page(self, parent: str, name: str, field: GraphQLField, values: dict[str, Any]) -> None:
        """Parts of a page that go together; below the root pages are small."""
        if "after" not in field.args:
            return
        if self._route is not None and (parent, name, "first") in self._route.arguments:
            for other in ("last", "before"):
                values.pop(other, None)
        for key in ("through", "around", "allBranches", "orderBy", "after"):
            if self._route is not None and (parent, name, key) in self._route.arguments:
                kept = {"first", "where", "deleted", key}
                for other in set(values) - kept:
                    values.pop(other)
        if ("before" in values and "after" not in values) or "last" in values:
            values.pop("first", None)
            values.setdefault("last", 3)
            values.pop("after", None)
        elif parent != "Query" and "first" not in values:
            values["first"] = self._random.choice((1, 2, 3))
        if "through" in values:
            for other in ("around", "allBranches"):
                values.pop(other, None)
        if "around" in values:
            for other in ("after", "before"):
                values.pop(other, None)
        if ("after" in values or "before" in values) and not self._values.ordered():
            for other in ("orderBy", "deleted"):
                values.pop(other, None)

    def _note_inputs(self, type_: Any, value: Any) -> None:
        named: Any = get_named_type(type_)
        if isinstance(value, list):
            for each in value:
                self._note_inputs(type_, each)
        elif isinstance(value, dict) and hasattr(named, "fields"):
            for name, each in value.items():
                self._places.append((named.name, name))
                self._note_inputs(named.fields[name].type, each)


def shown(operation: Operation) -> str:
    """The operation, for a person."""
    return f"{operation.text}\n  with {json.dumps(operation.variables)}"
