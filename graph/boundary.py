"""The schema class of this server: strawberry's, with every error coded, the operation chosen strictly, and documents
that come again parsed, validated and prepared once.

It is one class, and so one file, with the many hooks that strawberry's has.
"""

from collections.abc import AsyncGenerator, Iterable
from functools import cached_property
from typing import Any, TypeVar

from graphql import DocumentNode, GraphQLError, OperationDefinitionNode
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

from graph.access.dearest import dearest
from graph.access.facts import Surveyed, refused
from graph.access.limits import DEFAULT_BOUNDS, Bounds, exceeded, parsing_refused
from graph.access.noting import note_read
from graph.access.rate import charged, charged_anew
from graph.access.survey import Surveyor
from graph.access.texts import of_validation, tidied
from graph.access.turnstile import attended
from graph.context import Context
from graph.documents import Documents, Kept, Prepare, Prepared
from graph.errors import NAME_SHOWN, ErrorCode, Presenter, coded
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
        return Runner(
            execution_context, extensions, self.documents, self._surveyor.survey, bounds_of(execution_context.context)
        )

    def _create_execution_context(self, *args: Any, **kwargs: Any) -> ExecutionContext:
        """strawberry's, with the limits that the parser stops at."""
        context = super()._create_execution_context(*args, **kwargs)
        context.parse_options = bounds_of(context.context).parsing()
        return context

    @cached_property
    def _surveyor(self) -> Surveyor:
        return Surveyor(self._schema)

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
        if isinstance(context_value, Context) and isinstance(own, Context):
            context_value.learn(own)
        return presented(result, own)

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

    def _stream_non_subscription(self, execution_context: ExecutionContext, *args: Any, **kwargs: Any) -> StreamResult:
        results = super()._stream_non_subscription(execution_context, *args, **kwargs)
        context = execution_context.context
        if not isinstance(context, Context) or context.turnstile is None:
            return results
        is_query = execution_context.operation_type is OperationType.QUERY
        return attended(results, context.turnstile, context.viewer, is_query=is_query)

    async def _prepare_operation_async(
        self, context: ExecutionContext, extensions_runner: SchemaExtensionsRunner
    ) -> PreExecutionError | None:
        if (error := _unread(context)) is not None:
            return _pre_execution(context, error)
        found = await super()._prepare_operation_async(context, extensions_runner)
        if found is not None:
            return _coded(context, found)
        error = self._unfit(context, extensions_runner)
        if error is None and isinstance(context.context, Context):
            may = charged(context.context)
            if may is False:
                may = await charged_anew(context.context)
            error = may if isinstance(may, GraphQLError) else None
            if error is None:
                self._noted(context, extensions_runner)
        return None if error is None else _pre_execution(context, error)

    def _noted(self, context: ExecutionContext, runner: SchemaExtensionsRunner) -> None:
        """Let the journal know of a query that is about to be executed."""
        own = context.context
        if isinstance(own, Context) and isinstance(runner, Runner) and runner.facts is not None:
            name = context._provided_operation_name
            if (facts := runner.facts.operation(name)) is not None and not facts.is_mutation:
                note_read(own.journal, own.viewer, context.operation_name, facts.content)

    def _prepare_operation_sync(
        self, context: ExecutionContext, extensions_runner: SchemaExtensionsRunner
    ) -> ExecutionResult | None:
        if (error := _unread(context)) is not None:
            return _pre_execution(context, error)
        found = super()._prepare_operation_sync(context, extensions_runner)
        if found is not None:
            return _coded(context, found)
        error = self._unfit(context, extensions_runner)
        return None if error is None else _pre_execution(context, error)

    def _unfit(self, context: ExecutionContext, runner: SchemaExtensionsRunner) -> GraphQLError | None:
        """Keep a valid document, whichever of its operations is wanted; why that one is not to be executed, if so."""
        document, text = context.graphql_document, context.query
        assert document is not None, "it has been validated"
        assert isinstance(runner, Runner), "made by `create_extensions_runner`"
        assert runner.facts is not None, "found before it was validated"
        facts = runner.facts
        _unlink(document)
        if text and self.documents.get(text) is None:
            prepared = self._prepare(self._schema, document, facts) if self._prepare and self.is_bare else None
            rules = frozenset(context.validation_rules)
            self.documents.keep(text, Kept(document, context.parse_options, rules, prepared, facts))
        if (error := _ambiguity(context)) is not None:
            return error
        return self._refused(context, facts, document)

    def _refused(self, context: ExecutionContext, facts: Surveyed, document: DocumentNode) -> GraphQLError | None:
        own, operation = context.context, facts.operation(context._provided_operation_name)
        if operation is None or not isinstance(own, Context):
            return None
        error = refused(operation, context.variables, own)
        if own.tells_cost and (error is None or own.cost):
            told = dearest(self._surveyor, document, context._provided_operation_name, context.variables or {})
            own.extensions = {"cost": {"requested": own.cost, "maximum": own.bounds.cost, "dearest": told}}
        return error

    @cached_property
    def is_bare(self) -> bool:
        """Whether no extension is asked on every request."""
        return all(when(type(extension)) is not When.ALWAYS for extension in self.get_extensions())


def presented(result: ExecutionResult, context: object = None) -> ExecutionResult:
    """The result with its errors as a client may see them, and what the context has to tell."""
    if result.errors:
        tidied([error for error in result.errors if error.path is None], bounds_of(context))
        result.errors = Presenter().present_all(result.errors)
    if isinstance(context, Context) and context.extensions is not None:
        result.extensions = {**(result.extensions or {}), **context.extensions}
    return result


def bounds_of(context: object) -> Bounds:
    """How much an operation with this context may ask."""
    return context.bounds if isinstance(context, Context) else DEFAULT_BOUNDS


async def _presented_stream(results: StreamResult, own: object) -> AsyncGenerator[Any, None]:
    try:
        async with aclosing(results):
            async for result in results:
                yield presented(result, own) if isinstance(result, ExecutionResult) else result
    finally:
        await _settled(own)


def _own(context: object) -> object:
    return context.anew() if isinstance(context, Context) else context  # without data there is nothing to keep apart


async def _settled(context: object) -> None:
    if isinstance(context, Context):
        await context.loaders.settled()


def _unlink(document: DocumentNode) -> None:
    """Let go of the tokens, which know both of their neighbours: they would be circles, and wait for a search."""
    token = document.loc.start_token if document.loc is not None else None
    while token is not None:
        following = token.next
        token.prev = token.next = None
        token = following


def _unread(context: ExecutionContext) -> GraphQLError | None:
    """Why a document is not even to be parsed; the parser would refuse a long one too, after counting its lines."""
    own, length = context.context, len(context.query or "")
    if isinstance(own, Context) and own.trusted is not None and (error := own.trusted.refused(context.query)):
        return error
    most = bounds_of(own).source
    return exceeded("source", most, length) if length > most else None


def _pre_execution(context: ExecutionContext, error: GraphQLError) -> PreExecutionError:
    context.pre_execution_errors = [error]
    return PreExecutionError(data=None, errors=[error])


def _coded(context: ExecutionContext, found: R) -> R:
    """What parsing or validation has refused, with the code that says which of the two, or which limit it was."""
    errors = found.errors or []
    if context.graphql_document is None:
        found.errors = [parsing_refused(error, context.query or "") or error for error in errors]
        return found
    found.errors = of_validation(errors)
    return found


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
