"""A real server, real connections, an identity provider: what is let in, and what is said and logged of it."""

import asyncio
import json
import logging
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
import jwt
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Origin, Subprotocol

from db import keys, migrations
from db.database import Database, database_url
from db.secrets import new_secret
from db.viewer import DEFAULT_VIEWER
from db.words import KeyScope
from graph.access import jwks, tokens
from graph.app import create_app
from graph.settings import Settings
from tests.access.signing.provider import (
    AUDIENCE,
    EC_KEY,
    ISSUER,
    OTHER_RSA_KEY,
    RSA_KEY,
    Provider,
    claims,
    key_set,
    pem,
    providing,
    public,
    token,
    written,
)
from tests.servers import serve

QUERY = {"query": "{ __typename }"}
PROTOCOLS = [Subprotocol("graphql-transport-ws")]
OWN_SECRET = "a secret that is long enough for tokens"


@dataclass
class Served:
    """A server with keys and an identity provider."""

    url: str
    provider: Provider
    good: dict[str, str]
    """What lets somebody in."""
    bad: dict[str, str]
    """What doesn't."""

    def ask(self, credential: str | None, **headers: str) -> httpx2.Response:
        if credential is not None:
            headers["authorization"] = f"Bearer {credential}"
        return httpx2.post(f"{self.url}/graphql", json=QUERY, headers=headers, timeout=20)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    path = tmp_path_factory.mktemp("served") / "colloquy.db"
    with providing() as provider, pytest.MonkeyPatch.context() as patch:
        patch.setattr(jwks, "AGAIN_SECONDS", 0.0)
        provider.body = key_set(public(RSA_KEY, "one"), public(EC_KEY, "two"))
        settings = Settings(
            database_url=str(path),
            explorer=False,
            token_secret=OWN_SECRET,  # type: ignore[arg-type]  # pydantic makes it one
            jwt_issuer=ISSUER,
            jwt_audience=(AUDIENCE,),
            jwt_jwks=provider.url,
            allowed_origins=("https://chat.example.com",),
        )
        good, bad = _credentials(path)
        with serve(create_app(settings), lifespan="on") as url:
            yield Served(url, provider, good, bad)


def _credentials(path: Path) -> tuple[dict[str, str], dict[str, str]]:
    async def make() -> tuple[dict[str, str], dict[str, str]]:
        database = Database.open(database_url(str(path)))
        try:
            await migrations.upgrade(database)
            good, bad = {}, {}
            later, sooner = (datetime.now(UTC) + timedelta(seconds=n) for n in (600, 1))
            for scope in KeyScope:
                _, good[f"key {scope}"] = await keys.create(database, None, scope, viewer=DEFAULT_VIEWER)
            key, bad["revoked"] = await keys.create(database, None, KeyScope.ADMIN, viewer=DEFAULT_VIEWER)
            await keys.revoke(database, key.id, viewer=DEFAULT_VIEWER)
            _, bad["expired"] = await keys.create(database, None, KeyScope.ADMIN, sooner, viewer=DEFAULT_VIEWER)
            good["own token"] = tokens.mint(OWN_SECRET.encode(), DEFAULT_VIEWER, "alice", False, later)
            bad["own token of another server"] = tokens.mint(b"x" * 32, DEFAULT_VIEWER, "alice", False, later)
            await asyncio.sleep(1)
        finally:
            await database.close()
        return good, bad

    good, bad = asyncio.run(make())
    now = int(time.time())
    own = {"iss": "colloquy", "aud": str(DEFAULT_VIEWER.workspace_id), "sub": "alice", "iat": now, "exp": now + 600}
    good |= {"RS256": token(exp=now + 3600), "ES256": token(EC_KEY, "ES256", "two"), "late": token(exp=now - 5)}
    bad |= {
        "wrong": new_secret(KeyScope.ADMIN),
        "mistyped": good["key READ"][:-1] + ("x" if good["key READ"][-1] != "x" else "y"),
        "no key": "sesame-open",
        "none": written({"typ": "JWT", "alg": "none", "kid": "one"}, claims()),
        "public key as secret": written({"typ": "JWT", "alg": "HS256", "kid": "one"}, claims(), pem(RSA_KEY)),
        "own token by the public key": written({"typ": "JWT", "alg": "HS256"}, own, pem(RSA_KEY)),
        "own token by the provider's key": jwt.encode(own, RSA_KEY, "RS256", headers={"kid": "one"}),
        "provider's token by our secret": jwt.encode(claims(), OWN_SECRET, "HS256", headers={"kid": "one"}),
        "another key": token(OTHER_RSA_KEY),
        "traversal": token(OTHER_RSA_KEY, kid="../../../../dev/null"),
        "over": token(exp=now - 3600),
        "another audience": token(aud="another"),
        "another issuer": token(iss="https://evil.example/"),
    }
    return good, bad


