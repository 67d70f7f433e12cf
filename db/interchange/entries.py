"""Drafts on their way into the database, with what is known of the records that they were read from."""

from dataclasses import dataclass, field

from db.interchange.base import (
    ConversationDraft,
    DetachedAssistantDraft,
    DetachedFeedbackDraft,
    DetachedSourceDraft,
    Draft,
)
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
