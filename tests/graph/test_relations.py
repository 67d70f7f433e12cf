"""Relations served field by field: what is batched, what is shared, and that nobody's answer gets lost."""

import asyncio
import time
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest
import strawberry
from graphql.pyutils import Path
from sqlalchemy.ext.asyncio import AsyncConnection
from strawberry.types.base import get_object_definition

from db.database import Database
from db.errors import InvalidInput
from db.inline import InlineConnection
from db.viewer import DEFAULT_VIEWER, Viewer
from graph.boundary import ColloquySchema
from graph.context import Context, Info, loaders_of
from graph.declared import PLANNED, OneByOne, Relation, Shape
from graph.loading import Loaders, PlaceLoaders
from graph.relations import to_many, to_one

CALLS: list[list[Any]] = []
FINISHED: list[list[Any]] = []
DELAY = [0.01]
"""Seconds that `names` takes."""


@pytest.fixture(autouse=True)
def calls() -> None:
    CALLS.clear()
    FINISHED.clear()
    DELAY[0] = 0.01


async def wait(connection: AsyncConnection, seconds: float) -> None:
    """Wait as a read does: on SQLite in the thread of its connection."""
    if isinstance(connection, InlineConnection):
        time.sleep(seconds)  # noqa: ASYNC251 - likewise
    else:
        await asyncio.sleep(seconds)


def field_by_field(read: Any) -> Any:
    """A read that no plan asks, and so one that says nothing of its columns."""
    return read


@field_by_field
async def names(connection: AsyncConnection, keys: Sequence[int], *, viewer: Viewer, **_: object) -> dict[int, Any]:
    CALLS.append(list(keys))
    await wait(connection, DELAY[0])
    FINISHED.append(list(keys))
    return {key: SimpleNamespace(id=key, next=key + 1) for key in keys if key < 100}


@field_by_field
async def broken(connection: AsyncConnection, keys: Sequence[int], *, viewer: Viewer) -> dict[int, Any]:
    await wait(connection, 0)
    raise InvalidInput("broken on purpose", field="broken")


@field_by_field
async def lists(connection: AsyncConnection, keys: Sequence[int], *, viewer: Viewer) -> dict[int, list[Any]]:
    CALLS.append(list(keys))
    return {key: [SimpleNamespace(id=key * 10 + n, next=None) for n in range(2)] for key in keys if key}


@strawberry.type
class Thing:
    id: int
    next: "Thing | None" = to_one(names, "next", "The next.")
    sure: "Thing" = to_one(broken, "id", "Never there.")
    many: list["Thing"] = to_many(lists, "Two of them.")


@strawberry.type
class Query:
    @strawberry.field
    async def thing(self, info: Info, id: int) -> Thing | None:
        found: Thing | None = await loaders_of(info).batch(names)(id)
        return found


schema = ColloquySchema(query=Query)


async def test_equal_reads_at_one_time_are_one_and_ask_for_each_key_once(database: Database) -> None:
    result = await schema.execute(
        "{ a: thing(id: 1) { id next { id } } b: thing(id: 2) { next { id } } c: thing(id: 1) { next { id } } }",
        context_value=Context(database, DEFAULT_VIEWER),
    )
    assert result.errors is None
    assert result.data == {"a": {"id": 1, "next": {"id": 2}}, "b": {"next": {"id": 3}}, "c": {"next": {"id": 2}}}
    assert CALLS == [[1, 2], [2, 3]]


@pytest.mark.parametrize("delay", [0, 0.02], ids=["at once", "late"])
async def test_equal_reads_below_different_reads_stay_apart(database: Database, delay: float) -> None:
    """Whether they met would depend on which of the two is answered first, and so would the number of statements."""
    DELAY[0] = delay
    result = await schema.execute(
        "{ thing(id: 1) { next { many { id } } many { many { id } } } }",
        context_value=Context(database, DEFAULT_VIEWER),
    )
    assert result.errors is None
    assert sorted(CALLS) == [[1], [1], [2], [2], [10, 11]]


async def test_equal_reads_below_one_read_are_one_wherever_they_stand(database: Database) -> None:
    result = await schema.execute(
        "{ a: thing(id: 1) { next { many { id } } } b: thing(id: 2) { again: next { many { id } } } }",
        context_value=Context(database, DEFAULT_VIEWER),
    )
    assert result.errors is None
    assert CALLS == [[1, 2], [2, 3], [2, 3]]


