"""Reads the drafts of a file, record after record; what cannot be read is refused, and the rest goes on."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from db.interchange.base import (
    BadRecord,
    ConversationDraft,
    Drafted,
    Format,
    PassedOver,
)
from db.interchange.contents import Contents
from db.interchange.entries import Detached, Entry, Item
from db.interchange.records import (
    ENVELOPE,
    MAX_OBJECT_BYTES,
    MAX_RECORD_BYTES,
    Cut,
    Source,
    layout_of,
    peek,
    records,
    whole,
)
from db.interchange.report import FileReport
from db.interchange.settling import settle
from db.jsons import MAX_DEPTH, Malformed, canonical_hash, parse

logger: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Limits:
    """What a record may be at most."""

    record_bytes: int = MAX_RECORD_BYTES
    object_bytes: int = MAX_OBJECT_BYTES
    """The same for a file that is one object."""
    depth: int = MAX_DEPTH
    """Levels of nesting."""


class FileReader:
    """The drafts of one source, and what is known of the file when all are read."""

    def __init__(self, source: Source, format: Format, report: FileReport, limits: Limits) -> None:
        self.source = source
        self.format = format
        self.layout = str(layout_of(source))
        """How the file holds its records: lines, array, object, or the key of an envelope."""
        self.envelope: object = None
        """What the file holds besides its records; a list where it has several such objects."""
        self.contents = Contents()
        self._report = report
        self._limits = limits

    def items(self) -> Iterator[Item]:
        """All drafts, in the order of their records; what is refused is in the report by the next item."""
        for cut in self._cuts():
            self.contents.count(cut.path)
            if cut.path == ENVELOPE:
                self._keep(cut)
                continue
            try:
                yield from self._read(cut)
            except (BadRecord, Malformed) as error:
                self._report.refuse(self._place(cut), str(error))

    def _cuts(self) -> Iterator[Cut]:
        limits = self._limits
        if self.layout == "array" and self.format.fits([peek(self.source)]):
            # An array of a single conversation's messages, not of conversations: one value.
            self.layout = "object"
            return iter((whole(self.source, max_bytes=limits.object_bytes),))
        return records(
            self.source,
            max_record_bytes=limits.object_bytes if self.format.whole_file else limits.record_bytes,
            max_object_bytes=limits.object_bytes,
            array_keys=() if self.format.whole_file else self.format.array_keys,
        )

    def _keep(self, envelope: Cut) -> None:
        try:
            found = parse(envelope.data or b"{}", max_depth=self._limits.depth, line=envelope.line)
        except Malformed as error:
            self._report.refuse("what stands beside the records", str(error))
            found = {}
        before = self.envelope
        if before is None:
            self.envelope = found
        else:
            self.envelope = [*(before if isinstance(before, list) else [before]), found]

    def _read(self, cut: Cut) -> list[Item]:
        if cut.data is None:
            raise Malformed(cut.problem or "there is nothing")
        if cut.path:
            self.layout = cut.path
        record = parse(cut.data, max_depth=self._limits.depth, line=cut.line)
        try:
            drafts = list(self.format.read(record))
        except BadRecord:
            raise
        except Exception as error:
            # A record of a shape that nobody foresaw is that record's misfortune, not the end of the import.
            logger.debug("the %s reader failed on %s", self.format.name, self.source.name, exc_info=True)
            raise BadRecord(
                f"the {self.format.name} reader cannot make sense of it ({type(error).__name__}: {error})"
            ) from error
        return self._items(cut, record, drafts)

    def _items(self, cut: Cut, record: object, drafts: list[Drafted]) -> list[Item]:
        digest = ""
        items: list[Item] = []
        passed_over: list[str] = []
        for number, drafted in enumerate(drafts):
            if isinstance(drafted, PassedOver):
                passed_over.append(drafted.what)
                continue
            own = drafted.digest if isinstance(drafted, ConversationDraft) else None
            if own is None:
                digest = digest or canonical_hash(record)
                own = digest if number == 0 else f"{digest}#{number}"
            settle(drafted, own)
            place, size = self._place(cut), len(cut.data or b"") // len(drafts)
            if isinstance(drafted, ConversationDraft):
                positions = [cut.index] * len(drafted.messages) if drafted.loose else []
                items.append(Entry(drafted, [own[:64]], cut.index, place, size, positions=positions))
            else:
                items.append(Detached(drafted, (own[:64],), cut.index, place, size))
        if any(isinstance(item, Detached) for item in items):
            # The record is the feedback, which embeds the conversation.
            for item in items:
                if isinstance(item, Entry):
                    item.embedded = True
        self._report.passed_over.update(passed_over)
        return items

    def _place(self, cut: Cut) -> str:
        """Where the record stands, for people: its line, and in an array its index too."""
        line = f"line {cut.line:,}"
        return line if self.layout in ("lines", "object") else f"{cut.path}[{cut.index}] ({line})"
