"""Documents prepared for graphql-core itself, so that the lean way can be had on any schema; it counts what it ran."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from graphql import (
    DocumentNode,
    ExecutionResult,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    execute,
)
from graphql.execution.values import get_variable_values
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext
from strawberry.utils.await_maybe import await_maybe

from graph.access.facts import Surveyed

T = TypeVar("T")


class CorePrepared:
    """A document of a schema."""

    runs = 0
    """How many runs were made of any document."""

    def __init__(self, schema: GraphQLSchema, document: DocumentNode, _facts: Surveyed) -> None:
        self.schema = schema
        self.document = document

    def operation(self, name: str | None) -> OperationDefinitionNode | None:
        operations = [node for node in self.document.definitions if isinstance(node, OperationDefinitionNode)]
        if name is not None:
            operations = [node for node in operations if node.name is not None and node.name.value == name]
        return operations[0] if len(operations) == 1 else None

    def run(
        self, operation: OperationDefinitionNode, variables: Mapping[str, Any] | None, context: Any
    ) -> "CoreRun | list[GraphQLError]":
        CorePrepared.runs += 1
        values = get_variable_values(self.schema, operation.variable_definitions or (), dict(variables or {}))
        return values if isinstance(values, list) else CoreRun(self, operation, dict(variables or {}), context)


class CoreRun:
    """One operation of it."""

    def __init__(
        self, prepared: CorePrepared, operation: OperationDefinitionNode, variables: dict[str, Any], context: Any
    ) -> None:
        self.prepared = prepared
        self.operation = operation
        self.variables = variables
        self.context = context

    async def answer(self, then: Callable[[dict[str, Any] | None, list[GraphQLError] | None], T]) -> T:
        result = await await_maybe(
            execute(
                self.prepared.schema,
                self.prepared.document,
                context_value=self.context,
                variable_values=self.variables,
                operation_name=None if self.operation.name is None else self.operation.name.value,
                executor_class=StrawberryGraphQLCoreExecutionContext,
                operation_extensions=None,
            )
        )
        assert isinstance(result, ExecutionResult)
        return then(result.data, result.errors)
