"""What is written in another format is imported there: the same conversations."""

import json
from collections import Counter
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from db import jsons
from db.database import Database
from db.interchange.foreign import TARGETS, converted
from db.interchange.formats import FORMATS
from db.interchange.importer import Importer
from db.interchange.rebuilding import rebuild
from db.interchange.records import Source
from db.interchange.report import Report
from db.viewer import DEFAULT_VIEWER, PROGRAM
from tests.interchange.conversations import read, specimens
from tests.interchange.specimens import FILES
from tests.interchange.stored import copied_database, rows
from tests.interchange.written import whole


async def import_records(database: Database, name: str, records: list[Any]) -> Report:
    """Import records of a format, and give the report."""
    importer = Importer(database, viewer=DEFAULT_VIEWER)
    lines = "\n".join(jsons.dump(record) for record in records)
    await importer.file(Source(f"{name}.jsonl", BytesIO(lines.encode())), FORMATS[name])
    return await importer.finish()


@pytest.mark.parametrize("target", list(TARGETS))
async def test_what_is_written_is_stored_by_an_import(target: str, tmp_path: Path) -> None:
    found = [whole(), *(draft for name in FORMATS for record in specimens(name) for draft in read(name, record))]
    records = [document for draft in found for document in converted(draft, target).documents]
    async with copied_database(tmp_path) as database:
        report = await import_records(database, target, records)
        assert report.refusals == []
        assert await rows(database, "messages")


async def exported(database: Database, target: str) -> tuple[list[Any], Counter[str]]:
    """All conversations of a database in a format, and what it cannot hold."""
    ids = [row["id"] for row in await rows(database, "conversations")]
    async with database.read(viewer=PROGRAM) as connection:
        found = [converted(each.draft, target) for each in await rebuild(connection, ids, viewer=DEFAULT_VIEWER)]
    losses: Counter[str] = Counter()
    for each in found:
        losses.update(each.losses)
    return [document for each in found for document in each.documents], losses


async def told(database: Database) -> dict[str, Any]:
    """By the ids of conversations what their messages say, and what these cite."""
    messages = {row["id"]: row for row in await rows(database, "messages", "sequence")}
    origins = {row["entity_id"]: row["record_id"] for row in await rows(database, "origins")}
    citations: dict[Any, list[Any]] = {}
    for row in await rows(database, "citations", "position"):
        citations.setdefault(row["message_id"], []).append([row["number"], row["title"], row["url"]])
    story: dict[str, Any] = {}
    for key, row in messages.items():
        said = [origins[key], row["role"], row["content"], row["timestamp"], citations.get(key, [])]
        story.setdefault(origins[row["conversation_id"]], []).append(said)
    return story


async def test_mtrag_goes_into_another_database_as_inkeep(database: Database, tmp_path: Path) -> None:
    records = [json.loads(line) for line in (FILES / "mtrag.jsonl").read_text().splitlines()]
    await import_records(database, "mtrag", records)
    documents, losses = await exported(database, "inkeep")
    async with copied_database(tmp_path) as other:
        report = await import_records(other, "inkeep", documents)
        assert report.refusals == []
        assert await told(other) == await told(database)
    assert {"messages.citations.excerpt", "messages.citations.source", "messages.model"} <= losses.keys()
    assert not losses.keys() & {"messages", "messages.content", "messages.citations", "messages.citations.title"}
