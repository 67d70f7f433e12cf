"""What formats read they can write again: every record, also with one odd thing in it, or they say why not."""

import copy
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from db.interchange import mtrag_evaluations, mtrag_file
from db.interchange.base import ConversationDraft
from db.interchange.formats import FORMATS
from db.interchange.writers import documents
from tests.interchange.drafted import SHARED, as_stored, assert_same, needs_samples, sample_records, samples, whole
from tests.interchange.mutations import assert_kept_or_refused
from tests.interchange.specimens import BY_FORMAT, records_of

_FOLDERS = {
    "openai": "data/export-samples/openai-chat",
    "chatgpt": "data/export-samples/chatgpt",
    "claude": "data/export-samples/claude",
    "librechat": "data/export-samples/librechat",
    "openwebui": "data/export-samples/openwebui",
    "sharegpt": "data/export-samples/sharegpt",
    "chatbotui": "data/export-samples/chatbotui",
    "openassistant": "data/oasst-en100",
}


def again(name: str) -> Callable[[Any], Any]:
    """Reads a record in that format, stores it and writes it."""

    def read_and_write(record: Any) -> Any:
        drafts = [as_stored(draft) for draft in FORMATS[name].read(record) if isinstance(draft, ConversationDraft)]
        if isinstance(record, dict) and mtrag_evaluations.fits(record):
            return mtrag_file.write(drafts)
        (draft,) = drafts
        (written,) = documents(name, draft)
        return written

    return read_and_write


@pytest.mark.parametrize("name", list(BY_FORMAT))
def test_records_come_back_as_they_were(name: str) -> None:
    records = records_of(name)
    assert records
    for record in records:
        assert_same(again(name)(copy.deepcopy(record)), record)


@pytest.mark.parametrize("name", list(BY_FORMAT))
@settings(max_examples=40)
@given(data=st.data())
def test_odd_records_come_back_as_they_were_or_are_refused_with_a_reason(name: str, data: st.DataObject) -> None:
    record = data.draw(st.sampled_from(records_of(name)))
    assert_kept_or_refused(again(name), record, data.draw(st.integers(0, 10**6)))


@needs_samples
@pytest.mark.parametrize("name", list(_FOLDERS))
def test_real_records_come_back_as_they_were(name: str) -> None:
    paths = samples(_FOLDERS[name])
    assert paths
    for path in paths:
        for record in sample_records(path, FORMATS[name].array_keys):
            assert_same(again(name)(copy.deepcopy(record)), record)


@needs_samples
def test_both_files_of_mtrag_come_back_as_they_were() -> None:
    for record in sample_records(SHARED / "data/mtrag/mtragun_reference.jsonl.gz"):
        assert_same(again("mtrag")(record), record)
    evaluations = whole(SHARED / "data/mtrag/mtrag_human_evaluations.json.gz")
    assert_same(again("mtrag")(evaluations), evaluations)
