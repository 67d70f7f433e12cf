"""Plain requests get the same answer by the lean way and by strawberry's view: status, headers and body, byte for byte.

Each request is sent twice, since the first finds its document unknown.
"""

import gzip
import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import urlencode

import httpx2
import pytest
from graphql import get_introspection_query
from starlette.types import ASGIApp, Message
from strawberry.schema.config import StrawberryConfig

from db.errors import ColloquyError
from graph.boundary import ColloquySchema
from graph.negotiation import GRAPHQL_TYPE, JSON_TYPE
from graph.scalars import SCALARS
from graph.view import ColloquyView
from tests.graph import toy
from tests.graph.core_prepared import CorePrepared
from tests.servers import serve

JSON = ("content-type", JSON_TYPE)


class Asked(NamedTuple):
    """A request; `lean`: whether it is a plain one of a valid query, answered the lean way when it comes again."""

    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = (JSON,)
    method: str = "POST"
    parameters: tuple[tuple[str, str], ...] = ()
    lean: bool = False


def body(query: object, **others: object) -> bytes:
    return json.dumps({"query": query, **others}).encode()


def plain(query: str, **others: object) -> Asked:
    """A plain request that is answered the lean way."""
    return Asked(body(query, **others), lean=True)


def wants(accept: str, lean: bool = False) -> Asked:
    return Asked(body("{ hello nothing: missing }"), (JSON, ("accept", accept)), lean=lean)


def typed(content_type: str, lean: bool = False) -> Asked:
    return Asked(body("{ hello }"), (("content-type", content_type),), lean=lean)


def got(**parameters: str) -> Asked:
    return Asked(headers=(), method="GET", parameters=tuple(parameters.items()))


TWO = "query A($n: Int!) { twice(n: $n) } query B { hello } mutation M { add(n: 1) }"
VALUE = "query ($v: JSON!) { same(value: $v) }"
DEEP = "[" * 150 + "]" * 150
TOO_DEEP = "[" * 201 + "]" * 201

