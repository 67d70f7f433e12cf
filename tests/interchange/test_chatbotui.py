"""Chatbot UI: what the conversations of a history become."""

from typing import Any

import pytest

from db.interchange.base import BadRecord
from db.interchange.chatbotui import FORMAT
from db.words import IdType
from tests.interchange.drafted import assert_comes_back, conversation_of, needs_samples, sample_records, samples, whole
from tests.interchange.specimens import BY_FORMAT, records_of

KNOTS, EMPTY = records_of("chatbotui")


def test_a_conversation_has_its_model_prompt_and_temperature() -> None:
    draft = conversation_of(FORMAT, KNOTS)
    values = draft.values
    assert (values["model"], values["system_prompt"], values["temperature"]) == ("harbour-small", "Be brief.", 0.5)
    assert values["config"] == {"modelName": "Harbour Small", "maxLength": 12000, "tokenLimit": 4000}
    assert values["properties"] == {"folderId": "f-1"}
    assert [message.values["content"] for message in draft.messages] == ["Name a knot.", "Bowline."]


def test_the_first_version_numbers_its_conversations() -> None:
    draft = assert_comes_back(FORMAT, EMPTY)
    assert (draft.record_id, draft.id_type, draft.messages) == ("2", IdType.NUMBER, [])


def test_an_export_is_known_by_its_history_and_its_parts_by_themselves() -> None:
    (path,) = BY_FORMAT["chatbotui"]
    assert FORMAT.fits(whole(path))
    assert FORMAT.fits(KNOTS)
    assert FORMAT.array_keys == ("history",)


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ({"version": 4, "history": []}, "history: an export must be a file by itself, not one record of several"),
        ({"messages": [{"content": "x"}]}, "messages[0].role: must be a text, but is missing"),
        ({"messages": [{"role": "user", "content": {}}]}, "messages[0].content: must be a text, not an object"),
        ("x", "must be an object, not a text"),
    ],
)
def test_a_record_without_what_it_needs_is_refused(record: Any, reason: str) -> None:
    with pytest.raises(BadRecord) as refusal:
        list(FORMAT.read(record))
    assert str(refusal.value) == reason


@needs_samples
def test_a_real_export_has_its_conversations_and_messages() -> None:
    (path,) = samples("data/export-samples/chatbotui")
    drafts = [conversation_of(FORMAT, record) for record in sample_records(path, FORMAT.array_keys)]
    assert (len(drafts), sum(len(draft.messages) for draft in drafts)) == (2, 6)
