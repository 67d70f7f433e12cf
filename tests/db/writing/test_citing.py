"""Citations find their sources, or make them, and what is wrong with them is told."""

import asyncio
from typing import Any
from uuid import UUID

from db.database import Database
from db.viewer import PROGRAM
from tests.db.builders import World
from tests.db.writing.scenes import (
    STRANGER,
    rows,
    stored_row,
    strangers_workspace,
    talk_of,
    told,
    unknown,
)
from tests.db.writing.talking import ASSISTANT, USER, add, created, refused, says


async def test_every_field_of_a_citation_is_kept(database: Database) -> None:
    talk = await talk_of(database)
    citation = {
        "number": 7,
        "shown_number": -1,
        "label": "l",
        "title": "t",
        "url": "https://d.example",
        "excerpt": "e",
        "context": "c",
        "description": "d",
        "relevance_score": 1.0,
        "kind": "page",
        "breadcrumbs": ["a", "b"],
        "pages": [1, 2],
        "start_index": 0,
        "end_index": 3,
        "external_id": "c-1",
        "metadata": {"a": 1.0},
    }
    (made,) = await add(database, talk.id, says("abc", ASSISTANT, citations=[citation, {"label": "second"}]))
    first, second = await rows(database, "citations", message_id=made.id)
    assert {name: first[name] for name in citation} == citation
    assert (first["conversation_id"], second["conversation_id"]) == (talk.id, talk.id)
    assert (second["number"], second["position"], second["source_id"], second["label"]) == (2, 1, None, "second")


async def test_citations_find_their_source_by_id_by_its_name_in_its_system_or_by_url(database: Database) -> None:
    talk = await talk_of(database)
    page = {"connector": "wiki", "external_id": "p-1", "url": "https://w.example/1", "title": "One"}
    (first,) = await add(database, talk.id, says("x", citations=[{"source": page}, {"url": "https://u.example"}]))
    named, linked = await rows(database, "citations", message_id=first.id)
    assert (named["title"], named["url"]) == ("One", "https://w.example/1"), "what it doesn't say is the source's"
    again = [
        {"source_id": named["source_id"]},
        {"source": {"connector": "wiki", "external_id": "p-1"}, "title": "Mine"},
        {"source": {"url": "https://u.example"}},
        {"url": "https://u.example", "title": "A title", "kind": "page"},
    ]
    (second,) = await add(database, talk.id, says("y", citations=again))
    found = await rows(database, "citations", message_id=second.id)
    ids = [named["source_id"], named["source_id"], linked["source_id"], linked["source_id"]]
    assert [row["source_id"] for row in found] == ids
    assert [row["title"] for row in found] == ["One", "Mine", None, "A title"]
    assert len(await rows(database, "sources")) == 2
    assert (await stored_row(database, "sources", named["source_id"]))["citation_count"] == 3


async def test_sources_of_two_connectors_are_two_and_a_source_with_only_a_title_is_one_of_its_own(
    database: Database,
) -> None:
    talk = await talk_of(database)
    citations = [
        {"source": {"connector": "a", "external_id": "1"}},
        {"source": {"connector": "b", "external_id": "1"}},
        {"source": {"external_id": "1"}},
        {"title": "Same"},
        {"title": "Same"},
        {"source": {"text": "Only its words", "metadata": {"k": 1}}},
        {"source": {"kind": "page"}},
        {"kind": "page"},
    ]
    (made,) = await add(database, talk.id, says("x", citations=citations))
    found = [row["source_id"] for row in await rows(database, "citations", message_id=made.id)]
    assert found[6:] == [None, None], "a kind alone says of no source"
    assert len(set(found[:6])) == 6
    words = await stored_row(database, "sources", found[5])
    assert (words["text"], words["metadata"]) == ("Only its words", {"k": 1})


async def test_what_a_citation_says_of_its_source_makes_the_source(database: Database) -> None:
    talk = await talk_of(database)
    long = "t" * 600
    citations: list[dict[str, Any]] = [
        {"title": long, "url": "https://a.example", "kind": "page"},
        {"title": "Two", "url": "https://b.example", "source": {"text": "words"}},
    ]
    (made,) = await add(database, talk.id, says("x", citations=citations))
    found = await rows(database, "citations", message_id=made.id)
    one, two = [await stored_row(database, "sources", row["source_id"]) for row in found]
    assert (one["title"], one["url"], one["kind"]) == (long[:512], "https://a.example", "page")
    assert found[0]["title"] == long, "the citation keeps it whole"
    assert (two["title"], two["url"], two["text"]) == ("Two", "https://b.example", "words")


