"""Writes the files of an import again, from the rows that came of them.

A written file equals the one that was imported by value: the same records in the same order and layout, each as it was,
with what was changed here since; white space and escapes do not count. What cannot be written again is named: records
that were passed over or refused when the file was imported, and those that came again in another version since.
"""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import IO, Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from db.database import Database
from db.errors import InvalidInput, NotFound
from db.interchange.file_records import CHUNK, Written, records_of
from db.interchange.formats import FORMATS
from db.interchange.laying_out import LaidOut, Stream
from db.interchange.writes import ORIGINS
from db.origins import Import
from db.paging import Row
from db.record import table_of
from db.viewer import Viewer

_imports: Final = table_of(Import)
_REST: Final = "they came again in another version since, or were deleted"
_SHOWN: Final = 20
"""Imports, and places of records, that a message lists."""


@dataclass(slots=True)
class FileSummary:
    """What was written of one file."""

    name: str
    """As `output` was asked for it."""
    format: str
    records: int = 0
    notes: list[str] = field(default_factory=list)
    """What could not be written again, and why."""

    @property
    def line(self) -> str:
        """What was written, in one line."""
        return f"{self.name} ({self.format}): {self.records:,} record{'s' * (self.records != 1)}"


@dataclass(slots=True)
class Summary:
    """What was written of all files."""

    files: list[FileSummary] = field(default_factory=list)

    @property
    def records(self) -> int:
        """All records together."""
        return sum(file.records for file in self.files)

    @property
    def complete(self) -> bool:
        """Whether nothing was left out."""
        return not any(file.notes for file in self.files)


async def imports_of(connection: AsyncConnection, which: UUID | str, *, viewer: Viewer) -> list[Row]:
    """The imports of one run, in the order of their files: "last", the id of a run, or of one import alone.

    Raises NotFound, naming the latest imports, where there is none, InvalidInput for a text other than "last".
    """
    statement = sa.select(*_imports.c).where(_imports.c.workspace_id == viewer.workspace_id)
    latest = statement.order_by(_imports.c.created_at.desc(), _imports.c.id.desc()).limit(_SHOWN)
    if isinstance(which, str):
        if which != "last":
            raise InvalidInput('the import is an id, or "last"', field="import")
        last = (await connection.execute(latest.limit(1))).one_or_none()
        if last is None:
            raise NotFound("nothing was imported yet: there are no files to write again", field="import")
        which = last.run_id or last.id
    of_run = sa.or_(_imports.c.run_id == which, _imports.c.id == which)
    found = (await connection.execute(statement.where(of_run).order_by(_imports.c.created_at, _imports.c.id))).all()
    if not found:
        known = "".join(
            f"\n  {row.id}  {row.created_at:%Y-%m-%d %H:%M} UTC  {row.file_name}"
            for row in await connection.execute(latest)
        )
        told = f". The latest:{known}" if known else ": nothing was imported yet"
        raise NotFound(f"there is no import {which}{told}", field="import")
    return list(found)


async def write_files(
    database: Database,
    *,
    viewer: Viewer,
    imports: Sequence[Row],
    output: Callable[[str], AbstractContextManager[IO[bytes]]],
    progress: Callable[[int], None] = lambda _records: None,
) -> Summary:
    """Write each file of these imports again.

    `output` opens a file by its name: the original one's, relative to the folder that all of them are in, made unique;
    it is closed here, and one whose name ends in .gz is compressed. `progress` is told the number of records written
    since the last time. Memory does not grow with the number of records.
    """
    summary = Summary()
    for row, name in zip(imports, _names([each.file_name for each in imports]), strict=True):
        file = FileSummary(name, row.format)
        summary.files.append(file)
        with output(name) as stream:
            if not name.endswith(".gz"):
                await _write(database, row, stream, file, progress, viewer=viewer)
                continue
            with gzip.GzipFile(filename="", fileobj=stream, mode="wb", mtime=0) as compressed:
                await _write(database, row, compressed, file, progress, viewer=viewer)
    return summary


