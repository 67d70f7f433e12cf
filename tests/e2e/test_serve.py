"""`colloquy serve` from its start to its end: what it says and answers, whom it keeps out, what it leaves behind."""

import signal
import sqlite3
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest

from graph import __version__
from tests.e2e.command import PROGRAM, Running, colloquy, error_of, running, url_of

COUNTS = "{ conversations { totalCount } messages { totalCount } sources { totalCount } }"


def ask(url: str, query: str) -> Any:
    response = httpx2.post(f"{url}/graphql", json={"query": query}, timeout=20)
    assert response.status_code == 200, response.text
    answer = response.json()
    assert "errors" not in answer, answer
    return answer["data"]


@dataclass
class Demo:
    """`colloquy serve --demo`, started, killed without a warning, and started again in the same folder."""

    folder: Path
    first_output: str
    first_counts: Any
    second: Running
    url: str


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    folder = tmp_path_factory.mktemp("demo")
    with running("serve", "--demo", "--port", "0", folder=folder, program=[str(PROGRAM)]) as server:
        counts = ask(url_of(server), COUNTS)
        server.stop(signal.SIGKILL)
        output = server.output
    with running("serve", "--demo", "--port", "0", folder=folder) as second:
        yield Demo(folder, output, counts, second, url_of(second))


def test_the_start_says_the_file_and_the_address(demo: Demo) -> None:
    assert "colloquy-demo.db" in demo.second.output
    assert f"{demo.url}/graphql" in demo.second.output
    assert (demo.folder / "colloquy-demo.db").is_file()
    assert not (demo.folder / "colloquy.db").exists()


def test_the_demo_fills_the_database_at_the_first_start_alone(demo: Demo) -> None:
    filled = demo.first_counts["conversations"]["totalCount"]

    assert filled >= 24
    assert f"Filled with {filled} demo conversations." in demo.first_output
    assert "There are conversations already: the demo is left out." in demo.second.output


def test_a_killed_server_leaves_a_database_that_opens_again_with_all_that_was_in_it(demo: Demo) -> None:
    assert ask(demo.url, COUNTS) == demo.first_counts
    with closing(sqlite3.connect(f"file:{demo.folder / 'colloquy-demo.db'}?mode=ro", uri=True)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_probes_are_answered(demo: Demo) -> None:
    alive, ready = (httpx2.get(demo.url + path, timeout=20) for path in ("/healthz", "/readyz"))

    assert (alive.status_code, alive.json()) == (200, {"status": "ok", "version": __version__})
    assert (ready.status_code, ready.json()) == (200, {"status": "ready"})


def test_the_inbox_can_be_read(demo: Demo) -> None:
    answer = ask(
        demo.url, "{ conversations(first: 3) { nodes { title messageCount currentMessage { role content } } } }"
    )

    nodes = answer["conversations"]["nodes"]
    assert len(nodes) == 3
    assert all(node["title"] and node["messageCount"] and node["currentMessage"]["content"] for node in nodes)


@pytest.mark.parametrize("command", [["serve", "--port", "0"], ["import", "-"]], ids=["serve", "import"])
def test_another_writer_is_refused_with_the_holder_and_what_to_do(demo: Demo, command: list[str]) -> None:
    message = error_of(colloquy(*command, "--database", "colloquy-demo.db", folder=demo.folder))

    assert "colloquy-demo.db is being written by colloquy serve" in message
    assert f"process {demo.second.process.pid}" in message
    assert "stop that one first" in message


def test_a_first_start_that_is_killed_leaves_all_of_the_demo_or_nothing(demo: Demo, tmp_path: Path) -> None:
    path = tmp_path / "colloquy-demo.db"
    with running("serve", "--demo", "--port", "0", folder=tmp_path) as server:
        while not _migrated(path):
            assert server.process.poll() is None, server.output
            time.sleep(0.02)
        server.stop(signal.SIGKILL)

    with closing(sqlite3.connect(path)) as connection:
        ((stored,),) = connection.execute("SELECT count(*) FROM conversations").fetchall()
    assert stored in (0, demo.first_counts["conversations"]["totalCount"])


def _migrated(path: Path) -> bool:
    """Whether the tables are there: then the demo is on its way in, or will be in a moment."""
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
            return bool(connection.execute("SELECT count(*) FROM alembic_version").fetchone()[0])
    except sqlite3.OperationalError:
        return False


# The command, but with the explorer's files where none are built.
WITHOUT_EXPLORER = f"""
import pathlib, sys
import graph.explorer.build
graph.explorer.build.STATIC = pathlib.Path("no-explorer").absolute()
sys.argv[0] = {str(PROGRAM)!r}
from graph.cli import main
main()
"""


@dataclass
class Plain:
    """A server where no explorer is built and no Node can be found, asked for a page and stopped by SIGTERM."""

    folder: Path
    page: httpx2.Response
    output: str
    end: int


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Plain:
    folder = tmp_path_factory.mktemp("plain")
    program = (sys.executable, "-c", WITHOUT_EXPLORER)
    variables = {"COLLOQUY_EXPLORER": "true", "COLLOQUY_ACCESS_LOG": "true", "PATH": str(folder)}
    with running("serve", "--port", "0", folder=folder, program=program, **variables) as server:
        page = httpx2.get(f"{url_of(server)}/graphql", headers={"accept": "text/html"}, timeout=20)
        end = server.stop(signal.SIGTERM)
        return Plain(folder, page, server.output, end)


def test_without_an_explorer_and_without_node_a_plain_page_is_served_and_the_start_says_so(plain: Plain) -> None:
    (line,) = [line for line in plain.output.splitlines() if "explorer was not built" in line]

    assert "Node.js" in line
    assert plain.page.status_code == 200
    assert plain.page.headers["content-type"].startswith("text/html")
    assert "colloquy explorer build" in plain.page.text
    assert "<script" not in plain.page.text


def test_requests_get_a_line_each_where_a_setting_asks_for_it(plain: Plain) -> None:
    assert '"GET /graphql HTTP/1.1" 200' in plain.output


def test_sigterm_ends_it_with_exit_code_0_and_the_lock_is_free(plain: Plain) -> None:
    assert plain.end == 0
    assert "Traceback" not in plain.output
    assert (plain.folder / "colloquy.db.lock").read_text() == ""
    assert colloquy("db", "check", folder=plain.folder).returncode == 0
