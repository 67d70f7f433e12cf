"""JWTs of an identity provider: which are valid, whom they stand for, and what forged ones run into."""

import base64
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jwt
import pytest

from db.words import Role
from graph.access.issuer import Claims, Identity, Issuer, issuer_of
from graph.access.jwks import BadKeySet, KeySource
from graph.access.tokens import BadToken
from graph.settings import Settings, WrongSettings
from tests.access.signing.provider import (
    AUDIENCE,
    EC_KEY,
    ED_KEY,
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


@pytest.fixture
def provider() -> Iterator[Provider]:
    with providing() as provider:
        yield provider


def issuer(place: Provider | Path, again_after: float = 0.0, **more: Any) -> Issuer:
    source = KeySource(place.url if isinstance(place, Provider) else str(place), again_after=again_after)
    return Issuer(ISSUER, [AUDIENCE], source, **{"algorithms": ("RS256", "ES256", "EdDSA"), **more})


async def refusal(made: Issuer, text: str) -> str:
    """Why a token is refused, which says nothing of what is in it."""
    with pytest.raises(BadToken) as refused:
        await made.identity(text)
    message = refused.value.message
    for part in text.split("."):
        assert len(part) < 8 or part not in message
    assert "alice" not in message
    return message


async def test_a_good_token_stands_for_its_user_in_the_default_workspace_until_it_expires(provider: Provider) -> None:
    found = await issuer(provider).identity(token(exp=4102444800))

    assert (found.workspace, found.user_id, found.role) == ("default", "alice", Role.END_USER)
    assert found.expires_at.timestamp() == 4102444800


@pytest.mark.parametrize(
    ("key", "algorithm"), [(RSA_KEY, "RS256"), (EC_KEY, "ES256"), (ED_KEY, "EdDSA")], ids=["rsa", "ec", "okp"]
)
async def test_each_kind_of_public_key_verifies_its_own_algorithm(provider: Provider, key: Any, algorithm: str) -> None:
    provider.body = key_set(public(RSA_KEY, "RS256"), public(EC_KEY, "ES256"), public(ED_KEY, "EdDSA"))

    assert (await issuer(provider).identity(token(key, algorithm, kid=algorithm))).user_id == "alice"


async def test_a_key_set_in_a_file_does_as_well(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    path.write_bytes(key_set(public(RSA_KEY, "one")))

    assert (await issuer(path).identity(token())).user_id == "alice"


HEADER = {"typ": "JWT", "kid": "one"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (written({**HEADER, "alg": "none"}, claims()), "`alg`"),
        (written({**HEADER, "alg": "None"}, claims()), "`alg`"),
        (written({"typ": "JWT"}, claims()), "`alg`"),
        (written({**HEADER, "alg": "HS256"}, claims(), pem(RSA_KEY)), "`alg`"),
        (written({**HEADER, "alg": "RS256"}, claims(), pem(RSA_KEY)), "signature"),
        (token(RSA_KEY, "RS512"), "`alg`"),
        (token(RSA_KEY, "PS256"), "`alg`"),
        (token(OTHER_RSA_KEY), "signature"),
        (token(EC_KEY, "ES256"), "signature"),
        (token(kid="two"), "signature"),
        (token(kid="../../../../etc/passwd"), "signature"),
        (token(kid="' OR 1=1 --"), "signature"),
        (token(kid="http://169.254.169.254/"), "signature"),
        (token(kid="x" * 257), "`kid`"),
        (written({"typ": "JWT", "alg": "RS256", "kid": 7}, claims()), "no JWT that can be read"),
        (jwt.encode(claims(), RSA_KEY, "RS256", headers={"kid": "one", "crit": ["exp"]}), ""),
        (token(exp=int(time.time()) - 61), "expired"),
        (token(exp=None), "`exp`"),
        (token(exp="tomorrow"), "RFC 7519"),
        (token(nbf=int(time.time()) + 86_400), "not valid yet"),
        (token(iat=int(time.time()) + 86_400), "not valid yet"),
        (token(aud="another"), "`aud`"),
        (token(aud=["another", "third"]), "`aud`"),
        (token(aud=None), "`aud`"),
        (token(iss="https://evil.example/"), "`iss`"),
        (token(iss=ISSUER.rstrip("/")), "`iss`"),
        (token(iss=None), "`iss`"),
        (token(sub=None), "`sub`"),
        (token(sub=""), "`sub`"),
        (token(sub="x" * 513), "`sub`"),
        (token(sub="a\0b"), "`sub`"),
        (token(sub="a\ud800b"), "`sub`"),
        (token()[:-3], ""),
        ("a.b.c", "no JWT that can be read"),
        ("..", "no JWT that can be read"),
        ("", "no JWT that can be read"),
        ("[" * 8000, "no JWT that can be read"),
        (".".join([base64.urlsafe_b64encode(b"[" * 5000).rstrip(b"=").decode()] * 3), "no JWT that can be read"),
    ],
    ids=lambda value: None if isinstance(value, str) and len(value) > 60 else value,
)
async def test_a_token_that_is_not_valid_is_refused_with_the_reason(provider: Provider, text: str, said: str) -> None:
    assert said in await refusal(issuer(provider), text)
    assert all(path == "/keys" for path in provider.asked)


async def test_keys_that_the_token_brings_along_are_not_looked_at(provider: Provider) -> None:
    brought: dict[str, Any] = {"kid": "mine", "jwk": public(OTHER_RSA_KEY, "mine"), "jku": provider.url + "/mine"}
    text = jwt.encode(claims(), OTHER_RSA_KEY, "RS256", headers=brought)

    assert "signature" in await refusal(issuer(provider), text)
    assert "/keys/mine" not in provider.asked


async def test_a_signature_is_never_taken_for_another_kind_of_key(provider: Provider) -> None:
    provider.body = key_set(public(RSA_KEY, "one"), {"kty": "oct", "k": "c2VjcmV0", "kid": "shared", "alg": "HS256"})

    for kid in ("one", "shared"):
        forged = written({"alg": "HS256", "kid": kid, "typ": "JWT"}, claims(), b"secret")
        assert "`alg`" in await refusal(issuer(provider), forged)


async def test_the_clocks_may_differ_by_the_skew_and_no_more(provider: Provider) -> None:
    made = issuer(provider, skew=30.0)
    now = int(time.time())

    assert (await made.identity(token(exp=now - 20))).user_id == "alice"
    assert (await made.identity(token(nbf=now + 20, iat=now + 20))).user_id == "alice"
    assert "expired" in await refusal(made, token(exp=now - 31))
    assert "not valid yet" in await refusal(made, token(nbf=now + 35))


async def test_an_expiry_beyond_all_calendars_is_far_away(provider: Provider) -> None:
    assert (await issuer(provider).identity(token(exp=10**30))).expires_at.year == 9999


async def test_a_token_without_a_kid_is_verified_where_one_key_fits_alone(provider: Provider) -> None:
    provider.body = key_set(public(RSA_KEY, "one"), public(EC_KEY, "two"))
    assert (await issuer(provider).identity(token(kid=None))).user_id == "alice"

    provider.body = key_set(public(RSA_KEY, "one"), public(OTHER_RSA_KEY, "two"))
    assert "signature" in await refusal(issuer(provider), token(kid=None))


async def identity(provider: Provider, names: Claims, **more: Any) -> Identity:
    return await issuer(provider, claims=names).identity(token(**more))


@pytest.mark.parametrize(
    ("said", "role"),
    [
        ("VIEWER", Role.VIEWER),
        ("editor", Role.EDITOR),
        (["nothing", "viewer", "ADMIN", 7], Role.ADMIN),
        ("ingest", Role.END_USER),
        ("superuser", Role.END_USER),
        ([], Role.END_USER),
        (None, Role.END_USER),
        ({"admin": True}, Role.END_USER),
        (True, Role.END_USER),
    ],
    ids=str,
)
async def test_the_role_is_the_highest_that_is_named_and_an_end_users_otherwise(
    provider: Provider, said: object, role: Role
) -> None:
    assert (await identity(provider, Claims(role="role"), role=said)).role is role


async def test_without_a_setting_no_claim_makes_anybody_staff(provider: Provider) -> None:
    assert (await identity(provider, Claims(), role="ADMIN", roles=["ADMIN"])).role is Role.END_USER


async def test_names_of_claims_are_taken_as_they_stand_and_then_step_by_step(provider: Provider) -> None:
    deep, url = Claims(role="realm.roles"), Claims(role="https://example.com/role", user="https://example.com/id")

    assert (await identity(provider, deep, realm={"roles": ["editor"]})).role is Role.EDITOR
    assert (await identity(provider, deep, realm="editor")).role is Role.END_USER
    named = {"https://example.com/role": "viewer", "https://example.com/id": 42}
    found = await identity(provider, url, **named)
    assert (found.role, found.user_id) == (Role.VIEWER, "42")


async def test_a_workspace_that_a_claim_has_to_name_is_never_the_default_one(provider: Provider) -> None:
    names = Claims(workspace="tenant")

    assert (await identity(provider, names, tenant="acme")).workspace == "acme"
    for said in (None, "", 7, ["acme"]):
        with pytest.raises(BadToken, match="`tenant` names the workspace"):
            await identity(provider, names, tenant=said)


async def test_the_provider_is_asked_once_for_many_tokens(provider: Provider) -> None:
    made = issuer(provider)

    for _ in range(5):
        await made.identity(token())

    assert len(provider.asked) == 1


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"jwt_issuer": ISSUER}, "COLLOQUY_JWT_AUDIENCE and COLLOQUY_JWT_JWKS missing"),
        ({"jwt_jwks": "https://id.example.com/keys"}, "COLLOQUY_JWT_ISSUER and COLLOQUY_JWT_AUDIENCE missing"),
        ({"jwt_issuer": "colloquy", "jwt_audience": "a", "jwt_jwks": "https://id.example.com/keys"}, "own tokens"),
    ],
)
def test_half_a_provider_and_one_of_our_name_are_refused(given: dict[str, str], said: str) -> None:
    with pytest.raises(WrongSettings, match=said):
        issuer_of(Settings(**given))  # type: ignore[arg-type]  # pydantic validates them


