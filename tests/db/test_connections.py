"""Connections are lent, checked, broken off and replaced, and nothing of that is seen by who reads and writes.

Longer than a file should be: its promises are about one thing, and share what makes connections die.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from typing import Any

import asyncpg
import pytest
import sqlalchemy as sa
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncConnection

from db import lending, turns
from db.bare import LARGEST, Bare
from db.database import Database, DatabaseSettings
from db.errors import DatabaseBusy
from db.viewer import PROGRAM
from tests import postgres
from tests.conftest import fresh_database

ENDLESS = {
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n",
    "postgresql": "SELECT pg_sleep(600)",
}
"""Statements that end only when they are broken off."""

MINE = "SELECT pg_backend_pid()"
"""Which of the server's processes answers."""

Reading = Callable[[Database, str], Coroutine[Any, Any, list[tuple[Any, ...]]]]


async def looked(database: Database, text: str) -> list[tuple[Any, ...]]:
    async def work(connection: Bare) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in await connection.fetch(text, ())]

    return await database.look(work, viewer=PROGRAM)


async def asked(database: Database, text: str) -> list[tuple[Any, ...]]:
    async def work(connection: AsyncConnection) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in await connection.exec_driver_sql(text)]

    return await database.ask(work, viewer=PROGRAM)


async def wrote(database: Database, number: int) -> None:
    async def work(connection: AsyncConnection) -> None:
        await connection.exec_driver_sql(f"INSERT INTO numbers VALUES ({number})")

    await database.transact(work, viewer=PROGRAM)


both_ways = pytest.mark.parametrize("read", [looked, asked])


@pytest.fixture
async def numbers(database: Database) -> Database:
    """A database with a table to write to."""
    async with database.write(viewer=PROGRAM) as connection:
        await connection.exec_driver_sql("CREATE TABLE numbers (number integer)")
    return database


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Database]:
    """A database on PostgreSQL, with a table to write to."""
    async with fresh_database("postgresql", tmp_path) as database:
        async with database.write(viewer=PROGRAM) as connection:
            await connection.exec_driver_sql("CREATE TABLE numbers (number integer)")
        yield database


@asynccontextmanager
async def narrow(kind: str, folder: Path, seconds: float) -> AsyncIterator[Database]:
    """A database with one connection for reads, for which one waits so many seconds."""
    async with fresh_database(kind, folder) as made:
        await made.close()
        database = Database.open(made.url, DatabaseSettings(readers=1, pool_size=1, pool_timeout=seconds))
        try:
            yield database
        finally:
            await database.close()


def out(database: Database) -> int:
    """How many connections are not in the pools."""
    pools = {id(engine.sync_engine.pool): engine.sync_engine.pool for engine in (database.reader, database.writer)}
    return sum(pool.checkedout() for pool in pools.values() if isinstance(pool, sa.pool.QueuePool))


async def beside(database: Database, text: str) -> list[Any]:
    """The rows of a statement on a connection that is none of the pool's."""
    url = make_url(postgres.url(database.url.database or ""))
    connection = await asyncpg.connect(
        user=url.username, database=url.database, host=url.query.get("host") or url.host, port=url.port
    )
    try:
        return list(await connection.fetch(text))
    finally:
        await connection.close()


OTHERS = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"


async def crowd(database: Database) -> None:
    """Fill the pool."""
    await asyncio.gather(*(looked(database, "SELECT pg_sleep(0.05)") for _ in range(10)))


def end_all(database: Database) -> None:
    """End all of the pool's connections, while nobody here can notice it."""

    async def end() -> int:
        return len(await beside(database, f"SELECT pg_terminate_backend(pid, 5000) {OTHERS}"))

    ended: list[int] = []
    thread = threading.Thread(target=lambda: ended.append(asyncio.run(end())))
    thread.start()
    thread.join()
    assert ended[0] >= 10