GOOD = ["key READ", "key WRITE", "key INGEST", "key ADMIN", "own token", "RS256", "ES256", "late"]


@pytest.mark.parametrize("name", GOOD)
def test_what_is_valid_lets_in(served: Served, name: str) -> None:
    assert set(served.good) == set(GOOD)
    answer = served.ask(served.good[name])

    assert (answer.status_code, answer.json()) == (200, {"data": {"__typename": "Query"}})


def test_what_is_not_valid_is_answered_with_401_and_neither_said_nor_logged(
    served: Served, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        for name, credential in [*served.bad.items(), *served.good.items()]:
            answer = served.ask(credential)
            assert (answer.status_code == 401) == (name in served.bad), (name, answer.text)
            if name in served.bad:
                (error,) = answer.json()["errors"]
                assert error["extensions"]["code"] == "UNAUTHENTICATED"
                assert answer.headers["www-authenticate"] == 'Bearer realm="colloquy", error="invalid_token"'
                assert answer.headers["cache-control"] == "no-store"
            for socket_way in ({"authorization": f"Bearer {credential}"}, {}):
                said = closed_with(served, socket_way, None if socket_way else credential)
                expected = "None" if name in served.good else "4403 " if socket_way else "401 "
                assert str(said).startswith(expected), (name, said)
                for part in secret_parts(credential):
                    assert part not in str(said), name
            for part in secret_parts(credential):
                assert part not in answer.text + str(answer.headers), name

    logged = "\n".join(
        [record.getMessage() + str(record.args) + str(record.exc_text) for record in caplog.records] + [caplog.text]
    )
    for name, credential in {**served.bad, **served.good}.items():
        for part in secret_parts(credential):
            assert part not in logged, name


def secret_parts(credential: str) -> list[str]:
    """The credential in pieces, each of which would be too much."""
    return [part for part in credential.split(".") if len(part) > 8]


def closed_with(served: Served, payload: dict[str, Any], header: str | None) -> str | None:
    """What a socket is closed or refused with; None: it is acknowledged and answers."""
    headers = {} if header is None else {"authorization": f"Bearer {header}"}
    url = served.url.replace("http", "ws") + "/graphql"
    try:
        with connect(
            url,
            subprotocols=PROTOCOLS,
            additional_headers=headers,
            logger=SILENT,
        ) as opened:
            opened.send(json.dumps({"type": "connection_init", "payload": payload}))
            assert json.loads(opened.recv(timeout=20)) == {"type": "connection_ack"}
            opened.send(json.dumps({"id": "1", "type": "subscribe", "payload": QUERY}))
            answer = json.loads(opened.recv(timeout=20))
            return None if "errors" not in answer["payload"] else json.dumps(answer)
    except InvalidStatus as refused:
        return f"{refused.response.status_code} {refused.response.body.decode()} {refused.response.headers}"
    except ConnectionClosed as closed:
        return None if closed.rcvd is None else f"{closed.rcvd.code} {closed.rcvd.reason}"


# What the client of these tests logs is not the server's.
SILENT = logging.getLogger("tests.silent")
SILENT.setLevel(logging.CRITICAL + 1)


def test_nothing_at_all_is_told_what_would_be_right(served: Served) -> None:
    answer = served.ask(None)

    assert answer.status_code == 401
    assert "`Authorization: Bearer`" in answer.json()["errors"][0]["message"]
    assert answer.headers["www-authenticate"] == 'Bearer realm="colloquy"'
    assert "Authorization: Bearer" in str(closed_with(served, {}, None))


def test_a_body_is_not_read_before_it_is_clear_who_sends_it(served: Served) -> None:
    address = urlsplit(served.url)
    with socket.create_connection((address.hostname, address.port), timeout=20) as connection:
        connection.sendall(
            b"POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
            b"authorization: Bearer clq_w_nothing\r\ncontent-length: 1000000\r\n\r\n"
        )
        assert connection.recv(100).startswith(b"HTTP/1.1 401 ")


def test_a_key_that_the_provider_has_changed_to_is_learnt_without_a_restart(served: Served) -> None:
    new = token(OTHER_RSA_KEY, kid="three")
    before = served.provider.body
    try:
        served.provider.body = key_set(public(OTHER_RSA_KEY, "three"))
        assert served.ask(new).status_code == 200
        assert served.ask(token(kid="one", jti="not seen before")).status_code == 401
    finally:
        served.provider.body = before


def test_a_socket_of_a_page_that_is_not_allowed_never_begins(served: Served) -> None:
    url = served.url.replace("http", "ws") + "/graphql"
    for origin, expected in (("https://evil.example", 403), ("null", 403), ("https://chat.example.com", None)):
        refused = None
        try:
            with connect(url, subprotocols=PROTOCOLS, origin=Origin(origin)) as opened:
                assert opened.subprotocol == PROTOCOLS[0]
        except InvalidStatus as error:
            refused = error.response.status_code
        assert refused == expected
