"""`colloquy workspace` and `colloquy key`, as people and their scripts run them."""

import re
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from db.errors import InvalidInput
from graph.cli_access import expiry
from tests.e2e.command import afresh, colloquy, error_of, running, url_of

SECRET = re.compile(r"clq_[rwia]_[0-9A-Za-z]{38}\n")
AT = datetime(2026, 11, 22, 12, tzinfo=UTC)


def test_a_secret_is_alone_on_standard_output_and_in_no_file(tmp_path: Path) -> None:
    done = afresh("key", "create", "--scope", "write", "--name", "ci", "--expires", "90d", folder=tmp_path)

    assert done.returncode == 0, done
    assert SECRET.fullmatch(done.stdout)
    secret = done.stdout.strip()
    assert secret not in done.stderr
    assert secret[:12] in done.stderr
    assert "expires" in done.stderr
    contents = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert secret[12:].encode() not in contents

    listed = colloquy("key", "list", folder=tmp_path)
    assert f"{secret[:12]}...  write" in listed.stdout
    assert secret not in listed.stdout


def test_a_key_is_revoked_by_its_prefix(tmp_path: Path) -> None:
    secret = colloquy("key", "create", "--scope", "read", folder=tmp_path).stdout.strip()

    done = colloquy("key", "revoke", secret[:12], folder=tmp_path)

    assert (done.returncode, done.stderr) == (0, "")
    assert "revoked" in done.stdout
    assert "revoked" in colloquy("key", "list", folder=tmp_path).stdout
    assert "colloquy key list" in error_of(colloquy("key", "revoke", "clq_r_none", folder=tmp_path))


def test_workspaces_are_made_listed_and_deleted_with_their_keys(tmp_path: Path) -> None:
    assert afresh("workspace", "create", "docs", folder=tmp_path).returncode == 0
    assert "already" in error_of(colloquy("workspace", "create", "docs", folder=tmp_path))
    assert SECRET.fullmatch(
        colloquy("key", "create", "--workspace", "docs", "--scope", "admin", folder=tmp_path).stdout
    )
    listed = colloquy("workspace", "list", folder=tmp_path).stdout
    assert [line.split()[0] for line in listed.splitlines()] == ["default", "docs"]

    assert "--confirm docs" in error_of(colloquy("workspace", "delete", "docs", folder=tmp_path))
    assert "letter for letter" in error_of(colloquy("workspace", "delete", "docs", "--confirm", "doc", folder=tmp_path))
    assert colloquy("workspace", "delete", "docs", "--confirm", "docs", folder=tmp_path).returncode == 0

    assert "docs" not in colloquy("workspace", "list", folder=tmp_path).stdout
    with sqlite3.connect(tmp_path / "colloquy.db") as connection:
        assert connection.execute("SELECT count(*) FROM api_keys").fetchone() == (0,)
    connection.close()


def test_while_a_server_holds_the_file_the_error_says_what_to_do(tmp_path: Path) -> None:
    with running("serve", "--port", "0", folder=tmp_path) as server:
        url_of(server)
        said = error_of(colloquy("key", "create", "--scope", "read", folder=tmp_path))
        assert "createApiKey" in said
        assert "colloquy serve" in said
        assert colloquy("key", "list", folder=tmp_path).returncode == 0
        exported = colloquy("export", folder=tmp_path)
        assert exported.returncode == 0
        assert "audit log does not have this export" in exported.stderr


def test_imports_and_exports_are_noted(tmp_path: Path) -> None:
    exported = colloquy("export", "--output", "all.jsonl", folder=tmp_path)
    assert exported.returncode == 2, "there is no database yet"
    assert colloquy("workspace", "create", "docs", folder=tmp_path).returncode == 0
    assert colloquy("export", "--output", "all.jsonl", folder=tmp_path).returncode == 0
    assert colloquy("import", "all.jsonl", folder=tmp_path).returncode == 0

    with sqlite3.connect(tmp_path / "colloquy.db") as connection:
        log = connection.execute("SELECT action, details FROM audit_entries ORDER BY at").fetchall()
    connection.close()
    assert log == [
        ("createWorkspace", None),
        ("export", '{"format":"colloquy"}'),
        ("import", '{"count":1,"files":["all.jsonl"]}'),
    ]


@pytest.mark.parametrize(
    ("text", "until"),
    [
        ("90d", AT + timedelta(days=90)),
        ("12h", AT + timedelta(hours=12)),
        ("2026-11-22", datetime(2026, 11, 23, tzinfo=UTC)),
        ("2027-12-31", datetime(2028, 1, 1, tzinfo=UTC)),
    ],
)
def test_an_expiry_is_a_last_day_or_a_time(text: str, until: datetime) -> None:
    assert expiry(text, AT) == until


@pytest.mark.parametrize("text", ["", "0d", "90", "2026-11-21", "2026-13-01", "9999-12-31", "-1d", "99999d9", "soon"])
def test_any_other_expiry_is_refused_with_what_is_right(text: str) -> None:
    with pytest.raises(InvalidInput, match="90d or 12h"):
        expiry(text, AT)
