"""The ways in which the schema executes an operation over a real database, and what makes them comparable.

What graphql-core reads are rows of which SQLAlchemy converts all values at once, so that one that cannot be converted
takes all rows of its statement with it, selected or not. The engine reads what is selected. Where rows hold such values
graphql-core is given rows that convert a value when it is asked for (`lazily`): then both mean the same.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from inspect import isawaitable
from typing import Any, Final, Literal, cast
from uuid import UUID

import asyncpg
import sqlalchemy as sa
from graphql import (
    DocumentNode,
    ExecutionResult,
    GraphQLError,
    execute,
    parse,
)
from sqlalchemy import event
from strawberry.execution import optimized_is_awaitable

from db import statements, verbs
from db.database import Database
from db.errors import InvalidInput
from db.viewer import DEFAULT_VIEWER
from db.words import KeyScope, ViewerKind
from graph import errors
from graph.access.limits import UNBOUNDED, RateLimits
from graph.access.rate import Limiter
from graph.context import Context
from graph.documents import Documents
from graph.errors import ErrorCode, Presenter
from graph.execution import BreadthFirst, metrics, switched
from graph.schema import schema
from tests.execution import equal
from tests.execution.equal import Answer
from tests.fetching import Fetch, fetching

SCHEMA: Final = schema._schema
NAME: Final = "Asked"

VIEWER: Final = replace(
    DEFAULT_VIEWER,
    kind=ViewerKind.KEY,
    key_id=UUID(int=7),
    scope=KeyScope.ADMIN,
    expires_at=datetime(2100, 1, 1, tzinfo=UTC),
)
"""Who asks: a key, since who needs none has no rate limit."""

POINTS: Final = RateLimits(keys=2**31 - 1)
"""As many as an Int can tell."""

NOON: Final = datetime(2026, 3, 1, 12, tzinfo=UTC).timestamp()

Fault = Literal["statement", "fault", "foreseen"]
"""What becomes of a read: its statement is one that the database refuses, or it raises."""


@dataclass(frozen=True)
class Asked:
    """A query as a client sends it, and what it is asked of."""

    database: Database
    text: str
    variables: Mapping[str, Any] = field(default_factory=dict)
    faults: Mapping[str, Fault] = field(default_factory=dict)
    """By the name of the verb that fails, with its module's."""
    name: str = NAME

    @property
    def document(self) -> DocumentNode:
        """The text, parsed."""
        return parse(self.text)

    @property
    def context(self) -> Context:
        """The context of one execution, which begins a minute of its own: what is left does not depend on others."""
        return Context(self.database, VIEWER, bounds=UNBOUNDED, limiter=Limiter(POINTS, clock=lambda: NOON))


@dataclass
class Arrangement:
    """How reads behave; one for all, since SQLite's run in threads, which see no context of the one who asks."""

    called: set[str] = field(default_factory=set)
    """The verbs that were called since the set was last cleared."""
    faults: Mapping[str, Fault] = field(default_factory=dict)
    lazily: bool = False


ARRANGED: Final = Arrangement()

_BROKEN: Final[ContextVar[bool]] = ContextVar("broken", default=False)
REFUSED: Final = "SELECT nothing FROM nowhere"


@contextmanager
def arranged() -> Iterator[None]:
    """Where executions are compared: verbs can be made to fail, rows can be lazy, and faults are told, not masked."""
    before = (
        verbs.Verb.__call__,
        statements.Statement.fetch,
        Presenter._masked,
        verbs.Verb.bound,
    )

    async def called(verb: Any, connection: Any, *arguments: Any, **options: Any) -> Any:
        return await faulty(verb, lambda: before[0](verb, connection, *arguments, **options))

    def bound(verb: Any, *arguments: Any, **options: Any) -> Any:
        read = before[3](verb, *arguments, **options)
        return read and read._replace(fetch=lambda *given: faulty(verb, lambda: read.fetch(*given)))

    async def faulty(verb: Any, read: Callable[[], Any]) -> Any:
        name = f"{verb.__module__}.{verb.__name__}"
        ARRANGED.called.add(name)
        fault = ARRANGED.faults.get(name)
        if fault == "fault":
            raise RuntimeError("a read failed")
        if fault == "foreseen":
            raise InvalidInput("a read does not want to")
        token = _BROKEN.set(fault == "statement")
        try:
            return await read()
        finally:
            _BROKEN.reset(token)

    async def rows(statement: Any, connection: Any, form: Any, values: Mapping[str, Any]) -> Sequence[Any]:
        if form.columns is not None or not ARRANGED.lazily:
            return await before[1](statement, connection, form, values)
        found = await statement._prepared.raw(connection, values)
        columns = statement._prepared._text(connection.dialect).columns
        return [LazyRow(row, columns) for row in found]

    def breaking(fetch: Fetch) -> Fetch:
        async def fetched(connection: Any, text: str, parameters: Sequence[Any]) -> Sequence[Any]:
            return await (fetch(connection, REFUSED, ()) if _BROKEN.get() else fetch(connection, text, parameters))

        return fetched

    def refuse(_connection: Any, _cursor: Any, text: str, parameters: Any, *_: Any) -> tuple[str, Any]:
        return (REFUSED, ()) if _BROKEN.get() else (text, parameters)

    def told(_presenter: Any, seen: GraphQLError | None, cause: Exception) -> GraphQLError:
        code = {"code": ErrorCode.INTERNAL_SERVER_ERROR.value}
        return errors._like(seen, _shown(cause), code)

    event.listen(sa.Engine, "before_cursor_execute", refuse, retval=True)
    documents = schema.documents
    schema.documents = Documents()  # plans that were made before have their reads bound
    _put(called, rows, told, bound)
    try:
        with fetching(breaking):
            yield
    finally:
        event.remove(sa.Engine, "before_cursor_execute", refuse)
        _put(*before)
        schema.documents = documents


