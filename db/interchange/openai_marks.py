"""The marks by which OpenAI's records are known from those of other systems, which have messages with roles, too."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from db.interchange import chatbotui, sharegpt
from db.interchange.openai_shapes import RECORDS

_ROLES: Final = ("system", "developer", "user", "assistant", "tool", "function")
_SAYINGS: Final = frozenset({"content", "tool_calls", "function_call"})
ITEM_TYPES: Final = frozenset(
    f"{name}{ending}"
    for name in [
        "function",
        "web_search",
        "file_search",
        "computer",
        "code_interpreter",
        "image_generation",
        "mcp",
        "custom_tool",
        "local_shell",
    ]
    for ending in ("_call", "_call_output")
) | {"reasoning", "mcp_list_tools", "mcp_approval_request", "mcp_approval_response", "item_reference", "compaction"}

_FOREIGN: Final = frozenset(
    # Keys of other systems' messages and conversations.
    [
        "msg_num",
        "function_name",
        "likes",
        "messageType",
        "message_type",
        "messageId",
        "message_id",
        "contentFormat",
        "content_format",
        "links",
        "conversationId",
        "createdAt",
        "created_at",
        "externalId",
        "isCreatedByUser",
        "sender",
        "from",
        "speaker",
        "parentId",
        "parent_id",
        "actor",
        "assistant",
        "execution_status",
        "matrix_mode",
        "projectId",
        "project_id",
        "integrationId",
        "userProperties",
        "user_properties",
        "visibility",
        "messagesOpenAIFormat",
        "initiator",
        "modelInfo",
        "isShared",
        "lastActivityAt",
        "history",
        "folderId",
        "chat_messages",
        "mapping",
    ]
)


def fits(record: object) -> bool:
    """Whether it is a list of messages or items, an object that holds one, or a single message or item."""
    if isinstance(record, list):
        return bool(record) and all(_is_message(each) or _is_item(each) for each in record[:8])
    if not isinstance(record, dict):
        return False
    if _holds_items(record):
        items = _items_of(record)
        return isinstance(items, list) and all(_is_message(each) or _is_item(each) for each in items[:8])
    messages = record.get("messages")
    if isinstance(messages, list):
        if not messages or not all(map(_is_message, messages[:8])):
            return False
        foreign = (_FOREIGN - {"created_at", "assistant"}) & record.keys()
        others = sharegpt.FORMAT, chatbotui.FORMAT
        return not foreign and not _is_inkeep(record) and not any(other.fits(record) for other in others)
    return _is_message(record) or _is_item(record)


def _is_message(record: object) -> bool:
    return (
        isinstance(record, dict)
        and record.get("role") in _ROLES
        and not _SAYINGS.isdisjoint(record)
        and _FOREIGN.isdisjoint(record)
        and not _is_inkeep(record)
    )


def _is_item(record: object) -> bool:
    return isinstance(record, dict) and (isinstance(word := record.get("type"), str) and word in ITEM_TYPES)


def _holds_items(record: Mapping[str, Any]) -> bool:
    return isinstance(word := record.get("object"), str) and word in RECORDS


def _is_inkeep(record: Mapping[str, Any]) -> bool:
    return record.get("type") in ("openai", "support_ticket", "support_copilot")


def _items_of(record: Mapping[str, Any]) -> Any:
    items = record.get({"list": "data", "response": "output"}.get(record["object"], "items"))
    return items.get("data") if isinstance(items, dict) else items
