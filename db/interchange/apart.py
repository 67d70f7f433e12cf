"""Records that stand apart from conversations, written again: feedback, assistants, sources."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

from db.interchange.base import (
    ConversationDraft,
    DetachedAssistantDraft,
    DetachedFeedbackDraft,
    DetachedSourceDraft,
)

Detached = DetachedFeedbackDraft | DetachedSourceDraft | DetachedAssistantDraft

EMBEDS: str = "embeds"
"""The key of the presence of feedback that embeds its conversation or message: which of them, and its hash."""


@runtime_checkable
class WritesApart(Protocol):
    """A format that has records of other things than conversations."""

    def write_apart(self, drafted: Detached, embedded: Any) -> Any:
        """The record again; `embedded` is the document of the conversation or message that it embeds, if it does.

        Raises LookupError where the format has no records of that kind.
        """
        ...


@runtime_checkable
class WritesTogether(Protocol):
    """A format of which one record may hold several conversations."""

    def write_together(self, drafts: Sequence[ConversationDraft]) -> Any:
        """The record of these conversations."""
        ...
