"""What a newcomer sees: the demo world in a browser, an example run at a click."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from graph.app import create_app
from graph.demo_world import fill_with_demo
from graph.explorer import ensure_built
from graph.opening import open_database
from graph.settings import Settings
from tests.browser.chromium import Chromium
from tests.servers import serve

pytestmark = [pytest.mark.node, pytest.mark.browser]

ANSWER = "document.querySelector('.graphiql-response .view-lines')?.textContent.replaceAll('\\u00a0', ' ')"


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    settings = Settings.load(database_url=str(tmp_path / "demo.db"))

    async def fill() -> None:
        database = await open_database(settings, purpose="a test")
        try:
            await fill_with_demo(database, lambda _line: None)
        finally:
            await database.close()

    asyncio.run(fill())
    with serve(create_app(settings), lifespan="on") as address:
        yield address


def test_an_example_runs_on_the_demo_world_at_a_click(url: str, tmp_path: Path) -> None:
    lines: list[str] = []
    assert ensure_built(lines.append), lines
    with Chromium(tmp_path / "profile") as chromium:
        chromium.open(f"{url}/graphql")
        chromium.wait("document.querySelector('.graphiql-execute-button') !== null")
        chromium.wait("document.querySelector('.graphiql-query-editor .view-line') !== null")
        chromium.evaluate("document.querySelector('.graphiql-execute-button').click()")
        chromium.wait(f"{ANSWER}?.includes('\"conversations\"')")
        chromium.screenshot(tmp_path / "demo.png")

        assert "errors" not in chromium.evaluate(ANSWER)
        assert chromium.problems == []
        assert chromium.origins() == {url}
