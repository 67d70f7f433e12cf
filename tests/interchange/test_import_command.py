"""What `colloquy import` does: files, folders, standard input, and what it says of each."""

import asyncio
import gzip
import json
from collections.abc import Iterator
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from rich.console import Console

from db.database import Database
from db.errors import InvalidInput
from db.interchange.base import Drafted, Format
from db.interchange.formats import FORMATS
from db.interchange.report import FileReport, Report, counted
from db.tables import metadata
from db.viewer import PROGRAM
from graph import importing
from graph.importing import run_import
from graph.settings import Settings
from tests.interchange.stored import count, counts, one, rows
from tests.interchange.toy import Toy, at

SHARED = Path(__file__).parents[3] / "shared"

CHAT = {"id": "c", "messages": [{"id": "m", "text": "Hello"}]}


class Interrupted(Toy):
    """A format at whose second record someone presses Ctrl-C."""

    def read(self, record: object) -> Iterator[Drafted]:
        if isinstance(record, dict) and record["id"] == "d":
            task = asyncio.current_task()
            assert task is not None
            task.cancel()
        yield from super().read(record)


class Other(Toy):
    """A format that fits what the toy fits where a record says so."""

    name = "other"

    def fits(self, record: object) -> bool:
        return isinstance(record, dict) and "either" in record


@pytest.fixture
def _toys(monkeypatch: pytest.MonkeyPatch) -> None:
    formats: dict[str, Format] = {"toy": Toy(), "other": Other()}
    monkeypatch.setattr(importing, "FORMATS", formats)


pytestmark = pytest.mark.usefixtures("_toys")


async def run(database: Database, *paths: Path | str, **options: Any) -> tuple[int, str]:
    """Run the command: the exit code, and what it prints."""
    told = StringIO()
    console = Console(file=told, width=200, highlight=False, soft_wrap=True)
    code = await run_import(database, [str(path) for path in paths], console=console, settings=Settings(), **options)
    return code, told.getvalue()


