"""Keys: found by their hash alone, touched once a minute, revoked for good; their secrets are nowhere."""

import logging
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from db import keys, writing
from db.database import Database
from db.errors import Forbidden, InvalidInput, NotFound
from db.keys import FoundKey
from db.record import now
from db.secrets import digest_of
from db.tables import metadata
from db.token_secrets import token_secret
from db.viewer import PROGRAM, Viewer
from db.words import KeyScope
from db.writing import Rejected
from tests.access.keys.people import ADMIN, EDITOR, OPEN, OTHER_ADMIN, OTHERS, USER, audited, other_workspace, rows
from tests.conftest import recorded


async def found(database: Database, secret: str) -> FoundKey | None:
    return await database.ask(lambda connection: keys.find(connection, digest_of(secret)), viewer=PROGRAM)


async def test_a_key_is_found_by_its_secret_with_its_workspace_in_one_statement(database: Database) -> None:
    await other_workspace(database)
    until = now() + timedelta(days=1)
    row, secret = await keys.create(database, "ci", KeyScope.WRITE, until, viewer=OTHER_ADMIN)
    await keys.create(database, None, KeyScope.READ, viewer=ADMIN)
    with recorded(database) as texts:
        key = await found(database, secret)
    assert len(texts) == 1
    assert key == FoundKey(row.id, OTHERS, KeyScope.WRITE, until, None, None)
    assert await found(database, secret[:-1]) is None
    assert row.prefix == secret[:12]


async def test_a_key_that_would_have_expired_already_is_refused(database: Database) -> None:
    past = now() - timedelta(seconds=1)
    with pytest.raises(InvalidInput, match="future"):
        await keys.create(database, None, KeyScope.READ, past, viewer=ADMIN)
    with pytest.raises(Rejected, match="future"):
        await writing.create_api_key(database, {"scope": KeyScope.READ, "expires_at": past}, viewer=ADMIN)
    assert await rows(database, "api_keys") == []


async def test_a_revoked_key_is_found_as_revoked_and_keeps_its_time(database: Database) -> None:
    row, secret = await keys.create(database, None, KeyScope.ADMIN, viewer=ADMIN)
    number = keys.withdrawn()
    first = await keys.revoke(database, row.id, viewer=ADMIN)
    assert keys.withdrawn() > number, "who remembers keys is told"
    key = await found(database, secret)
    assert key is not None
    assert key.revoked_at == first.revoked_at is not None
    again = await writing.revoke_api_key(database, {"id": row.id}, viewer=ADMIN)
    assert again.row is not None
    assert again.row.revoked_at == first.revoked_at


async def test_a_key_of_another_workspace_cannot_be_seen_or_revoked(database: Database) -> None:
    await other_workspace(database)
    row, secret = await keys.create(database, None, KeyScope.READ, viewer=OTHER_ADMIN)
    with pytest.raises(NotFound):
        await keys.revoke(database, row.id, viewer=ADMIN)
    with pytest.raises(Rejected, match="no key with this id"):
        await writing.revoke_api_key(database, {"id": row.id}, viewer=ADMIN)
    async with database.read(viewer=ADMIN) as connection:
        assert await keys.every(connection, viewer=ADMIN) == []
        assert await keys.by_ids(connection, [row.id], viewer=ADMIN) == {}
    key = await found(database, secret)
    assert key is not None
    assert key.revoked_at is None


@pytest.mark.parametrize("viewer", [EDITOR, USER])
async def test_only_admins_make_see_and_revoke_keys(database: Database, viewer: Viewer) -> None:
    row, _ = await keys.create(database, None, KeyScope.READ, viewer=ADMIN)
    with pytest.raises(Forbidden):
        await writing.create_api_key(database, {"scope": KeyScope.ADMIN}, viewer=viewer)
    with pytest.raises(Forbidden):
        await writing.revoke_api_key(database, {"id": row.id}, viewer=viewer)
    with pytest.raises(Forbidden):
        await writing.create_user_token(database, {"user_id": "bob"}, viewer=viewer)
    async with database.read(viewer=viewer) as connection:
        assert await keys.by_ids(connection, [row.id], viewer=viewer) == {}
        with pytest.raises(Forbidden):
            await keys.every(connection, viewer=viewer)
    assert len(await rows(database, "api_keys")) == 1


