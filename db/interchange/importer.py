"""Imports files: a record is new, known, or another version of a known one; a conversation is never half written.

Records go into the database in batches, each a transaction with a number of statements that does not depend on how many
records it has. Where the database refuses a batch, its records are tried one by one, so that only those at fault are
refused.
"""

from __future__ import annotations

import contextlib
import gc
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from db import bulk
from db.bulk import RowsRefused
from db.database import Database
from db.interchange.arrival import Arrival, Place
from db.interchange.base import DetachedFeedbackDraft, Format
from db.interchange.batches import Batch, store_batch
from db.interchange.detached import store_detached
from db.interchange.entries import Detached, Outcome
from db.interchange.reading import FileReader, Limits
from db.interchange.records import Source
from db.interchange.report import FileReport, Report
from db.interchange.shared import Memory
from db.origins import ACCOUNT_LENGTH, Import
from db.record import new_id, now, table_of
from db.viewer import Viewer

_imports = table_of(Import)
_LAYOUT_LENGTH: Final = 32
_OBJECTS_BEFORE_COLLECTION: Final = 50_000
_BATCHES_BEFORE_COLLECTION: Final = 20


@dataclass(frozen=True, slots=True)
class Options:
    """How to import."""

    account: str = ""
    """Tells two accounts of one system apart, whose records may have the same ids."""
    strict: bool = False
    """Stop at the first refusal, and take nothing of its file."""
    batch_size: int = 2_000
    """Conversations, messages and pieces of feedback in one transaction; a conversation is never divided."""
    batch_bytes: int = 16 * 1024 * 1024
    """Bytes of records in one transaction, so that a batch of large records does not fill the memory."""
    max_held: int = 100_000
    """Pieces of feedback that may wait for their messages until all files are read."""
    limits: Limits = field(default_factory=Limits)


class Stopped(Exception):
    """Something was refused, and the import is strict."""


@dataclass(slots=True)
class _File:
    """A file on its way in."""

    arrival: Arrival
    reader: FileReader
    report: FileReport
    imported: bool = False
    """Whether its import has a row."""
    held: list[Detached] = field(default_factory=list)


