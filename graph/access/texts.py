"""The errors of a request as a whole, with texts that are short and give nothing away.

graphql-core repeats what it was given, which may be a name of a megabyte, and suggests names of the schema.
"""

import re
from collections.abc import Sequence
from typing import Final

from graphql import GraphQLError
from graphql.validation.rules.max_introspection_depth_rule import MAX_LIST_DEPTH

from graph.access.limits import Bounds, exceeded
from graph.errors import ErrorCode, has_code, root_of

TOLD: Final = 20
"""Errors of validation that are told."""

LONGEST: Final = 400
"""Characters of the longest message."""

_INTROSPECTED_TOO_DEEP: Final = "Maximum introspection depth exceeded"
"""What graphql-core says of lists of the schema's parts within each other."""

_SUGGESTED: Final = re.compile(r" Did you mean .*\?", re.DOTALL)


def tidied(errors: Sequence[GraphQLError], bounds: Bounds) -> list[GraphQLError]:
    """The same errors; their messages are cut where they are long, and suggest nothing where the schema isn't told."""
    for error in errors:
        if not bounds.introspection:
            error.message = _SUGGESTED.sub("", error.message)
        if len(error.message) > LONGEST:
            error.message = error.message[: LONGEST - 1] + "…"
    return list(errors)


def of_validation(errors: Sequence[GraphQLError]) -> list[GraphQLError]:
    """What validation has found, each with the code that says so, unless it has one; only so many of them."""
    told = [_coded(error) for error in errors[:TOLD]]
    more = len(errors) - len(told)
    return [*told, _coded(GraphQLError(f"Validation has found {more} more errors."))] if more else told


def _coded(error: GraphQLError) -> GraphQLError:
    cause = root_of(error)
    if isinstance(cause, GraphQLError) and has_code(cause):
        return error
    if error.message == _INTROSPECTED_TOO_DEEP:
        return exceeded("introspectionDepth", MAX_LIST_DEPTH - 1, MAX_LIST_DEPTH)
    error.extensions = {**(error.extensions or {}), "code": ErrorCode.GRAPHQL_VALIDATION_FAILED.value}
    return error
