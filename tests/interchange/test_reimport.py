"""Importing again: the same, a later version, an older one."""

from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from db import bulk
from db.database import Database
from db.record import new_id, now
from db.viewer import DEFAULT_VIEWER, PROGRAM
from db.words import Actor, MessageRole, MessageType
from tests.interchange.stored import (
    T,
    branch,
    check,
    copied_database,
    count,
    counts,
    everything,
    one,
    rows,
    story,
    texts,
)
from tests.interchange.toy import import_toys

Json = dict[str, Any]

A = {"id": "a", "text": "A", "time": 1}
B = {"id": "b", "text": "B", "time": 2}
C = {"id": "c", "text": "C", "time": 3}
D = {"id": "d", "text": "D", "time": 4}


def chat(*messages: Json, **record: Any) -> Json:
    return {"id": "c", "messages": list(messages), **record}


async def ids(database: Database) -> dict[str, Any]:
    """The ids of messages, by their text."""
    return {row["content"]: row["id"] for row in await rows(database, "messages")}


async def write_here(database: Database, below: Any, text: str) -> Any:
    """A message that nobody imported, at the end of the branch in play."""
    conversation = await one(database, "conversations")
    above = next(row for row in await rows(database, "messages") if row["id"] == below)
    message = {
        "id": new_id(),
        "conversation_id": conversation["id"],
        "sequence": conversation["message_count"],
        "parent_id": below,
        "branch_position": above["branch_position"] + 1,
        "role": MessageRole.USER,
        "role_name": "user",
        "message_type": MessageType.USER_QUERY,
        "actor": Actor.USER,
        "content": text,
        "created_at": now(),
        "updated_at": now(),
    }
    async with database.write(viewer=PROGRAM) as connection:
        await bulk.insert(connection, T["messages"], [message], viewer=DEFAULT_VIEWER)
        await connection.execute(
            sa.update(T["conversations"]).values(
                message_count=T["conversations"].c.message_count + 1,
                last_message_id=message["id"],
                current_message_id=message["id"],
            )
        )
    return message["id"]


async def feed_back_here(database: Database, **about: Any) -> None:
    """Feedback that nobody imported."""
    conversation = await one(database, "conversations")
    row = {"id": new_id(), "conversation_id": conversation["id"], "created_at": now(), "updated_at": now(), **about}
    async with database.write(viewer=PROGRAM) as connection:
        await bulk.insert(connection, T["feedback"], [row], viewer=DEFAULT_VIEWER)


async def test_importing_twice_changes_nothing_at_all(database: Database) -> None:
    cited = {**B, "cites": [{"url": "https://example.org", "source": {"url": "https://example.org"}}]}
    rated = {
        **C,
        "feedback": [{"comment": "good", "scores": {"x": 1.0}}],
        "calls": ["k"],
        "files": ["f"],
        "next": ["?"],
    }
    records = [chat(A, cited, rated, assistant={"id": 1, "tools": [{"id": 2}]}, tags=["t"], external_id="x")]
    await import_toys(database, records)
    before = await everything(database)
    report = await import_toys(database, records)
    assert not report.changed
    assert report.tally == {("conversations", "unchanged"): 1, ("messages", "unchanged"): 3}
    assert "nothing changed" in next(report.lines())
    assert await everything(database) == before


async def test_a_later_version_takes_the_place_of_the_one_before_and_rows_keep_their_ids(database: Database) -> None:
    await import_toys(database, [chat(A, B, C, updated=1)])
    before, conversation = await ids(database), await one(database, "conversations")
    report = await import_toys(database, [chat(A, {**B, "text": "B!"}, D, updated=2)])
    after, updated = await ids(database), await one(database, "conversations")
    assert await texts(database) == ["A", "B!", "D"]
    assert (after["A"], after["B!"]) == (before["A"], before["B"])
    assert (updated["id"], updated["version"]) == (conversation["id"], conversation["version"] + 1)
    versions = {row["content"]: row["version"] for row in await rows(database, "messages")}
    assert versions == {"A": 1, "B!": 2, "D": 1}
    assert report.tally["messages", "removed"] == 1
    await check(database)


async def test_an_older_version_changes_nothing_and_is_known_from_then_on(database: Database) -> None:
    await import_toys(database, [chat(A, B, updated=2)])
    before = await story(database)
    first = await import_toys(database, [chat(A, updated=1)])
    second = await import_toys(database, [chat(A, updated=1)])
    assert await story(database) == before
    assert first.tally == {("conversations", "older"): 1}
    assert second.tally == {("conversations", "unchanged"): 1, ("messages", "unchanged"): 1}


@pytest.mark.parametrize("updated", [{}, {"updated": 1}])
async def test_of_versions_that_do_not_say_which_is_later_the_one_imported_last_wins(
    database: Database, updated: Json
) -> None:
    await import_toys(database, [chat(A, **updated)], [chat(B, **updated)])
    assert await texts(database) == ["B"]
    report = await import_toys(database, [chat(A, **updated)], [chat(B, **updated)])
    assert not report.changed
    assert await texts(database) == ["B"]


async def test_two_versions_in_one_run_are_told(database: Database) -> None:
    report = await import_toys(database, [chat(A, updated=2)], [chat(B, updated=1)])
    assert report.files[1].notes == ["two versions of chat c: this one is older, that of toy-0.jsonl stays"]
    report = await import_toys(database, [chat(C, updated=3), chat(D, updated=4)])
    assert report.files[0].notes == ["two versions of chat c: this one is kept, that of toy-0.jsonl was before"]
    assert await texts(database) == ["D"]


