"""What a file held, as its import keeps it, so that the file can be written again.

Most records are found by their place: the origins of what came of them have it. An import keeps, among its counts, what
these don't tell: how many records the file had, which of them are in which array where an object has several, and where
those stood first that were known already. Of the latter a run of records takes one entry.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple
from uuid import UUID

from db.interchange.cut import ENVELOPE
from db.interchange.report import Tally
from db.words import Entity

MAX_RUNS: Final = 10_000
"""Runs of records known already that an import keeps; what comes behind them cannot be written again."""

Runs = list[list[Any]]


class Again(NamedTuple):
    """A record that says nothing new: what came of it stands elsewhere."""

    position: int
    entity: Entity
    import_id: UUID
    other: int
    """Its place in the file of that import."""


@dataclass(slots=True)
class Contents:
    """What a file holds, gathered while it is read."""

    records: int = 0
    arrays: Runs = field(default_factory=list)
    """How many records follow each other in which array: [key, number]; `ENVELOPE` at the end of an object of these."""
    again: Runs = field(default_factory=list)
    """Runs of records that were known: [place, number, entity, import, place there]."""

    def count(self, path: str) -> None:
        """Take note of a record, or of an envelope's end."""
        if path != ENVELOPE:
            self.records += 1
        if path == ENVELOPE or not self.arrays or self.arrays[-1][0] != path:
            self.arrays.append([path, 0])
        self.arrays[-1][1] += path != ENVELOPE

    def repeat(self, known: Iterable[Again]) -> None:
        """Take note of records that were known."""
        for position, entity, import_id, other in known:
            source = str(import_id)
            if self.again:
                start, number, *before, first = self.again[-1]
                if [start + number, entity, source, first + number] == [position, *before, other]:
                    self.again[-1][1] += 1
                    continue
            if len(self.again) < MAX_RUNS:
                self.again.append([position, 1, entity.value, source, other])

    @property
    def is_plain(self) -> bool:
        """Whether the layout and the envelope tell all of the arrays."""
        paths = [path for path, _ in self.arrays]
        return len(paths) < 2 or (len(paths) == 2 and paths[1] == ENVELOPE)

    def counts(self, tally: Tally, passed_over: Mapping[str, int]) -> dict[str, Any]:
        """The counts of an import's row."""
        counts = tally.as_json()
        counts["records"] = {"read": self.records, **counts.get("records", {})}
        if passed_over:
            counts["passed over"] = dict(passed_over)
        if not self.is_plain:
            counts["arrays"] = self.arrays
        if self.again:
            counts["again"] = self.again
        return counts
