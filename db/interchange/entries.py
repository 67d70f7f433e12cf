"""Drafts on their way into the database, with what is known of the records that they were read from."""

from __future__ import annotations

from dataclasses import dataclass, field

from db.interchange.base import (
    ConversationDraft,
    DetachedAssistantDraft,
    DetachedFeedbackDraft,
    DetachedSourceDraft,
    Draft,
)
from db.interchange.contents import Again
from db.interchange.report import Tally


@dataclass(slots=True)
class Entry:
    """A drafted conversation on its way in: one record's, or several loose messages of one thread."""

    draft: ConversationDraft
    digests: list[str]
    position: int
    """The record's place in its file."""
    place: str
    """The same for people: line 12."""
    size: int = 0
    """Bytes of the record."""
    stale: bool = False
    """A page that is older than what is known of the conversation itself."""
    positions: list[int] = field(default_factory=list)
    """For a loose conversation, the place of each message's record."""
    embedded: bool = False
    """The record is of something else, and embeds the conversation."""


@dataclass(frozen=True, slots=True, eq=False)
class Detached:
    """What comes apart from a conversation: feedback, a source, an assistant."""

    drafted: DetachedFeedbackDraft | DetachedSourceDraft | DetachedAssistantDraft
    digests: tuple[str, ...]
    position: int
    place: str
    size: int = 0

    @property
    def draft(self) -> Draft:
        """The row to be."""
        drafted = self.drafted
        if isinstance(drafted, DetachedFeedbackDraft):
            return drafted.feedback
        return drafted.source if isinstance(drafted, DetachedSourceDraft) else drafted.assistant


Item = Entry | Detached


def key_of(item: Item) -> tuple[str, str]:
    """The key of a draft among those of its place: its kind and its record's id."""
    return item.draft.kind, item.draft.record_id or ""


@dataclass(slots=True)
class Outcome:
    """What became of a batch."""

    tally: Tally = field(default_factory=Tally)
    notes: list[str] = field(default_factory=list)
    missing: list[Detached] = field(default_factory=list)
    """Feedback whose message is not there."""
    again: list[Again] = field(default_factory=list)
    """Records that were known, and where they are written already."""

    def with_more(self, other: Outcome) -> Outcome:
        """What became of two parts of a batch."""
        self.tally.update(other.tally)
        return Outcome(
            self.tally, self.notes + other.notes, self.missing + other.missing, sorted(self.again + other.again)
        )
