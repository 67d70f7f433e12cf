"""Titles and previews, made from the first message of a user."""

import unicodedata
from typing import Final

from db.conversations import PREVIEW_LENGTH

OPENING_LENGTH: Final = 400
"""Characters of a message from which a title is made."""

TITLE_LENGTH: Final = 80
"""Characters of a title that is made."""

UNTITLED: Final = "Untitled conversation"
"""The title where no user says anything."""


_JOINER: Final = "\u200d"
_SKINS: Final = range(0x1F3FB, 0x1F400)


def made_title(opening: str | None) -> str:
    """A title made of how a conversation opens: one line, cut at a word."""
    line = " ".join((opening or "")[:OPENING_LENGTH].split())
    if len(line) <= TITLE_LENGTH:
        return line or UNTITLED
    words = line[:TITLE_LENGTH].rpartition(" ")[0]
    return f"{words if len(words) > TITLE_LENGTH // 2 else _beginning(line, TITLE_LENGTH - 1)}…"


def preview(opening: str | None) -> str | None:
    """The beginning of what a user says first, as lists show it."""
    return _beginning(opening, PREVIEW_LENGTH) if opening else None


def _beginning(text: str, length: int) -> str:
    """At most so many characters, cut before what is drawn as one: a letter and its accents, a family of emoji."""
    end = length
    while 0 < end < len(text) and (_goes_on(text[end]) or text[end - 1] == _JOINER):
        end -= 1
    return text[: end or length]


def _goes_on(character: str) -> bool:
    """Whether a character is drawn on the one before it."""
    return unicodedata.category(character) in ("Mn", "Mc", "Me") or character == _JOINER or ord(character) in _SKINS
