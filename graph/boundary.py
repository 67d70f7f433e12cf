"""The schema class of this server: strawberry's, with every error coded, the operation chosen strictly, and documents
that come again parsed, validated and prepared once."""

from collections.abc import AsyncGenerator, Iterable
from functools import cached_property
from typing import Any, TypeVar

from graphql import GraphQLError, OperationDefinitionNode
from graphql.language import OperationType as Operation
from strawberry import Schema
from strawberry.exceptions import MissingQueryError
from strawberry.extensions import SchemaExtension
from strawberry.extensions.runner import SchemaExtensionsRunner
from strawberry.schema.exceptions import CannotGetOperationTypeError
from strawberry.schema.schema import StreamResult
from strawberry.types import ExecutionContext, ExecutionResult
from strawberry.types.execution import PreExecutionError
from strawberry.types.graphql import OperationType
from strawberry.utils.aio import aclosing

from graph.context import Context
from graph.documents import Documents, Kept, Prepare, Prepared
from graph.errors import NAME_SHOWN, ErrorCode, Presenter, coded, has_code, root_of
from graph.extensions import Runner, When, when

OPERATIONS_NAMED = 5
"""How many of a document's operations are named to a client that didn't say which one to run."""

R = TypeVar("R", bound=ExecutionResult)


