"""Operations as a whole: what the engine runs, what it leaves to graphql-core, and many of them at once."""

from collections.abc import Awaitable, Callable, Iterator
from typing import Any, cast

import orjson
import pytest
import strawberry
from graphql import ExecutionResult, parse
from graphql.execution import experimental_execute_incrementally
from strawberry.execution import optimized_is_awaitable
from strawberry.extensions import SchemaExtension
from strawberry.schema.config import StrawberryConfig

from db.viewer import DEFAULT_VIEWER
from graph.context import Context
from graph.declared import Found
from graph.execution import BreadthFirst, metrics, switched
from graph.relations import found
from graph.scalars import SCALARS
from tests.execution.asking import SCHEMA, asking, same
from tests.execution.data import world
from tests.execution.database import ToyDatabase
from tests.execution.plain import Circle, Square
from tests.execution.reads import ByKey, Connection
from tests.execution.tables import HOUSES, id_of, number_of
from tests.execution.world import House, Person, Pet, Query, WorldSchema, schema


@pytest.fixture(autouse=True)
def fresh_metrics() -> Iterator[None]:
    before = metrics.copy()
    metrics.clear()
    yield
    metrics.update(before)


def context(connection: Connection | None = None, *, spare: bool = False) -> Context:
    """The context of an operation in a world."""
    database: Any = ToyDatabase(connection or world(), spare=spare)
    return Context(database, DEFAULT_VIEWER)


async def ask(text: str, variables: dict[str, Any] | None = None, name: str | None = None) -> ExecutionResult:
    """The answer of the schema, as strawberry's own way gives it."""
    answer = await schema.execute(text, variables, context_value=context(), operation_name=name)
    return ExecutionResult(answer.data, answer.errors)


# What is planned


async def test_a_plan_is_made_once_for_a_document() -> None:
    asked = asking("{ nth { rank } }")
    for _ in range(3):
        assert (await asked.answer()).value == {"nth": {"rank": 1}}
    assert metrics == {"planned": 3}


async def test_the_operation_with_the_name_is_the_one_that_runs() -> None:
    text = "query A { nth { rank } } query B($n: Int!) { nth(n: $n) { name } } query C { version }"
    assert (await same(text, name="A")).value == {"nth": {"rank": 1}}
    assert (await same(text, {"n": 2}, name="B")).value == {"nth": {"name": "Ada 2"}}
    assert (await same(text, name="C")).value == {"version": "1"}


@pytest.mark.parametrize("name", [None, "D", ""])
async def test_no_operation_is_chosen_where_none_is_meant(name: str | None) -> None:
    answer = await same("query A { nth { rank } } query B { nth { name } }", name=name)
    assert (answer.data, len(answer.errors)) == (b"null", 1)
    assert "planned" not in metrics


async def test_ordinary_fields_of_the_root_run_beside_the_plan(dialect: str) -> None:
    answer = await same(
        '{ version nth { rank } e: echo(text: "t", mood: LOUD, of: {names: ["a"]}) somebody(n: 2) { pets { name } } }',
        world=world(dialect),
    )
    assert answer.errors == ()
    assert answer.value["nth"] == {"rank": 1}
    assert answer.value["somebody"] == {"pets": [{"name": "Rex 1"}, {"name": "Rex 5"}]}
    assert "graphql-core: ordinary resolvers only" not in metrics


async def test_an_ordinary_field_that_fails_is_null_beside_the_plan() -> None:
    answer = await same("{ broken nth { rank moodWord } b: broken somebody(n: 99) { rank } }")
    assert answer.value == {"broken": None, "nth": {"rank": 1, "moodWord": "LOUD"}, "b": None, "somebody": None}
    assert answer.messages == {"broken": "broken on purpose", "b": "broken on purpose"}


@pytest.mark.parametrize("field", ["sureBroken", "nothing"])
async def test_an_ordinary_field_that_is_never_null_and_fails_leaves_nothing(field: str) -> None:
    answer = await same(f"{{ nth {{ rank }} {field} version }}")
    assert (answer.value, list(answer.messages)) == (None, [field])


