"""How the native format is written: completely, as it is documented, of one moment, in little memory."""

import re
import tracemalloc
from contextlib import aclosing
from pathlib import Path
from uuid import UUID

import pytest

from db.database import Database
from db.interchange import colloquy, colloquy_kinds, colloquy_rows
from db.interchange.colloquy import export_lines
from db.interchange.colloquy_kinds import Kind
from db.tables import metadata
from db.viewer import DEFAULT_VIEWER
from tests.conftest import recorded
from tests.interchange.native import (
    AT,
    conversation,
    export,
    file_of,
    load,
    message,
    own_id,
    source,
)
from tests.interchange.stored import copied_database

DOCS = Path(__file__).parents[2] / "docs" / "colloquy-format.md"


def test_every_column_is_written_or_follows_from_what_is() -> None:
    follows = {
        "conversations": {"preview", "message_count", "last_message_id"},
        "messages": {"conversation_id", "branch_position", "has_parts"},
        "citations": {"conversation_id", "message_id", "position"},
        "sources": {"citation_count"},
        "feedback": {"conversation_id"},
        "origins": {"entity_id", "entity"},
        "record_versions": {"entity_id"},
    }
    below = ("content_parts", "tool_calls", "attachments", "follow_up_questions")
    follows |= {name: {"message_id", "position"} for name in below}
    follows |= {
        name: {"feedback_id", "position"} for name in ("feedback_reasons", "feedback_scores", "citation_verdicts")
    }
    links = {"conversation_tags": "tag", "conversation_tools": "tool_id", "assistant_tools": "tool_id"}
    written = {kind.table.name: {field.column for field in kind.fields} for kind in ALL_KINDS.values()}
    lists = {values.table.name: values.column for kind in ALL_KINDS.values() for values in kind.lists.values()}
    assert lists == links
    for name, table in metadata.tables.items():
        if name in links or name in OF_THE_SERVER:
            continue
        columns = {column.name for column in table.columns if column.computed is None} - {"workspace_id"}
        assert columns == written[name] | follows.get(name, set()), name


OF_THE_SERVER = {"workspaces", "repeats", "api_keys", "audit_entries", "token_secrets", "rate_points"}
"""What no file takes along: tenants, who may come in, and what they did here."""

ALL_KINDS: dict[str, Kind] = {
    **colloquy_kinds.LINES,
    "message": colloquy_kinds.MESSAGE,
    "content part": colloquy_kinds.PART,
    "tool call": colloquy_kinds.CALL,
    "attachment": colloquy_kinds.ATTACHMENT,
    "follow-up question": colloquy_kinds.FOLLOW_UP,
    "citation": colloquy_kinds.CITATION,
    "feedback": colloquy_kinds.FEEDBACK_KIND,
    "reason": colloquy_kinds.REASON,
    "score": colloquy_kinds.SCORE,
    "citation verdict": colloquy_kinds.VERDICT,
    "origin": colloquy_kinds.ORIGIN,
    "record version": colloquy_kinds.VERSION,
}


def test_the_documented_keys_are_the_ones_that_are_written() -> None:
    text = DOCS.read_text(encoding="utf-8")
    documented = {}
    for section in re.split(r"^### ", text, flags=re.MULTILINE)[1:]:
        name = section.splitlines()[0].strip("`")
        documented[name] = re.findall(r"^\| `([\w.]+)` \| (.*) \|$", section.split("\n## ")[0], re.MULTILINE)
    assert [*documented] == [*ALL_KINDS]
    for name, kind in ALL_KINDS.items():
        keys = [field.path for field in kind.fields] + [key for key in kind.keys if key not in kind.groups]
        assert [key for key, _ in documented[name]] == list(dict.fromkeys(keys)), name
        for key, what in documented[name]:
            field = next((each for each in kind.fields if each.path == key), None)
            required = field in kind.required
            assert required != ("else " in what), f"{name}.{key} is {'' if required else 'not '}required"


async def test_keys_always_stand_in_the_same_order_and_defaults_are_left_out(database: Database) -> None:
    given_line = {"lastActivityAt": AT, "version": 1, "type": "CHAT", "title": "t", "createdAt": AT, "id": own_id(0)}
    await load(database, {"conversation": {**given_line, "updatedAt": AT, "tags": [], "config": None}, "colloquy": 1})
    shortest = {"id": own_id(0), "createdAt": AT, "title": "t", "lastActivityAt": AT}
    assert await export(database) == file_of({"colloquy": 1, "conversation": shortest})


async def test_statements_do_not_grow_with_conversations(database: Database) -> None:
    async def statements(ids: list[int]) -> int:
        with recorded(database) as texts:
            await export(database, ids=[UUID(own_id(number)) for number in ids])
        return len(texts)

    await load(database, *(conversation(number, message(1_000 + number, toolCalls=[])) for number in range(60)))
    assert await statements([0]) == await statements([*range(60)]) < 40


async def test_memory_does_not_grow_with_the_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(colloquy_rows, "CHUNK_MESSAGES", 50)
    monkeypatch.setattr(colloquy, "_PAGE", 50)
    text = "words " * 300

    async def peak(conversations_there: int) -> int:
        async with copied_database(tmp_path) as database:
            for start in range(0, conversations_there, 100):
                lines = []
                for number in range(start, start + 100):
                    cited = [{"id": own_id(70_000 + number), "sourceId": own_id(50_000 + number)}]
                    lines.append(source(50_000 + number, url=f"https://x.example/{number}", text=text))
                    talk = message(10_000 + 2 * number + 1, content=text, citations=cited)
                    lines.append(conversation(number, message(10_000 + 2 * number, content=text), talk))
                await load(database, *lines)
            await export(database, ids=[UUID(own_id(0))])
            size = done = 0

            def note(so_far: int) -> None:
                nonlocal done
                done = so_far

            tracemalloc.start()
            try:
                async for line in export_lines(database, viewer=DEFAULT_VIEWER, progress=note):
                    size += len(line)
                found = tracemalloc.get_traced_memory()[1]
            finally:
                tracemalloc.stop()
            assert done == conversations_there
            assert size > conversations_there * 3 * len(text)
            return found

    small, large = await peak(300), await peak(1_500)
    assert large < 1.3 * small, f"{small:,} bytes for 300 conversations, {large:,} for 1,500"


async def test_an_export_is_of_one_moment(database: Database) -> None:
    await load(database, *(conversation(number, message(100 + number)) for number in range(3)))
    before = await export(database)
    found: list[bytes] = []
    async with aclosing(export_lines(database, viewer=DEFAULT_VIEWER)) as lines:
        async for line in lines:
            if not found:
                await load(database, conversation(2, message(102, content="changed", version=2), version=2))
                await load(database, conversation(7))
            found.append(line)
    assert b"".join(found) == before
    after = await export(database)
    assert (after.count(b"\n"), b"changed" in after) == (4, True)


async def test_an_export_that_is_left_in_the_middle_holds_nothing(database: Database) -> None:
    await load(database, *(conversation(number) for number in range(3)))
    for _ in range(12):
        async with aclosing(export_lines(database, viewer=DEFAULT_VIEWER)) as lines:
            async for _line in lines:
                break
    await load(database, conversation(9))
    assert (await export(database)).count(b"\n") == 4
