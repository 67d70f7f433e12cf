"""Documents made ready for execution: their operations run by plans, with no Executor in between."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphql import DocumentNode, FragmentDefinitionNode, GraphQLError, GraphQLSchema, OperationDefinitionNode

from graph.execution import Operation, Run


class Prepared:
    """A valid document; whoever makes it keeps it."""

    def __init__(self, schema: GraphQLSchema, document: DocumentNode) -> None:
        self.schema = schema
        self.document = document
        fragments = {each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)}
        self._operations = {
            definition.name.value if definition.name is not None else None: Operation(schema, definition, fragments)
            for definition in document.definitions
            if isinstance(definition, OperationDefinitionNode)
        }

    def operation(self, name: str | None) -> OperationDefinitionNode | None:
        """The operation with the name, or the only one; None where there is none, or several without a name."""
        found = self._named(name)
        return None if found is None else found.node

    def _named(self, name: str | None) -> Operation | None:
        if name is not None:
            return self._operations.get(name)
        return next(iter(self._operations.values())) if len(self._operations) == 1 else None

    def run(
        self, operation: OperationDefinitionNode, variables: Mapping[str, Any] | None, context: Any
    ) -> Run | list[GraphQLError] | None:
        """A run of an operation of this document; errors of its variables; None where it is graphql-core's."""
        found = self._operations[operation.name.value if operation.name is not None else None]
        values = found.variables.coerce(variables or {})
        if isinstance(values, list):
            return values
        plan = found.plan(values, context.database.dialect)
        return None if plan is None or plan.delegated else Run(plan, values, context, wired=True)
