"""How much one write may bring, and how long what is kept of it lasts."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of writes; sizes are bytes of UTF-8."""

    content_bytes: int = 1024 * 1024
    """In one text, such as a message's content, and in one JSON value that is not a property."""
    properties_bytes: int = 64 * 1024
    """In properties, userProperties, config or metadata, each written as JSON without blanks."""
    messages: int = 10_000
    """Messages in one call."""
    conversations: int = 1_000
    """Conversations in one call, as when many are tagged."""
    tags: int = 100
    """Tags of a conversation."""
    items: int = 1_000
    """Citations, parts, tool calls, attachments, follow-up questions, reasons, scores or verdicts in one list."""
    json_levels: int = 100
    """Levels of objects and arrays in one JSON value; beyond 1,000 the database's own reader would give up."""
    repeats: timedelta = timedelta(hours=24)
    """How long the answer of a write is kept for those who repeat it."""
    undo: timedelta = timedelta(days=30)
    """How long a deleted conversation can be restored."""
    user_token: timedelta = timedelta(days=30)
    """For how long a token of an end user may be made."""


DEFAULT_LIMITS = Limits()
