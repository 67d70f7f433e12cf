"""Commands that cannot begin: each says why in a sentence, names what is wrong, and ends with exit code 2."""

import socket
from pathlib import Path

import pytest

from graph.serving import CannotListen, listen
from tests.e2e.command import afresh, colloquy, error_of


def test_each_wrong_setting_is_named_with_what_it_would_take(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text('COLLOQUY_LOG_LEVEL=loud\nOTHERS = fine\nCOLLOQUY_HOST="127.0.0.1\nCOLLOQUY_PORT\n')

    done = colloquy("serve", folder=tmp_path, COLLOQUY_POOL_SIZE="0", COLLOQUY_DATABSE_URL="a.db")

    assert (done.returncode, done.stdout) == (2, "")
    assert "Traceback" not in done.stderr
    for name, what in {
        "COLLOQUY_LOG_LEVEL": "'debug', 'info', 'warning' or 'error'",
        ".env, line 3": "NAME=value",
        "COLLOQUY_POOL_SIZE": "greater than or equal to 1",
        "COLLOQUY_DATABSE_URL": "COLLOQUY_DATABASE_URL",
    }.items():
        (line,) = [line for line in done.stderr.splitlines() if f"  {name}:" in line]
        assert what in line
    assert [path.name for path in tmp_path.iterdir()] == [".env"]


def test_a_setting_of_another_program_is_none_of_ours(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("POSTGRES_PASSWORD=x\nnot a line of ours\n")

    done = colloquy("db", "upgrade", folder=tmp_path, COLLOQUY_SERVICE_HOST="10.0.0.1", COLLOQUY_PORT_8000_TCP="x")

    assert done.returncode == 0, done.stderr


def test_a_file_of_settings_that_is_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"COLLOQUY_HOST=\xff\xfe\n")

    assert error_of(afresh("db", "check", folder=tmp_path)) == f"{tmp_path / '.env'} is no UTF-8 text"


def test_an_option_that_cannot_be_is_named_as_the_option(tmp_path: Path) -> None:
    done = colloquy("serve", "--port", "99999", folder=tmp_path)

    assert done.returncode == 2
    assert "--port: " in done.stderr


@pytest.mark.parametrize(
    ("database", "said"),
    [
        ("missing/colloquy.db", "{folder}/missing"),
        ("a-folder", "{folder}/a-folder"),
        ("notes.txt", "not a database"),
        ("mysql://root:pa55word@localhost/colloquy", "'mysql'"),
        ("postgresql://colloquy:pa55word@127.0.0.1:{port}/colloquy", "127.0.0.1"),
        ("postgresql://colloquy:pa55word@127.0.0.1:{port}/colloquy?password=pa55word", "127.0.0.1"),
        ("postgresql://colloquy:pa55word@127.0.0.1:http/colloquy", "postgresql://user@host/name"),
    ],
)
def test_a_database_that_cannot_be_is_one_clear_sentence_without_its_password(
    database: str, said: str, tmp_path: Path
) -> None:
    (tmp_path / "a-folder").mkdir()
    (tmp_path / "notes.txt").write_text("Nothing that SQLite would know.\n" * 100)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]  # closed when it is connected to: nobody else takes it meanwhile
    before = sorted(tmp_path.iterdir())

    message = error_of(colloquy("db", "check", "--database", database.format(port=port), folder=tmp_path))

    assert said.format(folder=tmp_path, port=port) in message
    assert "pa55" not in message
    assert [path for path in sorted(tmp_path.iterdir()) if path not in before and path.suffix != ".lock"] == []
    assert (tmp_path / "notes.txt").read_text().startswith("Nothing that SQLite")


def test_a_port_that_is_taken_is_one_sentence_that_says_what_helps(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        message = error_of(colloquy("serve", "--port", str(port), folder=tmp_path))

    assert f"port {port}" in message
    assert "--port" in message
    assert list(tmp_path.iterdir()) == []


def test_an_address_of_another_machine_is_one_sentence() -> None:
    with pytest.raises(CannotListen, match=r"cannot listen on 192\.0\.2\.1 port 0: .*\.$"):
        listen("192.0.2.1", 0)
