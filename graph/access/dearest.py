"""Where an operation's cost comes from: told to who asks for it, and found only then."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from heapq import nlargest
from typing import Any, Final

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLNamedType,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
)

from graph.access.cost import Size, defaults_of, size_of
from graph.access.survey import Surveyor

TOLD: Final = 3
"""How many fields are told."""

Path = tuple[str, ...]


def dearest(
    surveyor: Surveyor, document: DocumentNode, operation_name: str | None, variables: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """The fields of a valid operation that stand for most nodes: their paths in the answer, and how many nodes.

    The fragments are written out for it, which the limit of fields has bounded.
    """
    operation = next(
        each
        for each in document.definitions
        if isinstance(each, OperationDefinitionNode)
        and (operation_name is None or (each.name is not None and each.name.value == operation_name))
    )
    fragments = {each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)}
    variables = {**defaults_of(operation), **variables}
    found: Counter[Path] = Counter()
    root: GraphQLNamedType | None = surveyor.schema.get_root_type(operation.operation)
    waiting: list[tuple[SelectionSetNode, GraphQLNamedType | None, Path, int]] = [
        (operation.selection_set, root, (), 1)
    ]
    while waiting:
        selections, parent, path, times = waiting.pop()
        for node in selections.selections:
            if isinstance(node, FieldNode):
                kind = surveyor.kind(parent, node.name.value)
                if kind is None or kind.is_leaf or kind.introspective or node.selection_set is None:
                    continue
                here = (*path, (node.alias or node.name).value)
                number = times * (size_of(kind.field, node) or Size((), kind.fixed)).of(variables)
                found[here] += number * kind.itself
                waiting.append((node.selection_set, kind.below, here, number))
            elif isinstance(node, InlineFragmentNode):
                condition = node.type_condition
                type_ = parent if condition is None else surveyor.schema.get_type(condition.name.value)
                waiting.append((node.selection_set, type_, path, times))
            elif isinstance(node, FragmentSpreadNode):
                definition = fragments[node.name.value]
                type_ = surveyor.schema.get_type(definition.type_condition.name.value)
                waiting.append((definition.selection_set, type_, path, times))
    chosen = nlargest(TOLD, ((number, path) for path, number in found.items() if number))
    return [{"path": list(path), "cost": number} for number, path in chosen]
