"""From where the server may be asked: the Host and the Origin of a request, and what browsers are told about it.

A server that is open, because it has no keys yet, is open to this machine alone, and not to every page that a browser
on this machine shows. A name of an attacker's can be made to lead here (DNS rebinding): so Host must be a name of this
machine, which the attacker's page can't make it, and the connection must have come in on a loopback address. A page of
another site can send requests here without seeing the answers: so Origin, where there is one, must be the server's own
or be allowed by name. What such a page embeds or links to is asked for without an Origin; browsers say then in
Sec-Fetch-Site from where it is asked, and what comes from elsewhere counts as an Origin that nobody allows.

With keys a page of another site gets nowhere, as there is no cookie that a browser would add by itself: what is shown
is in a header, which takes a preflight, which is answered as CORS has it and by the same list of origins. WebSockets
know no preflight: their Origin is always checked.

A decision is made once for a Host and an Origin, and remembered.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from strawberry.http.websocket_origin import is_same_origin, normalize_allowed_origins, normalize_origin

from db.errors import ColloquyError
from graph.access.jwks import is_loopback
from graph.asked import Refusal
from graph.errors import ErrorCode
from graph.kept import LastUsed
from graph.lean import Head, RawHeaders, as_text

ANY: Final = "*"
"""An allowed origin that stands for all; not where the server is open."""

REMEMBERED: Final = 1024
"""Pairs of Host and Origin of which the decision is remembered."""

PREFLIGHT_SECONDS: Final = 600
"""How long a browser need not ask again."""

SECURITY_HEADERS: Final[RawHeaders] = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    # An answer is no page: nothing in it is run, nothing may frame it, nothing of another site may embed it.
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
]
"""What every answer says that doesn't say it for itself. HSTS is for the proxy that does TLS."""

ALLOWED_HEADERS: Final = b"authorization, content-type, x-colloquy-cost"
ALLOWED_METHODS: Final = b"GET, POST, OPTIONS"
EXPOSED_HEADERS: Final = b"retry-after, www-authenticate, x-ratelimit-limit, x-ratelimit-remaining, x-ratelimit-reset"

HIDDEN: Final = b"null"
"""What counts as the Origin of a request from elsewhere that tells none, as pages tell it that may not."""

_FROM_HERE: Final = frozenset({None, b"same-origin", b"none"})
"""Values of Sec-Fetch-Site: the server's own page asks, or somebody who typed the address; programs say nothing."""


class WrongOrigin(ColloquyError):
    """An entry of `allowed_origins` that is no origin."""


@dataclass(frozen=True, slots=True)
class Place:
    """What is thought of a Host and an Origin."""

    host_is_local: bool
    """A name of this machine: only what runs here asks by it."""
    origin_is_own: bool
    """There is none, or it is the server's, or one that is allowed by name."""
    cors: RawHeaders | None
    """What lets a page of the origin read the answer; None: it may not, or needs no leave."""
    told: RawHeaders = field(default_factory=lambda: SECURITY_HEADERS)
    """What every answer tells a browser there,"""
    told_text: bytes = b""
    """and the same as it goes out."""


class Places:
    """The rules of a server.

    Args:
        allowed_origins: pages of these sites may ask, beside the server's own: `https://chat.example.com`, or `*`.
        address: the one that the server listens on: a loopback address is a name of this machine, too.

    Raises:
        WrongOrigin: an allowed origin that is none.
    """

    def __init__(self, allowed_origins: Iterable[str] = (), address: str = "127.0.0.1") -> None:
        try:
            self.origins = normalize_allowed_origins(list(allowed_origins))
        except (ValueError, TypeError):
            raise WrongOrigin(
                "an allowed origin is a scheme, a host and a port if it isn't the usual one, such as "
                "https://chat.example.com; * allows all",
                field="allowed_origins",
            ) from None
        self.varies: RawHeaders = [(b"vary", b"origin")] if self.origins else []
        """What tells caches that an answer depends on who asked."""
        self._names = {"localhost", "127.0.0.1", "::1"} | ({address.strip("[]")} if _is_loopback_ip(address) else set())
        self._known: LastUsed[tuple[bytes | None, bytes | None], Place] = LastUsed(REMEMBERED, REMEMBERED * 512, 2048)

    def of(self, host: bytes | None, origin: bytes | None) -> Place:
        """What is thought of where a request comes from, by these two of its headers."""
        pair = (host, origin)
        if (found := self._known.get(pair)) is None:
            found = self._place(host, origin)
            told = [*SECURITY_HEADERS, *self.varies, *(found.cors or ())]
            found = replace(found, told=told, told_text=as_text(told))
            self._known.keep(pair, found, len(host or b"") + len(origin or b"") + 64)
        return found

    def _place(self, host: bytes | None, origin: bytes | None) -> Place:
        name = None if host is None else host.decode("latin-1")
        host_is_local = name is not None and self._is_local(name)
        if origin is None:
            return Place(host_is_local, True, None)
        text = origin.decode("latin-1")
        if _is_same(text, name):
            return Place(host_is_local, True, None)
        normal = normalize_origin(text)
        if normal is not None and normal in self.origins:
            return Place(host_is_local, True, _cors(origin))
        return Place(host_is_local, False, _cors(b"*") if ANY in self.origins else None)

    def _is_local(self, host: str) -> bool:
        """Whether a Host header is a name of this machine, with any port."""
        if host.startswith("["):
            name, closed, rest = host[1:].partition("]")
            if not closed or ":" not in name:
                return False
            port = rest[1:] if rest.startswith(":") else None if rest else ""
        else:
            name, _, port = host.partition(":")
            if ":" in name or name == "::1":
                return False
        if port is None or (port and not (port.isascii() and port.isdigit() and int(port) < 65_536)):
            return False
        return name.lower() in self._names


