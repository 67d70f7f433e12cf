"""Writes that are cancelled in the middle are done or not done, and leave nothing behind that is in the way."""

from __future__ import annotations

import asyncio
import contextlib
import time
from copy import deepcopy
from pathlib import Path
from random import Random

import httpx2
import pytest
import sqlalchemy as sa

from db import writing
from db.database import Database
from db.viewer import DEFAULT_VIEWER, PROGRAM
from tests.conftest import fresh_database
from tests.faults import wire
from tests.faults.deeds import Client, Deed
from tests.faults.kills import http_to, post
from tests.faults.model import differences, keys_of, world_of
from tests.faults.nursery import Nursery
from tests.interchange import stored

CANCELLED = 100
"""Writes that are cancelled on each database."""

HANGING_UP = 12
"""Requests of each client that it does not wait for."""


async def do(database: Database, deed: Deed) -> None:
    await getattr(writing, deed.verb)(database, deed.values, viewer=DEFAULT_VIEWER)


async def settled(database: Database) -> None:
    """Wait until nobody holds a connection, and all that was begun on one has ended."""
    engines = {id(engine.sync_engine.pool): engine.sync_engine.pool for engine in (database.reader, database.writer)}
    for _ in range(2000):
        if not any(pool.checkedout() for pool in engines.values()):  # type: ignore[attr-defined]  # a queue pool's
            break
        await asyncio.sleep(0.005)
    else:
        raise AssertionError("a connection was not given back")
    # On SQLite a transaction ends in its connection's thread, also when nobody waits for it any more.
    async with database.write(viewer=PROGRAM):
        pass


async def all_or_nothing(database: Database, client: Client, deed: Deed) -> bool:
    """Whether a write was done, where it is certain that it was done wholly or not at all."""
    done = deed.key in await keys_of(database)
    expected = deepcopy(client.world)
    if done:
        deed.effect(expected)
    assert not (wrong := list(differences(expected, await world_of(database)))), (deed, wrong)
    return done


async def usual_seconds(database: Database, client: Client) -> float:
    """How long a write takes here and now, in the middle."""
    took = []
    for _ in range(20):
        deed, begun = client.next(), time.perf_counter()
        await do(database, deed)
        client.done(deed)
        took.append(time.perf_counter() - begun)
    return sorted(took)[len(took) // 2]


async def test_a_cancelled_write_is_done_or_not_done_and_the_next_one_works(database: Database) -> None:
    client, chance = Client(7), Random(7)
    usual = await usual_seconds(database, client)
    cancelled = done = 0
    for _ in range(CANCELLED):
        deed = client.next()
        try:
            async with asyncio.timeout(chance.uniform(0, 1.2 * usual)):
                await do(database, deed)
        except TimeoutError:
            cancelled += 1
            if cancelled % 5 == 0:
                await settled(database)
                done += await all_or_nothing(database, client, deed)
            # The next write on the same connections; where the cancelled one was done, this changes nothing.
            await do(database, deed)
        client.done(deed)
    await settled(database)

    assert cancelled > CANCELLED // 10, "the writes were too fast to be cancelled"
    assert not list(differences(client.world, await world_of(database)))
    await stored.check(database)
    if database.dialect == "postgresql":
        async with database.read(viewer=PROGRAM) as connection:
            states = await connection.execute(
                sa.text(
                    "SELECT state FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            )
            assert "idle in transaction" not in set(states.scalars())


async def test_many_writes_cancelled_at_once_leave_the_pools_whole(database: Database) -> None:
    clients, chance = [Client(seed) for seed in range(20, 32)], Random(3)

    async def write(client: Client) -> None:
        for _ in range(8):
            deed = client.next()
            task = asyncio.create_task(do(database, deed))
            await asyncio.sleep(chance.uniform(0, 0.05))
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
            await do(database, deed)
            client.done(deed)

    await asyncio.gather(*(write(client) for client in clients))
    await settled(database)

    expected = {key: talk for client in clients for key, talk in client.world.items()}
    assert not list(differences(expected, await world_of(database)))
    await stored.check(database)


async def send_and_leave(url: str, body: bytes, seconds: float) -> None:
    """Send a request and close the connection after so many seconds, whether an answer has come or not."""
    host, port = url.removeprefix("http://").split(":")
    _, writer = await asyncio.open_connection(host, int(port))
    head = f"POST /graphql HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
    writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
    await asyncio.sleep(seconds)
    writer.transport.abort()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_clients_that_hang_up_leave_their_writes_done_or_not_done(kind: str, tmp_path: Path) -> None:
    clients, chance = [Client(seed) for seed in range(40, 44)], Random(9)
    async with fresh_database(kind, tmp_path) as database:
        url = database.url.render_as_string(hide_password=False)
        await database.close()  # on SQLite one process writes at a time
        with Nursery() as nursery:
            server = nursery.serve(url)

            async def write(client: Client, http: httpx2.AsyncClient) -> None:
                for _ in range(HANGING_UP):
                    deed = client.next()
                    await send_and_leave(server.url, wire.body(deed), chance.uniform(0, 0.05))
                    await post(http, deed)
                    client.done(deed)

            async with http_to(server) as http:
                await asyncio.gather(*(write(client, http) for client in clients))
            server.kill()
        looking = Database.open(database.url)
        try:
            expected = {key: talk for client in clients for key, talk in client.world.items()}
            assert not list(differences(expected, await world_of(looking)))
            await stored.check(looking)
        finally:
            await looking.close()
