"""A backend logs its transcripts as often as it likes: the new comes in, what changed is changed, the rest stays."""

import asyncio
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from db.database import Database
from db.record import new_id
from db.viewer import PROGRAM
from db.words import ErrorPolicy, MessageStatus, PartType, Rating
from db.writing import (
    DEFAULT_LIMITS,
    Counts,
    Outcome,
    create_conversation,
    delete_conversation,
    give_feedback,
    log_conversation,
    untag_conversations,
)
from tests.db.builders import World, at
from tests.db.writing.scenes import (
    ME,
    STRANGER,
    refusal,
    rows,
    stored_row,
    strangers_workspace,
    talk_of,
    told,
    unknown,
)
from tests.db.writing.talking import (
    ASSISTANT,
    FULL,
    METADATA,
    TOOL,
    USAGE,
    chat,
    created,
    in_play,
    log,
    messages_of,
    says,
    tree,
    wire,
)
from tests.interchange import stored


async def own(database: Database, *messages: dict[str, Any], **values: Any) -> Outcome:
    """Log messages of this API's own form."""
    return await log_conversation(database, {"external_id": "thread", "messages": [*messages], **values}, viewer=ME)


async def problems_of(database: Database, **values: Any) -> Any:
    """What is wrong with a log that is refused, and of which nothing is written."""
    before = await stored.everything(database)
    found = told(await refusal(log_conversation(database, values, viewer=ME)))
    assert await stored.everything(database) == before
    return found


def known(outcome: Outcome) -> UUID:
    assert outcome.row is not None
    row_id: UUID = outcome.row.id
    return row_id


# chat messages as they go over the wire


async def test_a_thread_that_is_new_becomes_a_conversation(database: Database) -> None:
    outcome = await log(database, wire("q1", "a1", system="Be kind."))
    row = await stored_row(database, "conversations", known(outcome))
    assert vars(outcome.row) == row
    assert (row["external_id"], row["title"], row["preview"], row["message_count"], row["version"]) == (
        "thread",
        "q1",
        "q1",
        3,
        1,
    )
    assert outcome.counts == Counts(inserted=3)
    assert await tree(database, row["id"]) == [("Be kind.", None), ("q1", "Be kind."), ("a1", "q1")]
    found = await messages_of(database, row["id"])
    assert [(each["role_name"], each["visible"]) for each in found] == [
        ("system", False),
        ("user", True),
        ("assistant", True),
    ]
    assert [each and each.id for each in outcome.listed] == [each["id"] for each in found]


async def test_a_repetition_changes_nothing(database: Database) -> None:
    transcript = wire("q1", "a1", "q2", system="s")
    first = await log(database, transcript)
    before = await stored.everything(database)
    again = await log(database, transcript)
    assert await stored.everything(database) == before
    assert again.counts == Counts(unchanged=3 + 1)
    assert again.row is not None
    assert (again.row.id, again.row.version) == (known(first), 1)
    assert [row and row.id for row in again.listed] == [row and row.id for row in first.listed]


async def test_a_transcript_grows_turn_by_turn(database: Database) -> None:
    turns = ["q1", "a1", "q2", "a2", "q3", "a3"]
    for end in range(1, 7):
        outcome = await log(database, wire(*turns[:end], system="s"))
        assert outcome.counts == Counts(inserted=2 if end == 1 else 1, unchanged=0 if end == 1 else end)
        assert outcome.row is not None
        assert outcome.row.version == end
    assert await in_play(database, known(outcome)) == ["s", *turns]


@pytest.mark.parametrize("system", [None, "s"])
async def test_a_history_that_is_cut_at_its_front_goes_on_where_it_was(database: Database, system: str | None) -> None:
    await log(database, wire("q1", "a1", "q2", "a2", system="s"))
    outcome = await log(database, wire("q2", "a2", "q3", "a3", system=system))
    assert outcome.counts.inserted == 2
    await log(database, [{"role": "assistant", "content": "a3"}, *wire("q4")])
    assert await in_play(database, known(outcome)) == ["s", "q1", "a1", "q2", "a2", "q3", "a3", "q4"]
    assert len(await messages_of(database, known(outcome))) == 8


async def test_instructions_that_change_each_turn_are_changed_and_the_rest_stays(database: Database) -> None:
    await log(database, wire("q1", "a1", system="It is Monday."))
    outcome = await log(database, wire("q1", "a1", "q2", system="It is Tuesday."))
    assert outcome.counts == Counts(inserted=1, updated=1, unchanged=2)
    assert await tree(database, known(outcome)) == [
        ("It is Tuesday.", None),
        ("q1", "It is Tuesday."),
        ("a1", "q1"),
        ("q2", "a1"),
    ]
    outcome = await log(database, wire("q2", "a2", system="It is Wednesday."))
    assert outcome.counts == Counts(inserted=1, updated=1, unchanged=1)
    assert (await messages_of(database, known(outcome)))[0]["version"] == 3