@pytest.mark.parametrize("algorithm", ["none", "HS256", "RS256,HS256", ""])
def test_no_setting_makes_a_token_valid_that_anybody_can_sign(monkeypatch: pytest.MonkeyPatch, algorithm: str) -> None:
    monkeypatch.setenv("COLLOQUY_JWT_ALGORITHMS", algorithm)

    with pytest.raises(WrongSettings, match="COLLOQUY_JWT_ALGORITHMS"):
        Settings.load()


@pytest.mark.parametrize(
    "place",
    [
        "http://id.example.com/keys",
        "ftp://127.0.0.1/keys",
        "file:///etc/passwd",
        "https://",
        "https://[",
        "nothing.json",
    ],
)
def test_keys_come_from_https_this_machine_or_a_file_and_from_nowhere_else(place: str) -> None:
    with pytest.raises(BadKeySet):
        KeySource(place)


def test_lists_in_settings_stand_between_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLLOQUY_JWT_AUDIENCE", "one, two")
    monkeypatch.setenv("COLLOQUY_JWT_ALGORITHMS", "ES256,EdDSA")

    settings = Settings.load()

    assert (settings.jwt_audience, settings.jwt_algorithms) == (("one", "two"), ("ES256", "EdDSA"))
    assert json.dumps(settings.model_dump(mode="json"))
