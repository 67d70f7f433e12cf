"""Messages with something wrong in them: it is told, all of it, and nothing or nothing of these is written."""

from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest

from db.database import Database
from db.record import new_id, now
from db.words import ErrorPolicy, ProblemCode
from db.writing import DEFAULT_LIMITS, Limits, add_messages, create_conversation
from tests.db.builders import at
from tests.db.writing.scenes import (
    ME,
    STRANGER,
    refusal,
    rows,
    strangers_workspace,
    talk_of,
    told,
    unknown,
)
from tests.db.writing.talking import (
    METADATA,
    USER,
    add,
    chat,
    created,
    given,
    in_play,
    messages_of,
    refused,
    says,
)
from tests.interchange import stored


async def test_ids_of_a_new_conversation_that_are_taken_are_told_also_where_it_is_deleted(database: Database) -> None:
    await strangers_workspace(database)
    theirs = await talk_of(database, viewer=STRANGER, external_id="theirs")
    mine = await talk_of(database, external_id="mine")
    gone = await talk_of(database, external_id="gone", deleted_at=now())
    for uuid in (theirs.id, mine.id, gone.id):
        assert told(await refusal(create_conversation(database, {"uuid": uuid}, viewer=ME))) == [("TAKEN", ("uuid",))]
    for name in ("mine", "gone"):
        problems = await refusal(create_conversation(database, {"external_id": name}, viewer=ME))
        assert told(problems) == [("TAKEN", ("external_id",))]
    assert "deleted" in problems[0].message
    await create_conversation(database, {"external_id": "theirs"}, viewer=ME)


async def test_an_id_that_is_taken_is_told_wherever_its_message_is(database: Database) -> None:
    await strangers_workspace(database)
    theirs = await talk_of(database, 1, viewer=STRANGER)
    mine, other = await talk_of(database, 1), await talk_of(database, 1)
    twice = new_id()
    taken = (theirs.messages[0], mine.messages[0], other.messages[0], twice, twice)
    problems = await refused(database, mine.id, *(says("x", uuid=uuid) for uuid in taken))
    assert told(problems) == [("TAKEN", ("messages", place, "uuid")) for place in "0124"]
    write = create_conversation(database, {"messages": [says("x", uuid=theirs.messages[0])]}, viewer=ME)
    assert told(await refusal(write)) == [("TAKEN", ("messages", "0", "uuid"))]


async def test_an_external_id_is_taken_within_its_conversation_only(database: Database) -> None:
    talk, other = await created(database), await created(database)
    await add(database, talk, says("x", external_id="a"))
    problems = await refused(database, talk, *(says("x", external_id=name) for name in "abb"))
    assert told(problems) == [("TAKEN", ("messages", place, "external_id")) for place in "02"]
    await add(database, other, says("x", external_id="a"))


async def test_a_conversation_that_is_not_there_takes_no_messages(database: Database) -> None:
    await strangers_workspace(database)
    theirs, gone = await talk_of(database, viewer=STRANGER), await talk_of(database, deleted_at=now())
    for row_id in (unknown(), theirs.id, gone.id):
        problems = await refused(database, row_id, {"role": "NOBODY", "content": "x"})
        assert set(told(problems)) == {("NOT_FOUND", ("conversation_id",)), ("INVALID", ("messages", "0", "role"))}
    assert set(told(await refusal(add_messages(database, {}, viewer=ME)))) == {
        ("REQUIRED", ("conversation_id",)),
        ("REQUIRED", ("messages",)),
    }


async def test_a_stale_write_is_refused_and_told_the_version(database: Database) -> None:
    talk = await talk_of(database, version=7)
    (problem,) = await refused(database, talk.id, says("x"), expected_version=6)
    assert (problem.code, problem.field, problem.current_version) == ("STALE_VERSION", ("expected_version",), 7)
    await add(database, talk.id, says("x"), expected_version=7)


