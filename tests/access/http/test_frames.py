"""WebSockets that say nothing, too much or nonsense, or do not listen."""

import base64
import json
import os
import struct
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.access.http.hostile import Client, Server, serving
from tests.access.http.test_connections import ALL_OF_THE_SCHEMA

FRAMES = 50
SOCKETS = 4

TEXT, BINARY, CLOSE, PING = 1, 2, 8, 9


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(
        tmp_path_factory.mktemp("frames"), socket_frames=FRAMES, sockets=SOCKETS, write_timeout=1, header_timeout=1
    ) as server:
        yield server


def frame(payload: bytes, kind: int = TEXT, *, final: bool = True, masked: bool = True) -> bytes:
    size = len(payload)
    if size < 126:
        said = bytes([size])
    else:
        said = b"\x7e" + struct.pack("!H", size) if size <= 0xFFFF else b"\x7f" + struct.pack("!Q", size)
    first = bytes([kind | (0x80 if final else 0)])
    if not masked:
        return first + said + payload
    return first + bytes([said[0] | 0x80]) + said[1:] + b"\0\0\0\0" + payload


def message(**content: object) -> bytes:
    return frame(json.dumps(content).encode())


def open_socket(server: Server, stack: ExitStack, *, buffer: int | None = None) -> tuple[Client, bytes]:
    """A socket after its handshake, and the line that it was answered with."""
    client = stack.enter_context(server.connect(buffer=buffer))
    key = base64.b64encode(os.urandom(16)).decode()
    lines = [
        "GET /graphql HTTP/1.1",
        "host: 127.0.0.1",
        "connection: Upgrade",
        "upgrade: websocket",
        "sec-websocket-version: 13",
        f"sec-websocket-key: {key}",
        "sec-websocket-protocol: graphql-transport-ws",
    ]
    client.send("\r\n".join([*lines, "", ""]).encode())
    said = b""
    while b"\r\n\r\n" not in said:
        data = client.socket.recv(1)
        assert data
        said += data
    return client, said.split(b"\r\n")[0]


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def socket(server: Server, stack: ExitStack) -> Client:
    client, line = open_socket(server, stack)
    assert b"101" in line
    return client


def exactly(client: Client, number: int) -> bytes:
    found = b""
    while len(found) < number:
        data = client.socket.recv(number - len(found))
        assert data, found
        found += data
    return found


def received(client: Client) -> tuple[int, bytes]:
    """The next frame: what kind it is, and what it says."""
    first, size = exactly(client, 2)
    if size == 126:
        (size,) = struct.unpack("!H", exactly(client, 2))
    elif size == 127:
        (size,) = struct.unpack("!Q", exactly(client, 8))
    return first & 15, exactly(client, size)


def closed_with(client: Client) -> int:
    """The code that the socket is closed with; what comes before is passed over."""
    while True:
        kind, payload = received(client)
        if kind == CLOSE:
            code: int = struct.unpack("!H", payload[:2])[0]
            return code


def begin(client: Client) -> None:
    client.send(message(type="connection_init"))
    assert json.loads(received(client)[1]) == {"type": "connection_ack"}


def test_a_socket_that_never_begins_is_closed(socket: Client) -> None:
    assert closed_with(socket) == 4408


def test_a_socket_that_waits_longer_than_a_request_may_is_not_closed(socket: Client) -> None:
    begin(socket)
    socket.socket.settimeout(2.5)
    with pytest.raises(TimeoutError):
        received(socket)
    socket.send(message(type="ping"))
    assert json.loads(received(socket)[1]) == {"type": "pong"}


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (frame(b"x" * 300_000), 1009),
        (frame(b"x" * 200_000, final=False) + frame(b"x" * 100_000, 0), 1009),
        (frame(b"\xff\xfe"), 1007),
        (frame(b"{}", BINARY), 4400),
        (frame(b"nonsense"), 4400),
        (frame(b"{}", masked=False), 1002),
        (frame(b"{}", 3), 1002),
        (frame(b"more", 0), 1002),
        (frame(b"x" * 126, PING), 1002),
        (frame(b"\0", CLOSE), 1002),
        (bytes([0xF1, 0x80, 0, 0, 0, 0]), 1002),
    ],
    ids=[
        "huge",
        "huge in pieces",
        "no UTF-8",
        "binary",
        "no JSON",
        "not masked",
        "of no kind",
        "the end of nothing",
        "a long ping",
        "half a code",
        "reserved bits",
    ],
)
def test_a_wrong_frame_closes_the_socket_with_the_code_of_the_protocol(
    server: Server, socket: Client, data: bytes, code: int
) -> None:
    begin(socket)
    socket.tries(data)
    assert closed_with(socket) == code
    assert server.answers()


