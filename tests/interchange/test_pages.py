"""Pages of a conversation and single messages: merged with what is known, in any order."""

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from db.database import Database
from db.interchange.importer import Options
from tests.interchange.stored import branch, check, copied_database, count, one, rows, story, texts
from tests.interchange.test_reimport import A, B, C, D, chat
from tests.interchange.toy import import_toys

Json = dict[str, Any]


async def test_a_page_never_deletes_what_it_lacks(database: Database) -> None:
    await import_toys(database, [chat(A, B, tags=["t"])])
    report = await import_toys(database, [chat(C, {**B, "text": "B!"}, whole=False)])
    assert await texts(database) == ["A", "B!", "C"]
    assert await branch(database) == ["A", "B!", "C"]
    assert await count(database, "conversation_tags") == 1
    assert report.tally["messages", "new"] == 1
    await check(database)


async def test_an_older_page_leaves_later_versions_alone(database: Database) -> None:
    newer = chat({**A, "text": "A2"}, B, whole=False, updated=5, title="New")
    older = chat({**A, "text": "A1"}, C, whole=False, updated=4, title="Old")
    await import_toys(database, [newer], [older])
    assert await texts(database) == ["A2", "B", "C"]
    assert (await one(database, "conversations"))["title"] == "New"
    await check(database)


async def test_pages_of_one_file_count_as_one_conversation(database: Database) -> None:
    report = await import_toys(database, [chat(C, D, whole=False), chat(A, B, whole=False)])
    assert report.tally == {("conversations", "new"): 1, ("messages", "new"): 4}
    assert await texts(database) == ["A", "B", "C", "D"]


async def test_loose_messages_of_a_thread_make_one_conversation(database: Database) -> None:
    def loose(message: Json) -> Json:
        return chat(message, whole=False, loose=True)

    await import_toys(database, [loose(B), loose(A)], [loose(C)])
    assert await texts(database) == ["A", "B", "C"]
    positions = {row["record_id"]: row["position"] for row in await rows(database, "origins")}
    assert positions == {"a": 1, "b": 0, "c": 0} | {"c": positions["c"]}
    again = await import_toys(database, [loose(C), loose(A)])
    assert not again.changed
    await check(database)


async def test_a_loose_message_adds_to_a_whole_conversation_and_takes_nothing_of_it(database: Database) -> None:
    whole = chat(A, B, title="Ferries", tags=["t"], extra={"colour": "blue"})
    await import_toys(database, [whole])
    loose = [chat(message, whole=False, loose=True) for message in (C, D)]
    report = await import_toys(database, loose, options=Options(batch_size=1))
    assert await texts(database) == ["A", "B", "C", "D"]
    origin = next(row for row in await rows(database, "origins") if row["entity"] == "CONVERSATION")
    assert (origin["extra"], origin["position"]) == ({"colour": "blue"}, 0)
    assert (await one(database, "conversations"))["title"] == "Ferries"
    assert report.tally["conversations", "updated"] == 1
    await check(database)


async def test_loose_messages_without_ids_are_not_taken_for_one_another(database: Database) -> None:
    records = [chat({"text": text}, whole=False, loose=True) for text in "xyx"]
    await import_toys(database, records)
    assert sorted(await texts(database)) == ["x", "y"]


pages = st.permutations([A, B, C, D]).flatmap(
    lambda messages: st.integers(1, 3).map(lambda cut: (messages[:cut], messages[cut:]))
)


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(split=pages, backwards=st.booleans())
async def test_pages_make_the_same_conversation_in_any_order(split: Any, backwards: bool, tmp_path: Any) -> None:
    parts = [chat(*sorted(part, key=lambda m: -m["time"] if backwards else m["time"]), whole=False) for part in split]
    stories = []
    for order in (parts, parts[::-1]):
        async with copied_database(tmp_path) as database:
            await import_toys(database, *([part] for part in order))
            await check(database)
            assert await texts(database) == ["A", "B", "C", "D"]
            stories.append(await story(database))
    assert stories[0] == stories[1]
