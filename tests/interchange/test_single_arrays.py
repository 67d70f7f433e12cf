"""A file that is one array of a single conversation's messages."""

import json
from pathlib import Path

import pytest

from db.database import Database
from db.interchange.records import open_source, whole
from graph.importing import run_import
from graph.settings import Settings
from tests.interchange.stored import counts

MESSAGES = [
    {"role": "user", "content": "Which ferry takes bicycles?"},
    {"role": "assistant", "content": "All of them."},
    {"role": "user", "content": "And trailers?"},
]

ITEMS = [
    {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Is it open?"}]},
    {"type": "function_call", "call_id": "c1", "name": "hours", "arguments": "{}"},
    {"type": "function_call_output", "call_id": "c1", "output": "9 to 5"},
]


@pytest.mark.parametrize("records", [MESSAGES, ITEMS])
async def test_it_is_one_conversation(database: Database, tmp_path: Path, records: list[object]) -> None:
    path = tmp_path / "thread.json"
    path.write_text(json.dumps(records), encoding="utf-8")
    assert await run_import(database, [str(path)], settings=Settings()) == 0
    found = await counts(database)
    assert (found["conversations"], found["messages"]) == (1, 3)


def test_a_whole_file_beyond_the_limit_is_refused_with_the_figure(tmp_path: Path) -> None:
    path = tmp_path / "large.json"
    path.write_text(json.dumps(MESSAGES), encoding="utf-8")
    with open_source(path, chunk_size=16) as source:
        cut = whole(source, max_bytes=100)
    assert (cut.data, cut.problem) == (None, "the file is one record of more than 100 bytes, which is the limit")