def _put(called: Any, rows: Any, masked: Any, bound: Any) -> None:
    for owner, name, value in (
        (verbs.Verb, "__call__", called),
        (statements.Statement, "fetch", rows),
        (Presenter, "_masked", masked),
        (verbs.Verb, "bound", bound),
    ):
        setattr(owner, name, value)


_OF_DRIVERS: Final = (sqlite3.Error, asyncpg.PostgresError, asyncpg.InterfaceError, sa.exc.DBAPIError)


def _shown(cause: Exception) -> str:
    """A fault as it is compared: drivers' errors pass through SQLAlchemy on one way only."""
    if isinstance(cause, _OF_DRIVERS):
        return "an error of the database"
    if isinstance(cause, GraphQLError | TypeError | RuntimeError):
        return str(cause)
    return "LookupError" if isinstance(cause, LookupError) else type(cause).__name__


class LazyRow:
    """A row as SQLAlchemy's, but whose values are converted when they are asked for."""

    __slots__ = ("_columns", "_row")

    def __init__(self, row: Sequence[Any], columns: Sequence[tuple[str, Callable[[Any], Any] | None]]) -> None:
        self._row, self._columns = row, columns

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, str):
            return getattr(self, key)
        if isinstance(key, slice):
            return tuple([self[index] for index in range(*key.indices(len(self._columns)))])
        value, convert = self._row[key], self._columns[key][1]
        return value if value is None or convert is None else convert(value)

    def __getattr__(self, name: str) -> Any:
        for index, (known, _) in enumerate(self._columns):
            if known == name:
                return self[index]
        raise AttributeError(name)

    def __len__(self) -> int:
        return len(self._columns)

    def __iter__(self) -> Iterator[Any]:
        return (self[index] for index in range(len(self)))

    @property
    def _mapping(self) -> Mapping[str, Any]:
        """The driver's values, which cursors are made of: they hold them in SQLite's form."""
        return {name: value for (name, _), value in zip(self._columns, self._row, strict=True)}


Way = Literal["off", "fast", "careful", "prepared"]


async def answer(asked: Asked, way: Way) -> Answer | None:
    """What the schema answers in this way; None where the prepared way leaves it to the others."""
    ARRANGED.faults = asked.faults
    try:
        if way == "prepared":
            return await _prepared_answer(asked)
        with switched(way):
            result = await schema.execute(
                asked.text,
                variable_values=dict(asked.variables),
                context_value=asked.context,
                operation_name=asked.name,
            )
        return Answer.of(result.data, result.errors)
    finally:
        ARRANGED.faults = {}


async def _prepared_answer(asked: Asked) -> Answer | None:
    """As `graph.view` answers a plain request."""
    ready = schema.ready(asked.text, asked.name)
    if ready is None:
        return None
    document, operation = ready
    run = document.run(operation, dict(asked.variables), asked.context)
    if isinstance(run, list):
        return _presented(None, run)
    return None if run is None else await run.answer(_presented)


def _presented(data: dict[str, Any] | None, found: list[GraphQLError] | None) -> Answer:
    return Answer.of(data, Presenter().present_all(found) if found else None)


async def every_error(asked: Asked) -> set[bytes]:
    """All errors that graphql-core reports where they do not propagate."""
    ARRANGED.faults = asked.faults
    context = asked.context
    try:
        with switched("off"):
            result = execute(
                SCHEMA,
                equal._without_propagation(asked.document),
                context_value=context,
                variable_values=dict(asked.variables),
                executor_class=BreadthFirst,
                is_awaitable=cast("Any", optimized_is_awaitable),
                operation_extensions=None,
            )
            found = await result if isawaitable(result) else result
        assert isinstance(found, ExecutionResult), "the answer is whole"
        await context.loaders.settled()
    finally:
        ARRANGED.faults = {}
    return _presented(found.data, found.errors).told


async def compared(asked: Asked, *, lazily: bool = False) -> tuple[Answer, str | None]:
    """graphql-core's answer, and how the engine's differs from it."""
    ARRANGED.lazily = lazily
    try:
        expected = await answer(asked, "off")
        assert expected is not None, "graphql-core answers everything"
        possible: set[bytes] | None = None
        ways: tuple[Way, ...] = ("fast", "prepared", "careful")
        for way in ways:
            before = metrics["careful"]
            got = await answer(asked, way)
            if way != "careful" and metrics["careful"] > before and not (expected.errors or lazily):
                return expected, f"{way}: completed step by step, where nothing is wrong"
            if got is None or got == expected:
                continue
            what = equal._difference(expected, got)
            if what is None and not got.told <= expected.told:
                possible = await every_error(asked) if possible is None else possible
                what = None if got.told <= possible else "an error that graphql-core does not report"
            if what is not None:
                return expected, f"{way}: {what}\n\ngraphql-core: {expected}\n\n{way}: {got}"
        return expected, None
    finally:
        ARRANGED.lazily = False