async def test_a_source_that_is_there_learns_what_it_did_not_know_and_forgets_nothing(database: Database) -> None:
    talk = await talk_of(database)
    url = "https://s.example"
    (made,) = await add(database, talk.id, says("x", citations=[{"url": url}]))
    ((first),) = await rows(database, "citations", message_id=made.id)
    before = await stored_row(database, "sources", first["source_id"])
    source = {"url": url, "title": "New", "text": "words"}
    await add(database, talk.id, says("y", citations=[{"source": source}, {"source": {"url": url, "kind": "page"}}]))
    await add(database, talk.id, says("z", citations=[{"source": {"url": url, "title": "Other"}}]))
    after = await stored_row(database, "sources", before["id"])
    learned = {"title": "New", "text": "words", "kind": "page", "citation_count": 4}
    assert after == {**before, **learned, "updated_at": after["updated_at"]}
    assert after["updated_at"] > before["updated_at"]


async def test_what_is_wrong_with_citations_is_told_with_its_place(database: Database) -> None:
    await strangers_workspace(database)
    talk = await talk_of(database)
    async with database.write(viewer=PROGRAM) as connection:
        theirs = await World(connection, STRANGER).source()
        mine = await World(connection).source()
    at_ = ("messages", "0", "citations")
    citations: list[dict[str, Any]] = [
        {"source_id": unknown()},
        {"source_id": theirs},
        {"source_id": mine, "source": {"title": "t"}},
        {"start_index": 3, "end_index": 2},
        {"start_index": 2, "end_index": 5},
        {"relevance_score": 1.01},
        {"number": 0},
        {"source": {"url": "a\0"}},
        {"metadata": []},
        {"pages": [1, "2"]},
    ]
    assert set(told(await refused(database, talk.id, says("abcd", citations=citations)))) == {
        ("NOT_FOUND", (*at_, "0", "source_id")),
        ("NOT_FOUND", (*at_, "1", "source_id")),
        ("INVALID", (*at_, "2", "source")),
        ("OUT_OF_RANGE", (*at_, "3", "end_index")),
        ("OUT_OF_RANGE", (*at_, "4", "end_index")),
        ("OUT_OF_RANGE", (*at_, "5", "relevance_score")),
        ("OUT_OF_RANGE", (*at_, "6", "number")),
        ("INVALID", (*at_, "7", "source", "url")),
        ("INVALID", (*at_, "8", "metadata")),
        ("INVALID", (*at_, "9", "pages", "1")),
    }


async def test_offsets_count_unicode_code_points_and_no_content_has_none(database: Database) -> None:
    talk = await talk_of(database)
    await add(database, talk.id, says("😀é", citations=[{"start_index": 0, "end_index": 2}]))
    parts = [{"text": "a"}, {"reasoning": "long"}, {"text": "b"}]
    await add(database, talk.id, {"role": USER, "content_parts": parts, "citations": [{"end_index": 3}]})
    message = {"role": ASSISTANT, "tool_calls": [{"name": "f"}], "citations": [{"end_index": 1}]}
    assert told(await refused(database, talk.id, message)) == [
        ("OUT_OF_RANGE", ("messages", "0", "citations", "0", "end_index"))
    ]


async def test_writers_at_the_same_moment_share_the_sources_that_they_make(database: Database) -> None:
    conversations = [await created(database) for _ in range(8)]

    async def cite(place: int, conversation: UUID) -> None:
        urls = [f"https://{(place * 5 + step) % 7}.example" for step in range(6)]
        await add(database, conversation, says("x", citations=[{"url": url, "title": f"{place}"} for url in urls]))

    await asyncio.gather(*(cite(place, conversation) for place, conversation in enumerate(conversations)))
    sources = await rows(database, "sources")
    assert len(sources) == 7
    assert sum(source["citation_count"] for source in sources) == 8 * 6