@both_ways
async def test_what_was_written_is_read(numbers: Database, read: Reading) -> None:
    await wrote(numbers, 7)

    assert await read(numbers, "SELECT number FROM numbers") == [(7,)]


async def test_a_look_gives_the_rows_of_the_driver(database: Database) -> None:
    mark = "?" if database.dialect == "sqlite" else "$1::text"

    async def work(connection: Bare) -> Any:
        assert connection.dialect.name == database.dialect
        return await connection.fetch(f"SELECT {mark}, 2", ("a",))

    (row,) = await database.look(work, viewer=PROGRAM)
    assert type(row) is (tuple if database.dialect == "sqlite" else asyncpg.Record)
    assert tuple(row) == ("a", 2)


async def test_all_of_a_look_runs_on_one_connection_and_in_the_thread_of_sqlites(database: Database) -> None:
    async def work(_connection: Bare) -> int:
        return threading.get_ident()

    assert (await database.look(work, viewer=PROGRAM) == threading.get_ident()) == (database.dialect == "postgresql")


@both_ways
async def test_an_error_of_a_statement_is_the_readers_and_the_connection_stays(server: Database, read: Reading) -> None:
    before = await read(server, MINE)
    with pytest.raises((asyncpg.DivisionByZeroError, sa.exc.DBAPIError), match="division by zero"):
        await read(server, "SELECT 1 / 0")

    assert await read(server, MINE) == before
    assert out(server) == 0


async def test_a_value_that_the_driver_refuses_costs_no_connection(server: Database) -> None:
    async def work(connection: Bare) -> Any:
        return await connection.fetch("SELECT $1::int", ("seven",))

    before = await looked(server, MINE)
    with pytest.raises(asyncpg.DataError, match="invalid input for query argument"):
        await server.look(work, viewer=PROGRAM)
    assert await looked(server, MINE) == before


async def test_what_a_work_raises_comes_out_and_the_connection_goes_back(database: Database) -> None:
    async def work(connection: Bare) -> None:
        await connection.fetch("SELECT 1", ())
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        await database.look(work, viewer=PROGRAM)
    assert out(database) == 0
    assert await looked(database, "SELECT 1") == [(1,)]


@both_ways
async def test_a_read_that_is_cancelled_is_broken_off_and_the_next_one_is_answered(
    database: Database, read: Reading
) -> None:
    await read(database, "SELECT 1")
    for _ in range(3):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await read(database, ENDLESS[database.dialect])
        assert out(database) == 0
        # As many at once as there are connections: were one still at work, this would not end.
        assert await asyncio.gather(*(read(database, "SELECT 1") for _ in range(10))) == [[(1,)]] * 10
    if database.dialect == "postgresql":
        running = f"SELECT query {OTHERS} AND state = 'active'"
        async with asyncio.timeout(30):
            while await beside(database, running):  # noqa: ASYNC110 - what is waited for happens in the server
                await asyncio.sleep(0.01)


async def test_a_look_that_is_cancelled_between_two_statements_makes_no_more_of_them(tmp_path: Path) -> None:
    reached, onward, fetched = threading.Event(), threading.Event(), list[object]()

    async def work(connection: Bare) -> None:
        reached.set()
        onward.wait()
        fetched.extend(await connection.fetch("SELECT 1", ()))

    async with fresh_database("sqlite", tmp_path) as database:
        task = asyncio.create_task(database.look(work, viewer=PROGRAM))
        await asyncio.to_thread(reached.wait)
        task.cancel()
        await asyncio.sleep(0.01)
        done_too_early = task.done()  # a connection that is at work is not given back
        onward.set()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert not done_too_early
        assert not fetched
        assert await looked(database, "SELECT 1") == [(1,)]


