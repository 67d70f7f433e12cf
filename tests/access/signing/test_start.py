"""`colloquy serve` where it is safe, and not where it isn't."""

import json
from pathlib import Path

import httpx2
import pytest
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from tests.e2e.command import colloquy, error_of, running, url_of

QUERY = {"query": "{ __typename }"}


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_on_an_address_that_others_reach_it_does_not_start_without_a_key(tmp_path: Path, host: str) -> None:
    message = error_of(colloquy("serve", "--port", "0", "--host", host, folder=tmp_path))

    assert message.startswith(f"{host} can be reached from other machines")
    assert all(way in message for way in ("colloquy key create", "COLLOQUY_JWT_ISSUER", "--no-auth"))


def test_keys_that_let_nobody_in_any_more_are_no_reason_to_start(tmp_path: Path) -> None:
    made = colloquy("key", "create", "--workspace", "default", "--scope", "read", "--name", "gone", folder=tmp_path)
    assert made.returncode == 0, made.stderr
    revoked = colloquy("key", "revoke", made.stdout.strip()[:12], "--workspace", "default", folder=tmp_path)
    assert revoked.returncode == 0, revoked.stderr

    assert "there is no key" in error_of(colloquy("serve", "--port", "0", "--host", "0.0.0.0", folder=tmp_path))


def test_with_a_key_it_starts_on_any_address_and_answers_who_shows_it(tmp_path: Path) -> None:
    made = colloquy("key", "create", "--workspace", "default", "--scope", "read", "--name", "k", folder=tmp_path)
    secret = made.stdout.strip()
    talkative = {"COLLOQUY_LOG_LEVEL": "debug", "COLLOQUY_ACCESS_LOG": "true"}
    with running("serve", "--port", "0", "--host", "0.0.0.0", folder=tmp_path, **talkative) as server:
        url = url_of(server)
        with connect(url.replace("http", "ws") + "/graphql", subprotocols=[Subprotocol("graphql-transport-ws")]) as ws:
            ws.send(json.dumps({"type": "connection_init", "payload": {"authorization": f"Bearer {secret}"}}))
            assert json.loads(ws.recv(timeout=20)) == {"type": "connection_ack"}
        refused = httpx2.post(f"{url}/graphql", json=QUERY, timeout=20)
        answer = httpx2.post(
            f"{url}/graphql", json=QUERY, headers={"authorization": f"Bearer {secret}", "host": "a.example"}, timeout=20
        )
        output = server.output

    assert (refused.status_code, answer.status_code) == (401, 200)
    assert "No key is needed" not in output
    assert '"POST /graphql HTTP/1.1" 200' in output
    assert secret not in output


def test_no_auth_has_to_be_spelled_out_and_is_said(tmp_path: Path) -> None:
    with running("serve", "--port", "0", "--host", "0.0.0.0", "--no-auth", folder=tmp_path) as server:
        answer = httpx2.post(f"{url_of(server)}/graphql", json=QUERY, headers={"host": "a.example"}, timeout=20)
        assert "No key is needed (--no-auth)" in server.output

    assert answer.status_code == 200


def test_on_this_machine_it_starts_without_a_key_says_so_in_yellow_and_answers_this_machine_alone(
    tmp_path: Path,
) -> None:
    with running("serve", "--port", "0", folder=tmp_path, FORCE_COLOR="1", TERM="xterm") as server:
        line = next(line for line in server.says(r"[\s\S]*Stop").splitlines() if "No key is needed" in line)
        url = server.says(r"http://127\.0\.0\.1:\d+")
        answer = httpx2.post(f"{url}/graphql", json=QUERY, timeout=20)
        rebound = httpx2.post(f"{url}/graphql", json=QUERY, headers={"host": "evil.example"}, timeout=20)

    assert line.startswith("\x1b[33m")
    assert (answer.status_code, rebound.status_code) == (200, 421)


def test_half_an_identity_provider_is_a_mistake_that_is_named(tmp_path: Path) -> None:
    message = error_of(colloquy("serve", "--port", "0", folder=tmp_path, COLLOQUY_JWT_ISSUER="https://id.example.com/"))

    assert "COLLOQUY_JWT_AUDIENCE" in message
    assert "COLLOQUY_JWT_JWKS" in message