REQUESTS = {
    "a query": plain("{ hello }"),
    "typename": plain("{ __typename }"),
    "nulls for all that is optional": plain("{ hello }", variables=None, operationName=None, extensions=None),
    "empty objects": plain("{ hello }", variables={}, extensions={}),
    "extensions and a field unknown": plain("{ hello }", extensions={"persisted": 1}, other=[1]),
    "variables": plain("query ($n: Int!) { twice(n: $n) }", variables={"n": 21}),
    "variables too many": plain("query ($n: Int!) { twice(n: $n) }", variables={"n": 21, "m": 1}),
    "a variable missing": plain("query ($n: Int!) { twice(n: $n) }"),
    "a variable of a wrong type": plain("query ($n: Int!) { twice(n: $n) }", variables={"n": "x"}),
    "a variable too large": plain("query ($n: Int!) { twice(n: $n) }", variables={"n": 2**70}),
    "two variables wrong": plain("query ($a: Int!, $b: Int!) { twice(n: $a) b: twice(n: $b) }", variables={"a": ""}),
    "a default of a variable": plain("query ($n: Int = 4) { twice(n: $n) }"),
    "an input object": plain("query ($r: Range!) { width(range: $r) }", variables={"r": {"low": 1, "high": 9}}),
    "an input object with a key unknown": plain("query ($r: Range!) { width(range: $r) }", variables={"r": {"x": 1}}),
    "a big integer": plain(VALUE, variables={"v": 2**80}),
    "a lone surrogate": plain(VALUE, variables={"v": "\ud800"}),
    "a float": plain(VALUE, variables={"v": [1.5, -0.0, 1e300]}),
    "deep JSON": Asked(f'{{"query": "{VALUE}", "variables": {{"v": {DEEP}}}}}'.encode(), lean=True),
    "a key twice": Asked(b'{"query": "{ bye }", "query": "{ hello }"}', lean=True),
    "numbers that orjson refuses": plain("{ numbers }"),
    "a time": plain('{ at(time: "2026-03-01T09:30:00+02:00") }'),
    "a time that is none": Asked(body('{ at(time: "noon") }')),
    "a time in a variable that is none": plain("query ($t: DateTime!) { at(time: $t) }", variables={"t": "noon"}),
    "letters of other scripts": plain('{ same(value: "Ж 漢 🙂") }'),
    "skip and include": plain("query ($s: Boolean!) { hello @skip(if: $s) __typename }", variables={"s": True}),
    "an operation by its name": plain(TWO, operationName="A", variables={"n": 1}),
    "an operation by a name that is not there": Asked(body(TWO, operationName="C")),
    "an operation by an empty name": Asked(body("query A { hello }", operationName="")),
    "several operations and no name": Asked(body(TWO)),
    "no operation": Asked(body("fragment F on Query { hello }")),
    "an error of a field": plain("{ hello foreseen }"),
    "errors of several fields": plain("{ refused too_much: tooMuch missing }"),
    "a fault": plain("{ hello fault }"),
    "a fault of many rows": plain("{ faults { value } }"),
    "a value that is none of its type": plain("{ notANumber }"),
    "a promise that is broken": plain("{ nothing }"),
    "an uncoded error": plain("{ uncoded }"),
    "introspection": plain(get_introspection_query()),
    "a syntax error": Asked(body("{ hello")),
    "an unknown field": Asked(body("{ bye }")),
    "an argument of a wrong type": Asked(body('{ twice(n: "x") }')),
    "a mutation": Asked(body("mutation { add(n: 1) }")),
    "a mutation by its name": Asked(body(TWO, operationName="M")),
    "a subscription": Asked(body("subscription { ticks(until: 1) }")),
    "an empty body": Asked(b""),
    "no JSON": Asked(b"{'query': '{ hello }'}"),
    "cut off": Asked(b'{"query": "{ hello }"'),
    "a byte order mark": Asked(b"\xef\xbb\xbf" + body("{ hello }")),
    "not UTF-8": Asked(b'{"query": "{ hello \xff }"}'),
    "NaN": Asked(b'{"query": "{ hello }", "variables": {"n": NaN}}'),
    "too many digits": Asked(b'{"query": "{ hello }", "variables": {"n": ' + b"1" * 5_000 + b"}}"),
    "nested too deep": Asked(f'{{"query": "{VALUE}", "variables": {{"v": {TOO_DEEP}}}}}'.encode()),
    "a list": Asked(b"[" + body("{ hello }") + b"]"),
    "no object": Asked(b'"{ hello }"'),
    "no query": Asked(b"{}"),
    "a query that is a number": Asked(body(7)),
    "a query of blanks": Asked(body(" \n")),
    "variables that are a list": Asked(body("{ hello }", variables=[])),
    "extensions that are a text": Asked(body("{ hello }", extensions="x")),
    "a name that is a number": Asked(body("{ hello }", operationName=1)),
    "any media type": wants("*/*", lean=True),
    "JSON": wants(JSON_TYPE, lean=True),
    "the media type of GraphQL": wants(GRAPHQL_TYPE, lean=True),
    "both, one more": wants(f"{GRAPHQL_TYPE};q=0.3, {JSON_TYPE};q=0.9", lean=True),
    "an empty wish": wants("", lean=True),
    "HTML": wants("text/html"),
    "an image, of which nothing is here": wants("image/png"),
    "a stream or JSON": wants(f"text/event-stream, {JSON_TYPE}"),
    "parts or JSON": wants(f'multipart/mixed;subscriptionSpec="1.0", {JSON_TYPE}'),
    "an encoding of JSON that is none": wants(f"{JSON_TYPE};charset=latin-1"),
    "JSON in UTF-8": typed("application/json; charset=utf-8", lean=True),
    "JSON in capitals": typed("Application/JSON;charset=UTF-8", lean=True),
    "JSON in UTF-16": typed("application/json; charset=utf-16"),
    "a text": typed("text/plain"),
    "GraphQL": typed("application/graphql"),
    "a form": typed("application/x-www-form-urlencoded"),
    "parts": typed("multipart/form-data; boundary=x"),
    "no content type": Asked(body("{ hello }"), ()),
    "the first content type of two": Asked(body("{ hello }"), (JSON, ("content-type", "text/plain")), lean=True),
    "the first wish of two": Asked(body("{ hello }"), (JSON, ("accept", JSON_TYPE), ("accept", "x/y")), lean=True),
    "compressed": Asked(gzip.compress(body("{ hello }")), (JSON, ("content-encoding", "gzip"))),
    "said to be as it is": Asked(body("{ hello }"), (JSON, ("content-encoding", "identity"))),
    "GET": got(query="{ hello }"),
    "GET with variables": got(query="query ($n: Int!) { twice(n: $n) }", variables='{"n": 3}'),
    "GET of a mutation": got(query="mutation { add(n: 1) }"),
    "GET of nothing": got(),
    "a query in the URL of a POST": Asked(b"", parameters=(("query", "{ hello }"),)),
    "HEAD": Asked(method="HEAD", headers=(), parameters=(("query", "{ hello }"),)),
    "OPTIONS": Asked(method="OPTIONS", headers=()),
    "PUT": Asked(body("{ hello }"), method="PUT"),
}

Answer = tuple[int, list[tuple[bytes, bytes]], bytes]


