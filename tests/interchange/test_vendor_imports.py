"""Whole imports of the four systems' documents: what comes in pieces, in any order, and with keys missing."""

import asyncio
import copy
import gzip
import json
import os
import threading
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from db.database import Database
from db.interchange import inkeep
from db.interchange.base import ConversationDraft, DetachedFeedbackDraft
from db.interchange.cogsol import CogSol
from db.interchange.drafting import original_id
from db.interchange.fitting import rename
from db.interchange.inkeep import Inkeep
from db.interchange.pipeshub import PipesHub
from db.words import ExecutionStatus, IdType, MessageRole, MessageType, Rating
from graph.importing import run_import
from graph.settings import Settings
from tests.interchange.stored import check, count, counts, one, rows
from tests.interchange.vendors import conversation_of

Json = dict[str, Any]

EARLY, LATE, LATEST = "2025-05-28T14:33:02.274Z", "2025-05-29T14:33:02.274Z", "2025-05-30T14:33:02.274Z"
HTTP, LATER_HTTP = "Sat, 21 Sep 2024 11:56:39 GMT", "Sat, 21 Sep 2024 12:56:39 GMT"

ATHENA_CHAT: Json = {
    "chat_id": "t1",
    "title": "Suppliers",
    "user_id": "u",
    "brain_id": "b",
    "created_at": HTTP,
    "last_updated": HTTP,
}
COGSOL_CHAT: Json = {
    "id": 812,
    "title": "Refunds",
    "assistant": 42,
    "messages": [
        {"id": 1, "role": "user", "content": "Can I?", "msg_num": 1},
        {"id": 2, "role": "assistant", "content": "Yes [1].", "msg_num": 2, "likes": True},
    ],
    "references": [{"reference_num": 1, "source": "Handbook"}],
    "like": True,
    "comment": "good",
    "created_at": EARLY,
    "updated_at": EARLY,
    "execution_status": "AVAILABLE",
    "tools": [7],
}
COGSOL_SHORT: Json = {
    "id": 812,
    "title": "Refunds",
    "assistant": 42,
    "max_responses": "5",
    "comment": None,
    "like": None,
    "created_at": EARLY,
    "updated_at": LATE,
    "matrix_mode": False,
    "execution_status": "RUNNING",
}
REPORT: Json = {
    "id": 5,
    "chat": 812,
    "category": "INCORRECT",
    "reason": "NOT_SURE",
    "severity": "LOW",
    "topic": "refunds",
    "status": "OPEN",
    "created_at": EARLY,
    "updated_at": EARLY,
}
PIPESHUB: Json = {
    "_id": "p1",
    "orgId": "o",
    "title": "Q4",
    "initiator": "u",
    "status": "COMPLETED",
    "isArchived": False,
    "lastActivityAt": 1770000000123,
    "updatedAt": EARLY,
}


def interaction(number: int, actor: str = "AI") -> Json:
    return {"id": number, "actor": actor, "message": f"turn {number}", "thread_id": "t1", "timestamp": HTTP}


def inkeep_message(message_id: str, **more: Any) -> Json:
    return {"id": message_id, "type": "openai", "conversationId": "c1", "role": "assistant", "content": "Yes.", **more}


async def run(database: Database, *paths: Path, **options: Any) -> tuple[int, str]:
    """Run the command: the exit code, and what it prints."""
    told = StringIO()
    console = Console(file=told, width=200, highlight=False, soft_wrap=True)
    code = await run_import(database, [str(path) for path in paths], console=console, settings=Settings(), **options)
    await check(database)
    return code, told.getvalue()


def write(path: Path, *records: Any) -> Path:
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return path


async def test_a_chat_of_athena_alone_takes_no_interactions_away(database: Database, tmp_path: Path) -> None:
    await run(database, write(tmp_path / "turns.jsonl", interaction(1, "USER"), interaction(2)))
    code, said = await run(database, write(tmp_path / "chats.jsonl", ATHENA_CHAT))
    assert code == 0
    assert "removed" not in said
    await run(database, write(tmp_path / "chats.jsonl", ATHENA_CHAT | {"title": "Late", "last_updated": LATER_HTTP}))
    conversation = await one(database, "conversations")
    assert (conversation["title"], conversation["message_count"]) == ("Late", 2)


