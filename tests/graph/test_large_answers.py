"""Large answers are read, completed, written and sent in portions: the same bytes, and fewer of them at a time."""

import asyncio
import json
import socket
from typing import Any
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa
from starlette.types import Message

from db import tables
from db.database import Database
from db.errors import InvalidInput
from db.record import table_of
from db.verbs import Verb
from db.viewer import DEFAULT_VIEWER, PROGRAM
from graph import lean, portions
from graph.context import Context
from graph.execution import metrics
from graph.execution.selection import Step
from graph.schema import schema
from graph.sending import send_pieces
from graph.view import ColloquyView
from tests.conftest import recorded
from tests.graph import world
from tests.graph.asking import OPERATIONS
from tests.graph.test_view_differential import Answer, body
from tests.servers import serve

MESSAGES = "{ conversations(first: 100) { nodes { title messages(first: 100) { totalCount nodes { id content } } } } }"
OPERATIONS_NAMED = {
    path.stem: path.read_text() for path in OPERATIONS.glob("*.graphql") if "mutation" not in path.read_text()
}
"""What clients send; without their variables, so that some are refused."""

SHAPES = {
    "pages of pages": MESSAGES,
    "edges with cursors": """
        { conversations(first: 100) { pageInfo { endCursor } edges { cursor node { title messages(last: 9) {
            pageInfo { hasNextPage hasPreviousPage startCursor endCursor } edges { cursor node { createdAt } } } } } } }
    """,
    "pages of pages of pages": """
        { conversations(first: 30) { nodes { title messages { nodes { content conversation {
            id messages(first: 3) { totalCount nodes { role citations { title source { id } } } } } } } } } }
    """,
    "several below one": """
        { conversations(first: 100) { nodes { a: messages(first: 3) { nodes { id } }
            b: messages(last: 3) { nodes { id } } feedback { nodes { id } } tags title assistant { id name } } } }
    """,
    "two roots": """
        { conversations(first: 100) { nodes { messages { nodes { content } } } }
          assistants { nodes { name conversations { nodes { title messages { nodes { content } } } } } } }
    """,
    "lists without pages": "{ messages(first: 100) { nodes { id citations { title url source { title } } } } }",
    "only counts": "{ conversations(first: 100) { nodes { messages { totalCount } } } }",
    "JSON": "{ conversations(first: 100) { nodes { messages { nodes { id conversation { properties } } } } } }",
    "a root of graphql-core's beside": "{ tags { tag } conversations { nodes { messages { nodes { content } } } } }",
    **OPERATIONS_NAMED,
}
ALL_IN_PORTIONS = ("pages of pages", "edges with cursors", "pages of pages of pages", "several below one", "two roots")


def portioned(patch: pytest.MonkeyPatch, rows: int, length: int) -> None:
    """Let more rows than that be read in portions, each of that length of JSON."""
    patch.setattr(portions, "ROWS", rows)
    patch.setattr(portions, "BYTES", length)


def view(database: Database) -> ColloquyView:
    async def context(_request: object) -> Context:
        return Context(database, DEFAULT_VIEWER)

    return ColloquyView(schema, context=context)


async def answer(database: Database, text: str) -> Answer:
    """The status, the headers and the bytes of the answer to a query."""
    incoming: list[Message] = [{"type": "http.request", "body": body(text), "more_body": False}]
    said: list[Message] = []

    async def receive() -> Message:
        return incoming.pop()

    async def send(message: Message) -> None:
        said.append(message)

    headers = [(b"content-type", b"application/json")]
    scope = {"type": "http", "method": "POST", "path": "/graphql", "query_string": b"", "headers": headers}
    await view(database)(scope, receive, send)
    start, *pieces = said
    assert [piece.get("more_body", False) for piece in pieces] == [True] * (len(pieces) - 1) + [False]
    return start["status"], sorted(start["headers"]), b"".join(piece["body"] for piece in pieces)


async def both(database: Database, text: str, rows: int = 40, length: int = 3_000) -> tuple[Answer, Answer, Answer]:
    """The answer as a whole; and in portions where its document is new, and where it is known."""
    with pytest.MonkeyPatch.context() as patch:
        portioned(patch, 10**9, 10**9)
        whole = await answer(database, text)
        portioned(patch, rows, length)
        patch.setattr(schema, "documents", type(schema.documents)())
        return whole, await answer(database, text), await answer(database, text)


@pytest.mark.parametrize(("rows", "length"), [(1, 1), (40, 3_000), (200, 100_000)])
async def test_answers_in_portions_are_the_same_bytes(database: Database, rows: int, length: int) -> None:
    await world.build(database)
    for name, text in SHAPES.items():
        given_up = metrics["whole"]
        whole, new, known = await both(database, text, rows, length)
        assert whole[0] == 200, name
        assert name in OPERATIONS_NAMED or b'"errors"' not in whole[2], name
        assert new == whole, name
        assert known == whole, name
        assert metrics["whole"] == given_up, name


async def test_a_read_in_portions_is_a_statement_for_each(database: Database) -> None:
    await world.build(database)
    for name in ALL_IN_PORTIONS:
        counted = []
        for rows in (10**9, 60, 1):
            with pytest.MonkeyPatch.context() as patch, recorded(database) as statements:
                portioned(patch, rows, 10**9)
                await answer(database, SHAPES[name])
                counted.append(len(statements))
        whole, some, most = counted
        assert whole < some <= most <= whole * (world.PLAIN + 4), name


