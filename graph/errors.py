"""Errors as they leave the server: each has a stable code, and what nobody foresaw is masked and logged with an id.

A failure is foreseen if it is a `ColloquyError` of the data side, a GraphQLError that carries `extensions.code`, or one
of GraphQL's own request errors. Everything else is a fault: its text may hold a statement, a class name or a path, so
only an id leaves, and the log has the traceback under that id.
"""

import logging
from collections.abc import Sequence
from enum import StrEnum
from secrets import token_hex
from traceback import walk_tb
from typing import Any

from graphql import GraphQLError, GraphQLSyntaxError
from strawberry.exceptions import MissingQueryError, StrawberryInputCoercionError
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError

from db.errors import ColloquyError
from db.faults import discreet

logger = logging.getLogger("colloquy")
logger.addFilter(discreet)

NAME_SHOWN = 100
"""How many characters of a name that a client sent are repeated to it in a message."""


class ErrorCode(StrEnum):
    """What `extensions.code` of an error can be; clients may rely on each."""

    GRAPHQL_PARSE_FAILED = "GRAPHQL_PARSE_FAILED"
    GRAPHQL_VALIDATION_FAILED = "GRAPHQL_VALIDATION_FAILED"
    BAD_USER_INPUT = "BAD_USER_INPUT"
    OPERATION_RESOLUTION_FAILURE = "OPERATION_RESOLUTION_FAILURE"
    DOCUMENT_NOT_FOUND = "DOCUMENT_NOT_FOUND"
    UNAUTHENTICATED = "UNAUTHENTICATED"
    FORBIDDEN = "FORBIDDEN"
    LIMIT_EXCEEDED = "LIMIT_EXCEEDED"
    RATE_LIMITED = "RATE_LIMITED"
    TIMEOUT = "TIMEOUT"
    CURSOR_EXPIRED = "CURSOR_EXPIRED"
    SLOW_CONSUMER = "SLOW_CONSUMER"
    INTERNAL_SERVER_ERROR = "INTERNAL_SERVER_ERROR"
    # The transport's own: the request never became a GraphQL request.
    BAD_REQUEST = "BAD_REQUEST"
    METHOD_NOT_ALLOWED = "METHOD_NOT_ALLOWED"
    NOT_ACCEPTABLE = "NOT_ACCEPTABLE"
    UNSUPPORTED_MEDIA_TYPE = "UNSUPPORTED_MEDIA_TYPE"
    BODY_TOO_LARGE = "BODY_TOO_LARGE"


def coded(message: str, code: ErrorCode, **extensions: object) -> GraphQLError:
    """An error that leaves as it is, with its code first in `extensions` and `extensions` after it."""
    return GraphQLError(message, extensions={"code": code.value, **extensions})


def bad_user_input(message: str, field: str | None = None) -> GraphQLError:
    """The client gave a value that is not what the argument takes; `field` names that argument or input field."""
    named: dict[str, object] = {} if field is None else {"field": field}
    return coded(message, ErrorCode.BAD_USER_INPUT, **named)


def has_code(error: GraphQLError) -> bool:
    """Whether somebody who knew what the error means has given it its code."""
    return bool((error.extensions or {}).get("code"))


def root_of(error: Exception) -> Exception:
    """What decides about an error: the first in its chain of causes that has a code, else the innermost."""
    while isinstance(error, GraphQLError) and not has_code(error) and error.original_error is not None:
        error = error.original_error
    return error


