"""Messages come into a conversation with all that they hold, or none of them does and it is told why."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from db.database import Database
from db.record import new_id, now
from db.viewer import PROGRAM
from db.words import Actor, ContentFormat, ErrorPolicy, MessageRole, MessageStatus, MessageType, PartType
from db.writing import add_messages, create_conversation
from tests.db.builders import World, at
from tests.db.writing.scenes import (
    ME,
    STRANGER,
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


async def test_every_field_of_a_message_is_kept_as_it_was_given(database: Database) -> None:
    talk = await talk_of(database)
    uuid = new_id()
    metadata = {**METADATA, "extra": {"k": [1.0, "é"]}}
    message = {**FULL, "uuid": uuid, "content": "Häl\n😀", "metadata": metadata, "usage": USAGE}
    (made,) = await add(database, talk.id, message)
    row = await stored_row(database, "messages", uuid)
    expected = {**FULL, **METADATA, **USAGE, "id": uuid, "content": "Häl\n😀", "metadata": {"k": [1.0, "é"]}}
    assert {name: row[name] for name in expected} == expected
    assert (row["created_at"], row["status"], row["has_parts"]) == (at(5), MessageStatus.COMPLETE, False)
    assert type(row["dw_data"][0]) is float
    assert vars(made) == row


@pytest.mark.parametrize(
    ("role", "name", "kind", "actor"),
    [
        (MessageRole.USER, "user", MessageType.USER_QUERY, Actor.USER),
        (MessageRole.ASSISTANT, "assistant", MessageType.BOT_RESPONSE, Actor.AI),
        (MessageRole.SYSTEM, "system", MessageType.SYSTEM, Actor.SYSTEM),
        (MessageRole.TOOL, "tool", MessageType.TOOL_RESULT, Actor.SYSTEM),
        (MessageRole.OTHER, "other", MessageType.OTHER, Actor.SYSTEM),
    ],
)
async def test_what_is_left_out_follows_from_the_role(
    database: Database, role: MessageRole, name: str, kind: MessageType, actor: Actor
) -> None:
    talk = await talk_of(database)
    nulls = dict.fromkeys(("role_name", "message_type", "actor", "visible", "content_format", "citations", "uuid"))
    for message in (says("x", role), says("x", role, **nulls)):
        ((made),) = await add(database, talk.id, message)
        row = await stored_row(database, "messages", made.id)
        assert (row["role_name"], row["message_type"], row["actor"]) == (name, kind, actor)
        assert (row["visible"], row["content_format"], row["timestamp"]) == (True, ContentFormat.MARKDOWN, None)


async def test_parts_are_kept_in_order_and_the_content_is_their_texts(database: Database) -> None:
    talk = await talk_of(database)
    parts = [
        {"text": "one"},
        {"reasoning": "because"},
        {"image": {"url": "https://i.example/1.png", "detail": "low"}},
        {"file": {"name": "f.pdf", "media_type": "application/pdf", "url": "https://f.example"}},
        {"other": {"type": "audio", "payload": {"n": 1.0}}},
        {"text": "two"},
    ]
    (made,) = await add(database, talk.id, {"role": USER, "content_parts": parts})
    assert (made.content, made.has_parts) == ("one\ntwo", True)
    found = await rows(database, "content_parts", message_id=made.id)
    told_values = [{k: v for k, v in row.items() if v is not None and k != "workspace_id"} for row in found]
    base = [{"message_id": made.id, "position": place} for place in range(6)]
    assert told_values == [
        {**base[0], "type": PartType.TEXT, "text": "one"},
        {**base[1], "type": PartType.REASONING, "text": "because"},
        {**base[2], "type": PartType.IMAGE, "url": "https://i.example/1.png", "detail": "low"},
        {
            **base[3],
            "type": PartType.FILE,
            "name": "f.pdf",
            "media_type": "application/pdf",
            "url": "https://f.example",
        },
        {**base[4], "type": PartType.OTHER, "other_type": "audio", "payload": {"n": 1.0}},
        {**base[5], "type": PartType.TEXT, "text": "two"},
    ]


@pytest.mark.parametrize(("parts", "content"), [([], ""), ([{"text": "one"}], "one"), ([{"text": ""}], "")])
async def test_a_single_text_part_is_simply_the_content(database: Database, parts: Any, content: str) -> None:
    talk = await talk_of(database)
    (made,) = await add(database, talk.id, {"role": USER, "content_parts": parts})
    assert (made.content, made.has_parts) == (content, False)
    assert await rows(database, "content_parts") == []


async def test_attachments_and_follow_up_questions_are_kept_in_order(database: Database) -> None:
    talk = await talk_of(database)
    attachments: list[dict[str, Any]] = [
        {"name": "a.txt", "media_type": "text/plain", "size": 3, "url": "u", "text": "abc", "external_id": "x"},
        {"name": "b.txt"},
    ]
    questions = [{"question": "Why?", "confidence": "High", "reasoning": "r"}, {"question": "How?"}]
    (made,) = await add(
        database, talk.id, {"role": ASSISTANT, "attachments": attachments, "follow_up_questions": questions}
    )
    assert made.content == ""
    found = await rows(database, "attachments", message_id=made.id)
    assert [{name: row[name] for name in attachments[0]} for row in found] == [
        attachments[0],
        {"name": "b.txt", **dict.fromkeys(attachments[0].keys() - {"name"})},
    ]
    asked = await rows(database, "follow_up_questions", message_id=made.id)
    assert [(row["question"], row["confidence"], row["reasoning"]) for row in asked] == [
        ("Why?", "High", "r"),
        ("How?", None, None),
    ]


async def test_calls_are_kept_and_find_their_results_in_the_same_write(database: Database) -> None:
    talk = await talk_of(database)
    async with database.write(viewer=PROGRAM) as connection:
        tool = await World(connection).tool(name="search")
    calls = [{"call_id": "c1", "name": "search", "arguments_text": '{"q": 1}', "tool_id": tool}, {"name": "quiet"}]
    made = await add(
        database,
        talk.id,
        {"role": ASSISTANT, "tool_calls": calls},
        says("found", TOOL, tool_call_id="c1", tool_name="search"),
        says("found again", TOOL, tool_call_id="c1"),
        says("of none", TOOL, tool_call_id="c9"),
    )
    first, second = await rows(database, "tool_calls", message_id=made[0].id)
    assert [(row["call_id"], row["name"], row["arguments_text"], row["tool_id"]) for row in (first, second)] == [
        ("c1", "search", '{"q": 1}', tool),
        (None, "quiet", None, None),
    ]
    assert (first["result_message_id"], second["result_message_id"]) == (made[1].id, None)
    assert [row["tool_id"] for row in await rows(database, "conversation_tools", conversation_id=talk.id)] == [tool]


async def test_a_result_that_comes_later_finds_its_call_and_a_call_does_not_take_a_result_of_before(
    database: Database,
) -> None:
    talk = await talk_of(database)
    await add(database, talk.id, says("early", TOOL, tool_call_id="c1"))
    (asked,) = await add(database, talk.id, {"role": ASSISTANT, "tool_calls": [{"call_id": "c1", "name": "f"}]})
    (call,) = await rows(database, "tool_calls", message_id=asked.id)
    assert call["result_message_id"] is None
    (answered,) = await add(database, talk.id, says("late", TOOL, tool_call_id="c1"))
    await add(database, talk.id, says("later", TOOL, tool_call_id="c1"))
    (call,) = await rows(database, "tool_calls", message_id=asked.id)
    assert call["result_message_id"] == answered.id


async def test_a_call_of_a_tool_that_is_not_there_is_refused(database: Database) -> None:
    await strangers_workspace(database)
    talk = await talk_of(database)
    async with database.write(viewer=PROGRAM) as connection:
        theirs = await World(connection, STRANGER).tool()
    calls = [{"name": "f", "tool_id": theirs}, {"name": "g", "tool_id": unknown()}, {"call_id": "c"}]
    problems = await refused(database, talk.id, {"role": ASSISTANT, "tool_calls": calls})
    at_ = ("messages", "0", "tool_calls")
    assert set(told(problems)) == {
        ("NOT_FOUND", (*at_, "0", "tool_id")),
        ("NOT_FOUND", (*at_, "1", "tool_id")),
        ("REQUIRED", (*at_, "2", "name")),
    }


async def test_a_tool_is_noted_once_however_often_it_is_used(database: Database) -> None:
    talk = await talk_of(database)
    async with database.write(viewer=PROGRAM) as connection:
        one, two = [await World(connection).tool() for _ in range(2)]
    for used in ([one], [one, two], [two, one, one]):
        calls = [{"name": "f", "tool_id": tool} for tool in used]
        await add(database, talk.id, {"role": ASSISTANT, "tool_calls": calls})
    links = await rows(database, "conversation_tools", conversation_id=talk.id)
    assert [(row["tool_id"], row["position"]) for row in links] == [(one, 0), (two, 1)]


async def test_adding_goes_on_from_the_current_message_and_keeps_the_conversations_columns(database: Database) -> None:
    talk = await talk_of(database, 2)
    before = await stored_row(database, "conversations", talk.id)
    outcome = await add_messages(database, given(talk.id, *chat("a", "b", "c")), viewer=ME)
    assert await in_play(database, talk.id) == ["message 0", "message 1", "a", "b", "c"]
    made = outcome.listed
    assert [(row.sequence, row.branch_position) for row in made if row] == [(2, 2), (3, 3), (4, 4)]
    assert [row.parent_id for row in made if row] == [talk.messages[1], made[0].id, made[1].id]  # type: ignore[union-attr]
    after = await stored_row(database, "conversations", talk.id)
    changes = {
        "message_count": 5,
        "current_message_id": made[2].id,  # type: ignore[union-attr]
        "last_message_id": made[2].id,  # type: ignore[union-attr]
        "version": 2,
        "preview": "a",
    }
    times = {name: after[name] for name in ("updated_at", "last_activity_at")}
    assert after == {**before, **changes, **times}
    assert after["updated_at"] == after["last_activity_at"] > before["updated_at"]
    assert outcome.row is not None
    assert vars(outcome.row) == after
    assert (outcome.table, outcome.listed_table) == ("conversations", "messages")
    assert (outcome.counts.inserted, outcome.counts.rejected) == (3, 0)


async def test_title_and_preview_are_made_of_what_a_user_says_first(database: Database) -> None:
    made = await create_conversation(database, {"messages": [says("hello", ASSISTANT)]}, viewer=ME)
    assert made.row is not None
    row_id = made.row.id
    assert (made.row.title, made.row.title_made, made.row.preview) == ("Untitled conversation", True, None)
    await add(database, row_id, says("  How \n do I " + "x" * 300), says("second"))
    row = await stored_row(database, "conversations", row_id)
    assert row["title"].startswith("How do I xxx")
    assert len(row["title"]) <= 80
    assert row["preview"] == ("  How \n do I " + "x" * 300)[:200]
    titled = await created(database, "question", title="Mine")
    row = await stored_row(database, "conversations", titled)
    assert (row["title"], row["title_made"], row["preview"]) == ("Mine", False, "question")


async def test_the_last_activity_is_the_latest_time_and_never_goes_back(database: Database) -> None:
    row_id = await created(database, "a", created_at=at(0))
    later = now() + timedelta(days=1)
    await add(database, row_id, says("b", timestamp=later), says("c", timestamp=at(1)))
    assert (await stored_row(database, "conversations", row_id))["last_activity_at"] == later
    await add(database, row_id, says("d"))
    assert (await stored_row(database, "conversations", row_id))["last_activity_at"] == later
    old = await create_conversation(
        database, {"messages": [says("x", timestamp=at(9))], "created_at": at(3)}, viewer=ME
    )
    assert old.row is not None
    assert (old.row.last_activity_at, old.row.created_at) == (at(9), at(3))


async def test_adding_no_messages_changes_nothing(database: Database) -> None:
    talk = await talk_of(database, 1)
    before = await stored.everything(database)
    outcome = await add_messages(database, given(talk.id), viewer=ME)
    assert outcome.listed == []
    assert await stored.everything(database) == before


async def test_a_conversation_is_made_with_all_its_columns_and_its_messages(database: Database) -> None:
    async with database.write(viewer=PROGRAM) as connection:
        assistant = await World(connection).assistant()
    uuid = new_id()
    values = {
        "uuid": uuid,
        "title": "A title",
        "type": "AGENT",
        "assistant_id": assistant,
        "owner_id": "o",
        "visibility": "PUBLIC",
        "matrix_mode": True,
        "properties": {"a": 1.0},
        "user_properties": {"b": None},
        "model": "m",
        "system_prompt": "s",
        "temperature": 0.25,
        "config": {"top_p": 1},
        "external_id": "e",
        "external_url": "https://e.example",
        "support_ticket_conversation_id": "t",
        "project_id": "p",
        "integration_id": "i",
        "created_at": at(7),
    }
    more = {"tags": ["b", "a", "b"], "messages": [says("q", timestamp=at(8)), says("a", ASSISTANT, timestamp=at(9))]}
    outcome = await create_conversation(database, {**values, **more}, viewer=ME)
    row = await stored_row(database, "conversations", uuid)
    del values["uuid"]
    assert {name: row[name] for name in values} == values
    assert (row["message_count"], row["version"], row["preview"]) == (2, 1, "q")
    assert row["last_activity_at"] == at(9)
    assert [tag["tag"] for tag in await rows(database, "conversation_tags")] == ["b", "a"]
    assert await in_play(database, uuid) == ["q", "a"]
    assert outcome.row is not None
    assert vars(outcome.row) == row


async def test_an_empty_conversation_has_defaults(database: Database) -> None:
    made = await create_conversation(database, {"title": None, "tags": None, "messages": None}, viewer=ME)
    assert made.row is not None
    row = await stored_row(database, "conversations", made.row.id)
    assert (row["type"], row["visibility"], row["execution_status"], row["matrix_mode"]) == (
        "CHAT",
        "PRIVATE",
        "AVAILABLE",
        False,
    )
    assert (row["title"], row["title_made"], row["current_message_id"]) == ("Untitled conversation", True, None)


@pytest.mark.parametrize("policy", [ErrorPolicy.ALL_OR_NOTHING, ErrorPolicy.REJECT_BAD])
async def test_the_number_of_statements_does_not_grow_with_the_messages(
    database: Database, statements: list[str], policy: ErrorPolicy
) -> None:
    def many(count: int, prefix: str) -> list[dict[str, Any]]:
        return [
            {
                "role": ASSISTANT if place % 2 else TOOL,
                "uuid": new_id(),
                "external_id": f"{prefix}{place}",
                **({"parent_external_id": f"{prefix}{place - 2}"} if place % 3 == 2 else {}),
                "content_parts": [{"text": "a"}, {"reasoning": "b"}],
                "citations": [{"url": f"https://{place % 7}.example"}, {"title": f"{place}"}],
                "tool_calls": [{"name": "f", "call_id": f"{prefix}{place}"}],
                "tool_call_id": f"{prefix}{place - 1}",
                "attachments": [{"name": "n"}],
                "follow_up_questions": [{"question": "q"}],
            }
            for place in range(count)
        ]

    talk = await talk_of(database, 2)
    await add_messages(database, given(talk.id, *many(10, "warm"), on_error=policy), viewer=ME)
    numbers = []
    for count in (10, 1_000):
        statements.clear()
        outcome = await add_messages(database, given(talk.id, *many(count, f"{count}-"), on_error=policy), viewer=ME)
        assert outcome.counts.inserted == count
        numbers.append(len(statements))
    assert numbers[0] == numbers[1]


async def test_writers_of_one_conversation_come_one_after_the_other(database: Database) -> None:
    conversation = await created(database)
    await asyncio.gather(*(add(database, conversation, says(f"{place}"), says("on")) for place in range(8)))
    found = await messages_of(database, conversation)
    assert [row["sequence"] for row in found] == list(range(16))
    assert [row["parent_id"] for row in found] == [None, *(row["id"] for row in found[:-1])]
    assert (await stored_row(database, "conversations", conversation))["version"] == 9


async def test_times_may_be_as_early_and_as_late_as_there_are(database: Database) -> None:
    conversation = await created(database)
    first, last = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)
    for moment in (first, last):
        (made,) = await add(database, conversation, says("x", timestamp=moment))
        row = await stored_row(database, "messages", made.id)
        assert (row["timestamp"], row["created_at"]) == (moment, moment)