def shown_by(head: Head) -> tuple[bytes | None, bytes | None, bytes | None]:
    """Host, Origin and Authorization of a request.

    Where there is no Origin, and by Sec-Fetch-Site another site asks, the Origin is HIDDEN.
    """
    get = head.get
    own = get(b"origin") if b"origin" in head or get(b"sec-fetch-site") in _FROM_HERE else HIDDEN
    return get(b"host"), own, get(b"authorization")


def check_open(place: Place, server: Sequence[object] | None, *, with_host: bool = True) -> None:
    """Let a request pass that an open server gets.

    Args:
        server: the address that the connection came in on, as ASGI's scope has it.
        with_host: whether Host and address count: not where `--no-auth` has been spelled out.

    Raises:
        Refusal: 421 for another Host or address, 403 for an Origin that is neither the server's own nor allowed.
    """
    if with_host:
        if not place.host_is_local:
            raise Refusal(
                421,
                "A server without keys answers only to this machine: the Host header is right with localhost, "
                "127.0.0.1 or [::1]. By another name it answers once it has keys (`colloquy key create`).",
                code=ErrorCode.FORBIDDEN,
            )
        address = server[0] if server else None
        if not isinstance(address, str) or not is_loopback(address):
            raise Refusal(
                421,
                "A server without keys answers only on a loopback address; on another one it answers once it has keys "
                "(`colloquy key create`).",
                code=ErrorCode.FORBIDDEN,
            )
    check_origin(place)


def check_origin(place: Place, *, any_is_allowed: bool = False) -> None:
    """Let a request pass whose Origin is the server's own, or allowed; or any, where all are.

    Raises Refusal, 403.
    """
    if place.origin_is_own or (any_is_allowed and place.cors is not None):
        return
    raise Refusal(
        403,
        "Pages of other sites may not ask here, nor lead here by a link: type the address. The setting "
        "COLLOQUY_ALLOWED_ORIGINS names the origins of pages that may ask.",
        code=ErrorCode.FORBIDDEN,
    )


def preflight(place: Place) -> RawHeaders:
    """The headers that answer a browser which asks whether a page may ask. Raises Refusal, 403, where it may not."""
    if place.cors is None:
        check_origin(place)
    return [
        *(place.cors or ()),
        (b"access-control-allow-methods", ALLOWED_METHODS),
        (b"access-control-allow-headers", ALLOWED_HEADERS),
        (b"access-control-max-age", b"%d" % PREFLIGHT_SECONDS),
    ]


def _cors(origin: bytes) -> RawHeaders:
    """Never with credentials: there are no cookies, and what a page shows it shows itself."""
    return [(b"access-control-allow-origin", origin), (b"access-control-expose-headers", EXPOSED_HEADERS)]


def _is_same(origin: str, host: str | None) -> bool:
    """Whether an Origin is that of the server itself, as far as it is the Host that is asked.

    Nothing but a scheme, a host and a port is an origin; the scheme doesn't count, as TLS may end at a proxy.
    """
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    if parts.scheme not in ("http", "https") or parts.path or parts.query or parts.fragment or "@" in parts.netloc:
        return False
    return is_same_origin(origin, host)


def _is_loopback_ip(address: str) -> bool:
    try:
        return ip_address(address.strip("[]")).is_loopback
    except ValueError:
        return False
