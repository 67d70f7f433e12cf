"""What docs/security.md promises beside its tables, of a server with its settings, over HTTP."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from httpx2 import ASGITransport, AsyncClient

from db import keys
from db.database import Database
from db.viewer import DEFAULT_VIEWER
from db.words import KeyScope
from graph.app import create_app
from graph.negotiation import GRAPHQL_TYPE
from graph.settings import Settings
from tests.access.roles.world import HERE, Person, World

Serve = Callable[..., Awaitable[World]]

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
async def serve(database: Database, tmp_path: Path) -> Any:
    """Makes a server with some settings."""
    async with AsyncExitStack() as stack:

        async def serve(**settings: Any) -> World:
            return await stack.enter_async_context(World.of(database, tmp_path, **settings))

        yield serve


def person(world: World, column: str) -> Person:
    return next(each for each in world.people if each.column == column)


AUDITED = "{ auditLog(first: 50) { nodes { action userId details apiKey { name } } } }"


async def entries(world: World, action: str) -> list[dict[str, Any]]:
    """The audit log's of an action, as soon as there are any."""
    for _ in range(40):
        answer = await world.ask(world.admins[HERE], AUDITED)
        if found := [each for each in answer.body["data"]["auditLog"]["nodes"] if each["action"] == action]:
            return found
        await asyncio.sleep(0.1)
    return []


async def test_a_read_by_a_key_is_in_the_audit_log_and_an_end_users_is_not(serve: Serve) -> None:
    world = await serve()
    area = await world.area(HERE, "ann")
    for column in ("VIEWER", "END_USER"):
        asked = f"query Look{column.replace('_', '')} {{ conversations {{ nodes {{ title }} }} }}"
        assert (await world.ask(person(world, column).credential, asked)).codes == []

    found = await entries(world, "read")
    assert "LookVIEWER" in json.dumps(found)
    assert "LookENDUSER" not in json.dumps(found)
    assert area.mark not in json.dumps(found)


async def test_an_export_is_in_the_audit_log(serve: Serve) -> None:
    world = await serve()
    area = await world.area(HERE, "ann")
    asked = "query ($id: ID!) { conversation(id: $id) { export(format: MARKDOWN) { content } } }"
    assert (await world.ask(person(world, "VIEWER").credential, asked, {"id": area["conversation"]})).codes == []

    assert await entries(world, "export")


async def test_the_cost_is_told_to_who_asks_for_it(serve: Serve) -> None:
    world = await serve()
    key = person(world, "VIEWER").credential
    asked = "{ conversations(first: 10) { nodes { id messages(first: 5) { nodes { id } } } } }"
    for _ in range(3):  # the document is known from the second time on
        plain = await world.ask(key, asked)
        told = await world.ask(key, asked, headers={"x-colloquy-cost": "1"})
        assert "extensions" not in plain.body
        cost = told.body["extensions"]["cost"]
        assert cost["requested"] >= 60
        assert cost["maximum"] == 100_000
        assert 0 < len(cost["dearest"]) <= 3


async def test_what_is_left_of_the_minute_is_told_and_beyond_it_is_429(serve: Serve) -> None:
    world = await serve(user_rate_limit=60)
    user = person(world, "END_USER").credential
    asked = "{ rateLimit { limit remaining } conversations(first: 10) { nodes { id } } }"
    answers = [await world.ask(user, asked) for _ in range(14)]

    assert answers[0].body["data"]["rateLimit"]["limit"] == 60
    assert answers[0].headers["x-ratelimit-limit"] == "60"
    assert int(answers[0].headers["x-ratelimit-remaining"]) < 60
    refused = [answer for answer in answers if answer.status == 429]
    assert refused, "in fourteen operations there are five within one minute"
    assert refused[0].codes == ["RATE_LIMITED"]
    assert 1 <= int(refused[0].headers["retry-after"]) <= 60


LIMITS = {
    "document_characters": (60, "{ __typename }" + " " * 60, "source"),
    "document_tokens": (10, "{ a b c d e f g h i j k l }", "tokens"),
    "document_comments": (1, "#\n#\n#\n{ __typename }", "comments"),
    "query_depth": (2, "{ conversations { nodes { id } } }", "depth"),
    "query_aliases": (1, "{ a: __typename b: __typename }", "aliases"),
    "query_root_fields": (1, "{ __typename viewer { role } }", "rootFields"),
    "query_directives": (1, "{ __typename @skip(if: false) @include(if: true) }", "directives"),
    "query_fields": (3, "{ viewer { role kind userId } }", "fields"),
    "query_ids": (1, '{ nodes(ids: ["a", "b"]) { id } }', "ids"),
    "query_cost": (50, "{ conversations(first: 60) { nodes { id } } }", "cost"),
    "introspection_parts": (10, "{ __schema { types { name } } }", "introspection"),
    "query_mutations": (
        1,
        'mutation { a: archiveConversation(input: {id: "a"}) { __typename }'
        ' b: archiveConversation(input: {id: "a"}) { __typename } }',
        "mutations",
    ),
}


