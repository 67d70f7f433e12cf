"""A fault as the log may have it: every line of code that it went through, and nothing of a row.

PostgreSQL's words for what it refuses hold the row ("Failing row contains ..."), or a value; SQLAlchemy's hold the
statement's parameters; what Python and GraphQL say of a value that can't be converted, looked up or written quotes it.
Of such errors the log gets the kind, and what they are about by name.
"""

from __future__ import annotations

import logging
import sqlite3
from traceback import format_tb
from typing import Final

import asyncpg
from sqlalchemy.exc import StatementError

_NAMED: Final = ("sqlstate", "table_name", "column_name", "constraint_name")
"""What of an error of PostgreSQL says what is wrong by names alone."""

_QUOTING: Final = (StatementError, ValueError, LookupError)
"""Errors whose words repeat the value that they are about."""

_LONGEST: Final = 10
"""Errors of a chain, and of a group, that are told."""


def traced(error: BaseException) -> str:
    """The traceback of an error and of those that led to it, the first one first."""
    chain: list[BaseException] = []
    cause: BaseException | None = error
    while cause is not None and len(chain) < _LONGEST:
        chain.append(cause)
        cause = cause.__cause__ or (None if cause.__suppress_context__ else cause.__context__)
    return "\n\nwhich led to\n\n".join(map(_told, reversed(chain)))


def discreet(record: logging.LogRecord) -> bool:
    """A filter of loggers: the formatters of `logging` write tracebacks as `traced` has them."""
    if record.exc_info and record.exc_info[1] is not None and record.exc_text is None:
        record.exc_text = traced(record.exc_info[1])  # which a formatter takes as it is
    return True


def named(error: BaseException) -> str:
    """The kind of an error, and its words where they hold no value of a row."""
    kind = f"{type(error).__module__}.{type(error).__qualname__}".removeprefix("builtins.")
    if isinstance(error, asyncpg.PostgresError):
        about = [f"{name} {value}" for name in _NAMED if (value := getattr(error, name, None))]
        return f"{kind}: {', '.join(about)}" if about else kind
    if isinstance(error, _QUOTING) or _is_of_graphql(error):
        return kind
    words = str(error)
    if isinstance(error, sqlite3.Error):
        words = words.partition("\n")[0]
    return f"{kind}: {words}" if words else kind


def _told(error: BaseException) -> str:
    text = f"Traceback (most recent call last):\n{''.join(format_tb(error.__traceback__))}{named(error)}"
    if isinstance(error, BaseExceptionGroup):
        return "\n\nof which one is\n\n".join([text, *map(traced, error.exceptions[:_LONGEST])])
    return text


def _is_of_graphql(error: BaseException) -> bool:
    """By the name of the package, of which nothing here knows more."""
    return any(base.__module__.partition(".")[0] == "graphql" for base in type(error).__mro__)
