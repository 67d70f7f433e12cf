"""The way into the engine: an Executor of graphql-core that runs plans, and leaves to graphql-core what has none."""

from __future__ import annotations

import asyncio
from typing import Any

from graphql import ExecutionResult, GraphQLError
from graphql.pyutils import AwaitableOrValue, Path
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from graph.execution.operations import operation_of
from graph.execution.plan import Plan
from graph.execution.run import Run, metrics
from graph.portions import to_wire


class BreadthFirst(StrawberryGraphQLCoreExecutionContext):
    """Give it as `Schema(execution_context_class=BreadthFirst)`; the context must have `database` and `viewer`."""

    def execute_operation(self, serially: bool | None = None) -> AwaitableOrValue[Any]:
        """Run the operation's plan; where it has none, everything is graphql-core's."""
        plan = self._plan()
        if plan is None:
            return super().execute_operation(serially)
        return self._run(plan)

    def _plan(self) -> Plan | None:
        dialect = getattr(getattr(self.context_value, "database", None), "dialect", None)
        if dialect is None:  # there is nothing to read from
            return None
        if self.middleware_manager is not None and self.middleware_manager.middlewares:
            metrics["graphql-core: resolver middleware"] += 1
            return None
        operation = operation_of(self.schema, self.operation, self.fragment_definitions)
        return operation.plan(self.variable_values, dialect)

    async def _run(self, plan: Plan) -> ExecutionResult:
        """Run the plan, and beside it what the root has of ordinary resolvers."""
        run = Run(plan, self.variable_values, self.context_value, wired=to_wire.get())
        if not plan.delegated:
            # A connection's thread holds what it gave until it gives the next: that is to be none of a large answer.
            found: list[ExecutionResult] = []
            await run.answer(lambda data, errors: found.append(ExecutionResult(data, errors)))
            return found.pop()
        root = self.schema.query_type
        assert root is not None, "every schema has queries"

        async def field(key: str) -> Any:
            value = self.execute_field(root, self.root_value, plan.delegated[key], Path(None, key, root.name), None)
            return await value if self.is_awaitable(value) else value

        jobs = [run.answer(ExecutionResult), *map(field, plan.delegated)]
        answer, *values = await asyncio.gather(*jobs, return_exceptions=True)
        for each in (answer, *values):
            if isinstance(each, BaseException) and not isinstance(each, GraphQLError):
                raise each
        assert isinstance(answer, ExecutionResult), "a run has an answer, or fails as a whole"
        errors, data = [*self.collected_errors.errors, *(answer.errors or ())], answer.data
        for key, value in zip(plan.delegated, values, strict=True):
            if isinstance(value, GraphQLError):  # of a field that is never null
                errors.append(value)
                data = None
            elif data is not None:
                data[key] = value
        return ExecutionResult(data, errors or None)