@asynccontextmanager
async def bare(database: Database, **settings: Any) -> AsyncIterator[tuple[AsyncClient, dict[str, str]]]:
    """A server with these settings alone, and what an editor's key sends along."""
    _, secret = await keys.create(database, None, KeyScope.WRITE, viewer=DEFAULT_VIEWER)
    app = create_app(Settings(explorer=False, **settings), database=database)
    async with (
        app.router.lifespan_context(app),
        AsyncClient(transport=ASGITransport(app), base_url="http://localhost") as http,
    ):
        yield http, {"authorization": f"Bearer {secret}", "accept": GRAPHQL_TYPE}


@pytest.mark.parametrize("setting", LIMITS)
async def test_each_limit_of_documents_is_that_of_the_setting(database: Database, setting: str) -> None:
    most, document, limit = LIMITS[setting]
    async with bare(database, **{setting: most}) as (http, headers):
        for _ in range(2):
            answer = await http.post("/graphql", json={"query": document}, headers=headers)
            (error,) = answer.json()["errors"]
            assert (answer.status_code, error["extensions"]["code"]) == (400, "LIMIT_EXCEEDED"), error
            assert (error["extensions"]["limit"], error["extensions"]["maximum"]) == (limit, most)
            assert error["extensions"]["actual"] > most
    async with bare(database) as (http, headers):
        assert "LIMIT_EXCEEDED" not in (await http.post("/graphql", json={"query": document}, headers=headers)).text


async def test_a_body_may_be_as_long_as_the_setting_says(database: Database) -> None:
    async with bare(database, body_bytes=2048, ingest_body_bytes=4096) as (http, headers):
        for size, status in ((4000, 200), (4200, 413)):
            body = json.dumps({"query": "{ __typename }", "extensions": {"x": ""}})
            body = body.replace('""', '"' + "x" * (size - len(body)) + '"')
            sent = {**headers, "content-type": "application/json"}
            answer = await http.post("/graphql", content=body, headers=sent)
            assert answer.status_code == status, answer.text
            if status == 413:
                assert answer.json()["errors"][0]["extensions"]["code"] == "BODY_TOO_LARGE"


async def test_without_introspection_the_schema_is_not_told(serve: Serve) -> None:
    world = await serve(introspection=False)
    for column in ("ADMIN", "END_USER"):
        key = person(world, column).credential
        assert (await world.ask(key, "{ __schema { types { name } } }")).codes == ["FORBIDDEN"]
        assert "Did you mean" not in repr(await world.ask(key, "{ conversation { titel } }"))


async def test_only_trusted_documents_run_where_it_is_set(database: Database, tmp_path: Path) -> None:
    manifest = tmp_path / "persisted-documents.json"
    known = {"who": "{ viewer { userId } }"}
    manifest.write_text(json.dumps(known))
    async with bare(database, trusted_documents=str(manifest), trusted_only=True) as (http, headers):
        for _ in range(2):
            named = await http.post("/graphql", json={"documentId": "who"}, headers=headers)
            unknown = await http.post("/graphql", json={"documentId": "whom"}, headers=headers)
            other = await http.post("/graphql", json={"query": "{ viewer { role } }"}, headers=headers)

            assert named.json() == {"data": {"viewer": {"userId": None}}}
            assert (unknown.status_code, unknown.json()["errors"][0]["extensions"]["code"]) == (
                404,
                "DOCUMENT_NOT_FOUND",
            )
            assert other.json()["errors"][0]["extensions"]["code"] == "FORBIDDEN"


@pytest.mark.parametrize("sees", [False, True])
async def test_what_is_public_is_read_by_others_where_it_is_set(serve: Serve, sees: bool) -> None:
    world = await serve(end_users_see_public=sees)
    area = await world.area(HERE, "somebody")
    shown = {"id": area["conversation"], "visibility": "PUBLIC"}
    await world.written(HERE, "updateConversation", shown, "__typename")
    for column in ("END_USER", "ANONYMOUS"):
        user = person(world, column).credential
        asked = "query ($id: ID!) { conversation(id: $id) { title } conversations { totalCount } }"
        answer = await world.ask(user, asked, {"id": area["conversation"]})
        assert (area.mark in repr(answer)) is sees
        assert answer.body["data"]["conversations"]["totalCount"] == int(sees)
        changed = await world.change(
            user, "updateConversation", {"id": area["conversation"], "title": "Mine"}, "userErrors { code }"
        )
        assert changed.body["data"]["updateConversation"]["userErrors"] == [{"code": "NOT_FOUND"}]