async def test_of_two_versions_of_a_message_in_one_file_the_later_is_kept_and_reported(
    database: Database, tmp_path: Path
) -> None:
    turns = [interaction(1), interaction(1), interaction(1) | {"message": "another"}]
    code, said = await run(database, write(tmp_path / "turns.jsonl", *turns))
    assert code == 0
    assert "1 conversation, 1 message new; 1 message unchanged; 1 message older" in said
    assert "line 3: two versions of message 1, the later one is kept" in said
    assert (await one(database, "messages"))["content"] == "another"


async def test_a_chat_of_athena_with_its_interactions_is_whole(database: Database, tmp_path: Path) -> None:
    await run(database, write(tmp_path / "turns.jsonl", interaction(1, "USER"), interaction(2)))
    await run(
        database, write(tmp_path / "chats.jsonl", {"chat": ATHENA_CHAT, "interactions": [interaction(1, "USER")]})
    )
    assert await count(database, "messages") == 1


@pytest.mark.parametrize("messages", [{}, {"messages": "string"}, {"messages": None}], ids=["absent", "text", "null"])
async def test_a_short_chat_of_cogsol_takes_no_messages_away_but_its_like(
    messages: Json, database: Database, tmp_path: Path
) -> None:
    await run(database, write(tmp_path / "full.jsonl", COGSOL_CHAT))
    code, _ = await run(database, write(tmp_path / "list.jsonl", COGSOL_SHORT | messages))
    assert code == 0
    conversation = await one(database, "conversations")
    assert (conversation["message_count"], conversation["execution_status"]) == (2, ExecutionStatus.PROCESSING)
    assert await count(database, "citations") == 1
    assert [row["message_id"] is None for row in await rows(database, "feedback")] == [False]


async def test_an_older_short_chat_of_cogsol_changes_no_opinion(database: Database, tmp_path: Path) -> None:
    await run(database, write(tmp_path / "full.jsonl", COGSOL_CHAT | {"updated_at": LATEST}))
    await run(database, write(tmp_path / "list.jsonl", COGSOL_SHORT | {"like": False}))
    opinions = [row["rating"] for row in await rows(database, "feedback") if row["is_owners"]]
    assert opinions == [Rating.POSITIVE]


async def test_a_full_chat_of_cogsol_without_messages_removes_them(database: Database, tmp_path: Path) -> None:
    await run(database, write(tmp_path / "full.jsonl", COGSOL_CHAT))
    await run(database, write(tmp_path / "full.jsonl", COGSOL_CHAT | {"messages": [], "updated_at": LATE}))
    assert await count(database, "messages") == 0


async def test_a_list_of_pipeshub_takes_no_messages_away(database: Database, tmp_path: Path) -> None:
    message = {"_id": "m1", "messageType": "user_query", "content": "Key findings?", "createdAt": EARLY}
    await run(database, write(tmp_path / "one.jsonl", PIPESHUB | {"messages": [message]}))
    listed = {"conversations": [PIPESHUB | {"updatedAt": LATE}], "pagination": {"page": 1}}
    code, said = await run(database, write(tmp_path / "list.jsonl", listed))
    assert code == 0
    assert "removed" not in said
    assert (await one(database, "conversations"))["message_count"] == 1


