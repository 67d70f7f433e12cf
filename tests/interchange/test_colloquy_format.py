"""The native format gives everything back: exported, imported elsewhere and exported again it is the same bytes."""

from io import StringIO
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from rich.console import Console

from db import jsons
from db.database import Database
from db.errors import InvalidInput, NotFound
from db.filters import Where
from db.interchange import colloquy_choice
from db.interchange.colloquy import FORMAT, export_one
from db.interchange.formats import FORMATS
from db.interchange.importer import Options
from db.viewer import DEFAULT_VIEWER, PROGRAM
from graph.demo_world import fill_with_demo
from graph.importing import run_import
from graph.settings import Settings
from tests.interchange.drafted import SHARED, needs_samples
from tests.interchange.native import (
    AT,
    Json,
    another,
    conversation,
    export,
    file_of,
    lines_of,
    load,
    message,
    own_id,
    source,
    tool,
)
from tests.interchange.stored import check, count, everything

OTHER = {"sqlite": "postgresql", "postgresql": "sqlite"}


async def run(database: Database, *paths: Path | str, **options: Any) -> tuple[int, str]:
    """Run `colloquy import`: the exit code, and what it prints."""
    told = StringIO()
    console = Console(file=told, width=200, highlight=False, soft_wrap=True)
    code = await run_import(database, [str(path) for path in paths], console=console, settings=Settings(), **options)
    return code, told.getvalue()


async def demo(database: Database) -> bytes:
    """The demo world, exported."""
    await fill_with_demo(database, lambda _line: None)
    return await export(database)


async def test_the_demo_world_comes_back_byte_for_byte_from_either_kind_of_database(
    database: Database, tmp_path: Path
) -> None:
    first = await demo(database)
    assert first.count(b"\n") > 70
    here = await everything(database)
    async with another(database.dialect, tmp_path, "same") as same:
        report = await load(same, first)
        assert not report.refusals
        assert await export(same) == first
        assert await everything(same) == here
        await check(same)
    async with another(OTHER[database.dialect], tmp_path, "other") as other:
        await load(other, first)
        assert await export(other) == first
        assert await everything(other) == here
        await check(other)


@needs_samples
async def test_all_samples_move_from_sqlite_to_postgresql_and_back(tmp_path: Path) -> None:
    async with another("sqlite", tmp_path, "a") as before:
        code, _ = await run(before, SHARED / "data")
        assert code == 0
        first, there = await export(before), await everything(before)
    path = tmp_path / "all.jsonl"
    path.write_bytes(first)
    async with another("postgresql", tmp_path, "b") as between:
        assert (await run(between, path))[0] == 0
        assert await export(between) == first
        assert await everything(between) == there
    async with another("sqlite", tmp_path, "c") as after:
        report = await load(after, first)
        assert not report.refusals
        assert await export(after) == first
        assert await everything(after) == there, "also what is not written, but follows"


async def test_a_file_imported_twice_changes_nothing(database: Database, tmp_path: Path) -> None:
    path = tmp_path / "demo.jsonl"
    async with another("sqlite", tmp_path) as world:
        path.write_bytes(await demo(world))
    code, said = await run(database, path)
    assert code == 0
    assert "demo.jsonl (colloquy): 28 conversations" in said
    before = await everything(database)
    code, said = await run(database, path, format="colloquy")
    assert code == 0
    assert "nothing changed; 28 conversations" in said
    assert "9 tools, 7 imports unchanged" in said
    assert await everything(database) == before
    assert await count(database, "imports") == 7, "the import of a native file leaves no row of its own"


async def test_a_file_that_comes_twice_in_one_run_changes_nothing_the_second_time(database: Database) -> None:
    lines = [source(1, url="https://x.example"), conversation(0, message(2), message(3, 2), tags=["a"])]
    report = await load(database, *lines, *lines)
    assert report.tally == {
        ("sources", "new"): 1,
        ("sources", "unchanged"): 1,
        ("conversations", "new"): 1,
        ("conversations", "unchanged"): 1,
        ("messages", "new"): 2,
        ("messages", "unchanged"): 2,
    }


@pytest.mark.parametrize("size", [1, 20])
async def test_how_lines_are_batched_makes_no_difference(tmp_path: Path, size: int) -> None:
    async with another("sqlite", tmp_path, "world") as world:
        first = await demo(world)
    async with another("sqlite", tmp_path) as other:
        report = await load(other, first, options=Options(batch_size=size))
        assert not report.refusals
        assert await export(other) == first


