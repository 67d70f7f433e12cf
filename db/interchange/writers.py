"""Writes conversations as records of any format."""

from __future__ import annotations

from typing import Any

from db.interchange.base import ConversationDraft
from db.interchange.formats import FORMATS


def documents(name: str, draft: ConversationDraft) -> list[Any]:
    """The records of a conversation in the format of that name, which its rows came in or were made fit for.

    Usually one; as many as there are messages where these came without their conversation. Raises KeyError for a name
    that is none of FORMATS.
    """
    return FORMATS[name].write(draft)
