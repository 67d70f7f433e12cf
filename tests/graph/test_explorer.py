"""The explorer's page, the files that it names, and its examples."""

import gzip
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from graphql import OperationDefinitionNode, parse
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.testclient import TestClient

import graph.explorer.build as builder
from graph.explorer import examples, explorer_page, explorer_routes
from graph.explorer.assets import accepts_gzip
from graph.explorer.security import CONTENT_SECURITY_POLICY

SCRIPT = "main-ABCD1234.js"
CODE = "console.log('colloquy')\n" * 50
TEXTS = {
    SCRIPT: CODE,
    "main-EFGH5678.css": "body { margin: 0 }",
    "icon-JKLM9012.svg": "<svg/>",
    "editor.worker-NPQR3456.js": "",
    "licenses.txt": "MIT",
}
FONT = "codicon-STUV7890.ttf"


@pytest.fixture
def static(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the explorer would be: nothing is there yet."""
    folder = tmp_path / "static"
    monkeypatch.setattr(builder, "STATIC", folder)
    return folder


@pytest.fixture
def built(static: Path) -> Path:
    """An explorer of a few files, laid out as the bundler does it."""
    static.mkdir()
    for name, text in TEXTS.items():
        (static / f"{name}.gz").write_bytes(gzip.compress(text.encode()))
    (static / FONT).write_bytes(b"\0font")
    manifest = {
        "main": SCRIPT,
        "style": "main-EFGH5678.css",
        "icon": "icon-JKLM9012.svg",
        "workers": {"editor": "editor.worker-NPQR3456.js"},
        "preload": [],
        "files": [*TEXTS, FONT],
        "sources": builder.sources_digest(),
    }
    (static / "manifest.json").write_text(json.dumps(manifest))
    return static


@pytest.fixture
def client() -> Iterator[TestClient]:
    async def page(request: Request) -> Response:
        return explorer_page(request=request)

    with TestClient(Starlette(routes=[Route("/graphql", page), *explorer_routes()])) as client:
        yield client


# The page


@pytest.mark.usefixtures("built")
def test_the_page_may_run_its_own_files_and_nothing_else(client: TestClient) -> None:
    answer = client.get("/graphql")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["content-security-policy"] == CONTENT_SECURITY_POLICY
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-cache"
    directives = dict(directive.split(" ", 1) for directive in CONTENT_SECURITY_POLICY.split("; "))
    assert directives["default-src"] == "'none'"
    assert directives["script-src"] == directives["worker-src"] == directives["connect-src"] == "'self'"
    assert [name for name, value in directives.items() if "unsafe" in value] == ["style-src"]


@pytest.mark.usefixtures("built")
def test_every_address_in_the_page_is_one_of_its_own_files(client: TestClient) -> None:
    html = client.get("/graphql").text
    addresses = re.findall(r'(?:src|href)="([^"]*)"', html)
    assert f"/explorer/{SCRIPT}" in addresses
    assert [client.get(address).status_code for address in addresses] == [200] * len(addresses)
    assert re.findall(r"<script(?![^>]* src=)[^>]*>", html) == ['<script type="application/json" id="settings">']


@pytest.mark.usefixtures("built")
def test_the_page_carries_its_settings_as_data(client: TestClient) -> None:
    settings = _settings(client.get("/graphql").text)
    assert settings["endpoint"] == "/graphql"
    assert settings["workers"] == {"editor": "/explorer/editor.worker-NPQR3456.js"}
    shown = settings["examples"]
    assert isinstance(shown, list)
    assert [(tab["title"], tab["query"]) for tab in shown] == [(each.title, each.query) for each in examples()]


@pytest.mark.usefixtures("built")
def test_no_endpoint_can_break_out_of_the_page() -> None:
    endpoint = '/a"><script>alert(1)</script><!--'
    html = bytes(explorer_page(endpoint).body).decode()
    assert html.count("<script") == 2
    assert _settings(html)["endpoint"] == endpoint


@pytest.mark.usefixtures("built")
def test_a_browser_that_has_the_page_is_told_that_it_still_holds(client: TestClient) -> None:
    etag = client.get("/graphql").headers["etag"]
    again = client.get("/graphql", headers={"if-none-match": f'"other", W/{etag}'})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)
    assert client.get("/graphql", headers={"if-none-match": '"other"'}).status_code == 200


@pytest.mark.usefixtures("built")
def test_behind_a_prefix_the_page_names_its_files_and_its_endpoint_with_it() -> None:
    request = Request({"type": "http", "headers": [], "root_path": "/chat", "path": "/chat/graphql"})
    html = bytes(explorer_page(request=request).body).decode()
    assert f'src="/chat/explorer/{SCRIPT}"' in html
    assert _settings(html)["endpoint"] == "/chat/graphql"


@pytest.mark.usefixtures("static")
def test_without_the_explorer_the_page_says_what_is_here_and_how_to_get_it(client: TestClient) -> None:
    answer = client.get("/graphql")
    assert answer.status_code == 200
    assert answer.headers["content-security-policy"] == CONTENT_SECURITY_POLICY
    assert "curl http://testserver/graphql" in answer.text
    assert "colloquy explorer build" in answer.text
    assert "Node.js 20" in answer.text
    assert "<script" not in answer.text


def test_an_explorer_built_while_the_server_runs_is_served(client: TestClient, request: pytest.FixtureRequest) -> None:
    request.getfixturevalue("static")
    assert "isn't built" in client.get("/graphql").text
    request.getfixturevalue("built")
    assert "GraphQL explorer" in client.get("/graphql").text


# The files


@pytest.mark.usefixtures("built")
def test_a_file_named_by_its_hash_is_sent_compressed_and_kept_for_ever(client: TestClient) -> None:
    answer = client.get(f"/explorer/{SCRIPT}", headers={"accept-encoding": "br, gzip;q=0.8"})
    assert answer.text == CODE
    assert answer.headers["content-encoding"] == "gzip"
    assert int(answer.headers["content-length"]) < len(CODE) / 2
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["vary"] == "Accept-Encoding"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"] == CONTENT_SECURITY_POLICY


@pytest.mark.usefixtures("built")
def test_a_client_that_takes_no_gzip_gets_the_file_as_it_is(client: TestClient) -> None:
    answer = client.get(f"/explorer/{SCRIPT}", headers={"accept-encoding": "identity"})
    assert answer.content == CODE.encode()
    assert "content-encoding" not in answer.headers
    assert answer.headers["vary"] == "Accept-Encoding"


@pytest.mark.usefixtures("built")
def test_what_is_compressed_by_nature_is_sent_as_it_is(client: TestClient) -> None:
    answer = client.get(f"/explorer/{FONT}", headers={"accept-encoding": "gzip"})
    assert answer.content == b"\0font"
    assert answer.headers["content-type"] == "font/ttf"
    assert "content-encoding" not in answer.headers


@pytest.mark.usefixtures("built")
def test_a_file_without_a_hash_in_its_name_is_asked_for_anew(client: TestClient) -> None:
    answer = client.get("/explorer/licenses.txt")
    assert (answer.text, answer.headers["cache-control"]) == ("MIT", "no-cache")


@pytest.mark.parametrize(
    "path",
    [
        "main-00000000.js",
        f"{SCRIPT}.gz",
        "manifest.json",
        "",
        "..%2fbuild.py",
        "%2e%2e/build.py",
        "..%5cbuild.py",
        "/etc/passwd",
        "%00",
    ],
)
@pytest.mark.usefixtures("built")
def test_there_is_nothing_but_the_files_of_the_manifest(client: TestClient, path: str) -> None:
    assert client.get(f"/explorer/{path}").status_code == 404


@pytest.mark.usefixtures("static")
def test_without_the_explorer_there_are_no_files(client: TestClient) -> None:
    answer = client.get(f"/explorer/{SCRIPT}")
    assert (answer.status_code, answer.headers["cache-control"]) == (404, "no-store")


@pytest.mark.parametrize(
    ("header", "accepted"),
    [
        ("gzip", True),
        ("GZIP;q=1.000", True),
        ("deflate, x-gzip", True),
        ("*", True),
        ("br;q=1, *;q=0.1", True),
        ("", False),
        ("identity", False),
        ("gzip;q=0", False),
        ("gzip;q=0.000, *", False),
        ("*;q=0", False),
        ("gzip;level=9", False),
    ],
)
def test_gzip_is_sent_only_where_the_header_takes_it(header: str, accepted: bool) -> None:
    assert accepts_gzip(header) is accepted


# The examples


def test_each_example_is_one_named_query_with_a_title_and_the_variables_that_it_needs() -> None:
    assert len(examples()) == 6
    assert len({example.title for example in examples()}) == 6
    for example in examples():
        assert example.description
        (operation,) = parse(example.query).definitions
        assert isinstance(operation, OperationDefinitionNode)
        assert operation.operation.value == "query"
        assert operation.name is not None
        required = {
            each.variable.name.value for each in operation.variable_definitions or () if each.default_value is None
        }
        assert set(example.variables) == required


def _settings(html: str) -> dict[str, object]:
    found = re.search(r'<script type="application/json" id="settings">(.*?)</script>', html, re.DOTALL)
    assert found is not None
    settings: dict[str, object] = json.loads(found[1])
    return settings
