"""Key sets of an identity provider: read, kept, read again, and never read by what a stranger writes."""

import asyncio
import json
import logging
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from graph.access import jwks
from graph.access.jwks import SET_BYTES, BadKeySet, KeySource, parse
from tests.access.signing.provider import EC_KEY, OTHER_RSA_KEY, RSA_KEY, Provider, key_set, providing, public

FOR_EVER = 1e9


@pytest.fixture
def provider() -> Iterator[Provider]:
    with providing() as provider:
        yield provider


async def kids(source: KeySource, kid: str, algorithm: str = "RS256") -> list[str | None]:
    return [key.kid for key in await source.candidates(kid, algorithm)]


async def test_a_key_that_is_new_is_found_as_soon_as_a_token_names_it(provider: Provider) -> None:
    source = KeySource(provider.url, again_after=0.0)
    assert await kids(source, "one") == ["one"]

    provider.body = key_set(public(RSA_KEY, "one"), public(OTHER_RSA_KEY, "two"))

    assert await kids(source, "two") == ["two"]
    assert len(provider.asked) == 2


async def test_a_key_that_was_taken_out_is_forgotten_with_the_next_reading(provider: Provider) -> None:
    source = KeySource(provider.url, fresh_for=0.0, again_after=0.0)
    assert await kids(source, "one") == ["one"]

    provider.body = key_set(public(OTHER_RSA_KEY, "two"))
    await kids(source, "one")  # read behind the back of this one
    await source.close()

    assert await kids(source, "one") == []


async def test_strangers_with_made_up_kids_do_not_make_the_provider_be_asked_more_often(provider: Provider) -> None:
    source = KeySource(provider.url, again_after=FOR_EVER)
    await kids(source, "one")

    for number in range(100):
        assert await kids(source, f"made up {number}") == []

    assert len(provider.asked) == 1


async def test_many_who_come_at_once_share_one_reading(provider: Provider) -> None:
    source = KeySource(provider.url)

    found = await asyncio.gather(*(kids(source, "one") for _ in range(50)))

    assert found == [["one"]] * 50
    assert len(provider.asked) == 1


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, b"down"),
        (200, b"<html>maintenance</html>"),
        (200, b'{"keys": []}'),
        (200, b'{"keys": 7}'),
        (200, b"[]"),
        (200, b" " * (SET_BYTES + 1)),
        (200, b"[" * 100_000),
    ],
    ids=["500", "html", "empty", "no list", "no object", "too long", "too deep"],
)
async def test_while_the_provider_is_down_or_says_nonsense_the_last_good_keys_go_on(
    provider: Provider, caplog: pytest.LogCaptureFixture, status: int, body: bytes
) -> None:
    source = KeySource(provider.url, fresh_for=0.0, again_after=0.0)
    assert await kids(source, "one") == ["one"]
    provider.status, provider.body = status, body

    with caplog.at_level(logging.WARNING, logger="colloquy"):
        for _ in range(3):
            assert await kids(source, "one") == ["one"]
            await source.close()

    assert [record.getMessage().count("last good ones go on") for record in caplog.records] == [1]


async def test_keys_that_have_never_been_there_are_an_error_and_not_a_bad_token(provider: Provider) -> None:
    provider.status = 503

    with pytest.raises(BadKeySet, match="cannot be had"):
        await KeySource(provider.url).candidates("one", "RS256")


async def test_a_provider_that_hangs_holds_nobody_for_longer_than_the_limit(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jwks, "FETCH_SECONDS", 0.2)
    provider.hanging = threading.Event()
    source = KeySource(provider.url)

    with pytest.raises(BadKeySet):
        await source.candidates("one", "RS256")

    provider.hanging.set()
    await source.close()


async def test_a_redirect_is_not_followed(provider: Provider) -> None:
    with providing() as other:
        provider.status, provider.location = 302, other.url

        with pytest.raises(BadKeySet):
            await KeySource(provider.url).candidates("one", "RS256")

        assert other.asked == []


def test_of_a_set_only_what_can_verify_a_signature_is_taken() -> None:
    short = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    members: list[Any] = [
        public(RSA_KEY, "good"),
        public(EC_KEY, "for encryption", use="enc"),
        public(EC_KEY, "by its operations", key_ops=["encrypt"]),
        public(short, "short"),
        public(RSA_KEY, "of an algorithm that goes with no RSA key", alg="ES256"),
        public(RSA_KEY, "symmetric by its own word", alg="HS256"),
        {"kty": "oct", "k": "c2VjcmV0", "kid": "symmetric"},
        {"kty": "RSA", "kid": "half"},
        {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA", "kid": "no point"},
        {"kid": "nothing"},
        "nonsense",
        None,
        {**public(RSA_KEY, None), "kid": 7},
    ]

    assert [key.kid for key in parse(json.dumps({"keys": members}).encode())] == ["good"]


def test_a_key_that_names_its_algorithm_verifies_no_other() -> None:
    (named,) = parse(key_set(public(RSA_KEY, "one", alg="RS512")))
    (unnamed,) = parse(key_set(public(RSA_KEY, "one")))

    assert named.algorithms == {"RS512"}
    assert unnamed.algorithms == {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"}