async def test_a_planned_field_that_fails_leaves_nothing_of_ordinary_ones() -> None:
    answer = await same("{ version sureNth(n: 99) { rank } broken }")
    assert answer.value is None
    assert "sureNth" in answer.messages or "broken" in answer.messages


async def test_both_kinds_failing_leave_nothing() -> None:
    answer = await same("{ sureNth(n: 99) { rank } sureBroken nothing }")
    assert answer.value is None


# What is left to graphql-core


async def test_ordinary_resolvers_alone_are_left_to_graphql_core() -> None:
    assert (await ask("{ version }")).data == {"version": "1"}
    assert metrics == {"graphql-core: ordinary resolvers only": 1}


async def test_introspection_beside_data_is_left_to_graphql_core() -> None:
    answer = await same(
        '{ __type(name: "Point") { name fields { name } } nth { rank } __schema { queryType { name } } }'
    )
    assert answer.value == {
        "__type": {"name": "Point", "fields": [{"name": "x"}, {"name": "y"}]},
        "nth": {"rank": 1},
        "__schema": {"queryType": {"name": "Query"}},
    }
    assert metrics.keys() == {"graphql-core: introspection"}


async def test_a_mutation_is_left_to_graphql_core() -> None:
    answer = await ask("mutation { rename { name pets { name } } again: rename(n: 2) { rank } }")
    assert answer.errors is None
    assert answer.data == {"rename": {"name": "Ada 1", "pets": [{"name": "Rex 4"}]}, "again": {"rank": 2}}
    assert metrics == {"graphql-core: mutation": 1}


async def test_a_deferred_fragment_is_left_to_graphql_core() -> None:
    answer: Any = experimental_execute_incrementally(
        SCHEMA,
        parse("{ nth { rank ... @defer { name } } }"),
        context_value=context(),
        executor_class=BreadthFirst,
        is_awaitable=cast("Any", optimized_is_awaitable),
        operation_extensions=None,
    )
    answer = await answer
    assert answer.initial_result.data == {"nth": {"rank": 1}}
    later = [each async for each in answer.subsequent_results]
    assert [each.data for result in later for each in result.incremental] == [{"name": "Ada 1"}]
    assert metrics == {"graphql-core: @defer": 1}


async def test_error_propagation_that_is_switched_off_is_left_to_graphql_core() -> None:
    answer = await ask("query @experimental_disableErrorPropagation { nth(n: 99) { rank } sureNth(n: 99) { rank } }")
    assert answer.data is None  # strawberry's validation does not know it
    asked = asking("query @experimental_disableErrorPropagation { sureNth(n: 99) { rank } }")
    assert (await asked.answer()).value == {"sureNth": None}
    assert metrics == {"graphql-core: directive on the operation": 1}


class Shouting(SchemaExtension):
    """Resolver middleware, which sees every field."""

    async def resolve(self, _next: Callable[..., Any], root: Any, info: Any, *args: Any, **kwargs: Any) -> Any:
        answer = _next(root, info, *args, **kwargs)
        value = await answer if isinstance(answer, Awaitable) else answer
        return value.upper() if isinstance(value, str) else value


async def test_resolver_middleware_sees_every_field() -> None:
    loud = strawberry.Schema(
        query=Query,
        types=[Person, Pet, House, Circle, Square],
        extensions=[Shouting],
        config=StrawberryConfig(scalar_map=SCALARS),
        execution_context_class=BreadthFirst,
    )
    answer = await loud.execute("{ nth { name home { name } } version }", context_value=context())
    assert (answer.data, answer.errors) == (
        {"nth": {"name": "ADA 1", "home": {"name": "HOUSE 2"}}, "version": "1"},
        None,
    )
    assert metrics == {"graphql-core: resolver middleware": 1}


