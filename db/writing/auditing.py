"""What the audit log says of a write: its name, who did it, and what was changed; one row a write, in its transaction.

A write that is refused writes nothing, and one that is repeated wrote when it was first done: neither is noted.
"""

from __future__ import annotations

import logging
from datetime import datetime
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from db import audit
from db.viewer import Viewer
from db.writing.outcome import Outcome

logger = logging.getLogger("colloquy")

TYPES: Final = {
    "conversations": "Conversation",
    "messages": "Message",
    "citations": "Reference",
    "sources": "Source",
    "feedback": "Feedback",
    "assistants": "Assistant",
    "tools": "Tool",
    "api_keys": "ApiKey",
    "workspaces": "Workspace",
}
"""The types of the rows of each table, by their names in the API."""

_DELETED: Final = {
    "deleteAssistant": "assistants",
    "deleteConversation": "conversations",
    "deleteMessage": "messages",
    "deleteTool": "tools",
    "deleteWorkspace": "workspaces",
    "purge": "conversations",
    "withdrawFeedback": "feedback",
}
"""The tables that actions delete from."""

MOST_NAMED: Final = 1_000
"""Ids in one row at most; it also says how many there were."""


async def note_change(
    connection: AsyncConnection, verb: str, outcome: Outcome, *, at: datetime, viewer: Viewer
) -> None:
    """Note a write that is about to be committed."""
    if verb == "purge" and not outcome.deleted:
        return  # it asks until there is nothing left
    action = action_of(verb)
    if action == "deleteWorkspace" and viewer.workspace_id in outcome.deleted:
        logger.warning("The workspace %s is deleted with its own key %s", viewer.workspace_id, viewer.key_id)
        return  # nothing of it may be left, not even this
    details: dict[str, Any] = dict(outcome.noted)
    table, row_id = (outcome.table, outcome.row.id) if outcome.table and outcome.row is not None else ("", None)
    listed = [row.id for row in outcome.listed if row is not None]
    for name, ids in ((outcome.listed_table, listed), (_DELETED.get(action, ""), outcome.deleted)):
        if not ids:
            continue
        if row_id is None and len(ids) == 1:
            table, row_id = name, ids[0]
        else:
            details[name or "deleted"] = _named(ids)
    await audit.note(
        connection,
        action,
        node_id=row_id,
        type_name=TYPES.get(table) if row_id is not None else None,
        details=details,
        at=at,
        viewer=viewer,
    )


def _named(ids: list[UUID]) -> Any:
    """The ids, as far as a row has room for them."""
    shown = [str(each) for each in ids[:MOST_NAMED]]
    return shown if len(ids) <= MOST_NAMED else {"count": len(ids), "first": shown}


@lru_cache(maxsize=128)
def action_of(verb: str) -> str:
    """The name of a verb as the API has it: createTool."""
    first, *rest = verb.split("_")
    return first + "".join(map(str.capitalize, rest))
