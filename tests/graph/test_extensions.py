"""Extensions do what they do on a document's first request and on each that follows, and no more than is needed."""

from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest
import strawberry
from graphql import FieldNode, GraphQLError, ValidationRule
from httpx2 import Response
from strawberry.extensions import (
    AddValidationRules,
    DisableValidation,
    MaskErrors,
    MaxAliasesLimiter,
    MaxTokensLimiter,
    ParserCache,
    QueryDepthLimiter,
    SchemaExtension,
    ValidationCache,
)
from strawberry.schema.config import StrawberryConfig
from strawberry.types import ExecutionResult

from graph import extensions
from graph.boundary import ColloquySchema
from graph.errors import ErrorCode, coded
from graph.extensions import When, when
from graph.scalars import SCALARS
from graph.view import ColloquyView
from tests.graph import toy
from tests.graph.core_prepared import CorePrepared
from tests.graph.http import client_of, post

Extension = type[SchemaExtension] | Callable[[], SchemaExtension]


def schema(*given: Extension) -> ColloquySchema:
    return ColloquySchema(
        query=toy.Query,
        mutation=toy.Mutation,
        subscription=toy.Subscription,
        extensions=given,
        config=StrawberryConfig(scalar_map=SCALARS),
        prepare=CorePrepared,
    )


async def times(count: int, asked: ColloquySchema, query: str, **others: object) -> list[Response]:
    """The responses to a request that comes several times, by HTTP."""
    view = ColloquyView(asked, context=toy.no_context)
    async with client_of(view) as client:
        return [await post(client, {"query": query, **others}) for _ in range(count)]


@pytest.fixture
def runs() -> Callable[[], int]:
    """How many requests of the test went past strawberry's machinery."""
    before = CorePrepared.runs
    return lambda: CorePrepared.runs - before


class Nothing(SchemaExtension):
    """Has no hook."""


class Masks(SchemaExtension):
    """Says nothing of any error, as `MaskErrors` does."""

    def on_operation(self) -> Iterator[None]:
        yield
        result = self.execution_context.result
        if result is not None and result.errors:
            result.errors = [coded("Masked.", ErrorCode.BAD_REQUEST) for _ in result.errors]


class Three(QueryDepthLimiter):
    """A limiter that is given as a class."""

    def __init__(self) -> None:
        super().__init__(max_depth=0)


class NoFaults(SchemaExtension):
    """A limiter that looks at the document alone."""

    looked = 0

    def on_validate(self) -> Iterator[None]:
        NoFaults.looked += 1
        document = self.execution_context.graphql_document
        assert document is not None
        if "fault" in (self.execution_context.query or ""):
            self.execution_context.pre_execution_errors = [coded("No faults.", ErrorCode.LIMIT_EXCEEDED)]
        yield


class Weighs(SchemaExtension):
    """A limiter that looks at the variables, and says so."""

    document_only = False

    def on_validate(self) -> Iterator[None]:
        if (self.execution_context.variables or {}).get("n", 0) > 10:
            self.execution_context.pre_execution_errors = [coded("Too heavy.", ErrorCode.LIMIT_EXCEEDED)]
        yield


class Prepares(SchemaExtension):
    """Has a hook round the operation that does no more than prepare, and says so."""

    document_only = True
    entered = 0

    def on_operation(self) -> Iterator[None]:
        Prepares.entered += 1
        yield


class Twice(SchemaExtension):
    """A limiter that counts requests: two are enough."""

    counted: Counter[str] = Counter()

    def on_operation(self) -> Iterator[None]:
        Twice.counted["requests"] += 1
        if Twice.counted["requests"] > 2:
            raise coded("Enough.", ErrorCode.RATE_LIMITED)
        yield


