"""The public keys of an identity provider (a JSON Web Key Set, RFC 7517), fetched, kept and fetched again.

Keys are asked for by the `kid` of a token, which is a key of a dictionary here and nothing else: no path, no URL, no
statement is ever made of it. A set that was read is used for `FRESH_SECONDS`, then read anew behind the back of whoever
asks; a `kid` that it doesn't have makes it be read at once, but not more often than every `again_after` seconds,
whatever strangers send. While the provider is down, or says nonsense, the last good set goes on.
"""

import asyncio
import json
import logging
import ssl
import time
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from http.client import HTTPException, HTTPMessage
from ipaddress import ip_address
from pathlib import Path
from typing import IO, Any, Final
from urllib.error import URLError
from urllib.parse import urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from typing_extensions import override  # typing has it from Python 3.12 on

from db.errors import ColloquyError

logger = logging.getLogger("colloquy")

FRESH_SECONDS: Final = 600.0
"""How long a set is used before it is read again."""

AGAIN_SECONDS: Final = 10.0
"""The shortest time between two reads that an unknown `kid`, or a failure, leads to."""

FETCH_SECONDS: Final = 5.0
"""How long the provider may take for the whole of its answer."""

SET_BYTES: Final = 262_144
"""A longer set is refused."""

SET_KEYS: Final = 100
"""Of a set with more keys the first are taken."""

RSA_BITS: Final = 2048
"""Shorter RSA keys are passed over (RFC 7518, section 3.3)."""

_CURVES: Final = {"secp256r1": "ES256", "secp384r1": "ES384", "secp521r1": "ES512"}

_RSA: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")

PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey | ed448.Ed448PublicKey


class BadKeySet(ColloquyError):
    """What should be a key set cannot be had, or is none."""

    code = "INTERNAL_SERVER_ERROR"


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A public key, and the algorithms that a signature by it can have."""

    kid: str | None
    key: PublicKey
    algorithms: frozenset[str]


KeySet = tuple[SigningKey, ...]


class KeySource:
    """The keys of one provider.

    Args:
        place: an https URL, an http URL of this machine, or the path of a file.
        fresh_for: seconds that a set is used before it is read again.
        again_after: the fewest seconds between two attempts to read it.

    Raises:
        BadKeySet: a URL that is neither, or no such file.
    """

    def __init__(self, place: str, *, fresh_for: float = FRESH_SECONDS, again_after: float = AGAIN_SECONDS) -> None:
        self._read = _reader(place)
        self._fresh_for, self._again_after = fresh_for, again_after
        self._keys: KeySet = ()
        self._read_at = self._tried_at = float("-inf")
        self._reading: asyncio.Task[None] | None = None
        self._failing = False

    async def candidates(self, kid: str | None, algorithm: str) -> KeySet:
        """The keys that a token with this header may be signed with.

        For a token that doesn't name its key there is one only where a single key fits. Raises BadKeySet where there
        has never been a set.
        """
        now = time.monotonic()
        found = self._fitting(kid, algorithm)
        if not found or not self._keys:
            if now - self._tried_at >= self._again_after or self._reading is not None:
                await asyncio.wait([self._refreshed()], timeout=FETCH_SECONDS)
                found = self._fitting(kid, algorithm)
            if not self._keys:
                raise BadKeySet("the identity provider's keys cannot be had at the moment")
        elif now - self._read_at >= self._fresh_for and now - self._tried_at >= self._again_after:
            self._refreshed()
        return found if kid is not None or len(found) == 1 else ()

    async def check(self) -> bool:
        """Read the set now, and say whether there is one; the log has why not."""
        await asyncio.wait([self._refreshed()], timeout=FETCH_SECONDS)
        return bool(self._keys)

    async def close(self) -> None:
        """Wait for what is being read."""
        if self._reading is not None:
            await asyncio.wait([self._reading])

    def _fitting(self, kid: str | None, algorithm: str) -> KeySet:
        return tuple(key for key in self._keys if (kid is None or key.kid == kid) and algorithm in key.algorithms)

    def _refreshed(self) -> asyncio.Task[None]:
        """The one reading that is under way."""
        if self._reading is None:
            self._tried_at = time.monotonic()
            self._reading = asyncio.create_task(self._refresh(), name="keys of the identity provider")
            self._reading.add_done_callback(self._done)
        return self._reading

    def _done(self, task: asyncio.Task[None]) -> None:
        self._reading = None
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("The identity provider's keys could not be read", exc_info=error)

    async def _refresh(self) -> None:
        try:
            keys = parse(await asyncio.to_thread(self._read))
        except BadKeySet as error:
            if not self._failing:  # once, until it works again
                logger.warning("The identity provider's keys: %s; the last good ones go on", error.message)
            self._failing = True
            return
        if self._failing:
            logger.warning("The identity provider's keys can be read again")
        self._failing = False
        self._keys, self._read_at = keys, time.monotonic()


def parse(text: bytes) -> KeySet:
    """The keys of a set that can sign. Raises BadKeySet where the text is none, or has not one such key."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise BadKeySet("the key set is no JSON") from None
    members = found.get("keys") if isinstance(found, dict) else None
    if not isinstance(members, list):
        raise BadKeySet("the key set has no list `keys`")
    keys = tuple(key for member in members[:SET_KEYS] if (key := _signing_key(member)) is not None)
    if not keys:
        raise BadKeySet("the key set has no public key that can sign (RSA of 2048 bits or more, EC, OKP)")
    return keys


