"""What formats and the importer say to each other: drafts, records read but not yet stored.

A format turns a parsed record into drafts; the importer gives them ids and stores them. A draft's `values` are columns
of its table by their database names, as Python values (datetime in UTC, words of db.words, JSON as parsed); what is
left out has the column's default. Texts may hold NUL and lone surrogates: the importer stores U+FFFD for them.

`extra` holds the keys of the record that have no column; for objects nested in it, by the key that holds them and their
index: {"links": {"0": {"rel": "x"}}}. `presence` holds what differs from the canonical rendering; see shape.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple, Protocol
from uuid import UUID

from db.words import IdType, OriginSystem


class BadRecord(ValueError):
    """A record that cannot be imported; the message says which field, and what would be right."""


class Stood(NamedTuple):
    """Where the record stood that a row came from."""

    import_id: UUID | None
    """The import of the file; None where nobody knows it any more."""
    position: int | None
    """The record's place in the file; None for what is nested in another record."""


@dataclass(slots=True, kw_only=True)
class Draft:
    """A row to be, with what its origin keeps."""

    values: dict[str, Any] = field(default_factory=dict)
    record_id: str | None = None
    """The original id as text; None: the importer makes one from the place, `<parent's id>#<list>/<position>`."""
    id_type: IdType = IdType.STRING
    kind: str = ""
    """The source's word for the record: chat, message, node."""
    extra: dict[str, Any] | None = None
    presence: dict[str, Any] | None = None
    updated_at: datetime | None = None
    """When the source says that it last changed the record; of two versions the later one wins."""
    stood: Stood | None = None
    """Of a draft made of a row: where its record stood; None where it was written here."""


@dataclass(slots=True, kw_only=True)
class AssistantDraft(Draft):
    """An assistant; `name` may be missing, then one is made from the original id."""

    tools: list[ToolDraft] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class ToolDraft(Draft):
    """A tool; `name` may be missing, then one is made from the original id."""


@dataclass(slots=True, kw_only=True)
class SourceDraft(Draft):
    """A cited document. Its identity is connector and external_id, else url; with neither it is not shared."""


@dataclass(slots=True, kw_only=True)
class ReferenceDraft(Draft):
    """A citation; `number` defaults to the position plus one. Its message's origin keeps what it has none for."""

    source: SourceDraft | None = None


@dataclass(slots=True, kw_only=True)
class VerdictDraft:
    """What feedback says of a citation: the message's `reference`-th, or where that is missing `title` and `url`."""

    values: dict[str, Any] = field(default_factory=dict)
    reference: int | None = None


@dataclass(slots=True, kw_only=True)
class FeedbackDraft(Draft):
    """Feedback on whatever holds it; `reference`: on that citation of the message, by its position."""

    reference: int | None = None
    reasons: list[dict[str, Any]] = field(default_factory=list)
    scores: list[dict[str, Any]] = field(default_factory=list)
    verdicts: list[VerdictDraft] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class MessageDraft(Draft):
    """A message. `parent` is the record id of the message above it; within a conversation parents come first."""

    parent: str | None = None
    parts: list[dict[str, Any]] | None = None
    """Rows of content_parts; None: one text part, `content`."""
    references: list[ReferenceDraft] = field(default_factory=list)
    tool_calls: list[dict[str, Any]] = field(default_factory=list)
    """Rows of tool_calls: call_id, name, arguments_text."""
    attachments: list[dict[str, Any]] = field(default_factory=list)
    follow_ups: list[dict[str, Any]] = field(default_factory=list)
    feedback: list[FeedbackDraft] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class ConversationDraft(Draft):
    """A conversation with all that is in it.

    `messages` are in the order of their sequence, every parent before its children; a format without trees leaves
    `parent` None and says `linear`, then each message goes below the one before it.
    """

    messages: list[MessageDraft] = field(default_factory=list)
    linear: bool = False
    current: str | None = None
    """The record id of the leaf in play; None: the last message, and in a tree the newest leaf below it."""
    whole: bool = True
    """False: a page of the conversation, or a single message. What is here and not in it stays."""
    loose: bool = False
    """A conversation made for messages that came without one; its kind is `loose`, or the thread's."""
    references: list[ReferenceDraft] = field(default_factory=list)
    feedback: list[FeedbackDraft] = field(default_factory=list)
    assistant: AssistantDraft | None = None
    tools: list[ToolDraft] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """What the report should say of this record, such as a derived duplicate that differs."""
    digest: str | None = None
    """The hash of this version of the record; None: the importer hashes the record that it was read from."""


@dataclass(slots=True, kw_only=True)
class DetachedFeedbackDraft:
    """Feedback that comes apart from its message, which it names by the record's id; "": it is on the conversation."""

    message_id: str
    conversation_id: str | None
    feedback: FeedbackDraft


@dataclass(slots=True, kw_only=True)
class DetachedSourceDraft:
    """A source that comes by itself."""

    source: SourceDraft


@dataclass(slots=True, kw_only=True)
class DetachedAssistantDraft:
    """An assistant that comes by itself, such as a configuration."""

    assistant: AssistantDraft


@dataclass(slots=True, kw_only=True)
class PassedOver:
    """A record that is no conversation (an event, a search, a configuration): the report counts it under `what`."""

    what: str


Drafted = ConversationDraft | DetachedFeedbackDraft | DetachedSourceDraft | DetachedAssistantDraft | PassedOver


class Format(Protocol):
    """One module a format: `name` and `system` say which, `fits` recognises a record, `read` turns it into drafts."""

    name: str
    system: OriginSystem
    title: str
    """What people call it."""
    array_keys: Sequence[str]
    """Keys of a top-level object whose arrays hold records: {"conversations": [...]}."""
    whole_file: bool
    """The file is one object that is held whole, up to a limit."""

    def fits(self, record: object) -> bool:
        """Whether a parsed record (an element of a list, a line, or a whole object) has this format's marks.

        Two formats must not claim the same record unless it really could be either: then the import stops and names
        both. A format that fits a list of records takes a file that is such a list as one record.
        """
        ...

    def read(self, record: object) -> Iterator[Drafted]:
        """The drafts of one record.

        Raises BadRecord where it is not importable; nothing of it is then stored.
        """
        ...

    def write(self, draft: ConversationDraft) -> list[Any]:
        """The records of a conversation, the inverse of `read`: one, or the single messages that it was made for.

        Takes any draft, also one that was made of no record of this format; then what the format cannot hold is left
        out (see foreign.py).
        """
        ...