async def test_reads_that_are_cancelled_at_any_moment_leave_the_pools_whole(numbers: Database) -> None:
    chance = Random(5)
    await wrote(numbers, 1)

    async def one(number: int) -> None:
        task = asyncio.create_task((looked if number % 2 else asked)(numbers, "SELECT number FROM numbers"))
        await asyncio.sleep(chance.uniform(0, 0.004))
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    for _ in range(5):
        await asyncio.gather(*(one(number) for number in range(40)))
    assert out(numbers) == 0
    assert await asyncio.gather(*(looked(numbers, "SELECT * FROM numbers") for _ in range(30))) == [[(1,)]] * 30


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_who_gets_no_connection_in_time_is_told_so(kind: str, tmp_path: Path) -> None:
    async with narrow(kind, tmp_path, seconds=0.05) as database:
        async with database.read(viewer=PROGRAM):
            for read in (looked, asked):
                with pytest.raises(DatabaseBusy):
                    await read(database, "SELECT 1")
        assert await looked(database, "SELECT 1") == [(1,)]


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_connections_are_had_in_the_order_of_asking(kind: str, tmp_path: Path) -> None:
    served: list[int] = []

    async def one(database: Database, number: int) -> None:
        await (looked if number % 2 else asked)(database, "SELECT 1")
        served.append(number)

    async with narrow(kind, tmp_path, seconds=60) as database:
        async with asyncio.TaskGroup() as group, database.read(viewer=PROGRAM):
            tasks = [group.create_task(one(database, number)) for number in range(12)]
            await asyncio.sleep(0)
            tasks[3].cancel()
            tasks[4].cancel()
        assert served == [0, 1, 2, 5, 6, 7, 8, 9, 10, 11]
        assert out(database) == 0


async def test_a_read_that_takes_long_lets_the_others_pass(tmp_path: Path) -> None:
    settings = DatabaseSettings(readers=3, readers_at_once=1, pool_timeout=60)
    async with fresh_database("sqlite", tmp_path) as made:
        await made.close()
        database = Database.open(made.url, settings)
        slow = [asyncio.create_task(read(database, ENDLESS["sqlite"])) for read in (looked, asked)]
        try:
            assert await asyncio.gather(*(looked(database, "SELECT 1") for _ in range(20))) == [[(1,)]] * 20
            assert not any(task.done() for task in slow)
        finally:
            for task in slow:
                task.cancel()
            await asyncio.gather(*slow, return_exceptions=True)
            await database.close()
        assert out(database) == 0


async def test_quick_reads_of_sqlite_run_a_few_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "SLOW", 3600.0)
    running = most = 0

    async def work(connection: Bare) -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await connection.fetch("SELECT 1", ())
        threading.Event().wait(0.002)  # gives the interpreter to other threads
        running -= 1

    async with fresh_database("sqlite", tmp_path) as made:
        await made.close()
        database = Database.open(made.url, DatabaseSettings(readers=8, readers_at_once=1))
        try:
            await asyncio.gather(*(database.look(work, viewer=PROGRAM) for _ in range(30)))
        finally:
            await database.close()
    assert most == 1


@pytest.mark.parametrize("noticed", [True, False], ids=["noticed", "unnoticed"])
async def test_reads_and_writes_go_on_after_the_server_has_ended_all_connections(
    server: Database, noticed: bool
) -> None:
    for round_ in range(3):
        await crowd(server)
        end_all(server)
        if noticed:
            await asyncio.sleep(0.05)
        first, second = (looked, wrote) if round_ % 2 else (wrote, looked)
        for number in range(20):
            for do in (first, second):
                await (wrote(server, number) if do is wrote else looked(server, "SELECT 1"))
    assert await looked(server, "SELECT count(*) FROM numbers") == [(60,)]


async def test_many_at_once_go_on_after_the_server_has_ended_all_connections(server: Database) -> None:
    await crowd(server)
    end_all(server)
    reads = [read(server, "SELECT 1") for read in (looked, asked) for _ in range(20)]
    await asyncio.gather(*reads, *(wrote(server, number) for number in range(20)))

    assert await looked(server, "SELECT count(*) FROM numbers") == [(20,)]
    assert out(server) == 0