@pytest.mark.parametrize("bad", ["a\0b", "a\ud800", "\udc00"], ids=["NUL", "high", "low"])
async def test_nul_and_lone_surrogates_are_refused_wherever_text_may_stand(database: Database, bad: str) -> None:
    talk = await talk_of(database)
    texts = ["external_id", "external_url", "parent_external_id", "role_name", "author_id", "author_name"]
    texts += ["content", "tool_call_id", "tool_name", "confidence", "model"]
    reference = ["label", "title", "url", "excerpt", "context", "description", "kind", "external_id"]
    source = ["external_id", "connector", "url", "title", "kind", "text"]
    metadata = METADATA.keys() - {"processing_time_ms"}
    lists = {
        "follow_up_questions": ("question", "confidence", "reasoning"),
        "tool_calls": ("call_id", "name", "arguments_text"),
        "attachments": ("name", "media_type", "url", "text", "external_id"),
    }
    values: dict[str, Any] = {
        **dict.fromkeys(texts, bad),
        **{name: [dict.fromkeys(fields, bad)] for name, fields in lists.items()},
        "properties": {"a": [{"b": bad}]},
        "user_properties": {"a": [{"b": bad}]},
        "dw_data": {bad: 1},
        "metadata": {**dict.fromkeys(metadata, bad), "extra": {"k": {bad: bad}}},
        "citations": [
            {**dict.fromkeys(reference, bad), "breadcrumbs": ["a", bad], "metadata": {"m": bad}},
            {"source": {**dict.fromkeys(source, bad), "metadata": {bad: 1}}},
        ],
    }
    places: set[tuple[str, ...]] = {(name,) for name in (*texts, "dw_data")}
    places |= {(name, "a", "0", "b") for name in ("properties", "user_properties")}
    places |= {(name, "0", field) for name, fields in lists.items() for field in fields}
    places |= {("metadata", name) for name in metadata} | {("metadata", "extra", "k")}
    places |= {("citations", "0", name) for name in reference}
    places |= {("citations", "0", "metadata", "m"), ("citations", "0", "breadcrumbs", "1")}
    places |= {("citations", "1", "source", name) for name in (*source, "metadata")}
    parts: list[tuple[dict[str, Any], tuple[str, ...]]] = [
        ({"text": bad}, ("text",)),
        ({"reasoning": bad}, ("reasoning",)),
        ({"image": {"url": bad}}, ("image", "url")),
        ({"file": {"name": bad}}, ("file", "name")),
        ({"other": {"type": "t", "payload": [bad]}}, ("other", "payload", "0")),
    ]
    messages = [{"role": USER, **values}, {"role": USER, "content_parts": [part for part, _ in parts]}]
    expected: set[tuple[str, tuple[str, ...]]] = {("INVALID", ("messages", "0", *place)) for place in places}
    expected |= {
        ("INVALID", ("messages", "1", "content_parts", str(index), *place)) for index, (_, place) in enumerate(parts)
    }
    problems = told(await refused(database, talk.id, *messages))
    assert set(problems) == expected
    assert len(problems) == len(expected), "each is told once"


async def test_nul_and_lone_surrogates_are_refused_in_conversations(database: Database) -> None:
    texts = ("title", "owner_id", "model", "system_prompt", "external_id", "external_url", "project_id")
    values = {**dict.fromkeys((*texts, "integration_id", "support_ticket_conversation_id"), "a\0")}
    objects = {name: {"k": "\ud800"} for name in ("properties", "user_properties", "config")}
    problems = await refusal(create_conversation(database, {**values, **objects, "tags": ["a", "\0"]}, viewer=ME))
    places = {*((name,) for name in values), *((name, "k") for name in objects), ("tags", "1")}
    assert set(told(problems)) == {("INVALID", place) for place in places}
    assert await rows(database, "conversations") == []


async def test_a_value_that_can_not_be_is_told_by_its_field(database: Database) -> None:
    talk = await talk_of(database)
    cases: list[tuple[str, Any, str]] = [
        ("uuid", uuid4(), "INVALID"),
        ("uuid", "x", "INVALID"),
        ("role", None, "REQUIRED"),
        ("role", "BOSS", "INVALID"),
        ("actor", 1, "INVALID"),
        ("visible", "yes", "INVALID"),
        ("user_credits", 2**31, "OUT_OF_RANGE"),
        ("user_credits", 1.5, "INVALID"),
        ("user_credits", True, "INVALID"),
        ("timestamp", at(0).replace(tzinfo=None), "INVALID"),
        ("timestamp", "2026-01-01", "INVALID"),
        ("external_id", " ", "INVALID"),
        ("properties", [1], "INVALID"),
        ("dw_data", float("nan"), "INVALID"),
        ("citations", {}, "INVALID"),
        ("citations", [None], "REQUIRED"),
        ("content", 5, "INVALID"),
        ("unheard_of", 5, "INVALID"),
        ("usage", {"input_tokens": -1}, "OUT_OF_RANGE"),
        ("usage", {"total_tokens": 2**31}, "OUT_OF_RANGE"),
        ("metadata", {"processing_time_ms": -0.5}, "OUT_OF_RANGE"),
        ("metadata", {"processing_time_ms": float("inf")}, "OUT_OF_RANGE"),
        ("metadata", {"processing_time_ms": 10**400}, "OUT_OF_RANGE"),
        ("attachments", [{"size": -1}], "OUT_OF_RANGE"),
        ("citations", [{"start_index": -1}], "OUT_OF_RANGE"),
        ("citations", [{"relevance_score": float("nan")}], "OUT_OF_RANGE"),
    ]
    messages = [{**says("x"), field: value} for field, value, _ in cases]
    problems = await refused(database, talk.id, *messages)
    assert [(problem.code.value, problem.field[1:3]) for problem in problems] == [
        (code, (str(index), field)) for index, (field, _, code) in enumerate(cases)
    ]