def write(path: Path, *records: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = "".join(json.dumps(record) + "\n" for record in records)
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path


async def test_a_file_is_imported_and_its_format_said(database: Database, tmp_path: Path) -> None:
    code, said = await run(database, write(tmp_path / "chats.jsonl", CHAT))
    assert code == 0
    assert "chats.jsonl (toy): 1 conversation, 1 message new" in said
    assert "1 file read" in said


async def test_a_second_run_says_that_nothing_changed(database: Database, tmp_path: Path) -> None:
    path = write(tmp_path / "chats.jsonl", CHAT)
    await run(database, path)
    before = await counts(database)
    code, said = await run(database, path)
    assert code == 0
    assert "nothing changed; 1 conversation, 1 message unchanged" in said
    assert "1 file read: nothing changed" in said
    assert await counts(database) == before


async def test_a_folder_is_read_in_order_and_what_is_no_data_is_passed_over(database: Database, tmp_path: Path) -> None:
    write(tmp_path / "b" / "2.jsonl.gz", {"id": "2", "messages": []})
    write(tmp_path / "a" / "1.json", {"id": "1", "messages": []})
    write(tmp_path / "0.json", {"id": "0", "messages": []})
    for name in ("README.md", "LICENSE", "a/notes.txt", ".hidden.json", ".git/config.json", "cat.png"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"\x89PNG\0" if path.suffix == ".png" else b"Some text, no data.\n")
    (tmp_path / "b" / "circle").symlink_to(tmp_path)
    code, said = await run(database, tmp_path)
    lines = [line for line in said.splitlines() if "it is the database" not in line]
    assert code == 0
    assert [line.split(" ")[0].rpartition("/")[2] for line in lines if "new" in line and ".json" in line] == [
        "0.json",
        "1.json",
        "2.jsonl.gz",
    ]
    assert {Path(line.split(":")[0]).name for line in lines if "passed over," in line and "/" in line} == {
        *("README.md", "LICENSE", "notes.txt", "cat.png", ".hidden.json", ".git"),
    }
    assert "3 files read" in said


async def test_the_database_itself_is_passed_over_unopened(database: Database, tmp_path: Path) -> None:
    await run(database, write(tmp_path / "chats.jsonl", CHAT))
    _, said = await run(database, tmp_path)
    names = {Path(line.split(":")[0]).name for line in said.splitlines() if "it is the database" in line}
    if database.path is None:
        assert not names
    else:
        assert {"colloquy.db", "colloquy.db-wal", "colloquy.db-shm", "colloquy.db.lock"} <= names


async def test_standard_input_is_read(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    class Input:
        buffer = BytesIO(json.dumps(CHAT).encode())

    monkeypatch.setattr("sys.stdin", Input())
    code, said = await run(database, "-")
    assert (code, await count(database, "conversations")) == (0, 1)
    assert "- (toy)" in said
    assert (await one(database, "imports"))["file_name"] == "-"


async def test_a_refused_record_is_printed_with_its_place_and_the_exit_code_says_so(
    database: Database, tmp_path: Path
) -> None:
    code, said = await run(database, write(tmp_path / "chats.jsonl", {"messages": 1}, CHAT, {"event": 1}))
    assert code == 1
    assert "  refused line 1: " in said
    assert "  toy events: 1 passed over" in said
    assert "1 record refused" in said
    assert await count(database, "conversations") == 1


async def test_json_of_no_known_format_is_refused_by_name(database: Database, tmp_path: Path) -> None:
    code, said = await run(database, write(tmp_path / "odd.json", {"x": 1}), write(tmp_path / "c.jsonl", CHAT))
    assert code == 1
    assert "odd.json: refused, it is of no format that is known here (other, toy)" in said
    assert await count(database, "conversations") == 1


async def test_where_several_formats_fit_nothing_is_imported_and_they_are_named(
    database: Database, tmp_path: Path
) -> None:
    good, either = write(tmp_path / "a.jsonl", CHAT), write(tmp_path / "b.jsonl", {**CHAT, "either": 1})
    with pytest.raises(InvalidInput, match=r"b\.jsonl: it could be other or toy: say which it is with --format other"):
        await run(database, good, either)
    assert await count(database, "conversations") == 0
    code, said = await run(database, good, either, format="toy")
    assert (code, "b.jsonl (toy)" in said) == (0, True)


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"format": "telegraph"}, "there is no format 'telegraph'; there are other, toy"),
        ({"workspace": "moon"}, "there is no workspace 'moon'; there is default"),
        ({"account": "x" * 129}, "at most 128 characters"),
    ],
)
async def test_wrong_use_is_told_before_anything_is_read(
    database: Database, tmp_path: Path, options: dict[str, str], problem: str
) -> None:
    path = write(tmp_path / "chats.jsonl", CHAT)
    with pytest.raises(InvalidInput, match=problem):
        await run(database, path, **options)
    with pytest.raises(InvalidInput, match=r"gone\.json cannot be read: No such file"):
        await run(database, path, tmp_path / "gone.json")
    assert await count(database, "conversations") == 0


async def test_records_come_into_the_workspace_that_is_named(database: Database, tmp_path: Path) -> None:
    async with database.write(viewer=PROGRAM) as connection:
        row = {"id": UUID(int=7), "name": "north", "created_at": at(0)}
        await connection.execute(metadata.tables["workspaces"].insert(), row)
    await run(database, write(tmp_path / "chats.jsonl", CHAT), workspace="north", account="a")
    assert (await one(database, "conversations"))["workspace_id"] == UUID(int=7)
    assert {row["account"] for row in await rows(database, "origins")} == {"a"}


async def test_strict_stops_at_the_first_refusal_and_keeps_the_files_before(database: Database, tmp_path: Path) -> None:
    first, second = write(tmp_path / "1.jsonl", CHAT), write(tmp_path / "2.jsonl", {"id": "d", "messages": []}, 5)
    third = write(tmp_path / "3.jsonl", {"id": "e", "messages": []})
    code, said = await run(database, first, second, third, strict=True)
    assert code == 1
    assert "2.jsonl (toy): rolled back, nothing of it is stored" in said
    assert "refused line 2" in said
    assert "Stopped at the first refusal" in said
    assert "3.jsonl" not in said
    assert await count(database, "conversations") == 1


async def test_feedback_whose_message_never_comes_is_refused_at_the_end(database: Database, tmp_path: Path) -> None:
    feedback = write(tmp_path / "1.jsonl", {"about": "m"}, {"about": "gone"})
    code, said = await run(database, feedback, write(tmp_path / "2.jsonl", CHAT))
    assert code == 1
    assert "1.jsonl, line 2: the message that it is about, 'gone', is not here" in said
    assert await count(database, "feedback") == 1


