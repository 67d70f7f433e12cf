"""Asking the toy world."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from graphql import DocumentNode, GraphQLSchema, parse, validate

from db.viewer import DEFAULT_VIEWER
from graph.context import Context
from tests.execution.data import world as flawless
from tests.execution.database import ToyDatabase
from tests.execution.equal import Answer, Asked, compared
from tests.execution.reads import Connection
from tests.execution.world import schema

SCHEMA: Final[GraphQLSchema] = schema._schema
"""graphql-core's form of the world's schema."""


def asking(
    document: DocumentNode | str,
    variables: Mapping[str, Any] | None = None,
    *,
    world: Connection | None = None,
    name: str | None = None,
    spare: bool = False,
    free: int | None = None,
) -> Asked:
    """An operation on a world: with `spare` on two connections; with `free` the next one after so many is refused."""
    connection = world or flawless()

    def context() -> Context:
        database: Any = ToyDatabase(connection, spare=spare, free=free)
        return Context(database, DEFAULT_VIEWER)

    return Asked(SCHEMA, parse(document) if isinstance(document, str) else document, variables, name, context)


async def same(
    text: str,
    variables: Mapping[str, Any] | None = None,
    *,
    world: Connection | None = None,
    name: str | None = None,
    spare: bool = False,
    free: int | None = None,
) -> Answer:
    """graphql-core's answer, after making sure that the engine gives the same in all of its ways; see `asking`."""
    asked = asking(text, variables, world=world, name=name, spare=spare, free=free)
    assert not (errors := validate(SCHEMA, asked.document)), errors
    expected, difference = await compared(asked)
    assert difference is None, f"{difference}\n\n{text}\n{dict(variables or {})}"
    return expected
