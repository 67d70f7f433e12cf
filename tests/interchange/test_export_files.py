"""Files of an import are written again: every sample, in each layout, and what cannot be written is named."""

import copy
import gzip
import io
import re
import tracemalloc
from pathlib import Path
from typing import IO, Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from db import jsons
from db.database import Database
from db.errors import InvalidInput, NotFound
from db.interchange.detect import detect
from db.interchange.files import imports_of, write_files
from db.interchange.formats import FORMATS
from db.interchange.layout import layout_of
from db.interchange.records import Source, open_source
from db.record import new_id
from db.viewer import DEFAULT_VIEWER, PROGRAM, Viewer
from tests.conftest import recorded
from tests.interchange.drafted import SHARED, needs_samples
from tests.interchange.exported import assert_comes_back, assert_same_file, export, import_bytes, text_of
from tests.interchange.full_documents import COGSOL, FEEDBACK, INKEEP, PIPESHUB, REPORT
from tests.interchange.specimens import BY_FORMAT, records_of
from tests.interchange.stored import T, copied_database, rows

SAMPLES = sorted(path for folder in ("formats", "data") for path in (SHARED / folder).rglob("*.json*"))


def plain(path: Path) -> tuple[str, bytes]:
    """A file's name and bytes, without compression."""
    data = path.read_bytes()
    return path.name.removesuffix(".gz"), gzip.decompress(data) if path.suffix == ".gz" else data


@needs_samples
@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
async def test_every_sample_comes_back(path: Path, tmp_path: Path) -> None:
    with open_source(path) as source:
        found = detect(source, FORMATS).name
    name, data = plain(path)
    async with copied_database(tmp_path) as database:
        await assert_comes_back(database, data, found, name)


@needs_samples
async def test_the_example_of_the_documentation_comes_back(tmp_path: Path) -> None:
    text = (SHARED / "formats/documents/001-full-chat.md").read_text()
    (example,) = re.findall(r"```json\n(.*?)```", text, re.DOTALL)
    async with copied_database(tmp_path) as database:
        await assert_comes_back(database, example.encode(), "cogsol")


@needs_samples
async def test_the_clients_example_comes_back(tmp_path: Path) -> None:
    text = (SHARED / "formats/documents/003-openai-conversation.md").read_text()
    (example,) = re.findall(r"OpenAIConversation = (\{.*?\n\});", text, re.DOTALL)
    example = re.sub(r",(\s*[}\]])", r"\1", re.sub(r"^(\s*)(\w+):", r'\1"\2":', example, flags=re.MULTILINE))
    async with copied_database(tmp_path) as database:
        await assert_comes_back(database, example.encode(), "inkeep")


@pytest.mark.parametrize("name", BY_FORMAT)
async def test_every_specimen_comes_back(name: str, tmp_path: Path) -> None:
    for record in records_of(name):
        async with copied_database(tmp_path) as database:
            await assert_comes_back(database, jsons.dump(record).encode(), name)


def chat(number: int, **more: Any) -> Any:
    return {**copy.deepcopy(COGSOL), "id": number, "messages": [], **more}


def conversation(number: int, **more: Any) -> Any:
    return {**copy.deepcopy(PIPESHUB), "_id": f"p{number}", "messages": [], **more}


@pytest.mark.parametrize("layout", ["lines", "array", "object"])
@pytest.mark.parametrize("number", [1, 2, 450])
async def test_a_file_keeps_its_layout(layout: str, number: int, tmp_path: Path) -> None:
    async with copied_database(tmp_path) as database:
        await assert_comes_back(database, text_of([chat(each) for each in range(number)], layout), "cogsol")


async def test_an_object_of_several_arrays_keeps_what_stands_beside_them(database: Database) -> None:
    envelope = {
        "total": 1.0,
        "conversations": [conversation(1), conversation(2)],
        "empty": [],
        "sharedWithMeConversations": [conversation(3)],
        "shared_with_me_conversations": [],
        "page": {"next": None},
    }
    await assert_comes_back(database, jsons.dump(envelope).encode(), "pipeshub")


async def test_several_objects_of_arrays_are_told_apart(tmp_path: Path) -> None:
    pages = [
        {"count": 2, "next": "b", "previous": None, "results": [chat(1), chat(2)]},
        chat(3),
        {"count": 2, "next": None, "previous": "a", "results": [chat(4)]},
    ]
    async with copied_database(tmp_path) as database:
        await assert_comes_back(database, text_of(pages, "object"), "cogsol")


