"""The schema class of this server: strawberry's, with every error coded and the operation chosen strictly."""

from collections.abc import AsyncGenerator, Iterator
from typing import Any

from graphql import GraphQLError, OperationDefinitionNode
from strawberry import Schema
from strawberry.exceptions import MissingQueryError
from strawberry.extensions import SchemaExtension
from strawberry.schema.exceptions import CannotGetOperationTypeError
from strawberry.schema.schema import StreamResult
from strawberry.types import ExecutionContext, ExecutionResult
from strawberry.types.execution import PreExecutionError
from strawberry.utils.aio import aclosing

from graph.errors import NAME_SHOWN, ErrorCode, Presenter, coded, has_code, root_of

OPERATIONS_NAMED = 5
"""How many of a document's operations are named to a client that didn't say which one to run."""


class StrictOperation(SchemaExtension):
    """Refuses several operations without `operationName`, where strawberry runs the first; codes validation errors."""

    def on_validate(self) -> Iterator[None]:
        """Set the request error before validation, which then is left out; mark what validation found after it."""
        context = self.execution_context
        if (error := _ambiguity(context)) is not None:
            context.pre_execution_errors = [error]
        yield
        for found in context.pre_execution_errors or ():
            cause = root_of(found)
            if not (isinstance(cause, GraphQLError) and has_code(cause)):
                found.extensions = {**(found.extensions or {}), "code": ErrorCode.GRAPHQL_VALIDATION_FAILED.value}


class ColloquySchema(Schema):
    """A schema whose answers carry no error without a code and none that tells of the inside.

    The errors are presented here, round the whole execution, and not in an extension: an exception that an extension
    raises passes by the extensions, and incremental and streamed results pass by some of their hooks.
    """

    def get_extensions(self, sync: bool = False) -> list[SchemaExtension]:
        """The extensions of one operation, made anew, `StrictOperation` before those that the schema was given."""
        return [StrictOperation(), *super().get_extensions(sync)]

    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        """Log nothing here: strawberry would write each error with the whole query, the client's data included.

        Faults are logged where they are masked (`graph.errors.Presenter`); a rejected request is the client's affair.
        """

    async def execute(self, *args: Any, **kwargs: Any) -> ExecutionResult:
        """Run a query or mutation; see `strawberry.Schema.execute`.

        Raises:
            InvalidOperationTypeError: the operation's type is not among `allowed_operation_types`.
        """
        try:
            result = await super().execute(*args, **kwargs)
        except (CannotGetOperationTypeError, MissingQueryError) as error:
            result = PreExecutionError(data=None, errors=[GraphQLError(str(error), original_error=error)])
        return _presented(result)

    def execute_sync(self, *args: Any, **kwargs: Any) -> ExecutionResult:
        """Run a query or mutation of resolvers that don't wait; see `execute`."""
        try:
            result = super().execute_sync(*args, **kwargs)
        except (CannotGetOperationTypeError, MissingQueryError) as error:
            result = PreExecutionError(data=None, errors=[GraphQLError(str(error), original_error=error)])
        return _presented(result)

    async def stream(self, *args: Any, **kwargs: Any) -> StreamResult:
        """Run an operation of any type as a stream of results; see `strawberry.Schema.stream`."""
        return _presented_stream(await super().stream(*args, **kwargs))


async def _presented_stream(results: StreamResult) -> AsyncGenerator[Any, None]:
    async with aclosing(results):
        async for result in results:
            yield _presented(result) if isinstance(result, ExecutionResult) else result


def _presented(result: ExecutionResult) -> ExecutionResult:
    if result.errors:
        result.errors = Presenter().present_all(result.errors)
    return result


def _ambiguity(context: ExecutionContext) -> GraphQLError | None:
    # The public `operation_name` falls back on the first operation's name and doesn't say whether one was given.
    if context.graphql_document is None or context._provided_operation_name is not None:
        return None
    operations = [node for node in context.graphql_document.definitions if isinstance(node, OperationDefinitionNode)]
    if len(operations) < 2:
        return None
    names = [node.name.value[:NAME_SHOWN] for node in operations if node.name is not None][:OPERATIONS_NAMED]
    return coded(
        f"The document has {len(operations)} operations: say in `operationName` which one to run"
        + (f" ({', '.join(names)}{', …' if len(names) < len(operations) else ''})." if names else "."),
        ErrorCode.OPERATION_RESOLUTION_FAILURE,
        field="operationName",
    )
