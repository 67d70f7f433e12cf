"""Importing: what rows records become."""

from datetime import UTC, datetime
from typing import Any

import pytest

from db.database import Database
from db.interchange.importer import Options
from db.record import new_id
from db.tables import metadata
from db.titles import made_title
from db.viewer import DEFAULT_VIEWER, PROGRAM, Viewer
from tests.interchange.stored import branch, check, count, one, rows, texts
from tests.interchange.toy import at, import_toys

Json = dict[str, Any]


def chat(**record: Any) -> Json:
    """A conversation of a question and an answer."""
    messages = [
        {"id": "m1", "text": "Where is the ferry?", "time": 1},
        {"id": "m2", "role": "ASSISTANT", "text": "At pier 4.", "time": 2},
    ]
    return {"id": "c", "messages": messages, **record}


async def test_a_conversation_becomes_rows_in_the_order_of_its_messages(database: Database) -> None:
    await import_toys(database, [chat(tags=["boats", "boats", "delay"])])
    await check(database)
    conversation = await one(database, "conversations")
    assert await texts(database) == ["Where is the ferry?", "At pier 4."]
    assert await branch(database) == ["Where is the ferry?", "At pier 4."]
    assert conversation["preview"] == "Where is the ferry?"
    assert (conversation["created_at"], conversation["last_activity_at"]) == (at(1), at(2))
    assert [(row["tag"], row["position"]) for row in await rows(database, "conversation_tags", "position")] == [
        ("boats", 0),
        ("delay", 1),
    ]


async def test_ids_carry_the_time_of_their_records(database: Database) -> None:
    await import_toys(database, [chat()])
    for row in await rows(database, "messages"):
        assert row["id"].version == 7
        assert datetime.fromtimestamp((row["id"].int >> 80) / 1000, UTC) == row["timestamp"]


async def test_a_missing_title_is_made_and_marked_so(database: Database) -> None:
    await import_toys(database, [chat(), chat(id="d", title="Ferries", messages=[]), chat(id="e", messages=[])])
    made = {row["title"]: row["title_made"] for row in await rows(database, "conversations")}
    assert made == {"Where is the ferry?": True, "Ferries": False, "Untitled conversation": True}


@pytest.mark.parametrize(
    ("opening", "title"),
    [
        ("Short", "Short"),
        ("Two\n  lines\tand  tabs", "Two lines and tabs"),
        ("word " * 40, "word " * 15 + "word…"),
        ("w" * 200, "w" * 79 + "…"),
        ("w" * 80, "w" * 80),
        ("   \n ", "Untitled conversation"),
    ],
)
def test_a_made_title_is_one_line_cut_at_a_word(opening: str, title: str) -> None:
    assert made_title(opening) == title
    assert len(made_title(opening)) <= 80


async def test_a_source_cited_many_times_is_one_row_with_a_count(database: Database) -> None:
    page = {"url": "https://example.org/a", "source": {"url": "https://example.org/a"}}
    by_id = {"source": {"connector": "wiki", "external_id": "7", "title": "Seven"}}
    other = {"source": {"connector": "mail", "external_id": "7"}}
    await import_toys(
        database,
        [{"id": f"c{number}", "messages": [{"text": "?", "cites": [page, by_id, page, other]}]} for number in range(3)],
    )
    await check(database)
    found = {(row["url"], row["connector"], row["citation_count"]) for row in await rows(database, "sources")}
    assert found == {("https://example.org/a", None, 6), (None, "wiki", 3), (None, "mail", 3)}
    assert [row["number"] for row in await rows(database, "citations", "conversation_id", "position")][:4] == [
        1,
        2,
        3,
        4,
    ]


async def test_a_source_learns_what_a_later_record_tells_of_it_and_forgets_nothing(database: Database) -> None:
    def citing(number: int, **source: Any) -> Json:
        return {"id": f"c{number}", "messages": [{"cites": [{"source": {"url": "https://example.org", **source}}]}]}

    await import_toys(database, [citing(1), citing(2, title="First")], [citing(3, title="Second", text="Text")])
    source = await one(database, "sources")
    assert (source["title"], source["text"], source["citation_count"]) == ("First", "Text", 3)


async def test_a_source_that_only_has_a_title_is_not_shared(database: Database) -> None:
    await import_toys(database, [{"id": "c", "messages": [{"cites": [{"source": {"title": "Notes"}}] * 2}]}])
    assert await count(database, "sources") == 2
    await check(database)