async def test_a_null_key_is_not_read_and_an_unknown_one_is_null(database: Database) -> None:
    result = await schema.execute(
        "{ unknown: thing(id: 100) { id } end: thing(id: 99) { next { id } }"
        " top: thing(id: 1) { many { next { id } } } }",
        context_value=Context(database, DEFAULT_VIEWER),
    )
    assert result.errors is None
    assert result.data == {"unknown": None, "end": {"next": None}, "top": {"many": [{"next": None}, {"next": None}]}}
    assert sorted(CALLS) == [[1], [100], [100, 99, 1]]


async def test_a_key_without_rows_is_an_empty_list(database: Database) -> None:
    result = await schema.execute("{ thing(id: 0) { many { id } } }", context_value=Context(database, DEFAULT_VIEWER))
    assert result.errors is None
    assert result.data == {"thing": {"many": []}}


async def test_a_failing_sibling_takes_no_answer_from_another_branch(database: Database) -> None:
    """A non-null field that fails cancels its siblings; one of them waits for the same row as another branch does."""
    result = await schema.execute(
        "{ bad: thing(id: 1) { sure { id } next { id } } good: thing(id: 1) { next { id } } }",
        context_value=Context(database, DEFAULT_VIEWER),
    )
    assert result.data == {"bad": None, "good": {"next": {"id": 2}}}
    assert result.errors is not None
    assert [(error.path, error.extensions) for error in result.errors] == [
        (["bad", "sure"], {"code": "BAD_USER_INPUT", "field": "broken"})
    ]


async def test_a_failing_sibling_breaks_no_read_off_and_no_read_outlives_its_operation(database: Database) -> None:
    DELAY[0] = 0.1
    result = await schema.execute(
        "{ thing(id: 1) { sure { id } next { id } } }", context_value=Context(database, DEFAULT_VIEWER)
    )
    assert result.data == {"thing": None}
    assert FINISHED == [[1], [2]]


async def test_a_failed_read_is_the_error_of_each_field_that_waited_for_it(database: Database) -> None:
    result = await schema.execute(
        "{ a: thing(id: 1) { sure { id } } b: thing(id: 2) { sure { id } } }",
        context_value=Context(database, DEFAULT_VIEWER),
    )
    assert result.data == {"a": None, "b": None}
    assert result.errors is not None
    assert sorted(str(error.path) for error in result.errors) == ["['a', 'sure']", "['b', 'sure']"]


async def test_each_operation_has_loaders_of_its_own(database: Database) -> None:
    """A WebSocket gives all of its operations one context."""
    shared = Context(database, DEFAULT_VIEWER)
    await asyncio.gather(*[schema.execute("{ thing(id: 1) { id } }", context_value=shared) for _ in range(3)])
    assert CALLS == [[1], [1], [1]]


def loaders(database: Database) -> PlaceLoaders:
    """Those of a field of the operation itself."""
    path: Any = Path(None, "field", "Query")
    info: Any = SimpleNamespace(path=path)
    return Loaders(database, DEFAULT_VIEWER).at(info)


async def test_loaders_do_not_remember(database: Database) -> None:
    load = loaders(database).batch(names)
    await load(1)
    await load(1)
    assert CALLS == [[1], [1]]


async def test_other_arguments_are_another_read(database: Database) -> None:
    place = loaders(database)

    def load(n: object) -> Any:
        return place.batch(names, where={"n": n})(1)

    await asyncio.gather(load(1), load(1.0), load(True), load(1))
    assert CALLS == [[1], [1], [1]]


async def single(connection: AsyncConnection, key: int, *, viewer: Viewer) -> int:
    CALLS.append([key])
    if key < 0:
        raise InvalidInput(f"{key} is negative", field="key")
    return key


async def test_one_bad_key_of_a_verb_for_single_keys_spoils_no_other(database: Database) -> None:
    load = loaders(database).batch(OneByOne(single))
    results = await asyncio.gather(load(1), load(-1), load(1), return_exceptions=True)
    assert list(map(str, results)) == ["1", "-1 is negative", "1"]
    assert CALLS == [[1], [-1]]


async def test_a_read_without_keys_is_made_once_for_all_who_ask_together(database: Database) -> None:
    async def whole(connection: AsyncConnection, *, viewer: Viewer) -> str:
        CALLS.append([])
        return "all"

    load = loaders(database).whole(whole)
    assert list(await asyncio.gather(load(None), load(None))) == ["all", "all"]
    assert CALLS == [[]]


def test_the_declaration_of_a_relation_hangs_on_its_field() -> None:
    definition = get_object_definition(Thing, strict=True)
    relation = next(field.metadata[PLANNED] for field in definition.fields if field.python_name == "next")
    assert isinstance(relation, Relation)
    assert (relation.read, relation.key, relation.shape) == (names, "next", Shape.ONE)
