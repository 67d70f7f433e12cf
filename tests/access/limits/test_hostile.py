"""Hostile documents are refused, by work that grows with their length alone: never by what they stand for."""

import logging
import re
import sys
from collections.abc import Callable
from typing import Any

import pytest
import strawberry
from graphql import get_introspection_query, parse
from strawberry.extensions import QueryDepthLimiter, SchemaExtension, query_depth_limiter

from db.database import Database
from db.words import Role
from graph.access import limits
from graph.access.limits import DEFAULT_BOUNDS, UNBOUNDED
from graph.access.texts import LONGEST, TOLD
from graph.boundary import ColloquySchema
from graph.context import Context
from graph.schema import schema
from tests.access.limits import hostile
from tests.access.limits.asking import SURVEYOR, executed, nodes_of, refusal, survey, viewer_of
from tests.access.limits.hostile import ATTACKS, Attack
from tests.conftest import recorded
from tests.graph import toy

READER = viewer_of(Role.VIEWER)


@pytest.fixture
def resolved(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Whether anything was executed, by whichever way."""
    done: list[str] = []
    own = schema._execute_operation

    async def note(*given: Any, **options: Any) -> Any:
        done.append("executed")
        return await own(*given, **options)

    monkeypatch.setattr(schema, "_execute_operation", note)
    return done


@pytest.fixture
def validated(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The documents that were validated."""
    done: list[str] = []
    own = strawberry.schema.schema.validate_document

    def note(*given: Any, **options: Any) -> Any:
        done.append("validated")
        return own(*given, **options)

    monkeypatch.setattr(strawberry.schema.schema, "validate_document", note)
    return done


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
async def test_an_attack_is_refused_by_its_limit_before_anything_runs(
    database: Database, attack: Attack, resolved: list[str], validated: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    context = Context(database, READER if attack.name != "25 mutations" else viewer_of(Role.EDITOR))
    with recorded(database) as statements, caplog.at_level(logging.WARNING):
        answer = await executed(attack.make(), context, attack.variables())
    (error,) = answer["errors"]
    assert "data" not in answer
    assert (error["extensions"]["code"], error["extensions"]["limit"]) == ("LIMIT_EXCEEDED", attack.stopped_by)
    assert error["extensions"]["actual"] > error["extensions"]["maximum"]
    assert len(error["message"]) <= LONGEST
    assert statements == resolved == []
    assert not validated or attack.stopped_by in ("cost", "variablesSize", "variablesDepth")
    assert caplog.records == []


SURVEYED = [
    hostile.spreads(90),
    hostile.spreads(20, "Conversation", "a: id"),
    hostile.nested_spreads(40),
    hostile.chain(1_000),
    hostile.introspection_bomb(40),
    hostile.introspection_in_fragments(20),
    hostile.many_aliases(5_000),
    "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }",
    "{ ...A } fragment A on Query { conversations { nodes { ...B } } } fragment B on Conversation { ...B ...A }",
]


@pytest.mark.parametrize("text", SURVEYED, ids=range(len(SURVEYED)))
def test_each_node_is_visited_at_most_once(text: str) -> None:
    assert 0 < survey(text).visits <= nodes_of(text)


def test_a_chain_of_fragments_does_not_exhaust_the_stack() -> None:
    length = sys.getrecursionlimit() * 5
    operation = survey(hostile.chain(length)).operation(None)
    assert operation is not None
    assert operation.depth == length + 2


MALFORMED = [
    "{ ...Nope }",
    "{ conversations { nodes { ...Nope } } }",
    "{ node(id: 1) { } }",
    "{ }",
    "{ nothing { at { all } } }",
    "{ ...F } fragment F on Nowhere { a { b } }",
    "{ ...F } fragment F on String { a }",
    "{ conversations(first: {a: 1}, last: [2]) { nodes { id { deeper } } } }",
    "{ nodes(ids: {a: 1}) { id } }",
    "query ($n: Nowhere!) { conversations(first: $n) { nodes } }",
    "subscription { anything { at { all } } }",
    "{ ...A } fragment A on Query { ...A }",
    "{ __typename { x } __schema __type { y } }",
    "query A { a } query A { b } fragment F on Query { c } fragment F on Query { d }",
    "fragment F on Query { __typename }",
    "type Query { a: Int }",
]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("text", MALFORMED)
async def test_bad_input_is_told_as_validation_tells_it(
    database: Database, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    SURVEYOR.survey(parse(text))
    with caplog.at_level(logging.WARNING):
        answer = await executed(text, Context(database, viewer_of(Role.ADMIN)))
    codes = {error["extensions"]["code"] for error in answer.get("errors", ())}
    assert codes <= {"GRAPHQL_VALIDATION_FAILED", "OPERATION_RESOLUTION_FAILURE", "BAD_USER_INPUT"}
    assert caplog.records == []
    assert answer.get("errors") or text in ("{ }", "{ node(id: 1) { } }")


def test_the_standard_introspection_query_is_fine() -> None:
    facts = survey(get_introspection_query()).operation(None)
    assert facts is not None
    assert facts.misshapen(DEFAULT_BOUNDS) is None
    assert facts.introspected * 2 < DEFAULT_BOUNDS.introspected


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_introspection_can_be_had_whole(database: Database) -> None:
    for option in (False, True):
        text = get_introspection_query(descriptions=option, input_value_deprecation=option)
        assert "errors" not in await executed(text, Context(database, READER))


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_lists_of_lists_of_the_schema_are_refused_by_name(database: Database) -> None:
    found = await refusal(database, hostile.introspection_bomb(3), viewer=READER)
    assert found is not None
    assert (found["code"], found["limit"], found["actual"]) == ("LIMIT_EXCEEDED", "introspectionDepth", 3)


NO_INTROSPECTION = limits.Bounds(introspection=False)
SUGGESTING = [
    "{ conversatons { totalCount } }",
    "{ conversations(frist: 1) { totalCount } }",
    "{ conversations { nodes { ... on Conversatio { id } } } }",
    "{ conversations(orderBy: [{field: CREATED_A}]) { totalCount } }",
    '{ conversations(where: {titel: {eq: "a"}}) { totalCount } }',
    '{ node(id: "x") { title } }',
]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("text", SUGGESTING)
async def test_without_introspection_nothing_of_the_schema_is_suggested(database: Database, text: str) -> None:
    told = await refusal(database, text, bounds=DEFAULT_BOUNDS)
    untold = await refusal(database, text, bounds=NO_INTROSPECTION)
    assert told is not None
    assert untold is not None
    assert "Did you mean" in told["message"]
    assert untold["message"] == re.sub(r" Did you mean .*?\?", "", told["message"])


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_variables_suggest_nothing_either(database: Database) -> None:
    text = "query ($o: ConversationOrderField!) { conversations(orderBy: [{field: $o}]) { totalCount } }"
    told = await refusal(database, text, {"o": "CREATED_A"})
    untold = await refusal(database, text, {"o": "CREATED_A"}, bounds=NO_INTROSPECTION)
    assert told is not None
    assert untold is not None
    assert "Did you mean" in told["message"]
    assert "CREATED_AT" not in untold["message"]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("text", ["{ __schema { types { name } } }", '{ a: __type(name: "Query") { name } }'])
async def test_introspection_can_be_turned_off(database: Database, text: str) -> None:
    found = await refusal(database, text, bounds=NO_INTROSPECTION)
    assert found is not None
    assert found["code"] == "FORBIDDEN"
    assert await refusal(database, "{ __typename }", bounds=NO_INTROSPECTION) is None


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_what_validation_says_is_of_bounded_length(database: Database) -> None:
    long, many = "{ " + "x" * 50_000 + " }", "{ " + " ".join(f"x{n}" for n in range(500)) + " }"
    for text in (long, many, '{ a(b: "' + "y" * 50_000 + '") }', "{ a " + "@" + "z" * 50_000 + " }"):
        answer = await executed(text, Context(database, READER))
        assert len(answer["errors"]) <= TOLD + 1
        assert all(len(error["message"]) <= LONGEST for error in answer["errors"])


STOCK: list[Callable[[], SchemaExtension]] = [lambda: QueryDepthLimiter(max_depth=15)]


async def test_stocks_limiters_crash_on_a_fragment_that_is_not_there() -> None:
    """What stands here for stock's behaviour: should it change, these tests prove less than they say."""
    stock = strawberry.Schema(query=toy.Query, extensions=STOCK)
    found = await stock.execute("{ ...Nope }")
    assert [error.message for error in found.errors or ()] == ["'Nope'"]
    ours = ColloquySchema(query=toy.Query)
    found = await ours.execute("{ ...Nope }")
    assert [error.message for error in found.errors or ()] == ["Unknown fragment 'Nope'."]


def test_stocks_limiters_look_at_a_fragment_anew_for_each_spread(monkeypatch: pytest.MonkeyPatch) -> None:
    """With 12 levels: their work doubles with each more."""
    calls = 0
    own = query_depth_limiter.determine_depth

    def count(*given: Any, **options: Any) -> Any:
        nonlocal calls
        calls += 1
        return own(*given, **options)

    monkeypatch.setattr(query_depth_limiter, "determine_depth", count)
    text = hostile.spreads(12, leaf="hello")
    strawberry.Schema(query=toy.Query, extensions=STOCK).execute_sync(text)
    assert calls > 2**12
    assert survey(text).visits < 100


UNHARMFUL = {"directives", "25 mutations", "20 introspections", "10,000 comments"}
"""Those that can be let run."""


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_without_limits_the_attacks_are_not_refused_by_them(database: Database) -> None:
    """The tests above see the limits at work, and nothing else."""
    for attack in ATTACKS:
        if attack.name in UNHARMFUL:
            answer = await executed(attack.make(), Context(database, viewer_of(Role.ADMIN), bounds=UNBOUNDED))
            assert "LIMIT_EXCEEDED" not in str(answer.get("errors"))
