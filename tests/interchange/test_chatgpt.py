"""ChatGPT: what the nodes of a mapping become."""

import copy
from typing import Any

import pytest

from db.interchange.base import BadRecord
from db.interchange.chatgpt import FORMAT
from db.words import MessageRole, MessageStatus, PartType
from tests.interchange.drafted import SHARED, assert_comes_back, conversation_of, needs_samples, sample_records
from tests.interchange.specimens import records_of

(RECORD,) = records_of("chatgpt")


def changed(**nodes: Any) -> dict[str, Any]:
    """The record with some of its nodes changed."""
    record: dict[str, Any] = copy.deepcopy(RECORD)
    for key, values in nodes.items():
        record["mapping"][key] |= values
    return record


def test_the_root_is_no_message_and_its_child_has_no_parent() -> None:
    draft = conversation_of(FORMAT, RECORD)
    parents = {message.record_id: message.parent for message in draft.messages}
    assert "n1" not in parents
    assert (parents["n2"], parents["n3"], parents["n9"]) == (None, "n2", "n2")
    assert draft.current == "n8"


def test_parents_come_before_their_children_whatever_the_order_of_the_mapping() -> None:
    record = copy.deepcopy(RECORD)
    record["mapping"] = dict(reversed(list(record["mapping"].items())))
    draft = assert_comes_back(FORMAT, record)
    seen: set[str | None] = {None}
    for message in draft.messages:
        assert message.parent in seen
        seen.add(message.record_id)


def test_a_real_citation_is_a_reference_and_a_placeholder_is_none() -> None:
    answer = next(message for message in conversation_of(FORMAT, RECORD).messages if message.record_id == "n8")
    cited, grouped = (reference.values for reference in answer.references)
    assert (cited["start_index"], cited["end_index"], cited["url"]) == (7, 10, "https://p1.example")
    assert (grouped["start_index"], grouped["url"], grouped["excerpt"]) == (15, "https://p2.example", "Boats.")
    assert [reference.source and reference.source.values["title"] for reference in answer.references] == [
        "Page 1",
        "Page 2",
    ]


def test_what_a_tool_is_called_with_is_a_call_and_no_content() -> None:
    call = next(message for message in conversation_of(FORMAT, RECORD).messages if message.record_id == "n4")
    assert call.tool_calls == [{"name": "browser", "arguments_text": 'search("boat")'}]
    assert call.values.get("content", "") == ""
    result = next(message for message in conversation_of(FORMAT, RECORD).messages if message.record_id == "n5")
    assert (result.values["role"], result.values["tool_name"]) == (MessageRole.TOOL, "browser")
    assert (result.values["content"], result.values["visible"]) == ("A boat.", False)


def test_thoughts_are_reasoning_and_no_content() -> None:
    messages = {message.record_id: message for message in conversation_of(FORMAT, RECORD).messages}
    assert messages["n6"].parts == [{"type": PartType.REASONING, "text": "It floats.", "name": "Looking"}]
    assert messages["n7"].parts == [{"type": PartType.REASONING, "text": "Thought for 2 s"}]
    assert messages["n7"].values.get("content", "") == ""


def test_images_and_attachments_are_kept_with_their_message() -> None:
    asked = next(message for message in conversation_of(FORMAT, RECORD).messages if message.record_id == "n3")
    assert asked.parts is not None
    assert [(part["type"], part.get("url")) for part in asked.parts] == [
        (PartType.IMAGE, "file-service://file-1"),
        (PartType.TEXT, None),
    ]
    assert asked.values["content"] == "What is this?"
    assert asked.attachments == [{"external_id": "file-1", "name": "b.png", "size": 9, "media_type": "image/png"}]


def test_hidden_messages_and_unfinished_ones_are_marked() -> None:
    messages = {message.record_id: message for message in conversation_of(FORMAT, RECORD).messages}
    assert messages["n2"].values["visible"] is False
    assert "timestamp" not in messages["n2"].values
    assert messages["n9"].values["status"] is MessageStatus.STOPPED


def test_the_model_the_assistant_and_the_archive_are_known() -> None:
    draft = conversation_of(FORMAT, RECORD)
    answer = next(message for message in draft.messages if message.record_id == "n8")
    assert (answer.values["model"], answer.values["finish_reason"]) == ("harbour-o", "stop")
    assert draft.assistant is not None
    assert draft.assistant.record_id == "g-1"
    assert draft.values["archived_at"] == draft.values["updated_at"]


def test_what_points_at_nothing_is_told_and_written_again() -> None:
    record = changed(n3={"parent": "gone"}, n8={"children": ["gone too"]})
    record["current_node"] = "nowhere"
    draft = assert_comes_back(FORMAT, record)
    assert [note.split(":")[0] for note in draft.notes] == ["message n3", "current_node nowhere is not there"]
    assert draft.current == draft.messages[-1].record_id


def test_a_current_node_in_the_middle_puts_the_newest_branch_below_it_in_play() -> None:
    record = copy.deepcopy(RECORD)
    record["current_node"] = "n5"
    assert assert_comes_back(FORMAT, record).current == "n8"


def test_a_switched_branch_shows_in_what_is_written() -> None:
    draft = conversation_of(FORMAT, RECORD)
    draft.current = "n9"
    assert FORMAT.write(draft)[0]["current_node"] == "n9"


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (changed(n2={"parent": "n8"}), "its parents form a cycle"),
        (changed(n3={"message": 3}), "mapping.n3.message: must be an object, not a number"),
        (changed(n3={"message": {"author": {}}}), "mapping.n3.message.author.role: must be a text, but is missing"),
        (changed(n3={"parent": 3}), "mapping.n3.parent: must be a text or null, not a number"),
        ({"mapping": {"a": []}}, "mapping.a: must be an object, not an array"),
        ({"mapping": None}, "mapping: must be an object, not null"),
        ([], "must be an object, not an array"),
    ],
)
def test_a_record_without_what_it_needs_is_refused(record: Any, reason: str) -> None:
    with pytest.raises(BadRecord) as refusal:
        list(FORMAT.read(record))
    assert reason in str(refusal.value)


@needs_samples
@pytest.mark.parametrize(
    ("name", "conversations", "messages", "citations", "pages"),
    [
        ("librechat-chatgpt-export.json", 2, 21, 4, 3),
        ("librechat-chatgpt-tree.json", 1, 12, 0, 0),
        ("librechat-chatgpt-citations.json", 1, 2, 4, 4),
        ("openwebui-importer-gpt_example.json", 1, 12, 0, 0),
        ("sanand0-amazon-nova-model-strengths.json", 1, 7, 7, 3),
        ("sanand0-node-js-network-libraries.json", 1, 7, 0, 0),
    ],
)
def test_real_exports_have_the_messages_and_citations_that_are_known_of_them(
    name: str, conversations: int, messages: int, citations: int, pages: int
) -> None:
    path = SHARED / "data/export-samples/chatgpt" / name
    drafts = [conversation_of(FORMAT, record) for record in sample_records(path)]
    references = [
        reference.values["url"] for draft in drafts for message in draft.messages for reference in message.references
    ]
    assert (len(drafts), sum(len(draft.messages) for draft in drafts)) == (conversations, messages)
    assert (len(references), len(set(references))) == (citations, pages)
