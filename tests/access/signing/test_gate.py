"""The gate, with keys and workspaces in real databases: who is let in as whom, and how often the database is asked."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from db import keys
from db.database import Database
from db.record import new_id, table_of
from db.secrets import new_secret
from db.viewer import DEFAULT_VIEWER, DEFAULT_WORKSPACE_ID, PROGRAM, SCOPE_ROLES, Viewer
from db.words import KeyScope, Role, ViewerKind
from db.workspaces import Workspace
from graph.access import tokens
from graph.access.credentials import NotSignedIn
from graph.access.issuer import Claims, Issuer
from graph.access.jwks import KeySource
from graph.access.signing import KEPT_SECONDS, Gate
from graph.asked import Refusal
from tests.access.signing.provider import AUDIENCE, ISSUER, RSA_KEY, key_set, public, token

Headers = list[tuple[bytes, bytes]]


def bearer(credential: str) -> Headers:
    return [(b"host", b"x"), (b"authorization", f"Bearer {credential}".encode()), (b"accept", b"*/*")]


@asynccontextmanager
async def standing(database: Database, **more: Any) -> AsyncIterator[Gate]:
    gate = Gate(lambda: database, **more)
    try:
        yield gate
    finally:
        await gate.close()


async def made(database: Database, scope: KeyScope = KeyScope.READ, expires_at: datetime | None = None) -> Any:
    """A key of the default workspace, and its secret."""
    return await keys.create(database, "a key", scope, expires_at, viewer=DEFAULT_VIEWER)


async def workspace_of(database: Database, name: str) -> Viewer:
    made = Workspace(id=new_id(), name=name)
    async with database.write(viewer=PROGRAM) as connection:
        await connection.execute(sa.insert(table_of(Workspace)).values(made.model_dump()))
    return Viewer(made.id)


async def refusal(gate: Gate, headers: Headers) -> Refusal:
    with pytest.raises(Refusal) as refused:
        await gate.viewer(headers)
    return refused.value


@pytest.mark.parametrize("scope", KeyScope)
async def test_a_key_lets_in_with_the_role_of_its_scope_in_its_workspace(database: Database, scope: KeyScope) -> None:
    key, secret = await made(database, scope)

    async with standing(database) as gate:
        viewer = await gate.viewer(bearer(secret))

    assert viewer == Viewer(
        DEFAULT_WORKSPACE_ID, role=SCOPE_ROLES[scope], kind=ViewerKind.KEY, key_id=key.id, scope=scope
    )


async def test_a_key_that_is_shown_often_is_looked_up_once(database: Database, statements: list[str]) -> None:
    _, secret = await made(database)
    async with standing(database) as gate:
        first = await gate.viewer(bearer(secret))
        statements.clear()

        assert gate.known(bearer(secret)[1][1]) is first
        assert [await gate.viewer(bearer(secret)) for _ in range(100)] == [first] * 100

        assert not [text for text in statements if "digest" in text]


async def test_many_who_show_a_key_at_once_are_one_question(database: Database, statements: list[str]) -> None:
    _, secret = await made(database)
    async with standing(database) as gate:
        statements.clear()

        await asyncio.gather(*(gate.viewer(bearer(secret)) for _ in range(50)))

        assert len([text for text in statements if text.startswith("SELECT") and "digest" in text]) == 1


async def test_the_database_is_not_asked_of_keys_that_are_made_up_or_mistyped(
    database: Database, statements: list[str]
) -> None:
    _, secret = await made(database)
    mistyped = secret[:-10] + ("x" if secret[-10] != "x" else "y") + secret[-9:]
    async with standing(database) as gate:
        statements.clear()

        for shown in (mistyped, "clq_w_", "clq_r_" + "x" * 38, "clq_" + "0" * 500):
            assert (await refusal(gate, bearer(shown))).status == 401

        assert statements == []


async def test_a_flood_of_one_wrong_key_is_one_question(database: Database, statements: list[str]) -> None:
    async with standing(database) as gate:
        wrong = new_secret(KeyScope.ADMIN)
        statements.clear()

        for _ in range(100):
            assert (await refusal(gate, bearer(wrong))).status == 401

        assert len(statements) == 1


async def test_a_revoked_key_lets_nobody_in_from_that_moment(database: Database) -> None:
    key, secret = await made(database, KeyScope.WRITE)
    async with standing(database) as gate:
        await gate.viewer(bearer(secret))

        await keys.revoke(database, key.id, viewer=DEFAULT_VIEWER)

        assert gate.known(bearer(secret)[1][1]) is None
        assert "revoked" in str(await refusal(gate, bearer(secret)))


async def test_a_revocation_by_another_process_is_seen_when_the_key_is_looked_up_again(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, secret = await made(database)
    monkeypatch.setattr(keys, "withdraw", lambda: None)  # this process hears nothing of it
    async with standing(database) as gate:
        await gate.viewer(bearer(secret))
        await keys.revoke(database, key.id, viewer=DEFAULT_VIEWER)
        assert gate.known(bearer(secret)[1][1]) is not None

        now = time.monotonic()
        monkeypatch.setattr(time, "monotonic", lambda: now + KEPT_SECONDS)

        assert gate.known(bearer(secret)[1][1]) is None
        assert "revoked" in str(await refusal(gate, bearer(secret)))


async def test_a_key_is_not_remembered_beyond_its_expiry(database: Database) -> None:
    expires = datetime.now(UTC) + timedelta(hours=1)
    _, secret = await made(database, expires_at=expires)
    now = expires - timedelta(seconds=0.001)
    async with standing(database, clock=lambda: now) as gate:
        await gate.viewer(bearer(secret))
        await asyncio.sleep(0.01)
        assert gate.known(bearer(secret)[1][1]) is None

        now = expires

        assert "expired" in str(await refusal(gate, bearer(secret)))


async def test_the_last_use_of_a_key_is_written_behind_the_back_of_the_request(database: Database) -> None:
    key, secret = await made(database)
    async with standing(database) as gate:
        await gate.viewer(bearer(secret))

    (row,) = [row for row in await listed(database) if row.id == key.id]
    assert row.last_used_at is not None


async def listed(database: Database) -> Any:
    async with database.read(viewer=DEFAULT_VIEWER) as connection:
        return await keys.every(connection, viewer=DEFAULT_VIEWER)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)  # which has no part in it
@pytest.mark.parametrize(
    ("headers", "said"),
    [
        ([(b"authorization", b"Basic YWxpY2U6c2VjcmV0")], "another scheme"),
        ([(b"authorization", b"Bearer")], "nothing in it"),
        ([(b"authorization", b"Bearer   ")], "nothing in it"),
        ([(b"authorization", b"")], "nothing in it"),
        ([(b"authorization", b"Bearer a b")], "one word"),
        ([(b"authorization", b"Bearer caf\xc3\xa9")], "one word"),
        ([(b"authorization", b"Bearer a\tb")], "one word"),
        ([(b"authorization", b"Bearer " + b"x" * 8193)], "8192 characters"),
        ([(b"authorization", b"Bearer sesame")], "neither a key"),
        ([(b"authorization", b"Bearer a.b.c")], "no identity provider"),
        ([(b"authorization", b"Bearer x"), (b"authorization", b"Bearer y")], "2 Authorization headers"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_a_header_that_is_no_credential_is_told_what_would_be_one(
    database: Database, headers: Headers, said: str
) -> None:
    async with standing(database) as gate:
        refused = await refusal(gate, headers)

    assert (refused.status, said in str(refused)) == (401, True), str(refused)
    assert (refused.headers or {})["www-authenticate"].startswith("Bearer")
    assert not any(word in str(refused) for word in ("YWxpY2", "sesame", "café"))


async def test_without_keys_who_shows_nothing_is_let_in_until_there_is_one_and_then_never_again(
    database: Database,
) -> None:
    async with standing(database) as gate:
        assert await gate.viewer([]) is DEFAULT_VIEWER

        key, _ = await made(database)
        assert (await refusal(gate, [])).status == 401

        await keys.revoke(database, key.id, viewer=DEFAULT_VIEWER)
        assert (await refusal(gate, [])).status == 401
    async with standing(database) as anew:  # a key that is revoked or expired opens nothing
        assert (await refusal(anew, [])).status == 401


async def test_no_auth_lets_in_who_shows_nothing_and_not_who_shows_something_wrong(database: Database) -> None:
    _, secret = await made(database)
    async with standing(database, no_auth=True) as gate:
        assert await gate.viewer([]) is DEFAULT_VIEWER
        assert (await gate.viewer(bearer(secret))).role is Role.VIEWER
        assert (await refusal(gate, bearer(new_secret(KeyScope.READ)))).status == 401


# ---------------------------------------------------------------- tokens of our own


async def minted(database: Database, viewer: Viewer, user_id: str | None = "alice", anonymous: bool = False) -> str:
    expires = datetime.now(UTC) + timedelta(hours=1)
    return tokens.mint(await tokens.secret_of(database), viewer, user_id, anonymous, expires)


async def admin(database: Database) -> Viewer:
    _, secret = await made(database, KeyScope.ADMIN)
    async with standing(database) as gate:
        return await gate.viewer(bearer(secret))


async def test_a_token_lets_in_its_user_and_sees_public_ones_only_by_setting(database: Database) -> None:
    maker = await admin(database)
    text = await minted(database, maker)

    for sees_public in (False, True):
        async with standing(database, sees_public=sees_public) as gate:
            viewer = await gate.viewer(bearer(text))
        assert (viewer.workspace_id, viewer.owns, viewer.role) == (maker.workspace_id, "alice", Role.END_USER)
        assert (viewer.kind, viewer.key_id, viewer.scope) == (ViewerKind.END_USER, maker.key_id, None)
        assert viewer.sees_public is sees_public


async def test_an_anonymous_visitors_token_says_so(database: Database) -> None:
    text = await minted(database, DEFAULT_VIEWER, None, True)
    async with standing(database) as gate:
        viewer = await gate.viewer(bearer(text))

    assert (viewer.kind, viewer.role) == (ViewerKind.ANONYMOUS, Role.END_USER)
    assert viewer.owns


async def test_who_revokes_a_key_ends_the_tokens_that_were_made_with_it(database: Database) -> None:
    maker = await admin(database)
    assert maker.key_id is not None
    text = await minted(database, maker)
    async with standing(database) as gate:
        await gate.viewer(bearer(text))

        await keys.revoke(database, maker.key_id, viewer=DEFAULT_VIEWER)

        assert "revoked" in str(await refusal(gate, bearer(text)))


async def test_a_token_for_another_workspace_than_its_keys_or_for_none_is_refused(database: Database) -> None:
    maker, elsewhere = await admin(database), await workspace_of(database, "elsewhere")
    crossing = Viewer(elsewhere.workspace_id, key_id=maker.key_id)
    of_nothing = Viewer(new_id()), Viewer(new_id(), key_id=maker.key_id), Viewer(DEFAULT_WORKSPACE_ID, key_id=new_id())
    for viewer in (crossing, *of_nothing):
        text = await minted(database, viewer)
        async with standing(database) as gate:
            assert (await refusal(gate, bearer(text))).status == 401


async def test_all_processes_of_a_database_sign_with_the_same_secret(database: Database) -> None:
    first = await tokens.secret_of(database)
    other = Database.open(database.url, reads_only=database.dialect == "sqlite")
    try:
        if database.dialect == "postgresql":
            assert await tokens.secret_of(other) == first
        tokens.use_secret(other, b"x" * 32)
        assert await tokens.secret_of(other) == b"x" * 32
    finally:
        await other.close()
    assert len(first) == 32


# ---------------------------------------------------------------- JWTs of an identity provider


def provider(folder: Path, **names: Any) -> Issuer:
    path = folder / "keys.json"
    path.write_bytes(key_set(public(RSA_KEY, "one")))
    return Issuer(ISSUER, [AUDIENCE], KeySource(str(path)), claims=Claims(**names))


async def test_a_jwt_lets_in_its_user_by_the_claims_that_settings_name(database: Database, tmp_path: Path) -> None:
    acme = await workspace_of(database, "acme")
    issuer = provider(tmp_path, role="role", workspace="tenant")
    async with standing(database, issuer=issuer, sees_public=True) as gate:
        user = await gate.viewer(bearer(token(tenant="acme")))
        staff = await gate.viewer(bearer(token(tenant=str(acme.workspace_id), role="editor")))

    assert (user.workspace_id, user.owns, user.kind) == (acme.workspace_id, "alice", ViewerKind.END_USER)
    assert user.sees_public
    assert (staff.workspace_id, staff.role, staff.owns) == (acme.workspace_id, Role.EDITOR, None)
    assert not staff.sees_public


async def test_a_jwt_of_a_workspace_that_is_not_here_is_refused_with_403(database: Database, tmp_path: Path) -> None:
    async with standing(database, issuer=provider(tmp_path, workspace="tenant")) as gate:
        for tenant in ("nowhere", str(new_id()), "' OR 1=1 --"):
            for _ in range(2):  # and so is it from memory
                refused = await refusal(gate, bearer(token(tenant=tenant)))
                assert (refused.status, (refused.error.extensions or {})["code"]) == (403, "FORBIDDEN")


async def test_a_server_with_an_identity_provider_needs_a_credential_even_without_keys(
    database: Database, tmp_path: Path
) -> None:
    async with standing(database, issuer=provider(tmp_path)) as gate:
        assert not gate.may_be_open
        assert (await refusal(gate, [])).status == 401


async def test_keys_that_cannot_be_had_are_nobodys_mistake_and_are_not_remembered(
    database: Database, tmp_path: Path
) -> None:
    path = tmp_path / "keys.json"
    path.write_text("{}")
    issuer = Issuer(ISSUER, [AUDIENCE], KeySource(str(path), again_after=0.0))
    text = token()
    async with standing(database, issuer=issuer) as gate:
        assert (await refusal(gate, bearer(text))).status == 503
        path.write_bytes(key_set(public(RSA_KEY, "one")))
        assert (await gate.viewer(bearer(text))).user_id == "alice"


# ---------------------------------------------------------------- WebSockets


async def test_a_socket_shows_its_credential_at_its_beginning_or_in_its_first_message(database: Database) -> None:
    _, reader = await made(database, KeyScope.READ)
    _, writer = await made(database, KeyScope.WRITE)
    async with standing(database) as gate:
        for headers, payload, role in (
            (bearer(reader), {}, Role.VIEWER),
            ([], {"authorization": f"Bearer {reader}"}, Role.VIEWER),
            ([], {"Authorization": f"bearer {writer}"}, Role.EDITOR),
            (bearer(reader), {"authorization": f"Bearer {writer}"}, Role.EDITOR),
        ):
            assert (await gate.of_socket(headers, payload)).role is role
        wrong: list[dict[str, object]] = [
            {},
            {"authorization": 7},
            {"authorization": "\ud800"},
            {"authorization": "x", "Authorization": "y"},
            {"token": reader},
        ]
        for shown in wrong:
            with pytest.raises(NotSignedIn):
                await gate.of_socket([], shown)
