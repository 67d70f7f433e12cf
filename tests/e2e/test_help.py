"""What the command line teaches without being started on anything."""

from pathlib import Path

import pytest

from graph import __version__
from tests.e2e.command import afresh

TAUGHT = {
    "": ["serve", "import", "db", "schema", "explorer", "--version", "colloquy serve --demo"],
    "serve": ["--database", "--host", "--port", "--demo", "127.0.0.1", "8000", "colloquy-demo.db", "/graphql"],
    "import": ["PATH...", "--format", "--workspace", "--account", "--strict", "standard input", "exit code", "gzip"],
    "db": ["upgrade", "check"],
    "db upgrade": ["--database", "all or nothing"],
    "db check": ["--database", "exit code"],
    "schema": ["--check", "breaking", "exit code"],
    "explorer": ["build"],
    "explorer build": ["Node.js 20", "npm"],
}


def test_the_version_is_that_of_the_package(tmp_path: Path) -> None:
    done = afresh("--version", folder=tmp_path)

    assert (done.returncode, done.stdout, done.stderr) == (0, f"colloquy {__version__}\n", "")


@pytest.mark.parametrize("command", TAUGHT)
def test_help_names_what_a_command_takes_and_does(command: str, tmp_path: Path) -> None:
    done = afresh(*command.split(), "--help", folder=tmp_path)

    assert (done.returncode, done.stderr) == (0, "")
    words = " ".join(done.stdout.replace("│", " ").split())
    assert [word for word in TAUGHT[command] if word not in words] == []
    assert list(tmp_path.iterdir()) == []


def test_a_command_that_does_not_exist_is_refused_with_exit_code_2(tmp_path: Path) -> None:
    done = afresh("sreve", folder=tmp_path)

    assert done.returncode == 2
    assert "sreve" in done.stderr
    assert "Traceback" not in done.stderr