async def test_storms_of_all_kinds_leave_every_connection_in_the_pool(numbers: Database) -> None:
    chance = Random(11)

    async def failing() -> None:
        with pytest.raises((sqlite3.Error, asyncpg.PostgresError)):
            await looked(numbers, "SELECT nothing")

    async def reading() -> None:
        async with numbers.read(viewer=PROGRAM) as connection:
            await connection.exec_driver_sql("SELECT 1")
            await asyncio.sleep(0.001)
            await connection.exec_driver_sql("SELECT 1")

    kinds: list[Callable[[], Coroutine[Any, Any, Any]]] = [
        lambda: looked(numbers, "SELECT 1"),
        lambda: looked(numbers, "SELECT count(*) FROM numbers"),
        lambda: asked(numbers, "SELECT 1"),
        lambda: wrote(numbers, 1),
        reading,
        failing,
    ]

    async def one() -> None:
        task = asyncio.create_task(chance.choice(kinds)())
        if chance.random() < 0.2:
            await asyncio.sleep(chance.uniform(0, 0.01))
            task.cancel()
        await asyncio.wait((task,))
        assert task.cancelled() or task.exception() is None

    for _ in range(4):
        await asyncio.gather(*(one() for _ in range(80)))
        assert out(numbers) == 0
    assert await asyncio.gather(*(looked(numbers, "SELECT 1") for _ in range(30))) == [[(1,)]] * 30
    if numbers.dialect == "postgresql":
        assert numbers.has_spare()
        assert 1 <= len(await beside(numbers, f"SELECT pid {OTHERS} AND backend_type = 'client backend'")) <= 10


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_one_connection_serves_looks_and_writes_in_turn(kind: str, tmp_path: Path) -> None:
    async with narrow(kind, tmp_path, seconds=60) as database:
        async with database.write(viewer=PROGRAM) as connection:
            await connection.exec_driver_sql("CREATE TABLE numbers (number integer)")
        for number in range(20):
            await wrote(database, number)
            assert await looked(database, "SELECT count(*) FROM numbers") == [(number + 1,)]
        await asyncio.gather(
            *(wrote(database, number) if number % 2 else looked(database, "SELECT 1") for number in range(40))
        )
        assert await looked(database, "SELECT count(*) FROM numbers") == [(40,)]
        assert out(database) == 0


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_database_that_was_closed_serves_the_next_event_loop(kind: str, tmp_path: Path) -> None:
    place = fresh_database(kind, tmp_path)
    database = asyncio.run(place.__aenter__())

    async def use() -> None:
        assert await asyncio.gather(*(looked(database, "SELECT 1") for _ in range(40))) == [[(1,)]] * 40
        assert await asked(database, "SELECT 2") == [(2,)]
        left = [asyncio.create_task(looked(database, ENDLESS[kind])) for _ in range(20)]
        await asyncio.sleep(0.05)
        for task in left:
            task.cancel()
        await asyncio.wait(left)
        assert out(database) == 0
        await database.close()

    for _ in range(2):
        asyncio.run(use())
    asyncio.run(place.__aexit__())


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_a_connection_that_is_out_when_the_database_is_closed_is_closed_when_it_comes_back(
    kind: str, tmp_path: Path
) -> None:
    reached, onward, ran = threading.Event(), threading.Event(), set[int | None]()

    async def work(connection: Bare) -> Any:
        ran.add(threading.get_ident())
        reached.set()
        # On PostgreSQL it is the test's own thread that would wait.
        await asyncio.to_thread(onward.wait) if kind == "postgresql" else onward.wait()
        return (await connection.fetch("SELECT 1", ()))[0][0]

    async with fresh_database(kind, tmp_path) as database:

        async def open_ones() -> int:
            if kind == "postgresql":
                return len(await beside(database, f"SELECT pid {OTHERS} AND backend_type = 'client backend'"))
            return sum(thread.ident in ran for thread in threading.enumerate())

        task = asyncio.create_task(database.look(work, viewer=PROGRAM))
        await asyncio.to_thread(reached.wait)
        await database.close()
        assert await open_ones() == 1
        onward.set()
        assert await task == 1
        async with asyncio.timeout(30):
            while await open_ones():  # noqa: ASYNC110 - what is waited for happens elsewhere
                await asyncio.sleep(0.01)