async def test_a_record_that_stands_twice_is_written_twice(database: Database) -> None:
    again = [chat(1), chat(2), chat(1), chat(2), REPORT | {"chat": 1}, chat(2), REPORT | {"chat": 1}]
    await assert_comes_back(database, text_of(again), "cogsol")
    (imported,) = await rows(database, "imports")
    own = str(imported["id"])
    runs = [[2, 2, "CONVERSATION", own, 0], [5, 1, "CONVERSATION", own, 1], [6, 1, "FEEDBACK", own, 4]]
    assert imported["counts"]["again"] == runs


async def test_loose_messages_that_stand_twice_are_written_twice(tmp_path: Path) -> None:
    said = [{"id": each, "actor": "USER", "message": "Hi", "thread_id": "t1"} for each in (1, 2, 1, 3, 2)]
    async with copied_database(tmp_path) as database:
        await assert_comes_back(database, text_of(said), "athena")


async def test_a_file_with_records_that_were_known_comes_back_whole(tmp_path: Path) -> None:
    first = [chat(each) for each in range(300)]
    second = [chat(1_000), *first, chat(1_001)]
    async with copied_database(tmp_path) as database:
        await import_bytes(database, {"a.json": text_of(first)}, "cogsol")
        await import_bytes(database, {"b.json": text_of(second)}, "cogsol")
        written, summary = await export(database)
        assert summary.complete
        assert_same_file(written["b.json"], text_of(second))
        counts = (await rows(database, "imports", "created_at"))[1]["counts"]
        assert len(counts["again"]) == 1


async def test_what_was_passed_over_refused_or_came_again_is_named(tmp_path: Path) -> None:
    event = {"entityType": "message", "createdAt": "1", "eventType": "shown"}
    first = [INKEEP, event, FEEDBACK, {"type": "openai"}, {**INKEEP, "id": "c2", "externalId": None}]
    async with copied_database(tmp_path) as database:
        await import_bytes(database, {"a.json": text_of(first)}, "inkeep")
        (before,) = await rows(database, "imports")
        written, summary = await export(database, before["id"])
        assert_same_file(written["a.json"], text_of([first[0], first[2], first[4]]))
        assert summary.files[0].notes == [
            "2 of 5 records cannot be written again (2, 4): 1 Inkeep events passed over when it was imported, 1 refused"
        ]
        assert (summary.complete, summary.records) == (False, 3)
        later = {**INKEEP, "updatedAt": "1744095999999", "tags": ["new"]}
        await import_bytes(database, {"b.json": text_of([later])}, "inkeep")
        written, summary = await export(database, before["id"])
        assert_same_file(written["a.json"], text_of([first[2], first[4]]))
        assert "(1 to 2, 4)" in summary.files[0].notes[0]
        assert "came again in another version since, or was deleted" in summary.files[0].notes[0]


async def test_what_is_deleted_here_is_gone(tmp_path: Path) -> None:
    async with copied_database(tmp_path) as database:
        await import_bytes(database, {"a.json": text_of([COGSOL, chat(5), REPORT], "array")}, "cogsol")
        messages = await rows(database, "messages", "sequence")
        first = next(row for row in await rows(database, "conversations") if row["message_count"])
        async with database.write(viewer=PROGRAM) as connection:
            await connection.execute(sa.delete(T["messages"]).where(T["messages"].c.id == messages[2]["id"]))
        written, _ = await export(database)
        less = {**COGSOL, "messages": COGSOL["messages"][:2]}
        assert_same_file(written["a.json"], text_of([less, chat(5), REPORT], "array"))
        async with database.write(viewer=PROGRAM) as connection:
            gone = sa.update(T["conversations"]).where(T["conversations"].c.id == first["id"])
            await connection.execute(gone.values(deleted_at=first["created_at"]))
        written, summary = await export(database)
        assert_same_file(written["a.json"], text_of([chat(5)], "array"))
        assert "2 of 3 records cannot be written again (1, 3)" in summary.files[0].notes[0]