async def test_a_question_that_is_edited_begins_a_branch_and_back_again_nothing_is_added(database: Database) -> None:
    first, second = wire("q1", "a1", "q2", "a2", system="s"), wire("q1", "a1", "q3", "a3", "q4", system="s")
    conversation = known(await log(database, first))
    outcome = await log(database, second)
    assert outcome.counts == Counts(inserted=3, unchanged=3)
    assert await in_play(database, conversation) == ["s", "q1", "a1", "q3", "a3", "q4"]
    outcome = await log(database, first)
    assert outcome.counts == Counts(unchanged=5)
    assert outcome.row is not None
    assert (outcome.row.version, outcome.row.message_count) == (3, 8)
    assert await in_play(database, conversation) == ["s", "q1", "a1", "q2", "a2"]
    outcome = await log(database, [*first, *wire("q5")])
    assert outcome.counts == Counts(inserted=1, unchanged=5)
    outcome = await log(database, [*second, {"role": "assistant", "content": "a4"}])
    assert outcome.counts == Counts(inserted=1, unchanged=6)
    assert await in_play(database, conversation) == ["s", "q1", "a1", "q3", "a3", "q4", "a4"]


async def test_another_first_question_is_another_branch_below_the_instructions(database: Database) -> None:
    await log(database, wire("q1", "a1", system="s"))
    outcome = await log(database, wire("q2", "a2", system="s"))
    assert await tree(database, known(outcome)) == [
        ("s", None),
        ("q1", "s"),
        ("a1", "q1"),
        ("q2", "s"),
        ("a2", "q2"),
    ]
    outcome = await log(database, wire("q1", "a1", system="s"))
    assert outcome.counts == Counts(unchanged=3)


async def test_equal_messages_in_a_row_are_as_many_as_were_said(database: Database) -> None:
    yes = {"role": "user", "content": "yes"}
    outcome = await log(database, [yes])
    outcome = await log(database, [yes, yes])
    assert outcome.counts == Counts(inserted=1, unchanged=1)
    outcome = await log(database, [yes, yes])
    assert outcome.counts == Counts(unchanged=2)
    outcome = await log(database, [yes, yes, {"role": "assistant", "content": "Really?"}, yes])
    assert outcome.counts == Counts(inserted=2, unchanged=2)
    outcome = await log(database, [yes, {"role": "assistant", "content": "Really?"}, yes, yes])
    assert await in_play(database, known(outcome)) == ["yes", "yes", "Really?", "yes", "yes"]


async def test_calls_of_tools_and_their_results_come_as_they_are_told(database: Database) -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "search", "arguments": '{"q":1}'}}
    custom = {"id": "c2", "type": "custom", "custom": {"name": "shell", "input": "ls"}}
    transcript: list[dict[str, Any]] = [
        {"role": "user", "content": "q", "name": "Ada"},
        {"role": "assistant", "content": None, "tool_calls": [call, custom]},
        {"role": "tool", "tool_call_id": "c1", "content": "found"},
    ]
    outcome = await log(database, transcript)
    _, asking, result = await messages_of(database, known(outcome))
    calls = await rows(database, "tool_calls", message_id=asking["id"])
    assert [(row["call_id"], row["name"], row["arguments_text"]) for row in calls] == [
        ("c1", "search", '{"q":1}'),
        ("c2", "shell", "ls"),
    ]
    assert calls[0]["result_message_id"] == result["id"]
    outcome = await log(database, [*transcript, {"role": "tool", "tool_call_id": "c2", "content": "a.txt"}])
    assert outcome.counts == Counts(inserted=1, unchanged=3)
    calls = await rows(database, "tool_calls", message_id=asking["id"])
    assert outcome.listed[3] is not None
    assert calls[1]["result_message_id"] == outcome.listed[3].id
    other = {**call, "function": {"name": "search", "arguments": '{"q":2}'}}
    transcript[1] = {"role": "assistant", "content": None, "tool_calls": [other]}
    assert (await log(database, transcript)).counts == Counts(inserted=2, unchanged=1)


