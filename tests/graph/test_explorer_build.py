"""What a build of the explorer does, with other people's tools in the place of node and npm, and what it says."""

import json
import os
import time
from pathlib import Path

import pytest

import graph.explorer.build as builder
from graph.explorer import ExplorerBuildError, available, ensure_built


@pytest.fixture
def static(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the explorer would be: nothing is there yet."""
    folder = tmp_path / "static"
    monkeypatch.setattr(builder, "STATIC", folder)
    return folder


@pytest.fixture
def built(static: Path) -> Path:
    """An explorer of the current sources, as far as a build looks at one."""
    static.mkdir()
    (static / "manifest.json").write_text(json.dumps({"main": "old.js", "sources": builder.sources_digest()}))
    (static / "old.js").write_text("")
    return static


@pytest.fixture
def bin_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder of the PATH, empty."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


def _tool(folder: Path, name: str, script: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


NODE = """
if [ "$1" = --version ]; then echo v22.1.0; exit; fi
/bin/mkdir "$2" && echo '{"main": "new.js"}' > "$2/manifest.json"
"""


def _build(timeout_seconds: float = 30) -> list[str]:
    lines: list[str] = []
    builder.build(lines.append, timeout_seconds)
    return lines


@pytest.mark.usefixtures("static", "bin_folder")
def test_without_node_the_build_says_what_is_needed() -> None:
    assert not builder.node_available()
    with pytest.raises(ExplorerBuildError, match=r"Node\.js is not on the PATH; Node\.js 20 or newer with npm"):
        _build()


@pytest.mark.usefixtures("static")
def test_without_npm_the_build_says_that_it_is_npm_that_is_missing(bin_folder: Path) -> None:
    _tool(bin_folder, "node", "echo v22.1.0")
    with pytest.raises(ExplorerBuildError, match="npm is not on the PATH"):
        _build()


@pytest.mark.usefixtures("static")
@pytest.mark.parametrize("version", ["v18.20.4", "nonsense"])
def test_a_node_too_old_is_named(bin_folder: Path, version: str) -> None:
    _tool(bin_folder, "node", f"echo {version}")
    _tool(bin_folder, "npm", "exit 0")
    assert not builder.node_available()
    with pytest.raises(ExplorerBuildError, match=rf"Node\.js 20 or newer is needed, .*node is {version}"):
        _build()


@pytest.mark.usefixtures("static")
def test_a_registry_that_can_not_be_reached_is_named_as_the_reason(bin_folder: Path) -> None:
    _tool(bin_folder, "node", NODE)
    _tool(bin_folder, "npm", "echo 'npm error code ENOTFOUND' >&2; exit 1")
    with pytest.raises(ExplorerBuildError, match=r"can't reach its registry \(ENOTFOUND\)"):
        _build()


@pytest.mark.usefixtures("static")
def test_what_npm_said_last_is_in_the_error(bin_folder: Path) -> None:
    _tool(bin_folder, "node", NODE)
    _tool(bin_folder, "npm", "echo 'npm error notarget No matching version'; exit 7")
    with pytest.raises(ExplorerBuildError, match=r"npm failed with exit code 7:\nnpm error notarget No matching"):
        _build()


def test_a_build_that_fails_leaves_the_explorer_that_was_there(bin_folder: Path, built: Path) -> None:
    _tool(bin_folder, "node", f'if [ "$1" = --version ]; then {NODE} fi; echo broken; exit 1')
    _tool(bin_folder, "npm", "exit 0")
    before = (built / "manifest.json").read_bytes()
    with pytest.raises(ExplorerBuildError, match="node failed with exit code 1:\nbroken"):
        _build()
    assert (built / "manifest.json").read_bytes() == before


def test_a_build_replaces_the_explorer_whole_and_leaves_nothing_beside_it(bin_folder: Path, built: Path) -> None:
    _tool(bin_folder, "node", NODE)
    _tool(bin_folder, "npm", "echo '{}' > package-lock.json")
    before = set(built.parent.iterdir())
    sources = set(builder.FOLDER.rglob("*"))
    lines = _build()
    assert [path.name for path in built.iterdir()] == ["manifest.json"]
    assert builder.current()
    assert set(built.parent.iterdir()) == before
    assert {path for path in builder.FOLDER.rglob("*") if "__pycache__" not in path.parts} <= sources
    assert len(lines) == 3


@pytest.mark.usefixtures("static")
def test_a_build_that_takes_too_long_is_ended_with_all_that_it_started(bin_folder: Path, tmp_path: Path) -> None:
    children = tmp_path / "children"
    _tool(bin_folder, "node", NODE)
    _tool(bin_folder, "npm", f"/bin/sleep 600 & echo $! > {children}; wait")
    with pytest.raises(ExplorerBuildError, match=r"npm was stopped after \d+ seconds: the time for the build was up"):
        _build(timeout_seconds=2)
    child = int(children.read_text())
    for _ in range(1000):
        if not _running(child):
            return
        time.sleep(0.01)
    pytest.fail("what npm started outlived it")


@pytest.mark.usefixtures("static")
def test_a_step_that_takes_long_says_that_it_is_at_work(bin_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(builder, "PROGRESS_SECONDS", 0.2)
    _tool(bin_folder, "node", NODE)
    _tool(bin_folder, "npm", "/bin/sleep 1")
    assert "npm is still at work (0 seconds)" in _build()


@pytest.mark.usefixtures("bin_folder")
def test_a_start_without_node_and_without_explorer_says_so_and_goes_on(static: Path) -> None:
    lines: list[str] = []
    assert ensure_built(lines.append) is False
    assert lines == ["The explorer was not built: Node.js is not on the PATH; Node.js 20 or newer with npm is needed"]
    assert not static.exists()


@pytest.mark.usefixtures("static")
def test_a_start_reports_why_the_explorer_was_not_built(bin_folder: Path) -> None:
    _tool(bin_folder, "node", NODE)
    _tool(bin_folder, "npm", "echo ECONNREFUSED; exit 1")
    lines: list[str] = []
    assert ensure_built(lines.append) is False
    assert lines[-1].startswith("The explorer was not built: npm can't reach its registry")


@pytest.mark.usefixtures("static")
def test_a_start_builds_the_explorer_where_it_is_missing(bin_folder: Path) -> None:
    _tool(bin_folder, "node", NODE)
    _tool(bin_folder, "npm", "exit 0")
    assert ensure_built(print) is True
    assert available()


@pytest.mark.usefixtures("bin_folder")
def test_an_explorer_of_older_sources_is_served_where_it_can_not_be_built_anew(built: Path) -> None:
    manifest = built / "manifest.json"
    manifest.write_text(manifest.read_text().replace(builder.sources_digest(), "older"))
    assert not builder.current()
    assert ensure_built(print) is True


def test_an_explorer_that_is_current_is_not_built_again(bin_folder: Path, built: Path) -> None:
    _tool(bin_folder, "node", NODE)
    _tool(bin_folder, "npm", "exit 1")
    lines: list[str] = []
    assert ensure_built(lines.append) is True
    assert lines == []
    assert (built / "old.js").exists()


def _running(process: int) -> bool:
    """Whether a process is alive; one that ended and waits for its parent to notice is not."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{process}/stat")
    return not (state.exists() and state.read_text().rpartition(")")[2].split()[0] == "Z")
