"""`colloquy export` and `colloquy purge`: what they write, say and refuse, as a user sees it."""

import csv
import gzip
import json
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

from tests.e2e.command import Done, afresh, colloquy, error_of, running, url_of

FERRY = {"messages": [{"role": "user", "content": "Is the ferry late?"}, {"role": "assistant", "content": "Yes."}]}
TRAIN = {"id": "t-1", "messages": [{"role": "user", "content": "And the train?", "name": "Ada"}], "rate": 1.50}
LINES = f"{json.dumps(FERRY)}\n{json.dumps(TRAIN)}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a database into which a file was imported."""
    (tmp_path / "chats.jsonl").write_text(LINES)
    done = colloquy("import", "chats.jsonl", folder=tmp_path)
    assert done.returncode == 0, done
    return tmp_path


def out(done: Done) -> str:
    assert done.returncode == 0, done
    return done.stdout


def ids(folder: Path) -> dict[str, str]:
    """The uuids of the conversations, by title."""
    with closing(sqlite3.connect(folder / "colloquy.db")) as connection:
        return dict(connection.execute("SELECT title, id FROM conversations").fetchall())


def test_records_go_to_standard_output_and_the_summary_beside_them(folder: Path) -> None:
    done = afresh("export", "--format", "openai", folder=folder)

    assert sorted(out(done).splitlines()) == sorted(json.dumps(each, separators=(",", ":")) for each in (FERRY, TRAIN))
    assert done.stderr.strip() == "2 conversations exported as openai to standard output"


def test_one_conversation_a_filter_and_a_compressed_file(folder: Path) -> None:
    ferry = ids(folder)["Is the ferry late?"]

    one = colloquy("export", "--format", "openai", "--conversation", ferry, folder=folder)
    filtered = colloquy(
        *("export", "--format", "openai", "--where", '{"title": {"contains": "TRAIN"}}', "--output", "some/t.jsonl.gz"),
        folder=folder,
    )

    assert json.loads(out(one)) == FERRY
    assert out(filtered) == ""
    assert json.loads(gzip.decompress((folder / "some/t.jsonl.gz").read_bytes())) == TRAIN


def test_what_a_format_cannot_hold_is_counted_and_named(folder: Path) -> None:
    done = colloquy("export", "--format", "sharegpt", "--output", "out.jsonl", folder=folder)

    assert done.returncode == 0
    assert "2 conversations exported as sharegpt to out.jsonl" in done.stderr
    assert "What ShareGPT can't hold, and how often: " in done.stderr
    assert "messages.authorName 1" in done.stderr


def test_a_table_and_a_document_for_people(folder: Path) -> None:
    table = list(csv.DictReader(out(colloquy("export", "--format", "csv", folder=folder)).splitlines()))
    text = out(colloquy("export", "--format", "markdown", folder=folder))

    assert {row["content"] for row in table} == {"Is the ferry late?", "Yes.", "And the train?"}
    assert "# Is the ferry late?" in text
    assert "\n---\n" in text


def test_the_files_of_an_import_are_written_again_and_never_over_others(folder: Path) -> None:
    done = colloquy("export", "--import", "last", "--output", "again", folder=folder)
    message = error_of(colloquy("export", "--import", "last", folder=folder))

    assert done.returncode == 0, done
    assert "chats.jsonl (openai): 2 records" in done.stderr
    again = (folder / "again/chats.jsonl").read_text().splitlines()
    assert again == [json.dumps(each, separators=(",", ":")) for each in (FERRY, TRAIN)]
    assert "chats.jsonl is there already" in message
    assert (folder / "chats.jsonl").read_text() == LINES


def test_everything_goes_to_another_database_and_comes_out_of_it_the_same(folder: Path) -> None:
    assert colloquy("export", "--output", "all.jsonl", folder=folder).returncode == 0
    assert colloquy("import", "all.jsonl", "--database", "other.db", folder=folder).returncode == 0
    assert colloquy("export", "--output", "again.jsonl", "--database", "other.db", folder=folder).returncode == 0

    assert (folder / "all.jsonl").read_bytes() == (folder / "again.jsonl").read_bytes()


def test_it_can_be_done_while_a_server_runs(folder: Path) -> None:
    with running("serve", "--port", "0", folder=folder) as server:
        url_of(server)
        assert len(out(colloquy("export", "--format", "openai", folder=folder)).splitlines()) == 2


def test_wrong_use_is_one_sentence_and_leaves_no_file(folder: Path) -> None:
    before = sorted(folder.iterdir())
    told = {
        ("--format", "word"): "there is no format 'word'; there are athena, ",
        ("--conversation", "nonsense"): "'nonsense' is no conversation",
        ("--conversation", "01a20300-0000-7000-8000-000000000000"): "there is no conversation 01a20300-",
        ("--where", "{"): "--where is no JSON",
        ("--where", '{"titel": {}}'): "'titel'",
        ("--where", '{"title": {"eq": null}}'): "`where.title.eq` is null",
        ("--import", "first"): "'first' is no import",
        ("--import", "01a20300-0000-7000-8000-000000000000"): "there is no import",
        ("--import", "last", "--format", "openai"): "--import writes whole files again",
        ("--deleted", "--format", "openai"): "--deleted goes with --format colloquy",
        ("--workspace", "elsewhere"): "there is no workspace 'elsewhere'",
        ("--output", "."): "is a folder",
        ("--database", "missing.db"): "missing.db does not exist",
    }
    for arguments, words in told.items():
        done = colloquy("export", "--output", "out", *arguments, folder=folder)
        assert done.returncode == 2, done
        assert done.stdout == ""
        assert words in " ".join(done.stderr.split()), done.stderr
        assert "Traceback" not in done.stderr
    assert sorted(path for path in folder.iterdir() if path.suffix not in (".db-wal", ".db-shm")) == before


def test_purge_says_what_went(folder: Path) -> None:
    with closing(sqlite3.connect(folder / "colloquy.db")) as connection:
        old = int((time.time() - 40 * 86_400) * 1_000_000)
        connection.execute("UPDATE conversations SET deleted_at = ? WHERE title LIKE 'Is%'", [old])
        connection.commit()

    done = afresh("purge", folder=folder)

    assert out(done).strip() == "Gone for good: 1 deleted conversations; forgotten: 0 answers of repeatable writes."
    assert list(ids(folder)) == ["And the train?"]
