"""One pass over a parsed document: what each of its operations asks, told by numbers.

Each node that an operation can reach is visited once, a fragment's too, however often the fragment is spread: what was
found of it is added again. The pass needs no valid document, since it decides whether one is worth to be validated:
what the schema does not know counts as little as can be, and a fragment within itself as nothing; validation says then
what is wrong. It does not recurse, so that neither depth nor a chain of fragments can exhaust the stack.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLNamedType,
    GraphQLSchema,
    InlineFragmentNode,
    ListValueNode,
    OperationDefinitionNode,
    SelectionNode,
    VariableNode,
    is_abstract_type,
    is_composite_type,
    is_object_type,
)
from graphql.language import OperationType, Token, TokenKind

from graph.access.cost import Cost, Linear, Size, Steps, defaults_of, size_of
from graph.access.facts import Facts, Surveyed
from graph.access.found import NOTHING, Found
from graph.access.kinds import Kind
from graph.access.roles import INGEST_LEAVES, INGEST_RECORDS, INGEST_WHOLE

Walk = Generator["Walk", Found, Found]
"""A walk through a selection set: it gives the walks that it needs, is sent their outcomes, and returns its own."""


class Surveyor:
    """Surveys documents for one schema."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self.schema = schema
        self._kinds: dict[tuple[str, str], Kind | None] = {}
        roots = (schema.query_type, schema.mutation_type, schema.subscription_type)
        self._roots = {each.name for each in roots if each is not None}

    def survey(self, document: DocumentNode) -> Surveyed:
        """The facts of each operation of a document, which need not be valid."""
        return _Pass(self, document).surveyed()

    def kind(self, parent: GraphQLNamedType | None, name: str) -> Kind | None:
        """What a field is; None of one that the schema doesn't know."""
        if parent is None:
            return None
        key = (parent.name, name)
        if key in self._kinds:
            return self._kinds[key]
        field = self.schema.get_field(parent, name) if is_composite_type(parent) else None
        if field is None:  # whatever a client calls a field is not remembered
            return None
        kind = self._kinds[key] = Kind(self.schema, parent, name, field)
        return kind

    def is_root(self, type_: GraphQLNamedType | None) -> bool:
        """Whether operations begin with the type."""
        return type_ is not None and type_.name in self._roots