class ColloquySchema(Schema):
    """A schema whose answers carry no error without a code and none that tells of the inside.

    The errors are presented here, round the whole execution, and not in an extension: an exception that an extension
    raises passes by the extensions, and incremental and streamed results pass by some of their hooks.

    Each operation has a context of its own (`graph.context.Context.anew`), also those of a WebSocket, and ends when the
    last of its reads has ended.

    Args:
        prepare: makes of a valid document what answers its queries without strawberry's and graphql-core's machinery;
            see `ready`.
        args: see `strawberry.Schema`, as for `kwargs`.
        kwargs: see there.
    """

    def __init__(self, *args: Any, prepare: Prepare | None = None, **kwargs: Any) -> None:
        self._prepare = prepare
        self.documents = Documents()
        super().__init__(*args, **kwargs)

    def ready(self, query: str, operation_name: str | None) -> tuple[Prepared, OperationDefinitionNode] | None:
        """The prepared document and its operation, for a known query that no extension wants to be asked about.

        None is for all else: `execute` knows what to do, or what to say. A factory among the extensions is taken to
        make extensions of the same class each time.
        """
        kept = self.documents.get(query)
        if kept is None or kept.prepared is None:
            return None
        operation = kept.prepared.operation(operation_name)
        if operation is None or operation.operation is not Operation.QUERY:
            return None
        return kept.prepared, operation

    def is_query(self, query: str, operation_name: str | None) -> bool:
        """Whether that operation is known to be a query: of a document that was too long to be kept it isn't known."""
        kept = self.documents.get(query)
        return kept is not None and kept.is_query(operation_name)

    def create_extensions_runner(
        self, execution_context: ExecutionContext, extensions: list[SchemaExtension]
    ) -> SchemaExtensionsRunner:
        """What enters the hooks of an operation; see `graph.extensions`."""
        return Runner(execution_context, extensions, self.documents)

    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        """Log nothing here: strawberry would write each error with the whole query, the client's data included.

        Faults are logged where they are masked (`graph.errors.Presenter`); a rejected request is the client's affair.
        """

    async def execute(
        self,
        query: str | None,
        variable_values: dict[str, Any] | None = None,
        context_value: Any | None = None,
        root_value: Any | None = None,
        operation_name: str | None = None,
        allowed_operation_types: Iterable[OperationType] | None = None,
        operation_extensions: dict[str, Any] | None = None,
    ) -> ExecutionResult:
        """Run a query or mutation; see `strawberry.Schema.execute`.

        Raises:
            InvalidOperationTypeError: the operation's type is not among `allowed_operation_types`.
        """
        own = _own(context_value)
        try:
            result = await super().execute(
                query, variable_values, own, root_value, operation_name, allowed_operation_types, operation_extensions
            )
        except (CannotGetOperationTypeError, MissingQueryError) as error:
            result = PreExecutionError(data=None, errors=[GraphQLError(str(error), original_error=error)])
        finally:
            await _settled(own)
        return presented(result)

    def execute_sync(self, *args: Any, **kwargs: Any) -> ExecutionResult:
        """Run a query or mutation of resolvers that don't wait; see `execute`."""
        try:
            result = super().execute_sync(*args, **kwargs)
        except (CannotGetOperationTypeError, MissingQueryError) as error:
            result = PreExecutionError(data=None, errors=[GraphQLError(str(error), original_error=error)])
        return presented(result)

    async def stream(
        self,
        query: str | None,
        variable_values: dict[str, Any] | None = None,
        context_value: Any | None = None,
        root_value: Any | None = None,
        operation_name: str | None = None,
        operation_extensions: dict[str, Any] | None = None,
        allowed_operation_types: Iterable[OperationType] | None = None,
    ) -> StreamResult:
        """Run an operation of any type as a stream of results; see `strawberry.Schema.stream`."""
        own = _own(context_value)
        return _presented_stream(
            await super().stream(
                query, variable_values, own, root_value, operation_name, operation_extensions, allowed_operation_types
            ),
            own,
        )

    async def _prepare_operation_async(
        self, context: ExecutionContext, extensions_runner: SchemaExtensionsRunner
    ) -> PreExecutionError | None:
        refused = await super()._prepare_operation_async(context, extensions_runner)
        return _validation_coded(context, refused) or self._refused_or_kept(context)

    def _prepare_operation_sync(
        self, context: ExecutionContext, extensions_runner: SchemaExtensionsRunner
    ) -> ExecutionResult | None:
        refused = super()._prepare_operation_sync(context, extensions_runner)
        return _validation_coded(context, refused) or self._refused_or_kept(context)

    def _refused_or_kept(self, context: ExecutionContext) -> PreExecutionError | None:
        """Keep a valid document, whichever of its operations is wanted; refuse where that isn't said."""
        document, text = context.graphql_document, context.query
        if document is not None and text and not context.pre_execution_errors and self.documents.get(text) is None:
            prepared = self._prepare(self._schema, document) if self._prepare and self._is_bare else None
            rules = frozenset(context.validation_rules)
            self.documents.keep(text, Kept(document, context.parse_options, rules, prepared))
        if (error := _ambiguity(context)) is None:
            return None
        context.pre_execution_errors = [error]
        return PreExecutionError(data=None, errors=[error])

    @cached_property
    def _is_bare(self) -> bool:
        """Whether no extension is asked on every request."""
        return all(when(type(extension)) is not When.ALWAYS for extension in self.get_extensions())


def presented(result: ExecutionResult) -> ExecutionResult:
    """The result with its errors as a client may see them."""
    if result.errors:
        result.errors = Presenter().present_all(result.errors)
    return result


async def _presented_stream(results: StreamResult, own: object) -> AsyncGenerator[Any, None]:
    try:
        async with aclosing(results):
            async for result in results:
                yield presented(result) if isinstance(result, ExecutionResult) else result
    finally:
        await _settled(own)


def _own(context: object) -> object:
    return context.anew() if isinstance(context, Context) else context  # without data there is nothing to keep apart


async def _settled(context: object) -> None:
    if isinstance(context, Context):
        await context.loaders.settled()


def _validation_coded(context: ExecutionContext, refused: R | None) -> R | None:
    """What parsing or validation refused, with the code of the latter where it was that one."""
    if refused is not None and context.graphql_document is not None:
        for found in refused.errors or ():
            cause = root_of(found)
            if not (isinstance(cause, GraphQLError) and has_code(cause)):
                found.extensions = {**(found.extensions or {}), "code": ErrorCode.GRAPHQL_VALIDATION_FAILED.value}
    return refused


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
