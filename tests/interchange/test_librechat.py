"""LibreChat: what flat and nested exports become."""

import copy
from datetime import UTC, datetime
from typing import Any

import pytest

from db.interchange.base import BadRecord
from db.interchange.librechat import FORMAT
from db.words import MessageRole, MessageStatus, PartType, Rating
from tests.interchange.drafted import conversation_of, needs_samples, samples, whole
from tests.interchange.specimens import records_of

NESTED, FLAT = records_of("librechat")


def test_nested_and_flat_messages_are_the_same_kind_of_tree() -> None:
    nested = conversation_of(FORMAT, NESTED)
    flat = conversation_of(FORMAT, FLAT)
    assert [(message.record_id, message.parent) for message in nested.messages] == [
        ("l1", None),
        ("l2", "l1"),
        ("l3", "l1"),
        ("l4", "l3"),
    ]
    assert [(message.record_id, message.parent) for message in flat.messages] == [
        ("l1", None),
        ("l2", "l1"),
        ("l3", "l1"),
        ("l4", None),
    ]
    assert (nested.current, nested.linear) == ("l4", False)


def test_options_are_the_conversation_s_settings() -> None:
    values = conversation_of(FORMAT, FLAT).values
    assert (values["model"], values["system_prompt"], values["temperature"]) == ("harbour-small", "Be brief", 0.8)
    assert values["config"] == {"top_p": 1, "presetId": None}
    assert values["properties"]["endpoint"] == "openAI"
    assert values["created_at"] == datetime(2024, 5, 28, 18, 8, 55, 14_000, tzinfo=UTC)


def test_senders_are_names_and_who_made_a_message_is_its_role() -> None:
    asked, answer, *_ = conversation_of(FORMAT, FLAT).messages
    assert (asked.values["role"], asked.values["author_name"]) == (MessageRole.USER, "User")
    assert (answer.values["role"], answer.values["author_name"]) == (MessageRole.ASSISTANT, "Harbour")
    assert (asked.values["input_tokens"], answer.values["output_tokens"]) == (9, 9)


def test_errors_and_unfinished_answers_have_their_status() -> None:
    statuses = [message.values.get("status") for message in conversation_of(FORMAT, FLAT).messages]
    assert statuses == [None, None, MessageStatus.STOPPED, MessageStatus.FAILED]


def test_parts_are_reasoning_texts_and_calls() -> None:
    answer = conversation_of(FORMAT, FLAT).messages[2]
    assert answer.parts is not None
    assert [part["type"] for part in answer.parts] == [PartType.REASONING, PartType.TEXT, PartType.OTHER]
    assert answer.values["content"] == "A fore-sail."
    assert answer.tool_calls == [{"call_id": "c1", "name": "look_up", "arguments_text": "{}"}]


def test_a_thumb_is_feedback_with_its_reason() -> None:
    (opinion,) = conversation_of(FORMAT, FLAT).messages[1].feedback
    assert opinion.values == {"rating": Rating.POSITIVE, "comment": "Good"}
    assert opinion.reasons == [{"label": "accurate"}]


def test_a_parent_that_is_not_there_is_written_again() -> None:
    (written,) = FORMAT.write(conversation_of(FORMAT, FLAT))
    assert written["messages"][3]["parentMessageId"] == "gone"


def broken(**message: Any) -> dict[str, Any]:
    record: dict[str, Any] = copy.deepcopy(FLAT)
    record["messages"][1] |= message
    return record


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (broken(messageId=None), "messages[1].messageId: must be a text, not null"),
        (broken(messageId="l1"), "messages[1].messageId: l1 is there twice"),
        (broken(parentMessageId="l2"), "message l2: its parents form a cycle"),
        (broken(text=["a"]), "messages[1].text: must be a text, not an array"),
        (broken(children=[1]), "messages[1].children[0]: must be an object, not a number"),
        ({"messages": None}, "messages: must be a list of objects, not null"),
    ],
)
def test_a_record_without_what_it_needs_is_refused(record: Any, reason: str) -> None:
    with pytest.raises(BadRecord) as refusal:
        list(FORMAT.read(record))
    assert str(refusal.value) == reason


@needs_samples
def test_real_exports_have_their_messages_and_branches() -> None:
    found = {path.name: conversation_of(FORMAT, whole(path)) for path in samples("data/export-samples/librechat")}
    assert {name: len(draft.messages) for name, draft in found.items()} == {
        "librechat-export.json": 6,
        "librechat-linear.json": 2,
        "librechat-opts-nonr-branches.json": 5,
        "librechat-tree.json": 9,
    }
    branched = found["librechat-opts-nonr-branches.json"]
    assert len({message.parent for message in branched.messages}) < len(branched.messages)
