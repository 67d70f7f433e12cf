"""Claude: what chat messages, their parts and files become."""

import copy
from typing import Any

import pytest

from db.interchange.base import BadRecord
from db.interchange.claude import FORMAT
from db.words import MessageRole, PartType
from tests.interchange.drafted import assert_comes_back, conversation_of, needs_samples, sample_records, samples
from tests.interchange.specimens import records_of

LINE, TREE = records_of("claude")


def test_an_account_is_the_owner_and_senders_are_roles() -> None:
    draft = conversation_of(FORMAT, LINE)
    assert (draft.values["owner_id"], draft.values["title"], draft.linear) == ("owner-1", "Tides", True)
    assert [message.values["role"] for message in draft.messages] == [MessageRole.USER, MessageRole.ASSISTANT]


def test_a_single_text_is_the_content_and_needs_no_parts() -> None:
    asked = conversation_of(FORMAT, LINE).messages[0]
    assert (asked.parts, asked.values["content"]) == (None, "When is high tide?")


def test_thinking_is_reasoning_and_tool_use_is_a_call_as_well() -> None:
    answer = conversation_of(FORMAT, LINE).messages[1]
    assert answer.parts is not None
    assert [part["type"] for part in answer.parts] == [
        PartType.REASONING,
        PartType.TEXT,
        PartType.OTHER,
        PartType.OTHER,
        PartType.TEXT,
    ]
    assert answer.values["content"] == "Let me look.\nAt six."
    assert answer.tool_calls == [{"call_id": "t1", "name": "web_search", "arguments_text": '{"query":"tide"}'}]


def test_citations_stand_where_their_text_stands_in_the_content() -> None:
    answer = conversation_of(FORMAT, LINE).messages[1]
    web, almanac = (reference.values for reference in answer.references)
    assert answer.values["content"][web["start_index"] : web["end_index"]] == "At six."
    assert (web["url"], web["kind"]) == ("https://tide.example", "web_search_citation")
    assert (almanac["title"], almanac["excerpt"]) == ("Almanac", "6:00")


def test_attachments_hold_the_text_read_out_of_them_and_files_come_after() -> None:
    asked = conversation_of(FORMAT, LINE).messages[0]
    assert asked.attachments == [
        {"name": "plan.txt", "size": 12, "media_type": "text/plain", "text": "High at 6."},
        {"name": "pier.png", "external_id": "f1"},
    ]


def test_a_text_that_repeats_the_parts_is_kept_only_where_it_differs() -> None:
    record = copy.deepcopy(LINE)
    assert conversation_of(FORMAT, record).messages[1].extra is not None
    assert "text" not in (conversation_of(FORMAT, record).messages[1].extra or {})
    record["chat_messages"][1]["text"] = "Something else"
    draft = assert_comes_back(FORMAT, record)
    assert (draft.messages[1].extra or {})["text"] == "Something else"


def test_messages_that_name_what_they_answer_are_a_tree() -> None:
    draft = conversation_of(FORMAT, TREE)
    assert not draft.linear
    assert [(message.record_id, message.parent) for message in draft.messages] == [
        ("m1", None),
        ("m2", "m1"),
        ("m3", "m1"),
    ]
    assert draft.current == "m2"


def test_an_export_without_parts_has_its_text_as_content() -> None:
    record = copy.deepcopy(LINE)
    del record["chat_messages"][0]["content"]
    draft = assert_comes_back(FORMAT, record)
    assert draft.messages[0].values["content"] == "When is high tide?"


def test_a_conversation_without_a_name_gets_one_made() -> None:
    draft = assert_comes_back(FORMAT, {**LINE, "name": ""})
    assert "title" not in draft.values


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ({"text": "Hi"}, "chat_messages[0].sender: must be a text, but is missing"),
        ({"sender": "human", "content": "Hi"}, "chat_messages[0].content: must be a list of parts, not a text"),
        (7, "chat_messages[0]: must be an object, not a number"),
    ],
)
def test_a_record_without_what_it_needs_is_refused(message: Any, reason: str) -> None:
    with pytest.raises(BadRecord) as refusal:
        list(FORMAT.read({"uuid": "x", "chat_messages": [message]}))
    assert str(refusal.value) == reason


@needs_samples
def test_a_real_export_has_its_conversations_and_messages() -> None:
    (path,) = samples("data/export-samples/claude")
    drafts = [conversation_of(FORMAT, record) for record in sample_records(path)]
    assert (len(drafts), sum(len(draft.messages) for draft in drafts)) == (85, 557)
    assert sum(bool(message.values["content"]) for message in drafts[-1].messages) == 10