async def test_an_extension_without_middleware_leaves_the_engine_on() -> None:
    class Counting(SchemaExtension):
        def on_execute(self) -> Iterator[None]:
            yield

    counted = strawberry.Schema(
        query=Query,
        types=[Person, Pet, House, Circle, Square],
        extensions=[Counting],
        config=StrawberryConfig(scalar_map=SCALARS),
        execution_context_class=BreadthFirst,
    )
    answer = await counted.execute("{ nth { name } }", context_value=context())
    assert (answer.data, metrics) == ({"nth": {"name": "Ada 1"}}, {"planned": 1})


@strawberry.type
class Odd:
    name: str

    @strawberry.field
    def twice(self) -> str:
        return self.name * 2


@strawberry.type
class Root:
    odd: Odd | None = found(Found(ByKey(HOUSES, "houses"), lambda: number_of("House", 1)), "")


async def test_a_resolver_below_the_root_leaves_the_operation_to_graphql_core() -> None:
    toy = WorldSchema(query=Root, execution_context_class=BreadthFirst)
    answer = await toy.execute("{ odd { name twice } }", context_value=context())
    assert answer.data == {"odd": {"name": "House 1", "twice": "House 1House 1"}}
    assert metrics == {"graphql-core: Odd.twice": 1}


async def test_without_a_database_everything_is_left_to_graphql_core() -> None:
    answer = await schema.execute("{ version __typename }", context_value=None)
    assert (answer.data, answer.errors) == ({"version": "1", "__typename": "Query"}, None)
    assert metrics == {}


async def test_the_engine_can_be_switched_off() -> None:
    with switched("off"):
        assert (await ask("{ nth { rank } }")).data == {"nth": {"rank": 1}}
    assert "planned" not in metrics


async def test_reads_of_one_level_are_one_for_all_parents(dialect: str) -> None:
    connection = world(dialect)
    with switched("fast"):
        await asking(
            "{ people { nodes { home { people { pets { name } } } letters { nodes { text } } } } }", world=connection
        ).answer()
    assert connection.calls == ["all_people", "houses", "people_of", "pets_of", "letters_of"]


async def test_data_can_be_written_by_orjson(dialect: str) -> None:
    answer = await schema.execute(
        "query ($id: ID!) { person(id: $id) { id token passport born badge favourite { ... on Node { id } } } }",
        {"id": id_of("Person", 2)},
        context_value=context(world(dialect)),
    )
    assert answer.errors is None
    assert b"00000010-0000-0000-0000-000000000002" in orjson.dumps(answer.data)


# Bounds


async def test_more_plans_of_an_operation_than_are_kept() -> None:
    names = [f"s{n}" for n in range(5)]
    head = ", ".join(f"${name}: Boolean!" for name in names)
    body = " ".join(f"{name}: rank @skip(if: ${name})" for name in names)
    document = parse(f"query ({head}) {{ nth {{ {body} }} }}")
    for turn in (*range(32), 0, 31):
        given = {name: bool(turn >> n & 1) for n, name in enumerate(names)}
        answer = await asking(document, given).answer()
        assert answer.value == {"nth": {name: 1 for name in names if not given[name]}}
    assert metrics == {"planned": 34}


async def test_more_sets_of_columns_than_are_read_by_themselves(dialect: str) -> None:
    fields = ("name", "age", "steps", "height", "active", "token", "born")
    for number in range(1, 2 ** len(fields)):
        chosen = " ".join(field for n, field in enumerate(fields) if number >> n & 1)
        asked = asking(f"{{ nth {{ {chosen} }} }}", world=world(dialect))
        with switched("off"):
            expected = await asked.answer()
        assert await asked.answer() == expected


async def test_deep_and_wide_operations() -> None:
    deep = "{ nth " + "{ home { people " * 30 + "{ rank }" + " } }" * 30 + " }"
    await same(deep.replace("people", "owner"))
    wide = "{ " + " ".join(f"a{n}: nth(n: {n % 6 + 1}) {{ rank home {{ name }} }}" for n in range(120)) + " }"
    answer = await same(wide)
    assert answer.value["a119"]["rank"] == 6
