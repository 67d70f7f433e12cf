"""Imports files of the native format: rows keep their ids, versions and times, and the later of two states wins.

Lines are stored in batches, each a transaction. Where the database refuses a batch, its lines are tried one by one, so
that only those at fault are refused. An import of this kind leaves no row of its own, so that what is exported again is
what came.
"""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from db.bulk import RowsRefused
from db.database import Database
from db.interchange.base import BadRecord
from db.interchange.colloquy import FORMAT
from db.interchange.colloquy_checks import check_conversation
from db.interchange.colloquy_kinds import CONVERSATION, SHARED, Kind
from db.interchange.colloquy_lines import LEVELS, read_line
from db.interchange.colloquy_outcome import Line, Outcome
from db.interchange.colloquy_shared import store_shared
from db.interchange.colloquy_storing import store_conversations
from db.interchange.importer import Options, Stopped
from db.interchange.records import Cut, Source, layout_of, records
from db.interchange.report import FileReport, Report
from db.jsons import Malformed, parse
from db.tables import metadata
from db.viewer import Viewer

_DEFAULTS: Final = Options()


class NativeImporter:
    """One run over some files. Call `file` for each, then `finish`.

    With the `report` of an Importer of the same run, this one's `finish` is enough.
    """

    def __init__(
        self,
        database: Database,
        *,
        viewer: Viewer,
        options: Options = _DEFAULTS,
        report: Report | None = None,
    ) -> None:
        self.report = Report() if report is None else report
        self._database = database
        self._viewer = viewer
        self._options = options

    async def file(self, source: Source, *, progress: Callable[[], None] = lambda: None) -> FileReport:
        """Import one file, and say what became of it; `progress` is called after each batch.

        Raises Stopped where the import is strict and something was refused: then the file left nothing behind.
        """
        run = _File(self, source)
        self.report.files.append(run.report)
        if not self._options.strict:
            await run.read(None, progress)
            return run.report
        try:
            async with self._database.write(viewer=self._viewer) as connection:
                await run.read(connection, progress)
        except Stopped:
            run.report.rolled_back = True
            raise
        return run.report

    async def finish(self) -> Report:
        """Tell PostgreSQL's planner what came, and give the report."""
        if self.report.changed and self._database.dialect == "postgresql":
            async with self._database.write(viewer=self._viewer) as connection:
                await connection.execute(sa.text(f"ANALYZE {', '.join(metadata.tables)}"))
        return self.report

    @property
    def database(self) -> Database:
        """Where the rows go."""
        return self._database

    @property
    def viewer(self) -> Viewer:
        """Whose workspace they come into."""
        return self._viewer

    @property
    def options(self) -> Options:
        """How to import; the account is none of this format's, whose origins say theirs."""
        return self._options


class _File:
    """A file on its way in."""

    def __init__(self, importer: NativeImporter, source: Source) -> None:
        self.report = FileReport(source.name, FORMAT.name)
        self._importer = importer
        self._source = source
        self._layout = layout_of(source)
        self._mapped: dict[UUID, UUID] = {}

    async def read(self, connection: AsyncConnection | None, progress: Callable[[], None]) -> None:
        """Store all lines, within one transaction if there is one. Raises Stopped."""
        options = self._importer.options
        batch: list[Line] = []
        ids: set[tuple[Kind, UUID]] = set()
        weight = size = 0
        for line in self._lines():
            self._check()
            if (line.kind, line.id) in ids or weight >= options.batch_size or size >= options.batch_bytes:
                await self._store(batch, connection)
                progress()
                batch, ids, weight, size = [], set(), 0, 0
            batch.append(line)
            ids.add((line.kind, line.id))
            weight += line.weight
            size += line.size
        self._check()
        await self._store(batch, connection)
        progress()

    def _check(self) -> None:
        if self._importer.options.strict and self.report.refusals:
            raise Stopped

    def _lines(self) -> Iterator[Line]:
        """The lines that can be read; those that cannot are in the report by the next one."""
        limits = self._importer.options.limits
        cuts = records(self._source, max_record_bytes=limits.record_bytes, max_object_bytes=limits.object_bytes)
        for cut in cuts:
            try:
                if cut.data is None:
                    raise Malformed(cut.problem or "there is nothing")
                record = parse(cut.data, max_depth=limits.depth + LEVELS, line=cut.line)
                kind, node = read_line(record)
                if kind is CONVERSATION:
                    check_conversation(node)
            except (BadRecord, Malformed) as error:
                self.report.refuse(self._place(cut), str(error))
                continue
            yield Line(kind, node, self._place(cut), len(cut.data))

    def _place(self, cut: Cut) -> str:
        line = f"line {cut.line:,}"
        return f"[{cut.index}] ({line})" if self._layout == "array" else line

    @asynccontextmanager
    async def _transaction(self, connection: AsyncConnection | None) -> AsyncIterator[AsyncConnection]:
        if connection is not None:
            yield connection
            return
        async with self._importer.database.write(viewer=self._importer.viewer) as own:
            yield own

    async def _store(self, batch: list[Line], connection: AsyncConnection | None) -> None:
        if not batch:
            return
        outcome = Outcome(dict(self._mapped))
        try:
            async with self._transaction(connection) as transaction:
                await _store(transaction, batch, outcome, viewer=self._importer.viewer)
        except RowsRefused as error:
            if len(batch) == 1 or connection is not None:
                self.report.refuse(batch[0].place, f"the database does not take it: {error}")
                self._check()
                return
            for line in batch:
                await self._store([line], None)
            return
        self._mapped = outcome.mapped
        self.report.tally.update(outcome.tally)
        self.report.notes += outcome.notes
        for place, reason in outcome.refusals:
            self.report.refuse(place, reason)
        self._check()


async def _store(connection: AsyncConnection, batch: list[Line], outcome: Outcome, *, viewer: Viewer) -> None:
    """Store a batch, what is referred to before what refers to it. Raises RowsRefused."""
    for kind in SHARED:
        await store_shared(connection, kind, [line for line in batch if line.kind is kind], outcome, viewer=viewer)
    await store_conversations(connection, [line for line in batch if line.kind is CONVERSATION], outcome, viewer=viewer)
