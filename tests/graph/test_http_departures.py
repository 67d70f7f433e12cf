"""A client that is gone: its query is given up, its mutation is not, nobody else notices, and the log says nothing."""

import asyncio
import logging
import socket
import threading
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx2
import pytest
import strawberry
from starlette.types import Message

from graph.boundary import ColloquySchema
from graph.departures import LISTEN_AFTER
from graph.view import ColloquyView
from tests.graph.core_prepared import CorePrepared
from tests.graph.test_view_differential import REQUESTS
from tests.graph.toy import no_context, toy_view
from tests.servers import serve

SECONDS = 20
"""How long anything may take before the test is told that it hangs."""

QUERY = b'{"query": "{ wait }"}'
MUTATION = b'{"query": "mutation { wait }"}'


class Waiting:
    """Fields that last until they are let go, and what became of them."""

    def __init__(self) -> None:
        self.begun = threading.Event()
        self.cancelled = threading.Event()
        self.done = threading.Event()
        self.go = threading.Event()

    async def wait(self) -> str:
        self.begun.set()
        try:
            while not self.go.is_set():  # noqa: ASYNC110 - it is set by another thread
                await asyncio.sleep(0.01)
        except asyncio.CancelledError:
            self.cancelled.set()
            raise
        self.done.set()
        return "done"

    def view(self, lean: bool) -> ColloquyView:
        async def waits() -> str:
            return await self.wait()

        @strawberry.type
        class Query:
            wait: str = strawberry.field(resolver=waits)

        @strawberry.type
        class Mutation:
            wait: str = strawberry.field(resolver=waits)

        schema = ColloquySchema(query=Query, mutation=Mutation, prepare=CorePrepared if lean else None)
        return ColloquyView(schema, context=no_context, lean=lean)


@pytest.fixture
def waiting() -> Waiting:
    return Waiting()


@pytest.fixture(params=[True, False], ids=["lean", "by strawberry's view"])
def url(request: pytest.FixtureRequest, waiting: Waiting) -> Iterator[str]:
    """A server that has seen both documents before."""
    with serve(waiting.view(request.param), lifespan="off") as url:
        waiting.go.set()
        for body in (QUERY, MUTATION):
            response = httpx2.post(url, content=body, headers={"content-type": "application/json"})
            assert response.json() == {"data": {"wait": "done"}}
        for event in (waiting.begun, waiting.cancelled, waiting.done, waiting.go):
            event.clear()
        yield url


def leave(url: str, waiting: Waiting, head: bytes, body: bytes = b"") -> None:
    """Send a request, wait until it is being worked on, and be gone."""
    address = urlsplit(url)
    assert address.hostname is not None
    with socket.create_connection((address.hostname, address.port or 80), SECONDS) as connection:
        lines = b"host: x\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(body)
        connection.sendall(head + b" HTTP/1.1\r\n" + lines + body)
        assert waiting.begun.wait(SECONDS)


def answers(url: str) -> bool:
    response = httpx2.post(url, json={"query": "{ __typename }"})
    return bool(response.json() == {"data": {"__typename": "Query"}})


@pytest.mark.parametrize(("head", "body"), [(b"POST /", QUERY), (b"GET /?query={wait}", b"")], ids=["POST", "GET"])
def test_a_query_is_given_up_when_its_client_is_gone(
    url: str, waiting: Waiting, head: bytes, body: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    leave(url, waiting, head, body)

    assert waiting.cancelled.wait(SECONDS)
    assert answers(url)
    assert not waiting.done.is_set()
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


def test_a_mutation_runs_to_its_end_when_its_client_is_gone(
    url: str, waiting: Waiting, caplog: pytest.LogCaptureFixture
) -> None:
    leave(url, waiting, b"POST /", MUTATION)
    for _ in range(5):  # longer than it takes until the server listens
        assert answers(url)
        threading.Event().wait(LISTEN_AFTER)
    waiting.go.set()

    assert waiting.done.wait(SECONDS)
    assert not waiting.cancelled.is_set()
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


def test_a_client_that_stays_gets_what_lasted(url: str, waiting: Waiting) -> None:
    def let_go() -> None:
        waiting.begun.wait(SECONDS)
        threading.Event().wait(4 * LISTEN_AFTER)
        waiting.go.set()

    thread = threading.Thread(target=let_go)
    thread.start()
    response = httpx2.post(url, content=QUERY, headers={"content-type": "application/json"}, timeout=SECONDS)
    thread.join()

    assert response.json() == {"data": {"wait": "done"}}


def scope(body: bytes) -> dict[str, object]:
    return {
        "type": "http",
        "method": "POST",
        "path": "/",
        "query_string": b"",
        "headers": [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))],
    }


async def test_who_is_answered_at_once_is_not_listened_to() -> None:
    asked = 0

    async def receive() -> Message:
        nonlocal asked
        asked += 1
        return {"type": "http.request", "body": REQUESTS["a query"].body, "more_body": False}

    async def send(message: Message) -> None:
        pass

    view = toy_view()
    for count in (1, 2, 3):
        await view(scope(REQUESTS["a query"].body), receive, send)
        assert asked == count


@pytest.mark.parametrize("lean", [True, False])
async def test_a_request_that_the_server_ends_is_ended(waiting: Waiting, lean: bool) -> None:
    view, messages = waiting.view(lean), [{"type": "http.request", "body": QUERY, "more_body": False}]
    said: list[Message] = []

    async def receive() -> Message:
        if messages:
            return messages.pop()
        await asyncio.Event().wait()
        raise AssertionError("nothing comes")

    async def send(message: Message) -> None:
        said.append(message)

    task = asyncio.create_task(view(scope(QUERY), receive, send))
    await asyncio.to_thread(waiting.begun.wait, SECONDS)
    await asyncio.sleep(2 * LISTEN_AFTER)
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task
    assert said == []
    assert asyncio.all_tasks() == {asyncio.current_task()}


@pytest.mark.parametrize("lean", [True, False])
async def test_who_goes_before_the_body_is_there_gets_no_answer(waiting: Waiting, lean: bool) -> None:
    messages: list[Message] = [
        {"type": "http.disconnect"},
        {"type": "http.request", "body": QUERY[:5], "more_body": True},
    ]

    async def receive() -> Message:
        return messages.pop()

    async def send(message: Message) -> None:
        raise AssertionError(f"nobody is there for {message}")

    await waiting.view(lean)(scope(QUERY), receive, send)

    assert messages == []
    assert not waiting.begun.is_set()