class Presenter:
    """Turns the errors of one answer into what its client may see.

    Make one per answer and throw it away: a fault that strikes many rows of an answer at the same place gets one id and
    one traceback in the log, and nothing is shared with an answer that is made at the same time.
    """

    def __init__(self) -> None:
        self._ids: dict[object, str] = {}

    def present_all(self, errors: Sequence[GraphQLError]) -> list[GraphQLError]:
        """The errors of an answer, each coded, in their order."""
        return [self.present(error) for error in errors]

    def present(self, error: Exception) -> GraphQLError:
        """The error that takes the place of `error` in the answer; faults are masked and logged."""
        seen = error if isinstance(error, GraphQLError) else None
        cause = root_of(error)
        if isinstance(cause, GraphQLError) and has_code(cause):
            return _like(seen, _in_our_words(cause.message), dict(cause.extensions or {}))
        if isinstance(cause, ColloquyError) and cause.code != ErrorCode.INTERNAL_SERVER_ERROR:
            named = {} if cause.field is None else {"field": cause.field}
            return _like(seen, cause.message, {"code": cause.code, **named})
        if isinstance(cause, InvalidOperationTypeError | CannotGetOperationTypeError | MissingQueryError):
            return _unresolvable(cause)
        if isinstance(cause, GraphQLSyntaxError):
            return _like(seen, cause.message, {"code": ErrorCode.GRAPHQL_PARSE_FAILED.value})
        if seen is not None and _is_of_the_input(seen, cause):
            return _like(seen, _in_our_words(seen.message), {"code": ErrorCode.BAD_USER_INPUT.value})
        return self._masked(seen, cause)

    def _masked(self, seen: GraphQLError | None, cause: Exception) -> GraphQLError:
        place = _place(cause)
        identifier = self._ids.get(place)
        if identifier is None:
            identifier = self._ids[place] = token_hex(8)
            at = ".".join(map(str, seen.path)) if seen is not None and seen.path else "the request"
            logger.error("Fault %s at %s", identifier, at, exc_info=cause)
        return _like(
            seen,
            f"Something went wrong here. The server's log has it under {identifier}.",
            {"code": ErrorCode.INTERNAL_SERVER_ERROR.value, "id": identifier},
        )


def _in_our_words(message: str) -> str:
    """A coercion error without what the scalar's parser said: graphql-core quotes any exception of it, path or not."""
    kept, found, _ = message.partition(", but encountered error '")
    return f"{kept}." if found else message


def _like(seen: GraphQLError | None, message: str, extensions: dict[str, Any]) -> GraphQLError:
    """A fresh error at the same place of the document and the answer, without the exception that caused it."""
    if seen is None:
        return GraphQLError(message, extensions=extensions)
    return GraphQLError(
        message, nodes=seen.nodes, source=seen.source, positions=seen.positions, path=seen.path, extensions=extensions
    )


def _is_of_the_input(seen: GraphQLError, cause: Exception) -> bool:
    """Whether an uncoded error comes from coercing what the client gave.

    Without a path it is about the variables (or another thing of the request as a whole). With a path, GraphQL's own
    errors about arguments have to be told from those about values that a resolver returned, which are faults and quote
    the value.
    """
    if isinstance(cause, StrawberryInputCoercionError):
        return True
    if seen.path is None:
        return isinstance(cause, GraphQLError) or (isinstance(cause, ValueError) and seen.original_error is not cause)
    return isinstance(cause, GraphQLError) and cause.message.startswith(("Argument '", "Variable '$"))


def _unresolvable(cause: InvalidOperationTypeError | CannotGetOperationTypeError | MissingQueryError) -> GraphQLError:
    if isinstance(cause, InvalidOperationTypeError):
        kind = cause.operation_type.value
        return coded(f"A {kind} can't be run this way.", ErrorCode.OPERATION_RESOLUTION_FAILURE)
    if isinstance(cause, MissingQueryError):
        return coded("`query` must hold the GraphQL document.", ErrorCode.BAD_REQUEST, field="query")
    if cause.operation_name is None:
        return coded("The document has no operation to run.", ErrorCode.OPERATION_RESOLUTION_FAILURE)
    name = cause.operation_name[:NAME_SHOWN]
    return coded(f'The document has no operation named "{name}".', ErrorCode.OPERATION_RESOLUTION_FAILURE)


def _place(cause: Exception) -> object:
    """Where in the code a fault struck: its type and every line between the field and the one that raised it.

    The innermost line alone would not do: all errors of a database driver come from the same one.
    """
    lines = tuple((frame.f_code, line) for frame, line in walk_tb(cause.__traceback__))
    return (type(cause), lines) if lines else id(cause)
