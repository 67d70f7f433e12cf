"""The rows that the floor of writing makes of an input: column for column those of the server."""

from binascii import a2b_base64
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from bench.floor_postgres import WORKSPACE
from db.record import new_id
from db.tables import metadata
from db.titles import made_title, preview

Row = dict[str, Any]

_BY_ROLE: Final = {
    "USER": {"role_name": "user", "message_type": "USER_QUERY", "actor": "USER"},
    "ASSISTANT": {"role_name": "assistant", "message_type": "BOT_RESPONSE", "actor": "AI"},
}


def _defaults(table: str) -> Row:
    """What a column has where nothing is said of it."""
    row: Row = {}
    for column in metadata.tables[table].columns:
        default = getattr(column.default, "arg", None) if column.default and column.default.is_scalar else None
        row[column.name] = str(default) if isinstance(default, str) else default
    return row


_MESSAGE: Final = _defaults("messages")
_CONVERSATION: Final = _defaults("conversations")


def uuid_of(node: str) -> UUID:
    """The uuid that a node id names."""
    return UUID(a2b_base64(node + "=" * (-len(node) % 4)).decode("ascii").partition(":")[2])


def message_row(given: Mapping[str, Any], at: datetime) -> Row:
    """The row of a new message, without its place in the conversation."""
    return {
        **_MESSAGE,
        "workspace_id": WORKSPACE,
        "id": UUID(given["uuid"]) if "uuid" in given else new_id(at),
        "role": given["role"],
        **_BY_ROLE[given["role"]],
        "content": given["content"],
        "created_at": at,
        "updated_at": at,
        "version": 1,
    }


def conversation_row(id: UUID, messages: list[Row], at: datetime) -> Row:
    """The row of a new conversation."""
    opening = next((row["content"] for row in messages if row["role"] == "USER"), None)
    return {
        **_CONVERSATION,
        "workspace_id": WORKSPACE,
        "id": id,
        "title": made_title(opening),
        "title_made": True,
        "preview": preview(opening),
        "type": "CHAT",
        "visibility": "PRIVATE",
        "execution_status": "AVAILABLE",
        "created_at": at,
        "updated_at": at,
        "last_activity_at": at,
        "message_count": 0,
        "version": 1,
    }