async def test_a_function_call_of_the_old_form_is_a_call(database: Database) -> None:
    old = {"role": "assistant", "content": None, "function_call": {"name": "search", "arguments": "{}"}}
    transcript = [*wire("q"), old, {"role": "function", "name": "search", "content": "found"}]
    outcome = await log(database, transcript)
    _, asking, result = await messages_of(database, known(outcome))
    (call,) = await rows(database, "tool_calls", message_id=asking["id"])
    assert (call["call_id"], call["name"], call["arguments_text"]) == (None, "search", "{}")
    assert (result["role_name"], result["tool_name"]) == ("function", "search")
    assert (await log(database, transcript)).counts == Counts(unchanged=3)
    other = {**old, "function_call": {"name": "search", "arguments": '{"q":1}'}}
    assert (await log(database, [transcript[0], other])).counts == Counts(inserted=1, unchanged=1)


async def test_content_may_be_parts_and_a_single_text_is_simply_that(database: Database) -> None:
    parts = [
        {"type": "text", "text": "What is this?"},
        {"type": "image_url", "image_url": {"url": "https://i.example", "detail": "low"}},
    ]
    transcript: list[dict[str, Any]] = [{"role": "user", "content": parts}]
    outcome = await log(database, transcript)
    (message,) = await messages_of(database, known(outcome))
    assert (message["content"], message["has_parts"]) == ("What is this?", True)
    found = await rows(database, "content_parts", message_id=message["id"])
    assert [(row["type"], row["text"], row["url"]) for row in found] == [
        (PartType.TEXT, "What is this?", None),
        (PartType.IMAGE, None, "https://i.example"),
    ]
    assert (await log(database, transcript)).counts == Counts(unchanged=1)
    answer = {"role": "assistant", "content": "A cat."}
    await log(database, [*transcript, answer])
    same = {"role": "assistant", "content": [{"type": "text", "text": "A cat."}]}
    assert (await log(database, [*transcript, same])).counts == Counts(unchanged=2)
    transcript[0] = {"role": "user", "content": [parts[0]]}
    assert (await log(database, transcript)).counts == Counts(inserted=1)


async def test_keys_that_the_format_does_not_know_are_kept_and_make_no_difference(database: Database) -> None:
    answer = {"role": "assistant", "content": "a", "refusal": None, "x_trace": {"id": 1.0}}
    outcome = await log(database, [*wire("q"), answer])
    found = (await messages_of(database, known(outcome)))[1]
    assert found["metadata"] == {"refusal": None, "x_trace": {"id": 1.0}}
    before = await stored.everything(database)
    assert (await log(database, [*wire("q"), {**answer, "x_trace": 2}])).counts == Counts(unchanged=2)
    assert await stored.everything(database) == before


async def test_citations_in_a_chat_message_are_citations(database: Database) -> None:
    cited = {"url": "https://c.example", "title": "C", "start_index": 0, "end_index": 1}
    answer = {"role": "assistant", "content": "a", "annotations": [{"type": "url_citation", "url_citation": cited}]}
    outcome = await log(database, [*wire("q"), answer])
    (row,) = await rows(database, "citations")
    assert (row["url"], row["title"], row["end_index"]) == ("https://c.example", "C", 1)
    assert [source["url"] for source in await rows(database, "sources")] == ["https://c.example"]
    assert (await log(database, [*wire("q"), answer])).counts == Counts(unchanged=2)
    assert outcome.counts.inserted == 2


async def test_what_is_wrong_with_chat_messages_is_told_with_its_place(database: Database) -> None:
    call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    cases: list[tuple[Any, tuple[str, ...]]] = [
        ("hello", ()),
        ({}, ("role",)),
        ({"role": 5, "content": "x"}, ("role",)),
        ({"role": " ", "content": "x"}, ("role",)),
        ({"role": "x" * 513, "content": "x"}, ("role",)),
        ({"role": "user", "content": 5}, ("content",)),
        ({"role": "user", "content": "a\0"}, ("content",)),
        ({"role": "user", "content": [{"type": "text", "text": "\ud800"}]}, ("content", "0", "text")),
        ({"role": "user", "content": "x", "name": "x" * 513}, ("name",)),
        ({"role": "tool", "content": "x", "tool_call_id": "x" * 513}, ("tool_call_id",)),
        ({"role": "assistant", "tool_calls": "f"}, ("tool_calls",)),
        ({"role": "assistant", "tool_calls": [call, {"id": "d"}]}, ("tool_calls", "1")),
        ({"role": "assistant", "tool_calls": [5]}, ("tool_calls", "0")),
        ({"role": "assistant", "tool_calls": [{**call, "id": "x" * 513}]}, ("tool_calls", "0", "id")),
        (
            {"role": "assistant", "tool_calls": [{**call, "function": {"name": ""}}]},
            ("tool_calls", "0", "function", "name"),
        ),
        ({"role": "assistant", "content": [{"type": "text", "text": "x"}] * 1_001}, ("content",)),
        ({"role": "user", "content": "x", "x": "x" * 70_000}, ()),
    ]
    messages = [message for message, _ in cases]
    found = await problems_of(database, openai_messages=messages)
    assert sorted(place for _, place in found) == sorted(
        ("openai_messages", str(index), *place) for index, (_, place) in enumerate(cases)
    )
    limits = replace(DEFAULT_LIMITS, messages=2)
    (problem,) = await refusal(
        log_conversation(database, {"openai_messages": wire("a", "b", "c")}, viewer=ME, limits=limits)
    )
    assert (problem.code, problem.field, problem.limit, problem.actual) == ("TOO_MANY", ("openai_messages",), 2, 3)
    both = {"openai_messages": wire("a"), "messages": chat("a")}
    assert await problems_of(database, **both) == [("INVALID", ("openai_messages",))]


