"""Titles and previews, made from the first message of a user."""

from typing import Final

from db.conversations import PREVIEW_LENGTH

OPENING_LENGTH: Final = 400
"""Characters of a message from which a title is made."""

TITLE_LENGTH: Final = 80
"""Characters of a title that is made."""

UNTITLED: Final = "Untitled conversation"
"""The title where no user says anything."""


def made_title(opening: str | None) -> str:
    """A title made of how a conversation opens: one line, cut at a word."""
    line = " ".join((opening or "")[:OPENING_LENGTH].split())
    if len(line) <= TITLE_LENGTH:
        return line or UNTITLED
    cut = line[:TITLE_LENGTH]
    words, blank, _ = cut.rpartition(" ")
    return f"{words if len(words) > TITLE_LENGTH // 2 else cut[:-1]}…" if blank else f"{cut[:-1]}…"


def preview(opening: str | None) -> str | None:
    """The beginning of what a user says first, as lists show it."""
    return opening[:PREVIEW_LENGTH] if opening else None