def _signing_key(member: object) -> SigningKey | None:
    """The key, unless it is of a kind or for a use that is nothing to us: symmetric, for encryption, too short."""
    if not isinstance(member, dict) or member.get("kty") not in ("RSA", "EC", "OKP"):
        return None
    if member.get("use", "sig") != "sig" or "verify" not in _operations(member):
        return None
    public = {name: value for name, value in member.items() if name not in ("d", "p", "q", "dp", "dq", "qi", "alg")}
    try:
        key = jwt.PyJWK(public).key
    except (jwt.PyJWTError, ValueError, TypeError, KeyError, OverflowError):
        return None
    algorithms = _algorithms_of(key)
    if isinstance(named := member.get("alg"), str):
        algorithms = tuple(name for name in algorithms if name == named)
    kid = member.get("kid")
    if not algorithms or not isinstance(kid, str | None):
        return None
    return SigningKey(kid, key, frozenset(algorithms))


def _operations(member: Mapping[str, Any]) -> list[Any]:
    operations = member.get("key_ops", ["verify"])
    return operations if isinstance(operations, list) else []


def _algorithms_of(key: object) -> tuple[str, ...]:
    """The algorithms that go with a key of this kind, so that none is ever used as one of another kind."""
    if isinstance(key, rsa.RSAPublicKey):
        return _RSA if key.key_size >= RSA_BITS else ()
    if isinstance(key, ec.EllipticCurvePublicKey):
        return (_CURVES[key.curve.name],) if key.curve.name in _CURVES else ()
    return ("EdDSA",) if isinstance(key, ed25519.Ed25519PublicKey | ed448.Ed448PublicKey) else ()


def _reader(place: str) -> Callable[[], bytes]:
    """What reads the set at a place. Raises BadKeySet where it is no place to read keys from."""
    scheme = place.partition("://")[0].lower() if "://" in place else None
    if scheme is None:
        path = Path(place)
        if not path.is_file():
            raise BadKeySet(f"the key set {place!r} is neither a file that is there nor an https URL", field="jwt_jwks")
        return lambda: _of_file(path)
    try:
        host = urlsplit(place).hostname
    except ValueError:
        host = None
    if host is None or scheme not in ("http", "https"):
        raise BadKeySet("the key set's URL is of the form https://host/path", field="jwt_jwks")
    local = is_loopback(host)
    if scheme == "http" and not local:
        raise BadKeySet(
            "the key set's URL must be https: over http, anybody on the way could put in keys of their own",
            field="jwt_jwks",
        )
    handlers: list[urllib.request.BaseHandler] = [_NoRedirect(), urllib.request.HTTPSHandler(context=_tls())]
    if local:  # a proxy is for other machines
        handlers.append(urllib.request.ProxyHandler({}))
    opener = urllib.request.build_opener(*handlers)
    return lambda: _of_url(opener, place)


@lru_cache(maxsize=64)
def is_loopback(host: str) -> bool:
    """Whether a host, as it stands in a URL or a setting, is this machine and none else."""
    if host.lower() == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect may lead to where nobody has checked that it is https, or to a service inside."""

    @override
    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> None:
        """None: the answer is an error."""


def _of_file(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return _bounded(file.read(SET_BYTES + 1))
    except OSError as error:
        raise BadKeySet(f"{path} cannot be read: {error.strerror}") from error


def _of_url(opener: urllib.request.OpenerDirector, url: str) -> bytes:
    """The answer's body. The time-out of a socket is that of one read: who drips is stopped by the clock."""
    until = time.monotonic() + FETCH_SECONDS
    request = urllib.request.Request(url, headers={"accept": "application/jwk-set+json, application/json"})
    try:
        with opener.open(request, timeout=FETCH_SECONDS) as response:
            if response.status != 200:
                raise BadKeySet(f"their URL answers with status {response.status}")
            parts: list[bytes] = []
            while part := response.read1(65_536):
                parts.append(part)
                _bounded(b"".join(parts))
                if time.monotonic() > until:
                    raise BadKeySet(f"their URL took more than {FETCH_SECONDS:g} s to answer")
            return b"".join(parts)
    except (URLError, HTTPException, OSError, ValueError) as error:
        reason = getattr(error, "reason", None)
        raise BadKeySet(f"their URL cannot be read ({reason or type(error).__name__})") from error


def _bounded(text: bytes) -> bytes:
    if len(text) > SET_BYTES:
        raise BadKeySet(f"the key set has more than {SET_BYTES:,} bytes")
    return text