async def test_a_report_of_cogsol_is_feedback_on_its_chat_in_whatever_order_they_come(
    database: Database, tmp_path: Path
) -> None:
    reports = write(tmp_path / "a.jsonl", REPORT, REPORT | {"id": 6, "chat": "812"})
    code, said = await run(database, reports, write(tmp_path / "b.jsonl", COGSOL_CHAT))
    assert code == 0
    assert "a.jsonl (cogsol): 2 pieces of feedback new, now that what it is about is here" in said
    later = write(tmp_path / "c.jsonl", REPORT | {"status": "RESOLVED", "updated_at": LATE}, REPORT | {"id": 7})
    code, said = await run(database, later)
    assert code == 0
    assert "1 piece of feedback new; 1 piece of feedback updated" in said
    conversation = await one(database, "conversations")
    found = [row for row in await rows(database, "feedback", "created_at") if not row["is_owners"]]
    on_chat = [row for row in found if row["message_id"] is None]
    assert [row["conversation_id"] for row in on_chat] == [conversation["id"]] * 3
    assert sorted(row["properties"]["status"] for row in on_chat) == ["OPEN", "OPEN", "RESOLVED"]
    before = await counts(database)
    code, said = await run(database, later, reports)
    assert (code, await counts(database)) == (0, before)
    assert "2 files read: nothing changed" in said
    await run(database, write(tmp_path / "b.jsonl", COGSOL_CHAT | {"updated_at": LATE, "title": "New"}))
    assert await counts(database) == {**before, **{name: before[name] + 1 for name in ("imports", "record_versions")}}


async def test_a_report_on_a_chat_that_is_not_there_is_refused_and_says_which(
    database: Database, tmp_path: Path
) -> None:
    code, said = await run(database, write(tmp_path / "a.jsonl", REPORT), account="north")
    assert code == 1
    assert "line 1: the conversation that it is about, '812', is not here: import it first" in said
    assert await count(database, "feedback") == 0


async def test_feedback_finds_a_message_that_came_in_an_earlier_run(database: Database, tmp_path: Path) -> None:
    conversation = {"id": "c1", "type": "openai", "messages": [inkeep_message("m1")]}
    await run(database, write(tmp_path / "c.jsonl", conversation))
    given = {"id": "f1", "type": "positive", "messageId": "m1", "reasons": [{"details": "no label"}]}
    code, _ = await run(database, write(tmp_path / "f.jsonl", given))
    assert code == 0
    assert (await one(database, "feedback"))["message_id"] == (await one(database, "messages"))["id"]
    assert (await one(database, "feedback_reasons"))["label"] == ""


@pytest.mark.parametrize("function", [None, {}, {"arguments": "{}"}, {"name": None}])
async def test_a_tool_call_without_a_name_has_an_empty_one(
    function: Json | None, database: Database, tmp_path: Path
) -> None:
    call = {"id": "call_1", "type": "function", "function": function}
    conversation = {"id": "c1", "type": "openai", "messages": [inkeep_message("m1", tool_calls=[call])]}
    code, _ = await run(database, write(tmp_path / "c.jsonl", conversation))
    assert code == 0
    assert (await one(database, "tool_calls"))["name"] == ""


async def test_a_follow_up_without_a_question_has_an_empty_one(database: Database, tmp_path: Path) -> None:
    message = {"_id": "m1", "messageType": "bot_response", "content": "x", "followUpQuestions": [{"confidence": "Low"}]}
    code, _ = await run(database, write(tmp_path / "m.jsonl", message))
    assert code == 0
    assert (await one(database, "follow_up_questions"))["question"] == ""


@pytest.mark.parametrize("time", ["0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000Z", "9999-12-31T23:59:59.999999Z"])
async def test_the_first_and_the_last_moment_of_all_are_no_times(time: str, database: Database, tmp_path: Path) -> None:
    code, _ = await run(database, write(tmp_path / "c.jsonl", COGSOL_CHAT | {"created_at": time, "updated_at": time}))
    assert code == 0
    assert 2020 < (await one(database, "conversations"))["created_at"].year < 9999
    origin = next(row for row in await rows(database, "origins") if row["entity"] == "CONVERSATION")
    assert origin["extra"]["created_at"] == time


