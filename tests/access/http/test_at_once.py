"""Small requests are answered past ASGI's messages where that can be: what goes out is the same, byte by byte."""

import re
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.access.http.hostile import SMALL, Server, chunked, head, request, serving

VIEWER = b'{"query":"{ viewer { role } conversations(first: 1) { nodes { id title } } }"}'
SITE = "https://chat.example.com"

REQUESTS = {
    "a known query": request(VIEWER),
    "an unknown one": request(b'{"query":"{ viewer { kind } }"}'),
    "another media type": request(VIEWER, "accept: application/graphql-response+json"),
    "none that there is": request(VIEWER, "accept: text/plain"),
    "an error of the request": request(b'{"query":"{ nothing }"}'),
    "an error of a variable": request(b'{"query":"query ($n: Int!) { conversations(first: $n) { totalCount } }"}'),
    "an error of a field": request(b'{"query":"{ conversation(id: \\"x\\") { id } }"}'),
    "no JSON": request(b"{"),
    "a page of an allowed site": request(VIEWER, f"origin: {SITE}"),
    "a page of another site": request(VIEWER, "origin: https://elsewhere.example"),
    "what it costs": request(VIEWER, "x-colloquy-cost: 1"),
    "a body in chunks": head("transfer-encoding: chunked") + chunked(VIEWER[:20], VIEWER[20:]),
    "an empty body": request(b""),
    "the last request": request(VIEWER, "connection: close"),
    "an older protocol": head(f"content-length: {len(VIEWER)}", first="POST /graphql HTTP/1.0") + VIEWER,
    "a body that is announced": request(VIEWER, "expect: 100-continue"),
    "three in a row": request(VIEWER) + request(SMALL) + request(VIEWER),
    "a header twice": request(VIEWER, "accept: application/json", "accept: text/plain"),
}


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Server]]:
    """One that answers small requests at once, and one that writes a log of requests, and therefore never does."""
    with ExitStack() as stack:
        first, second = (
            stack.enter_context(serving(tmp_path_factory.mktemp("at_once"), access_log=log, allowed_origins=SITE))
            for log in (False, True)
        )
        yield first, second


def said(server: Server, data: bytes) -> bytes:
    """All that the server says to these requests, until it closes, with its address and the time left out."""
    with server.connect() as client:
        client.send(data)
        client.send(request(b'{"query":"{ __typename }"}', "connection: close"))
        told = client.rest()
    return re.sub(rb"(?m)^date: .*\r\n", b"", told)


@pytest.mark.parametrize("name", REQUESTS)
def test_the_answer_is_the_same(servers: tuple[Server, Server], name: str) -> None:
    once, again = (said(server, REQUESTS[name]) for server in servers)
    assert once.startswith(b"HTTP/1.1 ")
    assert once == again
    assert said(servers[0], REQUESTS[name]) == once  # the query is known now


def test_a_connection_is_closed_when_nothing_has_come_for_long(tmp_path: Path) -> None:
    with serving(tmp_path, idle_timeout=0.3) as server, server.connect() as client:
        for _ in range(2):
            client.send(request(SMALL))
            assert client.answer().status == 200
        assert client.rest() == b""
        assert server.answers()


def test_a_request_that_has_begun_is_waited_for(tmp_path: Path) -> None:
    with serving(tmp_path, idle_timeout=0.2) as server, server.connect() as client:
        client.send(request(SMALL))
        assert client.answer().status == 200
        client.send(request(SMALL)[:30])
        time.sleep(0.8)  # four times as long as a connection is kept
        client.send(request(SMALL)[30:])
        assert client.answer().status == 200