class Traces(SchemaExtension):
    """Writes down what begins and ends, each request in a list of its own."""

    spans: list[list[str]] = []

    def _span(self, name: str) -> Iterator[None]:
        self.spans[-1].append(f"{name} {{")
        yield
        self.spans[-1].append(f"}} {name}")

    def on_operation(self) -> Iterator[None]:
        Traces.spans.append([])
        yield from self._span("operation")

    async def on_parse(self) -> AsyncIterator[None]:
        for _ in self._span("parse"):
            yield

    def on_validate(self) -> Iterator[None]:
        yield from self._span("validate")

    def on_execute(self) -> Iterator[None]:
        yield from self._span("execute")

    def resolve(self, _next: Callable[..., Any], root: Any, info: Any, *args: str, **kwargs: Any) -> Any:
        self.spans[-1].append(f"resolve {info.field_name}")
        return _next(root, info, *args, **kwargs)

    def get_results(self) -> dict[str, Any]:
        return {"spans": len(self.spans[-1])}


class Streams(SchemaExtension):
    def on_stream_result(self, result: Any) -> Iterator[None]:
        yield result


@pytest.mark.parametrize(
    ("extension", "expected"),
    [
        (Nothing, When.NEVER),
        (NoFaults, When.PREPARING),
        (Prepares, When.PREPARING),
        (AddValidationRules, When.PREPARING),
        (QueryDepthLimiter, When.PREPARING),
        (Three, When.PREPARING),
        (MaxAliasesLimiter, When.PREPARING),
        (MaxTokensLimiter, When.PREPARING),
        (ParserCache, When.PREPARING),
        (ValidationCache, When.PREPARING),
        (Weighs, When.ALWAYS),
        (Twice, When.ALWAYS),
        (Traces, When.ALWAYS),
        (Masks, When.ALWAYS),
        (MaskErrors, When.ALWAYS),
        (DisableValidation, When.ALWAYS),
        (Streams, When.ALWAYS),
    ],
)
def test_when_an_extension_is_asked_follows_from_its_hooks_or_from_what_it_says(
    extension: type[SchemaExtension], expected: When
) -> None:
    assert when(extension) is expected


def test_a_class_is_looked_at_once() -> None:
    class Fresh(SchemaExtension):
        def on_execute(self) -> Iterator[None]:
            yield

    assert when(Fresh) is extensions._KNOWN[Fresh] is When.ALWAYS


def test_a_limiter_with_a_hook_of_its_own_round_the_operation_is_asked_always() -> None:
    class ByRole(QueryDepthLimiter):
        def on_operation(self) -> Iterator[None]:
            yield from super().on_operation()

    assert when(ByRole) is When.ALWAYS


async def test_an_extension_without_hooks_costs_nothing(runs: Callable[[], int]) -> None:
    responses = await times(3, schema(Nothing, lambda: Nothing()), "{ hello }")

    assert {response.text for response in responses} == {'{"data":{"hello":"world"}}'}
    assert runs() == 2


@pytest.mark.parametrize(
    "limiter",
    [Three, lambda: QueryDepthLimiter(max_depth=0), lambda: MaxAliasesLimiter(0), lambda: MaxTokensLimiter(5)],
    ids=["a class", "depth", "aliases", "tokens"],
)
async def test_a_limiter_refuses_each_time_and_lets_through_each_time(
    limiter: Extension, runs: Callable[[], int]
) -> None:
    limited = schema(limiter)

    refused = await times(3, limited, "{ a: __schema { types { name } } b: faults { value } }")
    assert {response.status_code for response in refused} == {400}
    assert len({response.text for response in refused}) == 1
    assert len(limited.documents) == runs() == 0

    passed = await times(3, limited, "{ hello }")
    assert {response.text for response in passed} == {'{"data":{"hello":"world"}}'}
    assert runs() == 2


async def test_a_depth_limiter_measures_a_document_once() -> None:
    measured: list[dict[str, int]] = []

    await times(3, schema(lambda: QueryDepthLimiter(5, callback=measured.append)), "{ faults { value } }")

    assert len(measured) == 1