@both_ways
async def test_a_read_whose_connection_is_lost_in_the_middle_is_done_once_more(server: Database, read: Reading) -> None:
    await crowd(server)
    pids: list[int] = []
    ending = "SELECT pg_terminate_backend(pg_backend_pid(), 5000)"

    async def fetched(connection: Any, text: str) -> Any:
        if read is looked:
            return (await connection.fetch(text, ()))[0][0]
        return (await connection.exec_driver_sql(text)).scalar_one()

    async def work(connection: Any) -> int:
        pids.append(await fetched(connection, MINE))
        if len(pids) == 1:
            await fetched(connection, ending)
        return int(await fetched(connection, "SELECT 7"))

    do: Any = server.look if read is looked else server.ask
    assert await do(work, viewer=PROGRAM) == 7
    assert len(set(pids)) == 2
    assert out(server) == 0

    async def hopeless(connection: Any) -> None:
        pids.append(0)
        await fetched(connection, ending)

    pids.clear()
    with pytest.raises((asyncpg.PostgresError, sa.exc.DBAPIError)):
        await do(hopeless, viewer=PROGRAM)
    assert len(pids) == 2
    assert await read(server, "SELECT 1") == [(1,)]


async def test_a_look_that_makes_an_answer_of_its_failure_is_done_once_more_too(server: Database) -> None:
    ended = False

    async def work(connection: Bare) -> object:
        nonlocal ended
        try:
            if not ended:
                ended = True
                await connection.fetch("SELECT pg_terminate_backend(pg_backend_pid(), 5000)", ())
            return (await connection.fetch("SELECT 1", ()))[0][0]
        except asyncpg.PostgresError as error:
            return error

    assert await server.look(work, viewer=PROGRAM) == 1


async def test_a_write_whose_connection_is_lost_in_the_middle_is_not_done_again(server: Database) -> None:
    times = 0

    async def work(connection: AsyncConnection) -> None:
        nonlocal times
        times += 1
        await connection.exec_driver_sql("INSERT INTO numbers VALUES (1)")
        await connection.exec_driver_sql("SELECT pg_terminate_backend(pg_backend_pid(), 5000)")

    with pytest.raises(sa.exc.DBAPIError):
        await server.transact(work, viewer=PROGRAM)
    assert times == 1
    assert await looked(server, "SELECT count(*) FROM numbers") == [(0,)]
    await wrote(server, 2)
    assert out(server) == 0


async def test_a_connection_is_asked_whether_it_lives_only_where_it_was_silent_for_long(
    server: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts: list[str] = []

    async def sent() -> list[str]:
        """What one look, one question and one write send."""
        texts.clear()
        await looked(server, "SELECT 1")
        await asked(server, "SELECT 2")
        await wrote(server, 3)
        return texts

    async with server.read(viewer=PROGRAM) as connection:
        raw: Any = (await connection.get_raw_connection()).driver_connection
        raw.add_query_logger(lambda record: texts.append(record.query))
    # The driver does not tell of statements that were prepared by name, as those of looks and of SQLAlchemy are.
    begin = "BEGIN ISOLATION LEVEL READ COMMITTED"
    assert await sent() == [begin, "COMMIT"]
    monkeypatch.setattr(lending, "IDLE", 0.0)
    assert await sent() == [";", ";", ";", begin, "COMMIT"]


async def test_nothing_is_left_in_a_transaction(server: Database) -> None:
    await crowd(server)
    await asyncio.gather(*(asked(server, "SELECT 1") for _ in range(10)), *(wrote(server, 1) for _ in range(5)))
    with pytest.raises(sa.exc.DBAPIError):
        await server.transact(lambda connection: connection.exec_driver_sql("SELECT 1 / 0"), viewer=PROGRAM)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05), server.write(viewer=PROGRAM) as connection:
            await connection.exec_driver_sql("SELECT pg_sleep(600)")

    states = await beside(server, f"SELECT DISTINCT state {OTHERS} AND backend_type = 'client backend'")
    assert [tuple(row) for row in states] == [("idle",)]


