"""OpenAI: what chat messages and items become."""

from datetime import UTC, datetime
from typing import Any

import pytest

from db.interchange.base import BadRecord
from db.interchange.openai import FORMAT
from db.words import Actor, ExecutionStatus, IdType, MessageRole, MessageStatus, PartType
from tests.interchange.drafted import assert_comes_back, conversation_of, needs_samples, sample_records, samples
from tests.interchange.specimens import records_of

CHAT, ITEMS, CONVERSATION, RESPONSE, REASONING, MESSAGE = records_of("openai")


def chat(*messages: Any, **more: Any) -> dict[str, Any]:
    return {"messages": list(messages), **more}


def test_what_a_record_says_beside_its_messages_are_properties_of_the_conversation() -> None:
    draft = conversation_of(FORMAT, CHAT)
    assert draft.values["properties"] == {
        "task_id": 3,
        "reward": 1.0,
        "created_at": 1718000000,
        "metadata": {"split": "train"},
    }
    assert (draft.record_id, draft.values["title"], draft.values["model"]) == ("run-7", "Two boats", "harbour-small")
    assert draft.values["created_at"] == datetime(2024, 6, 10, 6, 13, 20, tzinfo=UTC)


def test_the_tools_of_a_request_are_no_property() -> None:
    draft = conversation_of(FORMAT, CHAT)
    assert draft.extra == {"tools": CHAT["tools"]}