async def test_with_reject_bad_the_good_chat_messages_are_kept_and_the_next_log_is_the_same(database: Database) -> None:
    transcript: list[Any] = [*wire("q1", "a1"), {"role": 5}, *wire("q2"), "?", {"role": "assistant", "content": "a\0"}]
    values = {"external_id": "t", "openai_messages": transcript, "on_error": ErrorPolicy.REJECT_BAD}
    outcome = await log_conversation(database, values, viewer=ME)
    assert outcome.counts == Counts(inserted=3, rejected=3)
    assert [row and row.content for row in outcome.listed] == ["q1", "a1", None, "q2", None, None]
    assert {place for _, place in told(outcome.problems)} == {
        ("openai_messages", "2", "role"),
        ("openai_messages", "4"),
        ("openai_messages", "5", "content"),
    }
    before = await stored.everything(database)
    outcome = await log_conversation(database, values, viewer=ME)
    assert outcome.counts == Counts(unchanged=3, rejected=3)
    assert await stored.everything(database) == before


# messages with ids


async def test_messages_are_found_by_uuid_or_external_id_and_changed_where_they_differ(database: Database) -> None:
    uuid = new_id()
    first = [says("q", uuid=uuid), says("a", ASSISTANT, external_id="a")]
    conversation = known(await own(database, *first))
    before = await messages_of(database, conversation)
    assert (await own(database, *first)).counts == Counts(unchanged=2)
    assert await messages_of(database, conversation) == before
    changed = says("a, better", ASSISTANT, external_id="a", usage={"total_tokens": 5})
    outcome = await own(database, first[0], changed, says("q2", external_id="q2"))
    assert outcome.counts == Counts(inserted=1, updated=1, unchanged=1)
    after = await messages_of(database, conversation)
    assert after[0] == before[0]
    changes = {"content": "a, better", "total_tokens": 5, "version": 2, "updated_at": after[1]["updated_at"]}
    assert after[1] == {**before[1], **changes}
    assert await tree(database, conversation) == [("q", None), ("a, better", "q"), ("q2", "a, better")]
    assert outcome.listed[1] is not None
    assert vars(outcome.listed[1]) == after[1]


async def test_each_field_of_a_message_can_change(database: Database) -> None:
    message = says("x", external_id=FULL["external_id"])
    conversation = known(await own(database, message))
    fields = {**FULL, "content": "y", "metadata": {**METADATA, "extra": {"e": 1}}, "usage": USAGE}
    for name in sorted(fields.keys() - {"external_id"}):
        message[name] = fields[name]
        assert (await own(database, message)).counts == Counts(updated=1), name
        assert (await own(database, message)).counts == Counts(unchanged=1), name
    (row,) = await messages_of(database, conversation)
    expected = {**FULL, **METADATA, **USAGE, "content": "y", "metadata": {"e": 1}, "properties": {"a": 1}}
    assert {name: row[name] for name in expected} == expected
    assert row["version"] == len(fields), "each raised it once"


async def test_what_follows_from_the_role_follows_it(database: Database) -> None:
    conversation = known(await own(database, says("x", external_id="m")))
    await own(database, says("x", ASSISTANT, external_id="m"))
    (row,) = await messages_of(database, conversation)
    assert (row["role"], row["role_name"], row["message_type"], row["actor"]) == (
        "ASSISTANT",
        "assistant",
        "BOT_RESPONSE",
        "AI",
    )


