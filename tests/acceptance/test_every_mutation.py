"""Every mutation: what it does, once however often it is asked for, and what it refuses without writing anything.

Those that tell a secret are the exception: they take no key, and happen as often as they are asked for.
"""

import asyncio
from typing import Any

import pytest
from graphql import GraphQLInputObjectType, get_named_type

from db.database import Database
from graph import ids
from graph.schema import schema
from tests.acceptance.mutations import CASES, Scene, scene, write
from tests.acceptance.refused_inputs import refusals
from tests.graph.asking import Client
from tests.interchange import stored


@pytest.fixture
async def client(database: Database) -> Client:
    return Client(database)


def test_no_mutation_is_left_out() -> None:
    mutations = schema._schema.mutation_type
    assert mutations is not None
    assert set(CASES) == set(mutations.fields)


def test_all_mutations_but_those_that_tell_a_secret_take_a_key() -> None:
    assert {name for name, case in CASES.items() if not case.keyed} == {"createApiKey", "createUserToken"}
    mutations = schema._schema.mutation_type
    assert mutations is not None
    for name, case in CASES.items():
        given = get_named_type(mutations.fields[name].args["input"].type)
        assert isinstance(given, GraphQLInputObjectType)
        assert ("idempotencyKey" in given.fields) == case.keyed, name


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.keyed])
async def test_a_mutation_happens_once_however_often_and_at_once_it_is_asked_for(client: Client, name: str) -> None:
    case, at = CASES[name], await scene(client)
    given = case.given(at)
    if case.versioned:
        await refuses_a_stale_version(client, name, given)
    keyed = {**given, "idempotencyKey": "k"}

    at_once = await asyncio.gather(*(write(client, name, keyed, case.selection, case.viewer) for _ in range(4)))
    after = await everything_but_answers(client)

    assert at_once[0]["userErrors"] == []
    assert any(value not in (None, [], {}, 0) for field, value in at_once[0].items() if field != "userErrors")
    assert at_once[1:] == at_once[:1] * 3
    assert await write(client, name, keyed, case.selection, case.viewer) == at_once[0]
    mismatch = await write(client, name, {**keyed, **case.otherwise(at)}, case.selection, case.viewer)
    assert [(error["code"], error["field"]) for error in mismatch["userErrors"]] == [
        ("IDEMPOTENCY_MISMATCH", ["idempotencyKey"])
    ]
    assert await everything_but_answers(client) == after
    await stored.check(client.database)


@pytest.mark.parametrize(("name", "secret"), [("createApiKey", "secret"), ("createUserToken", "token")])
async def test_a_mutation_that_tells_a_secret_tells_another_each_time_and_keeps_none(
    client: Client, name: str, secret: str
) -> None:
    case, at = CASES[name], await scene(client)
    before = await stored.count(client.database, "api_keys")

    at_once = await asyncio.gather(*(write(client, name, case.given(at), case.selection) for _ in range(4)))

    assert [payload["userErrors"] for payload in at_once] == [[]] * 4
    told = {payload[secret] for payload in at_once}
    assert len(told - {None, ""}) == 4
    assert await stored.count(client.database, "api_keys") - before == (4 if name == "createApiKey" else 0)
    kept = repr([await stored.everything(client.database), await stored.rows(client.database, "audit_entries")])
    assert not [each for each in told if each in kept]


async def refuses_a_stale_version(client: Client, name: str, given: dict[str, Any]) -> None:
    before = await stored.everything(client.database)
    payload = await write(client, name, {**given, "expectedVersion": 50}, CASES[name].selection)
    (error,) = payload["userErrors"]
    assert (error["code"], error["field"]) == ("STALE_VERSION", ["expectedVersion"])
    assert 1 <= error["currentVersion"] < 50
    assert await stored.everything(client.database) == before


async def everything_but_answers(client: Client) -> dict[str, Any]:
    found = await stored.everything(client.database)
    return {name: rows for name, rows in found.items() if name != "repeats"}


async def test_what_is_wrong_is_told_at_once_and_nothing_is_written(client: Client) -> None:
    at: Scene = await scene(client)
    before = await stored.everything(client.database)
    cases = refusals(at, str(ids.decode(at.answer, "Message")))
    assert {name for name, _, _ in cases} == set(CASES)
    for name, given, expected in cases:
        case = CASES[name]
        keyed = {**given, "idempotencyKey": "never"} if case.keyed else given
        payload = await write(client, name, keyed, case.selection, case.viewer)
        told = {(error["code"], ".".join(error["field"])) for error in payload["userErrors"]}
        assert told == expected, (name, payload["userErrors"])
        for error in payload["userErrors"]:
            assert error["message"].endswith("."), error
            assert (error["limit"] is not None) == (error["code"] in ("TOO_LONG", "TOO_MANY")), error
            assert (error["actual"] or 0) > (error["limit"] or -1), error
            assert (error["currentVersion"] is not None) == (error["code"] == "STALE_VERSION"), error
        assert await stored.everything(client.database) == before, name