async def test_a_transaction_in_which_a_statement_failed_is_not_said_to_be_committed(server: Database) -> None:
    async def work(connection: AsyncConnection) -> None:
        await connection.exec_driver_sql("INSERT INTO numbers VALUES (1)")
        with pytest.raises(sa.exc.DBAPIError):
            await connection.exec_driver_sql("SELECT 1 / 0")

    with pytest.raises(RuntimeError, match="a statement of this transaction failed"):
        await server.transact(work, viewer=PROGRAM)
    assert await looked(server, "SELECT count(*) FROM numbers") == [(0,)]


async def test_a_part_of_a_transaction_can_be_undone(numbers: Database) -> None:
    async with numbers.write(viewer=PROGRAM) as connection:
        await connection.exec_driver_sql("INSERT INTO numbers VALUES (1)")
        nested = await connection.begin_nested()
        await connection.exec_driver_sql("INSERT INTO numbers VALUES (2)")
        await nested.rollback()
    assert await looked(numbers, "SELECT number FROM numbers") == [(1,)]


async def test_hundreds_of_statements_stay_prepared(server: Database) -> None:
    for number in range(300):
        await looked(server, f"SELECT {number}")
    ((count,),) = await looked(server, "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE 'SELECT %'")
    assert count >= 300


@pytest.mark.parametrize("most", [0, 20])
async def test_no_more_statements_stay_prepared_than_the_setting_says(most: int, tmp_path: Path) -> None:
    async with fresh_database("postgresql", tmp_path) as made:
        database = Database.open(made.url, DatabaseSettings(statements=most, pool_size=1))
        try:
            for _ in range(2):
                for number in range(100):
                    assert await looked(database, f"SELECT {number}") == [(number,)]
            count = "SELECT count(*) FROM pg_prepared_statements WHERE statement SIMILAR TO 'SELECT [0-9]+'"
            ((kept,),) = await looked(database, count)
        finally:
            await database.close()
    # The one that counts has put the last one out, which the driver closes with the next statement that it prepares.
    assert kept == most


async def test_a_long_statement_is_answered_and_not_kept(server: Database) -> None:
    text = f"SELECT length('{'a' * LARGEST}')"
    for _ in range(2):
        assert await looked(server, text) == [(LARGEST,)]
    long = f"SELECT count(*) FROM pg_prepared_statements WHERE length(statement) >= {LARGEST}"
    assert await looked(server, long) == [(0,)]


async def test_a_look_gives_the_columns_of_today_after_its_table_was_altered(numbers: Database) -> None:
    await wrote(numbers, 1)
    expected: tuple[int | None, ...] = (1,)
    for name in "abc":
        assert await looked(numbers, "SELECT * FROM numbers") == [expected]
        async with numbers.write(viewer=PROGRAM) as connection:
            await connection.exec_driver_sql(f"ALTER TABLE numbers ADD COLUMN {name} integer")
        expected = (*expected, None)
        assert await looked(numbers, "SELECT * FROM numbers") == [expected]


async def test_readers_of_sqlite_cannot_write(tmp_path: Path) -> None:
    async with fresh_database("sqlite", tmp_path) as database:
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            await looked(database, "CREATE TABLE numbers (number integer)")
