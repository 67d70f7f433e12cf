"""The explorer as a person sees it: a real Chromium, a real server, the files that npm and esbuild made."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import strawberry
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from strawberry.asgi import GraphQL

from graph.explorer import build, ensure_built, examples, explorer_page, explorer_routes
from tests.browser.chromium import Chromium, executable
from tests.servers import serve

TOOLS = {"Chromium": executable(), "Node.js": shutil.which("node"), "npm": shutil.which("npm")}
MISSING = [name for name, path in TOOLS.items() if path is None]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.node,
    pytest.mark.skipif(bool(MISSING), reason=f"needs {', '.join(MISSING)} on the machine"),
]
EDITOR = ".graphiql-query-editor .monaco-editor"
TABS = "[...document.querySelectorAll('.graphiql-tab-button')].map(tab => tab.textContent)"
EDITOR_TEXT = f"document.querySelector('{EDITOR} .view-lines').textContent.replaceAll('\\u00a0', ' ')"
VARIABLES = "document.querySelector('.graphiql-editor-tool .view-lines').textContent"
ANSWER = "document.querySelector('.graphiql-response .view-lines')?.textContent.replaceAll('\\u00a0', ' ')"
COLOURED = f"new Set([...document.querySelectorAll('{EDITOR} .view-line span span')].map(s => s.className)).size > 3"
"""The editor has loaded, its language too, and a style sheet of its own making gave the words their colours."""


@strawberry.type
class Query:
    @strawberry.field
    def greeting(self, name: str = "world") -> str:
        return f"Good morning, {name}"


def application() -> Starlette:
    """The smallest server that the explorer can stand on."""
    endpoint = GraphQL[None, None](strawberry.Schema(Query), graphql_ide=None)

    async def page(request: Request) -> Response:
        return explorer_page("/graphql", request=request)

    return Starlette(
        routes=[
            Route("/graphql", page, methods=["GET"]),
            Route("/graphql", endpoint, methods=["POST"]),
            *explorer_routes(),
        ]
    )


@pytest.fixture
def url() -> Iterator[str]:
    with serve(application()) as address:
        yield address


@pytest.fixture
def chromium(tmp_path: Path) -> Iterator[Chromium]:
    with Chromium(tmp_path / "profile") as browser:
        yield browser


@pytest.fixture(scope="session")
def explorer() -> None:
    lines: list[str] = []
    assert ensure_built(lines.append), lines
    assert build.current(), lines


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.usefixtures("explorer")
def test_an_operation_runs_at_a_click_and_only_its_own_server_is_asked(
    url: str, chromium: Chromium, tmp_path: Path, scheme: str
) -> None:
    chromium.prefer(scheme)
    chromium.open(f"{url}/graphql")
    chromium.wait(COLOURED)
    assert chromium.evaluate("document.title") == "Colloquy · GraphQL explorer"
    assert chromium.evaluate("document.querySelector('.colloquy-logo').textContent") == "Colloquy"

    chromium.evaluate("document.querySelector('.graphiql-tab-add').click()")
    chromium.evaluate(f"document.querySelector('{EDITOR} textarea').focus()")
    chromium.type('query Morning { greeting(name: "Ada") }')
    chromium.wait(f"{TABS}.at(-1) === 'Morning'")  # the editor has read the operation
    chromium.evaluate("document.querySelector('.graphiql-execute-button').click()")
    chromium.wait(f"{ANSWER}?.includes('Good morning, Ada')")

    chromium.screenshot(tmp_path / f"explorer-{scheme}.png")
    assert chromium.problems == []
    assert chromium.origins() == {url}


@pytest.mark.usefixtures("explorer")
def test_the_examples_are_the_first_tabs_and_a_menu_that_stays(url: str, chromium: Chromium, tmp_path: Path) -> None:
    chromium.open(f"{url}/graphql")
    chromium.wait(COLOURED)
    opened = chromium.evaluate(TABS)
    assert opened[0] == "Inbox"
    assert len(opened) == len(examples())

    chromium.evaluate("document.querySelector('[aria-label=\"Show Examples\"]').click()")
    chromium.wait("document.querySelector('.colloquy-examples') !== null")
    titles = chromium.evaluate("[...document.querySelectorAll('.colloquy-examples strong')].map(e => e.textContent)")
    assert titles == [example.title for example in examples()]

    # A tab that was closed comes back, with its variables.
    chromium.evaluate("[...document.querySelectorAll('[aria-label=\"Close Tab\"]')].at(-1).click()")
    chromium.wait(f"{TABS}.at(-1) === '{opened[-2]}'")
    chromium.evaluate("[...document.querySelectorAll('.colloquy-examples button')].at(-1).click()")
    chromium.wait(f"{EDITOR_TEXT}.includes('query {opened[-1]}')")
    chromium.wait(f"{TABS}.at(-1) === '{opened[-1]}'")
    chromium.evaluate("document.querySelector('.graphiql-editor-tools button').click()")
    (name, *_) = examples()[-1].variables
    chromium.wait(f"{VARIABLES}.includes('\"{name}\"')")

    # What is open already is shown again rather than opened twice.
    chromium.evaluate("document.querySelectorAll('.colloquy-examples button')[2].click()")
    chromium.wait(f"{EDITOR_TEXT}.includes('query {opened[2]}')")
    assert chromium.evaluate(TABS) == opened
    chromium.screenshot(tmp_path / "examples.png")
    assert chromium.problems == []


def test_a_server_without_the_explorer_shows_a_page_that_says_so(
    url: str, chromium: Chromium, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build, "STATIC", tmp_path / "nothing")
    chromium.open(f"{url}/graphql")
    text = chromium.wait("document.querySelector('main')?.innerText")
    assert f"curl {url}/graphql" in text
    assert "colloquy explorer build" in text
    chromium.screenshot(tmp_path / "plain.png")
    assert chromium.problems == []
    assert chromium.origins() == {url}
