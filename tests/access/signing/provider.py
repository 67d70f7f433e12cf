"""An identity provider for tests: keys of its own, tokens signed with them, and a key set on a loopback address."""

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm
from typing_extensions import override  # typing has it from Python 3.12 on

ISSUER = "https://id.example.com/"
AUDIENCE = "colloquy-tests"

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey

RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER_RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
EC_KEY = ec.generate_private_key(ec.SECP256R1())
ED_KEY = ed25519.Ed25519PrivateKey.generate()


def public(key: PrivateKey, kid: str | None, **more: Any) -> dict[str, Any]:
    """A key as a key set shows it."""
    if isinstance(key, rsa.RSAPrivateKey):
        shown = RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
    elif isinstance(key, ec.EllipticCurvePrivateKey):
        shown = ECAlgorithm.to_jwk(key.public_key(), as_dict=True)
    else:
        shown = OKPAlgorithm.to_jwk(key.public_key(), as_dict=True)
    return {**shown, **({} if kid is None else {"kid": kid}), **more}


def pem(key: PrivateKey) -> bytes:
    """The public key as text, which anybody has."""
    return key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def key_set(*keys: dict[str, Any]) -> bytes:
    return json.dumps({"keys": list(keys)}).encode()


def claims(**more: Any) -> dict[str, Any]:
    """The claims of a good token; None takes one away."""
    now = int(time.time())
    given = {"iss": ISSUER, "aud": AUDIENCE, "sub": "alice", "iat": now, "exp": now + 600, **more}
    return {name: value for name, value in given.items() if value is not None}


def token(key: PrivateKey = RSA_KEY, algorithm: str = "RS256", kid: str | None = "one", **more: Any) -> str:
    """A token, a good one unless said otherwise."""
    return jwt.encode(claims(**more), key, algorithm, headers=None if kid is None else {"kid": kid})


def written(header: dict[str, Any], payload: dict[str, Any], secret: bytes | None = None) -> str:
    """A token by hand, as no library would make it: unsigned, or signed with HS256 by whatever bytes."""
    head = f"{_base64(json.dumps(header).encode())}.{_base64(json.dumps(payload).encode())}"
    signature = b"" if secret is None else hmac.new(secret, head.encode(), hashlib.sha256).digest()
    return f"{head}.{_base64(signature)}"


def _base64(text: bytes) -> str:
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


class Provider:
    """What the key set's URL answers, and how often it was asked."""

    def __init__(self) -> None:
        self.status = 200
        self.body = key_set(public(RSA_KEY, "one"))
        self.location: str | None = None
        self.hanging: threading.Event | None = None
        """While it is there and not set, nothing is answered."""
        self.asked: list[str] = []
        self.url = ""

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        self.asked.append(handler.path)
        if self.hanging is not None:
            self.hanging.wait(20)
        handler.send_response(self.status)
        if self.location is not None:
            handler.send_header("location", self.location)
        handler.send_header("content-length", str(len(self.body)))
        handler.end_headers()
        handler.wfile.write(self.body)


@contextmanager
def providing() -> Iterator[Provider]:
    """A provider that answers while the block runs."""
    provider = Provider()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            provider.answer(self)

        @override
        def log_message(self, format: str, *args: Any) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    provider.url = f"http://127.0.0.1:{server.server_address[1]}/keys"
    try:
        yield provider
    finally:
        if provider.hanging is not None:
            provider.hanging.set()
        server.shutdown()
        server.server_close()
        thread.join()
