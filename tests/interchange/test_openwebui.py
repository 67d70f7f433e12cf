"""Open WebUI: what chats, their sources and annotations become."""

import copy
from datetime import UTC, datetime
from typing import Any

import pytest

from db.interchange.base import BadRecord
from db.interchange.openwebui import FORMAT
from db.words import MessageStatus, Rating
from tests.interchange.drafted import assert_comes_back, conversation_of, needs_samples, samples, whole
from tests.interchange.specimens import records_of

CHAT, WRAPPED = records_of("openwebui")


def test_the_history_is_the_tree_and_its_current_message_is_in_play() -> None:
    draft = conversation_of(FORMAT, CHAT)
    assert [(message.record_id, message.parent) for message in draft.messages] == [
        ("w1", None),
        ("w2", "w1"),
        ("w3", "w1"),
    ]
    assert (draft.current, draft.record_id, draft.tags) == ("w2", "ow-1", ["bikes"])
    assert draft.values["created_at"] == datetime(2026, 8, 19, 13, 40, 10, 123_000, tzinfo=UTC)


def test_each_passage_of_a_source_is_a_citation_with_the_number_of_the_source() -> None:
    answer = conversation_of(FORMAT, CHAT).messages[1]
    told = [(reference.values["number"], reference.values.get("excerpt")) for reference in answer.references]
    assert told == [(1, "Page one."), (1, "Page two."), (2, "The Puffin is red."), (3, None)]
    assert [reference.values.get("relevance_score") for reference in answer.references] == [0.91, 0.5, None, None]
    sources = [reference.source.values for reference in answer.references if reference.source is not None]
    assert sources[0] == {"title": "Handbook", "kind": "file", "external_id": "doc-1", "connector": "open-webui"}
    assert sources[0] == sources[1]
    assert sources[2] == {"title": "Fleet", "url": "https://fleet.example/puffin"}


def test_usage_follow_ups_files_and_errors_have_their_columns() -> None:
    asked, answer, failed = conversation_of(FORMAT, CHAT).messages
    assert asked.attachments == [{"external_id": "f1", "name": "logo.svg", "url": "/f/1", "size": 20}]
    assert (answer.values["input_tokens"], answer.values["output_tokens"], answer.values["total_tokens"]) == (5, 7, 12)
    assert answer.follow_ups == [{"question": "Why a bird?"}]
    assert (failed.values["status"], failed.values["fail_reason"]) == (MessageStatus.FAILED, "too busy")


def test_an_annotation_is_feedback() -> None:
    (opinion,) = conversation_of(FORMAT, CHAT).messages[1].feedback
    assert opinion.values == {"rating": Rating.POSITIVE, "comment": "Yes"}
    assert opinion.reasons == [{"label": "accurate_information"}]


def test_a_wrapper_says_who_owns_a_chat_and_where_it_is_kept() -> None:
    draft = conversation_of(FORMAT, WRAPPED)
    values = draft.values
    assert (draft.record_id, values["owner_id"], draft.tags) == ("ow-2", "u-1", ["naming"])
    assert values["properties"] == {"pinned": False, "folder_id": "folder-1"}
    assert values["archived_at"] == values["updated_at"]
    assert values["model"] == "a"


def test_the_repeated_branch_is_kept_only_where_it_differs() -> None:
    record = copy.deepcopy(CHAT)
    nodes = record["history"]["messages"]
    record["messages"] = [nodes["w1"], nodes["w2"]]
    draft = assert_comes_back(FORMAT, record)
    assert draft.presence is None or not draft.presence.keys() & {"branch", "branch_keys"}
    assert draft.notes == []
    record["messages"] = [{**nodes["w1"], "content": "Another question"}]
    assert assert_comes_back(FORMAT, record).notes != []


def test_an_empty_id_is_none() -> None:
    assert assert_comes_back(FORMAT, {**CHAT, "id": ""}).record_id is None


def broken(**message: Any) -> dict[str, Any]:
    record: dict[str, Any] = copy.deepcopy(CHAT)
    record["history"]["messages"]["w2"] |= message
    return record


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (broken(role=None), "history.messages.w2.role: must be a text, not null"),
        (broken(content=3), "history.messages.w2.content: must be a text or a list of parts, not a number"),
        (broken(parentId="w2"), "message w2: its parents form a cycle"),
        (broken(parentId=2), "history.messages.w2.parentId: must be a text or null, not a number"),
        ({"history": []}, "history: must be an object, not an array"),
        ({"chat": {"history": {}}}, "chat.history.messages: must be an object, but is missing"),
    ],
)
def test_a_record_without_what_it_needs_is_refused(record: Any, reason: str) -> None:
    with pytest.raises(BadRecord) as refusal:
        list(FORMAT.read(record))
    assert str(refusal.value) == reason


@needs_samples
def test_real_chats_have_their_messages() -> None:
    found = {
        path.name: conversation_of(FORMAT, whole(path)) for path in samples("data/export-samples/openwebui", "*.json")
    }
    assert {name: len(draft.messages) for name, draft in found.items()} == {
        "chatgpt_output.json": 10,
        "webui-json.json": 2,
    }
    assert all(draft.notes == [] for draft in found.values())