async def test_a_page_is_written_as_it_was_whatever_other_pages_say(tmp_path: Path) -> None:
    def page(*numbers: int, order: int) -> Any:
        times = {each: f"2026-03-02T02:39:5{each}.000Z" for each in numbers}
        said = [{**PIPESHUB["messages"][0], "_id": f"m{each}", "createdAt": at} for each, at in times.items()]
        changed = f"2026-03-02T02:4{order}:00.000Z"
        return {**PIPESHUB, "messages": said, "pagination": {"page": order}, "updatedAt": changed}

    async with copied_database(tmp_path) as database:
        await import_bytes(database, {"a.json": text_of([page(3, 2, order=1)])}, "pipeshub")
        written, summary = await export(database)
        assert_same_file(written["a.json"], text_of([page(3, 2, order=1)]))
        await import_bytes(database, {"b.json": text_of([page(1, 0, order=2)])}, "pipeshub")
        written, summary = await export(database)
        assert_same_file(written["b.json"], text_of([page(1, 0, order=2)]))
        assert summary.complete
        (first, _) = await rows(database, "imports", "created_at")
        written, summary = await export(database, first["id"])
        assert (written["a.json"], summary.complete) == (b"", False)


async def test_of_several_pages_in_one_file_the_last_is_written(tmp_path: Path) -> None:
    def page(order: int, *messages: Any) -> Any:
        changed = f"2026-03-02T02:4{order}:00.000Z"
        return {**PIPESHUB, "messages": messages, "pagination": {"page": order}, "updatedAt": changed}

    first, second = page(1, PIPESHUB["messages"][1]), page(2, PIPESHUB["messages"][0])
    many = [{**PIPESHUB, "_id": f"p{number}", "messages": []} for number in range(2_500)]
    for between in ([], many):
        async with copied_database(tmp_path) as database:
            await import_bytes(database, {"a.json": text_of([first, *between, second])}, "pipeshub")
            written, summary = await export(database)
            assert_same_file(written["a.json"], text_of([*between, second]))
            assert f"1 of {len(between) + 2:,} records cannot be written again (1)" in summary.files[0].notes[0]


@pytest.mark.parametrize("seconds", [(3, 1, 2), (2, 2, 1), (1, 1, 1), (3, 2, 1), (1, 3, 3, 2)])
async def test_a_page_keeps_its_order_whatever_its_times_say(seconds: tuple[int, ...], tmp_path: Path) -> None:
    numbered = [(9 - place, f"2026-03-02T02:39:5{second}.000Z") for place, second in enumerate(seconds)]
    said = [{**PIPESHUB["messages"][0], "_id": number, "createdAt": at} for number, at in numbered]
    async with copied_database(tmp_path) as database:
        page = {**PIPESHUB, "messages": said, "pagination": {"page": 1}}
        await assert_comes_back(database, text_of([page]), "pipeshub")
    async with copied_database(tmp_path) as database:
        turns = [
            {"id": number, "user_input": {"content": "Hi", "timestamp": second}, "model_response": {"content": "Ho"}}
            for number, second in zip((9, 8, 7, 6), seconds, strict=False)
        ]
        chat = {"chat_id": "t1", "title": "One", "user_id": "u", "brain_id": "b", "recent_chat_history": turns}
        await assert_comes_back(database, text_of([chat]), "athena")


async def test_messages_alone_and_their_conversation_come_back_apart(tmp_path: Path) -> None:
    alone = {"chat_id": "t1", "title": "One", "user_id": "u", "brain_id": "b"}
    turn = {"actor": "USER", "thread_id": "t1", "created_at": "Mon, 05 Aug 2024 09:00:00 GMT"}
    said = [{"id": each, "message": f"turn {each}", **turn} for each in range(5)]
    async with copied_database(tmp_path) as database:
        files = {"chats.json": text_of([alone]), "turns.json": text_of(said, "array")}
        await import_bytes(database, files, "athena")
        written, summary = await export(database)
        assert summary.complete
        for name, data in files.items():
            assert_same_file(written[name], data)


async def test_a_message_alone_leaves_the_conversation_that_holds_it_whole(tmp_path: Path) -> None:
    whole: Any = {"chat": {"chat_id": "t1", "title": "One", "user_id": "u", "brain_id": "b"}, "interactions": []}
    whole["interactions"] = [{"id": each, "actor": "USER", "message": "Hi", "thread_id": "t1"} for each in (1, 2)]
    async with copied_database(tmp_path) as database:
        await import_bytes(database, {"a.json": text_of([whole])}, "athena")
        await import_bytes(database, {"b.json": text_of([whole["interactions"][1]])}, "athena")
        first, second = await rows(database, "imports", "created_at")
        for imported, record in ((first, whole), (second, whole["interactions"][1])):
            written, summary = await export(database, imported["id"])
            assert summary.complete
            assert_same_file(written[imported["file_name"]], text_of([record]))


