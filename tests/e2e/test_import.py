"""`colloquy import`: exit codes, standard input, a second run, and a run that is killed."""

import json
import signal
import sqlite3
import time
from contextlib import closing
from pathlib import Path

from tests.e2e.command import Done, afresh, colloquy, error_of, running

GOOD = '{"messages": [{"role": "user", "content": "Is the ferry late?"}, {"role": "assistant", "content": "Yes."}]}\n'
BAD = '{"messages": [{"role": "user", "content": "Cut off in the mid\n'


def stored(folder: Path) -> list[tuple[str, int]]:
    """Title and number of messages of each conversation, from the file itself."""
    with closing(sqlite3.connect(folder / "colloquy.db")) as connection:
        return connection.execute("SELECT title, message_count FROM conversations ORDER BY title").fetchall()


def said(done: Done) -> str:
    assert "Traceback" not in done.stderr
    return done.stdout + done.stderr


def test_all_taken_is_exit_code_0_and_the_same_again_from_standard_input_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "chats.jsonl").write_text(GOOD)

    first = afresh("import", "chats.jsonl", folder=tmp_path)
    second = colloquy("import", "-", folder=tmp_path, input=GOOD)

    assert first.returncode == 0, said(first)
    assert "chats.jsonl (openai): 1 conversation, 2 messages new" in said(first)
    assert second.returncode == 0, said(second)
    assert "(openai): nothing changed; 1 conversation, 2 messages unchanged" in said(second)
    assert stored(tmp_path) == [("Is the ferry late?", 2)]


def test_a_refused_record_is_named_with_its_line_the_rest_comes_in_and_the_exit_code_is_1(tmp_path: Path) -> None:
    (tmp_path / "chats.jsonl").write_text(BAD + GOOD)

    done = colloquy("import", "chats.jsonl", folder=tmp_path)

    assert done.returncode == 1, said(done)
    assert "line 1" in said(done)
    assert stored(tmp_path) == [("Is the ferry late?", 2)]


def test_wrong_use_is_one_sentence_with_exit_code_2(tmp_path: Path) -> None:
    (tmp_path / "chats.jsonl").write_text(GOOD)

    message = error_of(colloquy("import", "chats.jsonl", "missing.jsonl", folder=tmp_path))

    assert "missing.jsonl" in message
    assert stored(tmp_path) == []


def test_an_import_that_is_killed_leaves_whole_conversations_and_the_next_one_completes_it(tmp_path: Path) -> None:
    count = 3_000
    lines = (
        {"messages": [{"role": "user", "content": f"Question {number:05}"}, {"role": "assistant", "content": "Yes."}]}
        for number in range(count)
    )
    (tmp_path / "chats.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))

    with running("import", "chats.jsonl", folder=tmp_path) as importing:
        while importing.process.poll() is None and not _some(tmp_path):
            time.sleep(0.02)
        importing.stop(signal.SIGKILL)
    kept = stored(tmp_path)
    again = colloquy("import", "chats.jsonl", folder=tmp_path)

    assert 0 < len(kept) < count
    assert {messages for _, messages in kept} == {2}
    assert again.returncode == 0, said(again)
    assert stored(tmp_path) == [(f"Question {number:05}", 2) for number in range(count)]
    with closing(sqlite3.connect(tmp_path / "colloquy.db")) as connection:
        assert connection.execute("SELECT count(*) FROM messages").fetchone() == (2 * count,)
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def _some(folder: Path) -> bool:
    """Whether a first batch is in the database: looked at without a chance to write."""
    try:
        with closing(sqlite3.connect(f"file:{folder / 'colloquy.db'}?mode=ro", uri=True)) as connection:
            return connection.execute("SELECT 1 FROM conversations LIMIT 1").fetchone() is not None
    except sqlite3.OperationalError:
        return False
