"""Telling the format of a file from its first records."""

import gzip
from collections.abc import Iterator, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from db.interchange.base import ConversationDraft, Drafted
from db.interchange.detect import Ambiguous, NoData, Undetected, detect
from db.interchange.formats import FORMATS
from db.interchange.records import Source, open_source, records
from db.words import OriginSystem

DATA = Path(__file__).parents[3] / "shared" / "data"


class Marked:
    """A format whose records have a certain key."""

    system = OriginSystem.COLLOQUY
    title = "Marked"
    array_keys: Sequence[str] = ()
    whole_file = False

    def __init__(self, name: str, mark: str) -> None:
        self.name = name
        self.mark = mark

    def fits(self, record: object) -> bool:
        return isinstance(record, dict) and self.mark in record

    def read(self, record: object) -> Iterator[Drafted]:
        raise AssertionError(f"nothing is read to tell a format: {record!r}")

    def write(self, draft: ConversationDraft) -> list[Any]:
        raise AssertionError(f"nothing is written to tell a format: {draft!r}")


NEW = {name: Marked(name, mark) for name, mark in (("one", "a"), ("two", "b"), ("both", "b"), ("late", "z"))}


def source(data: bytes | str, name: str = "file.json") -> Source:
    return Source(name, BytesIO(data.encode() if isinstance(data, str) else data))


@pytest.mark.parametrize(
    ("data", "found"),
    [
        ('{"a": 1}', "one"),
        ('[{"a": 1}, {"a": 2}]', "one"),
        ('{"a": 1}\n{"a": 2}\n', "one"),
        (gzip.compress(b'[{"a": 1}]'), "one"),
        ('\ufeff{"a": 1}', "one"),
        ('{"x": 1}\n{"a": 1}\n', "one"),
        ('{"a": 1\n{"a": 1}\n{"a": 2}\n', "one"),
        ('{"a": 1, "more": [' + '"x",' * 100_000, "one"),
    ],
    ids=["object", "array", "lines", "gzip", "byte order mark", "second line", "broken line", "large and cut off"],
)
def test_one_format_that_fits_is_found(data: bytes | str, found: str) -> None:
    assert detect(source(data), NEW).name == found


def test_the_source_is_still_whole_afterwards() -> None:
    file = source('{"a": 1}\n{"a": 2}\n')
    detect(file, NEW)
    assert [cut.parse() for cut in records(file)] == [{"a": 1}, {"a": 2}]


def test_several_formats_that_fit_are_named() -> None:
    with pytest.raises(Ambiguous, match="both or two: say which it is with --format both"):
        detect(source('{"b": 1}'), NEW)


def test_a_record_that_fits_several_formats_is_decided_by_those_after_it() -> None:
    assert detect(source('[{"a": 1, "b": 1}, {"a": 1}]'), NEW).name == "one"


def test_the_marks_of_an_object_may_come_late() -> None:
    data = '{"x": ["' + "x" * 2_000_000 + '"], "z": []}'
    assert detect(source(data), NEW).name == "late"


@pytest.mark.parametrize("name", ["data.json", "data.jsonl.gz", "data.ndjson", "-"])
def test_json_of_no_known_format_is_refused_with_the_formats_that_there_are(name: str) -> None:
    with pytest.raises(Undetected, match=r"no format that is known here \(both, late, one, two\)"):
        detect(source('{"x": 1}', name), NEW)


def test_a_file_that_is_called_json_and_is_not_is_refused() -> None:
    with pytest.raises(Undetected, match="not JSON"):
        detect(source("<html>", "page.json"), NEW)


@pytest.mark.parametrize(
    ("data", "name"),
    [
        ("# Read me\n\nText.", "README.md"),
        (b"\x89PNG\r\n\x1a\n\0\0", "cat.png"),
        ("import os\n", "setup.py"),
        ("1\n2\n3\n", "numbers.csv"),
        ('{"x": 1}', "notes.txt"),
        ("", "empty.json"),
        (b"\xff\xfe\0", "noise"),
    ],
)
def test_what_is_no_data_is_told_from_what_is(data: bytes | str, name: str) -> None:
    with pytest.raises(NoData):
        detect(source(data, name), NEW)


def test_data_is_found_whatever_the_file_is_called() -> None:
    assert detect(source('{"a": 1}', "export.txt"), NEW).name == "one"


@pytest.mark.skipif(not DATA.is_dir(), reason="the samples are not beside this checkout")
@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("export-samples/chatgpt", "chatgpt"),
        ("export-samples/claude", "claude"),
        ("export-samples/librechat", "librechat"),
        ("export-samples/openwebui", "openwebui"),
        ("export-samples/sharegpt", "sharegpt"),
        ("export-samples/chatbotui", "chatbotui"),
        ("export-samples/openai-chat", "openai"),
        ("mtrag", "mtrag"),
        ("oasst-en100", "openassistant"),
    ],
)
def test_real_exports_are_of_one_format(folder: str, name: str) -> None:
    files = [path for path in sorted((DATA / folder).iterdir()) if ".json" in path.name]
    assert files
    for path in files:
        with open_source(path) as file:
            assert detect(file, FORMATS).name == name, path
