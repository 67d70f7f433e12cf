"""Files of the native format for tests: exported, imported, and made by hand."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from io import BytesIO
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from db.database import Database
from db.interchange.colloquy import export_lines
from db.interchange.colloquy_import import NativeImporter
from db.interchange.importer import Options
from db.interchange.records import Source
from db.interchange.report import Report
from db.jsons import dump, parse
from db.viewer import DEFAULT_VIEWER, Viewer
from tests.conftest import fresh_database

Json = dict[str, Any]

AT: Final = "2026-01-02T03:04:05.000006Z"


def own_id(number: int) -> str:
    """An id that is easily told from others."""
    return str(UUID(int=0x01890A5DAC967000B000000000000000 + number))


def later(minutes: int) -> str:
    """A time so many minutes after AT."""
    return f"2026-01-02T03:{4 + minutes:02}:05.000006Z"


def message(number: int, parent: int | None = None, **fields: Any) -> Json:
    """A message of a user with that id."""
    made: Json = {"id": own_id(number), "createdAt": AT}
    if parent is not None:
        made["parentId"] = own_id(parent)
    said = {"role": "USER", "roleName": "user", "messageType": "USER_QUERY", "actor": "USER", "content": str(number)}
    return made | said | fields


def conversation(number: int = 0, *messages: Json, **fields: Any) -> Json:
    """A line with a conversation of that id."""
    made = {"id": own_id(number), "createdAt": AT, "title": f"Talk {number}", "lastActivityAt": AT, **fields}
    return {"colloquy": 1, "conversation": made | ({"messages": list(messages)} if messages else {})}


def source(number: int, **fields: Any) -> Json:
    """A line with a source of that id."""
    return {"colloquy": 1, "source": {"id": own_id(number), "createdAt": AT, **fields}}


def tool(number: int, **fields: Any) -> Json:
    """A line with a tool of that id."""
    return {"colloquy": 1, "tool": {"id": own_id(number), "createdAt": AT, "name": f"tool {number}", **fields}}


def feedback(number: int, **fields: Any) -> Json:
    """Feedback of that id."""
    return {"id": own_id(number), "createdAt": AT, **fields}


def origin(record_id: str, **fields: Any) -> Json:
    """An origin."""
    return {"system": "COGSOL", "kind": "chat", "recordId": record_id, "importedAt": AT, **fields}


def file_of(*lines: Json | bytes) -> bytes:
    """The file of these lines."""
    return b"\n".join(line if isinstance(line, bytes) else dump(line).encode() for line in lines) + b"\n"


async def export(
    database: Database,
    *,
    viewer: Viewer = DEFAULT_VIEWER,
    progress: Callable[[int], None] = lambda _done: None,
    **options: Any,
) -> bytes:
    """What is exported, as one file."""
    return b"".join([line async for line in export_lines(database, viewer=viewer, progress=progress, **options)])


async def load(
    database: Database, *lines: Json | bytes, viewer: Viewer = DEFAULT_VIEWER, options: Options | None = None
) -> Report:
    """Import a file, or one of these lines."""
    importer = NativeImporter(database, viewer=viewer, options=options or Options())
    await importer.file(Source("all.jsonl", BytesIO(file_of(*lines))))
    return await importer.finish()


async def exported(database: Database, number: int = 0) -> Json:
    """The only conversation, as it is exported; `number`: of several the one of that id."""
    for line in (await export(database)).splitlines():
        record: Any = parse(line)
        if record.get("conversation", {}).get("id") == own_id(number):
            found: Json = record["conversation"]
            return found
    raise AssertionError("there is no such conversation")


def lines_of(data: bytes) -> list[Json]:
    """The records of a file's lines."""
    records: list[Any] = [parse(line) for line in data.splitlines()]
    return records


@asynccontextmanager
async def another(kind: str, folder: Path, name: str = "other") -> AsyncIterator[Database]:
    """Another empty database, of that kind."""
    place = folder / name
    place.mkdir()
    async with fresh_database(kind, place) as database:
        yield database