def test_words_are_understood_in_any_case_and_come_back_as_they_were() -> None:
    chat = COGSOL_CHAT | {"execution_status": "Running"}
    draft = conversation_of(CogSol(), copy.deepcopy(chat))
    assert draft.values["execution_status"] is ExecutionStatus.PROCESSING
    assert CogSol().write(draft)[0]["execution_status"] == "Running"
    message = {"_id": "m1", "messageType": "User_Query", "content": "x"}
    draft = conversation_of(PipesHub(), dict(message))
    values = draft.messages[0].values
    assert (values["role"], values["message_type"]) == (MessageRole.USER, MessageType.USER_QUERY)
    assert PipesHub().write(draft) == [message]


def test_a_message_of_pipeshub_needs_no_type() -> None:
    message = {"_id": "m1", "content": "x", "contentFormat": "HTML"}
    assert PipesHub().write(conversation_of(PipesHub(), dict(message))) == [message]


def test_a_message_in_feedback_keeps_what_it_says_of_its_conversation() -> None:
    for own in ({"conversationId": "other"}, {"conversationId": None}, {}):
        message: Json = {"id": "m8", "type": "openai", "role": "user", "content": "x", **own}
        conversation: Json = {"id": "c7"}
        given = {"id": "f", "type": "positive", "messageId": "m8", "conversation": conversation, "message": message}
        embedded, feedback = Inkeep().read(copy.deepcopy(given))
        assert isinstance(embedded, ConversationDraft)
        assert isinstance(feedback, DetachedFeedbackDraft)
        assert (embedded.record_id, feedback.conversation_id) == ("c7", "c7")
        assert Inkeep().write(embedded) == [message]
        assert inkeep.write_feedback(feedback, conversation, message) == given


async def test_lists_of_feedback_are_known_by_the_names_of_the_python_client(
    database: Database, tmp_path: Path
) -> None:
    conversation = {"id": "c1", "type": "openai", "messages": [inkeep_message("m1")]}
    given = {"id": "f1", "type": "positive", "message_id": "m1", "conversation": conversation}
    listed = {"positive_feedback_count": 1, "positive_feedback": [given], "negative_feedback": []}
    code, said = await run(database, write(tmp_path / "f.jsonl", listed))
    assert code == 0
    assert "(inkeep): 1 conversation, 1 message, 1 piece of feedback new" in said


def test_the_original_id_is_that_of_the_record_where_its_key_is_another() -> None:
    draft = ConversationDraft(record_id="m" * 600)
    rename(draft, "short")
    assert original_id(draft) == "m" * 600
    assert original_id(ConversationDraft(record_id="c#messages/1", id_type=IdType.PLACE)) is None


@pytest.mark.parametrize("empty", [[], {"results": [], "count": 0}, {"conversations": [], "total": 0}])
async def test_a_list_with_nothing_in_it_is_passed_over(empty: Any, database: Database, tmp_path: Path) -> None:
    path = tmp_path / "last-page.json"
    path.write_text(json.dumps(empty))
    code, said = await run(database, path)
    assert code == 0
    assert "nothing changed" in said


async def test_gzip_that_breaks_off_before_its_first_record_is_refused(database: Database, tmp_path: Path) -> None:
    path = tmp_path / "chats.jsonl.gz"
    path.write_bytes(gzip.compress(json.dumps(COGSOL_CHAT).encode())[:20])
    code, said = await run(database, path)
    assert code == 1
    assert "refused, the gzip data is cut off" in said


async def test_a_pipe_in_a_folder_is_passed_over_and_one_that_is_named_is_read(
    database: Database, tmp_path: Path
) -> None:
    pipe = tmp_path / "pipe.json"
    os.mkfifo(pipe)
    code, said = await asyncio.wait_for(run(database, tmp_path), 30)
    assert code == 0
    assert "pipe.json: passed over, it is no file" in said
    writer = threading.Thread(target=pipe.write_text, args=(json.dumps(COGSOL_CHAT),))
    writer.start()
    code, said = await asyncio.wait_for(run(database, pipe), 30)
    writer.join()
    assert code == 0
    assert "pipe.json (cogsol): 1 conversation, 2 messages" in said