class _Pass:
    """The pass over one document."""

    def __init__(self, surveyor: Surveyor, document: DocumentNode) -> None:
        self._surveyor = surveyor
        self._types = surveyor.schema.type_map
        self._document = document
        self._definitions: dict[str, FragmentDefinitionNode] = {}
        for definition in document.definitions:
            if isinstance(definition, FragmentDefinitionNode):
                self._definitions.setdefault(definition.name.value, definition)
        self._fragments: dict[str, Found] = {}
        self._steps = Steps()
        self._visits = 0
        location = document.loc
        self._text = "" if location is None else location.source.body
        self._comments = _comments(location.start_token) if location is not None and "#" in self._text else 0

    def surveyed(self) -> Surveyed:
        """All operations' facts."""
        found: dict[str | None, Facts] = {}
        for definition in self._document.definitions:
            if isinstance(definition, OperationDefinitionNode):
                name = None if definition.name is None else definition.name.value
                facts = self._facts(definition)
                found.setdefault(name, facts)
        return Surveyed(found, self._visits)

    def _facts(self, operation: OperationDefinitionNode) -> Facts:
        self._visits += 1
        root = self._surveyor.schema.get_root_type(operation.operation)
        selections = operation.selection_set.selections
        whole = _outcome(self._walk(selections, root, len(operation.directives or ())))
        definitions = operation.variable_definitions or ()
        fields = {} if root is None else root.fields
        return Facts(
            depth=whole.depth,
            aliases=whole.aliases,
            directives=whole.directives + sum(len(each.directives or ()) for each in definitions),
            crowd=max([whole.crowd, *(len(each.directives or ()) for each in definitions)]),
            repeats=whole.repeats,
            fields=whole.fields,
            roots={name: fields.get(name) for name in dict.fromkeys(whole.roots.values())},
            root_fields=len(whole.roots),
            is_mutation=operation.operation is OperationType.MUTATION,
            ids=whole.ids,
            id_variables=tuple(sorted(whole.id_variables)),
            introspected=whole.introspected.constant,
            cost=self._compiled(operation, whole.cost),
            withheld=whole.withheld if operation.operation is OperationType.MUTATION else None,
            text=self._text,
            tokens=self._document.token_count - self._comments,
            comments=self._comments,
        )

    def _compiled(self, operation: OperationDefinitionNode, cost: Linear) -> Cost:
        return self._steps.compiled(cost, defaults_of(operation))

    def _walk(self, selections: Sequence[SelectionNode], parent: GraphQLNamedType | None, directives: int) -> Walk:
        found = Found()
        found.directives = found.crowd = directives
        keys: dict[str, int] = {}
        is_open = parent is not None and is_abstract_type(parent)
        for node in selections:
            self._visits += 1
            here = len(node.directives or ())
            found.directives += here
            found.crowd = max(found.crowd, here)
            if isinstance(node, FieldNode):
                key = node.name.value if node.alias is None else node.alias.value
                keys[key] = keys.get(key, 0) + 1
                kind = self._surveyor.kind(parent, node.name.value)
                below = NOTHING
                if node.selection_set is not None:
                    type_ = None if kind is None else kind.below
                    below = yield self._walk(node.selection_set.selections, type_, 0)
                self._add_field(found, node, kind, below, parent)
                continue
            if isinstance(node, InlineFragmentNode):
                condition = node.type_condition
                type_ = parent if condition is None else self._types.get(condition.name.value)
                inner = yield self._walk(node.selection_set.selections, type_, 0)
            elif isinstance(node, FragmentSpreadNode):
                name = node.name.value
                definition = self._definitions.get(name)
                if definition is None:
                    continue
                if name not in self._fragments:
                    self._visits += 1
                    self._fragments[name] = NOTHING  # what it is within itself
                    type_ = self._types.get(definition.type_condition.name.value)
                    self._fragments[name] = yield self._walk(
                        definition.selection_set.selections, type_, len(definition.directives or ())
                    )
                inner = self._fragments[name]
                type_ = self._types.get(definition.type_condition.name.value)
            else:
                continue
            found.add(inner, type_.name if is_open and type_ is not None and is_object_type(type_) else None)
        found.repeats = max(found.repeats, *keys.values(), 0)
        if found.cases:
            found.cost = found.cost.plus(self._steps.dearest(list(found.cases.values())))
        return found

    def _add_field(
        self, found: Found, node: FieldNode, kind: Kind | None, below: Found, parent: GraphQLNamedType | None
    ) -> None:
        name = node.name.value
        found.fields += 1
        found.aliases += node.alias is not None
        found.add_counts(below)
        if self._surveyor.is_root(parent):
            found.roots[name if node.alias is None else node.alias.value] = name
            if below.of_payloads is not None:
                found.withheld = found.withheld or f"{name}.{below.of_payloads}"
        _withhold(found, node, below)
        if kind is None:
            found.depth = max(found.depth, 1 + below.depth)
            return
        if kind.introspective:
            found.depth = max(found.depth, 1)
            found.introspected = found.introspected.plus(below.cost).plus(Linear(1))
            return
        found.depth = max(found.depth, 1 + below.depth)
        found.introspected = found.introspected.plus(below.introspected)
        if kind.takes_ids:
            _add_ids(found, node, kind)
        if kind.is_leaf:
            return
        size = size_of(kind.field, node) or Size((), kind.fixed)
        found.cost = found.cost.plus(self._steps.sized(size, below.cost.plus(Linear(kind.itself))))


def _outcome(walk: Walk) -> Found:
    """What a walk finds; the walks that wait for others stand in a list, not on the stack."""
    waiting: list[Walk] = [walk]
    outcome: Found | None = None
    while waiting:
        try:
            needed = next(waiting[-1]) if outcome is None else waiting[-1].send(outcome)
        except StopIteration as end:
            waiting.pop()
            outcome = end.value
        else:
            waiting.append(needed)
            outcome = None
    assert outcome is not None, "the last walk has come to its end"
    return outcome


def _comments(token: Token | None) -> int:
    number = 0
    while token is not None:
        number += token.kind is TokenKind.COMMENT
        token = token.next
    return number


def _add_ids(found: Found, node: FieldNode, kind: Kind) -> None:
    for argument in node.arguments or ():
        if argument.name.value in kind.takes_ids:
            if isinstance(argument.value, VariableNode):
                found.id_variables |= {argument.value.name.value}
            elif isinstance(argument.value, ListValueNode):
                found.ids = max(found.ids, len(argument.value.values))


def _withhold(found: Found, node: FieldNode, below: Found) -> None:
    """Note the first field that INGEST may not have."""
    name = node.name.value
    if name not in INGEST_LEAVES:
        found.below_records = found.below_records or name
    if name in INGEST_RECORDS:
        if below.below_records is not None:
            found.of_payloads = found.of_payloads or f"{name}.{below.below_records}"
    elif name not in INGEST_LEAVES and name not in INGEST_WHOLE:
        found.of_payloads = found.of_payloads or name