async def test_a_tool_call_knows_its_answer_and_its_tool(database: Database) -> None:
    messages = [
        {"id": "a", "role": "ASSISTANT", "calls": ["k", "lost"]},
        {"id": "b", "role": "TOOL", "text": "found", "answers": "k"},
        {"id": "c", "role": "ASSISTANT", "calls": ["k"]},
        {"id": "d", "role": "TOOL", "text": "found again", "answers": "k"},
    ]
    await import_toys(database, [{"id": "c", "messages": messages, "tools": [{"id": 5, "name": "search"}]}])
    by_id = {row["id"]: row["content"] for row in await rows(database, "messages")}
    calls = await rows(database, "tool_calls", "created_at")
    answers = sorted((row["call_id"], by_id.get(row["result_message_id"])) for row in calls)
    assert answers == [("k", "found"), ("k", "found again"), ("lost", None)]
    assert {row["tool_id"] for row in calls} == {(await one(database, "tools"))["id"]}
    assert await count(database, "conversation_tools") == 1


async def test_feedback_points_at_citations_by_their_place(database: Database) -> None:
    cites = [{"url": f"https://example.org/{number}"} for number in range(3)]
    feedback = [{"rating": "NEGATIVE", "reference": 2, "bad": [0, 9], "reasons": ["old"], "scores": {"truth": 0.5}}]
    await import_toys(database, [{"id": "c", "messages": [{"cites": cites, "feedback": feedback}]}])
    places = {row["id"]: row["position"] for row in await rows(database, "citations")}
    stored = await one(database, "feedback")
    assert places[stored["reference_id"]] == 2
    verdicts = await rows(database, "citation_verdicts", "position")
    assert [places.get(row["reference_id"]) for row in verdicts] == [0, None]
    assert (await one(database, "feedback_reasons"))["label"] == "old"
    assert (await one(database, "feedback_scores"))["value"] == 0.5


async def test_an_assistant_is_one_row_that_learns_its_name(database: Database) -> None:
    await import_toys(database, [chat(assistant={"id": 7, "tools": [{"id": 1}]}), chat(id="d", assistant={"id": 7})])
    before = await one(database, "assistants")
    assert (before["name"], before["name_made"]) == ("Assistant 7", True)
    await import_toys(database, [{"assistant": {"id": 7, "name": "Harbour", "model": "m-1"}}])
    after = await one(database, "assistants")
    assert (after["name"], after["name_made"], after["model"]) == ("Harbour", False, "m-1")
    assert (after["id"], after["version"]) == (before["id"], 2)
    await import_toys(database, [chat(id="e", assistant={"id": 7})])
    assert await one(database, "assistants") == after
    await check(database)


async def test_an_external_id_stays_with_the_first_record_and_the_second_keeps_it_in_its_origin(
    database: Database,
) -> None:
    first, second = chat(external_id="x"), chat(id="d", external_id="x", messages=[])
    report = await import_toys(database, [first], [second])
    assert [row["external_id"] for row in await rows(database, "conversations", "message_count")] == [None, "x"]
    (origin,) = [row for row in await rows(database, "origins") if row["record_id"] == "d"]
    assert origin["extra"] == {"externalId": "x"}
    assert origin["presence"] == {"refused": ["externalId"]}
    assert any("'x'" in note for note in report.files[1].notes)


async def test_messages_of_two_conversations_may_have_the_same_ids(database: Database) -> None:
    report = await import_toys(database, [chat(), chat(id="d")], [chat(id="e")])
    again = await import_toys(database, [chat(id="e"), chat(id="d"), chat()])
    assert (report.tally["messages", "new"], again.changed) == (6, False)
    origins = {row["record_id"]: row["presence"] for row in await rows(database, "origins")}
    assert origins["d#m1"] == {"$id": "m1"}
    assert origins["m1"] is None
    await check(database)


async def test_what_has_no_id_is_named_by_its_place(database: Database) -> None:
    await import_toys(database, [{"id": "c", "messages": [{"text": "?", "feedback": [{"comment": "!"}]}]}])
    origins = {row["record_id"]: row["id_type"] for row in await rows(database, "origins")}
    assert origins == {"c": "STRING", "c#messages/0": "PLACE", "c#messages/0#feedback/0": "PLACE"}


async def test_a_record_without_an_id_is_named_by_its_hash(database: Database) -> None:
    nameless = {"messages": [{"text": "?"}]}
    await import_toys(database, [nameless, nameless], [nameless])
    conversation = next(row for row in await rows(database, "origins") if row["entity"] == "CONVERSATION")
    assert len(conversation["record_id"]) == 64
    assert await count(database, "conversations") == 1


async def test_two_accounts_of_one_system_may_have_the_same_ids(database: Database) -> None:
    await import_toys(database, [chat()])
    await import_toys(database, [chat()], options=Options(account="north"))
    assert await count(database, "conversations") == 2