async def test_each_list_of_a_message_can_change_and_what_is_left_out_stays(database: Database) -> None:
    lists: dict[str, list[dict[str, Any]]] = {
        "citations": [{"url": "https://a.example"}, {"title": "Only a title"}],
        "follow_up_questions": [{"question": "Why?"}],
        "tool_calls": [{"call_id": "c", "name": "f"}, {"name": "g"}],
        "attachments": [{"name": "a"}, {"name": "b"}],
    }
    parts = [{"text": "x"}, {"reasoning": "r"}]
    message = {"role": ASSISTANT, "external_id": "m", "content_parts": parts, **lists}
    conversation = known(await own(database, message))
    before = await stored.everything(database)
    assert (await own(database, message)).counts == Counts(unchanged=1)
    bare = {name: value for name, value in message.items() if name not in lists}
    assert (await own(database, bare)).counts == Counts(unchanged=1)
    assert await stored.everything(database) == before
    ids = {name: [row["id"] for row in before[name]] for name in ("citations", "tool_calls", "attachments")}
    for name, value in lists.items():
        outcome = await own(database, {**bare, name: value[1:]})
        assert outcome.counts == Counts(updated=1), name
        assert (await own(database, {**bare, name: value[1:]})).counts == Counts(unchanged=1), name
        found = await rows(database, name)
        assert len(found) == len(value) - 1
        if name in ids:
            assert found[0]["id"] in ids[name], "what stays keeps its id"
            assert found[0]["position"] == 0
    assert (await own(database, says("plain", ASSISTANT, external_id="m"))).counts == Counts(updated=1)
    assert await rows(database, "content_parts") == []
    (row,) = await messages_of(database, conversation)
    assert (row["content"], row["has_parts"]) == ("plain", False)


async def test_citations_that_change_keep_what_was_said_of_those_that_stay(database: Database) -> None:
    citations = [{"url": "https://a.example"}, {"title": "B"}]
    await own(database, says("x", ASSISTANT, external_id="m", citations=citations))
    for citation in await rows(database, "citations"):
        await give_feedback(database, {"target": ("citations", citation["id"]), "rating": Rating.POSITIVE}, viewer=ME)
    kept = (await rows(database, "citations"))[1]["id"]
    await own(database, says("x", ASSISTANT, external_id="m", citations=[{"title": "B", "excerpt": "e"}]))
    assert [row["id"] for row in await rows(database, "citations")] == [kept]
    assert [row["reference_id"] for row in await rows(database, "feedback")] == [kept]


async def test_calls_and_results_find_each_other_whichever_is_logged_first(database: Database) -> None:
    call = {"role": ASSISTANT, "content": "", "external_id": "m"}
    result = says("found", TOOL, external_id="r", tool_call_id="c")
    await own(database, call, result)
    await own(database, {**call, "tool_calls": [{"call_id": "c", "name": "f"}]}, result)
    (row,) = await rows(database, "tool_calls")
    assert row["result_message_id"] is not None
    await own(database, {**call, "tool_calls": [{"call_id": "c", "name": "f", "arguments_text": "{}"}]}, result)
    (after,) = await rows(database, "tool_calls")
    assert after == {**row, "arguments_text": "{}"}


async def test_properties_are_merged_and_a_repetition_changes_nothing(database: Database) -> None:
    values: dict[str, Any] = {
        "properties": {"a": 1, "b": {"c": None, "d": 1}, "e": None},
        "user_properties": {"x": None},
    }
    message = says("x", external_id="m", **values, metadata={"extra": {"k": None, "l": 1}})
    conversation = known(await own(database, message, **values))
    before = await stored.everything(database)
    assert (await own(database, message, **values)).counts == Counts(unchanged=1)
    assert await stored.everything(database) == before
    await own(database, says("x", external_id="m", properties={"a": None, "n": 2}), properties={"b": {"d": 2}})
    (row,) = await messages_of(database, conversation)
    assert (row["properties"], row["user_properties"], row["metadata"]) == ({"b": {"d": 1}, "n": 2}, {}, {"l": 1})
    talk = await stored_row(database, "conversations", conversation)
    assert (talk["properties"], talk["user_properties"]) == ({"a": 1, "b": {"d": 2}}, {})


async def test_properties_that_grow_too_large_are_told(database: Database) -> None:
    limits = replace(DEFAULT_LIMITS, properties_bytes=12)
    await own(database, says("x", external_id="m", properties={"a": 1}), properties={"a": 1})
    before = await stored.everything(database)
    message = says("x", external_id="m", properties={"bcd": 1}, metadata={"extra": {"b": 1}})
    values = {"external_id": "thread", "properties": {"bcd": 1}, "messages": [message]}
    problems = await refusal(log_conversation(database, values, viewer=ME, limits=limits))
    assert sorted(told(problems)) == [("TOO_LONG", ("messages", "0", "properties")), ("TOO_LONG", ("properties",))]
    assert await stored.everything(database) == before


