"""The journal of reads: what is read is noted in memory and written to the audit log once a second.

Noting costs a few microseconds and waits for nothing. What can't be written yet is tried again; where more comes than
there is room for, the rest is counted, and the log says how many reads of each workspace it does not have.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import Counter, deque
from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from db import audit, bulk, reads
from db.database import Database
from db.record import now
from db.viewer import Viewer
from db.words import Role, ViewerKind

logger = logging.getLogger("colloquy")

CAPACITY: Final = 10_000
"""Reads that wait to be written at most."""

PERIOD: Final = 1.0
"""Seconds between two writes."""

ENDING: Final = 5.0
"""Seconds that a stopping server spends on the last write."""


class _Read(NamedTuple):
    """A read, as it is noted."""

    at: datetime
    viewer: Viewer
    operation_name: str | None
    root_fields: Sequence[str]


class Journal:
    """The reads that are not written yet. It belongs to one event loop."""

    def __init__(self, database: Database, *, capacity: int = CAPACITY) -> None:
        self._database = database
        self._capacity = capacity
        self._waiting: deque[_Read] = deque()
        self._writing = 0
        self._turn = asyncio.Lock()
        self._dropped: Counter[UUID] = Counter()
        self.dropped = 0
        """Reads that there was no room for, since the start."""

    def note_read(self, viewer: Viewer, operation_name: str | None, root_fields: Iterable[str]) -> None:
        """Note that staff or a key read something.

        What end users read of their own is not noted, nor what is read on a server that is open to all: nobody is known
        there.
        """
        if viewer.role is Role.END_USER or viewer.kind is ViewerKind.OPEN:
            return
        if len(self._waiting) + self._writing >= self._capacity:
            self.dropped += 1
            self._dropped[viewer.workspace_id] += 1
            return
        self._waiting.append(_Read(now(), viewer, operation_name, tuple(root_fields)))

    async def flush(self) -> None:
        """Write what waits; what can't be written waits on, and the error is raised."""
        async with self._turn:
            by_workspace: dict[UUID, list[_Read]] = {each: [] for each in self._dropped}
            for each in self._waiting:
                by_workspace.setdefault(each.viewer.workspace_id, []).append(each)
            self._writing = len(self._waiting)
            self._waiting.clear()
            try:
                while by_workspace:
                    workspace_id = next(iter(by_workspace))
                    dropped = self._dropped[workspace_id]
                    await self._write(Viewer(workspace_id), by_workspace[workspace_id], dropped)
                    del by_workspace[workspace_id]
                    self._dropped[workspace_id] -= dropped
                    self._dropped += Counter()  # without those that are none
            finally:
                left = [each for some in by_workspace.values() for each in some]
                self._waiting.extendleft(reversed(left))
                self._writing = 0

    async def _write(self, viewer: Viewer, read: Sequence[_Read], dropped: int) -> None:
        rows = [_entry(each) for each in read]
        if dropped:
            rows.append(audit.entry(viewer, audit.UNNOTED, details={"count": dropped}))

        async def work(connection: AsyncConnection) -> None:
            if await _is_there(connection, viewer):
                await bulk.insert(connection, reads.table("audit_entries"), rows, viewer=viewer)

        await self._database.transact(work, viewer=viewer)

    @contextlib.asynccontextmanager
    async def kept(self, *, period: float = PERIOD) -> AsyncIterator[None]:
        """Write once in a period as long as the block runs, and once more at its end."""
        over = asyncio.Event()
        task = asyncio.create_task(self._rounds(period, over), name="journal")
        try:
            yield
        finally:
            over.set()  # no cancellation: a write that is broken off could be written twice
            try:
                async with asyncio.timeout(ENDING):
                    await task
                    await self.flush()
            except Exception:  # nobody is left who could try again
                logger.exception("The audit log lacks the last %d reads", len(self._waiting))

    async def _rounds(self, period: float, over: asyncio.Event) -> None:
        failing, told = False, 0
        while not over.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(over.wait(), period)
            try:
                await self.flush()
            except Exception:  # a database that is away now is back for a later round, which does the same
                if not failing:
                    logger.exception("The audit log could not be written; %d reads wait", len(self._waiting))
                failing = True
            else:
                failing = False
            if self.dropped > told:
                logger.error("The audit log lacks %d reads: more came than could be written", self.dropped - told)
                told = self.dropped


def _entry(each: _Read) -> dict[str, Any]:
    details: dict[str, Any] = {"fields": list(each.root_fields)}
    if each.operation_name is not None:
        details["operation"] = each.operation_name
    return audit.entry(each.viewer, audit.READ, details=details, at=each.at)


async def _is_there(connection: AsyncConnection, viewer: Viewer) -> bool:
    """Whether the workspace was not deleted meanwhile, with all that was said of it; it then stays till the end."""
    rows = reads.table("workspaces")
    statement = sa.select(rows.c.id).where(rows.c.id == viewer.workspace_id).with_for_update(key_share=True, read=True)
    return (await connection.execute(statement)).first() is not None
