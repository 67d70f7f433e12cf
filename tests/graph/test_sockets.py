"""The endpoint over WebSocket: no frame breaks it, and no operation takes the others down."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.requests import Request
from starlette.testclient import TestClient, WebSocketTestSession
from starlette.websockets import WebSocket, WebSocketDisconnect

from graph.view import ColloquyView
from tests.graph.toy import SECRET, toy_schema, toy_view

PROTOCOL = ["graphql-transport-ws"]


@pytest.fixture
def socket() -> Iterator[WebSocketTestSession]:
    with TestClient(toy_view()).websocket_connect("/graphql", subprotocols=PROTOCOL) as socket:
        yield socket


def begin(socket: WebSocketTestSession, payload: dict[str, Any] | None = None) -> None:
    socket.send_json({"type": "connection_init", "payload": payload})
    assert socket.receive_json() == {"type": "connection_ack"}


def subscribe(socket: WebSocketTestSession, name: str, query: str) -> None:
    socket.send_json({"id": name, "type": "subscribe", "payload": {"query": query}})


@pytest.mark.parametrize(
    "frame",
    [
        "",
        "nonsense",
        "null",
        "7",
        '"text"',
        "true",
        "[]",
        "{}",
        '{"type": 7}',
        '{"type": "nonsense"}',
        '{"type": "ping", "payload": 7}',
        '{"type": "connection_init", "payload": []}',
        '{"type": "complete"}',
        '{"type": "complete", "id": 7}',
        '{"type": "subscribe", "payload": {"query": "{ hello }"}}',
        '{"type": "subscribe", "id": "", "payload": {"query": "{ hello }"}}',
        '{"type": "subscribe", "id": ["a"], "payload": {"query": "{ hello }"}}',
        '{"type": "subscribe", "id": "a"}',
        '{"type": "subscribe", "id": "a", "payload": null}',
        '{"type": "subscribe", "id": "a", "payload": []}',
        '{"type": "subscribe", "id": "a", "payload": {"query": 1}}',
        '{"type": "subscribe", "id": "a", "payload": {"query": "{ hello }", "variables": []}}',
        '{"type": "subscribe", "id": "a", "payload": {"query": "{ hello }", "operationName": 1}}',
        '{"type": "subscribe", "id": "a", "payload": {"query": "{ hello }", "extensions": "x"}}',
        '{"type": "ping", "payload": {"n": ' + "1" * 5_000 + "}}",
        '{"type": "ping", "payload": ' + '{"a":' * 5_000 + "1" + "}" * 5_001,
    ],
)
def test_a_malformed_frame_closes_the_socket_with_4400(socket: WebSocketTestSession, frame: str) -> None:
    begin(socket)

    socket.send_text(frame)

    with pytest.raises(WebSocketDisconnect) as closed:
        socket.receive_json()
    assert closed.value.code == 4400


def test_a_null_payload_begins_a_connection(socket: WebSocketTestSession) -> None:
    begin(socket, None)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("{", "GRAPHQL_PARSE_FAILED"),
        ("{ bye }", "GRAPHQL_VALIDATION_FAILED"),
        ("query A { hello } query B { hello }", "OPERATION_RESOLUTION_FAILURE"),
        ("fragment F on Query { hello }", "OPERATION_RESOLUTION_FAILURE"),
        ("", "BAD_REQUEST"),
    ],
)
def test_an_operation_that_cannot_run_leaves_the_socket_to_the_others(
    socket: WebSocketTestSession, query: str, expected: str
) -> None:
    begin(socket)

    subscribe(socket, "bad", query)
    said = socket.receive_json()
    subscribe(socket, "good", "{ hello }")

    assert (said["id"], said["type"]) == ("bad", "error")
    assert [error["extensions"]["code"] for error in said["payload"]] == [expected]
    assert socket.receive_json() == {"id": "good", "type": "next", "payload": {"data": {"hello": "world"}}}
    assert socket.receive_json() == {"id": "good", "type": "complete"}


def test_a_stream_that_fails_is_masked(socket: WebSocketTestSession) -> None:
    begin(socket)

    subscribe(socket, "a", "subscription { ticks(until: 1) }")

    assert socket.receive_json()["payload"] == {"data": {"ticks": 0}}
    failed = socket.receive_json()
    assert failed["payload"]["errors"][0]["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
    assert SECRET not in json.dumps(failed)


def test_another_protocol_is_not_accepted() -> None:
    with TestClient(toy_view()).websocket_connect("/graphql", subprotocols=["graphql-ws"]) as socket:
        with pytest.raises(WebSocketDisconnect) as closed:
            socket.receive_json()
        assert closed.value.code == 4406


def test_a_page_of_another_site_gets_no_socket() -> None:
    client = TestClient(toy_view())

    with (
        pytest.raises(WebSocketDisconnect),
        client.websocket_connect("/graphql", subprotocols=PROTOCOL, headers={"origin": "https://evil.example"}),
    ):
        pass


def test_a_context_that_fails_closes_the_socket_without_a_word_of_why() -> None:
    async def context(request: Request | WebSocket) -> object:
        raise RuntimeError(SECRET)

    view = ColloquyView(toy_schema(), context=context)
    with TestClient(view).websocket_connect("/graphql", subprotocols=PROTOCOL) as socket:
        with pytest.raises(WebSocketDisconnect) as closed:
            socket.receive_json()
        assert closed.value.code == 1011
        assert SECRET not in (closed.value.reason or "")