async def test_the_last_use_is_written_once_a_minute(database: Database) -> None:
    row, secret = await keys.create(database, None, KeyScope.READ, viewer=ADMIN)
    key, at = await found(database, secret), now()
    assert key is not None
    for seconds, told in ((0, 0), (30, 0), (59, 0), (60, 60), (61, 60), (200, 200)):
        await keys.touch(database, key, at=at + timedelta(seconds=seconds))
        (stored,) = await rows(database, "api_keys")
        assert stored["last_used_at"] == at + timedelta(seconds=told), seconds
    with recorded(database) as texts:
        await keys.touch(database, key, at=at + timedelta(seconds=201))
    assert texts == [], "what is remembered needs no statement"
    assert row.last_used_at is None


async def test_another_process_that_used_the_key_just_now_is_not_written_over(database: Database) -> None:
    _, secret = await keys.create(database, None, KeyScope.READ, viewer=ADMIN)
    key, at = await found(database, secret), now()
    assert key is not None
    async with database.write(viewer=PROGRAM) as connection:
        await connection.execute(sa.update(metadata.tables["api_keys"]).values(last_used_at=at))
    await keys.touch(database, key, at=at + timedelta(seconds=5))
    (stored,) = await rows(database, "api_keys")
    assert stored["last_used_at"] == at


async def test_a_secret_is_in_no_log_no_error_no_repr_and_no_row(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    row, first = await keys.create(database, "a", KeyScope.ADMIN, viewer=ADMIN)
    outcome = await writing.create_api_key(database, {"name": "b", "scope": KeyScope.READ}, viewer=ADMIN)
    with pytest.raises(Exception) as caught:  # noqa: PT011 - whatever it is, by the driver's own words
        async with database.write(viewer=ADMIN) as connection:
            await connection.execute(sa.insert(metadata.tables["api_keys"]).values(id=row.id, digest=row.digest))
    await keys.revoke(database, row.id, viewer=ADMIN)
    said = "".join([caplog.text, repr(outcome), repr(row), str(caught.value), repr(await audited(database))])
    said += repr(await rows(database, "api_keys")) + repr(await rows(database, "repeats"))
    for secret in (first, outcome.secret):
        assert len(secret) == 44
        assert secret not in said
        assert secret[12:] not in said


def _contents(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.iterdir() if path.is_file())


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_a_secret_is_in_no_file_of_the_database(database: Database, tmp_path: Path) -> None:
    _, first = await keys.create(database, None, KeyScope.ADMIN, viewer=ADMIN)
    given = {"scope": KeyScope.READ, "idempotency_key": "k"}
    second = (await writing.create_api_key(database, given, viewer=ADMIN)).secret
    assert (await writing.create_api_key(database, given, viewer=ADMIN)).secret == "", "told once"
    contents = _contents(tmp_path)
    assert first[:12].encode() in contents
    for secret in (first, second):
        assert secret[12:].encode() not in contents


async def test_the_secret_of_tokens_is_made_once_and_shown_nowhere(database: Database) -> None:
    one = await database.transact(token_secret, viewer=PROGRAM)
    two = await database.transact(token_secret, viewer=PROGRAM)
    assert one == two
    assert len(one.secret) == 32
    assert repr(one.secret) not in repr(one)


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        ({}, ("user_id",)),
        ({"user_id": "a", "anonymous": True}, ("user_id",)),
        ({"user_id": " "}, ("user_id",)),
        ({"user_id": None}, ("user_id",)),
        ({"user_id": "a" * 513}, ("user_id",)),
        ({"user_id": "a", "expires_in_seconds": 59}, ("expires_in_seconds",)),
        ({"user_id": "a", "expires_in_seconds": 30 * 86400 + 1}, ("expires_in_seconds",)),
    ],
)
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_a_token_that_cannot_be_is_refused_by_field(
    database: Database, given: dict[str, object], wrong: tuple[str, ...]
) -> None:
    with pytest.raises(Rejected) as refused:
        await writing.create_user_token(database, given, viewer=ADMIN)
    assert [problem.field for problem in refused.value.problems] == [wrong]


async def test_a_token_is_granted_for_the_time_asked_and_an_anonymous_visitor_gets_an_id(database: Database) -> None:
    before = now()
    named = (await writing.create_user_token(database, {"user_id": "a", "expires_in_seconds": 60}, viewer=ADMIN)).row
    nobody = [(await writing.create_user_token(database, {"anonymous": True}, viewer=OPEN)).row for _ in range(2)]
    assert named is not None
    assert before + timedelta(seconds=60) <= named.expires_at <= now() + timedelta(seconds=60)
    users = {row.user_id for row in nobody if row is not None}
    assert len(users) == 2
    assert all(user.startswith("anonymous-") for user in users)
    assert next(row["details"]["userId"] for row in await audited(database)) == "a"