async def test_a_limiter_in_on_validate_looks_at_a_good_document_once_and_at_a_refused_one_each_time(
    runs: Callable[[], int],
) -> None:
    NoFaults.looked = 0
    limited = schema(NoFaults)

    assert {response.status_code for response in await times(3, limited, "{ hello }")} == {200}
    assert (NoFaults.looked, runs()) == (1, 2)
    assert {response.json()["errors"][0]["message"] for response in await times(3, limited, "{ fault }")} == {
        "No faults."
    }
    assert (NoFaults.looked, runs()) == (4, 2)


async def test_a_limiter_that_looks_at_the_variables_looks_each_time(runs: Callable[[], int]) -> None:
    limited, query = schema(Weighs), "query ($n: Int!) { twice(n: $n) }"

    light = await times(2, limited, query, variables={"n": 1})
    heavy = await times(2, limited, query, variables={"n": 11})

    assert [response.status_code for response in light] == [200, 200]
    assert [response.json()["errors"][0]["message"] for response in heavy] == ["Too heavy."] * 2
    assert runs() == 0


async def test_a_limiter_that_counts_requests_counts_each() -> None:
    Twice.counted.clear()

    responses = await times(4, schema(Twice), "{ hello }")

    assert [response.status_code for response in responses] == [200, 200, 429, 429]


async def test_an_extension_that_says_so_is_asked_when_a_document_is_prepared_alone() -> None:
    Prepares.entered = 0

    await times(3, schema(Prepares), "{ hello }")

    assert Prepares.entered == 1


async def test_errors_are_masked_each_time() -> None:
    responses = await times(3, schema(Masks), "{ hello foreseen }")

    assert len({response.text for response in responses}) == 1
    assert responses[0].json()["errors"] == [{"message": "Masked.", "extensions": {"code": "BAD_REQUEST"}}]
    assert responses[0].json()["data"] == {"hello": "world", "foreseen": None}


async def test_every_span_is_traced_each_time_though_parsing_and_validation_have_nothing_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Traces.spans.clear()
    validated: list[object] = []
    validate = strawberry.schema.schema.validate_document

    def noted(*given: Any) -> Any:
        validated.append(given)
        return validate(*given)

    monkeypatch.setattr(strawberry.schema.schema, "validate_document", noted)

    responses = await times(3, schema(Traces), "{ hello }")

    expected = "operation { parse { } parse validate { } validate execute { resolve hello } execute } operation"
    assert [" ".join(spans) for spans in Traces.spans] == [expected] * 3
    assert {response.text for response in responses} == {'{"data":{"hello":"world"},"extensions":{"spans":9}}'}
    assert len(validated) == 1


async def test_a_limiter_beside_a_tracer_measures_a_document_once_and_refuses_each_time() -> None:
    measured: list[dict[str, int]] = []
    both = schema(Traces, lambda: QueryDepthLimiter(1, callback=measured.append), NoFaults)
    NoFaults.looked = 0
    Traces.spans.clear()

    assert [response.status_code for response in await times(3, both, "{ hello }")] == [200] * 3
    assert (len(measured), NoFaults.looked) == (1, 1)
    assert [response.status_code for response in await times(2, both, "{ __typename fault }")] == [400] * 2
    assert [response.status_code for response in await times(2, both, "{ faults { value { x } } }")] == [400] * 2
    assert len(Traces.spans) == 7


async def test_a_rule_for_some_who_ask_holds_for_them_whoever_asked_before() -> None:
    class NoHello(ValidationRule):
        def enter_field(self, node: FieldNode, *_: Any) -> None:
            if node.name.value == "hello":
                self.report_error(GraphQLError("Not for you."))

    class ByRole(SchemaExtension):
        def on_operation(self) -> Iterator[None]:
            context = self.execution_context
            if context.variables == {"guest": True}:
                context.validation_rules = (*context.validation_rules, NoHello)
            yield

    asked = schema(ByRole)

    assert [response.status_code for response in await times(2, asked, "{ hello }")] == [200, 200]
    assert [response.status_code for response in await times(2, asked, "{ hello }", variables={"guest": True})] == [
        400,
        400,
    ]
    assert [response.status_code for response in await times(1, asked, "{ hello }")] == [200]


