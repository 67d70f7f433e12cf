"""Documents made ready for execution: their operations run by plans, with no Executor in between."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphql import DocumentNode, FragmentDefinitionNode, GraphQLError, GraphQLSchema, OperationDefinitionNode

from graph.access.facts import Surveyed, refused
from graph.access.rate import charged
from graph.access.texts import tidied
from graph.execution import Operation, Run


class Prepared:
    """A valid document; whoever makes it keeps it."""

    def __init__(self, schema: GraphQLSchema, document: DocumentNode, facts: Surveyed) -> None:
        self.schema = schema
        self.document = document
        self.facts = facts
        fragments = {each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)}
        self._operations = {
            definition.name.value if definition.name is not None else None: Operation(schema, definition, fragments)
            for definition in document.definitions
            if isinstance(definition, OperationDefinitionNode)
        }
        self._only = next(iter(self._operations.values())) if len(self._operations) == 1 else None
        self._facts = {name: facts.operation(name) for name in self._operations}

    def operation(self, name: str | None) -> OperationDefinitionNode | None:
        """The operation with the name, or the only one; None where there is none, or several without a name."""
        found = self._only if name is None else self._operations.get(name)
        return None if found is None else found.node

    def run(
        self, operation: OperationDefinitionNode, variables: Mapping[str, Any] | None, context: Any
    ) -> Run | list[GraphQLError] | None:
        """A run of an operation of this document; what it is refused for; None where it is graphql-core's.

        It is graphql-core's too where points have to be leased before it is known whether it may be executed, and where
        the answer is to tell what it cost.
        """
        if context.tells_cost:
            return None
        name = operation.name.value if operation.name is not None else None
        found, facts = self._operations[name], self._facts[name]
        if facts is not None and (error := refused(facts, variables, context)) is not None:
            return [error]
        if (may := charged(context)) is not True:
            return [may] if may else None
        values = found.variables.coerce(variables or {})
        if isinstance(values, list):
            return tidied(values, context.bounds)
        plan = found.plan(values, context.database.dialect)
        if plan is None or plan.delegated:
            context.paid = True
            return None
        if facts is not None and facts.content and context.journal is not None:
            context.journal.note_read(context.viewer, name, facts.content)
        return Run(plan, values, context, wired=True)