async def test_small_answers_are_read_as_before(database: Database) -> None:
    await world.build(database)
    with pytest.MonkeyPatch.context() as patch, recorded(database) as statements:
        patch.setattr(portions, "read", None)
        status, _, said = await answer(database, SHAPES["inbox"])
    assert status == 200
    assert b"errors" not in said
    assert len(statements) <= 6


@pytest.mark.parametrize("stored", [r'{"k": "\ud800"}', '{"k": 1.00}', '{"k": 1180591620717411303424}'])
@pytest.mark.parametrize("beside", [False, True], ids=["in a portion", "beside the portions"])
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_values_that_are_written_the_long_way_are_the_same(database: Database, stored: str, beside: bool) -> None:
    await world.build(database)
    async with database.write(viewer=PROGRAM) as connection:
        await connection.exec_driver_sql(
            "UPDATE conversations SET properties = ? WHERE id = ?", (stored, world.key("plain-20").hex)
        )
    inner = "nodes { id createdAt }" if beside else "nodes { id createdAt conversation { createdAt properties } }"
    outer = "properties createdAt" if beside else "title createdAt"
    text = f"{{ conversations(first: 100) {{ nodes {{ {outer} messages {{ {inner} }} }} }} }}"
    whole, new, known = await both(database, text)
    assert whole[0] == 200
    assert new == whole
    assert known == whole


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_a_value_that_is_not_as_it_should_be_is_told_as_in_the_whole(database: Database) -> None:
    await world.build(database)
    async with database.write(viewer=PROGRAM) as connection:
        await connection.exec_driver_sql("PRAGMA ignore_check_constraints = ON")
        await connection.exec_driver_sql(
            "UPDATE messages SET role = 'nobody' WHERE id = ?", (world.key("plain-20-q").hex,)
        )
    given_up = metrics["whole"]
    text = "{ conversations(first: 100) { nodes { title messages { nodes { id role } } } } }"
    whole, new, known = await both(database, text)
    assert len(json.loads(whole[2])["errors"]) == 1
    assert _without_incident(new) == _without_incident(known) == _without_incident(whole)
    assert metrics["whole"] == given_up + 2


def _without_incident(given: Answer) -> Any:
    """An answer without the number of the incident, which is another one each time."""
    said = json.loads(given[2])
    errors = [{**error, "message": "", "extensions": error["extensions"]["code"]} for error in said["errors"]]
    return said["data"], errors


@pytest.mark.parametrize("failing", [1, 2, 3])
async def test_a_read_that_fails_in_a_portion_is_read_again(
    database: Database, monkeypatch: pytest.MonkeyPatch, failing: int
) -> None:
    await world.build(database)
    whole, *_ = await both(database, SHAPES["pages of pages of pages"])
    called, read = 0, Step.rows

    async def rows(step: Any, *arguments: Any) -> Any:
        nonlocal called
        if step.read.__name__ == "of_messages":
            called += 1
            if called == failing:
                raise InvalidInput("a read does not want to")
        return await read(step, *arguments)

    monkeypatch.setattr(Step, "rows", rows)
    portioned(monkeypatch, 40, 3_000)
    given_up = metrics["whole"]
    got = await answer(database, SHAPES["pages of pages of pages"])
    assert metrics["whole"] == given_up + 1
    assert got == whole


async def test_a_read_that_always_fails_is_told_as_in_the_whole(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await world.build(database)
    called, read = Verb.__call__, Step.rows

    async def call(verb: Any, connection: Any, *arguments: Any, **options: Any) -> Any:
        if verb.__name__ == "of_messages":
            raise InvalidInput("a read does not want to")
        return await called(verb, connection, *arguments, **options)

    async def rows(step: Any, *arguments: Any) -> Any:
        if step.read.__name__ == "of_messages":
            raise InvalidInput("a read does not want to")
        return await read(step, *arguments)

    monkeypatch.setattr(Verb, "__call__", call)
    monkeypatch.setattr(Step, "rows", rows)
    whole, new, known = await both(database, SHAPES["pages of pages of pages"])
    assert b"a read does not want to" in whole[2]
    assert new == known == whole


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_who_reads_slowly_gets_all_of_it(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    await world.build(database)
    async with database.write(viewer=PROGRAM) as connection:
        await connection.execute(sa.update(table_of(tables.Message)).values(content="Ünïcode " * 4_000))
    whole, *_ = await both(database, MESSAGES)
    portioned(monkeypatch, 40, 3_000)
    sent: list[int] = []

    async def counted(pieces: list[bytes], send: Any) -> None:
        sent.append(len(pieces))
        await send_pieces(pieces, send)

    monkeypatch.setattr(lean, "send_pieces", counted)
    with serve(view(database)) as url:
        for _ in range(2):
            got = await asyncio.to_thread(_read_slowly, url, body(MESSAGES))
            head, _, said = got.partition(b"\r\n\r\n")
            assert f"content-length: {len(whole[2])}".encode() in head.lower()
            assert said == whole[2]
    assert max(sent) > 20


def _read_slowly(url: str, asked: bytes) -> bytes:
    address = urlsplit(url)
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        client.settimeout(20)
        client.connect((address.hostname or "", address.port or 0))
        head = "POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\nconnection: close\r\n"
        client.sendall(f"{head}content-length: {len(asked)}\r\n\r\n".encode() + asked)
        found = bytearray()
        while some := client.recv(50_000):
            found += some
        return bytes(found)