async def test_a_first_question_that_changes_makes_title_and_preview_anew(database: Database) -> None:
    conversation = known(await own(database, says("old", external_id="m"), says("a", ASSISTANT, external_id="n")))
    await own(database, says("new", external_id="m"))
    row = await stored_row(database, "conversations", conversation)
    assert (row["title"], row["preview"]) == ("new", "new")
    await own(database, says("newer", external_id="m"), title="Mine")
    row = await stored_row(database, "conversations", conversation)
    assert (row["title"], row["preview"], row["title_made"]) == ("Mine", "newer", False)


async def test_new_messages_go_below_the_one_before_them_in_the_input(database: Database) -> None:
    conversation = known(await own(database, says("a", external_id="a"), says("b", ASSISTANT, external_id="b")))
    policy = ErrorPolicy.REJECT_BAD
    outcome = await own(
        database,
        says("a", external_id="a"),
        says("bad", external_id="x", actor="?"),
        says("c", ASSISTANT, external_id="c"),
        says("d", external_id="d"),
        on_error=policy,
    )
    assert outcome.counts == Counts(inserted=2, unchanged=1, rejected=1)
    assert await tree(database, conversation) == [("a", None), ("b", "a"), ("c", "a"), ("d", "c")]
    assert await in_play(database, conversation) == ["a", "c", "d"]
    await own(
        database, says("e", ASSISTANT, external_id="e", parent_external_id="d"), says("b", ASSISTANT, external_id="b")
    )
    assert await in_play(database, conversation) == ["a", "b"], "the transcript's last message is on the branch in play"


async def test_ids_that_contradict_each_other_are_told(database: Database) -> None:
    other = await talk_of(database, 1)
    one, two = new_id(), new_id()
    await own(database, says("a", uuid=one, external_id="a"), says("b", uuid=two, external_id="b"))
    found = await problems_of(
        database,
        external_id="thread",
        messages=[
            says("1", uuid=other.messages[0]),
            says("2", uuid=one, external_id="b"),
            says("3", uuid=new_id(), external_id="a"),
            says("4", uuid=one),
            says("5", uuid=one),
            says("6", external_id="b", parent_id=other.messages[0]),
            says("7", external_id="new"),
            says("8", external_id="new"),
            says("9", external_id="newer", parent_external_id="nobody"),
        ],
    )
    assert sorted(found) == [
        ("INVALID", ("messages", "5", "parent_id")),
        ("NOT_FOUND", ("messages", "8", "parent_external_id")),
        ("TAKEN", ("messages", "1", "external_id")),
        ("TAKEN", ("messages", "2", "uuid")),
        ("TAKEN", ("messages", "4", "uuid")),
        ("TAKEN", ("messages", "7", "external_id")),
        ("WRONG_CONVERSATION", ("messages", "0", "uuid")),
    ]


async def test_an_external_id_that_is_given_later_is_kept_and_must_be_free(database: Database) -> None:
    uuid = new_id()
    conversation = known(await own(database, says("a", uuid=uuid), says("b", ASSISTANT, external_id="b")))
    await own(database, says("a", uuid=uuid, external_id="a"))
    assert [row["external_id"] for row in await messages_of(database, conversation)] == ["a", "b"]
    twice = [says("a", uuid=uuid, external_id="n"), says("n", external_id="n")]
    assert await problems_of(database, external_id="thread", messages=twice) == [
        ("TAKEN", ("messages", "1", "external_id"))
    ]


async def test_a_message_keeps_its_place_in_the_tree(database: Database) -> None:
    await own(database, says("a", external_id="a"), says("b", external_id="b"))
    same = says("b", external_id="b", parent_external_id="a")
    assert (await own(database, same)).counts == Counts(unchanged=1)
    for wrong in ({"parent_external_id": "b"}, {"parent_external_id": "nobody"}, {"parent_id": unknown()}):
        (problem,) = await problems_of(database, external_id="thread", messages=[says("a", external_id="a", **wrong)])
        assert problem == ("INVALID", ("messages", "0", *wrong))


async def test_own_messages_without_ids_are_found_by_their_places_and_changed(database: Database) -> None:
    transcript = chat("q1", "a1")
    conversation = known(await own(database, *transcript))
    assert (await own(database, *transcript)).counts == Counts(unchanged=2)
    transcript[1] |= {"usage": {"total_tokens": 3}, "citations": [{"title": "T"}]}
    assert (await own(database, *transcript)).counts == Counts(updated=1, unchanged=1)
    before = await stored.everything(database)
    assert (await own(database, *transcript)).counts == Counts(unchanged=2)
    assert await stored.everything(database) == before
    assert (await own(database, *chat("q1", "a2"))).counts == Counts(inserted=1, unchanged=1)
    assert await in_play(database, conversation) == ["q1", "a2"]