@pytest.mark.parametrize(
    "flood",
    [
        frame(b"", PING),
        frame(b"", 10),
        message(type="ping"),
        frame(b"", 0, final=False),
        message(type="subscribe", id="a", payload={"query": "{ __typename }"}) + message(type="complete", id="a"),
    ],
    ids=["pings", "pongs", "messages", "pieces of a message", "operations"],
)
def test_a_flood_of_frames_closes_the_socket(server: Server, socket: Client, flood: bytes) -> None:
    begin(socket)
    if flood[0] == 0:
        socket.send(frame(b"", final=False))  # it has to go on with something
    for _ in range(20):
        if not socket.tries(flood * 500):
            break
    assert closed_with(socket) == 1008
    assert server.answers()


def test_as_many_frames_as_the_setting_says_are_taken(socket: Client) -> None:
    begin(socket)
    socket.send(message(type="ping") * (FRAMES - 1))
    for _ in range(FRAMES - 1):
        assert json.loads(received(socket)[1]) == {"type": "pong"}


def test_a_socket_that_never_reads_is_cut_off(server: Server, stack: ExitStack) -> None:
    socket, _ = open_socket(server, stack, buffer=4096)
    begin(socket)
    query = json.loads(ALL_OF_THE_SCHEMA)
    for number in range(12):
        socket.send(message(type="subscribe", id=str(number), payload=query))
    assert socket.is_cut_off()
    assert server.answers()


def test_a_socket_that_never_says_goodbye_is_ended(server: Server, socket: Client) -> None:
    begin(socket)
    socket.send(frame(b"nonsense"))
    assert closed_with(socket) == 4400
    assert socket.is_cut_off()


def test_more_sockets_than_the_setting_says_are_refused_and_requests_are_not(server: Server, stack: ExitStack) -> None:
    lines = []
    for _ in range(SOCKETS + 2):
        client, line = open_socket(server, stack)
        lines.append(line)
        if b"101" in line:
            begin(client)
    assert [b"101" in line for line in lines] == [True] * SOCKETS + [False] * 2
    assert b"503" in lines[-1]
    assert server.answers()


def test_a_socket_that_goes_makes_room_for_another(server: Server) -> None:
    for _ in range(3 * SOCKETS):
        with ExitStack() as stack:
            client, line = open_socket(server, stack)
            assert b"101" in line
            client.send(frame(struct.pack("!H", 1000), CLOSE))
            assert closed_with(client) == 1000
            assert client.rest() == b""


def test_a_handshake_that_is_none_is_refused(server: Server, stack: ExitStack) -> None:
    client = stack.enter_context(server.connect())
    client.send(b"GET /graphql HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\r\n")
    assert client.rest().startswith((b"HTTP/1.1 400", b"HTTP/1.1 426"))
    assert server.answers()


def ended(socket: Client, number: int) -> dict[str, str]:
    """How so many operations end: by the operation's id "complete", or the code of its error."""
    found: dict[str, str] = {}
    while len(found) < number:
        said = json.loads(received(socket)[1])
        if said["type"] == "complete":
            found[said["id"]] = "complete"
        elif said["type"] == "error":
            found[said["id"]] = said["payload"][0]["extensions"]["code"]
    return found


def test_an_operation_too_many_is_refused_and_the_others_of_the_socket_are_not(
    server: Server, stack: ExitStack
) -> None:
    socket, _ = open_socket(server, stack)
    begin(socket)
    query = json.loads(ALL_OF_THE_SCHEMA)
    socket.send(b"".join(message(type="subscribe", id=str(number), payload=query) for number in range(22)))

    found = ended(socket, 22)

    assert {name for name, end in found.items() if end == "LIMIT_EXCEEDED"} == {"20", "21"}
    assert list(found.values()).count("complete") == 20


def test_operations_of_sockets_wait_and_are_sent_away_like_those_of_requests(tmp_path: Path) -> None:
    with serving(tmp_path, operations_at_once=1, operations_waiting=2) as server, ExitStack() as stack:
        socket, _ = open_socket(server, stack)
        begin(socket)
        query = {"query": "{ conversations { totalCount } }"}
        socket.send(b"".join(message(type="subscribe", id=str(number), payload=query) for number in range(6)))
        assert sorted(ended(socket, 6).values()) == ["RATE_LIMITED"] * 3 + ["complete"] * 3


def test_no_frame_left_a_traceback_in_the_log(server: Server) -> None:
    assert "Traceback" not in server.process.output, server.process.output