async def test_files_of_one_run_are_found_together_and_alone(database: Database) -> None:
    files = {"/x/y/a.json": text_of([chat(1)]), "/x/z/a.json": text_of([chat(2)]), "-": text_of([chat(3)])}
    await import_bytes(database, files, "cogsol")
    await import_bytes(database, {"/x/y/b.json": text_of([chat(4)])}, "cogsol")
    imports = await rows(database, "imports", "created_at")
    async with database.read(viewer=PROGRAM) as connection:
        found = await imports_of(connection, imports[0]["run_id"], viewer=DEFAULT_VIEWER)
        assert [row.file_name for row in found] == list(files)
        assert [row.file_name for row in await imports_of(connection, "last", viewer=DEFAULT_VIEWER)] == ["/x/y/b.json"]
        (alone,) = await imports_of(connection, imports[1]["id"], viewer=DEFAULT_VIEWER)
        assert alone.file_name == "/x/z/a.json"
        with pytest.raises(NotFound, match=r"there is no import 0+-.*\n  .*b\.json\n  .*") as refusal:
            await imports_of(connection, UUID(int=0), viewer=DEFAULT_VIEWER)
        assert str(imports[3]["id"]) in refusal.value.message
        with pytest.raises(InvalidInput, match="is an id, or"):
            await imports_of(connection, "first", viewer=DEFAULT_VIEWER)
        with pytest.raises(NotFound, match="nothing was imported yet"):
            await imports_of(connection, "last", viewer=Viewer(new_id()))
    written, _ = await export(database, imports[0]["run_id"])
    assert sorted(written) == ["standard-input", "x/y/a.json", "x/z/a.json"]


async def test_names_are_told_apart_and_compressed_files_are_compressed(tmp_path: Path) -> None:
    async with copied_database(tmp_path) as database:
        data = gzip.compress(text_of([chat(1)]))
        await import_bytes(database, {"a.json.gz": data}, "cogsol")
        await import_bytes(database, {"a.json.gz": gzip.compress(text_of([chat(2)]))}, "cogsol")
        imported: list[Any] = []
        async with database.read(viewer=PROGRAM) as connection:
            for row in await rows(database, "imports", "created_at"):
                imported += await imports_of(connection, row["id"], viewer=DEFAULT_VIEWER)
        files: dict[str, IO[bytes]] = {}

        def output(name: str) -> IO[bytes]:
            files[name] = (tmp_path / name).open("wb")
            return files[name]

        told: list[int] = []
        await write_files(database, viewer=DEFAULT_VIEWER, imports=imported, output=output, progress=told.append)
        assert list(files) == ["a.json.gz", "a-2.json.gz"]
        assert all(file.closed for file in files.values())
        assert_same_file((tmp_path / "a.json.gz").read_bytes(), data)
        assert told == [1, 1]


async def test_what_is_read_for_a_file_does_not_depend_on_its_records(tmp_path: Path) -> None:
    numbers = []
    for size in (2, 150):
        async with copied_database(tmp_path) as database:
            chats = [{**COGSOL, "id": each} for each in range(size)]
            await import_bytes(database, {"a.json": text_of(chats)}, "cogsol")
            with recorded(database) as statements:
                await export(database)
            numbers.append(len(statements))
    assert numbers[0] == numbers[1]


async def test_memory_does_not_grow_with_the_records_of_a_file(tmp_path: Path) -> None:
    class Nowhere(io.BytesIO):
        def write(self, data: Any, /) -> int:
            return len(data)

    peaks = []
    for size in (200, 700):
        async with copied_database(tmp_path) as database:
            await import_bytes(database, {"a.json": text_of([chat(each) for each in range(size)])}, "cogsol")
            async with database.read(viewer=PROGRAM) as connection:
                imports = await imports_of(connection, "last", viewer=DEFAULT_VIEWER)
            tracemalloc.start()
            await write_files(database, viewer=DEFAULT_VIEWER, imports=imports, output=lambda _name: Nowhere())
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
    assert peaks[1] < 1.5 * peaks[0]


def test_values_one_after_the_other_are_no_lines() -> None:
    data = text_of([chat(1), chat(2)], "object")
    assert layout_of(Source("a", io.BytesIO(data))) == "object"
