"""A message gets other citations or follow-up questions, and what was said of a citation that stays, stays."""

from typing import Any
from uuid import UUID

import pytest

from db.database import Database
from db.record import now
from db.words import Rating
from db.writing import give_feedback, set_citations, set_follow_up_questions
from db.writing.performing import Verb
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
    written,
)
from tests.db.writing.talking import ASSISTANT, add, created, says
from tests.interchange import stored

CITATIONS: list[dict[str, Any]] = [
    {"url": "https://a.example", "title": "A"},
    {"title": "Only a title"},
    {"title": "Only a title", "label": "again"},
    {"source": {"connector": "c", "external_id": "1", "title": "One"}, "excerpt": "e", "pages": [1]},
    {"label": "no source"},
]


async def answer(database: Database, *citations: dict[str, Any]) -> UUID:
    """A message with these citations."""
    (made,) = await add(database, await created(database, "q"), says("x" * 10, ASSISTANT, citations=list(citations)))
    found: UUID = made.id
    return found


async def cite(database: Database, message: UUID, *citations: dict[str, Any]) -> Any:
    values = {"message_id": message, "citations": list(citations)}
    return await written(set_citations(database, values, viewer=ME))


async def cited(database: Database, message: UUID) -> list[dict[str, Any]]:
    return await rows(database, "citations", message_id=message)


async def test_citations_are_set_on_a_message_that_has_none(database: Database) -> None:
    message = await answer(database)
    before = await stored_row(
        database, "conversations", (await stored_row(database, "messages", message))["conversation_id"]
    )
    row = await cite(database, message, *CITATIONS)
    assert row.version == 2
    assert vars(row) == await stored_row(database, "messages", message)
    found = await cited(database, message)
    assert [(each["number"], each["title"]) for each in found] == [
        (1, "A"),
        (2, "Only a title"),
        (3, "Only a title"),
        (4, "One"),
        (5, None),
    ]
    assert len(await rows(database, "sources")) == 4
    assert await stored_row(database, "conversations", before["id"]) == before, "the message's version rises, no other"


async def test_setting_the_same_citations_changes_nothing(database: Database) -> None:
    message = await answer(database, *CITATIONS)
    before = await stored.everything(database)
    row = await cite(database, message, *CITATIONS)
    assert row.version == 1
    assert await stored.everything(database) == before


async def test_citations_that_stay_keep_their_ids_and_what_was_said_of_them(database: Database) -> None:
    message = await answer(database, *CITATIONS)
    before = {(each["title"], each["label"]): each for each in await cited(database, message)}
    for each in before.values():
        await give_feedback(database, {"target": ("citations", each["id"]), "rating": Rating.NEGATIVE}, viewer=ME)
    changed = {**CITATIONS[0], "excerpt": "new"}
    await cite(database, message, CITATIONS[3], {"title": "New"}, changed, CITATIONS[1])
    after = await cited(database, message)
    kept = [("One", None), ("A", None), ("Only a title", None)]
    assert [after[0]["id"], after[2]["id"], after[3]["id"]] == [before[key]["id"] for key in kept]
    assert [after[0]["source_id"], after[3]["source_id"]] == [
        before[kept[0]]["source_id"],
        before[kept[2]]["source_id"],
    ]
    assert (after[2]["excerpt"], after[2]["number"], after[2]["position"]) == ("new", 3, 2)
    assert after[2]["created_at"] == before[kept[1]]["created_at"]
    opinions = {row["reference_id"] for row in await rows(database, "feedback")}
    assert opinions == {before[key]["id"] for key in kept}


async def test_a_citation_that_goes_takes_a_source_along_that_nobody_else_can_cite(database: Database) -> None:
    message = await answer(database, *CITATIONS)
    await cite(database, message)
    assert await cited(database, message) == []
    assert {row["title"]: row["citation_count"] for row in await rows(database, "sources")} == {"A": 0, "One": 0}


async def test_a_citation_of_the_same_title_with_another_label_keeps_the_source(database: Database) -> None:
    message = await answer(database, {"title": "T", "label": "one"})
    ((before),) = await cited(database, message)
    await cite(database, message, {"title": "T", "label": "two"})
    ((after),) = await cited(database, message)
    assert after["source_id"] == before["source_id"]
    assert after["id"] != before["id"]


async def test_a_source_learns_from_citations_that_are_otherwise_the_same(database: Database) -> None:
    message = await answer(database, {"url": "https://a.example", "title": "A"})
    row = await cite(database, message, {"url": "https://a.example", "title": "A", "source": {"text": "words"}})
    assert row.version == 1
    assert [source["text"] for source in await rows(database, "sources")] == ["words"]


async def test_what_is_wrong_with_citations_is_told(database: Database) -> None:
    message = await answer(database, CITATIONS[0])
    before = await stored.everything(database)
    bad = [{"source_id": unknown()}, {"end_index": 11}, {"url": "a\0"}, {"title": "\ud800"}]
    values = {"message_id": message, "citations": bad, "expected_version": 4}
    problems = await refusal(set_citations(database, values, viewer=ME))
    assert sorted(told(problems)) == [
        ("INVALID", ("citations", "2", "url")),
        ("INVALID", ("citations", "3", "title")),
        ("NOT_FOUND", ("citations", "0", "source_id")),
        ("OUT_OF_RANGE", ("citations", "1", "end_index")),
        ("STALE_VERSION", ("expected_version",)),
    ]
    assert await stored.everything(database) == before


async def test_follow_up_questions_are_set_replaced_and_cleared(database: Database) -> None:
    message = await answer(database)
    one = {"question": "Why?", "confidence": "High", "reasoning": "r"}

    async def ask(*questions: dict[str, Any]) -> Any:
        values = {"message_id": message, "follow_up_questions": list(questions)}
        return await written(set_follow_up_questions(database, values, viewer=ME))

    assert (await ask(one, {"question": "How?"})).version == 2
    before = await stored.everything(database)
    assert (await ask({**one}, {"question": "How?", "confidence": None})).version == 2
    assert await stored.everything(database) == before
    assert (await ask({"question": "How?"}, one)).version == 3
    found = await rows(database, "follow_up_questions", message_id=message)
    assert [(row["question"], row["confidence"]) for row in found] == [("How?", None), ("Why?", "High")]
    row = await ask()
    assert row.version == 4
    assert vars(row) == await stored_row(database, "messages", message)
    assert await rows(database, "follow_up_questions") == []
    values = {"message_id": message, "follow_up_questions": [{}], "expected_version": 1}
    assert sorted(told(await refusal(set_follow_up_questions(database, values, viewer=ME)))) == [
        ("REQUIRED", ("follow_up_questions", "0", "question")),
        ("STALE_VERSION", ("expected_version",)),
    ]


@pytest.mark.parametrize(
    ("verb", "name"), [(set_citations, "citations"), (set_follow_up_questions, "follow_up_questions")]
)
async def test_a_message_that_is_not_there_gets_nothing(database: Database, verb: Verb, name: str) -> None:
    await strangers_workspace(database)
    theirs, gone = await talk_of(database, 1, viewer=STRANGER), await talk_of(database, 1, deleted_at=now())
    for row_id in (unknown(), theirs.messages[0], gone.messages[0]):
        write = verb(database, {"message_id": row_id, name: []}, viewer=ME)
        assert told(await refusal(write)) == [("NOT_FOUND", ("message_id",))]
    assert sorted(told(await refusal(verb(database, {}, viewer=ME)))) == sorted(
        [("REQUIRED", ("message_id",)), ("REQUIRED", (name,))]
    )
