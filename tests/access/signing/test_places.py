"""Where an open server answers: only by a name of this machine, and to no page of another site."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from httpx2 import ASGITransport, AsyncClient, Response
from starlette.applications import Starlette
from starlette.testclient import TestClient, WebSocketDenialResponse

from db import keys
from db.database import Database
from db.viewer import DEFAULT_VIEWER
from db.words import KeyScope
from graph.access.places import Places, WrongOrigin, check_open, shown_by
from graph.app import create_app
from graph.asked import Refusal
from graph.lean import head_of
from graph.settings import Settings
from tests.conftest import fresh_database

QUERY = {"query": "{ __typename }"}
LOCAL = ("127.0.0.1", 8000)


def status(host: str | None, origin: str | None, *, address: Sequence[object] | None = LOCAL, **more: Any) -> int:
    """What an open server answers a request with these headers, 200 being the answer itself."""
    given = [None if value is None else value.encode("latin-1") for value in (host, origin)]
    try:
        check_open(Places(**more).of(*given), address)
    except Refusal as refusal:
        return refusal.status
    return 200


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "localhost:8000",
        "LocalHost:8000",
        "127.0.0.1",
        "127.0.0.1:65535",
        "[::1]",
        "[::1]:8000",
        "localhost:",
    ],
)
def test_names_of_this_machine_are_answered(host: str) -> None:
    assert status(host, None) == 200


@pytest.mark.parametrize(
    "host",
    [
        None,
        "",
        "evil.example",
        "evil.example:8000",
        "localhost.evil.example",
        "localhost.",
        "evil.example#localhost",
        "localhost@evil.example",
        "127.0.0.1@evil.example",
        "127.0.0.1.nip.io",
        "127.0.0.1:8000:9",
        "127.0.0.1:99999",
        "127.0.0.1:x",
        "127.1",
        "2130706433",
        "0x7f.1",
        "0.0.0.0",
        "127.0.0.2",
        "10.0.0.1",
        "::1",
        "[::1",
        "[::1]x",
        "[::1]:x",
        "[::ffff:127.0.0.1]",
        "[127.0.0.1]",
        "[localhost]",
        "[::]",
        "локалхост",
        "localhost, evil.example",
        " localhost",
        "localhost/",
        "http://localhost",
    ],
)
def test_a_name_that_was_made_to_lead_here_is_answered_with_421(host: str | None) -> None:
    assert status(None if host is None else host.encode().decode("latin-1"), None) == 421


def test_a_host_that_is_said_twice_is_none() -> None:
    for second in (b"localhost", b"evil.example"):
        host, origin, _ = shown_by(head_of([(b"host", b"localhost"), (b"host", second)]))
        with pytest.raises(Refusal):
            check_open(Places().of(host, origin), LOCAL)


Headers = list[tuple[bytes, bytes]]

HERE: Headers = [(b"host", b"localhost:8000")]


def of_site(*sites: bytes, origin: bytes | None = None, allowed: Sequence[str] = ()) -> int:
    """What an open server answers a request that a browser has said this of, in whatever order."""
    said = [(b"sec-fetch-site", site) for site in sites] + [(b"origin", origin)] * (origin is not None)
    answers = set()
    for headers in (HERE + said, [*reversed(said), *HERE]):
        host, found, _ = shown_by(head_of([(name, value) for name, value in headers if value is not None]))
        try:
            check_open(Places(allowed).of(host, found), LOCAL)
        except Refusal as refusal:
            answers.add(refusal.status)
        else:
            answers.add(200)
    (answer,) = answers
    return answer


@pytest.mark.parametrize("site", [b"cross-site", b"same-site", b"", b"CROSS-SITE", b"none, cross-site", b"\xff"])
def test_what_a_page_elsewhere_embeds_or_links_to_is_answered_with_403(site: bytes) -> None:
    assert of_site(site) == 403
    assert of_site(site, allowed=["https://chat.example.com", "*"]) == 403
    assert of_site(b"none", site) == of_site(site, b"none") == 403


def test_what_the_own_page_embeds_and_what_is_typed_is_answered() -> None:
    assert of_site() == of_site(b"same-origin") == of_site(b"none") == 200


def test_a_site_that_is_said_twice_is_elsewhere() -> None:
    assert of_site(b"none", b"none") == 403


def test_where_there_is_an_origin_it_decides() -> None:
    own, other = b"http://localhost:8000", b"http://localhost:3000"
    assert of_site(b"same-origin", origin=own) == 200
    assert of_site(b"same-site", origin=other) == of_site(b"cross-site", origin=b"null") == 403
    assert of_site(b"same-site", origin=other, allowed=["http://localhost:3000"]) == 200
    assert of_site(b"cross-site", origin=b"https://a.example", allowed=["https://a.example"]) == 200


def test_another_loopback_address_is_a_name_where_the_server_listens_on_it() -> None:
    assert status("127.0.0.5:8000", None, address=("127.0.0.5", 8000)) == 421
    places = Places((), "127.0.0.5")
    check_open(places.of(b"127.0.0.5:8000", None), ("127.0.0.5", 8000))


@pytest.mark.parametrize("address", [("192.0.2.7", 8000), ("0.0.0.0", 8000), ("/run/socket", None), None, ("", 0), ()])
def test_a_connection_from_another_machine_is_refused_whatever_host_it_says(address: Sequence[object] | None) -> None:
    assert status("localhost:8000", None, address=address) == 421


@pytest.mark.parametrize("origin", ["http://localhost:8000", "https://localhost:8000", "http://LOCALHOST:8000"])
def test_the_servers_own_page_is_answered(origin: str) -> None:
    assert status("localhost:8000", origin) == 200


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "http://localhost",
        "http://localhost:3000",
        "http://127.0.0.1:8000",
        "http://localhost:8000.evil.example",
        "http://localhost:8000@evil.example",
        "http://evil.example@localhost:8000",
        "http://localhost:8000/",
        "ftp://localhost:8000",
        "file://",
        "null",
        "",
        "localhost:8000",
        "http://[",
        "http://localhost:8000 https://evil.example",
    ],
)
def test_a_page_of_another_place_is_answered_with_403(origin: str) -> None:
    assert status("localhost:8000", origin) == 403


def test_a_page_that_is_allowed_by_name_is_answered_and_all_pages_never() -> None:
    allowed = ["http://localhost:3000", "https://Chat.Example.com:443"]

    assert status("localhost:8000", "http://localhost:3000", allowed_origins=allowed) == 200
    assert status("localhost:8000", "https://chat.example.com", allowed_origins=allowed) == 200
    assert status("localhost:8000", "http://chat.example.com", allowed_origins=allowed) == 403
    assert status("localhost:8000", "https://evil.example", allowed_origins=["*"]) == 403
    assert status("evil.example", "https://chat.example.com", allowed_origins=allowed) == 421


@pytest.mark.parametrize(
    "entry", ["chat.example.com", "https://chat.example.com/path", "https://", "null", "https://*"]
)
def test_an_allowed_origin_that_is_none_is_refused_at_the_start(entry: str) -> None:
    if entry == "https://*":  # a name like another, which no page has
        assert status("localhost", "https://evil.example", allowed_origins=[entry]) == 403
        return
    with pytest.raises(WrongOrigin, match="scheme"):
        Places([entry])


# ---------------------------------------------------------------- the application


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    """On one kind: nothing here depends on it."""
    async with fresh_database("sqlite", tmp_path) as database:
        yield database


@asynccontextmanager
async def client(app: Starlette, url: str = "http://localhost:8000") -> AsyncIterator[AsyncClient]:
    """Someone who asks the application while it runs."""
    async with (
        app.router.lifespan_context(app),
        AsyncClient(transport=ASGITransport(app), base_url=url) as asked,
    ):
        yield asked


def code(response: Response) -> str:
    (error,) = response.json()["errors"]
    found: str = error["extensions"]["code"]
    return found


def running(database: Database, **settings: Any) -> Starlette:
    return create_app(Settings(explorer=False, **settings), database=database)


async def locked(database: Database, **settings: Any) -> tuple[Starlette, str]:
    """A server with a key, and its secret."""
    _, secret = await keys.create(database, "a key", KeyScope.READ, viewer=DEFAULT_VIEWER)
    return running(database, **settings), secret


@pytest.mark.parametrize("path", ["/graphql", "/", "/healthz", "/readyz", "/nothing"])
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS", "DELETE"])
async def test_no_path_and_no_method_of_an_open_server_is_reached_by_another_name(
    database: Database, method: str, path: str
) -> None:
    async with client(running(database)) as asked:
        answer = await asked.request(method, path, headers={"host": "evil.example:8000"}, json=QUERY)
        other = await asked.request(method, path, headers={"origin": "https://evil.example"}, json=QUERY)

    assert (answer.status_code, other.status_code) == (421, 403)
    assert (code(answer), code(other)) == ("FORBIDDEN", "FORBIDDEN")
    assert "access-control-allow-origin" not in other.headers


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
@pytest.mark.parametrize("path", ["/graphql", "/", "/healthz"])
async def test_an_image_of_another_site_asks_an_open_server_nothing(database: Database, path: str, site: str) -> None:
    headers = {"sec-fetch-site": site, "sec-fetch-mode": "no-cors", "sec-fetch-dest": "image"}
    async with client(running(database)) as asked:
        answer = await asked.get(path, params=QUERY, headers=headers)
        own = await asked.get("/graphql", params=QUERY, headers={**headers, "sec-fetch-site": "same-origin"})
    async with client(running(database, no_auth=True), "http://api.example.com") as asked:
        unlocked = await asked.get(path, params=QUERY, headers=headers)

    assert (answer.status_code, code(answer)) == (403, "FORBIDDEN")
    assert own.json() == {"data": {"__typename": "Query"}}
    assert (unlocked.status_code, code(unlocked)) == (403, "FORBIDDEN")


async def test_with_a_key_it_does_not_matter_from_where_one_asks(database: Database) -> None:
    app, secret = await locked(database)
    headers = {"sec-fetch-site": "cross-site"}
    async with client(app) as asked:
        without = await asked.get("/graphql", params=QUERY, headers=headers)
        with_key = await asked.get("/graphql", params=QUERY, headers={**headers, "authorization": f"Bearer {secret}"})
    assert (without.status_code, with_key.status_code) == (401, 200)


async def test_an_open_server_answers_this_machine(database: Database) -> None:
    async with client(running(database)) as asked:
        plain = await asked.post("/graphql", json=QUERY)
        own = await asked.post("/graphql", json=QUERY, headers={"origin": "http://localhost:8000"})

    assert (plain.status_code, own.status_code) == (200, 200)


async def test_a_server_with_keys_is_asked_by_any_name_and_of_any_page_with_a_key_alone(database: Database) -> None:
    app, secret = await locked(database)
    headers = {"host": "api.example.com", "origin": "https://elsewhere.example"}
    async with client(app) as asked:
        for method in ("POST", "GET"):
            given: dict[str, Any] = {"json": QUERY} if method == "POST" else {"params": QUERY}
            without = await asked.request(method, "/graphql", headers=headers, **given)
            with_key = await asked.request(
                method, "/graphql", headers={**headers, "authorization": f"Bearer {secret}"}, **given
            )
            assert (without.status_code, code(without)) == (401, "UNAUTHENTICATED")
            assert without.headers["www-authenticate"] == 'Bearer realm="colloquy"'
            assert (with_key.status_code, with_key.json()) == (200, {"data": {"__typename": "Query"}})


async def test_a_server_that_gets_its_first_key_while_it_runs_answers_by_any_name_at_once(database: Database) -> None:
    async with client(running(database)) as asked:
        headers = {"host": "api.example.com"}
        assert (await asked.post("/graphql", json=QUERY, headers=headers)).status_code == 421
        _, secret = await keys.create(database, "a key", KeyScope.READ, viewer=DEFAULT_VIEWER)
        headers["authorization"] = f"Bearer {secret}"
        assert (await asked.post("/graphql", json=QUERY, headers=headers)).status_code == 200


async def test_no_auth_is_open_by_any_name_and_still_to_no_page_of_another_site(database: Database) -> None:
    app = running(database, no_auth=True)
    async with client(app, "http://api.example.com") as asked:
        assert (await asked.post("/graphql", json=QUERY)).status_code == 200
        for own in ("http://api.example.com", "https://api.example.com"):  # TLS may end at a proxy
            assert (await asked.post("/graphql", json=QUERY, headers={"origin": own})).status_code == 200
        evil = await asked.get("/graphql", params=QUERY, headers={"origin": "https://evil.example"})
        assert evil.status_code == 403


async def test_a_preflight_is_answered_by_the_list_of_origins(database: Database) -> None:
    app, _ = await locked(database, allowed_origins=("https://chat.example.com",))
    asks = {"access-control-request-method": "POST", "access-control-request-headers": "authorization"}
    async with client(app) as asked:
        good = await asked.options("/graphql", headers={"origin": "https://chat.example.com", **asks})
        bad = await asked.options("/graphql", headers={"origin": "https://evil.example", **asks})
        plain = await asked.options("/graphql")

    assert good.status_code == 204
    assert good.headers.get_list("access-control-allow-origin") == ["https://chat.example.com"]
    assert "authorization" in good.headers["access-control-allow-headers"]
    assert "POST" in good.headers["access-control-allow-methods"]
    assert "origin" in good.headers["vary"]
    assert (bad.status_code, "access-control-allow-origin" in bad.headers) == (403, False)
    assert (plain.status_code, plain.headers["allow"]) == (204, "GET, HEAD, POST, OPTIONS")


async def test_a_page_that_is_allowed_can_read_answers_and_refusals_and_no_cookie_ever_counts(
    database: Database,
) -> None:
    for allowed, told in ((("https://chat.example.com",), "https://chat.example.com"), (("*",), "*")):
        app, secret = await locked(database, allowed_origins=allowed)
        async with client(app) as asked:
            page = {"origin": "https://chat.example.com"}
            answer = await asked.post("/graphql", json=QUERY, headers={**page, "authorization": f"Bearer {secret}"})
            refused = await asked.post("/graphql", json=QUERY, headers={**page, "cookie": f"authorization={secret}"})
        assert (answer.status_code, refused.status_code) == (200, 401)
        for response in (answer, refused):
            assert response.headers["access-control-allow-origin"] == told
            assert "access-control-allow-credentials" not in response.headers
            assert "retry-after" in response.headers["access-control-expose-headers"]


async def test_every_answer_tells_browsers_what_it_is_not_for(database: Database) -> None:
    async with client(running(database)) as asked:
        answers = [
            await asked.post("/graphql", json=QUERY),
            await asked.post("/graphql", json={"query": "{"}),
            await asked.post("/graphql", content=b"x"),
            await asked.get("/graphql", params=QUERY),
            await asked.get("/healthz"),
            await asked.get("/nothing"),
            await asked.post("/graphql", json=QUERY, headers={"host": "evil.example"}),
        ]
    for answer in answers:
        for name, value in {
            "x-content-type-options": "nosniff",
            "referrer-policy": "no-referrer",
            "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
            "cross-origin-resource-policy": "same-origin",
            "cache-control": "no-store",
        }.items():
            assert answer.headers.get_list(name) == [value], answer.url


async def test_the_explorers_page_keeps_its_own_rules(database: Database) -> None:
    app = create_app(Settings(explorer=True), database=database)
    async with client(app) as asked:
        page = await asked.get("/graphql", headers={"accept": "text/html"})

    assert page.status_code == 200
    (policy,) = page.headers.get_list("content-security-policy")
    assert "frame-ancestors 'none'" in policy
    assert "connect-src 'self'" in policy
    assert page.headers.get_list("cache-control") == ["no-cache"]


@pytest.mark.parametrize(
    ("headers", "expected"),
    [({"host": "evil.example"}, 421), ({"origin": "https://evil.example"}, 403), ({"origin": "null"}, 403)],
)
def test_a_socket_of_another_place_never_begins(tmp_path: Path, headers: dict[str, str], expected: int) -> None:
    app = create_app(Settings(database_url=str(tmp_path / "colloquy.db"), explorer=False))
    with TestClient(app, base_url="http://localhost:8000") as asked:
        with (
            pytest.raises(WebSocketDenialResponse) as refused,
            asked.websocket_connect(
                "ws://localhost:8000/graphql", subprotocols=["graphql-transport-ws"], headers=headers
            ),
        ):
            pass
        assert refused.value.status_code == expected
        assert refused.value.json()["errors"][0]["extensions"]["code"] == "FORBIDDEN"