async def test_a_message_says_something_and_says_it_once(database: Database) -> None:
    talk = await talk_of(database)
    both = says("x", content_parts=[{"text": "x"}])
    parts: list[dict[str, Any]] = [{"text": "a", "reasoning": "b"}, {}, {"image": {}}, {"other": {"type": "t"}}]
    messages = [{"role": USER}, both, {"role": USER, "content": None}, {"role": USER, "content_parts": parts}]
    problems = await refused(database, talk.id, *messages)
    assert told(problems) == [
        ("INVALID", ("messages", "3", "content_parts", "0")),
        ("INVALID", ("messages", "3", "content_parts", "1")),
        ("REQUIRED", ("messages", "3", "content_parts", "2", "image", "url")),
        ("REQUIRED", ("messages", "3", "content_parts", "3", "other", "payload")),
        ("REQUIRED", ("messages", "0", "content")),
        ("INVALID", ("messages", "1", "content_parts")),
        ("REQUIRED", ("messages", "2", "content")),
    ]
    await add(database, talk.id, says(""))


SMALL = replace(DEFAULT_LIMITS, content_bytes=10, properties_bytes=12, messages=2, tags=2, items=2)


async def test_what_is_too_long_is_told_with_limit_and_size(database: Database) -> None:
    talk = await talk_of(database)
    cases: list[tuple[str, Any, tuple[str, ...], int, int]] = [
        ("content", "é" * 6, (), 10, 12),
        ("author_name", "x" * 11, (), 10, 11),
        ("dw_data", ["é" * 4, 5], (), 10, 14),
        ("properties", {"a": "é" * 4}, (), 12, 16),
        ("user_properties", {"a": "x" * 10}, (), 12, 18),
        ("metadata", {"extra": {"a": "x" * 10}}, ("extra",), 12, 18),
        ("external_id", "x" * 513, (), 512, 513),
        ("model", "é" * 513, (), 512, 513),
        ("attachments", [{"text": "x" * 11}], ("0", "text"), 10, 11),
        ("citations", [{"metadata": {"a": "x" * 10}}], ("0", "metadata"), 12, 18),
    ]
    messages = [{**says("x"), field: value} for field, value, *_ in cases]
    problems = await refused(database, talk.id, *messages, limits=replace(SMALL, messages=100))
    assert [(problem.code, problem.field, problem.limit, problem.actual) for problem in problems] == [
        (ProblemCode.TOO_LONG, ("messages", str(index), field, *place), limit, actual)
        for index, (field, _, place, limit, actual) in enumerate(cases)
    ]
    assert all(f"{problem.limit:,}" in problem.message for problem in problems)
    assert all(f"{problem.actual:,}" in problem.message for problem in problems)


async def test_texts_of_parts_count_together_and_lists_have_a_length(database: Database) -> None:
    talk = await talk_of(database)
    parts = [{"text": "x" * 6}, {"text": "y" * 6}]
    (problem,) = await refused(database, talk.id, {"role": USER, "content_parts": parts}, limits=SMALL)
    assert (problem.field, problem.limit, problem.actual) == (("messages", "0", "content_parts"), 10, 13)
    lists = ["citations", "tool_calls", "attachments", "follow_up_questions", "content_parts"]
    messages: list[dict[str, Any]] = [{**says("x"), field: [{}] * 3} for field in lists]
    del messages[-1]["content"]
    problems = await refused(database, talk.id, *messages, limits=replace(SMALL, messages=100))
    assert [(problem.code, problem.field, problem.limit, problem.actual) for problem in problems] == [
        (ProblemCode.TOO_MANY, ("messages", str(index), field), 2, 3) for index, field in enumerate(lists)
    ]