async def test_with_reject_bad_what_is_refused_makes_no_branch(database: Database) -> None:
    policy = ErrorPolicy.REJECT_BAD
    bad = says("cites", ASSISTANT, citations=[{"source_id": unknown()}])
    messages = [*chat("q1", "a1"), says("q\0"), bad, *chat("q2", "a2")]
    outcome = await own(database, *messages, on_error=policy)
    assert outcome.counts == Counts(inserted=4, rejected=2)
    before = await stored.everything(database)
    outcome = await own(database, *messages, on_error=policy)
    assert outcome.counts == Counts(unchanged=4, rejected=2)
    assert await stored.everything(database) == before


# the conversation


async def test_a_conversation_is_found_by_uuid_or_external_id_and_given_the_other(database: Database) -> None:
    conversation = await created(database, "q1")
    outcome = await log_conversation(database, {"uuid": conversation, "external_id": "e"}, viewer=ME)
    assert known(outcome) == conversation
    assert (await stored_row(database, "conversations", conversation))["external_id"] == "e"
    outcome = await log_conversation(database, {"external_id": "e", "model": "m"}, viewer=ME)
    assert (known(outcome), outcome.row and outcome.row.version) == (conversation, 3)
    uuid = new_id()
    assert known(await log_conversation(database, {"uuid": uuid, "external_id": "f"}, viewer=ME)) == uuid


async def test_ids_of_conversations_that_contradict_each_other_are_told(database: Database) -> None:
    await strangers_workspace(database)
    one, two = await talk_of(database, external_id="one"), await talk_of(database, external_id="two")
    theirs = await talk_of(database, viewer=STRANGER)
    assert await problems_of(database, uuid=one.id, external_id="two") == [("TAKEN", ("external_id",))]
    assert await problems_of(database, uuid=new_id(), external_id="two") == [("TAKEN", ("uuid",))]
    assert await problems_of(database, uuid=theirs.id) == [("TAKEN", ("uuid",))]
    await delete_conversation(database, {"id": two.id}, viewer=ME)
    assert await problems_of(database, uuid=two.id) == [("TAKEN", ("uuid",))]
    assert await problems_of(database, external_id="two") == [("TAKEN", ("external_id",))]
    assert await problems_of(database, uuid=one.id, external_id="two") == [("TAKEN", ("external_id",))]


async def test_what_a_log_says_of_the_conversation_is_kept_and_what_it_leaves_out_stays(database: Database) -> None:
    first = {
        "title": "T",
        "type": "AGENT",
        "owner_id": "o",
        "visibility": "PUBLIC",
        "model": "m",
        "system_prompt": "s",
        "temperature": 0.5,
        "config": {"a": 1},
        "external_url": "u",
        "support_ticket_conversation_id": "t",
        "project_id": "p",
        "integration_id": "i",
    }
    made = await own(database, created_at=at(3), **first)
    row = await stored_row(database, "conversations", known(made))
    assert {name: row[name] for name in first} == first
    assert (row["created_at"], row["version"], row["title_made"]) == (at(3), 1, False)
    assert (await own(database, **first, created_at=at(9))).row is not None
    assert await stored_row(database, "conversations", row["id"]) == row
    nulls = dict.fromkeys(first)
    outcome = await own(database, **{**nulls, "model": "n"})
    after = await stored_row(database, "conversations", row["id"])
    assert after == {**row, "model": "n", "version": 2, "updated_at": after["updated_at"]}
    assert vars(outcome.row) == after


async def test_tags_are_united(database: Database) -> None:
    async def tags() -> list[str]:
        return [row["tag"] for row in await rows(database, "conversation_tags")]

    conversation = known(await own(database, tags=["b", "a", "b"]))
    assert (await own(database, tags=["c", "b"])).row is not None
    assert await tags() == ["b", "a", "c"]
    await untag_conversations(database, {"ids": [conversation], "tags": ["a"]}, viewer=ME)
    await own(database, tags=["d"])
    assert await tags() == ["b", "c", "d"], "behind the others, also where one is gone"
    version = (await stored_row(database, "conversations", conversation))["version"]
    await own(database, tags=["d", "b"])
    assert (await stored_row(database, "conversations", conversation))["version"] == version
    limits = replace(DEFAULT_LIMITS, tags=3)
    values = {"external_id": "thread", "tags": ["e"]}
    (problem,) = await refusal(log_conversation(database, values, viewer=ME, limits=limits))
    assert (problem.code, problem.field, problem.limit, problem.actual) == ("TOO_MANY", ("tags",), 3, 4)