async def test_markup_in_names_and_reasons_is_printed_as_it_is(database: Database, tmp_path: Path) -> None:
    _, said = await run(database, write(tmp_path / "[red]x[/].jsonl", {"id": "[b]", "messages": "[i]"}))
    assert "[red]x[/].jsonl" in said


async def test_an_interrupted_import_says_that_the_same_command_goes_on(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = write(tmp_path / "a.jsonl", CHAT)
    second = write(tmp_path / "b.jsonl", {"id": "d", "messages": [{"id": "n", "text": "Hello"}]})
    told = StringIO()
    monkeypatch.setattr(importing, "FORMATS", {"toy": Interrupted()})
    with pytest.raises(asyncio.CancelledError):
        await run_import(
            database, [str(first), str(second)], console=Console(file=told, width=200), settings=Settings()
        )
    assert "Interrupted: what was stored stays" in told.getvalue()
    assert await count(database, "conversations") == 1
    monkeypatch.setattr(importing, "FORMATS", {"toy": Toy()})
    code, said = await run(database, first, second)
    assert code == 0
    assert "new: 1 conversation, 1 message" in said


async def test_standard_input_that_is_no_json_is_refused(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", type("Stdin", (), {"buffer": BytesIO(b"<html>Not found</html>")}))
    code, said = await run(database, "-")
    assert code == 1
    assert "-: refused, it is not JSON" in said


async def test_a_large_file_says_how_far_it_is(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "_PLAIN_STEP", 1_000)
    records = [{"id": str(each), "messages": [{"text": "?"}] * 500} for each in range(8)]
    _, said = await run(database, write(tmp_path / "big.jsonl", *records))
    assert "big.jsonl: 2,000 messages, 100 %" in said


async def test_a_terminal_shows_a_bar(database: Database, tmp_path: Path) -> None:
    told = StringIO()
    console = Console(file=told, force_terminal=True, width=100)
    path = write(tmp_path / "[b]chats.jsonl", CHAT)
    assert await run_import(database, [str(path)], console=console, settings=Settings()) == 0
    assert "[b]chats.jsonl" in told.getvalue()
    assert "100%" in told.getvalue()


def test_counts_are_put_in_words() -> None:
    assert counted(1, "feedback") == "1 piece of feedback"
    assert counted(4_382, "messages") == "4,382 messages"


def test_only_so_many_notes_and_refusals_of_a_file_are_printed() -> None:
    report = FileReport("f.json", "toy")
    for number in range(25):
        report.refuse(f"line {number}", "bad")
    lines = list(report.details())
    assert (len(lines), lines[-1]) == (21, "... and 5 more")
    assert any("25 records refused" in line for line in Report([report]).lines())


@pytest.mark.skipif(not SHARED.is_dir(), reason="the samples are not beside this checkout")
async def test_all_samples_come_in_with_the_counts_that_their_readmes_say(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "FORMATS", FORMATS)
    code, said = await run(database, SHARED / "data", SHARED / "formats")
    assert code == 0, said
    systems = {row["entity_id"]: row["system"] for row in await rows(database, "origins")}
    feedback = [row for row in await rows(database, "feedback") if systems[row["id"]] == "MTRAG"]
    rated = {row["id"] for row in feedback}
    messages = [row for row in await rows(database, "messages") if systems[row["id"]] == "MTRAG"]
    of_mtrag = {row["id"] for row in messages}
    citations = [row for row in await rows(database, "citations") if row["message_id"] in of_mtrag]
    assert sum(systems[row["id"]] == "MTRAG" for row in await rows(database, "conversations")) == 527
    assert len(messages) == 4_382 + 636
    assert sum(row["branch_position"] is not None for row in messages) == 4_382 + 318
    assert len(citations) == 1_575
    assert len({row["source_id"] for row in citations}) == 1_488
    assert len(feedback) == 1_431
    assert {(row["author_kind"], row["rating"]) for row in feedback} == {("EVALUATOR", None)}
    assert sum(row["feedback_id"] in rated for row in await rows(database, "feedback_scores")) == 7_087
    assert "two versions of conversation" in said
    before = await counts(database)
    code, said = await run(database, SHARED / "data", SHARED / "formats")
    assert (code, "files read, 15 passed over: nothing changed" in said) == (0, True)
    assert await counts(database) == before