def schema(prepare: type[CorePrepared] | None) -> ColloquySchema:
    return ColloquySchema(
        query=toy.Query,
        mutation=toy.Mutation,
        subscription=toy.Subscription,
        config=StrawberryConfig(scalar_map=SCALARS),
        prepare=prepare,
    )


def views(context: Any = toy.no_context) -> tuple[ColloquyView, ColloquyView]:
    """The lean way, and strawberry's with nothing prepared."""
    return (
        ColloquyView(schema(CorePrepared), context=context),
        ColloquyView(schema(None), context=context, lean=False),
    )


async def answer(app: ASGIApp, asked: Asked, cut: int | None = None) -> Answer:
    """What the application says; the body comes in two pieces if it is cut."""
    pieces = [asked.body] if cut is None else [asked.body[:cut], asked.body[cut:]]
    incoming: list[Message] = [
        {"type": "http.request", "body": piece, "more_body": place < len(pieces) - 1}
        for place, piece in enumerate(pieces)
    ]
    said: list[Message] = []

    async def receive() -> Message:
        return incoming.pop(0)

    async def send(message: Message) -> None:
        said.append(message)

    scope = {
        "type": "http",
        "method": asked.method,
        "path": "/graphql",
        "query_string": urlencode(asked.parameters).encode(),
        "headers": [(name.encode(), value.encode()) for name, value in asked.headers],
    }
    await app(scope, receive, send)
    start, end = said
    assert (start["type"], end["type"], end.get("more_body", False)) == (
        "http.response.start",
        "http.response.body",
        False,
    )
    return start["status"], list(start["headers"]), _without_ids(end["body"])


def _without_ids(text: bytes) -> bytes:
    """Faults have ids of their own."""
    return re.sub(rb"\b[0-9a-f]{16}\b", b"0123456789abcdef", text)


@pytest.mark.parametrize("asked", REQUESTS.values(), ids=REQUESTS.keys())
async def test_the_lean_way_answers_as_strawberrys_view_does(asked: Asked) -> None:
    lean, old = views()
    expected = [await answer(old, asked) for _ in range(2)]
    before = CorePrepared.runs

    assert [await answer(lean, asked) for _ in range(2)] == expected
    assert CorePrepared.runs - before == int(asked.lean)


async def test_a_body_in_pieces_is_put_together_on_both_ways() -> None:
    lean, old = views()
    for name in ("variables", "cut off", "a fault", "a list", "a mutation"):
        for cut in (0, 1, 20):
            assert await answer(lean, REQUESTS[name], cut) == await answer(old, REQUESTS[name], cut)


class SignInNeeded(ColloquyError):
    code = "UNAUTHENTICATED"


@pytest.mark.parametrize("error", [SignInNeeded("Sign in first."), RuntimeError(toy.SECRET)])
@pytest.mark.parametrize("name", ["a query", "the media type of GraphQL", "a list", "a syntax error"])
async def test_what_the_context_refuses_comes_first_on_both_ways(error: Exception, name: str) -> None:
    refuses = False

    async def context(request: object) -> object:
        if refuses:
            raise error
        return {}

    lean, old = views(context)
    await answer(lean, REQUESTS[name])
    refuses = True

    assert await answer(lean, REQUESTS[name]) == await answer(old, REQUESTS[name])


async def test_the_context_of_a_request_is_made_once_whichever_way_it_goes() -> None:
    made: list[object] = []

    async def context(request: object) -> object:
        made.append(request)
        return {}

    class NeedsCore(CorePrepared):
        def run(self, *_: object) -> Any:
            return None

    view = ColloquyView(schema(NeedsCore), context=context)
    for count in (1, 2, 3):
        assert (await answer(view, REQUESTS["a query"]))[2] == b'{"data":{"hello":"world"}}'
        assert len(made) == count


@pytest.fixture(scope="module")
def servers() -> Iterator[tuple[str, str]]:
    """The two ways, each behind a real server."""
    lean, old = views()
    with serve(lean, lifespan="off") as first, serve(old, lifespan="off") as second:
        yield first, second


@pytest.mark.parametrize(
    "name", ["a query", "a fault", "numbers that orjson refuses", "introspection", "a list", "GET", "HEAD", "PUT"]
)
def test_the_same_goes_over_a_socket(servers: tuple[str, str], name: str) -> None:
    asked = REQUESTS[name]

    def over(url: str) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
        response = httpx2.request(
            asked.method, url, content=asked.body, headers=dict(asked.headers), params=dict(asked.parameters)
        )
        headers = [(key, value) for key, value in response.headers.raw if key.lower() != b"date"]
        return response.status_code, headers, _without_ids(response.content)

    for _ in range(2):
        assert over(servers[0]) == over(servers[1])