class Importer:
    """One run over some files. Call `file` for each, then `finish`."""

    def __init__(self, database: Database, *, viewer: Viewer, options: Options | None = None) -> None:
        self.report = Report()
        self._database = database
        self._viewer = viewer
        self._options = options or Options()
        self._run_id = new_id()
        self._memory = Memory()
        self._files: list[_File] = []
        self._held = 0
        self._finishing = False

    @property
    def _imports(self) -> dict[UUID, str]:
        return {file.arrival.import_id: file.report.name for file in self._files}

    async def file(self, source: Source, format: Format, *, progress: Callable[[], None] = lambda: None) -> FileReport:
        """Import one file, and say what became of it; `progress` is called after each batch.

        Raises Stopped where the import is strict and something was refused: then the file left nothing behind.
        """
        report = FileReport(source.name, format.name)
        self.report.files.append(report)
        place = Place(format.system, self._options.account[:ACCOUNT_LENGTH])
        arrival = Arrival(place, new_id(), now())
        file = _File(arrival, FileReader(source, format, report, self._options.limits), report)
        self._files.append(file)
        self._memory.paged.clear()
        with _patient_collector():
            await self._take(file, progress)
        return report

    async def _take(self, file: _File, progress: Callable[[], None]) -> None:
        if not self._options.strict:
            await self._read(file, None, progress)
            return
        try:
            async with self._database.write(viewer=self._viewer) as connection:
                await self._read(file, connection, progress)
        except Stopped:
            self._memory.clear()
            self._files.remove(file)
            self._held -= len(file.held)
            file.report.rolled_back = True
            raise

    def refuse(self, name: str, why: str) -> FileReport:
        """Refuse a file as a whole, one that could not be read or recognised. Raises Stopped where that is strict."""
        report = FileReport(name)
        report.refuse("", why)
        self.report.files.append(report)
        if self._options.strict:
            raise Stopped
        return report

    async def _read(self, file: _File, connection: AsyncConnection | None, progress: Callable[[], None]) -> None:
        batch, batches = Batch(), 0
        for item in file.reader.items():
            self._check(file)
            if not batch.takes(item):
                await self._store(file, batch, connection)
                batch = Batch()
            batch.add(item)
            if batch.weight >= self._options.batch_size or batch.size >= self._options.batch_bytes:
                await self._store(file, batch, connection)
                batch, batches = Batch(), batches + 1
                if batches % _BATCHES_BEFORE_COLLECTION == 0:
                    gc.collect()
                progress()
        self._check(file)
        await self._store(file, batch, connection)
        await self._close(file, connection)
        progress()

    def _check(self, file: _File) -> None:
        # In the end the files are stored already, and there is nothing to stop.
        if self._options.strict and file.report.refusals and not self._finishing:
            raise Stopped

    @contextlib.asynccontextmanager
    async def _transaction(self, connection: AsyncConnection | None) -> AsyncIterator[AsyncConnection]:
        """The one transaction of a strict import, or one of its own."""
        if connection is not None:
            yield connection
            return
        async with self._database.write(viewer=self._viewer) as own:
            yield own

    async def _store(self, file: _File, batch: Batch, connection: AsyncConnection | None) -> None:
        if not batch.items:
            return
        try:
            was_imported = file.imported
            async with self._transaction(connection) as transaction:
                outcome = await self._write(file, batch, transaction)
        except RowsRefused as error:
            file.imported = was_imported
            self._memory.clear()
            if len(batch.items) == 1 or self._options.strict:
                file.report.refuse(batch.items[0].place, f"the database does not take it: {error}")
                self._check(file)
                return
            for item in batch.items:
                await self._store(file, Batch([item]), connection)
            return
        file.report.tally.update(outcome.tally)
        file.report.notes += outcome.notes
        file.reader.contents.repeat(outcome.again)
        self._hold(file, outcome.missing)

    async def _write(self, file: _File, batch: Batch, connection: AsyncConnection) -> Outcome:
        async def begin() -> None:
            if not file.imported:
                await self._insert_import(file, connection)

        stored = await store_batch(
            connection, batch, file.arrival, self._memory, self._imports, begin, viewer=self._viewer
        )
        if not batch.detached:
            return stored
        detached = await store_detached(
            connection, batch.detached, file.arrival, self._memory, begin, viewer=self._viewer
        )
        return stored.with_more(detached)

    async def _insert_import(self, file: _File, connection: AsyncConnection) -> None:
        row = {
            "id": file.arrival.import_id,
            "created_at": file.arrival.at,
            "run_id": self._run_id,
            "format": file.reader.format.name,
            "account": file.arrival.place.account,
            "file_name": file.report.name,
            "layout": file.reader.layout[:_LAYOUT_LENGTH],
        }
        await bulk.insert(connection, _imports, [row], viewer=self._viewer)
        file.imported = True

    async def _close(self, file: _File, connection: AsyncConnection | None) -> None:
        """Complete the import's row, if there is one: only an import that changed something leaves one."""
        if file.imported:
            async with self._transaction(connection) as transaction:
                await transaction.execute(
                    sa.update(_imports)
                    .where(
                        _imports.c.id == file.arrival.import_id, _imports.c.workspace_id == self._viewer.workspace_id
                    )
                    .values(
                        layout=file.reader.layout[:_LAYOUT_LENGTH],
                        envelope=file.reader.envelope,
                        counts=file.reader.contents.counts(file.report.tally, file.report.passed_over),
                        finished_at=now(),
                    )
                )

    def _hold(self, file: _File, missing: Sequence[Detached]) -> None:
        """Keep feedback on what may come in a later file."""
        for detached in missing:
            if self._held >= self._options.max_held:
                file.report.refuse(
                    detached.place,
                    f"what it is about is not here, and {self._options.max_held:,} others wait for theirs already: "
                    "import the conversations first",
                )
            else:
                self._held += 1
                file.held.append(detached)
        self._check(file)

    async def finish(self) -> Report:
        """Store the feedback whose message or conversation came meanwhile, refuse the rest, and give the report."""
        self._finishing = True
        for file in self._files:
            waiting, file.held = file.held, []
            self._held -= len(waiting)
            for start in range(0, len(waiting), self._options.batch_size):
                await self._store(file, Batch(waiting[start : start + self._options.batch_size]), None)
            for detached in file.held:
                file.report.refuse(detached.place, f"the {_target_of(detached)} is not here: import it first")
            if waiting:
                await self._close(file, None)
            file.held = []
        self._held = 0
        await self._gather_statistics()
        return self.report

    async def _gather_statistics(self) -> None:
        """Tell PostgreSQL's planner what came.

        Until autovacuum does, a minute later, it plans as if the tables were empty: a filter by origin over 1,280
        conversations took 6 s in place of 10 ms.
        """
        if self.report.changed and self._database.dialect == "postgresql":
            async with self._database.write(viewer=self._viewer) as connection:
                await connection.execute(sa.text(f"ANALYZE {', '.join(Import.metadata.tables)}"))


@contextlib.contextmanager
def _patient_collector() -> Iterator[None]:
    """Let the garbage collector look less often: drafts and rows have no cycles, but there are a great many of them.

    Statements do have cycles, a few a batch, and hold the batch's keys: these are collected every so many batches.
    """
    thresholds = gc.get_threshold()
    gc.set_threshold(max(thresholds[0], _OBJECTS_BEFORE_COLLECTION), *thresholds[1:])
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)


def _target_of(detached: Detached) -> str:
    """What a piece of feedback is about, as a message names it."""
    drafted = detached.drafted
    assert isinstance(drafted, DetachedFeedbackDraft), "only feedback waits for something"
    what, target = ("message", drafted.message_id) if drafted.message_id else ("conversation", drafted.conversation_id)
    target = target or ""
    return f"{what} that it is about, {target if len(target) <= 60 else f'{target[:57]}...'!r},"