async def test_a_workspace_sees_nothing_of_another_ones_records(database: Database) -> None:
    other = Viewer(new_id())
    async with database.write(viewer=PROGRAM) as connection:
        row = {"id": other.workspace_id, "name": "other", "created_at": at(0)}
        await connection.execute(metadata.tables["workspaces"].insert(), row)
    await import_toys(database, [chat(external_id="x")])
    report = await import_toys(database, [chat(external_id="x")], viewer=other)
    assert report.tally["conversations", "new"] == 1
    assert not report.files[0].notes
    owners = {row["workspace_id"] for row in await rows(database, "conversations")}
    assert owners == {other.workspace_id, DEFAULT_VIEWER.workspace_id}


async def test_detached_feedback_finds_its_message_also_in_a_later_file(database: Database) -> None:
    feedback = {"id": "f", "about": "m2", "comment": "thanks"}
    lost = {"id": "g", "about": "nowhere"}
    report = await import_toys(database, [feedback, lost], [chat()])
    stored = await one(database, "feedback")
    assert stored["message_id"] == next(row["id"] for row in await rows(database, "messages") if row["sequence"] == 1)
    assert report.tally["feedback", "new"] == 1
    assert [str(refusal) for refusal in report.refusals] == [
        "toy-0.jsonl, line 2: the message that it is about, 'nowhere', is not here: import it first"
    ]
    again = await import_toys(database, [feedback], [chat()])
    assert not again.changed
    await check(database)


async def test_feedback_that_names_its_conversation_finds_the_message_of_that_one(database: Database) -> None:
    about = [{"id": f"f{chat}", "about": "m1", "chat": chat, "comment": chat} for chat in ("c", "d", "nowhere")]
    report = await import_toys(database, [chat(), chat(id="d")], about)
    conversations = {row["entity_id"]: row["record_id"] for row in await rows(database, "origins")}
    stored = await rows(database, "feedback", "comment")
    assert [(conversations[row["conversation_id"]], row["comment"]) for row in stored] == [("c", "c"), ("d", "d")]
    assert [refusal.place for refusal in report.refusals] == ["line 3"]


async def test_only_so_much_feedback_waits_for_its_messages(database: Database) -> None:
    waiting = [{"id": f"f{number}", "about": f"m{number}"} for number in range(1, 4)]
    report = await import_toys(database, waiting, [chat()], options=Options(max_held=2))
    assert await count(database, "feedback") == 2
    assert [refusal.place for refusal in report.refusals] == ["line 3"]


async def test_what_is_no_conversation_is_counted_by_its_name(database: Database) -> None:
    report = await import_toys(database, [{"event": 1}, chat(), {"event": 2}])
    assert report.files[0].passed_over == {"toy events": 2}
    assert report.tally["conversations", "new"] == 1
    assert not report.refusals


async def test_an_import_that_changes_something_leaves_a_row_that_says_what(database: Database) -> None:
    await import_toys(database, [chat()])
    await import_toys(database, [chat()])
    imported = await one(database, "imports")
    assert (imported["format"], imported["file_name"], imported["layout"]) == ("toy", "toy-0.jsonl", "object")
    assert imported["counts"] == {"conversations": {"new": 1}, "messages": {"new": 2}, "records": {"read": 1}}
    assert imported["finished_at"] is not None
    positions = {row["record_id"]: row["position"] for row in await rows(database, "origins")}
    assert positions == {"c": 0, "m1": None, "m2": None}


@pytest.mark.parametrize("size", [1, 3, 1_000])
async def test_the_size_of_batches_makes_no_difference(database: Database, size: int) -> None:
    records = [chat(id=f"c{number}", messages=[{"id": f"{number}/{each}"} for each in range(4)]) for number in range(7)]
    report = await import_toys(database, records, options=Options(batch_size=size))
    assert (report.tally["conversations", "new"], report.tally["messages", "new"]) == (7, 28)
    await check(database)


async def test_the_statements_of_a_batch_do_not_depend_on_its_records(
    database: Database, statements: list[str]
) -> None:
    def records(first: int, size: int) -> list[Json]:
        cites = [{"source": {"url": f"https://example.org/{number}"}} for number in range(size)]
        messages = [{"text": "?", "cites": cites, "feedback": [{"comment": "!"}], "calls": ["k"]}] * size
        return [{"id": f"{first}-{number}", "tags": ["t"], "messages": messages} for number in range(size)]

    taken = []
    for first, size in enumerate((2, 9)):
        statements.clear()
        await import_toys(database, records(first, size))
        taken.append(len(statements))
    assert taken[1] <= taken[0] <= 30


async def test_a_record_that_the_database_refuses_costs_no_other_one(database: Database) -> None:
    bad = chat(id="bad", messages=[{"text": "?", "feedback": [{"scores": {"truth": None}}]}])
    report = await import_toys(database, [chat(), bad, chat(id="d")], [bad, chat(id="e")])
    assert [refusal.place for refusal in report.refusals] == ["line 2", "line 1"]
    assert "the database does not take it" in report.refusals[0].reason
    assert await count(database, "conversations") == 3
    assert await count(database, "messages") == 6
    await check(database)