async def test_an_assistant_is_named_by_id_or_made_once_by_its_external_id(database: Database) -> None:
    first = await own(database, assistant={"external_id": "guide"})
    again = await log_conversation(database, {"assistant": {"external_id": "guide"}}, viewer=ME)
    (assistant,) = await rows(database, "assistants")
    assert (assistant["name"], assistant["name_made"], assistant["external_id"]) == ("guide", True, "guide")
    assert first.row is not None
    assert again.row is not None
    assert first.row.assistant_id == again.row.assistant_id == assistant["id"]
    async with database.write(viewer=PROGRAM) as connection:
        other = await World(connection).assistant()
    outcome = await own(database, assistant={"id": other})
    assert outcome.row is not None
    assert (outcome.row.assistant_id, outcome.row.version) == (other, 2)
    assert await problems_of(database, assistant={"id": unknown()}) == [("NOT_FOUND", ("assistant", "id"))]
    assert await problems_of(database, assistant={"id": other, "external_id": "x"}) == [("INVALID", ("assistant",))]
    assert await problems_of(database, assistant={"external_id": "new"}, title="\0") == [("INVALID", ("title",))]


async def test_a_log_without_any_id_makes_a_conversation_each_time(database: Database) -> None:
    made = {known(await log_conversation(database, {"openai_messages": wire("q")}, viewer=ME)) for _ in range(2)}
    assert len(made) == 2


async def test_a_transcript_goes_on_in_a_conversation_that_was_made_otherwise(database: Database) -> None:
    made = await create_conversation(database, {"messages": chat("q1", "a1"), "external_id": "thread"}, viewer=ME)
    outcome = await log(database, wire("q1", "a1", "q2"))
    assert outcome.counts == Counts(inserted=1, unchanged=2)
    assert known(outcome) == known(made)


async def test_a_message_that_is_being_written_is_not_another_one(database: Database) -> None:
    talk = await created(database, "q", "a", external_id="thread")
    async with database.write(viewer=PROGRAM) as connection:
        await World(connection).update(
            "messages", (await messages_of(database, talk))[1]["id"], status=MessageStatus.STREAMING
        )
    assert (await log(database, wire("q", "a"))).counts == Counts(unchanged=2)


# at the same moment, and many


async def test_two_logs_of_the_same_new_thread_at_the_same_moment_give_one_conversation(database: Database) -> None:
    values: dict[str, Any] = {
        "external_id": "thread",
        "assistant": {"external_id": "guide"},
        "openai_messages": [
            *wire("q", "a"),
            {
                "role": "assistant",
                "content": "b",
                "annotations": [{"type": "url_citation", "url_citation": {"url": "https://c.example"}}],
            },
        ],
    }
    outcomes = await asyncio.gather(*(log_conversation(database, values, viewer=ME) for _ in range(6)))
    assert len({known(outcome) for outcome in outcomes}) == 1
    assert sorted(outcome.counts.inserted for outcome in outcomes) == [0, 0, 0, 0, 0, 3]
    assert len(await rows(database, "messages")) == 3
    assert len(await rows(database, "assistants")) == 1
    await asyncio.gather(*(log(database, wire("q", "a", *f"{place}")) for place in range(6)))
    assert len(await rows(database, "messages")) == 3 + 6


@pytest.mark.parametrize("form", ["wire", "own", "ids"])
async def test_the_number_of_statements_does_not_grow_with_the_messages(
    database: Database, statements: list[str], form: str
) -> None:
    def many(count: int, last: str) -> dict[str, Any]:
        if form == "wire":
            told = wire(*(f"{place}" for place in range(count)), last)
            return {"external_id": f"{count}", "openai_messages": told}
        messages = chat(*(f"{place}" for place in range(count)), last)
        for place, message in enumerate(messages):
            message |= {"citations": [{"title": "t"}, {"url": "u"}], "attachments": [{"name": "n"}]}
            message |= {"external_id": f"{place}"} if form == "ids" else {}
        return {"external_id": f"{count}", "messages": messages}

    async def number(values: dict[str, Any]) -> int:
        statements.clear()
        await log_conversation(database, values, viewer=ME)
        return len(statements)

    await number(many(5, "warm"))
    numbers = [[await number(many(count, last)) for last in ("a", "a", "b")] for count in (10, 1_000)]
    assert numbers[0] == numbers[1]


async def test_a_log_of_ten_thousand_messages_is_one_write(database: Database) -> None:
    messages = [says(f"{place}", external_id=f"{place}") for place in range(10_000)]
    assert (await own(database, *messages)).counts == Counts(inserted=10_000)
    assert (await own(database, *messages)).counts == Counts(unchanged=10_000)