async def test_some_conversations_come_with_what_they_refer_to_and_nothing_else(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = lines_of(await demo(database))
    ids = [UUID(line["conversation"]["id"]) for line in world if "conversation" in line]
    for chosen in (ids[:1], ids[3:7], ids[20:]):
        part = await export(database, ids=chosen)
        with monkeypatch.context() as many:
            many.setattr(colloquy_choice, "FEW", 0)
            assert await export(database, ids=chosen) == part, "few and many are looked up in different ways"
        lines = lines_of(part)
        assert [line["conversation"]["id"] for line in lines if "conversation" in line] == [*map(str, sorted(chosen))]
        assert {jsons.dump(line) for line in lines} < {jsons.dump(line) for line in world}
        for kind, named in referred(lines).items():
            assert {line[kind]["id"] for line in lines if kind in line} == named
        async with another("sqlite", tmp_path, chosen[0].hex) as other:
            assert not (await load(other, part)).refusals
            assert await export(other) == part
    async with database.read(viewer=PROGRAM) as connection:
        assert await export_one(connection, ids[5], viewer=DEFAULT_VIEWER) == await export(database, ids=ids[5:6])


def referred(lines: list[Json]) -> dict[str, set[str]]:
    """The ids of imports, tools, assistants and sources that lines name, by kind."""
    found: dict[str, set[str]] = {"import": set(), "tool": set(), "assistant": set(), "source": set()}
    keys = {"importId": "import", "toolId": "tool", "assistantId": "assistant", "sourceId": "source"}

    def walk(value: Any) -> None:
        if isinstance(value, list):
            for item in value:
                walk(item)
        elif isinstance(value, dict):
            for key, item in value.items():
                if key in keys:
                    found[keys[key]].add(item)
                elif key == "toolIds":
                    found["tool"].update(item)
                elif key not in ("extra", "presence", "seen", "properties", "userProperties"):
                    walk(item)

    walk(lines)
    return found


async def test_a_filter_chooses_conversations(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [conversation(number, message(number + 10), title="odd" if number % 2 else "even") for number in range(6)]
    await load(database, *lines)
    where: Where = {"title": {"eq": "odd"}}
    few = await export(database, where=where)
    assert [line["conversation"]["id"] for line in lines_of(few)] == [own_id(1), own_id(3), own_id(5)]
    monkeypatch.setattr(colloquy_choice, "FEW", 1)
    assert await export(database, where=where) == few
    both = lines_of(await export(database, where=where, ids=[UUID(own_id(3)), UUID(own_id(2))]))
    assert [line["conversation"]["id"] for line in both] == [own_id(3)]


async def test_an_id_that_is_not_there_is_told(database: Database) -> None:
    await load(database, conversation(0), conversation(1, deletedAt=AT))
    for number in (1, 7):
        with pytest.raises(NotFound, match=f"There is no conversation {own_id(number)}"):
            await export(database, ids=[UUID(own_id(0)), UUID(own_id(number))])
    async with database.read(viewer=PROGRAM) as connection:
        with pytest.raises(NotFound):
            await export_one(connection, uuid4(), viewer=DEFAULT_VIEWER)
    with pytest.raises(InvalidInput):
        await export(database, where={"title": {"eq": None}})


async def test_deleted_conversations_come_along_where_asked_for(database: Database, tmp_path: Path) -> None:
    await load(database, conversation(0, message(2)), conversation(1, message(3), deletedAt=AT))
    assert [line["conversation"]["id"] for line in lines_of(await export(database))] == [own_id(0)]
    whole = await export(database, include_deleted=True)
    assert lines_of(whole)[1]["conversation"]["deletedAt"] == AT
    async with another(database.dialect, tmp_path) as other:
        await load(other, whole)
        assert await export(other, include_deleted=True) == whole


async def test_what_nothing_refers_to_is_exported_too(database: Database) -> None:
    lines = file_of(tool(1, parameters={"type": "object"}), source(2, title="Alone"))
    await load(database, lines)
    assert await export(database) == lines
    assert not await export(database, where={"title": {"eq": "x"}})


async def test_a_line_can_be_in_an_array_or_alone(database: Database) -> None:
    await load(database, b"[" + file_of(source(1)).strip() + b"," + file_of(conversation(0)).strip() + b"]")
    await load(database, conversation(2))
    assert await count(database, "conversations") == 2
    report = await load(database, b'[{"colloquy": 1}]')
    assert [refusal.place for refusal in report.refusals] == ["[0] (line 1)"]


async def test_lines_are_of_this_format_alone(database: Database) -> None:
    for line in lines_of(await demo(database)):
        assert FORMAT.fits(line)
        assert not [name for name, each in FORMATS.items() if each.fits(line)]
    others: list[Any] = [{"colloquy": 1}, {"colloquy": True, "conversation": {}}, {"conversation": {}}, [], None, "x"]
    assert not [other for other in others if FORMAT.fits(other)]
