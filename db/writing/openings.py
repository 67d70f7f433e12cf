"""How a conversation opens: its preview, and its title where that is made, follow from what a user says first."""

from collections.abc import Mapping
from typing import Any

from db.titles import OPENING_LENGTH, made_title, preview
from db.writing.performing import Work
from db.writing.rows import opening_of


def opening(said: str | None, *, title_made: bool) -> dict[str, Any]:
    """What the conversation's row says of its opening."""
    text = None if said is None else said[:OPENING_LENGTH]
    return {"preview": preview(text)} | ({"title": made_title(text)} if title_made else {})


async def opening_left(work: Work, conversation: Mapping[str, Any]) -> dict[str, Any]:
    """The opening of what there is now."""
    return opening(await opening_of(work, conversation["id"]), title_made=conversation["title_made"])