async def test_more_messages_or_tags_than_are_taken_are_told_with_the_number(database: Database) -> None:
    talk = await talk_of(database)
    (problem,) = await refused(database, talk.id, *chat("a", "b", "c"), limits=SMALL)
    assert (problem.code, problem.field, problem.limit, problem.actual) == ("TOO_MANY", ("messages",), 2, 3)
    write = create_conversation(database, {"tags": list("abc"), "messages": chat("a")}, viewer=ME, limits=SMALL)
    (problem,) = await refusal(write)
    assert (problem.code, problem.field, problem.limit, problem.actual) == ("TOO_MANY", ("tags",), 2, 3)


async def test_what_is_as_long_as_is_taken_is_taken(database: Database) -> None:
    made = await create_conversation(
        database, {"messages": [says("é" * 5, properties={"a": "é" * 2}), says("x" * 10)]}, viewer=ME, limits=SMALL
    )
    assert made.row is not None
    assert [row["content"] for row in await messages_of(database, made.row.id)] == ["é" * 5, "x" * 10]
    assert Limits() == DEFAULT_LIMITS
    await add(database, made.row.id, says("x" * (1024 * 1024), properties={"a": "x" * (64 * 1024 - 8)}))


async def test_what_is_wrong_in_one_message_of_many_keeps_all_from_being_made(database: Database) -> None:
    problems = await refusal(
        create_conversation(database, {"title": "", "messages": [says("a"), says("b", actor="?"), {}]}, viewer=ME)
    )
    assert told(problems) == [
        ("INVALID", ("title",)),
        ("INVALID", ("messages", "1", "actor")),
        ("REQUIRED", ("messages", "2", "role")),
        ("REQUIRED", ("messages", "2", "content")),
    ]
    assert await rows(database, "conversations") == []
    assert await rows(database, "messages") == []


async def test_with_reject_bad_the_bad_are_refused_with_their_errors_and_the_good_are_kept(database: Database) -> None:
    talk = await talk_of(database, 1)
    outcome = await add_messages(
        database,
        given(
            talk.id,
            says("a"),
            says("b\0"),
            says("c", citations=[{"source_id": unknown()}, {"url": "https://never.example"}]),
            says("d", citations=[{"url": "https://d.example"}]),
            says("e", uuid=talk.messages[0]),
            on_error=ErrorPolicy.REJECT_BAD,
        ),
        viewer=ME,
    )
    assert [row and row.content for row in outcome.listed] == ["a", None, None, "d", None]
    assert sorted(told(outcome.problems)) == [
        ("INVALID", ("messages", "1", "content")),
        ("NOT_FOUND", ("messages", "2", "citations", "0", "source_id")),
        ("TAKEN", ("messages", "4", "uuid")),
    ]
    assert (outcome.counts.inserted, outcome.counts.rejected) == (2, 3)
    assert await in_play(database, talk.id) == ["message 0", "a", "d"]
    assert [row["url"] for row in await rows(database, "sources")] == ["https://d.example"]


async def test_with_reject_bad_a_conversation_of_which_all_are_refused_stays_as_it_was(database: Database) -> None:
    talk = await talk_of(database, 1)
    before = await stored.everything(database)
    values = given(talk.id, says("a\0"), {"role": USER}, on_error=ErrorPolicy.REJECT_BAD)
    outcome = await add_messages(database, values, viewer=ME)
    assert outcome.listed == [None, None]
    assert outcome.counts.rejected == 2
    assert await stored.everything(database) == before


async def test_with_reject_bad_what_is_wrong_elsewhere_still_refuses_all(database: Database) -> None:
    talk = await talk_of(database, 1)
    policy = ErrorPolicy.REJECT_BAD
    problems = await refused(database, talk.id, says("a"), says("b\0"), on_error=policy, expected_version=9)
    assert set(told(problems)) == {("INVALID", ("messages", "1", "content")), ("STALE_VERSION", ("expected_version",))}
    assert told(await refused(database, talk.id, says("a"), on_error="SOMETIMES")) == [("INVALID", ("on_error",))]
