"""Asking on both ways, and documents of any size."""

import json
from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from graphql import GraphQLError, Visitor, parse, visit

from db.database import Database
from db.viewer import DEFAULT_VIEWER, DEFAULT_WORKSPACE_ID, Viewer
from db.words import Role, ViewerKind
from graph.access.facts import Facts, Surveyed
from graph.access.limits import DEFAULT_BOUNDS, UNBOUNDED, Bounds
from graph.access.survey import Surveyor
from graph.answers import answer_of
from graph.context import Context
from graph.errors import Presenter
from graph.schema import schema
from tests.conftest import recorded

SURVEYOR: Final = Surveyor(schema._schema)

Answer = dict[str, Any]


def viewer_of(role: Role, kind: ViewerKind = ViewerKind.KEY, key: int = 1) -> Viewer:
    user = "ada" if role is Role.END_USER else None
    return Viewer(DEFAULT_WORKSPACE_ID, user, role, kind, None if user else UUID(int=key))


def survey(text: str) -> Surveyed:
    return SURVEYOR.survey(parse(text))


def facts(text: str) -> Facts:
    found = survey(text).operation(None)
    assert found is not None
    return found


def nodes_of(text: str) -> int:
    """How many nodes a document has, tokens and names left out."""

    class Count(Visitor):
        number = 0

        def enter(self, *_: Any) -> None:
            self.number += 1

    visit(parse(text), counted := Count())
    return counted.number


def cost(text: str, **variables: Any) -> int:
    return facts(text).cost.of(variables)


async def executed(text: str, context: Context, variables: Mapping[str, Any] | None = None) -> Answer:
    """By strawberry's way."""
    result = await schema.execute(text, dict(variables or {}), context_value=context)
    return answered(result.data, result.errors, result.extensions)


async def make_known(text: str, database: Database, variables: Mapping[str, Any] | None = None) -> None:
    """Let a document that no limit was held against be kept."""
    if schema.ready(text, None) is None:
        await executed(text, Context(database, _ANYBODY, bounds=UNBOUNDED), variables)


async def prepared(text: str, context: Context, variables: Mapping[str, Any] | None = None) -> Answer | None:
    """By the way of documents that are known, as the view goes it; None where that leaves it to the other."""
    ready = schema.ready(text, None)
    if ready is None:
        return None
    document, operation = ready
    run = document.run(operation, dict(variables or {}), context)
    if run is None:
        return None
    if isinstance(run, list):
        return answered(None, run)
    return await run.answer(answered)


def answered(data: Any, errors: list[GraphQLError] | None, extensions: Mapping[str, Any] | None = None) -> Answer:
    shown = Presenter().present_all(errors) if errors else None
    return dict(answer_of(data, shown, dict(extensions or {})))


async def refusal(
    database: Database,
    text: str,
    variables: Mapping[str, Any] | None = None,
    *,
    viewer: Viewer = DEFAULT_VIEWER,
    bounds: Bounds = DEFAULT_BOUNDS,
) -> dict[str, Any] | None:
    """The one error of an answer without data, the same on both ways, which no statement came before.

    None: the operation was executed.
    """
    with recorded(database) as statements:
        answer = await executed(text, Context(database, viewer, bounds=bounds), variables)
        refused = "errors" in answer
        assert not (refused and statements), "a document is refused before anything is read"
    await make_known(text, database, variables)
    with recorded(database) as statements:
        other = await prepared(text, Context(database, viewer, bounds=bounds), variables)
        assert not (refused and statements), "likewise"
    if not refused:
        assert other is None or "errors" not in other
        return None
    assert other is None or json.dumps(other) == json.dumps(answer)
    assert "data" not in answer, answer
    (error,) = answer["errors"]
    return {**error["extensions"], "message": error["message"]}


_ANYBODY: Final = viewer_of(Role.ADMIN)
