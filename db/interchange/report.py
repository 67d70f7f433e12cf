"""What an import says of itself: counts for each file, what was refused and why, in words for people."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

OUTCOMES: Final = ("new", "updated", "unchanged", "older", "removed", "refused")
"""What can become of a record; older: a later version of it is there already."""

_SINGULAR: Final = {
    "conversations": "conversation",
    "messages": "message",
    "citations": "citation",
    "feedback": "piece of feedback",
    "sources": "source",
    "assistants": "assistant",
    "tools": "tool",
    "imports": "import",
    "records": "record",
}
_PLURAL: Final = {"feedback": "pieces of feedback"}

MAX_NOTES: Final = 20
"""Notes and refusals of one kind that are shown for a file; the rest is counted."""


class Tally(Counter[tuple[str, str]]):
    """How many of what came to which outcome: ("messages", "new")."""

    def note(self, what: str, outcome: str, count: int = 1) -> None:
        """Count more of something."""
        if count:
            self[what, outcome] += count

    def of(self, outcome: str) -> list[str]:
        """What came to this outcome, in words: "3 conversations"."""
        return [counted(count, what) for what in _SINGULAR if (count := self[what, outcome])]

    def as_json(self) -> dict[str, Any]:
        """The counts for the import's row: by what, then by outcome."""
        found: dict[str, dict[str, int]] = {}
        for (what, outcome), count in sorted(self.items()):
            found.setdefault(what, {})[outcome] = count
        return found


def counted(count: int, what: str) -> str:
    """A number with its noun: "1 message", "4,382 messages"."""
    return f"{count:,} {_SINGULAR.get(what, what) if count == 1 else _PLURAL.get(what, what)}"


@dataclass(frozen=True, slots=True)
class Refusal:
    """A record that was not imported."""

    file: str
    place: str
    """Line or index in the file; empty for the file as a whole."""
    reason: str

    def __str__(self) -> str:
        return f"{self.file}, {self.place}: {self.reason}" if self.place else f"{self.file}: {self.reason}"


@dataclass(slots=True)
class FileReport:
    """What became of one file."""

    name: str
    format: str = ""
    tally: Tally = field(default_factory=Tally)
    notes: list[str] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    passed_over: Counter[str] = field(default_factory=Counter)
    """Records that are no conversations, by what they are."""
    skipped: str = ""
    """Why the whole file was passed over."""
    rolled_back: bool = False

    def refuse(self, place: str, reason: str) -> None:
        """Note that a record, or with no place the file, was refused."""
        self.refusals.append(Refusal(self.name, place, reason))
        self.tally.note("records", "refused")

    def line(self) -> str:
        """What became of the file, in one line."""
        if self.skipped:
            return f"{self.name}: passed over, {self.skipped}"
        named = f"{self.name} ({self.format})" if self.format else self.name
        if (whole := next((each for each in self.refusals if not each.place), None)) is not None:
            return f"{named}: refused, {whole.reason}"
        if self.rolled_back:
            return f"{named}: rolled back, nothing of it is stored"
        said = [f"{', '.join(words)} {outcome}" for outcome in OUTCOMES if (words := self.tally.of(outcome))]
        if not any(
            self.tally[what, outcome] for what, outcome in self.tally if outcome in ("new", "updated", "removed")
        ):
            said = ["nothing changed", *said]
        return f"{named}: {'; '.join(said)}"

    def details(self) -> Iterator[str]:
        """The lines below: what was passed over, converted or refused."""
        for what, count in sorted(self.passed_over.items()):
            yield f"{what}: {count:,} passed over, since they are no conversations"
        for kind in (self.notes, [f"refused {each.place}: {each.reason}" for each in self.refusals if each.place]):
            yield from kind[:MAX_NOTES]
            if len(kind) > MAX_NOTES:
                yield f"... and {len(kind) - MAX_NOTES:,} more"


@dataclass(slots=True)
class Report:
    """What became of all files of one run."""

    files: list[FileReport] = field(default_factory=list)

    @property
    def tally(self) -> Tally:
        """The counts of all files that were not rolled back."""
        total = Tally()
        for file in self.files:
            if not file.rolled_back:
                total.update(file.tally)
        return total

    @property
    def refusals(self) -> list[Refusal]:
        """All records and files that were refused."""
        return [refusal for file in self.files for refusal in file.refusals]

    @property
    def changed(self) -> bool:
        """Whether anything was written."""
        return any(outcome in ("new", "updated", "removed") and count for (_, outcome), count in self.tally.items())

    def lines(self) -> Iterator[str]:
        """The totals."""
        read = [file for file in self.files if not file.skipped]
        skipped = len(self.files) - len(read)
        yield (
            f"{len(read):,} file{'s' * (len(read) != 1)} read"
            + (f", {skipped:,} passed over" if skipped else "")
            + ("" if self.changed else ": nothing changed")
        )
        for outcome in OUTCOMES:
            if words := self.tally.of(outcome):
                yield f"  {outcome}: {', '.join(words)}"
        if refusals := self.refusals:
            yield f"  {counted(len(refusals), 'records')} refused: the reasons stand above"