async def test_validation_that_was_left_out_for_some_is_done_for_the_others() -> None:
    class Trusts(SchemaExtension):
        def on_operation(self) -> Iterator[None]:
            if self.execution_context.variables == {"trusted": True}:
                self.execution_context.validation_rules = ()
            yield

    asked, query = schema(Trusts), "{ hello(unknown: 1) }"

    assert (await times(1, asked, query, variables={"trusted": True}))[0].json() == {"data": {"hello": "world"}}
    assert (await times(1, asked, query))[0].status_code == 400


async def test_fewer_tokens_for_some_who_ask_hold_whoever_asked_before() -> None:
    class ByRole(SchemaExtension):
        def on_operation(self) -> Iterator[None]:
            if self.execution_context.variables == {"guest": True}:
                self.execution_context.parse_options["max_tokens"] = 3
            yield

    asked, query = schema(ByRole), "{ hello a: hello }"

    assert (await times(1, asked, query))[0].status_code == 200
    assert [response.status_code for response in await times(2, asked, query, variables={"guest": True})] == [400] * 2


async def test_a_text_or_document_that_an_extension_puts_in_its_place_is_the_one_that_is_validated() -> None:
    class Stored(SchemaExtension):
        def on_operation(self) -> Iterator[None]:
            stored = (self.execution_context.variables or {}).get("stored")
            if stored is not None:
                self.execution_context.query = stored
            yield

    asked = schema(Stored)
    await times(1, asked, "{ hello }")

    swapped = await times(2, asked, "{ hello }", variables={"stored": "{ __typename }"})
    wrong = await times(2, asked, "{ hello }", variables={"stored": "{ bye }"})

    assert [response.json() for response in swapped] == [{"data": {"__typename": "Query"}}] * 2
    assert [response.status_code for response in wrong] == [400] * 2
    assert (await times(1, asked, "{ hello }"))[0].json() == {"data": {"hello": "world"}}


async def test_a_parser_of_an_extension_is_believed_once_its_document_was_validated() -> None:
    from graphql import parse

    class Parses(SchemaExtension):
        def on_parse(self) -> Iterator[None]:
            other = (self.execution_context.variables or {}).get("other")
            if other is not None:
                self.execution_context.graphql_document = parse(other)
            yield

        def on_execute(self) -> Iterator[None]:
            yield

    asked = schema(Parses)
    await times(1, asked, "{ hello }")

    assert (await times(1, asked, "{ hello }", variables={"other": "{ bye }"}))[0].status_code == 400
    assert (await times(1, asked, "{ hello }", variables={"other": "{ __typename }"}))[0].json() == {
        "data": {"__typename": "Query"}
    }


def test_extensions_hold_in_execution_without_waiting_too() -> None:
    NoFaults.looked = 0
    asked = schema(NoFaults)

    results = [asked.execute_sync("{ hello }") for _ in range(3)]

    assert [result.data for result in results] == [{"hello": "world"}] * 3
    assert NoFaults.looked == 1
    assert [asked.execute_sync("{ fault }").data for _ in range(2)] == [None, None]


async def streamed(asked: ColloquySchema, query: str) -> list[Any]:
    return [result.data async for result in await asked.stream(query) if isinstance(result, ExecutionResult)]


async def test_extensions_hold_in_streams_too() -> None:
    NoFaults.looked = 0
    Traces.spans.clear()
    asked = schema(Traces, NoFaults)

    for _ in range(3):
        assert await streamed(asked, "{ hello }") == [{"hello": "world"}]
    assert NoFaults.looked == 1
    assert len({tuple(spans) for spans in Traces.spans}) == 1
    assert await streamed(asked, "{ fault }") == [None]