async def _write(
    database: Database,
    row: Row,
    stream: Stream,
    file: FileSummary,
    progress: Callable[[int], None],
    *,
    viewer: Viewer,
) -> None:
    counts: dict[str, Any] = row.counts or {}
    if row.format not in FORMATS:
        file.notes.append(f"the format {row.format} is none that is known here: nothing is written")
        return
    envelopes = row.envelope if isinstance(row.envelope, list) else [] if row.envelope is None else [row.envelope]
    laid_out = LaidOut(stream, row.layout, envelopes, counts.get("arrays"))
    end = await _end(database, row, viewer=viewer)
    gaps = _Gaps(end)
    changed = 0
    async for written in _portions(database, row, end, viewer=viewer):
        for record in written:
            gaps.reach(record.position)
            laid_out.write(record.position, record.document)
            changed += record.embeds_another
        file.records += len(written)
        progress(len(written))
    laid_out.finish()
    gaps.reach(end)
    file.notes += _notes(row, gaps, changed)


async def _portions(database: Database, row: Row, end: int, *, viewer: Viewer) -> AsyncIterator[list[Written]]:
    for start in range(0, end, CHUNK):
        async for written in records_of(database, row, range(start, min(start + CHUNK, end)), viewer=viewer):
            yield written


async def _end(database: Database, row: Row, *, viewer: Viewer) -> int:
    """The first place behind all records that may be there."""
    told: int | None = (row.counts or {}).get("records", {}).get("read")
    if told is not None:
        return told
    async with database.read(viewer=viewer) as connection:
        statement = sa.select(sa.func.max(ORIGINS.c.position)).where(
            ORIGINS.c.import_id == row.id, ORIGINS.c.workspace_id == viewer.workspace_id
        )
        last = (await connection.execute(statement)).scalar_one()
    return 0 if last is None else int(last) + 1


@dataclass(slots=True)
class _Gaps:
    """Places without a record that could be written."""

    total: int
    number: int = 0
    first: list[str] = field(default_factory=list)
    """The first of them, for people: "3" or "7 to 9"."""
    _next: int = 0

    def reach(self, position: int) -> None:
        """Take note of the record of that place, or of the end."""
        missing = position - self._next
        if missing > 0:
            self.number += missing
            if len(self.first) < _SHOWN:
                self.first.append(f"{self._next + 1:,}" if missing == 1 else f"{self._next + 1:,} to {position:,}")
        self._next = position + 1


def _notes(row: Row, gaps: _Gaps, embedding_others: int) -> list[str]:
    """What could not be written as it was."""
    counts: dict[str, Any] = row.counts or {}
    notes: list[str] = []
    if row.finished_at is None:
        notes.append("its import broke off: what is behind the last record that was stored is not known")
    if gaps.number:
        passed_over: dict[str, int] = counts.get("passed over", {})
        refused = counts.get("records", {}).get("refused", 0)
        known = [f"{count:,} {what} passed over when it was imported" for what, count in sorted(passed_over.items())]
        known += [f"{refused:,} refused"] if refused else []
        if gaps.number > sum(passed_over.values()) + refused:
            known.append("the rest came again in another version since, or was deleted" if known else _REST)
        places = ", ".join(gaps.first) + (", ..." if len(gaps.first) == _SHOWN else "")
        notes.append(
            f"{gaps.number:,} of {gaps.total:,} records cannot be written again ({places}): {', '.join(known)}"
        )
    if embedding_others:
        embed = "records embed" if embedding_others > 1 else "record embeds"
        notes.append(f"{embedding_others:,} {embed} a conversation or message that says something else today")
    return notes


def _names(paths: Sequence[str]) -> list[str]:
    """Names for files, relative to the folder that all of them are in, each once."""
    found = map(PurePath, paths)
    parts = [[part for part in path.parts if part not in ("..", path.anchor)] for path in found]
    parts = [["standard-input"] if each in ([], ["-"]) else each for each in parts]
    while all(len(each) > 1 for each in parts) and len({each[0] for each in parts}) == 1:
        parts = [each[1:] for each in parts]
    names: list[str] = []
    for each in parts:
        name, number = "/".join(each), 1
        while name in names:
            number += 1
            head, dot, tail = each[-1].partition(".")
            name = "/".join([*each[:-1], f"{head}-{number}{dot}{tail}"])
        names.append(name)
    return names
