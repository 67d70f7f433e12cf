"""The rule of equality between the engine and graphql-core, and the ways in which each operation is executed.

The data are the same bytes. The places that are null because of an error are the same. Where several fields that are
never null fail below one such place, graphql-core reports the one that fails first, which is a matter of timing: so
each error of the engine has to be one that graphql-core reports for the operation when errors do not propagate.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from inspect import isawaitable
from typing import Any, cast

import orjson
from graphql import (
    DirectiveNode,
    DocumentNode,
    ExecutionResult,
    GraphQLError,
    GraphQLSchema,
    NameNode,
    OperationDefinitionNode,
    execute,
)
from strawberry.execution import optimized_is_awaitable

from graph import portions, wire
from graph.access.facts import Surveyed
from graph.context import Context
from graph.execution import BreadthFirst, switched
from graph.prepared import Prepared

Place = tuple[str | int, ...]


@dataclass(frozen=True)
class Answer:
    """An answer to compare: data as JSON, and the errors as JSON with the place that each has made null."""

    data: bytes
    errors: tuple[tuple[Place, bytes], ...]

    @classmethod
    def of(cls, data: dict[str, Any] | None, errors: list[GraphQLError] | None) -> Answer:
        """The answer with these data and errors."""
        return cls(
            b"".join(wire.pieces(data)),
            tuple((_nulled(data, error.path), wire.encode(error.formatted)) for error in errors or ()),
        )

    @property
    def value(self) -> Any:
        """The data."""
        return orjson.loads(self.data)

    @property
    def messages(self) -> dict[str, str]:
        """What each error says, by its path with dots; without a path, by the empty text."""
        formatted = [orjson.loads(error) for _, error in self.errors]
        return {".".join(map(str, each.get("path") or ())): each["message"] for each in formatted}

    @property
    def places(self) -> set[Place]:
        """What is null because of an error."""
        return {place for place, _ in self.errors}

    @property
    def told(self) -> set[bytes]:
        """The errors."""
        return {error for _, error in self.errors}

    def __str__(self) -> str:
        return "\n".join([self.data.decode(), *(error.decode() for _, error in self.errors)])


def _nulled(data: Any, path: list[str | int] | None) -> Place:
    """The outermost null on an error's path."""
    at: list[str | int] = []
    for step in path or ():
        if data is None:
            break
        data = data[step]
        at.append(step)
    return tuple(at)


@dataclass(frozen=True)
class Asked:
    """An operation as a client sends it, and what it is executed with."""

    schema: GraphQLSchema
    document: DocumentNode
    variables: Mapping[str, Any] | None
    name: str | None
    context: Callable[[], Context]
    """Makes the context of each execution."""

    async def answer(self, document: DocumentNode | None = None) -> Answer:
        """What the schema answers."""
        context = self.context()
        result = execute(
            self.schema,
            document or self.document,
            context_value=context,
            variable_values=dict(self.variables or {}),
            operation_name=self.name,
            executor_class=BreadthFirst,
            is_awaitable=cast("Any", optimized_is_awaitable),
            operation_extensions=None,
        )
        found = await result if isawaitable(result) else result
        assert isinstance(found, ExecutionResult), "the answer is whole"
        await context.loaders.settled()
        return Answer.of(found.data, found.errors)

    async def lean_answer(self, prepared: Prepared) -> Answer | None:
        """What the engine answers without an Executor; None where it leaves the operation to one."""
        operation = prepared.operation(self.name)
        if operation is None:
            return None
        run = prepared.run(operation, self.variables, self.context())
        if isinstance(run, list):
            return Answer.of(None, run)
        return None if run is None else await run.answer(Answer.of)


@contextmanager
def in_portions(rows: int = 1, length: int = 1) -> Iterator[None]:
    """Let what has more than so many rows be read in portions, and a portion have such a length of JSON."""
    before = portions.ROWS, portions.BYTES
    setattr(portions, "ROWS", rows)  # noqa: B010 - they are constants but for tests
    setattr(portions, "BYTES", length)  # noqa: B010 - likewise
    try:
        yield
    finally:
        setattr(portions, "ROWS", before[0])  # noqa: B010 - likewise
        setattr(portions, "BYTES", before[1])  # noqa: B010 - likewise


async def differing(asked: Asked) -> str | None:
    """How the engine's answer differs from graphql-core's; None where it does not."""
    return (await compared(asked))[1]


async def compared(asked: Asked) -> tuple[Answer, str | None]:
    """graphql-core's answer, and how the engine's differs from it."""
    with switched("off"):
        expected = await asked.answer()
    possible: set[bytes] | None = None
    prepared = Prepared(asked.schema, asked.document, Surveyed({}, 0))  # nothing is known, and nothing refused
    for way in ("fast", "fast again", "careful", "lean", "lean again", "lean, in portions", "lean, in larger portions"):
        with ExitStack() as stack:
            stack.enter_context(switched("careful" if way == "careful" else "fast"))
            if way.endswith("portions"):
                stack.enter_context(in_portions() if way == "lean, in portions" else in_portions(6, 200))
            got = await (asked.lean_answer(prepared) if way.startswith("lean") else asked.answer())
        if got is None or got == expected:
            continue
        what = _difference(expected, got)
        if what is None and not got.told <= expected.told:
            if possible is None:
                with switched("off"):
                    possible = (await asked.answer(_without_propagation(asked.document))).told
            what = None if got.told <= possible | expected.told else "an error that graphql-core does not report"
        if what is not None:
            return expected, f"{way}: {what}\n\ngraphql-core: {expected}\n\n{way}: {got}"
    return expected, None


def _difference(expected: Answer, got: Answer) -> str | None:
    if got.data != expected.data:
        return "other data"
    if got.places != expected.places:
        return "other places are null because of errors"
    if len(got.told) != len(got.errors):
        return "an error is told twice"
    return None


def _without_propagation(document: DocumentNode) -> DocumentNode:
    """The document with the directive by which graphql-core reports all errors."""
    directive = DirectiveNode(name=NameNode(value="experimental_disableErrorPropagation"), arguments=())
    definitions = [
        OperationDefinitionNode(
            **{**{key: getattr(each, key) for key in each.keys}, "directives": (*(each.directives or ()), directive)}
        )
        if isinstance(each, OperationDefinitionNode)
        else each
        for each in document.definitions
    ]
    return DocumentNode(definitions=tuple(definitions), loc=document.loc)