def test_a_record_without_oddities_leaves_nothing_behind() -> None:
    record = chat({"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}, reward=1.0)
    draft = assert_comes_back(FORMAT, record)
    assert [(each.extra, each.presence) for each in (draft, *draft.messages)] == [(None, None)] * 3


def test_roles_are_told_apart_and_kept_in_the_source_s_words() -> None:
    draft = conversation_of(FORMAT, CHAT)
    assert [(message.values["role"], message.values["role_name"]) for message in draft.messages[:4]] == [
        (MessageRole.SYSTEM, "developer"),
        (MessageRole.USER, "user"),
        (MessageRole.ASSISTANT, "assistant"),
        (MessageRole.TOOL, "tool"),
    ]
    assert [message.values.get("visible", True) for message in draft.messages[:4]] == [False, True, True, False]
    assert draft.linear


def test_parts_are_texts_images_and_others() -> None:
    parts = conversation_of(FORMAT, CHAT).messages[1].parts
    assert parts is not None
    assert [part["type"] for part in parts] == [PartType.TEXT, PartType.IMAGE, PartType.OTHER]
    assert (parts[1]["url"], parts[1]["detail"]) == ("https://img.example/boat.png", "low")
    assert (parts[2]["other_type"], parts[2]["payload"]["input_audio"]["format"]) == ("input_audio", "wav")


def test_a_call_and_its_answer_name_each_other() -> None:
    _, asked, calls, result, answer, _ = conversation_of(FORMAT, CHAT).messages
    assert calls.tool_calls == [{"call_id": "call_1", "name": "find_boat", "arguments_text": '{"hull": "red"}'}]
    assert calls.values.get("content", "") == ""
    assert (result.values["tool_call_id"], result.values["tool_name"]) == ("call_1", "find_boat")
    assert asked.values["author_name"] == "ada"
    assert answer.tool_calls == []


def test_url_citations_are_references_and_file_paths_are_not() -> None:
    answer = conversation_of(FORMAT, CHAT).messages[4]
    (reference,) = answer.references
    assert reference.values == {
        "kind": "url_citation",
        "start_index": 14,
        "end_index": 20,
        "url": "https://fleet.example/puffin",
        "title": "The fleet",
    }
    assert reference.source is not None
    assert reference.source.values["url"] == "https://fleet.example/puffin"


def test_the_text_parts_and_a_refusal_are_the_content() -> None:
    assert conversation_of(FORMAT, CHAT).messages[5].values["content"] == "Two parts,\nand no more."


def test_items_are_messages_of_one_conversation() -> None:
    draft = conversation_of(FORMAT, ITEMS)
    assert [(message.kind, message.values["role"]) for message in draft.messages] == [
        ("item", MessageRole.USER),
        ("reasoning", MessageRole.ASSISTANT),
        ("function_call", MessageRole.ASSISTANT),
        ("function_call_output", MessageRole.TOOL),
        ("web_search_call", MessageRole.ASSISTANT),
        ("item", MessageRole.ASSISTANT),
        ("item", MessageRole.USER),
    ]
    asked, thought, call, result, search, answer, _ = draft.messages
    assert asked.record_id == "msg_1"
    assert thought.parts == [{"type": PartType.REASONING, "text": "Look at the plan."}]
    assert thought.values["content"] == ""
    assert call.tool_calls == [{"call_id": "call_2", "name": "timetable", "arguments_text": "{}"}]
    assert (result.values["tool_call_id"], result.values["content"]) == ("call_2", "10:40")
    assert search.parts is not None
    assert search.parts[0]["payload"] == ITEMS[4]
    assert answer.values["status"] is MessageStatus.STOPPED


def test_places_of_citations_count_in_the_whole_content() -> None:
    answer = conversation_of(FORMAT, ITEMS).messages[5]
    content = answer.values["content"]
    page, file = (reference.values for reference in answer.references)
    assert content == "First.\nAt 10:40."
    assert content[page["start_index"] : page["end_index"]] == "10:40"
    assert (file["external_id"], file["label"]) == ("file_9", "plan.pdf")


def test_a_conversation_object_holds_its_items_in_a_list() -> None:
    draft = conversation_of(FORMAT, CONVERSATION)
    assert (draft.record_id, draft.kind, len(draft.messages)) == ("conv_1", "conversation", 7)
    assert draft.values["properties"] == {"topic": "ferry"}
    assert draft.values["created_at"] == datetime(2025, 3, 13, 21, 6, 40, tzinfo=UTC)


def test_a_response_is_a_conversation_of_what_was_asked_and_answered() -> None:
    draft = conversation_of(FORMAT, RESPONSE)
    assert draft.messages[0].values["content"] == "When does it sail?"
    assert draft.values["system_prompt"] == "Be brief"
    assert draft.values["execution_status"] is ExecutionStatus.AVAILABLE
    last = draft.messages[-1]
    tokens = "input_tokens", "cached_input_tokens", "output_tokens", "reasoning_tokens", "total_tokens"
    assert [last.values[name] for name in tokens] == [30, 10, 12, 4, 42]
    assert (last.values["model"], last.values["actor"]) == ("harbour-large", Actor.AI)


@pytest.mark.parametrize("record", [REASONING, MESSAGE])
def test_a_single_message_becomes_a_loose_conversation(record: Any) -> None:
    draft = assert_comes_back(FORMAT, record)
    assert (draft.loose, draft.record_id, len(draft.messages)) == (True, None, 1)


def test_an_id_keeps_its_type() -> None:
    draft = assert_comes_back(FORMAT, chat({"role": "user", "content": "Hi"}, id=7))
    assert (draft.record_id, draft.id_type) == ("7", IdType.NUMBER)


def test_arguments_that_are_no_text_are_kept_as_they_were() -> None:
    call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": {"a": 1.0}}}
    draft = assert_comes_back(FORMAT, chat({"role": "assistant", "content": None, "tool_calls": [call]}))
    assert draft.messages[0].tool_calls[0]["arguments_text"] == '{"a":1.0}'


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (chat({"content": "Hi"}), "messages[0].role: must be a text, but is missing"),
        (chat({"role": 4, "content": "Hi"}), "messages[0].role: must be a text, not a number"),
        (chat({"role": "user", "content": 5}), "messages[0].content: must be a text, a list of parts or null, not a n"),
        (chat("Hi"), "messages[0]: must be an object, not a text"),
        ({"messages": {}}, "messages: must be a list of objects, not an object"),
        ({"object": "list", "data": "x"}, "data: must be a list of objects, not a text"),
        ({"object": "response", "output": [], "input": [1]}, "input[0]: must be an object, not a number"),
        (3, "must be an object or an array, not a number"),
    ],
)
def test_a_record_without_what_it_needs_is_refused(record: Any, reason: str) -> None:
    with pytest.raises(BadRecord) as refusal:
        list(FORMAT.read(record))
    assert reason in str(refusal.value)


@needs_samples
def test_the_runs_of_an_agent_have_their_calls_and_rewards() -> None:
    (path,) = samples("data/export-samples/openai-chat")
    drafts = [conversation_of(FORMAT, record) for record in sample_records(path)]
    messages = [message for draft in drafts for message in draft.messages]
    assert (len(drafts), len(messages)) == (50, 1_384)
    assert sum(draft.values["properties"]["reward"] for draft in drafts) == 21
    calls = [call["call_id"] for message in messages for call in message.tool_calls]
    assert calls == [message.values["tool_call_id"] for message in messages if "tool_call_id" in message.values]
    assert len(calls) == 282
