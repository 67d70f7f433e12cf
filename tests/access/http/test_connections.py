"""Connections that are opened, and then say nothing, too little, too much, or do not listen."""

import resource
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.access.http.hostile import SMALL, Client, Server, dribble, head, loads, request, serving

HEAD_BYTES = 8192
CROWD = 60
"""The connections that the crowded server has."""

BEGUN = b"POST /graphql HTTP/1.1\r\nhost: 127.0.0.1\r\nx-slow: "
ALL_OF_THE_SCHEMA = (
    b'{"query":"{ __schema { types { name description fields { name description args { name description } '
    b"type { name kind ofType { name kind ofType { name } } } } inputFields { name description } "
    b'enumValues { name description } } } }"}'
)
"""An answer of some 200 KB."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(
        tmp_path_factory.mktemp("patience"), header_timeout=1, header_bytes=HEAD_BYTES, write_timeout=1
    ) as server:
        yield server


@pytest.fixture(scope="module")
def crowded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("crowd"), connections=CROWD) as server:
        yield server


def asked(client: Client) -> None:
    client.send(request(SMALL))
    assert loads(client.answer().body) == {"data": {"__typename": "Query"}}


def test_a_connection_that_says_nothing_is_closed_without_a_word(server: Server) -> None:
    with server.connect() as client:
        assert client.rest() == b""


def test_a_head_that_stops_coming_is_refused(server: Server) -> None:
    with server.connect() as client:
        client.send(BEGUN)
        answer = client.answer()
        assert (answer.status, answer.code) == (408, "TIMEOUT")
        assert client.rest() == b""


def test_a_head_that_comes_byte_by_byte_has_no_more_time_than_another(server: Server) -> None:
    with server.connect() as client:
        client.send(BEGUN)
        assert dribble(client, b"x")
        assert client.answer().status == 408


def test_the_head_of_a_second_request_has_no_more_time_than_the_first(server: Server) -> None:
    with server.connect() as client:
        asked(client)
        client.send(BEGUN)
        assert dribble(client, b"x")
        assert client.answer().status == 408


def test_a_client_that_sends_the_body_of_an_answered_request_for_ever_is_cut_off(server: Server) -> None:
    with server.connect() as client:
        client.send(head("content-length: 1000000", first="GET /healthz HTTP/1.1"))
        assert client.answer().status == 200
        assert dribble(client, b"x")
        assert client.rest() == b""


def test_a_body_that_nobody_asked_for_ends_somewhere(server: Server) -> None:
    with server.connect() as client:
        client.send(head("content-length: 1000000000", first="GET /healthz HTTP/1.1"))
        assert client.answer().status == 200
        sent = 0
        while client.tries(b"x" * 100_000):
            sent += 100_000
            assert sent < 500_000_000


def test_clients_that_take_their_time_for_whole_requests_are_served(server: Server) -> None:
    with server.connect() as client:
        for _ in range(3):
            data = request(SMALL)
            for at in range(0, len(data), 40):
                client.send(data[at : at + 40])
            assert client.answer().status == 200


def padded(size: int) -> bytes:
    """A request whose head has so many bytes, as the server counts them: names, values and four for each line."""
    plain = request(SMALL, "x-fill: ")
    counted = len(plain) - len(SMALL) - len("POST  HTTP/1.1\r\n") - len("\r\n")
    return request(SMALL, "x-fill: " + "x" * (size - counted))


def test_a_head_may_have_as_many_bytes_as_the_setting_says(server: Server) -> None:
    with server.connect() as client:
        client.send(padded(HEAD_BYTES))
        assert client.answer().status == 200
    with server.connect() as client:
        client.send(padded(HEAD_BYTES + 1))
        answer = client.answer()
        assert (answer.status, answer.code) == (431, "LIMIT_EXCEEDED")
        assert client.rest() == b""


@pytest.mark.parametrize("begun", [BEGUN, b"GET /" + b"a" * 100], ids=["a header", "a path"])
def test_a_head_without_an_end_is_refused_when_it_is_too_long(server: Server, begun: bytes) -> None:
    with server.connect() as client:
        client.send(begun)
        for _ in range(100):
            if not client.tries(b"x" * 1000):
                break
        answer = client.answer()
        assert answer.status == 431
    assert server.answers()


def test_a_request_may_have_a_hundred_headers(server: Server) -> None:
    own = len(request(SMALL).split(b"\r\n\r\n")[0].split(b"\r\n")) - 1
    with server.connect() as client:
        client.send(request(SMALL, *(f"x-{number}: 1" for number in range(100 - own))))
        assert client.answer().status == 200
        client.send(request(SMALL, *(f"x-{number}: 1" for number in range(101 - own))))
        answer = client.answer()
        assert (answer.status, answer.code) == (431, "LIMIT_EXCEEDED")


@pytest.mark.parametrize(
    "data",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET\r\n\r\n",
        b"POST /graphql HTTP/9.9\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\nhost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nno colon\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ],
)
def test_what_is_no_http_is_refused_and_nobody_else_notices(server: Server, data: bytes) -> None:
    with server.connect() as client:
        client.send(data)
        said = client.rest()
        assert said.startswith(b"HTTP/1.1 4"), said
    assert server.answers()


def test_a_body_that_is_not_made_of_chunks_ends_the_connection(server: Server) -> None:
    with server.connect() as client:
        client.send(head("transfer-encoding: chunked") + b"zz\r\n")
        assert b'{"data"' not in client.rest()
    assert server.answers()


def test_requests_that_do_not_wait_for_answers_are_answered_in_their_order(server: Server) -> None:
    with server.connect() as client:
        client.send(b"".join(request(b'{"query":"{ a%d: __typename }"}' % number) for number in range(10)))
        for number in range(10):
            assert loads(client.answer().body) == {"data": {f"a{number}": "Query"}}


def test_a_crowd_of_requests_that_do_not_wait_for_answers_ends_the_connection(server: Server) -> None:
    with server.connect() as client:
        client.send(request(SMALL) * 1000)
        assert client.rest().count(b'{"data"') < 100
    assert server.answers()


def test_a_client_that_never_reads_is_cut_off(server: Server) -> None:
    with server.connect(buffer=4096) as client:
        client.send(request(ALL_OF_THE_SCHEMA) * 10)
        assert client.is_cut_off()
    assert server.answers()
    assert "Traceback" not in server.process.output


def test_a_client_that_reads_slowly_gets_all(server: Server) -> None:
    """It takes several times as long as a client has that takes nothing."""
    with server.connect(buffer=4096) as client:
        client.send(request(ALL_OF_THE_SCHEMA, "connection: close"))
        said = b""
        for _ in range(20):
            said += client.socket.recv(4096)
            time.sleep(0.2)
        said += client.rest()
        head, _, body = said.partition(b"\r\n\r\n")
        assert f"content-length: {len(body)}".encode() in head.lower()
        assert len(body) > 100_000


def hold(server: Server, stack: ExitStack, number: int, *, says: bytes = b"") -> list[Client]:
    """Open connections that stay open; the server may close them."""
    held = []
    for _ in range(number):
        client = stack.enter_context(server.connect())
        if says:
            client.tries(says)
        held.append(client)
    return held


@pytest.mark.parametrize("says", [b"", BEGUN], ids=["silent", "slow"])
def test_however_many_connections_are_held_others_are_served(crowded: Server, says: bytes) -> None:
    with ExitStack() as stack:
        regular = stack.enter_context(crowded.connect())
        asked(regular)
        held = hold(crowded, stack, 5 * CROWD, says=says)
        for _ in range(10):
            assert crowded.answers()
        asked(regular)  # who has asked before is not the first to go
        assert sum(client.is_open() for client in held) < CROWD


def test_whoever_waits_longest_for_nothing_goes_first(crowded: Server) -> None:
    with ExitStack() as stack:
        clients = [stack.enter_context(crowded.connect()) for _ in range(CROWD)]
        for client in clients:
            asked(client)
        assert crowded.answers()
        assert not clients[0].is_open()
        assert all(client.is_open() for client in clients[2:])


def test_connections_at_work_are_not_closed_for_others(tmp_path: Path) -> None:
    with serving(tmp_path, connections=3) as server, ExitStack() as stack:
        at_work = [stack.enter_context(server.connect()) for _ in range(3)]
        for client in at_work:
            client.send(request(SMALL[:-1], length=len(SMALL)))
        with server.connect() as another:
            # The last of them may still be on its way to the server; until it is at work it counts as silent.
            answer = another.rest()
            assert answer == b"" or b"503" in answer.split(b"\r\n")[0]
        for client in at_work[:2]:
            client.send(SMALL[-1:])
            assert client.answer().status == 200


def many(server: Server, number: int) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = min(number + 200, hard)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    try:
        with ExitStack() as stack:
            hold(server, stack, min(number, wanted - 200))
            for _ in range(20):
                assert server.answers()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_hundreds_of_opened_connections_leave_the_server_answering(crowded: Server) -> None:
    many(crowded, 1000)


@pytest.mark.long
def test_five_thousand_opened_connections_leave_the_server_answering(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        many(server, 5000)


def test_clients_do_not_fill_the_log(server: Server) -> None:
    before = server.process.output.count("\n")
    for _ in range(50):
        with server.connect() as client:
            client.send(b"nonsense\r\n\r\n")
            client.rest()
    assert server.process.output.count("\n") - before <= 1


def test_a_server_that_stops_does_not_wait_for_who_says_nothing(tmp_path: Path) -> None:
    with serving(tmp_path) as server, server.connect(), server.connect() as slow:
        slow.send(BEGUN)
        assert server.answers()
        assert server.process.stop() == 0
