"""Who asks by a WebSocket: found out within seconds, or the socket is closed; and looked at again while it lasts."""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient, WebSocketTestSession
from starlette.websockets import WebSocketDisconnect

from db import keys
from db.viewer import DEFAULT_VIEWER, Viewer
from db.words import KeyScope
from graph import sockets
from graph.access.credentials import NotSignedIn
from graph.access.signing import Gate
from graph.app import Application, create_app
from graph.settings import Settings

URL = "ws://localhost:8000/graphql"
SECRET = "SELECT digest FROM api_keys"


@pytest.fixture
def app(tmp_path: Path) -> Application:
    app = create_app(Settings(database_url=str(tmp_path / "colloquy.db"), explorer=False))
    assert isinstance(app, Application)
    return app


@contextmanager
def begun(app: Starlette) -> Iterator[WebSocketTestSession]:
    with (
        TestClient(app) as client,
        client.websocket_connect(URL, subprotocols=["graphql-transport-ws"]) as socket,
    ):
        yield socket


def ask(socket: WebSocketTestSession, name: str = "1", query: str = "{ __typename }") -> Any:
    socket.send_json({"id": name, "type": "subscribe", "payload": {"query": query}})
    return socket.receive_json()


def closing(socket: WebSocketTestSession) -> WebSocketDisconnect:
    with pytest.raises(WebSocketDisconnect) as closed:
        socket.receive_json()
    return closed.value


def init(socket: WebSocketTestSession) -> None:
    socket.send_json({"type": "connection_init"})


async def hanging(*_: object) -> Viewer:
    await asyncio.sleep(3600)
    raise AssertionError


async def failing(*_: object) -> Viewer:
    raise RuntimeError(SECRET)


@pytest.mark.parametrize("way", [hanging, failing])
def test_where_it_cannot_be_found_out_who_asks_nobody_is_let_in(
    app: Application, monkeypatch: pytest.MonkeyPatch, way: Any
) -> None:
    monkeypatch.setattr(sockets, "SIGN_IN_SECONDS", 0.05)
    with begun(app) as socket:
        monkeypatch.setattr(app.gate, "viewer", way)
        init(socket)
        closed = closing(socket)

    assert closed.code == 4403
    assert SECRET not in closed.reason


def test_the_limit_is_five_seconds() -> None:
    assert sockets.SIGN_IN_SECONDS == 5


def test_an_operation_before_the_beginning_is_refused(app: Application) -> None:
    with begun(app) as socket:
        socket.send_json({"id": "1", "type": "subscribe", "payload": {"query": "{ __typename }"}})
        assert closing(socket).code == 4401


def test_a_second_beginning_is_refused_and_not_signed_in_by(app: Application) -> None:
    with begun(app) as socket:
        init(socket)
        assert socket.receive_json() == {"type": "connection_ack"}
        socket.send_json({"type": "connection_init", "payload": {"authorization": "Bearer x"}})
        assert closing(socket).code == 4429


def test_who_may_not_any_more_is_not_given_another_operation(app: Application, monkeypatch: pytest.MonkeyPatch) -> None:
    with begun(app) as socket:
        init(socket)
        assert socket.receive_json() == {"type": "connection_ack"}
        assert ask(socket)["payload"] == {"data": {"__typename": "Query"}}
        assert socket.receive_json()["type"] == "complete"

        monkeypatch.setattr(app.gate, "viewer", refusing)
        socket.send_json({"id": "2", "type": "subscribe", "payload": {"query": "{ __typename }"}})
        closed = closing(socket)

    assert (closed.code, closed.reason) == (4403, "The key has been revoked.")


async def refusing(*_: object) -> Viewer:
    raise NotSignedIn("The key has been revoked.")


def test_who_may_not_any_more_is_found_out_without_another_operation(
    app: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sockets, "RECHECK_SECONDS", 0.02)
    with begun(app) as socket:
        init(socket)
        assert socket.receive_json() == {"type": "connection_ack"}

        monkeypatch.setattr(app.gate, "viewer", refusing)

        assert closing(socket).code == 4403


def test_a_server_that_gets_its_first_key_closes_to_who_had_shown_none(
    app: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sockets, "RECHECK_SECONDS", 0.02)
    with begun(app) as socket:
        init(socket)
        assert socket.receive_json() == {"type": "connection_ack"}

        async def make() -> None:
            await keys.create(app.state.database, None, KeyScope.READ, viewer=DEFAULT_VIEWER)

        socket.portal.call(make)

        closed = closing(socket)
    assert (closed.code, "Authorization" in closed.reason) == (4403, True)


def test_until_somebody_has_signed_in_a_sockets_context_is_nobodys() -> None:
    assert sockets.NOBODY.owns == ""
    assert sockets.NOBODY.workspace_id != DEFAULT_VIEWER.workspace_id


def test_every_operation_of_a_socket_is_of_who_signed_in(app: Application, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Mapping[str, object]] = []
    of_socket = Gate.of_socket

    async def noted(gate: Gate, headers: Any, payload: Mapping[str, object]) -> Viewer:
        seen.append(payload)
        return await of_socket(gate, headers, payload)

    monkeypatch.setattr(Gate, "of_socket", noted)
    with begun(app) as socket:
        socket.send_json({"type": "connection_init", "payload": {"session": "kept by nobody"}})
        assert socket.receive_json() == {"type": "connection_ack"}
        assert "data" in ask(socket, query="{ conversations { totalCount } }")["payload"]
        assert socket.receive_json()["type"] == "complete"

    assert seen == [{}, {}]
