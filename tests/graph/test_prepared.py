"""Documents that come again are parsed, validated and prepared once, and nothing of one request shows in another."""

import time
from typing import Any

import pytest
import strawberry
from strawberry.types import ExecutionResult

from db.database import Database
from db.viewer import DEFAULT_VIEWER
from graph.boundary import ColloquySchema
from graph.context import Context, Info, loaders_of
from graph.documents import KEPT_DOCUMENTS, KEPT_LENGTH
from tests.graph import toy
from tests.graph.core_prepared import CorePrepared

PARSED = "query ($n: Int!) { twice(n: $n) }"


@pytest.fixture
def schema() -> ColloquySchema:
    return ColloquySchema(query=toy.Query, mutation=toy.Mutation, subscription=toy.Subscription, prepare=CorePrepared)


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was parsed and validated, in its order."""
    done: list[str] = []

    def noted(name: str) -> None:
        function = getattr(strawberry.schema.schema, name)

        def note(*given: Any, **options: Any) -> Any:
            done.append(name)
            return function(*given, **options)

        monkeypatch.setattr(strawberry.schema.schema, name, note)

    noted("parse")
    noted("validate_document")
    return done


async def streamed(schema: ColloquySchema, query: str, context: object = None) -> list[Any]:
    results = await schema.stream(query, context_value=context)
    return [result.data async for result in results if isinstance(result, ExecutionResult)]


async def test_a_query_that_comes_again_is_neither_parsed_nor_validated_again(
    schema: ColloquySchema, work: list[str]
) -> None:
    for n in (1, 2, 3):
        assert (await schema.execute(PARSED, {"n": n})).data == {"twice": 2 * n}
    assert work == ["parse", "validate_document"]


async def test_nor_are_mutations_and_subscriptions(schema: ColloquySchema, work: list[str]) -> None:
    for _ in range(3):
        assert (await schema.execute("mutation { add(n: 1) }")).data == {"add": 2}
        assert (await streamed(schema, "subscription { ticks(until: 2) }"))[:2] == [{"ticks": 0}, {"ticks": 1}]
    assert work == ["parse", "validate_document"] * 2


async def test_a_document_is_known_on_whichever_way_it_comes_next(schema: ColloquySchema, work: list[str]) -> None:
    assert schema.ready("{ hello }", None) is None

    assert schema.execute_sync("{ hello }").data == {"hello": "world"}
    assert (await schema.execute("{ hello }")).data == {"hello": "world"}
    assert await streamed(schema, "{ hello }") == [{"hello": "world"}]

    assert schema.ready("{ hello }", None) is not None
    assert work == ["parse", "validate_document"]


async def test_only_the_queries_of_a_document_are_ready(schema: ColloquySchema) -> None:
    text = "query A { hello } mutation M { add(n: 1) } query B { __typename }"
    await schema.execute(text, operation_name="M")

    assert [schema.ready(text, name) is not None for name in ("A", "M", "B", "C", "", None)] == [
        True,
        False,
        True,
        False,
        False,
        False,
    ]
    assert [schema.is_query(text, name) for name in ("A", "M", "B", "C", "", None)] == [
        True,
        False,
        True,
        False,
        False,
        False,
    ]


async def test_a_document_whose_operation_is_not_said_is_refused_each_time(
    schema: ColloquySchema, work: list[str]
) -> None:
    for _ in range(3):
        result = await schema.execute("query A { hello } query B { hello }")
        assert result.data is None
        assert [(error.extensions or {})["code"] for error in result.errors or ()] == ["OPERATION_RESOLUTION_FAILURE"]
    assert work == ["parse", "validate_document"]


@pytest.mark.parametrize("text", ["{ bye }", "{ hello", "{ twice }", "{ hello } fragment F on Query { hello }"])
async def test_what_is_refused_is_not_kept_and_is_refused_alike_each_time(schema: ColloquySchema, text: str) -> None:
    refusals = [[error.formatted for error in (await schema.execute(text)).errors or ()] for _ in range(3)]

    assert refusals[0]
    assert refusals[0] == refusals[1] == refusals[2]
    assert len(schema.documents) == 0


async def test_a_long_document_is_not_kept(schema: ColloquySchema) -> None:
    text = "{ hello }"
    kept, long = text.ljust(KEPT_LENGTH), text.ljust(KEPT_LENGTH + 1)

    for each in (kept, long, long):
        assert (await schema.execute(each)).data == {"hello": "world"}

    assert schema.ready(kept, None) is not None
    assert schema.ready(long, None) is None
    assert not schema.is_query(long, None)


async def test_so_many_are_kept_and_the_one_that_was_not_used_for_longest_goes(schema: ColloquySchema) -> None:
    texts = [f"{{ a{n}: hello }}" for n in range(KEPT_DOCUMENTS)]
    for text in texts:
        await schema.execute(text)
    await schema.execute(texts[0])
    await schema.execute("{ hello }")

    assert len(schema.documents) == KEPT_DOCUMENTS
    assert schema.ready(texts[0], None) is not None
    assert schema.ready(texts[1], None) is None


async def test_two_schemas_share_no_document(schema: ColloquySchema) -> None:
    @strawberry.type
    class Query:
        @strawberry.field
        def hello(self) -> int:
            return 7

    other = ColloquySchema(query=Query)

    for _ in range(2):
        assert (await schema.execute("{ hello }")).data == {"hello": "world"}
        assert (await other.execute("{ hello }")).data == {"hello": 7}


READS: list[str] = []
CONTEXTS: list[Context] = []


async def slow(_connection: Any, keys: list[int], **_options: Any) -> dict[int, str]:
    """On SQLite in a thread, where it may wait."""
    READS.append("begun")
    time.sleep(0.02)  # noqa: ASYNC251 - likewise
    READS.append("ended")
    return dict.fromkeys(keys, "found")


@strawberry.type
class Reading:
    @strawberry.field
    async def read(self, info: Info, id: int) -> str:
        CONTEXTS.append(info.context)
        found: str = await loaders_of(info).batch(slow)(id)
        return found

    @strawberry.field
    async def fails(self, info: Info) -> str:
        loaders_of(info).batch(slow)(1)  # nobody waits for it
        raise ValueError


@pytest.fixture
def reading() -> ColloquySchema:
    READS.clear()
    CONTEXTS.clear()
    return ColloquySchema(query=Reading)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_each_operation_has_a_context_of_its_own(reading: ColloquySchema, database: Database) -> None:
    given = Context(database, DEFAULT_VIEWER)

    for _ in range(2):
        assert (await reading.execute("{ a: read(id: 1) b: read(id: 2) }", context_value=given)).errors is None
        assert await streamed(reading, "{ read(id: 1) }", given) == [{"read": "found"}]

    first, same, *others = CONTEXTS
    assert first is same
    assert len({id(context) for context in (given, first, *others)}) == 1 + 4
    assert all(context.viewer is DEFAULT_VIEWER and context.database is database for context in CONTEXTS)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_no_read_outlives_its_operation(reading: ColloquySchema, database: Database) -> None:
    given = Context(database, DEFAULT_VIEWER)

    assert (await reading.execute("{ fails }", context_value=given)).data is None
    assert READS == ["begun", "ended"]
    assert await streamed(reading, "{ fails }", given) == [None]
    assert READS == ["begun", "ended"] * 2