async def test_what_was_said_here_of_what_stays_survives_a_new_version(database: Database) -> None:
    sources = [{"url": f"https://example.org/{name}"} for name in "xyz"]
    cites = [{"url": source["url"], "source": source} for source in sources]
    await import_toys(database, [chat(A, {**B, "cites": cites}, updated=1)])
    citations = {row["url"]: row["id"] for row in await rows(database, "citations")}
    message = (await ids(database))["B"]
    await feed_back_here(database, comment="on the chat")
    await feed_back_here(database, comment="on the message", message_id=message)
    for name in "xz":
        reference = citations[f"https://example.org/{name}"]
        await feed_back_here(database, comment=f"on {name}", message_id=message, reference_id=reference)
    await import_toys(database, [chat(A, {**B, "cites": [cites[2], cites[1]]}, updated=2)])
    left = {row["comment"] for row in await rows(database, "feedback")}
    assert left == {"on the chat", "on the message", "on z"}
    assert {row["url"]: row["id"] for row in await rows(database, "citations")} == {
        url: row_id for url, row_id in citations.items() if not url.endswith("x")
    }
    await check(database)


async def test_messages_written_here_stay_and_the_branch_in_play_with_them(database: Database) -> None:
    await import_toys(database, [chat(A, B, updated=1)])
    known = await ids(database)
    await write_here(database, known["B"], "mine")
    await import_toys(database, [chat(A, C, updated=2)])
    assert await branch(database) == ["A", "mine"]
    assert await texts(database) == ["A", "C", "mine"]
    await check(database)


async def test_feedback_that_came_by_itself_survives_a_new_version_of_its_conversation(database: Database) -> None:
    nested = {**A, "feedback": [{"id": "n", "comment": "nested"}]}
    await import_toys(database, [chat(nested, B, updated=1)], [{"id": "f", "about": "a", "comment": "apart"}])
    await import_toys(database, [chat(A, B, updated=2)])
    assert [row["comment"] for row in await rows(database, "feedback")] == ["apart"]
    await import_toys(database, [chat(B, updated=3)])
    assert await count(database, "feedback") == 0
    await check(database)
    report = await import_toys(database, [chat(A, B, updated=4)], [{"id": "f", "about": "a", "comment": "apart"}])
    assert report.tally["feedback", "new"] == 1


async def test_feedback_by_itself_is_replaced_by_a_later_version_of_it(database: Database) -> None:
    feedback = {"id": "f", "about": "a", "comment": "good", "updated": 2, "scores": {"x": 1.0}}
    await import_toys(database, [chat(A)], [feedback])
    before = await one(database, "feedback")
    report = await import_toys(database, [{**feedback, "updated": 1, "comment": "old"}])
    assert report.tally == {("feedback", "older"): 1}
    await import_toys(database, [{**feedback, "updated": 3, "comment": "better", "scores": {"y": 2.0}}])
    after = await one(database, "feedback")
    assert (after["id"], after["comment"], after["version"]) == (before["id"], "better", 2)
    assert (await one(database, "feedback_scores"))["name"] == "y"


async def test_nested_feedback_follows_the_citation_that_it_is_about(database: Database) -> None:
    def version(updated: int, *pages: str) -> Json:
        cites = [{"url": page} for page in pages]
        opinion = {"id": "f", "reference": len(pages) - 1, "comment": pages[-1]}
        return chat({**A, "cites": cites, "feedback": [opinion]}, updated=updated)

    await import_toys(database, [version(1, "x", "y")])
    before = await one(database, "feedback")
    await import_toys(database, [version(2, "z")])
    citation, after = await one(database, "citations"), await one(database, "feedback")
    assert (after["reference_id"], after["comment"]) == (citation["id"], "z")
    assert after["id"] == before["id"]


messages = st.lists(st.sampled_from([A, B, C, D]), unique_by=lambda message: message["id"], max_size=4)
cites = st.lists(st.sampled_from(["x", "y", "z"]), max_size=3).map(
    lambda urls: [{"url": url, "source": {"url": url}} for url in urls]
)
said = st.lists(st.sampled_from(["f", "g"]), unique=True, max_size=2).map(
    lambda own: [{"id": each, "comment": each} for each in own]
)
full = st.builds(lambda message, cites, said: {**message, "cites": cites, "feedback": said}, st.just({}), cites, said)


@st.composite
def versions(draw: st.DrawFn) -> Json:
    chosen = [{**message, **draw(full)} for message in draw(messages)]
    for message in chosen:
        message["feedback"] = [{**each, "id": message["id"] + each["id"]} for each in message["feedback"]]
    parents = [draw(st.sampled_from([None, *(message["id"] for message in chosen)])) for _ in chosen]
    tree = [{**message, "parent": parent} for message, parent in zip(chosen, parents, strict=True)]
    return chat(*tree, linear=draw(st.booleans()), current=draw(st.sampled_from([None, "a", "c", "?"])))


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=versions(), second=versions())
async def test_two_versions_in_any_order_end_the_same_and_leave_a_sound_database(
    first: Json, second: Json, tmp_path: Any
) -> None:
    first, second = {**first, "updated": 10}, {**second, "updated": 20}
    stories = []
    for order in ([first, second], [second, first]):
        async with copied_database(tmp_path) as database:
            await import_toys(database, [order[0]], [order[1]])
            await check(database)
            stories.append(await story(database))
            before = await counts(database)
            again = await import_toys(database, [order[1]], [order[0]])
            assert not again.changed
            assert await counts(database) == before
    assert stories[0] == stories[1]
