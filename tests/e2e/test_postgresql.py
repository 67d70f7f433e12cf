"""The commands on PostgreSQL: nothing is migrated unasked, each refusal names what helps, no password is ever shown."""

import asyncio
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import httpx2
import pytest
from sqlalchemy.engine.url import URL, make_url

from tests import postgres
from tests.e2e.command import afresh, colloquy, error_of, running, url_of


@pytest.fixture
async def empty() -> AsyncIterator[URL]:
    """A database without tables, as a user writes its URL."""
    name = await postgres.create_database(template="template0")
    yield make_url(postgres.url(name))._replace(drivername="postgresql", password=None)
    await postgres.drop_database(name)


def written(url: URL) -> str:
    return url.render_as_string(hide_password=False)


async def test_a_database_that_is_behind_is_refused_with_the_command_that_helps(empty: URL, tmp_path: Path) -> None:
    database = written(empty)

    refused = error_of(colloquy("serve", "--port", "0", "--database", database, folder=tmp_path))
    assert f"colloquy db upgrade --database {database}" in refused
    assert "has no tables yet" in refused

    upgraded = afresh("db", "upgrade", "--database", database, folder=tmp_path)
    assert upgraded.returncode == 0, upgraded.stderr
    checked = colloquy("db", "check", folder=tmp_path, COLLOQUY_DATABASE_URL=database)
    assert checked.returncode == 0, checked.stderr

    with running("serve", "--port", "0", "--database", database, folder=tmp_path) as server:
        url = url_of(server)
        assert httpx2.get(f"{url}/readyz", timeout=20).status_code == 200
        answer = httpx2.post(f"{url}/graphql", json={"query": "{ conversations { totalCount } }"}, timeout=20)
        assert answer.json() == {"data": {"conversations": {"totalCount": 0}}}
        assert f"Colloquy serves {database}\n" in server.output
        assert server.stop(signal.SIGINT) == 0
        assert "Traceback" not in server.output


@pytest.fixture
async def locked(empty: URL) -> AsyncIterator[URL]:
    """The same for a user whom the server asks for a password, which this URL does not hold."""
    connection = await _connect(empty)
    rules = Path(await connection.fetchval("SHOW hba_file"))
    before = _put_first(rules, "local all locked scram-sha-256\nhost all locked all scram-sha-256\n")
    await connection.execute("CREATE ROLE locked LOGIN PASSWORD 'right'")
    await connection.execute("SELECT pg_reload_conf()")
    url = empty.set(username="locked")
    try:
        await _refused(url)
        yield url
    finally:
        _put_first(rules, "", before)
        await connection.execute("DROP ROLE locked")
        await connection.execute("SELECT pg_reload_conf()")
        await connection.close()


def _put_first(file: Path, text: str, rest: str | None = None) -> str:
    """Put a text in front of what the file holds, or of another text, and give what it held."""
    before = file.read_text()
    file.write_text(text + (before if rest is None else rest))
    return before


async def _connect(url: URL) -> "asyncpg.Connection[asyncpg.Record]":
    return await asyncpg.connect(written(url))


async def _refused(url: URL) -> None:
    """Wait until the server has read its rules anew."""
    for _ in range(1000):
        try:
            connection = await _connect(url.set(password="wrong"))
        except asyncpg.InvalidPasswordError:
            return
        await connection.close()
        await asyncio.sleep(0.02)
    raise TimeoutError("the server still lets everybody in")


async def test_a_wrong_password_is_one_sentence_that_does_not_hold_it(locked: URL, tmp_path: Path) -> None:
    database = written(locked.set(password="pa55word"))

    message = error_of(colloquy("db", "check", "--database", database, folder=tmp_path))

    assert "password authentication failed" in message
    assert "pa55word" not in message


async def test_the_command_that_helps_does_not_hold_the_password(empty: URL, tmp_path: Path) -> None:
    """A driver takes a password from two places of a URL."""
    for url in (empty.set(password="pa55word"), empty.update_query_dict({"password": "pa55word"})):
        message = error_of(colloquy("db", "check", folder=tmp_path, COLLOQUY_DATABASE_URL=written(url)))

        assert "colloquy db upgrade" in message
        assert "pa55word" not in message
