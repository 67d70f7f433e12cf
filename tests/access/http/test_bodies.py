"""The body of a request: too long, too slow, and what happens to those that are right."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive

from graph.access.bodies import BodyLimits, BodyRefused
from graph.access.http import body_of, bounded
from tests.access.http.hostile import SMALL, Server, chunked, dribble, head, loads, request, serving, sized

MOST = 10_240
WRITING = 40_960

ONE_WAY = "accept: application/json"
OTHER_WAY = "content-encoding: identity"
"""Who says so is answered by strawberry's view."""

BOTH_WAYS = pytest.mark.parametrize("way", [ONE_WAY, OTHER_WAY], ids=["the lean way", "by strawberry's view"])


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("bodies")
    with serving(folder, body_bytes=MOST, ingest_body_bytes=WRITING, body_timeout=0.5) as server:
        yield server


@BOTH_WAYS
def test_a_body_that_is_just_short_enough_is_read(server: Server, way: str) -> None:
    with server.connect() as client:
        client.send(request(sized(MOST), way))
        assert loads(client.answer().body) == {"data": {"__typename": "Query"}}
        client.send(head("transfer-encoding: chunked", way) + chunked(sized(MOST)[:4000], sized(MOST)[4000:]))
        assert loads(client.answer().body) == {"data": {"__typename": "Query"}}


@BOTH_WAYS
def test_a_body_that_says_it_is_too_long_is_refused_before_a_byte_of_it_comes(server: Server, way: str) -> None:
    with server.connect() as client:
        client.send(request(b"", way, length=MOST + 1))
        answer = client.answer()
        assert (answer.status, answer.code) == (413, "BODY_TOO_LARGE")
        assert loads(answer.body)["errors"][0]["extensions"]["maximum"] == MOST
        assert answer.headers["connection"] == "close"
        assert client.rest() == b""


@BOTH_WAYS
def test_a_body_that_does_not_say_how_long_it_is_is_counted(server: Server, way: str) -> None:
    with server.connect() as client:
        client.send(head("transfer-encoding: chunked", way) + chunked(sized(MOST), b" ", end=False))
        answer = client.answer()
        assert (answer.status, answer.code) == (413, "BODY_TOO_LARGE")
        assert client.rest() == b""


@BOTH_WAYS
def test_a_body_that_stops_coming_is_refused(server: Server, way: str) -> None:
    with server.connect() as client:
        client.send(request(SMALL[:5], way, length=len(SMALL)))
        answer = client.answer()
        assert (answer.status, answer.code) == (408, "TIMEOUT")
        assert client.rest() == b""
    assert server.answers()


@BOTH_WAYS
def test_a_body_that_comes_byte_by_byte_has_no_more_time_than_another(server: Server, way: str) -> None:
    with server.connect() as client:
        client.send(request(b"", way, length=MOST))
        assert dribble(client, b" ")
        assert client.answer().status == 408


def test_a_client_that_talks_before_it_listens_gets_the_answer_to_fifty_megabytes(server: Server) -> None:
    with server.connect() as client:
        client.send(request(b"", length=50_000_000))
        for _ in range(50):
            if not client.tries(b" " * 1_000_000):
                break
        assert client.answer().status == 413


def test_a_client_that_asks_whether_to_send_its_body_is_told_not_to(server: Server) -> None:
    with server.connect() as client:
        client.send(request(b"", "expect: 100-continue", length=MOST + 1))
        assert client.answer().status == 413


@pytest.mark.parametrize("length", ["-1", "1e3", "0x10", "9" * 400, "+5", "5, 5"])
def test_a_length_that_is_no_number_is_refused(server: Server, length: str) -> None:
    with server.connect() as client:
        client.send(head(f"content-length: {length}") + SMALL)
        assert client.answer().status in (400, 413)
    assert server.answers()


def test_a_length_and_chunks_at_once_are_refused(server: Server) -> None:
    with server.connect() as client:
        client.send(head(f"content-length: {len(SMALL)}", "transfer-encoding: chunked") + chunked(SMALL))
        assert client.answer().status == 400
        assert client.rest() == b""


@pytest.mark.parametrize(
    ("authorization", "most"),
    [
        (b"Bearer clq_w_0123", WRITING),
        (b"bearer  clq_i_0123", WRITING),
        (b"Bearer clq_a_0123", WRITING),
        (b"Bearer clq_r_0123", MOST),
        (b"Bearer eyJhbGciOiJSUzI1NiJ9.clq_w_", MOST),
        (b"Basic clq_w_0123", MOST),
        (b"clq_w_0123", MOST),
        (b"", MOST),
    ],
)
def test_who_shows_a_key_that_writes_may_send_more(authorization: bytes, most: int) -> None:
    limits = BodyLimits(MOST, WRITING)

    def of(length: int) -> int:
        return limits.of({b"content-length": b"%d" % length, b"authorization": authorization})

    assert of(most) == most
    with pytest.raises(BodyRefused) as refused:
        of(most + 1)
    assert refused.value.status == 413


class Source:
    """A body that comes in parts of 1,000 bytes, and how much of it was taken."""

    def __init__(self, parts: int) -> None:
        self.left = parts
        self.taken = 0

    async def receive(self) -> Message:
        await asyncio.sleep(0)
        self.taken += 1000
        self.left -= 1
        return {"type": "http.request", "body": b"x" * 1000, "more_body": self.left > 0}


async def _all_of(receive: Receive) -> bytes:
    body = b""
    while (message := await receive())["type"] == "http.request":
        body += bytes(message["body"])
        if not message["more_body"]:
            return body
    raise ClientDisconnect


@pytest.mark.parametrize("lean", [True, False])
@pytest.mark.parametrize("parts", [1, 3, 4, 1_000_000])
async def test_no_more_of_a_body_is_taken_than_the_limit_and_the_part_that_breaks_it(lean: bool, parts: int) -> None:
    source = Source(parts)
    reading = body_of(source.receive, 3000, 5) if lean else _all_of(bounded(source.receive, 3000, 5))

    if parts <= 3:
        assert len(await reading) == parts * 1000
    else:
        with pytest.raises(BodyRefused):
            await reading
    assert source.taken <= 4000


@pytest.mark.parametrize("lean", [True, False])
async def test_who_is_cancelled_while_a_body_comes_is_cancelled(lean: bool) -> None:
    async def never() -> Message:
        await asyncio.Event().wait()
        raise AssertionError("nothing comes")

    task = asyncio.create_task(body_of(never, 10, 50) if lean else _all_of(bounded(never, 10, 50)))
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_what_comes_after_the_body_may_take_its_time() -> None:
    messages: list[Message] = [
        {"type": "http.disconnect"},
        {"type": "http.request", "body": b"x", "more_body": False},
    ]

    async def receive() -> Message:
        if len(messages) == 1:
            await asyncio.sleep(0.1)
        return messages.pop()

    reading = bounded(receive, 10, 0.01)
    assert (await reading())["body"] == b"x"
    assert (await reading())["type"] == "http.disconnect"


def test_the_settings_are_those_of_the_server(tmp_path: Path) -> None:
    with serving(tmp_path, body_bytes=2048) as small, small.connect() as client:
        client.send(request(sized(2048)))
        assert client.answer().status == 200
        client.send(request(sized(2049)))
        assert client.answer().status == 413
